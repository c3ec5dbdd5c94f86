"""All facts of obligations, loaded set-wise for the calculation: a number of queries that does not grow with them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import QuerySet

from workledger.billing.calc.fees import ChargeKind
from workledger.billing.models import Charge
from workledger.billing.settling import blocks_of, drawn_of
from workledger.billing.settling import lines as billing_lines
from workledger.contracts.calc import terms
from workledger.kernel.period import next_month
from workledger.revenue.calc import financing
from workledger.revenue.calc.derivation import Step
from workledger.revenue.calc.modification import effect
from workledger.revenue.calc.pricing import Counted, shared, with_uncertain
from workledger.revenue.calc.rights import LineRights
from workledger.revenue.calc.timeline import (
    Done,
    Estimate,
    Grain,
    Method,
    Obligation,
    Reached,
    Recognized,
    Treatment,
    Version,
)
from workledger.revenue.models import (
    FinancingTerm,
    ObligationEstimate,
    ObligationLine,
    ObligationVersion,
    PerformanceObligation,
    ProgressRecord,
    ProgressState,
    VariableEstimate,
)

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_DAY = timedelta(days=1)
_CHARGED = (ChargeKind.MILESTONE, ChargeKind.UNITS, ChargeKind.PROGRESS)
_BY_TOTAL = (Method.OUTPUT_UNITS, Method.OUTPUT_MILESTONES)
_BY_SHARE = (Method.OUTPUT_PROGRESS, Method.POINT_IN_TIME)
T = TypeVar("T")


class HeldLine(NamedTuple):
    """A contract line of an obligation and its weight in it."""

    line_id: int
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Held:
    """An obligation's row with all that its revenue is calculated from.

    `fixed` are its versions as written, `uncertain` the amounts that `facts` lays over their prices.
    """

    row: PerformanceObligation
    lines: tuple[HeldLine, ...]
    facts: Obligation
    fixed: tuple[Version, ...] = ()
    uncertain: tuple[Sequence[Counted], ...] = ()
    financed: FinancingTerm | None = None

    @property
    def id(self) -> int:
        """The obligation's id."""
        return int(self.row.pk)

    @property
    def is_priced(self) -> bool:
        """Whether any terms hold yet."""
        return bool(self.facts.versions)

    def payments(self) -> list[financing.Payment]:
        """Return what the client pays, where the price contains financing."""
        rows = self.financed.payments if self.financed else []
        return [financing.Payment(date.fromisoformat(day), Decimal(amount)) for day, amount in rows]


@dataclass(slots=True)
class _Loaded:
    """Everything beside the rows themselves, by obligation."""

    lines: dict[int, list[HeldLine]]
    versions: dict[int, list[Version]]
    estimates: dict[int, list[Estimate]]
    stated: dict[int, list[Reached]]
    uncertain: dict[int, list[list[Counted]]] = field(default_factory=lambda: defaultdict(list))
    done: Mapping[int, list[Done]] = field(default_factory=dict)
    rights: Mapping[int, LineRights] = field(default_factory=dict)
    earlier: Mapping[int, Decimal] = field(default_factory=dict)
    charged: Mapping[int, list[Charge]] = field(default_factory=dict)
    financing: Mapping[int, FinancingTerm] = field(default_factory=dict)


def load(rows: QuerySet[PerformanceObligation], *, by_day: bool = False) -> list[Held]:
    """Return obligations with their facts, in the rows' order.

    Hours and cost are summed by calendar month, which is exact on the last day of each; `by_day` and whatever is
    changed prospectively takes days.
    """
    found = list(rows.select_related("contract__client"))
    if not found:
        return []
    ids = [row.pk for row in found]
    loaded = _Loaded(
        lines=_grouped(
            (row.obligation_id, HeldLine(row.contract_line_id, row.weight))
            for row in ObligationLine.objects.filter(obligation__in=ids).order_by("pk")
        ),
        versions=_grouped(
            (pk, Version(day, price, Treatment(treatment), *rest))
            for pk, day, price, treatment, *rest in _values(
                ObligationVersion.objects.filter(obligation__in=ids).order_by("from_day", "pk"),
                "from_day", "price", "treatment", "start", "end", "total", "past", "reason",
            )
        ),
        estimates=_grouped(
            (pk, Estimate(*believed))
            for pk, *believed in _values(
                ObligationEstimate.objects.filter(obligation__in=ids).order_by("from_day", "pk"),
                "from_day", "seconds", "cost", "materials", "delivered", "breakage_percent",
            )
        ),
        stated=_grouped(
            (pk, Reached(*reached))
            for pk, *reached in _values(
                ProgressRecord.objects.filter(obligation__in=ids, state=ProgressState.APPROVED).order_by("on", "pk"),
                "on", "value", "evidence",
            )
        ),
    )  # fmt: skip
    _add_uncertain(found, loaded)
    line_ids = {line.line_id for held in loaded.lines.values() for line in held}
    loaded.done = done_on(line_ids, _daily_lines(found, loaded, by_day=by_day))
    loaded.charged = _charges(line_ids)
    loaded.rights = _rights(found, loaded)
    loaded.earlier = _earlier(found, loaded)
    loaded.financing = {row.pk: row for row in FinancingTerm.objects.filter(obligation__in=ids)}
    return [_held(row, loaded) for row in found]


def _values(rows: QuerySet[Any], *columns: str) -> Iterable[tuple[Any, ...]]:
    """Return the obligation's id and these columns of rows, without making objects of them."""
    return rows.values_list("obligation_id", *columns)


def _grouped(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _add_uncertain(rows: Iterable[PerformanceObligation], loaded: _Loaded) -> None:
    """Give uncertain amounts to the obligation they belong to, or to those of the contract that stood by then."""
    by_contract: dict[int, list[PerformanceObligation]] = defaultdict(list)
    for row in rows:
        by_contract[row.contract_id].append(row)
    elements: dict[tuple[int, int, int], list[Counted]] = defaultdict(list)
    for contract_id, obligation_id, element_id, day, included in (
        VariableEstimate.objects.filter(element__contract__in=by_contract)
        .order_by("element_id", "from_day", "pk")
        .values_list("element__contract_id", "element__obligation_id", "element_id", "from_day", "included")
    ):
        elements[contract_id, obligation_id or 0, element_id].append(Counted(day, included))
    for (contract_id, obligation_id, _), counted in elements.items():
        if obligation_id:
            loaded.uncertain[obligation_id].append(counted)
            continue
        members = _standing(by_contract[contract_id], loaded.versions, counted[0].from_day)
        weights = {row.pk: row.stand_alone for row in members}
        if weights:
            for key, parts in shared(counted, weights, members[0].contract.currency).items():
                loaded.uncertain[key].append(parts)


def _standing(
    rows: Iterable[PerformanceObligation], versions: Mapping[int, list[Version]], day: date
) -> list[PerformanceObligation]:
    """Return the obligations that stood by a day, or all of the first day where none did."""
    begun = [(versions[row.pk][0].from_day, row) for row in rows if versions.get(row.pk)]
    by_then = max(day, min((start for start, _ in begun), default=day))
    return [row for start, row in begun if start <= by_then]


def _daily_lines(rows: Iterable[PerformanceObligation], loaded: _Loaded, *, by_day: bool) -> set[int]:
    """Return the lines whose hours and cost are needed by the day."""
    return {
        line.line_id
        for row in rows
        if by_day
        or any(version.treatment is Treatment.PROSPECTIVE for version in loaded.versions.get(row.pk, ()))
        for line in loaded.lines.get(row.pk, ())
    }


_DONE = """
SELECT p.contract_line_id,
       CASE WHEN p.contract_line_id = ANY(%(daily)s) THEN p.service_date
            ELSE (date_trunc('month', p.service_date) + interval '1 month - 1 day')::date END AS day,
       sum(p.quantity) FILTER (WHERE a.role = 'labour_cost' AND p.unit = 's'),
       sum(p.functional_debit - p.functional_credit)
FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
WHERE a.role IN ('labour_cost', 'project_expense') AND p.contract_line_id = ANY(%(lines)s)
  AND NOT (a.role = 'project_expense' AND EXISTS (
      SELECT 1 FROM billing_billableitem i
      WHERE i.source_kind = p.source_kind AND i.source_id = p.source_id AND NOT i.is_void AND i.amount <> 0
        AND p.source_kind = 'expense'))
GROUP BY 1, 2 ORDER BY 1, 2
"""


def done_on(line_ids: Collection[int], daily: Collection[int]) -> dict[int, list[Done]]:
    """Return hours and cost of contract lines, cumulative, from the ledger; the books' currency.

    Expenses that the client pays back are no measure of the work: they are revenue of their own.
    """
    found: dict[int, list[Done]] = defaultdict(list)
    if not line_ids:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_DONE, {"lines": list(line_ids), "daily": list(daily)})
        rows = cursor.fetchall()
    for line_id, day, seconds, cost in rows:
        before = found[line_id][-1] if found[line_id] else Done(day, 0, _ZERO)
        found[line_id].append(Done(day, before.seconds + int(seconds or 0), before.cost + cost))
    return found


def done_on_projects(line_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """Return the seconds worked on contract lines by (line, project)."""
    if not line_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.contract_line_id, p.project_id, sum(p.quantity) FROM ledger_posting p"
            " JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.role = 'labour_cost' AND p.unit = 's' AND p.contract_line_id = ANY(%s) GROUP BY 1, 2",
            [list(line_ids)],
        )
        return {(line_id, project_id): int(seconds) for line_id, project_id, seconds in cursor.fetchall()}


def _earlier(rows: Iterable[PerformanceObligation], loaded: _Loaded) -> dict[int, Decimal]:
    """Return how much of a line's output belongs to obligations before one that holds the same line.

    What was delivered fulfils them in their order, where nobody says otherwise.
    """
    found: dict[int, Decimal] = {}
    so_far: dict[tuple[int, str], Decimal] = defaultdict(lambda: _ZERO)
    for row in sorted(rows, key=lambda each: (each.contract_id, each.position, each.pk)):
        lines, versions = loaded.lines.get(row.pk, []), loaded.versions.get(row.pk, [])
        if row.method not in _BY_TOTAL or len(lines) != 1 or not versions:
            continue
        key = lines[0].line_id, row.method
        found[row.pk] = so_far[key]
        so_far[key] += versions[-1].total or _ZERO
    return found


def _rights(rows: Iterable[PerformanceObligation], loaded: _Loaded) -> dict[int, LineRights]:
    """Return the prepaid rights of the lines that are recognized as they are used."""
    wanted = [
        line.line_id
        for row in rows
        if row.method == Method.RIGHTS_USED
        for line in loaded.lines.get(row.pk, ())
    ]
    if not wanted:
        return {}
    draws, blocks = drawn_of(wanted), blocks_of(wanted)
    fees: dict[int, dict[date, Decimal]] = defaultdict(dict)
    charged = Charge.objects.filter(contract_line__in=wanted, kind=ChargeKind.RETAINER_FEE)
    for line_id, start, amount in charged.values_list("contract_line_id", "start", "amount"):
        fees[line_id][start] = amount
    return {
        line.id: LineRights(
            line.document, line.start, line.end, line.currency, blocks[line.id], fees[line.id], draws[line.id]
        )
        for line in billing_lines(wanted).values()
        if isinstance(line.document, terms.Retainer | terms.Prepaid)
    }


def _charges(line_ids: Collection[int]) -> dict[int, list[Charge]]:
    """Return what was accepted, counted or claimed on contract lines, by the day of service."""
    rows = (
        Charge.objects.filter(contract_line__in=line_ids, kind__in=_CHARGED)
        .select_related("contract_line")
        .order_by("end", "pk")
    )
    return _grouped((row.contract_line_id, row) for row in rows)


def _held(row: PerformanceObligation, loaded: _Loaded) -> Held:
    lines = tuple(loaded.lines.get(row.pk, ()))
    versions = with_uncertain(loaded.versions.get(row.pk, []), loaded.uncertain.get(row.pk, []))
    return Held(
        row,
        lines,
        Obligation(
            method=Method(row.method),
            currency=row.contract.currency,
            versions=versions,
            grain=Grain(row.grain),
            estimates=loaded.estimates.get(row.pk, []),
            done=_joined([loaded.done.get(line.line_id, []) for line in lines]),
            reached=_reached(row, lines, loaded),
            is_complete_on=row.completed_on,
            expires=row.expires,
            rights=[loaded.rights[line.line_id] for line in lines if line.line_id in loaded.rights],
        ),
        tuple(loaded.versions.get(row.pk, ())),
        tuple(loaded.uncertain.get(row.pk, ())),
        loaded.financing.get(row.pk),
    )


def _joined(series: list[list[Done]]) -> list[Done]:
    """Return cumulative hours and cost of several lines as one."""
    if len(series) == 1:
        return series[0]
    steps = []
    for each in series:
        before = Done(date.min, 0, _ZERO)
        for done in each:
            steps.append(Done(done.day, done.seconds - before.seconds, done.cost - before.cost))
            before = done
    total, joined = Done(date.min, 0, _ZERO), list[Done]()
    for step in sorted(steps):
        total = Done(step.day, total.seconds + step.seconds, total.cost + step.cost)
        joined.append(total)
    return joined


def _reached(row: PerformanceObligation, lines: Iterable[HeldLine], loaded: _Loaded) -> list[Reached]:
    """Return what was reached: as people said and approved; where nobody did, as billing knows it."""
    method = Method(row.method)
    stated = loaded.stated.get(row.pk, [])
    if stated:
        return (
            [each._replace(value=each.value / _HUNDRED) for each in stated] if method in _BY_SHARE else stated
        )
    found, total = list[Reached](), -loaded.earlier.get(row.pk, _ZERO)
    charges = sorted(
        (charge for line in lines for charge in loaded.charged.get(line.line_id, ())),
        key=lambda charge: (charge.end, charge.pk),
    )
    for charge in charges:
        total += _reached_by(charge, method)
        found.append(Reached(charge.end - _DAY, max(total, _ZERO)))
    return found


def _reached_by(charge: Charge, method: Method) -> Decimal:
    """Return what a charge adds to an obligation's output; a share of one where that is what is measured."""
    if method is Method.OUTPUT_UNITS:
        return charge.quantity if charge.kind == ChargeKind.UNITS else _ZERO
    if method is Method.OUTPUT_MILESTONES:
        return charge.amount if charge.kind == ChargeKind.MILESTONE else _ZERO
    document = terms.parse(charge.contract_line.model, charge.contract_line.terms)
    if isinstance(document, terms.Progress) and charge.kind == ChargeKind.PROGRESS:
        return charge.amount / document.value if document.value else _ZERO
    if isinstance(document, terms.Milestones) and charge.kind == ChargeKind.MILESTONE:
        whole = sum((part.amount for part in document.milestones), _ZERO)
        return charge.amount / whole if whole else _ZERO
    return _ZERO


class AtOnce(NamedTuple):
    """What a modification recognizes on its day beside the month's own revenue, and why."""

    amount: Decimal
    after: Recognized
    steps: tuple[Step, ...]


def at_once(held: Held, through: date) -> dict[date, list[AtOnce]]:
    """Return what modifications catch up, by the month of their day. Raises `NotMeasurable`."""
    found: dict[date, list[AtOnce]] = defaultdict(list)
    for place, version in enumerate(held.fixed):
        if version.treatment is Treatment.INITIAL or version.from_day > through:
            continue
        before, after = (
            replace(held.facts, versions=with_uncertain(held.fixed[:end], held.uncertain))
            for end in (place, place + 1)
        )
        done = effect(before, after, version.from_day)
        amount = version.past if version.treatment is Treatment.PROSPECTIVE else done.at_once
        if amount:
            steps = (Step("Modification", version.said), Step("Catch-up", done.said))
            found[version.from_day.replace(day=1)].append(AtOnce(amount, done.after, steps))
    return found


def month_end(month: date) -> date:
    """Return the last day of a month."""
    return next_month(month) - _DAY
