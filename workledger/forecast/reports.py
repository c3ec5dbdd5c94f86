"""What a forecast says, report by report: months, backlog, remaining performance obligations, deferred revenue, bridge.

Each is a pure function of forecasts. Amounts are in the book's currency unless they say otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from workledger.forecast.calc import bridge as bridges
from workledger.forecast.calc.bridge import BridgeStepKind, Frozen, ItemFacts, Row, Window
from workledger.forecast.calc.deferred import Flow, LiabilityMonth, released, summed, unwind
from workledger.forecast.calc.schedule import ForecastKind, ForecastSource
from workledger.forecast.outlook import Amount, Bill, Forecast, Item, Position
from workledger.kernel.period import Period, months, next_month
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.remaining import Expected, bands, may_be_left_out

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
_YEAR_MONTHS = 12
_NAMES_SHOWN = 3
TO_COME = (ForecastKind.CONTRACTED, ForecastKind.EXPECTED)


# --- months -------------------------------------------------------------------------------------------------


class MonthSums(NamedTuple):
    """A month of a forecast by kind; None is 'not known when'. `total` leaves renewals out."""

    month: date | None
    recognized: Decimal
    contracted: Decimal
    expected: Decimal
    renewal: Decimal

    @property
    def total(self) -> Decimal:
        """All but renewals."""
        return self.recognized + self.contracted + self.expected


class Cells(NamedTuple):
    """Amounts before the shown months, in each, after them, not known when, and all; renewals are left out."""

    before: Decimal
    months: tuple[Decimal, ...]
    after: Decimal
    undated: Decimal
    total: Decimal


class ItemMonths(NamedTuple):
    """An item over the shown months."""

    item: Item
    cells: Cells


class ContractMonths(NamedTuple):
    """A contract over the shown months with its items."""

    contract_id: int
    contract: str
    client: str
    sums: Cells
    items: tuple[ItemMonths, ...]


class ClientMonths(NamedTuple):
    """A client over the shown months with its contracts."""

    client: str
    sums: Cells
    contracts: tuple[ContractMonths, ...]


@dataclass(frozen=True, slots=True)
class MonthTable:
    """A forecast by client, contract and item over months (their first days)."""

    months: tuple[date, ...]
    clients: tuple[ClientMonths, ...]
    sums: Cells


def by_month(found: Forecast) -> list[MonthSums]:
    """Return a forecast's months by kind, in order, with no gap; 'not known when' comes last."""
    sums: dict[tuple[date | None, ForecastKind], Decimal] = defaultdict(lambda: _ZERO)
    for item in found.items:
        for each in item.amounts:
            sums[each.month, each.kind] += each.functional
    known = sorted({month for month, _ in sums if month is not None})
    spans: list[date | None] = []
    if known:
        spans += [span.start for span in months(known[0], next_month(known[-1]))]
    if any(month is None for month, _ in sums):
        spans.append(None)
    return [MonthSums(month, *(sums.get((month, kind), _ZERO) for kind in ForecastKind)) for month in spans]


def month_table(found: Forecast, first: date, count: int) -> MonthTable:
    """Return a forecast over `count` months from `first`, grouped by client and contract; items of nothing are left out."""
    index = first.year * 12 + first.month - 1
    shown = tuple(date((index + n) // 12, (index + n) % 12 + 1, 1) for n in range(count))
    tree: dict[str, dict[int, list[ItemMonths]]] = defaultdict(lambda: defaultdict(list))
    for item in found.items:
        row = _over(item, shown)
        if row.cells.total or any(row.cells.months):
            tree[item.client][item.contract_id].append(row)
    clients = []
    for client, contracts in tree.items():
        rows = [
            ContractMonths(
                pk, items[0].item.contract, client, _summed([row.cells for row in items]), tuple(items)
            )
            for pk, items in contracts.items()
        ]
        rows.sort(key=lambda row: (-row.sums.total, row.contract))
        clients.append(ClientMonths(client, _summed([row.sums for row in rows]), tuple(rows)))
    clients.sort(key=lambda row: (-row.sums.total, row.client))
    return MonthTable(shown, tuple(clients), _summed([row.sums for row in clients], len(shown)))


def _over(item: Item, shown: Sequence[date]) -> ItemMonths:
    before = after = undated = _ZERO
    sums = dict.fromkeys(shown, _ZERO)
    for each in item.amounts:
        if each.kind is ForecastKind.RENEWAL:
            continue
        if each.month is None:
            undated += each.functional
        elif each.month in sums:
            sums[each.month] += each.functional
        elif each.month < shown[0]:
            before += each.functional
        else:
            after += each.functional
    amounts = tuple(sums.values())
    total = before + sum(amounts, _ZERO) + after + undated
    return ItemMonths(item, Cells(before, amounts, after, undated, total))


def _summed(rows: Sequence[Cells], width: int = 0) -> Cells:
    columns = zip(*(row.months for row in rows), strict=True)
    return Cells(
        sum((row.before for row in rows), _ZERO),
        tuple(sum(column, _ZERO) for column in columns) or (_ZERO,) * width,
        sum((row.after for row in rows), _ZERO),
        sum((row.undated for row in rows), _ZERO),
        sum((row.total for row in rows), _ZERO),
    )


# --- backlog ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BacklogRow:
    """What was agreed of a contract and is not recognized: contracted − recognized = backlog.

    The backlog is scheduled for the next twelve months, later, at no known time, or not at all: what recent burn does not
    reach of a budget.
    """

    contract_id: int
    contract: str
    client: str
    contracted: Decimal
    recognized: Decimal
    backlog: Decimal
    next_year: Decimal
    later: Decimal
    undated: Decimal
    unscheduled: Decimal


@dataclass(frozen=True, slots=True)
class Backlog:
    """The backlog of a legal entity. `forecast_next` is contracted and expected revenue of the next twelve months.

    `last_year` is what was recognized in the twelve months through the last whole one.
    """

    currency: str
    as_of: date
    rows: list[BacklogRow]
    forecast_next: Decimal
    last_year: Decimal

    @property
    def totals(self) -> BacklogRow:
        """The sums of all columns."""
        names = ("contracted", "recognized", "backlog", "next_year", "later", "undated", "unscheduled")
        return BacklogRow(
            0, "", "", *(sum((getattr(row, name) for row in self.rows), _ZERO) for name in names)
        )

    @property
    def coverage(self) -> Decimal | None:
        """Which share of the next twelve months' forecast is contracted; None where nothing is forecast."""
        return self.totals.next_year / self.forecast_next if self.forecast_next else None

    @property
    def months(self) -> Decimal | None:
        """How many months of revenue the backlog stands for, at the pace of the last twelve; None where there was none."""
        return self.totals.backlog * _YEAR_MONTHS / self.last_year if self.last_year > 0 else None


def backlog(found: Forecast) -> Backlog:
    """Return the backlog per contract: of items with a price or a limit, whose contract can still go on."""
    end = _year_after(found.as_of)
    rows: dict[int, list[tuple[Item, list[Decimal]]]] = defaultdict(list)
    forecast_next = _ZERO
    for item in found.items:
        forecast_next += sum(
            (
                each.functional
                for each in item.amounts
                if each.kind in TO_COME and each.month and each.month < end
            ),
            _ZERO,
        )
        if item.is_live and item.agreed is not None:
            rows[item.contract_id].append((item, _backlog_of(item, end, found.currency)))
    sums = []
    for contract_id, parts in rows.items():
        columns = [sum(column, _ZERO) for column in zip(*(amounts for _, amounts in parts), strict=True)]
        if columns[2]:
            item = parts[0][0]
            sums.append(BacklogRow(contract_id, item.contract, item.client, *columns))
    sums.sort(key=lambda row: (-row.backlog, row.contract))
    return Backlog(found.currency, found.as_of, sums, forecast_next, _last_year(found))


def _backlog_of(item: Item, end: date, currency: str) -> list[Decimal]:
    """Return an item's contracted, recognized, backlog, next year, later, undated and unscheduled, functional."""
    earned = item.total(ForecastKind.RECOGNIZED)
    open_amount = max((item.agreed or _ZERO) - earned, _ZERO)
    home_earned, home_open = (
        item.functional(ForecastKind.RECOGNIZED),
        round_amount(open_amount * item.rate, currency),
    )
    dated = [each for each in item.amounts if each.kind is ForecastKind.CONTRACTED]
    near = sum((each.functional for each in dated if each.month and each.month < end), _ZERO)
    later = sum((each.functional for each in dated if each.month and each.month >= end), _ZERO)
    undated = sum((each.functional for each in dated if each.month is None), _ZERO)
    return [
        home_earned + home_open,
        home_earned,
        home_open,
        near,
        later,
        undated,
        home_open - near - later - undated,
    ]


def _year_after(day: date) -> date:
    """Return the first day after the twelve months that begin with the month of the next day."""
    first = (day + _DAY).replace(day=1)
    return first.replace(year=first.year + 1)


def _last_year(found: Forecast) -> Decimal:
    """Return what was recognized in the twelve months through the last whole one."""
    end = (found.as_of + _DAY).replace(day=1)
    start = end.replace(year=end.year - 1)
    return sum(
        (
            each.functional
            for item in found.items
            for each in item.amounts
            if each.kind is ForecastKind.RECOGNIZED and each.month and start <= each.month < end
        ),
        _ZERO,
    )


# --- remaining performance obligations ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RemainingRow:
    """What remains of a contract, by band, in its currency."""

    contract_id: int
    contract: str
    client: str
    currency: str
    amounts: list[Decimal]
    total: Decimal
    may_be_left_out: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What of a contract is not in the disclosure, and by which rule. `name` are its obligations and lines.

    `amount` is in the contract's currency; None where no price and no limit was agreed.
    """

    contract_id: int
    contract: str
    client: str
    name: str
    currency: str
    amount: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class Remaining:
    """Remaining performance obligations after a day, by band. The last band is 'not known when'.

    `functional` are the bands' sums in the book's currency, `home`.
    """

    as_of: date
    edges: list[date]
    rows: list[RemainingRow]
    left_out: list[LeftOut]
    home: str
    functional: list[Decimal]


SHORT = "A contract of a year or less (ASC 606-10-50-14(a), IFRS 15.121(a))"
INVOICED = "Recognized as invoiced (ASC 606-10-50-14(b), IFRS 15.121(b))"
HELD_BACK = "Constrained: not in the price until it is highly probable (ASC 606-10-50-15, IFRS 15.122)"


def remaining(
    found: Forecast, edges: Sequence[date], *, leaves_short: bool, leaves_invoiced: bool,
    held_back: Iterable[LeftOut] = (),
) -> Remaining:  # fmt: skip
    """Return what contracts still have to earn by time band, and what the practical expedients leave out.

    Work recognized as invoiced has obligations only as far as a price or a limit was agreed. Lines of nothing to come are
    in neither.
    """
    parts: dict[int, list[Expected]] = defaultdict(list)
    first: dict[int, Item] = {}
    home: list[Expected] = []
    left_out: dict[tuple[int, str], list[Item]] = defaultdict(list)
    for item in found.items:
        to_come = _to_earn(item)
        reason = _reason(item, leaves_short=leaves_short, leaves_invoiced=leaves_invoiced)
        if reason and (to_come or (item.is_right_to_invoice and item.is_live and item.total(*TO_COME))):
            left_out[item.contract_id, reason].append(item)
        elif to_come and not reason:
            first.setdefault(item.contract_id, item)
            parts[item.contract_id] += [Expected(each.month, each.amount) for each in to_come]
            home += [Expected(each.month, each.functional) for each in to_come]
    rows = [_remaining_row(first[pk], some, edges) for pk, some in parts.items()]
    sums = [band.amount for band in bands(home, edges)]
    out = [_left(items, reason) for (_, reason), items in left_out.items()]
    return Remaining(found.as_of, list(edges), rows, [*out, *held_back], found.currency, sums)


def _to_earn(item: Item) -> list[Amount]:
    """Return what is contracted and not earned; what waits for a run alone is earned."""
    return [
        each
        for each in item.amounts
        if each.kind is ForecastKind.CONTRACTED and each.source is not ForecastSource.UNPOSTED
    ]


def _reason(item: Item, *, leaves_short: bool, leaves_invoiced: bool) -> str:
    if leaves_invoiced and item.is_right_to_invoice:
        return INVOICED
    return SHORT if leaves_short and may_be_left_out(item.start, item.end) else ""


def _left(items: Sequence[Item], reason: str) -> LeftOut:
    """Return what of a contract is left out by one rule."""
    item, names = items[0], [each.name for each in items]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    to_come = [each.amount for one in items for each in _to_earn(one)]
    amount = sum(to_come, _ZERO) if to_come else None
    words = f"{', '.join(names[:_NAMES_SHOWN])}{more}"
    return LeftOut(item.contract_id, item.contract, item.client, words, item.currency, amount, reason)


def _remaining_row(item: Item, parts: Iterable[Expected], edges: Sequence[date]) -> RemainingRow:
    amounts = [band.amount for band in bands(parts, edges)]
    short = may_be_left_out(item.start, item.end)
    return RemainingRow(
        item.contract_id, item.contract, item.client, item.currency, amounts, sum(amounts, _ZERO), short
    )


# --- deferred revenue ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeferredRow:
    """A contract liability of today and the months in which it becomes revenue: `within` a year, `after` it, undated."""

    contract_id: int
    contract: str
    client: str
    opening: Decimal
    released: list[Decimal]
    later: Decimal
    undated: Decimal


@dataclass(frozen=True, slots=True)
class Deferred:
    """The deferred revenue schedule. `rows` are the liabilities of today, `months` how all liabilities go on.

    The sum of `rows` is the contract liabilities of the books.
    """

    currency: str
    as_of: date
    shown: list[date]
    rows: list[DeferredRow]
    months: list[LiabilityMonth]

    @property
    def totals(self) -> DeferredRow:
        """The sums of all columns."""
        columns = [sum(column, _ZERO) for column in zip(*(row.released for row in self.rows), strict=True)]
        return DeferredRow(
            0, "", "", sum((row.opening for row in self.rows), _ZERO), columns or [_ZERO] * len(self.shown),
            sum((row.later for row in self.rows), _ZERO), sum((row.undated for row in self.rows), _ZERO),
        )  # fmt: skip

    @property
    def current(self) -> Decimal:
        """What of today's liabilities becomes revenue within the shown months, a year."""
        return sum(self.totals.released, _ZERO)


def deferred(found: Forecast) -> Deferred:
    """Return the deferred revenue schedule of a computed forecast over the next twelve months.

    A liability is no debt of money: it keeps the rate at which it arose, so a contract's flows take that rate.
    """
    first, last = (found.as_of + _DAY).replace(day=1), _year_after(found.as_of) - _DAY
    shown = [span.start for span in months(first, last + _DAY)]
    earned: dict[int, list[tuple[Item, Flow]]] = defaultdict(list)
    names: dict[int, Item] = {}
    for item in found.items:
        names[item.contract_id] = item
        earned[item.contract_id] += [
            (item, Flow(each.month, each.amount)) for each in item.amounts if each.kind in TO_COME
        ]
    billed: dict[int, list[Bill]] = defaultdict(list)
    for bill in found.bills:
        billed[bill.contract_id].append(bill)
    rows, liabilities = [], []
    for pk, item in names.items():
        position = found.positions.get(pk, Position(_ZERO, _ZERO))
        rate = _own_rate(position, item)
        flows = [Flow(flow.month, round_amount(flow.amount * rate, found.currency)) for _, flow in earned[pk]]
        asked = [Flow(bill.month, round_amount(bill.amount * rate, found.currency)) for bill in billed[pk]]
        schedule = unwind(position.functional, asked, flows, first, last)
        if any(row.opening or row.closing for row in schedule):
            liabilities.append(schedule)
        if position.functional < 0:
            rows.append(_deferred_row(item, -position.functional, flows, shown))
    rows.sort(key=lambda row: (-row.opening, row.contract))
    return Deferred(found.currency, found.as_of, shown, rows, summed(liabilities))


def _own_rate(position: Position, item: Item) -> Decimal:
    """Return the rate that a contract's liability arose at, or that of the day where it has none."""
    if position.amount < 0 and position.functional < 0:
        return position.functional / position.amount
    return item.rate


def _deferred_row(item: Item, opening: Decimal, flows: Sequence[Flow], shown: Sequence[date]) -> DeferredRow:
    parts: dict[date | None, Decimal] = defaultdict(lambda: _ZERO)
    for flow in released(opening, flows, date.max):
        parts[flow.month if flow.month is None or flow.month <= shown[-1] else date.max] += flow.amount
    released_parts = [parts.get(month, _ZERO) for month in shown]
    later, undated = parts.get(date.max, _ZERO), parts.get(None, _ZERO)
    return DeferredRow(item.contract_id, item.contract, item.client, opening, released_parts, later, undated)


# --- bridge -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemMove:
    """What a step is of an item."""

    contract_id: int
    contract: str
    client: str
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """A step of the bridge with what it is made of, largest first."""

    step: BridgeStepKind
    label: str
    said: str
    amount: Decimal
    moves: list[ItemMove]


@dataclass(frozen=True, slots=True)
class RevenueBridge:
    """From the opening version's revenue to the closing one's, over the half-open months [start, end).

    opening + Σ steps = closing.
    """

    currency: str
    start: date | None
    end: date | None
    opening: Decimal
    closing: Decimal
    steps: list[BridgeStep]


def bridge(
    opening: Forecast, closing: Forecast, start: date | None = None, end: date | None = None
) -> RevenueBridge:
    """Return the steps between two forecasts of one book, over the months of the half-open [start, end)."""
    found = bridges.bridge(_frozen(opening), _frozen(closing), Window(start, end))
    items = {item.key: item for forecast in (opening, closing) for item in forecast.items}
    by_step: dict[BridgeStepKind, list[ItemMove]] = defaultdict(list)
    for move in found.moves:
        item = items[move.key]
        by_step[move.step].append(
            ItemMove(item.contract_id, item.contract, item.client, item.name, move.amount)
        )
    steps = [
        BridgeStep(
            step,
            step.label,
            step.said,
            found.amount(step),
            sorted(by_step[step], key=lambda row: -abs(row.amount)),
        )
        for step in BridgeStepKind
    ]
    return RevenueBridge(closing.currency, start, end, found.opening, found.closing, steps)


def _frozen(found: Forecast) -> Frozen:
    return Frozen(
        found.as_of, found.through, found.currency, {item.key: _facts(item) for item in found.items}
    )


def _facts(item: Item) -> ItemFacts:
    rows = tuple(Row(each.month, each.kind, each.amount, each.functional) for each in item.amounts)
    fixed = None if item.price is None else item.price - item.uncertain
    return ItemFacts(
        item.key,
        item.contract_id,
        item.rate,
        item.is_live,
        fixed,
        item.uncertain,
        item.limit_said,
        item.belief,
        rows,
    )


def year_of(day: date) -> Period:
    """Return the calendar year that holds a day."""
    return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1))
