"""The hours: what each person entered on each day, from capacity, time off, season and assignments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from workledger.demo.calc.dates import DAY, days, monday_of
from workledger.demo.calc.notes import GERMAN, PLAIN, SPARSE, TERSE, NoteWriter
from workledger.demo.calc.people import (
    ANALYST,
    BACK_OFFICE,
    CONSULTANT,
    MANAGER,
    PARTNER,
    PRINCIPAL,
    SENIOR,
    WorkCalendar,
)
from workledger.demo.calc.records import Client, Person, Term
from workledger.demo.calc.staffing import Assignment, Month
from workledger.demo.calc.work import Work

QUARTER = 900
# The share of capacity that each role spends on billed work in an even month.
_TARGET = {
    PARTNER: 0.47,
    PRINCIPAL: 0.66,
    MANAGER: 0.715,
    SENIOR: 0.825,
    CONSULTANT: 0.86,
    ANALYST: 0.82,
    BACK_OFFICE: 0.0,
}
_SEASON = (0.96, 1.02, 1.05, 1.01, 1.0, 1.03, 0.98, 0.89, 1.03, 1.05, 1.05, 0.86)
_HOLIDAY_WORK, _WEEKEND_WORK, _LONG_DAY = 0.004, 0.006, 0.012

# Internal tasks by their order in the catalogue.
_MEETINGS, _PRACTICE, _ADMIN, _FINANCE, _HR, _OFFICE, _TRAINING, _MENTORING, _PROPOSALS, _VISITS, _TENDERS = (
    range(11)
)
_SENIOR_MIX = (
    _MEETINGS,
    _ADMIN,
    _PROPOSALS,
    _PROPOSALS,
    _VISITS,
    _VISITS,
    _HR,
    _PRACTICE,
    _MENTORING,
    _TENDERS,
)
_JUNIOR_MIX = (
    _MEETINGS,
    _MEETINGS,
    _ADMIN,
    _TRAINING,
    _TRAINING,
    _TRAINING,
    _PRACTICE,
    _MENTORING,
    _PROPOSALS,
)
_OFFICE_MIX = (_FINANCE, _FINANCE, _FINANCE, _HR, _HR, _OFFICE, _OFFICE, _MEETINGS, _ADMIN)


@dataclass(frozen=True, slots=True)
class RawEntry:
    """Hours as typed in, before the sheet is submitted."""

    person_index: int
    task_index: int
    day: date
    worked_seconds: int
    billable_seconds: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Gaps:
    """Time that is missing on purpose: how far each person has typed, lost weeks, one neglected project."""

    filled_through: tuple[date, ...]
    lost_weeks: frozenset[tuple[int, date]]
    project_index: int | None
    project_from: date
    project_until: date


def plan_gaps(rng: Random, work: Work, people: Sequence[Person], late: Sequence[int], today: date) -> Gaps:
    """Who has not typed the last days, two people's forgotten week, and one project's missing weeks."""
    filled = tuple(
        today - DAY * (rng.randrange(4, 12) if index in late else rng.choice((0, 0, 0, 1, 1, 2, 3)))
        for index in range(len(people))
    )
    lost: set[tuple[int, date]] = set()
    for _ in range(len(people) // 20):
        lost.add((rng.randrange(1, len(people)), monday_of(today) - DAY * 7 * rng.randrange(3, 7)))
    since, until = today - DAY * 38, today - DAY * 14
    running = [
        index
        for index, project in enumerate(work.projects)
        if project.client_index is not None and project.starts_on < since and project.last_day > today
    ]
    return Gaps(filled, frozenset(lost), rng.choice(running) if running else None, since, until)


class HourWriter:
    """Writes everybody's entries, person by person and day by day."""

    def __init__(
        self,
        rng: Random,
        work: Work,
        people: Sequence[Person],
        clients: Sequence[Client],
        calendar: WorkCalendar,
        gaps: Gaps,
    ) -> None:
        self._rng, self._random = rng, rng.random
        self._work, self._calendar, self._gaps = work, calendar, gaps
        self._people = people
        first_names = tuple(person.name.split(" ")[0] for person in people)
        habits = [rng.choices((PLAIN, TERSE, GERMAN, SPARSE), (45, 20, 27, 8))[0] for _ in people]
        self._writers = [NoteWriter(rng, habit, first_names) for habit in habits]
        words = [client.name.split(" ")[0] for client in clients]
        self._client_word = [
            words[project.client_index] if project.client_index is not None else "the team"
            for project in work.projects
        ]
        self._note_wanted = [
            work.contracts[project.contract_index].note_required for project in work.projects
        ]

    def write_person(
        self,
        person_index: int,
        first: date,
        last: date,
        off: set[date],
        months: dict[Month, tuple[Assignment, ...]],
    ) -> list[RawEntry]:
        """All entries of one person between two days, both inclusive, in order of the day."""
        found: list[RawEntry] = []
        owed = 0.0  # quarters of billed work that the target asks for and the days so far did not give
        person = self._people[person_index]
        first = max(first, person.hired_on)
        last = min(last, person.left_on - DAY) if person.left_on else last
        last = min(last, self._gaps.filled_through[person_index])
        diligence = 0.97 + 0.06 * self._random()
        for day in days(first, last):
            if day in off or (person_index, monday_of(day)) in self._gaps.lost_weeks:
                continue
            term = self._calendar.term(person_index, day)
            assert term is not None, "the days lie within employment"
            quarters, regular = self._quarters(term, day)
            if not quarters:
                continue
            current = [
                part
                for part in months.get((day.year, day.month), ())
                if part.starts_on <= day <= part.last_day
            ]
            if regular:
                target = _TARGET[term.role_index] * _SEASON[day.month - 1] * diligence
                owed = min(owed + term.day_seconds[day.weekday()] / QUARTER * target, 60.0)
            billed = self._billed(quarters, owed, regular) if current else 0
            if billed:
                owed -= billed
                self._bill_day(found, person_index, day, billed, current)
            if regular and quarters > billed:
                self._spend_inside(found, person_index, day, quarters - billed, term.role_index)
        return found

    def _quarters(self, term: Term, day: date) -> tuple[int, bool]:
        """Quarters of an hour worked on this day, and whether it is a regular day of work."""
        capacity = term.day_seconds[day.weekday()]
        draw = self._random()
        if self._calendar.is_holiday(term, day):
            return (8 + int(draw * 1000), False) if draw < _HOLIDAY_WORK and capacity else (0, False)
        if day.weekday() >= 5:
            busy = term.role_index in (PRINCIPAL, MANAGER, SENIOR)
            return (6 + int(draw * 1500), False) if busy and draw < _WEEKEND_WORK else (0, False)
        if not capacity:
            return 0, False
        if draw < _LONG_DAY and term.role_index != BACK_OFFICE and capacity > 7 * 3600:
            return 41 + int(self._random() * 7), True
        usual = capacity / QUARTER
        return max(4, round(usual * (0.92 + 0.17 * self._random()))), True

    def _billed(self, quarters: int, owed: float, regular: bool) -> int:
        """How much of the day is billed: about what is owed, in days of different kinds."""
        if not regular:
            return quarters
        wish = round(owed * (0.7 + 0.6 * self._random()))
        if wish < 2:
            return 0
        return quarters if quarters - wish < 2 else wish

    def _bill_day(
        self,
        found: list[RawEntry],
        person_index: int,
        day: date,
        quarters: int,
        current: Sequence[Assignment],
    ) -> None:
        draw = self._random
        parts = 1 if quarters < 7 else (2 if quarters < 16 else 2 + int(draw() * 2.3))
        chunks: dict[int, int] = {}
        left = quarters
        for position in range(parts):
            size = left if position == parts - 1 else max(2, int(left * (0.25 + 0.4 * draw())))
            size = min(size, left)
            if size <= 0:
                break
            left -= size
            task = self._pick(current)
            chunks[task] = chunks.get(task, 0) + size
        for task, size in chunks.items():
            project = self._work.tasks[task].project_index
            if (
                project == self._gaps.project_index
                and self._gaps.project_from <= day < self._gaps.project_until
            ):
                continue
            worked = self._seconds(size)
            found.append(
                RawEntry(
                    person_index,
                    task,
                    day,
                    worked,
                    self._goodwill(worked, task),
                    self._writers[person_index].write(
                        self._work.kinds[task], self._client_word[project], self._note_wanted[project]
                    ),
                )
            )

    def _pick(self, current: Sequence[Assignment]) -> int:
        """A task of one of today's projects, by their weight."""
        draw = self._random
        mark = draw() * sum(part.weight for part in current)
        chosen = current[-1]
        for part in current:
            mark -= part.weight
            if mark < 0:
                chosen = part
                break
        pool = chosen.extras if chosen.extras and draw() < 0.045 else chosen.tasks
        return pool[int(draw() * draw() * len(pool))]

    def _seconds(self, quarters: int) -> int:
        """Mostly on the quarter, sometimes five or ten minutes beside it."""
        shift = self._random()
        seconds = quarters * QUARTER
        return seconds + (300 if shift < 0.02 else -300 if shift > 0.98 else 0)

    def _goodwill(self, worked: int, task: int) -> int | None:
        """Billable seconds where someone chose to charge less than was worked, else unset."""
        if self._work.lines[self._work.tasks[task].line_index].model == "non_billable":
            return None
        draw = self._random()
        if draw > 0.03:
            return None
        if draw < 0.004:
            return 0
        return max(QUARTER, worked // 2 // QUARTER * QUARTER)

    def _spend_inside(
        self, found: list[RawEntry], person_index: int, day: date, quarters: int, role_index: int
    ) -> None:
        """Put the rest of a day on the firm's own projects, in one to three pieces."""
        draw = self._random
        mix: tuple[int, ...] = _JUNIOR_MIX
        if role_index == BACK_OFFICE:
            mix = _OFFICE_MIX
        elif role_index in (PARTNER, PRINCIPAL, MANAGER):
            mix = _SENIOR_MIX
        parts = 1 if quarters <= 4 else (2 if quarters < 18 else 3)
        chunks: dict[int, int] = {}
        left = quarters
        for position in range(parts):
            size = left if position == parts - 1 else max(2, int(left * (0.3 + 0.3 * draw())))
            task = _MEETINGS if not position and day.weekday() == 0 else mix[int(draw() * len(mix))]
            chunks[task] = chunks.get(task, 0) + size
            left -= size
        for task, size in chunks.items():
            note = self._writers[person_index].write(self._work.kinds[task], "the team", False)
            found.append(RawEntry(person_index, task, day, size * QUARTER, None, note))


def late_people(rng: Random, people: Sequence[Person], terms: Sequence[Term]) -> tuple[int, ...]:
    """The chronically late: about one in twelve, none of them in the back office."""
    candidates = [
        term.person_index
        for term in terms
        if term.ends_on is None
        and term.role_index != BACK_OFFICE
        and people[term.person_index].left_on is None
    ]
    rng.shuffle(candidates)
    return tuple(sorted(candidates[: max(1, len(people) // 12)]))
