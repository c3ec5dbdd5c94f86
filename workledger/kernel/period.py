"""Half-open periods of dates: the start is in, the end is not, so periods meet without a gap."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

END_OF_TIME = date.max


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Dates from `start` up to, not including, `end`."""

    start: date
    end: date = END_OF_TIME

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period ends after it starts: {self.start} to {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def overlaps(self, other: "Period") -> bool:
        """Tell whether any day lies in both."""
        return self.start < other.end and other.start < self.end

    def intersect(self, other: "Period") -> "Period | None":
        """Return the days in both, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def days(self) -> Iterator[date]:
        """Yield each day."""
        day = self.start
        while day < self.end:
            yield day
            day += timedelta(days=1)

    def __len__(self) -> int:
        return (self.end - self.start).days


def month_of(day: date) -> Period:
    """Return the calendar month that holds `day`."""
    start = day.replace(day=1)
    return Period(start, next_month(start))


def next_month(day: date) -> date:
    """Return the first day of the month after `day`'s."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def months(start: date, end: date) -> Iterator[Period]:
    """Yield the calendar months that touch the half-open range [start, end)."""
    first = start.replace(day=1)
    while first < end:
        following = next_month(first)
        yield Period(first, following)
        first = following


def week_start(day: date) -> date:
    """Return the Monday of `day`'s week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def gaps_or_overlaps(periods: Iterable[Period]) -> list[tuple[Period, Period]]:
    """Return neighbouring pairs that do not meet exactly; empty means contiguous."""
    ordered = sorted(periods)
    return [(a, b) for a, b in pairwise(ordered) if a.end != b.start]
