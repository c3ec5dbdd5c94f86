"""Dated rates out of what the rows of a file state.

A row states its rate, or only what it is worth. An amount to the cent fits many rates, so each such row is a range of
rates; as long as the ranges of one person on one contract line meet, one rate explains them all, and it is the plainest
number in what they share. Where they part, a new rate begins on that day. Two rates on one day cannot both hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

_HALF_CENT = Decimal("0.005")
_STEPS = tuple(Decimal(step) for step in ("1", "0.1", "0.01", "0.001", "0.0001"))
_NARROW = Decimal("0.0002")
_HOUR = 3600


class Point(NamedTuple):
    """A row that says something of a rate. `scope` stands for what shares a rate (a contract line, or a task on one).

    `previous_day` is the day of the row before it in the same scope and of the same person, which may have been left
    out because it states the same rate. Points come by scope, person and day.
    """

    scope: int
    person: int
    line: int
    day: date
    rate: Decimal | None
    amount: Decimal
    seconds: int
    previous_day: date | None


class Span(NamedTuple):
    """A rate of a person in a scope, half-open [start, end); `end` is None for the last."""

    scope: int
    person: int
    start: date
    end: date | None
    rate: Decimal


class Clash(NamedTuple):
    """A row whose rate contradicts another of the same person, scope and day."""

    scope: int
    line: int
    reason: str


@dataclass(slots=True)
class DatedRates:
    """What the points come to."""

    spans: list[Span] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)


def plainest(low: Decimal, high: Decimal) -> Decimal | None:
    """The number with the fewest decimals (at most four) in [low, high), or `low` where both are equal."""
    if low == high:
        return low
    middle = (low + high) / 2
    for step in _STEPS:
        nearest = (middle / step).to_integral_value(ROUND_HALF_UP) * step
        if low <= nearest < high:
            return nearest
    return None


class _Run:
    """Points that one rate explains."""

    __slots__ = ("first", "high", "last", "line", "low", "start")

    def __init__(self, point: Point, low: Decimal, high: Decimal) -> None:
        self.start = self.last = point.day
        self.line = point.line
        self.low, self.high = low, high

    def takes(self, low: Decimal, high: Decimal) -> bool:
        """Narrow to what is shared; false, and nothing changed, when nothing is."""
        both_low, both_high = max(self.low, low), min(self.high, high)
        if both_low > both_high or (both_low == both_high and low != high and self.low != self.high):
            return False
        if both_low == both_high == self.high and self.low != self.high:
            return False  # a range does not hold its upper end
        if both_low == both_high == high and low != high:
            return False
        if both_high - both_low < _NARROW and plainest(both_low, both_high) is None:
            return False
        self.low, self.high = both_low, both_high
        return True

    @property
    def rate(self) -> Decimal:
        return plainest(self.low, self.high) or self.low.quantize(_STEPS[-1], ROUND_HALF_UP)


def _range(point: Point) -> tuple[Decimal, Decimal]:
    if point.rate is not None:
        return point.rate, point.rate
    return (
        max((point.amount - _HALF_CENT) * _HOUR / point.seconds, Decimal(0)),
        (point.amount + _HALF_CENT) * _HOUR / point.seconds,
    )


def dated_rates(points: Iterable[Point]) -> DatedRates:
    """Turn points into rates that hold from a day on; a clash is reported and its row left out."""
    found = DatedRates()
    run: _Run | None = None
    key: tuple[int, int] | None = None
    for point in points:
        low, high = _range(point)
        if key != (point.scope, point.person):
            if run is not None and key is not None:
                found.spans.append(Span(*key, run.start, None, run.rate))
            key, run = (point.scope, point.person), _Run(point, low, high)
            continue
        assert run is not None
        if run.takes(low, high):
            run.last = point.day
        elif point.day in (point.previous_day, run.last):
            found.clashes.append(Clash(point.scope, point.line, _contradiction(point, run)))
        else:
            found.spans.append(Span(*key, run.start, point.day, run.rate))
            run = _Run(point, low, high)
    if run is not None and key is not None:
        found.spans.append(Span(*key, run.start, None, run.rate))
    return found


def _contradiction(point: Point, run: _Run) -> str:
    stated = (
        f"the rate {point.rate.normalize():f}"
        if point.rate is not None
        else f"the amount {point.amount.quantize(Decimal('0.01'))}"
    )
    return (
        f"{stated} contradicts the rate {run.rate.normalize():f} of line {run.line}, the same person, task and day;"
        " one of them is needed"
    )


@dataclass(frozen=True, slots=True)
class HeldRate:
    """A rate that a contract's card already has for the same keys, half-open [start, end)."""

    id: int
    start: date
    end: date | None
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Fitted:
    """A rate to write: `replaces` names the one that ends where it starts."""

    start: date
    end: date | None
    rate: Decimal
    replaces: int | None = None


@dataclass(slots=True)
class Fit:
    """What to write for one person in one scope. `ends` is a held rate and the day from which it no longer holds.

    `left_out` counts spans that the card's own rates keep out.
    """

    new: list[Fitted] = field(default_factory=list)
    ends: tuple[int, date] | None = None
    left_out: int = 0


def fit(spans: Iterable[Span], held: Iterable[HeldRate], last_work: date | None) -> Fit:
    """Fit the spans of one person in one scope into the rates the card has.

    What the card says stays. Before its first rate and in its gaps the file's rates are added. After the last day worked
    so far (`last_work`), an open-ended rate gives way to one that differs.
    """
    holds = sorted(held, key=lambda each: each.start)
    found = Fit()
    later: list[Fitted] = []
    for span in spans:
        over = next(
            (
                each
                for each in holds
                if each.start <= span.start and (each.end is None or span.start < each.end)
            ),
            None,
        )
        following = next((each.start for each in holds if each.start > span.start), None)
        if over is None:
            ends = [end for end in (span.end, following) if end is not None]
            found.new.append(Fitted(span.start, min(ends, default=None), span.rate))
        elif over.rate == span.rate and not later:
            continue
        elif over.end is None and over.start < span.start and (last_work is None or last_work < span.start):
            later.append(Fitted(span.start, span.end, span.rate, replaces=over.id))
        else:
            found.left_out += 1
    if len(later) == 1:
        found.new.append(later[0])
    elif later:
        found.ends = (later[0].replaces or 0, later[0].start)
        found.new += [Fitted(each.start, each.end, each.rate) for each in later]
    return found
