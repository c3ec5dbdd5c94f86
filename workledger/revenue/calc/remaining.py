"""When what is still to be earned is expected as revenue: remaining performance obligations by time band.

Straight lines say it themselves. Other obligations are spread evenly to the day they are expected to end; one without
such a day has none and stands apart. Left out, where a firm uses the practical expedients (606-10-50-14 and -14A,
IFRS 15.121): contracts of a year or less, and work that is recognized as invoiced.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from workledger.kernel.allocation import allocate
from workledger.kernel.period import END_OF_TIME, Period, months, next_month
from workledger.revenue.calc.timeline import Method, Obligation, Recognized, elapsed, recognized

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
_YEAR_DAYS = 366


class Expected(NamedTuple):
    """What is expected as revenue in a calendar month; None is 'not known when'."""

    month: date | None
    amount: Decimal


def expected(obligation: Obligation, day: date, ends: date | None = None) -> list[Expected]:
    """Return what remains after a day by month. `ends` is the first day after the work, where no straight line says it.

    The amounts sum to the price less what is recognized through the day. Raises `NotMeasurable`.
    """
    so_far = recognized(obligation, day)
    if not so_far.remaining:
        return []
    first = day + _DAY
    if obligation.method is Method.STRAIGHT_LINE and not obligation.is_complete_on:
        return _on_the_line(obligation, so_far, first)
    if ends is None or ends <= first:
        return [Expected(None if ends is None else first.replace(day=1), so_far.remaining)]
    spans = list(months(first, ends))
    weights = [elapsed(obligation.grain, max(m.start, first), min(m.end, ends)) for m in spans]
    parts = allocate(so_far.remaining, weights, obligation.currency)
    return [Expected(span.start, part) for span, part in zip(spans, parts, strict=True) if part]


def _on_the_line(obligation: Obligation, so_far: Recognized, first: date) -> list[Expected]:
    """Return the months of a straight line as they will be recognized by the version that holds now."""
    held = tuple(each for each in obligation.versions if each.from_day < first)
    believed = replace(obligation, versions=held)
    end = held[-1].end or first
    found, before = [], so_far.amount
    for month in months(first, max(end, first + _DAY)):
        amount = recognized(believed, month.end - _DAY).amount
        if amount != before:
            found.append(Expected(month.start, amount - before))
        before = amount
    return found


class Band(NamedTuple):
    """A stretch of time and what is expected in it; `days` None is 'not known when'."""

    days: Period | None
    amount: Decimal


def bands(rows: Iterable[Expected], edges: Sequence[date]) -> list[Band]:
    """Return what is expected between edges (firsts of months), after the last one, and not known when.

    What lies before the first edge belongs to the first band: it is expected now.
    """
    spans = [*(Period(start, end) for start, end in pairwise(edges)), Period(edges[-1], END_OF_TIME)]
    sums: dict[Period | None, Decimal] = defaultdict(lambda: _ZERO)
    for row in rows:
        if row.month is None:
            sums[None] += row.amount
        else:
            sums[next((span for span in spans if row.month < span.end), spans[-1])] += row.amount
    return [Band(span, sums[span]) for span in [*spans, None]]


USUAL_MONTHS = (3, 12, 24)


def usual_edges(day: date) -> list[date]:
    """Return the edges of the usual bands after a day: its next month, three months, a year, two years on."""
    return edges_after(day, USUAL_MONTHS)


def edges_after(day: date, lengths: Iterable[int]) -> list[date]:
    """Return the edges of bands after a day: its next month, and so many months on. Raises ValueError for none or below one."""
    counts = sorted(set(lengths))
    if not counts or counts[0] < 1:
        raise ValueError("a band is at least a month long")
    first = next_month(day)
    index = first.year * 12 + first.month - 1
    return [date((index + count) // 12, (index + count) % 12 + 1, 1) for count in (0, *counts)]


def may_be_left_out(start: date, end: date | None) -> bool:
    """Tell whether a contract was expected to last a year or less, so that its rest need not be disclosed."""
    return end is not None and (end - start).days <= _YEAR_DAYS
