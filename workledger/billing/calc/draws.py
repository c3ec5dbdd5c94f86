"""What time may draw from before it is charged: the periods of a retainer, blocks that were prepaid."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.billing.calc.work import Worked
from workledger.contracts.calc.terms import Prepaid, Retainer, Unused
from workledger.kernel.period import Period
from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)
_ONE = Decimal(1)
_HOUR = 3600
_DAY = timedelta(days=1)


class Drawn(NamedTuple):
    """What covered time took: from which period or block, how much (seconds, or money), and what that is worth."""

    of: int
    amount: Decimal
    value: Decimal


# --- periods ------------------------------------------------------------------------------------------------


class FeePeriod(NamedTuple):
    """A period of a fee: the days it holds here, and the share of a whole period that they are."""

    number: int
    days: Period
    share: Decimal


def add_months(first: date, months: int) -> date:
    """Return the first day of the month so many months after `first`, itself a first of a month."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def fee_periods(start: date, end: date | None, months: int, through: date) -> Iterator[FeePeriod]:
    """Yield the periods of `months` calendar months that begin by `through`, cut to the half-open [start, end).

    Periods are counted from the first of the month in which `start` lies.
    """
    number = 0
    first = start.replace(day=1)
    while True:
        whole = Period(add_months(first, number * months), add_months(first, (number + 1) * months))
        if end is not None and whole.start >= end:
            return
        days = Period(max(whole.start, start), whole.end if end is None else min(whole.end, end))
        if days.start > through:
            return
        yield FeePeriod(number, days, Decimal(len(days)) / len(whole))
        number += 1


# --- retainer -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class RetainerPeriod:
    """A period of a retainer's statement. In seconds, or in money where money is included.

    included + carried_in = used + carried_out + expired, where nothing is over; `over` is charged, `deficit` taken from
    the next period.
    """

    number: int
    days: Period
    included: Decimal
    carried_in: Decimal = _ZERO
    used: Decimal = _ZERO
    over: Decimal = _ZERO
    deficit: Decimal = _ZERO
    expired: Decimal = _ZERO
    carried_out: Decimal = _ZERO


class Allowance:
    """A retainer's periods while time is drawn from them by day and entry. Time of no period is all charged."""

    word = "Covered by the retainer"

    def __init__(
        self, document: Retainer, start: date, end: date | None, through: date, currency: str
    ) -> None:
        self._document = document
        self._in_money = document.included_amount is not None
        self._covers_all = document.included_amount is None and document.included_hours is None
        self._currency = currency
        self._last_day = end
        self.periods = [
            RetainerPeriod(each.number, each.days, self._included(each.share))
            for each in fee_periods(start, end, document.period_months, through)
        ]
        self._starts = [each.days.start for each in self.periods]
        self._lots: list[tuple[int, Decimal]] = []  # (period it was included in, what is left), oldest first
        self._at = -1
        self._debt = _ZERO

    def copy(self) -> "Allowance":
        """Return the same state on its own."""
        other = copy(self)
        other.periods = [replace(each) for each in self.periods]
        other._lots = list(self._lots)
        return other

    def _included(self, share: Decimal) -> Decimal:
        part = share if self._document.prorates else _ONE
        if self._document.included_amount is not None:
            return round_amount(self._document.included_amount * part, self._currency)
        seconds = (self._document.included_hours or _ZERO) * _HOUR * part
        return seconds.quantize(_ONE, ROUND_HALF_UP)

    def take(self, work: Worked, seconds: int, rate: Decimal | None) -> tuple[int, Drawn | None]:
        """Return how many of these seconds are covered, and what they drew. Works come in the order of their days."""
        place = bisect_right(self._starts, work.day) - 1
        if place < 0 or work.day not in self.periods[place].days:
            return 0, None
        self._open(place)
        period = self.periods[place]
        if self._covers_all:
            period.used += seconds
            return seconds, Drawn(place, Decimal(seconds), _ZERO)
        left = sum((amount for _, amount in self._lots), _ZERO)
        wanted = self._worth(seconds, rate)
        if wanted <= left:
            covered, drawn = seconds, wanted
        elif self._in_money:
            assert rate is not None
            covered = int((left * _HOUR / rate).to_integral_value(ROUND_FLOOR)) if rate else seconds
            drawn = left
        else:
            covered, drawn = int(left), left
        self._consume(drawn)
        period.used += drawn
        over = wanted - drawn
        if over and self._carries(place):
            period.deficit += over
            self._debt += over
            return seconds, Drawn(place, wanted, _ZERO)
        period.over += over
        return covered, Drawn(place, drawn, _ZERO)

    def draw(self, day: date, amount: Decimal) -> None:
        """Take what time of a day drew, as it was found before. Draws come in the order of their days."""
        place = bisect_right(self._starts, day) - 1
        self._open(place)
        drawn = min(amount, sum((left for _, left in self._lots), _ZERO))
        self._consume(drawn)
        self._debt += amount - drawn  # more than was left is drawn only where a deficit is carried

    def lots(self, on: date) -> list[tuple[RetainerPeriod, Decimal]]:
        """Return the periods that began by a day with what of each may still be used after it."""
        begun = self.statement(on)
        left = dict(self._lots)
        return [(period, left.get(place, _ZERO)) for place, period in enumerate(begun)]

    def _worth(self, seconds: int, rate: Decimal | None) -> Decimal:
        if not self._in_money:
            return Decimal(seconds)
        return round_amount((rate or _ZERO) * seconds / _HOUR, self._currency)

    def _carries(self, place: int) -> bool:
        """Whether a deficit goes on: not out of the last period, which charges it."""
        is_last = self._last_day is not None and self.periods[place].days.end >= self._last_day
        return self._document.carries_deficit and not is_last

    def _open(self, place: int) -> None:
        """Close the periods before this one, and open it."""
        while self._at < place:
            if self._at >= 0:
                self._close(self.periods[self._at])
            self._at += 1
            period = self.periods[self._at]
            period.carried_in = sum((amount for _, amount in self._lots), _ZERO)
            paid = min(self._debt, period.included)
            self._debt -= paid
            period.used += paid
            self._lots.append((self._at, period.included - paid))

    def _consume(self, amount: Decimal) -> None:
        while amount and self._lots:
            of, left = self._lots[0]
            taken = min(left, amount)
            amount -= taken
            if taken == left:
                self._lots.pop(0)
            else:
                self._lots[0] = of, left - taken

    def _close(self, period: RetainerPeriod) -> None:
        """Let what is unused expire or roll over within the limits: the oldest goes first."""
        document = self._document
        left = sum((amount for _, amount in self._lots), _ZERO)
        if document.unused is Unused.EXPIRE:
            self._lots = []
        if document.roll_over_periods is not None:
            oldest = period.number + 1 - document.roll_over_periods
            self._lots = [(of, amount) for of, amount in self._lots if of >= oldest]
        if document.roll_over_hours is not None and not self._in_money:
            most = document.roll_over_hours * _HOUR
            self._consume(max(sum((amount for _, amount in self._lots), _ZERO) - most, _ZERO))
        period.carried_out = sum((amount for _, amount in self._lots), _ZERO)
        period.expired = left - period.carried_out

    def statement(self, through: date) -> list[RetainerPeriod]:
        """Return the periods that began by `through`; those whose last day it reaches are closed."""
        place = bisect_right(self._starts, through) - 1
        if place >= 0:
            self._open(place)
            if self.periods[place].days.end <= through + _DAY:
                self._close(self.periods[place])
        return self.periods[: place + 1]


# --- prepaid ------------------------------------------------------------------------------------------------


class Block(NamedTuple):
    """A block that was bought: hours (in seconds) or money, and its price. It expires on `expires`, exclusive."""

    id: int
    bought: date
    expires: date | None
    size: Decimal
    price: Decimal


class BlockLeft(NamedTuple):
    """A block with what was drawn of it, what is left, and what expired unused."""

    block: Block
    drawn: Decimal
    left: Decimal
    expired: Decimal


def _by_expiry(block: Block) -> tuple[date, date, int]:
    return block.expires or date.max, block.bought, block.id


class Blocks:
    """Prepaid blocks while time is drawn from them: those that expire first are drawn first, then the oldest.

    A block never goes below zero; time takes from the next one or is beyond.
    """

    word = "Drawn from a prepaid block"

    def __init__(self, document: Prepaid, blocks: Iterable[Block], currency: str) -> None:
        self._document = document
        self._in_money = document.block_amount is not None
        self._currency = currency
        self._blocks = sorted(blocks, key=_by_expiry)
        self._left = {each.id: each.size for each in self._blocks}

    def add(self, block: Block) -> None:
        """Add a block that was bought."""
        self._blocks = sorted([*self._blocks, block], key=_by_expiry)
        self._left[block.id] = block.size

    def copy(self) -> "Blocks":
        """Return the same state on its own."""
        other = copy(self)
        other._left = dict(self._left)
        return other

    def take(self, work: Worked, seconds: int, rate: Decimal | None) -> tuple[int, Drawn | None]:
        """Return how many of these seconds are covered, and what they drew (of the last block they touched)."""
        factor = self._weight(work)
        if not factor:
            return seconds, Drawn(0, _ZERO, _ZERO)
        per_second = factor * (rate or _ZERO) / _HOUR if self._in_money else factor
        if not per_second:
            return 0, None
        covered, drawn, value, last = 0, _ZERO, _ZERO, 0
        for block in self._usable(work.day):
            left = self._left[block.id]
            wanted = self._rounded(per_second * (seconds - covered))
            taken = min(wanted, left)
            part = (
                seconds - covered
                if taken == wanted
                else int((left / per_second).to_integral_value(ROUND_FLOOR))
            )
            covered += part
            drawn += taken
            value += self._value(block, left, taken)
            self._left[block.id] = left - taken
            last = block.id
            if covered == seconds:
                break
        return covered, Drawn(last, drawn, value) if drawn or covered else None

    def draw(self, day: date, amount: Decimal) -> None:
        """Take what time of a day drew, as it was found before."""
        for block in self._usable(day):
            taken = min(amount, self._left[block.id])
            self._left[block.id] -= taken
            amount -= taken

    def _weight(self, work: Worked) -> Decimal:
        for each in self._document.weights:
            named = (
                (each.role_id, work.role_id),
                (each.task_type_id, work.task_type_id),
                (each.project_id, work.project_id),
            )
            if all(wanted is None or wanted == found for wanted, found in named):
                return each.factor
        return _ONE

    def _usable(self, day: date) -> Iterator[Block]:
        return (
            each
            for each in self._blocks
            if each.bought <= day and (each.expires is None or day < each.expires) and self._left[each.id] > 0
        )

    def _rounded(self, amount: Decimal) -> Decimal:
        return (
            round_amount(amount, self._currency) if self._in_money else amount.quantize(_ONE, ROUND_HALF_UP)
        )

    def _value(self, block: Block, left: Decimal, taken: Decimal) -> Decimal:
        """Return what a draw is worth of the block's price: by what is left, so that a whole block is its whole price."""
        before = round_amount(block.price * (block.size - left) / block.size, self._currency)
        after = round_amount(block.price * (block.size - left + taken) / block.size, self._currency)
        return after - before

    def left(self, on: date) -> list[BlockLeft]:
        """Return every block as it stands on a day; what is left of an expired one is breakage."""
        found = []
        for block in self._blocks:
            left = self._left[block.id]
            gone = block.expires is not None and block.expires <= on
            found.append(
                BlockLeft(block, block.size - left, _ZERO if gone else left, left if gone else _ZERO)
            )
        return found

    def available(self, on: date) -> Decimal:
        """Return what can be drawn on a day, in seconds or money."""
        return sum((self._left[each.id] for each in self._usable(on)), _ZERO)


def retainer_fee(document: Retainer, share: Decimal, currency: str) -> Decimal:
    """Return the fee of a period that is this share of a whole one."""
    return round_amount(document.fee * (share if document.prorates else _ONE), currency)


def sizes(document: Prepaid) -> Decimal:
    """Return the size of one block: seconds, or money."""
    if document.block_amount is not None:
        return document.block_amount
    assert document.block_hours is not None
    return document.block_hours * _HOUR


MOST_BLOCKS_AT_ONCE = 101
"""How many blocks one bill run buys of a line at most."""


def block_due(
    document: Prepaid,
    start: date,
    through: date,
    *,
    has_blocks: bool,
    first_short: Callable[[], date | None],
    available: Callable[[], Decimal],
) -> date | None:
    """Return the day on which a block must be bought now, None if none must.

    The first one when the contract starts; where it tops up, another for the first day that a block did not cover
    (`first_short`), or when what is available runs low.
    """
    if not has_blocks:
        return start
    if not document.tops_up:
        return None
    short = first_short()
    if short is not None:
        return short
    return through if available() < sizes(document) * document.low_balance_percent / 100 else None
