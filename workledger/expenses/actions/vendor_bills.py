"""Writes of vendors' bills: recorded, matched to approved time, paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import LegalEntity, Person
from workledger.expenses import posting
from workledger.expenses.actions.desk import check_currency, rate_of_day
from workledger.expenses.calc import amounts, matching
from workledger.expenses.calc.matching import Work
from workledger.expenses.models import MatchedTime, VendorBill, VendorBillLine, VendorBillState
from workledger.expenses.queries.vendor_bills import LineMatch, line_matches
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import minor_units
from workledger.ledger import actions as ledger
from workledger.ledger.drafts import EntryDraft
from workledger.projects.models import Project
from workledger.timesheets.events import TimeWithdrawn

_ZERO = Decimal(0)
_MOST = Decimal(10) ** 9
DIFFERENCE = "bill_differs"


@dataclass(frozen=True, slots=True)
class BillLineInput:
    """What a bill charges for a contractor from `start` to `last_day`, both included: seconds and a net amount."""

    person_id: int
    start: date
    last_day: date
    seconds: int
    amount: Decimal
    project_id: int | None = None


@dataclass(frozen=True, slots=True)
class BillInput:
    """A vendor's bill as it is on paper: gross `amount` with the `tax_amount` in it, in `currency`, and its lines, net.

    `reclaims_tax` says whether the tax is input tax or part of the cost.
    """

    entity_id: int
    vendor: str
    number: str
    bill_date: date
    currency: str
    amount: Decimal
    lines: Sequence[BillLineInput]
    tax_amount: Decimal = _ZERO
    reclaims_tax: bool = True


@action("expenses.record_vendor_bill", needs=Permission.MANAGE_EXPENSES)
def record_vendor_bill(*, actor: Actor, bill: BillInput) -> int:
    """Record a subcontractor's bill, to be matched to approved time; returns its id. Nothing is posted yet.

    Refuses: not_found, missing_vendor, missing_number, vendor_bill_once, bad_currency, bad_amount, bad_tax,
    too_precise, exchange_rate_missing, no_lines, bad_hours, bad_dates, no_contractor, lines_differ.
    """
    entity: LegalEntity = locks.one(
        LegalEntity.objects.visible_to(actor).select_related("book"), bill.entity_id
    )
    problems = Problems()
    vendor, number = bill.vendor.strip(), bill.number.strip()
    problems.check(vendor, "missing_vendor", "Say whose bill this is.", "vendor")
    problems.check(number, "missing_number", "Give the bill's number, so that it is recorded once.", "number")
    problems.check(
        not VendorBill.objects.filter(entity=entity, vendor__iexact=vendor, number__iexact=number).exists(),
        "vendor_bill_once", "A bill of this vendor with that number was recorded before.", "number",
    )  # fmt: skip
    _check_amounts(problems, bill)
    _check_lines(problems, actor, bill)
    home = entity.book.currency
    rate = rate_of_day(bill.currency, home, bill.bill_date)
    problems.check(
        rate is not None,
        "exchange_rate_missing",
        f"There is no exchange rate from {bill.currency} to {home} on the bill's date. Set one first.",
        "currency",
    )
    problems.refuse()
    in_books = amounts.booked(
        bill.amount,
        bill.tax_amount,
        exchange_rate=rate or Decimal(1),
        currency=home,
        reclaims_tax=bill.reclaims_tax,
    )
    made = VendorBill.objects.create(
        entity=entity, vendor=vendor, number=number, bill_date=bill.bill_date, currency=bill.currency,
        amount=bill.amount, tax_amount=bill.tax_amount, exchange_rate=rate or Decimal(1), functional_amount=in_books.gross,
        input_tax=in_books.input_tax,
    )  # fmt: skip
    VendorBillLine.objects.bulk_create(
        VendorBillLine(
            bill=made, position=position, person_id=line.person_id, project_id=line.project_id, start=line.start,
            end=line.last_day + timedelta(days=1), seconds=line.seconds, amount=line.amount,
        )
        for position, line in enumerate(bill.lines, start=1)
    )  # fmt: skip
    record(made, f"Recorded {made}, {made.amount} {made.currency}")
    return int(made.pk)


def _check_amounts(problems: Problems, bill: BillInput) -> None:
    check_currency(problems, bill.currency)
    problems.check(
        bill.amount.is_finite() and 0 < bill.amount < _MOST,
        "bad_amount", "Write what the bill asks for, tax included, more than zero.", "amount",
    )  # fmt: skip
    problems.check(
        bill.tax_amount.is_finite() and 0 <= bill.tax_amount < max(bill.amount, Decimal(1)),
        "bad_tax", "Tax is part of the amount, so less than it.", "tax_amount",
    )  # fmt: skip
    places = minor_units(bill.currency)
    for value, field in ((bill.amount, "amount"), (bill.tax_amount, "tax_amount")):
        problems.check(
            not value.is_finite() or value == round(value, places),
            "too_precise", f"An amount in {bill.currency} has at most {places} decimal places.", field,
        )  # fmt: skip


def _check_lines(problems: Problems, actor: Actor, bill: BillInput) -> None:
    problems.check(bill.lines, "no_lines", "Say whose time the bill charges: at least one line.", "lines")
    people = dict(
        Person.objects.visible_to(actor)
        .filter(pk__in={line.person_id for line in bill.lines})
        .values_list("pk", "is_contractor")
    )
    wanted = {line.project_id for line in bill.lines if line.project_id is not None}
    projects = set(Project.objects.visible_to(actor).filter(pk__in=wanted).values_list("pk", flat=True))
    for number, line in enumerate(bill.lines, start=1):
        problems.check(
            people.get(line.person_id),
            "no_contractor",
            "A vendor's bill charges the time of contractors. Choose one, or mark the person as contractor under People.",
            f"lines.{number}.person_id",
        )
        problems.check(
            line.project_id is None or line.project_id in projects,
            "not_found", "There is no such project, or you may not see it.", f"lines.{number}.project_id",
        )  # fmt: skip
        problems.check(
            line.last_day >= line.start,
            "bad_dates", "The period ends before it begins.", f"lines.{number}.last_day",
        )  # fmt: skip
        problems.check(
            0 <= line.seconds < 10**8, "bad_hours", "Write the hours that are charged.", f"lines.{number}.hours"
        )  # fmt: skip
        problems.check(
            line.amount.is_finite() and 0 < line.amount < _MOST,
            "bad_amount", "A line charges more than zero, net of tax.", f"lines.{number}.amount",
        )  # fmt: skip
    net = bill.amount - bill.tax_amount
    total = sum((line.amount for line in bill.lines), _ZERO)
    problems.check(
        not bill.lines or total == net,
        "lines_differ",
        f"The lines come to {total} {bill.currency} and the bill without tax to {net}. They must be equal.",
        "amount",
    )


@action("expenses.delete_vendor_bill", needs=Permission.MANAGE_EXPENSES)
def delete_vendor_bill(*, actor: Actor, bill_id: int) -> None:
    """Delete a bill that is not matched. Refuses: not_found, matched, paid."""
    bill = locks.for_update(VendorBill.objects.visible_to(actor), bill_id)
    if bill.state != VendorBillState.RECORDED:
        raise Refused.because(bill.state, "This bill is in the books. Take its match back first.")
    record(bill, f"Deleted {bill}")
    bill.delete()


@action("expenses.match_vendor_bill", needs=Permission.MANAGE_EXPENSES)
def match_vendor_bill(*, actor: Actor, bill_id: int, reason: str = "") -> None:
    """Match a bill to the approved time it charges, and post what is owed to the vendor.

    The labour cost of the time is taken out of what was absorbed; what the bill has more or less goes to the projects.
    Refuses: not_found, matched, paid, no_approved_time, reason_missing (for a bill that differs), no_open_period.
    Warns: bill_differs.
    """
    bill = locks.for_update(VendorBill.objects.visible_to(actor).select_related("entity__book"), bill_id)
    if bill.state != VendorBillState.RECORDED:
        raise Refused.because(bill.state, "This bill is matched already.")
    matches = line_matches(bill)
    problems = Problems()
    for match in matches:
        problems.check(
            match.time,
            "no_approved_time",
            f"{match.person} has no approved time from {match.start:%-d %b} to {match.last_day:%-d %b %Y}"
            f"{f' on {match.project}' if match.project else ''} that is on no other bill. Have it approved first.",
        )
    if any(not match.difference.is_none for match in matches):
        problems.check(
            reason.strip(), "reason_missing", "The bill differs from the time. Say why it is accepted.", "reason"
        )  # fmt: skip
        for match in matches:
            if match.time and not match.difference.is_none:
                warn(DIFFERENCE, _differs(match, bill.entity.book.currency))
    problems.refuse()
    MatchedTime.objects.bulk_create(
        MatchedTime(line_id=match.line_id, entry_id=entry.entry_id)
        for match in matches
        for entry in match.time
    )
    ledger.post(actor=actor, entries=[_draft(bill, matches)])
    bill.state, bill.match_reason = VendorBillState.MATCHED, reason.strip()
    bill.save(update_fields=["state", "match_reason"])
    record(bill, f"Matched {bill} to {sum(len(match.time) for match in matches)} time entries")


def _differs(match: LineMatch, currency: str) -> str:
    amount = match.difference.amount
    more = "more" if amount >= 0 else "less"
    return (
        f"{match.person}: billed {hours(match.seconds)} h, approved {hours(match.approved_seconds)} h; "
        f"{abs(amount):,.{minor_units(currency)}f} {currency} {more} than the labour cost of that time."
    )


def _draft(bill: VendorBill, matches: Sequence[LineMatch]) -> EntryDraft:
    currency = bill.entity.book.currency
    spread: dict[Work, Decimal] = {}
    for match in matches:
        for work, amount in matching.shares(match.difference.amount, match.time, currency).items():
            spread[work] = spread.get(work, _ZERO) + amount
    return posting.bill_matched(
        entity_id=bill.entity_id,
        bill_id=bill.pk,
        words=str(bill),
        bill_date=bill.bill_date,
        currency=currency,
        time=[entry for match in matches for entry in match.time],
        differences=spread,
        input_tax=bill.input_tax,
    )


@action("expenses.unmatch_vendor_bill", needs=Permission.MANAGE_EXPENSES)
def unmatch_vendor_bill(*, actor: Actor, bill_id: int, reason: str) -> None:
    """Take a bill's match back: its posting is reversed and its time is free again.

    Refuses: not_found, reason_missing, not_matched.
    """
    bill = locks.for_update(VendorBill.objects.visible_to(actor), bill_id)
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why the match is taken back.", "reason")
    said = "This bill is paid." if bill.state == VendorBillState.PAID else "This bill is not matched."
    problems.check(bill.state == VendorBillState.MATCHED, "not_matched", said)
    problems.refuse()
    ledger.post(
        actor=actor,
        entries=posting.reversals(posting.MATCHED, posting.VENDOR_BILL, [bill.pk], "Match taken back"),
    )
    MatchedTime.objects.filter(line__bill=bill).delete()
    bill.state, bill.match_reason = VendorBillState.RECORDED, ""
    bill.save(update_fields=["state", "match_reason"])
    record(bill, f"Took back the match of {bill}: {reason.strip()}")


@action("expenses.pay_vendor_bill", needs=Permission.MANAGE_EXPENSES)
def pay_vendor_bill(*, actor: Actor, bill_id: int, paid_on: date) -> None:
    """Record that a matched bill was paid, at the exchange rate of the day; the difference is Realized FX.

    Refuses: not_found, not_matched, before_bill, exchange_rate_missing, no_open_period.
    """
    bill = locks.for_update(VendorBill.objects.visible_to(actor).select_related("entity__book"), bill_id)
    currency = bill.entity.book.currency
    rate = rate_of_day(bill.currency, currency, paid_on)
    problems = Problems()
    problems.check(
        bill.state == VendorBillState.MATCHED, "not_matched", "Only a matched bill that is not paid yet can be paid."
    )  # fmt: skip
    problems.check(
        paid_on >= bill.bill_date, "before_bill", "A bill is not paid before its date.", "paid_on"
    )  # fmt: skip
    problems.check(
        rate is not None,
        "exchange_rate_missing",
        f"There is no exchange rate from {bill.currency} to {currency} on that day. Set one first.",
        "paid_on",
    )
    problems.refuse()
    settled = amounts.booked(
        bill.amount, _ZERO, exchange_rate=rate or Decimal(1), currency=currency, reclaims_tax=False
    ).gross
    draft = posting.bill_paid(
        entity_id=bill.entity_id,
        bill_id=bill.pk,
        words=str(bill),
        paid_on=paid_on,
        currency=currency,
        owed=bill.functional_amount,
        settled=settled,
    )
    ledger.post(actor=actor, entries=[draft])
    bill.state, bill.paid_on, bill.settled_amount = VendorBillState.PAID, paid_on, settled
    bill.save(update_fields=["state", "paid_on", "settled_amount"])
    record(bill, f"Paid {bill}, {bill.amount} {bill.currency}")


def on_time_withdrawn(event: TimeWithdrawn) -> None:
    """Refuse when time is on a vendor's bill that is in the books."""
    taken = (
        MatchedTime.objects.filter(entry_id__in=event.entry_ids)
        .order_by("pk")
        .values_list("line__bill__vendor", "line__bill__number")
        .first()
    )
    if taken is not None:
        vendor, number = taken
        message = (
            f"These hours are on bill {number} of {vendor}. Take the bill's match back first to change them."
        )
        raise Refused.because("on_vendor_bill", message)
