"""What is expected of people on each day: contracted hours, public holidays, time off."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple, Self

from django.db.models import Q

from workledger.directory.models import EmploymentTerms, TimeOff
from workledger.kernel.calendars import WorkCalendar, public_holidays

DAYS_PER_WEEK = 7


class _Terms(NamedTuple):
    start: date
    end: date | None
    calendar: WorkCalendar


class _Away(NamedTuple):
    start: date
    end: date
    kind: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class Expected:
    """One day of one person. `seconds` are expected after holidays and time off; `note` says what is special."""

    seconds: int
    note: str = ""


class WorkDays:
    """The expected days of some people over [start, end), loaded in two queries."""

    def __init__(self, terms: dict[int, list[_Terms]], away: dict[int, list[_Away]]) -> None:
        self._terms = terms
        self._away = away
        self._weeks: dict[tuple[WorkCalendar, date], int] = {}

    @classmethod
    def load(cls, person_ids: Collection[int], start: date, end: date) -> Self:
        """Load terms, places and time off. Callers have decided already who sees these people."""
        terms: dict[int, list[_Terms]] = defaultdict(list)
        rows = EmploymentTerms.objects.filter(person_id__in=person_ids, start__lt=end)
        for person_id, begin, finish, weekly, country, subdivision in rows.filter(
            Q(end__isnull=True) | Q(end__gt=start)
        ).values_list(
            "person_id", "start", "end", "weekly_hours", "office__country", "office__subdivision"
        ):  # without an office there are no holidays, as in `directory.queries.CapacityTable`
            calendar = WorkCalendar(country or "", subdivision or "", weekly)
            terms[person_id].append(_Terms(begin, finish, calendar))
        away: dict[int, list[_Away]] = defaultdict(list)
        absences = TimeOff.objects.filter(person_id__in=person_ids, start__lt=end, end__gt=start)
        labels = dict(TimeOff._meta.get_field("kind").flatchoices)
        for person_id, begin, finish, kind, share in absences.values_list(
            "person_id", "start", "end", "kind", "share"
        ):
            away[person_id].append(_Away(begin, finish, str(labels[kind]), share))
        return cls(terms, away)

    def on(self, person_id: int, day: date) -> Expected:
        """Return what is expected of a person on a day; nothing where no terms hold."""
        calendar = self._calendar(person_id, day)
        if calendar is None:
            return Expected(0)
        seconds = calendar.seconds_on(day)
        notes = [self.holiday(person_id, day)]
        if seconds:
            for absence in self._away.get(person_id, ()):
                if absence.start <= day < absence.end:
                    seconds -= int(seconds * absence.share)
                    notes.append(absence.kind)
        return Expected(seconds, ", ".join(note for note in notes if note))

    def holiday(self, person_id: int, day: date) -> str:
        """Return the name of the public holiday where the person works that day, or ''."""
        calendar = self._calendar(person_id, day)
        if calendar is None:
            return ""
        return public_holidays(calendar.country, calendar.subdivision, day.year).get(day, "")

    def seconds_in_week(self, person_id: int, monday: date) -> int:
        """Return what is expected of a person in a week. Most weeks are as those of others at the same place."""
        after = monday + timedelta(days=DAYS_PER_WEEK)
        held = [
            each
            for each in self._terms.get(person_id, ())
            if each.start < after and (each.end or after) > monday
        ]
        away = any(each.start < after and each.end > monday for each in self._away.get(person_id, ()))
        if len(held) != 1 or held[0].start > monday or (held[0].end or after) < after or away:
            return sum(self.on(person_id, day).seconds for day in week_days(monday))
        key = held[0].calendar, monday
        if key not in self._weeks:
            self._weeks[key] = sum(map(held[0].calendar.seconds_on, week_days(monday)))
        return self._weeks[key]

    def _calendar(self, person_id: int, day: date) -> WorkCalendar | None:
        for terms in self._terms.get(person_id, ()):
            if terms.start <= day and (terms.end is None or day < terms.end):
                return terms.calendar
        return None


def week_days(monday: date) -> tuple[date, ...]:
    """Return the seven days of a week."""
    return tuple(monday + timedelta(days=offset) for offset in range(DAYS_PER_WEEK))
