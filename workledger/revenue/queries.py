"""Reads of revenue: a contract's obligations, runs, changes to decide. Positions roll forward in reporting."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import F, QuerySet, Sum

from workledger.contracts.models import Contract, ContractLine, ContractState, RevenueMethod
from workledger.core import locks
from workledger.core.access import Actor
from workledger.kernel.period import months
from workledger.ledger.models import AccountRole, Balance
from workledger.revenue.calc.remaining import Expected, expected
from workledger.revenue.calc.timeline import (
    Measure,
    Method,
    NotMeasurable,
    divergence,
    estimate_on,
    explain,
    measures,
    recognized,
)
from workledger.revenue.facts import Held, load
from workledger.revenue.models import (
    ContractModification,
    EntryKind,
    ModificationState,
    ObligationEstimate,
    ObligationVersion,
    PartialDiscount,
    PerformanceObligation,
    ProgressRecord,
    ProgressState,
    RecognitionEntry,
    RecognitionRun,
    VariableEstimate,
)
from workledger.revenue.modifications import Proposal, proposals
from workledger.revenue.obligations import NOT_HERE, priced_lines

_ZERO = Decimal(0)
_AS_CHARGED = (*NOT_HERE, RevenueMethod.RIGHTS_USED)
_DAY = timedelta(days=1)
WIDE_GAP = Decimal("0.15")
"""Two measures of progress that differ by more than this share of the work deserve a look."""


class SaidStep(NamedTuple):
    """A step of a derivation."""

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class ObligationRow:
    """An obligation as of a day. `earned` is by the facts, `posted` by the runs; shares are of one.

    `problem` says what keeps it from being measured; `gap` is the widest difference between measures of progress.
    """

    id: int
    name: str
    method: str
    method_label: str
    lines: str
    price: Decimal
    earned: Decimal
    posted: Decimal
    remaining: Decimal
    progress: Decimal
    measures: list[Measure]
    gap: Decimal
    problem: str
    completed_on: date | None
    is_by_input: bool
    is_by_output: bool
    is_option: bool
    steps: list[SaidStep]

    @property
    def is_wide(self) -> bool:
        """Whether measures of progress lie too far apart."""
        return self.gap > WIDE_GAP


@dataclass(frozen=True, slots=True)
class VersionRow:
    """Terms of an obligation from a day on."""

    obligation: str
    from_day: date
    treatment: str
    price: Decimal
    start: date | None
    last_day: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """What an obligation was expected to take, from a day on. Cost is in the book's currency."""

    obligation: str
    from_day: date
    seconds: int | None
    cost: Decimal | None
    materials: Decimal
    breakage_percent: Decimal | None
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """A statement of progress."""

    id: int
    obligation: str
    on: date
    value: Decimal
    evidence: str
    state: str
    state_label: str
    by: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class UncertainRow:
    """An uncertain amount, as estimated from a day on."""

    name: str
    obligation: str
    from_day: date
    way: str
    estimate: Decimal
    included: Decimal
    by: str
    reason: str

    @property
    def constrained(self) -> Decimal:
        """What does not count yet."""
        return self.estimate - self.included


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month of a contract: posted for it, or, where nothing is yet, expected. None is 'not known when'."""

    month: date | None
    posted: Decimal
    expected: Decimal


@dataclass(frozen=True, slots=True)
class ContractRevenue:
    """All that a contract's revenue page shows, in the contract's currency.

    `price` is the transaction price with what counts of uncertain amounts; `position` the contract position in the
    books: positive is a contract asset, negative a contract liability. `notes` say what deserves a look.
    """

    id: int
    number: str
    name: str
    client: str
    currency: str
    as_of: date
    price: Decimal
    earned: Decimal
    posted: Decimal
    position: Decimal
    constrained: Decimal
    obligations: list[ObligationRow]
    versions: list[VersionRow]
    estimates: list[EstimateRow]
    progress: list[ProgressRow]
    uncertain: list[UncertainRow]
    months: list[MonthRow]
    notes: list[str]
    is_draft: bool
    has_entries: bool

    @property
    def remaining(self) -> Decimal:
        """What is still to be earned."""
        return self.price - self.earned

    @property
    def expects_unused(self) -> bool:
        """Whether something that the client prepaid was expected to stay unused."""
        return any(row.breakage_percent is not None for row in self.estimates)

    @property
    def unposted(self) -> Decimal:
        """What the next run would post through the day."""
        return self.earned - self.posted


def contract_revenue(actor: Actor, contract_id: int, as_of: date) -> ContractRevenue:
    """Return a contract's obligations and what was recognized of them. Raises NotFound. A fixed number of queries."""
    contract = locks.one(Contract.objects.visible_to(actor).select_related("client"), contract_id)
    rows = PerformanceObligation.objects.visible_to(actor).filter(contract=contract)
    helds = load(rows, by_day=True)
    names = {held.id: held.row.name for held in helds}
    posted = _posted(names)
    lines = dict(ContractLine.objects.filter(contract=contract).values_list("pk", "name"))
    obligations = [_obligation(held, as_of, posted.get(held.id, _ZERO), lines) for held in helds]
    uncertain = _uncertain(contract.pk)
    return ContractRevenue(
        id=contract.pk,
        number=contract.number,
        name=contract.name,
        client=contract.client.name,
        currency=contract.currency,
        as_of=as_of,
        price=sum((row.price for row in obligations), _ZERO),
        earned=sum((row.earned for row in obligations), _ZERO),
        posted=sum((row.posted for row in obligations), _ZERO),
        position=_position(contract.pk),
        constrained=sum((row.constrained for row in _latest(uncertain)), _ZERO),
        obligations=obligations,
        versions=_versions(names),
        estimates=_estimates(names),
        progress=_progress(names),
        uncertain=uncertain,
        months=_months(helds, as_of),
        notes=_notes(contract, helds, obligations),
        is_draft=contract.state == ContractState.DRAFT,
        has_entries=bool(posted),
    )


def _posted(ids: Iterable[int]) -> Mapping[int, Decimal]:
    rows = RecognitionEntry.objects.filter(obligation__in=list(ids)).exclude(kind=EntryKind.INTEREST)
    return dict(rows.order_by().values_list("obligation_id").annotate(Sum("amount")))


def _obligation(held: Held, as_of: date, posted: Decimal, lines: Mapping[int, str]) -> ObligationRow:
    problem, steps = "", list[SaidStep]()
    price = price_on(held, as_of)
    earned = progress = gap = _ZERO
    compared: list[Measure] = []
    try:
        found = recognized(held.facts, as_of)
        earned, progress = found.amount, found.progress
        steps = [SaidStep(*step) for step in explain(held.facts, as_of)]
        compared = measures(held.facts, as_of)
        gap = divergence(compared) if held.row.completed_on is None else _ZERO
    except NotMeasurable as reason:
        problem = str(reason)
    method = held.facts.method
    if method is Method.RIGHTS_USED and not problem:
        price = found.price
    return ObligationRow(
        id=held.id, name=held.row.name, method=method.value, method_label=held.row.get_method_display(),
        lines=", ".join(lines.get(line.line_id, "") for line in held.lines), price=price, earned=earned, posted=posted,
        remaining=price - earned, progress=progress, measures=compared, gap=gap, problem=problem,
        completed_on=held.row.completed_on, is_by_input=method.value.startswith("input"),
        is_by_output=method.value.startswith("output") or method.value == "point_in_time",
        is_option=held.row.expires is not None and method is Method.POINT_IN_TIME, steps=steps,
    )  # fmt: skip


def price_on(held: Held, as_of: date) -> Decimal:
    """Return an obligation's part of the price on a day, or its first one before it begins."""
    versions = held.facts.versions
    reached = [version for version in versions if version.from_day <= as_of] or versions[:1]
    return reached[-1].price if reached else _ZERO


def _position(contract_id: int) -> Decimal:
    rows = Balance.objects.filter(
        contract_id=contract_id, account_id__in=_account_ids(AccountRole.CONTRACT_POSITION)
    )
    return rows.aggregate(total=Sum(F("debit") - F("credit")))["total"] or _ZERO


def _account_ids(role: AccountRole) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ledger_account WHERE role = %s", [role.value])
        return [pk for (pk,) in cursor.fetchall()]


def _versions(names: Mapping[int, str]) -> list[VersionRow]:
    rows = ObligationVersion.objects.filter(obligation__in=names).order_by("-from_day", "-pk")
    return [
        VersionRow(
            names[row.obligation_id], row.from_day, row.get_treatment_display(), row.price, row.start,
            row.end - _DAY if row.end else None, row.reason,
        )
        for row in rows
    ]  # fmt: skip


def _estimates(names: Mapping[int, str]) -> list[EstimateRow]:
    rows = ObligationEstimate.objects.filter(obligation__in=names).select_related("estimated_by")
    return [
        EstimateRow(
            names[row.obligation_id], row.from_day, row.seconds, row.cost, row.materials,
            row.breakage_percent, str(row.estimated_by or ""), row.reason,
        )
        for row in rows.order_by("-from_day", "-pk")
    ]  # fmt: skip


def _progress(names: Mapping[int, str]) -> list[ProgressRow]:
    rows = ProgressRecord.objects.filter(obligation__in=names).select_related("recorded_by", "decided_by")
    return [
        ProgressRow(
            row.pk, names[row.obligation_id], row.on, row.value, row.evidence, row.state, row.get_state_display(),
            str(row.recorded_by or ""), str(row.decided_by or ""),
        )
        for row in rows.order_by("-on", "-pk")
    ]  # fmt: skip


def _uncertain(contract_id: int) -> list[UncertainRow]:
    rows = VariableEstimate.objects.filter(element__contract=contract_id).select_related(
        "element__obligation", "estimated_by"
    )
    return [
        UncertainRow(
            row.element.name, row.element.obligation.name if row.element.obligation else "", row.from_day,
            row.get_way_display(), row.estimate, row.included, str(row.estimated_by or ""), row.reason,
        )
        for row in rows.order_by("-from_day", "-pk")
    ]  # fmt: skip


def _latest(rows: Iterable[UncertainRow]) -> Iterable[UncertainRow]:
    """Return the newest estimate of each uncertain amount; rows come newest first."""
    seen: dict[str, UncertainRow] = {}
    for row in rows:
        seen.setdefault(row.name, row)
    return seen.values()


def _months(helds: Sequence[Held], as_of: date) -> list[MonthRow]:
    """Return posted months, then what is expected after the day."""
    posted: dict[date, Decimal] = defaultdict(lambda: _ZERO)
    entries = RecognitionEntry.objects.filter(obligation__in=[held.id for held in helds]).exclude(
        kind=EntryKind.INTEREST
    )
    for month, amount in entries.order_by().values_list("service_month").annotate(Sum("amount")):
        posted[month] += amount
    ahead: dict[date | None, Decimal] = defaultdict(lambda: _ZERO)
    for held in helds:
        for row in _expected(held, as_of):
            ahead[row.month] += row.amount
    known = sorted({month for month in [*posted, *ahead] if month is not None})
    rows = []
    if known:
        for span in months(known[0], known[-1] + _DAY):
            rows.append(MonthRow(span.start, posted.get(span.start, _ZERO), ahead.get(span.start, _ZERO)))
    if ahead.get(None):
        rows.append(MonthRow(None, _ZERO, ahead[None]))
    return rows


def _expected(held: Held, as_of: date) -> list[Expected]:
    """Return what remains of an obligation by month; what cannot be measured is all 'not known when'."""
    try:
        return expected(held.facts, as_of, held.row.expected_end or held.row.contract.end)
    except NotMeasurable:
        price = price_on(held, as_of)
        return [Expected(None, price)] if price else []


def _notes(contract: Contract, helds: Sequence[Held], rows: Sequence[ObligationRow]) -> list[str]:
    """Return what deserves a look, in sentences."""
    found = [f"{row.name}: {row.problem}" for row in rows if row.problem]
    found += [
        f"{row.name}: measures of its progress are {row.gap * 100:.0f} points apart. Look at the estimate."
        for row in rows
        if row.is_wide
    ]
    priced = priced_lines([contract.pk]).values()
    found += [
        f"What {line.row.name} leaves unused rolls over, but its fee is revenue at once. Recognize it as prepaid rights are used."
        for line in priced
        if line.rolls_over and line.row.revenue_method == RevenueMethod.AS_INVOICED
    ]
    lines = [line for line in priced if line.row.revenue_method not in _AS_CHARGED]
    stated = [line.price for line in lines if line.price is not None]
    agreed = sum((_fixed_price(held) for held in helds if held.facts.method is not Method.RIGHTS_USED), _ZERO)
    financed = any(held.financed for held in helds)
    waits = ContractModification.objects.filter(contract=contract, state=ModificationState.WAITING).exists()
    if helds and not waits and not financed and len(stated) == len(lines) and sum(stated, _ZERO) != agreed:
        found.append(
            f"The lines come to {sum(stated, _ZERO):,.2f} {contract.currency}, the obligations to {agreed:,.2f}."
            " Record the modification, or set the obligations anew."
        )
    return found


def _fixed_price(held: Held) -> Decimal:
    return held.fixed[-1].price if held.fixed else _ZERO


# --- modifications to decide --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModifiedTerms:
    """What a waiting change does to an obligation as the change states it; amounts in the contract's currency."""

    obligation_id: int
    name: str
    price_before: Decimal
    price_after: Decimal
    total_before: Decimal | None
    total_after: Decimal | None
    last_day_before: date | None
    last_day_after: date | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class ModificationRow:
    """A change of a contract that waits until finance says what it is.

    `order` is the change order, '' for a direct change; `from_day` None is to be said. `added` are the lines that it
    adds, with their prices: each has an obligation already.
    """

    id: int
    contract_id: int
    contract: str
    client: str
    currency: str
    order_id: int | None
    order: str
    title: str
    from_day: date | None
    changes: list[ModifiedTerms]
    added: list[tuple[str, Decimal]]

    @property
    def amount(self) -> Decimal:
        """What the contract's price moves by."""
        moved = sum((each.price_after - each.price_before for each in self.changes), _ZERO)
        return moved + sum((price for _, price in self.added), _ZERO)


def modifications_waiting(
    actor: Actor,
    entity_id: int | None = None,
    *,
    contract_id: int | None = None,
    modification_id: int | None = None,
) -> list[ModificationRow]:
    """Return the changes of contracts that wait for finance, oldest first. Six queries, however many."""
    wanted = {"contract__entity": entity_id, "contract": contract_id, "pk": modification_id}
    rows = modifications_to_decide(actor).filter(
        **{key: value for key, value in wanted.items() if value is not None}
    )
    found = list(rows.select_related("before", "after", "order", "contract__client").order_by("pk"))
    if not found:
        return []
    proposed = proposals(found)
    touched = {pk for each in proposed.values() for pk in each.moved}
    names = PerformanceObligation.objects.in_bulk(touched)
    last = {
        version.obligation_id: version
        for version in ObligationVersion.objects.filter(obligation__in=touched).order_by("from_day", "pk")
    }
    return [_modification(row, proposed[row.pk], names, last) for row in found]


def modifications_to_decide(actor: Actor) -> QuerySet[ContractModification]:
    """Return the changes of contracts that wait for a decision, as far as this actor sees them."""
    return ContractModification.objects.visible_to(actor).filter(state=ModificationState.WAITING)


def _modification(
    row: ContractModification,
    proposed: Proposal,
    names: Mapping[int, PerformanceObligation],
    last: Mapping[int, ObligationVersion],
) -> ModificationRow:
    changes = []
    for pk, moved in proposed.moved.items():
        before = last[pk]
        end = moved.end if before.end is not None else None
        changes.append(
            ModifiedTerms(
                pk, names[pk].name, before.price, before.price + moved.price, before.total,
                None if before.total is None else before.total + moved.total, _last_day(before.end),
                _last_day(end or before.end), names[pk].completed_on is not None,
            )
        )  # fmt: skip
    return ModificationRow(
        row.pk, row.contract_id, str(row.contract), row.contract.client.name, row.contract.currency, row.order_id,
        row.order.label if row.order else "", row.order.title if row.order else "Change of the contract",
        row.from_day, changes, [(each.name, each.price) for each in proposed.added],
    )  # fmt: skip


def _last_day(end: date | None) -> date | None:
    return end - _DAY if end else None


# --- why ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WhyRevenue:
    """Why an obligation's revenue through a day is what it is. Amounts in the contract's currency."""

    obligation_id: int
    obligation: str
    contract_id: int
    contract: str
    currency: str
    day: date
    amount: Decimal
    price: Decimal
    progress: Decimal
    source: str
    steps: list[SaidStep]
    problem: str


_SOURCES = {
    "straight_line": "ASC 606-10-25-31, IFRS 15.39: the client receives the service evenly over its term.",
    "input_hours": "ASC 606-10-55-20, IFRS 15.B18: effort put in is how far the work is.",
    "input_cost": "ASC 606-10-55-20, IFRS 15.B18: cost put in is how far the work is.",
    "output_milestones": "ASC 606-10-55-17, IFRS 15.B15: what was reached is what the client received.",
    "output_units": "ASC 606-10-55-17, IFRS 15.B15: units delivered are what the client received.",
    "output_progress": "ASC 606-10-55-17, IFRS 15.B15: surveyed progress is what the client received.",
    "point_in_time": "ASC 606-10-25-30, IFRS 15.38: control passes at once.",
    "rights_used": "ASC 606-10-55-46 to 49, IFRS 15.B44 to B47: what was prepaid is earned as it is used, with what will not be.",
}


def why_revenue(actor: Actor, obligation_id: int, day: date) -> WhyRevenue:
    """Return the derivation of an obligation's revenue through a day. Raises NotFound."""
    rows = PerformanceObligation.objects.visible_to(actor)
    locks.one(rows, obligation_id)
    held = next(iter(_siblings(obligation_id)))
    problem, steps = "", list[SaidStep]()
    amount = progress = _ZERO
    try:
        found = recognized(held.facts, day)
        amount, progress = found.amount, found.progress
        steps = [SaidStep(*step) for step in explain(held.facts, day)]
    except NotMeasurable as reason:
        problem = str(reason)
    first = held.row.versions.order_by("from_day", "pk").first()
    allocated = [SaidStep(*step) for step in first.steps] if first else []
    contract = held.row.contract
    return WhyRevenue(
        held.id, held.row.name, contract.pk, str(contract), contract.currency, day, amount, price_on(held, day),
        progress, _SOURCES[held.facts.method.value], [*allocated, *steps], problem,
    )  # fmt: skip


def _siblings(obligation_id: int) -> list[Held]:
    """Load an obligation together with its contract's others, which share what is uncertain; it comes first."""
    contract_id = PerformanceObligation.objects.values_list("contract_id", flat=True).get(pk=obligation_id)
    found = load(PerformanceObligation.objects.filter(contract=contract_id), by_day=True)
    return sorted(found, key=lambda held: held.id != obligation_id)


# --- runs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunRow:
    """A recognition run; amount in the book's currency."""

    id: int
    entity: str
    month: date
    entries: int
    amount: Decimal
    currency: str
    by: str


def runs(actor: Actor, *, entity_id: int | None = None, limit: int = 24) -> list[RunRow]:
    """Return recognition runs, newest first."""
    rows = RecognitionRun.objects.visible_to(actor).select_related("book", "run_by")
    if entity_id is not None:
        rows = rows.filter(book=entity_id)
    return [
        RunRow(
            row.pk, row.book.name, row.month, row.entry_count, row.amount, row.book.currency,
            str(row.run_by or "Workledger"),
        )
        for row in rows.order_by("-pk")[:limit]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryRow:
    """What a run recognized of an obligation for a service month; amounts in the contract's currency."""

    id: int
    run_id: int
    obligation_id: int
    obligation: str
    contract_id: int
    contract: str
    client: str
    kind: str
    service_month: date
    currency: str
    amount: Decimal
    to_date: Decimal
    price: Decimal
    progress: Decimal
    journal_entry_id: int
    steps: list[SaidStep]


def entries(
    actor: Actor, *, run_id: int | None = None, contract_id: int | None = None, limit: int = 500
) -> list[EntryRow]:
    """Return recognition entries of a run or a contract, newest first."""
    rows = RecognitionEntry.objects.visible_to(actor).select_related("obligation__contract__client")
    if run_id is not None:
        rows = rows.filter(run=run_id)
    if contract_id is not None:
        rows = rows.filter(obligation__contract=contract_id)
    return [
        EntryRow(
            row.pk, row.run_id, row.obligation_id, row.obligation.name, row.obligation.contract_id,
            str(row.obligation.contract), row.obligation.contract.client.name, row.get_kind_display(),
            row.service_month, row.currency, row.amount, row.to_date, row.price, row.progress,
            row.journal_entry_id, [SaidStep(*step) for step in row.steps],
        )
        for row in rows.order_by("-pk")[:limit]
    ]  # fmt: skip


# --- for forms ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObligationTerms:
    """An obligation's terms of now, for a form."""

    id: int
    name: str
    contract_id: int
    line_ids: tuple[int, ...]
    method: str
    grain: str
    basis: str
    basis_amount: Decimal
    basis_percent: Decimal
    price: Decimal
    start: date | None
    last_day: date | None
    total: Decimal | None
    expected_last_day: date | None
    seconds: int | None
    cost: Decimal | None
    is_by_input: bool
    is_by_output: bool
    completed_on: date | None
    last_day_to_use: date | None
    breakage_percent: Decimal | None
    transfer: date | None
    annual_percent: Decimal | None
    payments: list[tuple[date, Decimal]]
    financing_reason: str

    @property
    def is_option(self) -> bool:
        """Whether it is a right to later work that the client may still use."""
        return self.last_day_to_use is not None and self.method == "point_in_time" and not self.completed_on


class DiscountRow(NamedTuple):
    """A part of the price that belongs to some obligations alone; negative is a discount."""

    amount: Decimal
    names: str
    reason: str


def partial_discounts(actor: Actor, contract_id: int) -> list[DiscountRow]:
    """Return which parts of a contract's price belong to some of its obligations alone."""
    rows = PartialDiscount.objects.visible_to(actor).filter(contract=contract_id).order_by("pk")
    return [DiscountRow(row.amount, ", ".join(row.names), row.reason) for row in rows]


def obligation_terms(actor: Actor, contract_id: int) -> list[ObligationTerms]:
    """Return the terms of a contract's obligations, in order."""
    rows = PerformanceObligation.objects.visible_to(actor).filter(contract=contract_id)
    found = []
    for held in load(rows):
        last = held.facts.versions[-1] if held.facts.versions else None
        estimate = estimate_on(held.facts, date.max)
        row, method = held.row, held.facts.method.value
        found.append(
            ObligationTerms(
                id=held.id, name=row.name, contract_id=contract_id,
                line_ids=tuple(line.line_id for line in held.lines), method=method, grain=row.grain, basis=row.basis,
                basis_amount=row.basis_amount, basis_percent=row.basis_percent, price=_fixed_price(held),
                start=last.start if last else None, last_day=last.end - _DAY if last and last.end else None,
                total=last.total if last else None,
                expected_last_day=row.expected_end - _DAY if row.expected_end else None,
                seconds=estimate.seconds if estimate else None, cost=estimate.cost if estimate else None,
                is_by_input=method.startswith("input"),
                is_by_output=method.startswith("output") or method == "point_in_time",
                completed_on=row.completed_on, last_day_to_use=_last_day(row.expires),
                breakage_percent=estimate.breakage_percent if estimate else None,
                transfer=held.financed.transfer if held.financed else None,
                annual_percent=held.financed.annual_percent if held.financed else None,
                payments=[(payment.day, payment.amount) for payment in held.payments()],
                financing_reason=held.financed.reason if held.financed else "",
            )
        )  # fmt: skip
    return found


def progress_waiting(actor: Actor) -> int:
    """Return how many statements of progress wait for approval."""
    return ProgressRecord.objects.visible_to(actor).filter(state=ProgressState.PROPOSED).count()
