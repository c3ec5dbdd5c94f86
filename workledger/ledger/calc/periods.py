"""How a fiscal year falls into accounting periods: calendar months, or weeks in 4-4-5, 4-5-4 or 5-4-4.

A fiscal year of weeks has 52 or 53 whole weeks and always ends on the same weekday: the last such day of its final
month, or the one nearest to that month's end (IRC section 441(f), Treas. Reg. 1.441-2, IFRS practice alike). Four
quarters of thirteen weeks make twelve periods; the 53rd week, where a year needs it, belongs to the last period.

A fiscal year is named after the calendar year in which its final month ends. Spans are half-open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise, takewhile

from workledger.kernel.period import END_OF_TIME, Period, month_of, months, next_month

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_MONTHS = 12
_DAYS_PER_WEEK = 7
SATURDAY = 5


class PeriodKind(StrEnum):
    """The kinds of pattern."""

    MONTHS = "months"
    WEEKS_445 = "4-4-5"
    WEEKS_454 = "4-5-4"
    WEEKS_544 = "5-4-4"
    CUSTOM = "custom"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {"months": "Calendar months", "custom": "Periods given by their last days"}.get(
            self.value, f"Weeks in {self.value}"
        )

    @property
    def weeks(self) -> tuple[int, ...]:
        """The weeks of the three periods of a quarter; none where periods are not made of weeks."""
        return tuple(map(int, self.value.split("-"))) if self.value[0].isdigit() else ()


class YearEnd(StrEnum):
    """On which of its weekdays a fiscal year of weeks ends."""

    LAST = "last"
    NEAREST = "nearest"

    @property
    def label(self) -> str:
        """The rule in words."""
        return {"last": "the last in the month", "nearest": "the one nearest to the month's end"}[self.value]


@dataclass(frozen=True, slots=True)
class Pattern:
    """How periods are laid. `year_starts_in` is the month 1 to 12 a fiscal year starts in, so it ends in the one before.

    `week_ends_on` counts from Monday, 0, to Sunday, 6; with `year_end` it says which day a year of weeks ends on.
    """

    kind: PeriodKind = PeriodKind.MONTHS
    year_starts_in: int = 1
    week_ends_on: int = SATURDAY
    year_end: YearEnd = YearEnd.LAST

    @property
    def words(self) -> str:
        """The pattern as people read it: 'Weeks in 4-4-5, the year ending on the last Saturday of December'."""
        if self.kind is PeriodKind.CUSTOM:
            return self.kind.label
        if not self.kind.weeks:
            starts = f", the year starting in {_month_name(self.year_starts_in)}"
            return f"{self.kind.label}{starts if self.year_starts_in != 1 else ''}"
        month = _month_name((self.year_starts_in - 2) % _MONTHS + 1)
        day = _weekday_name(self.week_ends_on)
        which = (
            f"last {day} of {month}"
            if self.year_end is YearEnd.LAST
            else f"{day} nearest to the end of {month}"
        )
        return f"{self.kind.label}, the year ending on the {which}"


CALENDAR_MONTHS = Pattern()


@dataclass(frozen=True, slots=True)
class Span:
    """A period to open: its name, its days, the fiscal year it belongs to and its number in it, counted from 1."""

    name: str
    days: Period
    fiscal_year: int
    number: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A pattern and the days over which it lays periods."""

    pattern: Pattern
    days: Period


class NoMoreGiven(Exception):
    """Periods given one by one do not reach the asked day; `after` is the first day without one."""

    def __init__(self, after: date) -> None:
        super().__init__(f"no period is given from {after} on")
        self.after = after


def year_ends_on(pattern: Pattern, year: int) -> date:
    """Return the last day of the fiscal year named `year`."""
    first = pattern.year_starts_in
    month_end = date(year + 1, 1, 1) - _DAY if first == 1 else date(year, first, 1) - _DAY
    if not pattern.kind.weeks:
        return month_end
    back = (month_end.weekday() - pattern.week_ends_on) % _DAYS_PER_WEEK
    is_after_nearer = pattern.year_end is YearEnd.NEAREST and back > _DAYS_PER_WEEK // 2
    return month_end - timedelta(days=back) + (_WEEK if is_after_nearer else timedelta())


def fiscal_year(pattern: Pattern, year: int) -> Period:
    """Return the days of the fiscal year named `year`."""
    return Period(year_ends_on(pattern, year - 1) + _DAY, year_ends_on(pattern, year) + _DAY)


def fiscal_year_of(pattern: Pattern, day: date) -> int:
    """Return the name of the fiscal year that holds `day`."""
    return next(year for year in range(day.year - 1, day.year + 3) if day in fiscal_year(pattern, year))


def spans_of_year(pattern: Pattern, year: int) -> list[Span]:
    """Return the periods of one fiscal year; twelve, whatever the pattern."""
    days = fiscal_year(pattern, year)
    if not pattern.kind.weeks:
        return [
            Span(f"{each.start:%B %Y}", each, year, number)
            for number, each in enumerate(months(days.start, days.end), start=1)
        ]
    found, start = [], days.start
    for number, weeks in enumerate(pattern.kind.weeks * 4, start=1):
        end = days.end if number == _MONTHS else start + weeks * _WEEK
        found.append(Span(f"P{number} FY{year}", Period(start, end), year, number))
        start = end
    return found


def lay(segments: Sequence[Segment], start: date, last: date) -> list[Span]:
    """Return the periods from `start` on until `last` is in one, each by the pattern that holds on its first day.

    Where patterns change within a period of the newer one, that period starts at the change; a rest of less than a
    week joins the period after it. Raises `NoMoreGiven` where only custom periods could follow.
    """
    found: list[Span] = []
    for segment in segments:
        stretch = segment.days.intersect(Period(start, END_OF_TIME))
        if stretch is None or stretch.start > last:
            continue
        if segment.pattern.kind is PeriodKind.CUSTOM:
            raise NoMoreGiven(stretch.start)
        found += _laid(segment.pattern, stretch, last)
    return found


def lay_before(pattern: Pattern, first: date, end: date) -> list[Span]:
    """Return the periods of a pattern from the one that holds `first` until `end`, where known periods begin."""
    if first >= end:
        return []
    if pattern.kind is PeriodKind.CUSTOM:
        pattern = CALENDAR_MONTHS
    return [
        Span(each.name, Period(each.days.start, min(each.days.end, end)), each.fiscal_year, each.number)
        for each in takewhile(lambda span: span.days.start < end, _from(pattern, first))
    ]


def _laid(pattern: Pattern, stretch: Period, last: date) -> list[Span]:
    found: list[Span] = []
    start = stretch.start
    for each in _from(pattern, start):
        if start > last or start >= stretch.end:
            return found
        end = min(each.days.end, stretch.end)
        if (end - start).days >= _DAYS_PER_WEEK or start == each.days.start:
            found.append(Span(each.name, Period(start, end), each.fiscal_year, each.number))
            start = end
    return found


def _from(pattern: Pattern, day: date) -> Iterator[Span]:
    """Yield the periods of a pattern, from the one that holds `day` until the end of the calendar."""
    for year in range(fiscal_year_of(pattern, day), END_OF_TIME.year - 1):
        for each in spans_of_year(pattern, year):
            if each.days.end > day:
                yield each


def given(start: date, last_days: Sequence[date], names: Sequence[str], pattern: Pattern) -> list[Span]:
    """Return custom periods that meet: the first from `start`, each through its last day.

    A name may be empty; then it is a month's or says the days. Raises ValueError where last days do not rise.
    """
    bounds = [start, *(day + _DAY for day in last_days)]
    if any(end <= begin for begin, end in pairwise(bounds)):
        raise ValueError("each period ends after the one before it")
    years = {day: fiscal_year_of(pattern, day) for day in last_days}
    numbers: dict[int, int] = {}
    found = []
    for (begin, end), name in zip(pairwise(bounds), names, strict=True):
        year = years[end - _DAY]
        numbers[year] = numbers.get(year, 0) + 1
        days = Period(begin, end)
        found.append(Span(name.strip() or days_words(days), days, year, numbers[year]))
    return found


def days_words(days: Period) -> str:
    """Return 'March 2026' for a calendar month, else '29 Dec 2025 to 25 Jan 2026'."""
    if days == month_of(days.start):
        return f"{days.start:%B %Y}"
    last = days.end - _DAY
    return f"{days.start.day} {days.start:%b %Y} to {last.day} {last:%b %Y}"


def is_calendar_month(days: Period) -> bool:
    """Tell whether these days are one calendar month."""
    return days.start.day == 1 and days.end == next_month(days.start)


def _month_name(month: int) -> str:
    return f"{date(2000, month, 1):%B}"


def _weekday_name(weekday: int) -> str:
    return f"{date(2001, 1, 1) + timedelta(days=weekday):%A}"
