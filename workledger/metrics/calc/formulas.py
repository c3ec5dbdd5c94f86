"""The formulas of the catalogue, each once. None means 'cannot be said': nothing to divide by is not zero."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

_ZERO = Decimal(0)
Number = Decimal | int


def ratio(part: Number, whole: Number) -> Decimal | None:
    """Return part ÷ whole; None without a whole."""
    return Decimal(part) / Decimal(whole) if whole else None


def utilization(billable_seconds: Number, capacity_seconds: Number) -> Decimal | None:
    """Return billable hours ÷ capacity hours; None without capacity."""
    return ratio(billable_seconds, capacity_seconds)


def margin(revenue: Decimal, cost: Decimal) -> Decimal:
    """Return revenue − cost."""
    return revenue - cost


def margin_share(revenue: Decimal, cost: Decimal) -> Decimal | None:
    """Return (revenue − cost) ÷ revenue; None without revenue."""
    return ratio(margin(revenue, cost), revenue)


def burn(used: Number, budget: Number | None) -> Decimal | None:
    """Return used ÷ budget; None without a budget."""
    return ratio(used, budget or 0)


def gap(burned: Decimal | None, scope_done: Decimal | None) -> Decimal | None:
    """Return how far the budget used is ahead of the scope done (as ratios); None when either is not known."""
    return None if burned is None or scope_done is None else burned - scope_done


class Sales(NamedTuple):
    """What was billed in a stretch of days."""

    amount: Decimal
    days: int


def dso_countback(receivable: Decimal, sales_latest_first: Iterable[Sales]) -> Decimal | None:
    """Return days sales outstanding by counting back: whole stretches while receivables cover them, then a part.

    0 when nothing is owed. None when more is owed than was ever billed in the stretches given.
    """
    left, days = receivable, _ZERO
    if left <= 0:
        return _ZERO
    for amount, length in sales_latest_first:
        if amount >= left:
            return days + left / amount * length
        left -= amount
        days += length
    return None


def dso_simple(receivable: Decimal, sales: Decimal, days: int) -> Decimal | None:
    """Return receivables ÷ sales × days of those sales; None without sales."""
    return None if sales <= 0 else receivable / sales * days


def weighted_mean(pairs: Iterable[tuple[Number, Number]]) -> Decimal | None:
    """Return Σ(weight × value) ÷ Σ weight of (weight, value) pairs; None without weight."""
    total = weights = _ZERO
    for weight, value in pairs:
        total += Decimal(weight) * value
        weights += Decimal(weight)
    return ratio(total, weights)


BUCKET_DAYS = 30
WIP_BUCKETS = ("0\N{EN DASH}30", "31\N{EN DASH}60", "61\N{EN DASH}90", "91\N{EN DASH}120", "over 120")
AR_BUCKETS = ("not due", "1\N{EN DASH}30", "31\N{EN DASH}60", "61\N{EN DASH}90", "over 90")


def wip_bucket(age_days: int) -> int:
    """Return the place in `WIP_BUCKETS` of work done so many days ago; work dated ahead counts as new."""
    return min(max(age_days - 1, 0) // BUCKET_DAYS, len(WIP_BUCKETS) - 1)


def ar_bucket(overdue_days: int) -> int:
    """Return the place in `AR_BUCKETS` of what is so many days past its due date (not positive: not due)."""
    if overdue_days <= 0:
        return 0
    return min((overdue_days - 1) // BUCKET_DAYS + 1, len(AR_BUCKETS) - 1)


def filled(found: Sequence[tuple[int, Decimal]], places: int) -> tuple[Decimal, ...]:
    """Return (place, amount) pairs as amounts of every place, 0 where there is none."""
    amounts = [_ZERO] * places
    for place, amount in found:
        amounts[place] += amount
    return tuple(amounts)
