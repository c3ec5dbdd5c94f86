"""What contract lines charge beside time: fees when they fall due, and what people record: milestones, units, progress."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.db.models import F, Q, QuerySet, Sum

from workledger.billing.actions import items
from workledger.billing.books import Books
from workledger.billing.calc import fees
from workledger.billing.calc.draws import Blocks, sizes
from workledger.billing.calc.fees import ChargeDue, ChargeKind
from workledger.billing.models import BillableItem, Charge, PrepaidBlock, Treatment
from workledger.billing.settling import Line, draw_of, lines, unbilled
from workledger.billing.writing import Derivations, NewItem, Work, write_items
from workledger.contracts.calc import terms
from workledger.contracts.models import BillingModel, ContractLine, ContractState
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.kernel.period import Period
from workledger.kernel.rounding import minor_quantum, round_amount

_ZERO = Decimal(0)
_PERIODIC = (BillingModel.FIXED_FEE, BillingModel.RETAINER, BillingModel.RECURRING, BillingModel.PREPAID)
_MOST_TOP_UPS = 100
D = TypeVar("D", bound=terms.Terms)


# --- what falls due by itself -------------------------------------------------------------------------------


def charge_due(
    actor: Actor, through: date, client_ids: Collection[int] | None, contract_ids: Collection[int] | None
) -> None:
    """Make the charges of contracts that fall due through a day and are not there yet.

    Instalments by date, fees of periods, blocks that must be bought, minimums of periods that ended, breakage. A closed
    contract is charged to its end: the fee of its last period, its last minimum; it buys no block and renews no more.
    """
    chosen = ContractLine.objects.visible_to(actor).filter(
        Q(model__in=_PERIODIC) | Q(terms__minimum_charge__amount__isnull=False),
        Q(contract__state=ContractState.ACTIVE)
        | Q(contract__state=ContractState.CLOSED) & ~Q(model=BillingModel.PREPAID),
        contract__start__lte=through,
    )
    if client_ids is not None:
        chosen = chosen.filter(contract__client_id__in=client_ids)
    if contract_ids is not None:
        chosen = chosen.filter(contract_id__in=contract_ids)
    states = dict(chosen.order_by("pk").values_list("pk", "contract__state"))
    found = {
        pk: _ended(line) if states[pk] == ContractState.CLOSED else line
        for pk, line in lines(list(states)).items()
    }
    due: list[tuple[Line, ChargeDue]] = []
    for line in found.values():
        due += [
            (line, each)
            for each in fees.due_charges(line.document, line.start, line.end, through, line.currency)
        ]
        due += [(line, each) for each in _minimums(line, through)]
    _make(actor, due)
    for line in found.values():
        if isinstance(line.document, terms.Prepaid):
            _keep_blocks(actor, line, line.document, through)


def _ended(line: Line) -> Line:
    """Return a closed contract's line, whose fees end with it even where they were agreed to renew."""
    if not isinstance(line.document, terms.Recurring):
        return line
    return line._replace(document=line.document.model_copy(update={"renews": False}))


def _minimums(line: Line, through: date) -> list[ChargeDue]:
    due = []
    for days, least in fees.minimum_periods(line.document, line.start, line.end, through):
        charged = BillableItem.objects.filter(
            contract_line_id=line.id, source_kind="time", is_void=False, service_date__gte=days.start,
            service_date__lt=days.end,
        ).aggregate(total=Sum(F("amount") - F("discount")))["total"]  # fmt: skip
        lacking = fees.true_up(days, least, charged or _ZERO, line.currency)
        if lacking is not None:
            due.append(lacking)
    return due


def _keep_blocks(actor: Actor, line: Line, document: terms.Prepaid, through: date) -> None:
    """Buy the first block, top up where that is agreed, and recognize what expired unused."""
    if not PrepaidBlock.objects.filter(contract_line_id=line.id).exists():
        _buy(actor, line, document, line.start)
    for _ in range(_MOST_TOP_UPS if document.tops_up else 0):
        short = unbilled().filter(
            contract_line_id=line.id,
            treatment__in=(Treatment.CHARGED, Treatment.WAITS),
            service_date__lte=through,
        )
        first = short.order_by("service_date").values_list("service_date", flat=True).first()
        if first is None and not _is_low(line, document, through):
            break
        _buy(actor, line, document, first or through)
    blocks = draw_of(line, through).blocks
    assert blocks is not None
    _recognize_breakage(actor, line, blocks, through)


def _is_low(line: Line, document: terms.Prepaid, on: date) -> bool:
    blocks = draw_of(line, on).blocks
    assert blocks is not None
    return blocks.available(on) < sizes(document) * document.low_balance_percent / 100


def _buy(actor: Actor, line: Line, document: terms.Prepaid, on: date) -> Charge:
    bought = Charge.objects.filter(contract_line_id=line.id, kind=ChargeKind.BLOCK).count()
    (charge,) = _make(actor, [(line, fees.block_charge(document, str(bought + 1), on))])
    PrepaidBlock.objects.create(
        charge=charge, contract_line_id=line.id, bought=on, expires=fees.expiry(document, on),
        size=sizes(document), price=document.price,
    )  # fmt: skip
    items.settle_lines(actor, [line.id])
    return charge


def _recognize_breakage(actor: Actor, line: Line, blocks: Blocks, through: date) -> None:
    due = []
    for each in blocks.left(through):
        if each.expired:
            drawn = round_amount(each.block.price * each.drawn / each.block.size, line.currency)
            expires = each.block.expires or through
            due.append((line, fees.breakage(str(each.block.id), expires, each.block.price - drawn)))
    _make(actor, due)


# --- making and withdrawing charges -------------------------------------------------------------------------


def _make(actor: Actor, due: Sequence[tuple[Line, ChargeDue]], evidence: str = "") -> list[Charge]:
    """Write the charges that are not there yet, with their billable items; returns the new ones."""
    there = set(
        Charge.objects.filter(contract_line__in={line.id for line, _ in due}).values_list(
            "contract_line_id", "kind", "key"
        )
    )
    new = [(line, each) for line, each in due if (line.id, each.kind.value, each.key) not in there]
    if not new:
        return []
    made = Charge.objects.bulk_create(
        Charge(
            contract_line_id=line.id, kind=each.kind, key=each.key, description=each.description,
            start=each.days.start, end=each.days.end, due_on=each.due, quantity=each.quantity, unit=each.unit,
            rate=each.rate, amount=each.amount, said=each.said, evidence=evidence,
        )
        for line, each in new
    )  # fmt: skip
    books, derivations = Books(), Derivations()
    clients = dict(
        ContractLine.objects.filter(pk__in={line.id for line, _ in new}).values_list(
            "pk", "contract__client_id"
        )
    )
    written = [
        _item(line, charge, clients[line.id], books, derivations)
        for charge, (line, _) in zip(made, new, strict=True)
    ]
    derivations.save()
    write_items(actor, written)
    return made


def _item(line: Line, charge: Charge, client_id: int, books: Books, derivations: Derivations) -> NewItem:
    book = books.rate(line.contract_id, charge.due_on)
    if book is None:
        message = f"There is no exchange rate from {line.currency} on {charge.due_on}. Add one first."
        raise Refused.because("exchange_rate_missing", message)
    work = Work(
        "charge", charge.pk, books.entity(line.contract_id), client_id, line.contract_id, line.id, None, None, None,
        None, 0, 0, charge.due_on, 0, 0, None,
    )  # fmt: skip
    is_breakage = charge.kind == ChargeKind.BREAKAGE
    recognizes = (
        line.is_recognized and charge.kind != ChargeKind.BLOCK
    )  # a block is recognized as it is drawn
    said = {"sentence": charge.said} if charge.said else {}
    return NewItem(
        work=work,
        seconds=0,
        treatment=Treatment.COVERED if is_breakage else Treatment.CHARGED,
        currency=line.currency,
        rate=None if is_breakage else charge.rate,
        amount=_ZERO if is_breakage else charge.amount,
        recognized=charge.amount if recognizes else _ZERO,
        derivation_id=derivations.id_of(said) if said else None,
        book=book,
        quantity=charge.quantity,
        unit=charge.unit,
        description=charge.description,
    )


@action("billing.withdraw_charge", needs=Permission.PREPARE_BILLING)
def withdraw_charge(*, actor: Actor, charge_id: int, reason: str) -> None:
    """Take back a charge that is on no bill: a milestone reopened, units or progress recorded wrong.

    What falls due by itself is made again by the next run. Refuses: not_found, reason_missing, billed, on_pre_bill,
    block_drawn.
    """
    charge = locks.for_update(Charge.objects.visible_to(actor), charge_id)
    if not reason.strip():
        raise Refused.because("reason_missing", "Say why the charge is taken back.", "reason")
    rows = list(
        BillableItem.objects.filter(
            source_kind="charge", source_id=charge.pk, is_void=False
        ).select_for_update()
    )
    items.refuse_billed([row.pk for row in rows], "This charge is")
    line = lines([charge.contract_line_id])[charge.contract_line_id]
    if charge.kind == ChargeKind.BLOCK:
        blocks = draw_of(line, date.max).blocks
        drawn = blocks is not None and any(
            each.block.id == charge.pk and each.drawn for each in blocks.left(charge.due_on)
        )
        if drawn:
            raise Refused.because("block_drawn", "Time was drawn from this block already.")
    items.void(actor, rows)
    record(charge, f"Took back {charge.description}: {reason.strip()}")
    charge.delete()


# --- what people record -------------------------------------------------------------------------------------


def _line(actor: Actor, line_id: int, kind: type[D]) -> tuple[Line, D]:
    """Return an active contract's line whose terms are of this kind, its row locked."""
    row = locks.for_update(ContractLine.objects.visible_to(actor), line_id)
    line = lines([row.pk])[row.pk]
    problems = Problems()
    problems.check(
        isinstance(line.document, kind), "other_model",
        f"{row.name} is billed as {row.get_model_display().lower()}.",
    )  # fmt: skip
    problems.check(
        ContractLine.objects.filter(pk=row.pk, contract__state=ContractState.ACTIVE).exists(),
        "contract_not_active", "Activate the contract first.",
    )  # fmt: skip
    problems.refuse()
    assert isinstance(line.document, kind)
    return line, line.document


def _single(actor: Actor, line: Line, due: Sequence[ChargeDue], evidence: str = "") -> list[Charge]:
    made = _make(actor, [(line, each) for each in due], evidence)
    if not made:
        raise Refused.because(
            "charged_already", "This is charged already. Take that charge back to change it."
        )
    for charge in made:
        record(charge, f"Charged {charge.description}")
    return made


def _place(parts: Sequence[object], place: int, word: str) -> None:
    if not 0 <= place < len(parts):
        raise Refused.because("no_such_part", f"The contract line has no such {word}.", "place")


@action("billing.charge_instalment", needs=Permission.PREPARE_BILLING)
def charge_instalment(*, actor: Actor, line_id: int, place: int, on: date) -> int:
    """Charge an instalment of a fixed fee on demand; `place` counts from 0. Returns the charge's id.

    Refuses: not_found, other_model, contract_not_active, no_such_part, charged_already, exchange_rate_missing,
    no_open_period.
    """
    line, document = _line(actor, line_id, terms.FixedFee)
    _place(document.instalments, place, "instalment")
    return _single(actor, line, [fees.instalment(document, place, on, line.currency)])[0].pk


@action("billing.accept_milestone", needs=Permission.MANAGE_PROJECTS)
def accept_milestone(
    *, actor: Actor, line_id: int, place: int, on: date, accepted_by: str, evidence: str = ""
) -> int:
    """Record that a milestone was accepted, by whom and on what evidence; that charges it. Returns the charge's id.

    `place` counts from 0. Taking the charge back reopens it. Refuses: not_found, other_model, contract_not_active,
    no_such_part, acceptor_missing, charged_already, exchange_rate_missing, no_open_period.
    """
    line, document = _line(actor, line_id, terms.Milestones)
    _place(document.milestones, place, "milestone")
    if not accepted_by.strip():
        raise Refused.because("acceptor_missing", "Say who accepted the milestone.", "accepted_by")
    said = f"Accepted by {accepted_by.strip()}. {evidence.strip()}".strip()
    return _single(actor, line, [fees.milestone(document, place, on)], said)[0].pk


@action("billing.record_units", needs=Permission.MANAGE_PROJECTS)
def record_units(*, actor: Actor, line_id: int, start: date, end: date, quantity: Decimal) -> list[int]:
    """Charge the units that the half-open [start, end) used, by the tiers of the line. Returns the charges' ids.

    Refuses: not_found, other_model, contract_not_active, bad_period, amount_not_possible, charged_already,
    exchange_rate_missing, no_open_period.
    """
    line, document = _line(actor, line_id, terms.Units)
    problems = Problems()
    problems.check(end > start, "bad_period", "The period ends after it starts.", "end")
    problems.check(quantity >= 0, "amount_not_possible", "A quantity is not negative.", "quantity")
    problems.refuse()
    due = fees.units_charges(document, start.isoformat(), Period(start, end), quantity, line.currency)
    return [charge.pk for charge in _single(actor, line, due)]


@action("billing.record_progress", needs=Permission.MANAGE_PROJECTS)
def record_progress(
    *, actor: Actor, line_id: int, on: date, percent: Decimal | None = None, evidence: str = ""
) -> list[int]:
    """Claim progress in percent of the line's value, less what was claimed before; retainage is held of it.

    Without `percent` it is worked hours over budgeted hours, where the line measures by hours. A lower estimate
    gives a negative claim. Returns the charges' ids. Refuses: not_found, other_model, contract_not_active,
    percent_missing, amount_not_possible, evidence_missing, charged_already, exchange_rate_missing, no_open_period.
    """
    line, document = _line(actor, line_id, terms.Progress)
    reached = _measured(line, document) if percent is None else percent
    problems = Problems()
    problems.check(
        _ZERO <= reached <= 100, "amount_not_possible", "Progress is from 0 to 100 percent.", "percent"
    )
    problems.check(
        evidence.strip() or document.measure is not terms.ProgressMeasure.MANUAL,
        "evidence_missing", "Say what shows this progress.", "evidence",
    )  # fmt: skip
    problems.refuse()
    claimed = _charges(line, ChargeKind.PROGRESS).aggregate(total=Sum("amount"))["total"] or _ZERO
    due = fees.progress_charges(document, on.isoformat(), on, reached, claimed, line.currency)
    return [charge.pk for charge in _single(actor, line, due, evidence.strip())]


def _measured(line: Line, document: terms.Progress) -> Decimal:
    budget = ContractLine.objects.values_list("budget_seconds", flat=True).get(pk=line.id)
    if document.measure is not terms.ProgressMeasure.HOURS or not budget:
        message = "Say the progress in percent: it is not measured by hours against a budget of hours."
        raise Refused.because("percent_missing", message, "percent")
    worked = BillableItem.objects.filter(contract_line_id=line.id, source_kind="time", is_void=False)
    seconds = worked.aggregate(total=Sum("worked_seconds"))["total"] or 0
    return min(Decimal(100), (Decimal(seconds) * 100 / budget).quantize(Decimal("0.01")))


def _charges(line: Line, kind: ChargeKind) -> QuerySet[Charge]:
    return Charge.objects.filter(contract_line_id=line.id, kind=kind)


@action("billing.release_retainage", needs=Permission.PREPARE_BILLING)
def release_retainage(*, actor: Actor, line_id: int, on: date, amount: Decimal | None = None) -> int:
    """Charge retained money of a progress line: `amount`, or all that is held. Returns the charge's id.

    Refuses: not_found, other_model, contract_not_active, amount_not_possible, exchange_rate_missing, no_open_period.
    """
    line, _ = _line(actor, line_id, terms.Progress)
    held = -(_charges(line, ChargeKind.RETAINAGE).aggregate(total=Sum("amount"))["total"] or _ZERO)
    released = held if amount is None else amount
    if not 0 < released <= held or released % minor_quantum(line.currency):
        raise Refused.because("amount_not_possible", f"{held:,.2f} {line.currency} are retained.", "amount")
    number = _charges(line, ChargeKind.RETAINAGE).filter(key__startswith="release/").count() + 1
    return _single(actor, line, [fees.retainage_release(str(number), on, released)])[0].pk


@action("billing.buy_block", needs=Permission.PREPARE_BILLING)
def buy_block(*, actor: Actor, line_id: int, on: date) -> int:
    """Sell another prepaid block on a day; time that waits or was beyond draws from it. Returns the charge's id.

    Refuses: not_found, other_model, contract_not_active, exchange_rate_missing, no_open_period.
    """
    line, document = _line(actor, line_id, terms.Prepaid)
    charge = _buy(actor, line, document, on)
    record(charge, f"Sold {charge.description}")
    return charge.pk
