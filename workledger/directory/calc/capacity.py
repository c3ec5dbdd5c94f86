"""Capacity: the seconds people are expected to work, by dated terms, holidays and time off."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from workledger.directory.calc.terms import Terms
from workledger.kernel.calendars import WORKDAYS_PER_WEEK, is_holiday
from workledger.kernel.period import Period


class CapacityBasis(StrEnum):
    """What is taken off the calendar. The value names the basis on pages."""

    NET = "net of holidays and time off"
    HOLIDAYS = "net of holidays"
    CALENDAR = "calendar hours"


class Place(NamedTuple):
    """A holiday calendar: country and subdivision; an empty country has no holidays."""

    country: str = ""
    subdivision: str = ""


class Absence(NamedTuple):
    """Time off over [start, end): `share` of each working day."""

    person_id: int
    start: date
    end: date
    share: Decimal


class _WorkingDays:
    """Working days of a place in a period as running sums, so that any range inside costs two look-ups."""

    def __init__(self, period: Period, place: Place) -> None:
        self.start = period.start
        works = (
            day.weekday() < WORKDAYS_PER_WEEK
            and not (place.country and is_holiday(day, place.country, place.subdivision))
            for day in period.days()
        )
        self.sums = [0, *accumulate(int(work) for work in works)]

    def between(self, start: date, end: date) -> int:
        """Count the working days of [start, end), both inside the period."""
        return self.sums[(end - self.start).days] - self.sums[(start - self.start).days]


@lru_cache(maxsize=256)
def _working_days(period: Period, place: Place) -> _WorkingDays:
    return _WorkingDays(period, place)


def working_days(period: Period, place: Place) -> int:
    """Return the days of a period that are neither weekend nor holiday at that place."""
    return _working_days(period, place).between(period.start, period.end)


def capacity_seconds(
    period: Period,
    terms: Iterable[Terms],
    places: Mapping[int, Place],
    absences: Iterable[Absence],
    basis: CapacityBasis = CapacityBasis.NET,
) -> dict[int, int]:
    """Return the expected seconds per person over a period.

    A day's seconds are the weekly hours in force over five, on Monday to Friday; a public holiday of the
    office's place has none, and time off takes its share. `places` is by office id. Fractions of a second
    are dropped once per stretch of equal terms. People without terms in the period are not in the result.
    """
    counts_holidays = basis is not CapacityBasis.CALENDAR
    away = _by_person(absences) if basis is CapacityBasis.NET else {}
    found: dict[int, int] = {}
    for held in terms:
        stretch = period.intersect(Period(held.start, held.end) if held.end else Period(held.start))
        if stretch is None:
            continue
        place = places.get(held.office_id or 0, Place()) if counts_holidays else Place()
        calendar = _working_days(period, place)
        days = Decimal(calendar.between(stretch.start, stretch.end))
        if held.person_id in away:
            days -= _days_away(stretch, calendar, away[held.person_id])
        seconds = int(days * held.weekly_hours * 3600 / WORKDAYS_PER_WEEK)
        found[held.person_id] = found.get(held.person_id, 0) + seconds
    return found


def _by_person(absences: Iterable[Absence]) -> dict[int, list[Absence]]:
    found: dict[int, list[Absence]] = {}
    for absence in absences:
        found.setdefault(absence.person_id, []).append(absence)
    for rows in found.values():
        rows.sort(key=lambda absence: absence.start)
    return found


def _days_away(stretch: Period, calendar: _WorkingDays, absences: list[Absence]) -> Decimal:
    """Return the working days that absences take from a stretch; where two meet, no day counts more than once.

    Overlaps are cut: the later-starting absence counts from where the earlier ended.
    """
    taken, reached = Decimal(0), stretch.start
    first = bisect_left(absences, stretch.end, key=lambda absence: absence.start)
    for absence in absences[:first]:
        start, end = max(absence.start, reached), min(absence.end, stretch.end)
        if start < end:
            taken += absence.share * calendar.between(start, end)
            reached = end
    return taken
