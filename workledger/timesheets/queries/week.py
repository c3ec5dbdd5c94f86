"""The week as its page shows it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.directory.models import Person
from workledger.kernel.period import week_start
from workledger.ledger.models import Period, PeriodState
from workledger.projects.queries import TaskFacts, task_facts
from workledger.timesheets import explain
from workledger.timesheets.models import LineState, TimeEntry, Timer, TimesheetLine
from workledger.timesheets.queries.days import DAYS_PER_WEEK, WorkDays, week_days
from workledger.timesheets.queries.locks import LastDecision, last_decisions, why_locked


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A column. `capacity_seconds` is what is expected after holidays and time off, which `note` names."""

    date: date
    weekend: bool
    today: bool
    total: int
    capacity_seconds: int
    note: str


@dataclass(frozen=True, slots=True)
class WeekCell:
    """One task on one day. `seconds` is None when nothing is booked; `locked` says why it cannot be typed into."""

    date: date
    seconds: int | None = None
    note: str = ""
    locked: str = ""
    entry_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WeekRow:
    """A timesheet line. `story` tells the latest decision: who, when, and for a rejection why."""

    line_id: int
    task_id: int
    task: str
    project_id: int
    project: str
    client: str
    state: LineState
    story: str
    is_billable: bool
    needs_note: bool
    cells: tuple[WeekCell, ...]
    total: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is booked in it."""
        return not any(cell.entry_ids for cell in self.cells)


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """A person's week. `may_edit` is false for a reader who may only look; `notice` tells of locked months."""

    person_id: int
    person: str
    is_own: bool
    may_edit: bool
    monday: date
    days: tuple[WeekDay, ...]
    rows: tuple[WeekRow, ...]
    total: int
    capacity_seconds: int
    notice: str

    def count(self, *states: LineState) -> int:
        """Return how many lines with time are in these states."""
        return sum(row.state in states and not row.is_empty for row in self.rows)

    @property
    def billable_total(self) -> int:
        """Seconds on tasks that bill."""
        return sum(row.total for row in self.rows if row.is_billable)


class _Entry(NamedTuple):
    id: int
    line_id: int
    work_date: date
    worked_seconds: int
    note: str


def week(actor: Actor, person_id: int, monday: date, *, today: date | None = None) -> WeekGrid:
    """Return a person's week in a constant number of queries (at most nine, whatever stands in the database).

    Refuses: not_found (the person, or not yours to see). `monday` may be any day of the week.
    """
    monday = week_start(monday)
    is_own = person_id == actor.person_id
    people = Person.objects.visible_to(actor)
    if not is_own and not actor.can(Permission.VIEW_ALL_TIME):
        people = people.none()
    person = locks.one(people, person_id)
    may_edit = actor.can(Permission.TRACK_TIME) and (is_own or actor.can(Permission.EDIT_ALL_TIME))
    lines = list(
        TimesheetLine.objects.visible_to(actor)
        .filter(person_id=person_id, week=monday)
        .values_list("pk", "task_id", "state")
    )
    entries: dict[int, list[_Entry]] = defaultdict(list)
    line_ids = [pk for pk, _, _ in lines]
    rows = TimeEntry.objects.filter(line_id__in=line_ids).order_by("id").values_list(*_Entry._fields)
    for row in rows:
        entries[row[1]].append(_Entry._make(row))
    facts = task_facts({task_id for _, task_id, _ in lines}) if lines else {}
    decided = last_decisions([pk for pk, _, state in lines if state != LineState.OPEN])
    held = explain.held(
        [entry.id for pk, _, state in lines if state == LineState.APPROVED for entry in entries[pk]]
    )
    calendar = WorkDays.load([person_id], monday, monday + timedelta(days=DAYS_PER_WEEK))
    found = [
        _row(monday, pk, LineState(state), facts[task_id], entries[pk], decided.get(pk), held)
        for pk, task_id, state in lines
    ]
    found.sort(key=lambda row: (row.client.casefold(), row.project.casefold(), row.task.casefold()))
    days = tuple(_day(day, found, calendar, person_id, today) for day in week_days(monday))
    return WeekGrid(
        person_id=person_id,
        person=person.name,
        is_own=is_own,
        may_edit=may_edit,
        monday=monday,
        days=days,
        rows=tuple(found),
        total=sum(row.total for row in found),
        capacity_seconds=sum(day.capacity_seconds for day in days),
        notice=_closed_months(facts.values(), monday),
    )


def _day(
    day: date, rows: Iterable[WeekRow], calendar: WorkDays, person_id: int, today: date | None
) -> WeekDay:
    expected = calendar.on(person_id, day)
    return WeekDay(
        date=day,
        weekend=day.weekday() >= 5,
        today=day == today,
        total=sum(row.cells[day.weekday()].seconds or 0 for row in rows),
        capacity_seconds=expected.seconds,
        note=expected.note,
    )


def _row(
    monday: date,
    line_id: int,
    state: LineState,
    task: TaskFacts,
    entries: list[_Entry],
    last: LastDecision | None,
    held: dict[int, str],
) -> WeekRow:
    by_day: dict[date, list[_Entry]] = defaultdict(list)
    for entry in entries:
        by_day[entry.work_date].append(entry)
    on_line = why_locked(state, last, "")
    closed = "" if task.is_open else _closed(task)
    cells = []
    for day in week_days(monday):
        here = by_day.get(day, [])
        several = f"{len(here)} entries on this day. Open the row to change them one by one."
        locked = (
            next((held[entry.id] for entry in here if entry.id in held), "")
            or on_line
            or (several if len(here) > 1 else "")
            or (closed if not here else "")
        )
        cells.append(
            WeekCell(
                date=day,
                seconds=sum(entry.worked_seconds for entry in here) if here else None,
                note="; ".join(entry.note for entry in here if entry.note),
                locked=locked,
                entry_ids=tuple(entry.id for entry in here),
            )
        )
    story = ""
    if last is not None and last.decision in ("rejected", "withdrawn"):
        story = f"{last.story}: {last.reason}"
    elif last is not None and state != LineState.OPEN:
        story = last.story
    return WeekRow(
        line_id=line_id,
        task_id=task.task_id,
        task=task.task_name,
        project_id=task.project_id,
        project=task.project_name,
        client=task.client_name,
        state=state,
        story=story,
        is_billable=task.is_billable,
        needs_note=task.requires_notes,
        cells=tuple(cells),
        total=sum(entry.worked_seconds for entry in entries),
    )


def _closed(task: TaskFacts) -> str:
    what = f"Project {task.project_name}" if task.closed_because == "project" else f"Task {task.task_name}"
    return f"{what} is closed. Ask the project manager to reopen it."


def _closed_months(facts: Iterable[TaskFacts], monday: date) -> str:
    """Say which months of this week are closed, so that nobody wonders where late time is posted."""
    entity_ids = {task.entity_id for task in facts}
    if not entity_ids:
        return ""
    closed = (
        Period.objects.filter(
            book_id__in=entity_ids, start__lt=monday + timedelta(days=DAYS_PER_WEEK), end__gt=monday
        )
        .exclude(state=PeriodState.OPEN)
        .order_by("start")
        .values_list("name", flat=True)
    )
    names = list(dict.fromkeys(closed))
    if not names:
        return ""
    return (
        f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} closed. Time you add keeps its day and is"
        " posted in the first open month."
    )


@dataclass(frozen=True, slots=True)
class RunningTimer:
    """A timer that runs."""

    task_id: int
    task: str
    project: str
    started_at: datetime
    note: str


def running_timer(actor: Actor) -> RunningTimer | None:
    """Return the actor's own running timer, if any."""
    if actor.person_id is None:
        return None
    row = (
        Timer.objects.filter(person_id=actor.person_id)
        .values_list("task_id", "task__name", "task__project__name", "started_at", "note")
        .first()
    )
    return None if row is None else RunningTimer(*row)
