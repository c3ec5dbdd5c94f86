"""The revenue bridge: how one version of a forecast became another, step by step, to the cent.

Each item (an obligation, or a line) is compared over the same months. Its difference has few causes, asked in this
order: its contract is new, or ended; the item was added or dropped; its agreed price moved; uncertain amounts in its
price moved; months that are over turned out otherwise than forecast; months came into view; what is believed of it was
estimated anew. What is left moved in time. The difference of exchange rates is a step of its own: amounts are compared
at the opening version's rate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from workledger.forecast.calc.schedule import ForecastKind
from workledger.kernel.period import next_month
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)
_DAY = timedelta(days=1)


class BridgeStepKind(StrEnum):
    """A step of the bridge, in the order in which it stands there."""

    NEW = "new"
    CHANGED = "changed"
    ESTIMATED = "estimated"
    ACTUAL = "actual"
    TIMING = "timing"
    IN_VIEW = "in_view"
    ENDED = "ended"
    FX = "fx"

    @property
    def label(self) -> str:
        """The step as people read it."""
        return _LABELS[self][0]

    @property
    def said(self) -> str:
        """What the step holds, in a sentence."""
        return _LABELS[self][1]


_LABELS = {
    BridgeStepKind.NEW: ("New contracts", "Contracts that were not in the opening version."),
    BridgeStepKind.CHANGED: ("Change orders", "Lines, prices and limits that were agreed otherwise since."),
    BridgeStepKind.ESTIMATED: (
        "Re-estimates",
        "What is believed of the same agreement: effort, uncertain amounts, burn.",
    ),
    BridgeStepKind.ACTUAL: (
        "Actual against forecast",
        "Months that are over: what was recognized, less what was forecast.",
    ),
    BridgeStepKind.TIMING: ("Moved in time", "The same amounts, expected in other months."),
    BridgeStepKind.IN_VIEW: ("Months newly in view", "Months beyond the opening version's horizon."),
    BridgeStepKind.ENDED: ("Ended or lost", "Contracts that were closed since."),
    BridgeStepKind.FX: ("Exchange rates", "The same amounts in the contract's currency, at other rates."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An amount of an item in a month, in the contract's currency and the book's."""

    month: date | None
    kind: ForecastKind
    amount: Decimal
    functional: Decimal


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """An item as a version holds it. `price` is the agreed one, None where there is none; `uncertain` comes on top of it.

    `limit` is what was agreed where there is no price. `belief` is equal in two versions while nothing was estimated
    anew.
    """

    key: str
    contract_id: int
    rate: Decimal
    is_live: bool
    price: Decimal | None
    uncertain: Decimal
    limit: str
    belief: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Frozen:
    """A version: its last day, the last day it looks at, and its items."""

    as_of: date
    through: date
    currency: str
    items: Mapping[str, ItemFacts]

    @property
    def contracts(self) -> dict[int, bool]:
        """Whether each contract of it is live."""
        return {item.contract_id: item.is_live for item in self.items.values()}


class Window(NamedTuple):
    """The months that are compared: half-open [start, end), None for no bound; without an end also 'not known when'."""

    start: date | None = None
    end: date | None = None

    def __contains__(self, month: object) -> bool:
        if month is None:
            return self.end is None
        if not isinstance(month, date):
            return False
        return (self.start is None or month >= self.start) and (self.end is None or month < self.end)


class Move(NamedTuple):
    """What a step is of an item, in the book's currency."""

    step: BridgeStepKind
    key: str
    contract_id: int
    amount: Decimal


@dataclass(slots=True)
class Bridge:
    """From opening to closing, in the book's currency: opening + Σ moves = closing."""

    opening: Decimal
    closing: Decimal
    moves: list[Move] = field(default_factory=list)

    def amount(self, step: BridgeStepKind) -> Decimal:
        """Return what a step comes to."""
        return sum((move.amount for move in self.moves if move.step is step), _ZERO)


def bridge(opening: Frozen, closing: Frozen, window: Window) -> Bridge:
    """Return the steps from one version to another over the months of a window. Renewals are in neither."""
    found = Bridge(_total(opening, window), _total(closing, window))
    before, after = opening.contracts, closing.contracts
    for key in sorted({*opening.items, *closing.items}):
        old, new = opening.items.get(key), closing.items.get(key)
        item = new or old
        if item is None:
            continue
        contract_id = item.contract_id
        was, now = before.get(contract_id), after.get(contract_id)
        parts = _parts(old, new, was, now, opening, closing, window)
        found.moves += _moves(key, contract_id, old, new, parts, window, closing.currency)
    return found


def _total(version: Frozen, window: Window) -> Decimal:
    return sum((_within(item, window)[1] for item in version.items.values()), _ZERO)


def _within(item: ItemFacts | None, window: Window) -> tuple[Decimal, Decimal]:
    """Return an item's amount and its functional value within a window."""
    rows = _rows(item, window)
    return sum((row.amount for row in rows), _ZERO), sum((row.functional for row in rows), _ZERO)


def _rows(item: ItemFacts | None, window: Window) -> list[Row]:
    if item is None:
        return []
    return [row for row in item.rows if row.kind is not ForecastKind.RENEWAL and row.month in window]


_Parts = dict[BridgeStepKind, Decimal]


def _parts(
    old: ItemFacts | None, new: ItemFacts | None, was: bool | None, now: bool | None, opening: Frozen,
    closing: Frozen, window: Window,
) -> _Parts:  # fmt: skip
    """Return an item's difference in the contract's currency, by its causes."""
    difference = _within(new, window)[0] - _within(old, window)[0]
    if was is None:
        return {BridgeStepKind.NEW: difference}
    over = _over(old, new, closing.as_of, window)
    if now is None or (was and not now):
        return {BridgeStepKind.ACTUAL: over, BridgeStepKind.ENDED: difference - over}
    if old is None or new is None:
        return {BridgeStepKind.CHANGED: difference}
    if old.price is None or new.price is None:
        return _unpriced(old, new, difference, over, opening, window)
    return _priced(old, new, difference, over)


def _over(old: ItemFacts | None, new: ItemFacts | None, as_of: date, window: Window) -> Decimal:
    """Return by how much months that are over on a day differ."""
    after, before = (
        sum(
            (
                row.amount
                for row in _rows(item, window)
                if row.month and next_month(row.month) <= as_of + _DAY
            ),
            _ZERO,
        )
        for item in (new, old)
    )
    return after - before


def _priced(old: ItemFacts, new: ItemFacts, difference: Decimal, over: Decimal) -> _Parts:
    """A moved price explains as much of the difference as lies within the window, the months that are over what is left."""
    changed = _explained(difference, (new.price or _ZERO) - (old.price or _ZERO))
    uncertain = _explained(difference - changed, new.uncertain - old.uncertain)
    rest = difference - changed - uncertain
    actual = _explained(rest, over) if changed or uncertain else over
    parts = {
        BridgeStepKind.CHANGED: changed,
        BridgeStepKind.ESTIMATED: uncertain,
        BridgeStepKind.ACTUAL: actual,
    }
    left = BridgeStepKind.TIMING if old.belief == new.belief else BridgeStepKind.ESTIMATED
    parts[left] = parts.get(left, _ZERO) + rest - actual
    return parts


def _unpriced(
    old: ItemFacts, new: ItemFacts, difference: Decimal, over: Decimal, opening: Frozen, window: Window
) -> _Parts:
    """Without a price: months that are over, months newly in view, then a changed agreement or a changed burn."""
    is_priced_anew = (old.price is None) != (new.price is None)
    beyond = sum(
        (row.amount for row in _rows(new, window) if row.month and row.month > opening.through), _ZERO
    ) - sum((row.amount for row in _rows(old, window) if row.month and row.month > opening.through), _ZERO)
    is_changed = is_priced_anew or old.limit != new.limit
    if is_changed:
        return {BridgeStepKind.ACTUAL: over, BridgeStepKind.CHANGED: difference - over}
    return {
        BridgeStepKind.ACTUAL: over,
        BridgeStepKind.IN_VIEW: beyond,
        BridgeStepKind.ESTIMATED: difference - over - beyond,
    }


def _explained(difference: Decimal, cause: Decimal) -> Decimal:
    """Return how much of a difference a cause can explain: never more than either, and nothing of the other sign."""
    if difference > 0 and cause > 0:
        return min(difference, cause)
    if difference < 0 and cause < 0:
        return max(difference, cause)
    return _ZERO


def _moves(
    key: str, contract_id: int, old: ItemFacts | None, new: ItemFacts | None, parts: _Parts, window: Window,
    currency: str,
) -> Iterable[Move]:  # fmt: skip
    """Return an item's moves in the book's currency at the opening rate; what that leaves is the exchange rate's."""
    item = old or new
    if item is None:
        return
    whole = _within(new, window)[1] - _within(old, window)[1]
    if old is None and BridgeStepKind.NEW in parts:  # nothing to compare a rate with: all of it is new
        if whole:
            yield Move(BridgeStepKind.NEW, key, contract_id, whole)
        return
    said = _ZERO
    for step, amount in parts.items():
        value = round_amount(amount * item.rate, currency)
        said += value
        if value:
            yield Move(step, key, contract_id, value)
    if whole != said:
        is_home = item.rate == 1 and (new is None or new.rate == 1)
        yield Move(_rest_step(parts) if is_home else BridgeStepKind.FX, key, contract_id, whole - said)


def _rest_step(parts: _Parts) -> BridgeStepKind:
    """Return where cents of rounding go that no exchange rate made: the widest step."""
    return max(parts, key=lambda step: abs(parts[step]))
