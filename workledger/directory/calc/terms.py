"""Dated employment terms as values, and which of them holds for a person on a day."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple, Self


class Terms(NamedTuple):
    """What holds for one person over [start, end); `end` is None while it holds.

    `cost_rate` is per worked hour in the entity's functional currency; None means not known yet, which is
    not zero. `weekly_hours` are spread over Monday to Friday.
    """

    id: int
    person_id: int
    start: date
    end: date | None
    entity_id: int
    practice_id: int | None
    office_id: int | None
    role_id: int | None
    weekly_hours: Decimal
    cost_rate: Decimal | None
    manager_id: int | None

    def holds_on(self, day: date) -> bool:
        """Tell whether these terms hold on a day."""
        return self.start <= day and (self.end is None or day < self.end)


class TermsByPerson:
    """Every person's terms, sorted, so that one look-up costs a binary search."""

    __slots__ = ("_starts", "by_person")

    def __init__(self, by_person: Mapping[int, list[Terms]]) -> None:
        self.by_person = by_person
        self._starts = {person: [terms.start for terms in rows] for person, rows in by_person.items()}

    @classmethod
    def of(cls, rows: Iterable[Terms]) -> Self:
        """Group rows by person and sort them by start."""
        by_person: dict[int, list[Terms]] = {}
        for row in rows:
            by_person.setdefault(row.person_id, []).append(row)
        for found in by_person.values():
            found.sort(key=lambda terms: terms.start)
        return cls(by_person)

    def on(self, person_id: int, day: date) -> Terms | None:
        """Return the terms of a person that hold on a day, or None where none do."""
        starts = self._starts.get(person_id)
        if starts is None:
            return None
        place = bisect_right(starts, day) - 1
        if place < 0:
            return None
        found = self.by_person[person_id][place]
        return found if found.end is None or day < found.end else None

    def of_person(self, person_id: int) -> list[Terms]:
        """Return a person's terms, earliest first."""
        return self.by_person.get(person_id, [])
