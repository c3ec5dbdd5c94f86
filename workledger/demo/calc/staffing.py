"""Who works on which projects in which month: two to four at a time, mostly of one's own practice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from workledger.demo.calc.dates import DAY, add_months, month_starts
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
from workledger.demo.calc.records import Person, Term
from workledger.demo.calc.work import Work

_CONCURRENT = {
    PARTNER: (2, 3),
    PRINCIPAL: (2, 4),
    MANAGER: (2, 4),
    SENIOR: (2, 4),
    CONSULTANT: (2, 3),
    ANALYST: (2, 3),
}


@dataclass(frozen=True, slots=True)
class Assignment:
    """One person's part in one project during one month; `extras` are tasks that are not charged."""

    project_index: int
    weight: float
    starts_on: date
    last_day: date
    tasks: tuple[int, ...]
    extras: tuple[int, ...]


Month = tuple[int, int]


def plan_staffing(
    rng: Random, work: Work, people: Sequence[Person], calendar: WorkCalendar, starts_on: date, today: date
) -> list[dict[Month, tuple[Assignment, ...]]]:
    """Per person the assignments of each (year, month)."""
    plan: list[dict[Month, tuple[Assignment, ...]]] = [{} for _ in people]
    held: list[list[int]] = [[] for _ in people]
    tasks_of: list[list[int]] = [[] for _ in work.projects]
    for task_index, task in enumerate(work.tasks):
        tasks_of[task.project_index].append(task_index)
    size = [rng.choice((2, 3, 3, 4, 4, 5, 6, 8)) for _ in work.projects]
    habits = [rng.random() for _ in people]
    for month in month_starts(starts_on, today):
        last = add_months(month, 1) - DAY
        active = [
            index
            for index, project in enumerate(work.projects)
            if project.client_index is not None and project.starts_on <= last and project.last_day >= month
        ]
        staffed = dict.fromkeys(active, 0)
        seats = [
            (index, term)
            for index in range(len(people))
            if (term := _term_in(calendar, people[index], index, month, last))
            and term.role_index != BACK_OFFICE
        ]
        rng.shuffle(seats)
        scale = 3 * len(seats) / max(1, sum(size[index] for index in active))
        for person_index, _ in seats:
            kept = [project for project in held[person_index] if project in staffed and rng.random() < 0.94]
            kept += [
                project
                for project in active
                if work.projects[project].manager_index == person_index and project not in kept
            ]
            held[person_index] = kept
            for project in kept:
                staffed[project] += 1
        for person_index, term in seats:
            low, high = _CONCURRENT[term.role_index]
            wanted = low + int(habits[person_index] * (high - low + 1))
            mine = held[person_index]
            while len(mine) < min(wanted, len(active)):
                project = _neediest(rng, work, active, mine, staffed, size, scale, term)
                mine.append(project)
                staffed[project] += 1
            plan[person_index][(month.year, month.month)] = tuple(
                _assignment(rng, work, project, tasks_of[project], person_index, month) for project in mine
            )
    return plan


def _term_in(calendar: WorkCalendar, person: Person, index: int, month: date, last: date) -> Term | None:
    """The terms in a month, also of someone who joins in the middle of it."""
    return calendar.term(index, min(max(month, person.hired_on), last))


def _neediest(
    rng: Random,
    work: Work,
    active: Sequence[int],
    mine: Sequence[int],
    staffed: dict[int, int],
    size: Sequence[int],
    scale: float,
    term: Term,
) -> int:
    """The project short of most people, one's own practice first."""
    best, best_score = -1, -1e9
    for project in active:
        if project in mine:
            continue
        score = 1 - staffed[project] / (size[project] * scale) + rng.random() * 0.4
        if work.projects[project].practice_index == term.practice_index:
            score += 0.9
        if score > best_score:
            best, best_score = project, score
    return best


def _assignment(
    rng: Random, work: Work, project_index: int, tasks: Sequence[int], person_index: int, month: date
) -> Assignment:
    project = work.projects[project_index]
    middle = min(max(month + DAY * 14, project.starts_on), project.last_day)
    leads = project.manager_index == person_index
    current, extras = [], []
    for task_index in tasks:
        task = work.tasks[task_index]
        phase = work.phases[task.phase_index]
        if work.lines[task.line_index].model == "non_billable":
            extras.append(task_index)
        elif task.task_type == "management" and phase.name == "Steering":
            if leads:
                current.append(task_index)
        elif phase.starts_on <= middle <= phase.last_day:
            current.append(task_index)
    if not current:
        current = [tasks[0]]
    if len(current) > 2 and not leads:
        rng.shuffle(current)
        current = current[: rng.choice((2, 2, 3))]
    return Assignment(
        project_index=project_index,
        weight=rng.choice((0.5, 1.0, 1.0, 2.0, 3.0)),
        starts_on=project.starts_on,
        last_day=project.last_day,
        tasks=tuple(current),
        extras=tuple(extras),
    )
