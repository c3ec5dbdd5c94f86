"""How contract liabilities unwind: opening, to be billed, to be recognized, closing, month by month.

A contract's position is one number: positive is an asset (earned, not billed), negative a liability (billed, not
earned). A month's revenue lifts it, a month's billing lowers it. The schedule shows the liability side of each contract,
and what went to or came from the asset side as its own column, so that every row adds up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.kernel.period import next_month

_ZERO = Decimal(0)


class Flow(NamedTuple):
    """An expected amount of a month; None for 'not known when'."""

    month: date | None
    amount: Decimal


class LiabilityMonth(NamedTuple):
    """A month of a contract's liability: opening + billed − recognized + to_asset = closing. All are liabilities, positive.

    `to_asset` is what the month's movement means on the asset side of the contract. `month` None holds what nobody can
    date.
    """

    month: date | None
    opening: Decimal
    billed: Decimal
    recognized: Decimal
    to_asset: Decimal
    closing: Decimal


def unwind(
    position: Decimal, billed: Iterable[Flow], recognized: Iterable[Flow], first: date, last: date
) -> list[LiabilityMonth]:
    """Return a contract's liability by month from `first` through the month of `last`, then what has no month.

    `position` is the contract's position before `first`: a debit is positive. What lies after `last` is in the last row.
    """
    asked, earned = _by_month(billed, last), _by_month(recognized, last)
    found = []
    month = first.replace(day=1)
    while month <= last:
        found.append(_month(month, position, asked, earned))
        position += earned.get(month, _ZERO) - asked.get(month, _ZERO)
        month = next_month(month)
    if None in asked or None in earned:
        found.append(_month(None, position, asked, earned))
    return found


def _by_month(flows: Iterable[Flow], last: date) -> dict[date | None, Decimal]:
    found: dict[date | None, Decimal] = defaultdict(lambda: _ZERO)
    for flow in flows:
        month = flow.month if flow.month is None or flow.month <= last else None
        found[month] += flow.amount
    return found


def _month(
    month: date | None, position: Decimal, billed: Mapping[date | None, Decimal],
    recognized: Mapping[date | None, Decimal],
) -> LiabilityMonth:  # fmt: skip
    asked, earned = billed.get(month, _ZERO), recognized.get(month, _ZERO)
    opening, closing = max(-position, _ZERO), max(-(position + earned - asked), _ZERO)
    return LiabilityMonth(month, opening, asked, earned, closing - opening - asked + earned, closing)


def released(opening: Decimal, recognized: Iterable[Flow], last: date) -> list[Flow]:
    """Return the months in which a liability of today becomes revenue: the next revenue takes it first.

    What no dated month through that of `last` takes is 'not known when', so that the flows sum to `opening`.
    """
    found, left = [], opening
    earned = _by_month(recognized, last)
    for month in sorted(month for month in earned if month is not None):
        part = min(max(earned[month], _ZERO), left)
        if part:
            found.append(Flow(month, part))
            left -= part
    return [*found, Flow(None, left)] if left else found


def summed(rows: Sequence[Sequence[LiabilityMonth]]) -> list[LiabilityMonth]:
    """Return the sums of several contracts by month, in order; what has no month comes last."""
    found: dict[date | None, list[Decimal]] = {}
    for contract in rows:
        for row in contract:
            before = found.setdefault(row.month, [_ZERO] * 5)
            found[row.month] = [a + b for a, b in zip(before, row[1:], strict=True)]
    return [
        LiabilityMonth(month, *found[month]) for month in sorted(found, key=lambda month: month or date.max)
    ]
