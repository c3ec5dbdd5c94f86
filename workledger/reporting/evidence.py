"""The trail of evidence of one piece of work or charge: contract term, work, approval, price, bill, books, money.

An auditor opens one page and sees, in the order in which it happened, every document and act that stands between what was
agreed and what was paid: each with who did it, when, through which door and why, and what it posted. Nothing is worked
out anew: all of it are rows that were kept when it happened.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q

from workledger.billing.models import (
    BillableItem,
    Charge,
    Deferral,
    Hold,
    Invoice,
    InvoiceSource,
    IssuedDocument,
    ItemChange,
    MilestoneStep,
    PreBillReview,
    WriteDown,
)
from workledger.billing.posting import INVOICE, ITEM
from workledger.contracts.calc import terms, wording
from workledger.contracts.models import ContractLine, ContractVersion, RevenueMethod
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.models import ActionLog, RowLog
from workledger.core.refusals import Forbidden, Problems, Refused
from workledger.directory.models import LegalEntity
from workledger.expenses.models import Expense, Receipt, ReportDecision
from workledger.kernel.money import money_words
from workledger.kernel.period import month_of
from workledger.kernel.quantity import hours
from workledger.ledger.models import JournalEntry, Posting
from workledger.ledger.sums import COST_ROLES
from workledger.receivables.models import Allocation, EarlyDiscount
from workledger.revenue.models import ObligationVersion, RecognitionEntry
from workledger.timesheets.models import LineDecision, TimeEntry

TIME, EXPENSE, CHARGE = "time", "expense", "charge"
MOST_SAMPLED = 200
_NEEDED = (Permission.VIEW_BILLING, Permission.VIEW_LEDGER, Permission.VIEW_INVOICES, Permission.VIEW_LOG)


class Side(NamedTuple):
    """A posting: account, and the amounts in the book's currency."""

    account: str
    debit: Decimal
    credit: Decimal


class Act(NamedTuple):
    """Who did it, when, through which door, why; `id` opens the action log."""

    id: int
    who: str
    at: datetime
    door: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One document or decision of the trail.

    `page` names its page by kind and id; `made_by` is the act's number in the action log, `act` that act once it is read.
    `steps` are a derivation in words, `sides` what it posted. `is_undone`: it happened, and does not count any more.
    """

    what: str
    said: str = ""
    day: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    page: tuple[str, int] | None = None
    made_by: int | None = None
    act: Act | None = None
    steps: tuple[tuple[str, str], ...] = ()
    sides: tuple[Side, ...] = ()
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A step on the way from term to money; `missing` says what has not happened yet where there are no facts."""

    title: str
    facts: tuple[Fact, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The whole trail of one source, `amount` being what is charged for it now."""

    source_kind: str
    source_id: int
    title: str
    said: str
    amount: Decimal
    currency: str
    book_currency: str
    stages: tuple[Stage, ...] = field(default=())

    @property
    def is_complete(self) -> bool:
        """Whether every stage has something to show."""
        return all(stage.facts for stage in self.stages)


def evidence(actor: Actor, source_kind: str, source_id: int) -> Evidence:
    """Return the trail of approved time, an expense or a charge.

    Raises NotFound, and Forbidden for those who may not see billing, invoices, the ledger and the action log.
    """
    check_sight(actor)
    items = list(
        BillableItem.objects.visible_to(actor)
        .filter(source_kind=source_kind, source_id=source_id)
        .select_related("contract", "contract_line", "project", "task", "person", "client", "entity__book", "derivation")
        .order_by("pk")
    )  # fmt: skip
    if not items:
        raise locks.not_found(BillableItem)
    latest = next((item for item in reversed(items) if not item.is_void), items[-1])
    bills = _bills(items)
    stages = [
        Stage("What was agreed", tuple(_agreed(latest)), "No contract line."),
        Stage("What was done", tuple(_done(actor, latest)), "Nothing is kept of it."),
        Stage("Who approved it", tuple(_approved(latest)), "Nobody approved it."),
        Stage("What it is worth", tuple(_priced(items))),
        Stage("What was changed", tuple(_changed(items)), "Nothing was held, moved or written down."),
        Stage("What billed it", tuple(_billed(bills)), "On no invoice yet."),
        Stage("What was earned", tuple(_earned(latest)), "Recognized by its price, with the postings below."),
        Stage("What it posted", tuple(_posted(actor, items, bills)), "Nothing."),
        Stage("What was paid", tuple(_paid(bills)), "Nothing was received for it yet."),
    ]
    stages = [stage for stage in stages if stage.facts or stage.missing]
    now = [item for item in items if not item.is_void]
    return Evidence(
        source_kind=source_kind,
        source_id=source_id,
        title=f"{latest.task_name}, {latest.service_date:%d %B %Y}",
        said=", ".join(filter(None, (latest.person_name, latest.project_name, latest.client.name))),
        amount=sum((item.amount for item in now), Decimal(0)),
        currency=latest.currency,
        book_currency=latest.entity.book.currency,
        stages=tuple(_with_acts(stages)),
    )


def may_see(actor: Actor) -> bool:
    """Whether someone may read all that a trail goes through."""
    return all(actor.can(needed) for needed in _NEEDED)


def check_sight(actor: Actor) -> None:
    """Refuse who may not read all that a trail goes through."""
    if not may_see(actor):
        raise Forbidden.because(
            "forbidden", "A trail of evidence needs sight of billing, invoices, the ledger and the log. Ask Finance."
        )  # fmt: skip


# --- the stages ---------------------------------------------------------------------------------------------


def _agreed(item: BillableItem) -> Iterator[Fact]:
    line: ContractLine | None = item.contract_line
    contract = item.contract
    if line is None or contract is None:
        return
    version = (
        ContractVersion.objects.filter(contract=contract)
        .filter(Q(effective_from__isnull=True) | Q(effective_from__lte=item.service_date))
        .order_by("number")
        .last()
    )
    yield Fact(
        f"Contract {contract.number}",
        contract.name,
        page=("contract", contract.pk),
        made_by=contract.made_by_action,
    )
    if version is not None:
        yield Fact(
            f"Version {version.number}",
            f"{version.get_cause_display()} by {version.who}.",
            day=version.effective_from,
            made_by=version.made_by_action,
        )
    yield Fact(
        line.name,
        wording.sentence(terms.parse(line.model, line.terms)),
        steps=(
            ("Billing", line.get_model_display()),
            ("Revenue", RevenueMethod(line.revenue_method).label),
        ),
    )


def _done(actor: Actor, item: BillableItem) -> Iterator[Fact]:
    if item.source_kind == TIME:
        entry = TimeEntry.objects.filter(pk=item.source_id).first()
        if entry is not None:
            billable = "as worked" if entry.billable_seconds is None else f"{hours(entry.billable_seconds)} h"
            yield Fact(
                f"{hours(entry.worked_seconds)} h worked, billable {billable}",
                entry.note,
                day=entry.work_date,
                page=("time", entry.pk),
                made_by=entry.made_by_action,
            )
            yield from _edits("timesheets_timeentry", entry.pk)
    elif item.source_kind == EXPENSE:
        yield from _spent(item)
    else:
        charge = Charge.objects.filter(pk=item.source_id).select_related("contract_line").first()
        if charge is not None:
            yield Fact(
                charge.description,
                charge.said or charge.evidence,
                day=charge.due_on,
                amount=charge.amount,
                currency=item.currency,
                made_by=charge.made_by_action,
            )


def _spent(item: BillableItem) -> Iterator[Fact]:
    expense = Expense.objects.filter(pk=item.source_id).select_related("category").first()
    if expense is None:
        return
    yield Fact(
        expense.category.name,
        ", ".join(filter(None, (expense.vendor, expense.description))),
        day=expense.work_date,
        amount=expense.amount,
        currency=expense.currency,
        page=("expense", expense.pk),
        made_by=expense.made_by_action,
    )
    for receipt in Receipt.objects.filter(expense=expense).order_by("pk"):
        yield Fact(
            f"Receipt {receipt.file_name}", f"SHA-256 {receipt.sha256}", made_by=receipt.made_by_action
        )
    yield from _edits("expenses_expense", expense.pk)


def _edits(table: str, row_id: int) -> Iterator[Fact]:
    """Yield each change of a row, with the fields it changed."""
    for change in RowLog.objects.filter(table_name=table, row_id=row_id).order_by("pk"):
        after: Mapping[str, Any] = change.after or {}
        steps = tuple(
            (name, f"{change.before.get(name)} ▸ {value}")
            for name, value in after.items()
            if change.before.get(name) != value and name != "made_by_action"
        )
        if steps:
            yield Fact("Changed", made_by=change.action_id, steps=steps)


def _approved(item: BillableItem) -> Iterator[Fact]:
    if item.source_kind == TIME:
        decisions = LineDecision.objects.filter(line__entries=item.source_id).select_related("user")
        for one in decisions.order_by("at", "pk"):
            yield _decision(one.get_decision_display(), one)
    elif item.source_kind == EXPENSE:
        reports = ReportDecision.objects.filter(report__expenses=item.source_id).select_related("user")
        for each in reports.order_by("at", "pk"):
            yield _decision(each.get_decision_display(), each)
    else:
        charge = Charge.objects.filter(pk=item.source_id).first()
        steps = MilestoneStep.objects.filter(contract_line_id=item.contract_line_id)
        for step in steps.filter(key=charge.key).order_by("pk") if charge else ():
            yield Fact(
                step.get_kind_display(),
                ", ".join(filter(None, (step.who, step.note))),
                step.day,
                made_by=step.made_by_action,
            )
        if charge is not None and not steps.filter(key=charge.key).exists():
            yield Fact("Charged by the contract's terms", made_by=charge.made_by_action)


def _decision(label: str, one: LineDecision | ReportDecision) -> Fact:
    kept = f"Content {one.content_hash}" if one.content_hash else ""
    who = str(one.user) if one.user else ""
    return Fact(
        " by ".join(filter(None, (label, who))),
        ". ".join(filter(None, (one.reason, kept))),
        day=one.at.date(),
        made_by=one.made_by_action,
    )


def _priced(items: Sequence[BillableItem]) -> Iterator[Fact]:
    for item in items:
        content = item.derivation.content if item.derivation else {}
        steps = [("Rate", f"{str(content['rule_label']).capitalize()}.")] if "rule_label" in content else []
        steps += [
            ("Not used", f"{money_words(Decimal(str(loser['rate'])), item.currency)}: {loser['reason']}")
            for loser in content.get("losers", ())
        ]
        steps += [(str(step[0]), str(step[1])) for step in content.get("steps", ()) if len(step) > 1]
        counted = item.quantity if item.quantity is not None else None
        worth = (
            item.get_treatment_display()
            if item.rate is None
            else f"{hours(item.billable_seconds)} h × {money_words(item.rate, item.currency)}"
            if counted is None
            else f"{counted.normalize():f} {item.unit} × {money_words(item.rate, item.currency)}"
        )
        yield Fact(
            worth,
            "Replaced since by the price below." if item.is_void else "",
            amount=item.amount,
            currency=item.currency,
            made_by=item.made_by_action,
            steps=tuple(steps),
            is_undone=item.is_void,
        )


def _changed(items: Sequence[BillableItem]) -> Iterator[Fact]:
    ids = [item.pk for item in items]
    currency = items[-1].currency
    for hold in Hold.objects.filter(item_id__in=ids).order_by("pk"):
        yield Fact("Put on hold", _why(hold), made_by=hold.made_by_action, is_undone=bool(hold.released_at))
    for later in Deferral.objects.filter(item_id__in=ids).order_by("pk"):
        yield Fact(
            f"Deferred until {later.until:%d %B %Y}",
            _why(later),
            made_by=later.made_by_action,
            is_undone=bool(later.ended_at),
        )
    for change in ItemChange.objects.filter(item_id__in=ids).order_by("pk"):
        yield Fact(
            change.get_kind_display(),
            _why(change),
            made_by=change.made_by_action,
            is_undone=bool(change.undone_at),
        )
    for down in WriteDown.objects.filter(item_id__in=ids).order_by("pk"):
        yield Fact(
            "Written up" if down.is_write_up else "Written off" if down.is_write_off else "Written down",
            _why(down),
            amount=-down.amount,
            currency=currency,
            page=("entry", down.journal_entry_id),
            made_by=down.made_by_action,
        )


def _why(row: Hold | Deferral | ItemChange | WriteDown) -> str:
    return ": ".join(filter(None, (row.get_reason_code_display(), row.note)))


def _bills(items: Sequence[BillableItem]) -> list[InvoiceSource]:
    """Return what billed the items, also what was credited since."""
    rows = InvoiceSource.objects.filter(item_id__in=[item.pk for item in items])
    return list(rows.select_related("line__invoice").order_by("pk"))


def _billed(bills: Sequence[InvoiceSource]) -> Iterator[Fact]:
    documents = {bill.line.invoice_id: bill for bill in bills}
    hashes = dict(
        IssuedDocument.objects.filter(invoice_id__in=documents).values_list("invoice_id", "content_hash")
    )
    for invoice_id, bill in documents.items():
        invoice: Invoice = bill.line.invoice
        for review in PreBillReview.objects.filter(invoice=invoice).select_related("decided_by"):
            who = f" by {review.decided_by}" if review.decided_by else ""
            yield Fact(f"Pre-bill review: {review.get_state_display()}{who}", made_by=review.made_by_action)
        yield Fact(
            str(invoice),
            f"{invoice.get_state_display()}. Line: {bill.line.description}."
            + (f" Frozen content {hashes[invoice_id]}." if invoice_id in hashes else ""),
            day=invoice.issued_on,
            amount=bill.amount,
            currency=invoice.currency,
            page=("invoice", invoice.pk),
            made_by=_issue_of(invoice),
            is_undone=not bill.is_live,
        )
        for note in Invoice.objects.filter(credits_invoice=invoice).order_by("pk"):
            yield Fact(
                f"Credit note {note}",
                note.note,
                day=note.issued_on,
                amount=-note.net,
                currency=note.currency,
                page=("invoice", note.pk),
                made_by=note.made_by_action,
            )


def _issue_of(invoice: Invoice) -> int | None:
    """Return the act that issued an invoice: the one that made its journal entry."""
    if invoice.journal_entry_id is None:
        return int(invoice.made_by_action) if invoice.made_by_action else None
    entry = JournalEntry.objects.filter(pk=invoice.journal_entry_id).values_list("made_by_action", flat=True)
    return entry.first()


def _earned(item: BillableItem) -> Iterator[Fact]:
    line = item.contract_line
    if line is None or line.revenue_method == RevenueMethod.AS_INVOICED:
        return
    versions = ObligationVersion.objects.filter(obligation__lines__contract_line=line)
    for version in versions.select_related("obligation").order_by("from_day", "pk"):
        yield Fact(
            f"Obligation: {version.obligation.name}",
            version.reason,
            day=version.from_day,
            amount=version.price,
            currency=item.currency,
            made_by=version.made_by_action,
            steps=tuple((str(name), str(said)) for name, said in version.steps),
        )
    month = month_of(item.service_date).start
    earned = RecognitionEntry.objects.filter(
        obligation__lines__contract_line=line, service_month=month
    ).select_related("run")
    for each in earned.order_by("pk"):
        yield Fact(
            f"{each.get_kind_display()} of {month:%B %Y}",
            f"{money_words(each.to_date, each.currency)} of {money_words(each.price, each.currency)} to date.",
            amount=each.amount,
            currency=each.currency,
            page=("entry", each.journal_entry_id),
            made_by=each.run.made_by_action,
            steps=tuple((str(name), str(said)) for name, said in each.steps),
        )


def _posted(actor: Actor, items: Sequence[BillableItem], bills: Sequence[InvoiceSource]) -> Iterator[Fact]:
    """Yield the entries of the source, of its items and of the invoices that bill it, with the sides that concern it."""
    source = items[-1]
    own = Q(source_kind=source.source_kind, source_id=source.source_id) | Q(
        source_kind=ITEM, source_id__in=[item.pk for item in items]
    )
    entry_ids = {item.journal_entry_id for item in items} - {None}
    sides = Posting.objects.filter(own)
    whole = {bill.line.invoice.journal_entry_id for bill in bills} - {None}
    found = sides | Posting.objects.filter(entry_id__in=whole, source_kind__in=("", INVOICE))
    if not actor.can(Permission.VIEW_COST):
        found = found.exclude(account__role__in=COST_ROLES)
    by_entry: dict[int, list[Side]] = {}
    for posting in found.select_related("account").order_by("entry_id", "pk"):
        by_entry.setdefault(posting.entry_id, []).append(
            Side(str(posting.account), posting.functional_debit, posting.functional_credit)
        )
    entries = JournalEntry.objects.visible_to(actor).filter(pk__in={*by_entry, *entry_ids, *whole})
    for entry in entries.order_by("date", "pk"):
        yield Fact(
            entry.description,
            "The whole invoice." if entry.pk in whole else _other_side(by_entry.get(entry.pk, ())),
            day=entry.date,
            page=("entry", entry.pk),
            made_by=entry.made_by_action,
            sides=tuple(by_entry.get(entry.pk, ())),
        )


def _other_side(sides: Sequence[Side]) -> str:
    """Say why the sides of one source do not balance: what it shares with others is posted as one sum."""
    balance = sum((side.debit - side.credit for side in sides), Decimal(0))
    return "The other side stands in the entry, summed with other work of the day." if balance else ""


def _paid(bills: Sequence[InvoiceSource]) -> Iterator[Fact]:
    invoices = {bill.line.invoice_id for bill in bills if bill.is_live}
    allocations = Allocation.objects.filter(invoice_id__in=invoices).select_related("payment", "invoice")
    for one in allocations.order_by("allocated_on", "pk"):
        yield Fact(
            "Taken back" if one.amount < 0 else "Paid",
            ". ".join(filter(None, (str(one.payment), one.payment.reference))),
            day=one.allocated_on,
            amount=one.amount,
            currency=one.payment.currency,
            page=("entry", one.journal_entry_id),
            made_by=one.made_by_action,
        )
    for less in (
        EarlyDiscount.objects.filter(invoice_id__in=invoices).select_related("invoice").order_by("pk")
    ):
        yield Fact(
            "Early-payment discount",
            day=less.given_on,
            amount=less.amount,
            currency=less.invoice.currency,
            page=("entry", less.journal_entry_id),
            made_by=less.made_by_action,
        )


def _with_acts(stages: Iterable[Stage]) -> Iterator[Stage]:
    """Yield the stages with the acts behind their facts, read at once."""
    stages = list(stages)
    wanted = {fact.made_by for stage in stages for fact in stage.facts if fact.made_by}
    acts = {
        act.pk: Act(act.pk, act.actor_name, act.at, act.door, act.reason)
        for act in ActionLog.objects.filter(pk__in=wanted)
    }
    for stage in stages:
        facts = (replace(fact, act=acts.get(fact.made_by)) if fact.made_by else fact for fact in stage.facts)
        yield replace(stage, facts=tuple(facts))


# --- where trails begin -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """A source from which a trail begins."""

    source_kind: str
    source_id: int
    day: date
    said: str
    invoice: str
    amount: Decimal
    currency: str


def starts_of_invoice(actor: Actor, number: str, limit: int = MOST_SAMPLED) -> list[Start]:
    """Return what an invoice bills, by its number. Refuses: no_such_invoice."""
    check_sight(actor)
    invoice = Invoice.objects.visible_to(actor).filter(number=number.strip()).exclude(number="").first()
    if invoice is None:
        raise Refused.because(
            "no_such_invoice", "There is no invoice or credit note of that number.", "number"
        )
    billed = InvoiceSource.objects.filter(
        invoice_id__in=[invoice.pk, invoice.credits_invoice_id or invoice.pk]
    )
    return _starts(billed.order_by("pk").values_list("item_id", flat=True)[:limit])


def sample(actor: Actor, entity_id: int, start: date, end: date, *, size: int, seed: str) -> list[Start]:
    """Return a random sample of the work and charges of [start, end): the same seed draws the same from the same books.

    Refuses: not_found, bad_size, days_reversed.
    """
    check_sight(actor)
    entity = locks.one(LegalEntity.objects.visible_to(actor), entity_id)
    problems = Problems()
    problems.check(
        1 <= size <= MOST_SAMPLED, "bad_size", f"A sample has from 1 to {MOST_SAMPLED} items.", "size"
    )
    problems.check(start < end, "days_reversed", "The last day is before the first.", "through")
    problems.refuse()
    rows = BillableItem.objects.visible_to(actor).filter(
        entity=entity, service_date__gte=start, service_date__lt=end, is_void=False
    )
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    drawn = random.Random(seed).sample(ids, min(size, len(ids)))  # noqa: S311  # repeatable, no secret
    return _starts(drawn)


def _starts(item_ids: Iterable[int]) -> list[Start]:
    wanted = list(item_ids)
    items = BillableItem.objects.filter(pk__in=wanted).select_related("task", "person", "client")
    numbers = dict(
        InvoiceSource.objects.filter(item_id__in=wanted, is_live=True).values_list(
            "item_id", "line__invoice__number"
        )
    )
    found = [
        Start(
            item.source_kind, item.source_id, item.service_date,
            ", ".join(filter(None, (item.task_name, item.person_name, item.client.name))),
            numbers.get(item.pk, ""), item.amount, item.currency,
        )
        for item in items
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each.day, each.source_kind, each.source_id))
