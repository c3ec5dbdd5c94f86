"""What contract lines charge beside time: fees when they fall due, and what people record: milestones, units, progress."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar, cast

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from workledger.billing.actions import items
from workledger.billing.books import Books
from workledger.billing.calc import engine, fees
from workledger.billing.calc.draws import MOST_BLOCKS_AT_ONCE, Block, Blocks, block_due, sizes
from workledger.billing.calc.engine import Draw, priced
from workledger.billing.calc.fees import ChargeDue, ChargeKind
from workledger.billing.calc.work import Worked
from workledger.billing.models import (
    BillableItem,
    Charge,
    MilestoneStep,
    MilestoneStepKind,
    PrepaidBlock,
    Treatment,
)
from workledger.billing.settling import Line, blocks_of, draw_of, lines, unbilled_time
from workledger.billing.writing import Derivations, NewItem, Work, write_items
from workledger.contracts.calc import terms
from workledger.contracts.events import LineTermsChanged
from workledger.contracts.models import BillingModel, ContractLine, ContractState
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.models import RecordQuerySet
from workledger.core.refusals import Problems, Refused
from workledger.kernel.money import money_words
from workledger.kernel.period import Period
from workledger.kernel.rounding import minor_quantum, round_amount

_ZERO = Decimal(0)
_PERIODIC = (BillingModel.FIXED_FEE, BillingModel.RETAINER, BillingModel.RECURRING, BillingModel.PREPAID)
_SHORT = (engine.Treatment.CHARGED, engine.Treatment.WAITS)
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
    known = {
        pk: (state, end)
        for pk, state, end in chosen.order_by("pk").values_list("pk", "contract__state", "end")
    }
    found = {pk: _until(line, *known[pk]) for pk, line in lines(list(known)).items()}
    due: list[tuple[Line, ChargeDue]] = []
    for line in found.values():
        due += [
            (line, each)
            for each in fees.due_charges(line.document, line.start, line.end, through, line.currency)
            if each.due < (known[line.id][1] or date.max)
        ]
    due += _minimums(found.values(), through)
    _make(actor, due)
    _keep_blocks(
        actor, [line for line in found.values() if isinstance(line.document, terms.Prepaid)], through
    )


def _until(line: Line, state: str, ended: date | None) -> Line:
    """Return a line that holds no longer than to the end that a change order gave it.

    A closed contract's fees end with it even where they were agreed to renew.
    """
    if state == ContractState.CLOSED and isinstance(line.document, terms.Recurring):
        line = line._replace(document=line.document.model_copy(update={"renews": False}))
    return line if ended is None else line._replace(end=min(filter(None, (line.end, ended))))


def _minimums(some: Collection[Line], through: date) -> list[tuple[Line, ChargeDue]]:
    """Return what lifts the charges of periods that ended to their minimum."""
    with_least = [line for line in some if getattr(line.document, "minimum_charge", None) is not None]
    charged: dict[int, list[tuple[date, Decimal]]] = {line.id: [] for line in with_least}
    rows = (
        BillableItem.objects.filter(contract_line_id__in=charged, source_kind="time", is_void=False)
        .order_by()
        .values_list("contract_line_id", "service_date")
        .annotate(total=Sum((F("amount") - F("discount")) * (100 + Coalesce(F("included_tax"), _ZERO)) / 100))
    )
    for line_id, day, total in rows if charged else ():
        charged[line_id].append((day, total))
    due = []
    for line in with_least:
        for days, least in fees.minimum_periods(line.document, line.start, line.end, through):
            total = sum((amount for day, amount in charged[line.id] if days.start <= day < days.end), _ZERO)
            lacking = fees.true_up(days, least, round_amount(total, line.currency), line.currency)
            if lacking is not None:
                due.append((line, lacking))
    return due


def _keep_blocks(actor: Actor, some: Sequence[Line], through: date) -> None:
    """Buy first blocks, top up where that is agreed, and recognize what expired unused."""
    if not some:
        return
    worked, owned = unbilled_time(some, through), blocks_of([line.id for line in some])
    to_buy = [(line, _blocks_to_buy(line, worked[line.id], owned[line.id], through)) for line in some]
    _buy(actor, [(line, on) for line, days in to_buy for on in days])
    owned = blocks_of(list(owned))
    gone = []
    for line in some:
        blocks = _drawn(line, worked[line.id], owned[line.id])[1]
        gone += [(line, each) for each in fees.breakages(blocks.left(through), through, line.currency)]
    _make(actor, gone)


def _blocks_to_buy(line: Line, worked: Sequence[Worked], owned: Sequence[Block], through: date) -> list[date]:
    """Return the days on which blocks must be bought now, one after the other."""
    document, days = cast(terms.Prepaid, line.document), list[date]()
    newest = max((each.id for each in owned), default=0)
    while len(days) < MOST_BLOCKS_AT_ONCE:
        new = [
            Block(newest + place, day, fees.expiry(document, day), sizes(document), document.price)
            for place, day in enumerate(days, start=1)
        ]
        on = _next_block(line, worked, [*owned, *new], through)
        if on is None:
            break
        days.append(on)
    return days


def _next_block(line: Line, worked: Sequence[Worked], owned: Sequence[Block], through: date) -> date | None:
    """Return the day on which one more block must be bought, None if these are enough."""
    short, blocks = _drawn(line, worked, owned)
    return block_due(
        cast(terms.Prepaid, line.document), line.start, through, has_blocks=bool(owned), first_short=lambda: short,
        available=lambda: blocks.available(through),
    )  # fmt: skip


def _drawn(line: Line, worked: Sequence[Worked], owned: Sequence[Block]) -> tuple[date | None, Blocks]:
    """Return the first day with time that no block covers, and the blocks as the time drew from them."""
    document = cast(terms.Prepaid, line.document)
    pieces, _, draw = priced(
        document, worked, line.currency, draw=lambda: Draw(blocks=Blocks(document, owned, line.currency))
    )
    assert draw.blocks is not None
    day_of = {each.source_id: each.day for each in worked}
    short = [day_of[each.source_id] for each in pieces if each.treatment in _SHORT]
    return min(short, default=None), draw.blocks


def _buy(actor: Actor, wanted: Sequence[tuple[Line, date]]) -> list[Charge]:
    """Charge blocks on their days, and let the time of their lines draw from them."""
    bought: dict[int, int] = defaultdict(int)
    for line_id, key in Charge.objects.filter(
        contract_line_id__in={line.id for line, _ in wanted}, kind=ChargeKind.BLOCK
    ).values_list("contract_line_id", "key"):
        bought[line_id] = max(bought[line_id], int(key))
    due = []
    for line, on in wanted:
        bought[line.id] += 1
        due.append((line, fees.block_charge(cast(terms.Prepaid, line.document), str(bought[line.id]), on)))
    made = _make(actor, due)
    blocks = []
    for charge, (line, each) in zip(made, due, strict=True):
        document = cast(terms.Prepaid, line.document)
        blocks.append(
            PrepaidBlock(
                charge=charge, contract_line_id=line.id, bought=each.due, expires=fees.expiry(document, each.due),
                size=sizes(document), price=document.price,
            )
        )  # fmt: skip
    PrepaidBlock.objects.bulk_create(blocks)
    items.settle_lines(actor, sorted({line.id for line, _ in wanted}))
    return made


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


_OF_RIGHTS = (ChargeKind.RETAINER_FEE, ChargeKind.BLOCK, ChargeKind.BREAKAGE)
"""What gives rights, or ends them: recognized by runs where a line's rights are recognized as they are used."""


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
    if line.has_rights:
        recognizes = charge.kind not in _OF_RIGHTS
    else:  # a block is recognized as it is drawn
        recognizes = line.is_recognized and charge.kind != ChargeKind.BLOCK
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
def withdraw_charge(*, actor: Actor, charge_id: int, reason: str, on: date) -> None:
    """Take back a charge that is on no bill: a milestone reopened, units or progress recorded wrong.

    What falls due by itself is made again by the next run. Refuses: not_found, reason_missing, billed, on_pre_bill,
    block_drawn.
    """
    charge = locks.for_update(Charge.objects.visible_to(actor), charge_id)
    record(charge, f"Took back {charge.description}: {reason.strip()}")
    take_back(actor, charge, reason, on)


def take_back(actor: Actor, charge: Charge, reason: str, on: date) -> None:
    """Void a locked charge's items and remove it; of a milestone the log says that it is open again from `on`.

    Refuses: reason_missing, billed, on_pre_bill, block_drawn.
    """
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
    if charge.kind == ChargeKind.MILESTONE:
        MilestoneStep.objects.create(
            contract_line_id=charge.contract_line_id, key=charge.key, name=charge.description[:200],
            kind=MilestoneStepKind.REOPENED, day=on, user_id=actor.user_id, who=actor.name, note=reason.strip(),
        )  # fmt: skip
    charge.delete()


# --- what people record -------------------------------------------------------------------------------------


def active_line(rows: RecordQuerySet[ContractLine], line_id: int, kind: type[D]) -> tuple[Line, D]:
    """Return an active contract's line whose terms are of this kind, its row locked.

    Refuses: not_found, other_model, contract_not_active.
    """
    row = locks.for_update(rows, line_id)
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
    line, document = active_line(ContractLine.objects.visible_to(actor), line_id, terms.FixedFee)
    _place(document.instalments, place, "instalment")
    return _single(actor, line, [fees.instalment(document, place, on, line.currency)])[0].pk


def charge_milestone(
    actor: Actor, line: Line, document: terms.Milestones, place: int, on: date, said: str
) -> Charge:
    """Charge an accepted milestone of a locked line. Refuses: charged_already, exchange_rate_missing, no_open_period."""
    return _single(actor, line, [fees.milestone(document, place, on)], said)[0]


def on_line_terms_changed(event: LineTermsChanged) -> None:
    """Refuse terms that say something else of what is charged: a milestone or instalment gone, or of another amount."""
    line = lines([event.contract_line_id])[event.contract_line_id]
    kinds = (ChargeKind.MILESTONE, ChargeKind.INSTALMENT)
    charged = list(Charge.objects.filter(contract_line_id=line.id, kind__in=kinds).order_by("pk"))
    agreed = fees.part_amounts(line.document, line.currency)
    problems = Problems()
    for charge in charged:
        now = agreed.get(charge.key)
        if now != charge.amount:
            had = money_words(charge.amount, line.currency)
            would = f"would be {money_words(now, line.currency)}" if now is not None else "would be gone"
            message = (
                f"{charge.description} is charged already with {had}; by these terms it {would}. Keep it with its"
                " amount, or take its charge back first."
            )
            problems.add("charged_part_changed", message, "terms")
    problems.refuse()


@action("billing.record_units", needs=Permission.MANAGE_PROJECTS)
def record_units(*, actor: Actor, line_id: int, start: date, end: date, quantity: Decimal) -> list[int]:
    """Charge the units that the half-open [start, end) used, by the tiers of the line. Returns the charges' ids.

    Refuses: not_found, other_model, contract_not_active, bad_period, amount_not_possible, charged_already,
    exchange_rate_missing, no_open_period.
    """
    line, document = active_line(ContractLine.objects.visible_to(actor), line_id, terms.Units)
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
    line, document = active_line(ContractLine.objects.visible_to(actor), line_id, terms.Progress)
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
    return fees.progress_by_hours(seconds, budget)


def _charges(line: Line, kind: ChargeKind) -> QuerySet[Charge]:
    return Charge.objects.filter(contract_line_id=line.id, kind=kind)


@action("billing.release_retainage", needs=Permission.PREPARE_BILLING)
def release_retainage(*, actor: Actor, line_id: int, on: date, amount: Decimal | None = None) -> int:
    """Charge retained money of a progress line: `amount`, or all that is held. Returns the charge's id.

    Refuses: not_found, other_model, contract_not_active, amount_not_possible, exchange_rate_missing, no_open_period.
    """
    line, _ = active_line(ContractLine.objects.visible_to(actor), line_id, terms.Progress)
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
    line, _ = active_line(ContractLine.objects.visible_to(actor), line_id, terms.Prepaid)
    (charge,) = _buy(actor, [(line, on)])
    record(charge, f"Sold {charge.description}")
    return charge.pk
