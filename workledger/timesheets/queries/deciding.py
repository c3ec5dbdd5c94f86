"""Reads of approval: who decides on what, what is flagged, whose time is missing."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import TruncWeek

from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.duties import duty_applies
from workledger.directory.models import Person
from workledger.kernel.period import week_start
from workledger.projects.models import Project, Task
from workledger.projects.queries import TaskFacts, task_facts
from workledger.timesheets.calc.flags import Budget, Flag, FlagEntry, LineTerms, flags_of_line
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine
from workledger.timesheets.queries.days import DAYS_PER_WEEK, WorkDays

MOST_LINES = 600
_WEEKS_BACK = 4


def lines_to_decide(actor: Actor) -> QuerySet[TimesheetLine]:
    """Return the lines this actor may approve or reject, in any state.

    With 'approve all time' every visible line; with 'approve time' those of projects the actor manages. One's
    own lines are among them: the two-person rule is refused by the act, with its sentence.
    """
    rows: QuerySet[TimesheetLine] = TimesheetLine.objects.visible_to(actor)
    if actor.can(Permission.APPROVE_ALL_TIME):
        return rows
    if actor.can(Permission.APPROVE_TIME) and actor.person_id is not None:
        return rows.filter(task__project__manager_id=actor.person_id)
    return rows.none()


class _Entry(NamedTuple):
    line_id: int
    person_id: int
    task_id: int
    id: int
    work_date: date
    worked_seconds: int
    billable_seconds: int | None
    note: str


def _entries_of(line_ids: Collection[int] | QuerySet[Any, Any]) -> dict[int, list[_Entry]]:
    rows = TimeEntry.objects.filter(line_id__in=line_ids).order_by("line_id", "work_date", "id")
    found: dict[int, list[_Entry]] = defaultdict(list)
    for row in rows.values_list(*_Entry._fields):
        found[row[0]].append(_Entry._make(row))
    return found


def flags_of(line_ids: Collection[int] | QuerySet[Any, Any]) -> dict[int, tuple[Flag, ...]]:
    """Return the flags of each line that has any, in a number of queries that does not grow with the lines.

    `line_ids` may be a query of one column. Not limited to an actor: callers have decided already who sees the lines.
    """
    entries = _entries_of(line_ids)
    facts = task_facts({rows[0].task_id for rows in entries.values()})
    return _flags(entries, facts)


def _flags(entries: dict[int, list[_Entry]], facts: dict[int, TaskFacts]) -> dict[int, tuple[Flag, ...]]:
    if not entries:
        return {}
    everything = [entry for rows in entries.values() for entry in rows]
    first = min(entry.work_date for entry in everything)
    last = max(entry.work_date for entry in everything)
    people = {entry.person_id for entry in everything}
    days = _day_seconds(people, first, last)
    calendar = WorkDays.load(people, first, last + timedelta(days=1))
    budgets = _budgets(facts)
    found = {}
    for line_id, rows in entries.items():
        person_id, task = rows[0].person_id, facts[rows[0].task_id]
        named = {row.work_date: calendar.holiday(person_id, row.work_date) for row in rows}
        flags = flags_of_line(
            [FlagEntry(row.id, row.work_date, row.worked_seconds, row.note) for row in rows],
            LineTerms(_closed(task), task.requires_notes, budgets.get(task.task_id, ())),
            day_seconds=days[person_id],
            holidays={day: name for day, name in named.items() if name},
        )
        if flags:
            found[line_id] = flags
    return found


def _closed(task: TaskFacts) -> str:
    if task.is_open:
        return ""
    return f"Project {task.project_name}" if task.closed_because == "project" else f"Task {task.task_name}"


def _day_seconds(people: Collection[int], first: date, last: date) -> dict[int, dict[date, int]]:
    rows = (
        TimeEntry.objects.filter(person_id__in=people, work_date__range=(first, last))
        .order_by()
        .values_list("person_id", "work_date")
        .annotate(seconds=Sum("worked_seconds"))
    )
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for person_id, day, seconds in rows:
        found[person_id][day] = seconds
    return found


def _budgets(facts: dict[int, TaskFacts]) -> dict[int, tuple[Budget, ...]]:
    """Return the hours budgets that each task draws on, its own and its project's, with what is booked."""
    project_ids = {task.project_id for task in facts.values()}
    of_project = {
        pk: (name, seconds)
        for pk, name, seconds in Project.objects.filter(pk__in=project_ids)
        .order_by()
        .values_list("pk", "name", "budget_seconds")
        if seconds is not None
    }
    of_task = {pk: task for pk, task in facts.items() if task.task_budget_seconds is not None}
    siblings = dict(Task.objects.filter(project_id__in=of_project).order_by().values_list("pk", "project_id"))
    task_used: dict[int, int] = {}
    project_used: dict[int, int] = defaultdict(int)
    counted = TimeEntry.objects.filter(task_id__in={*of_task, *siblings}).order_by()
    for task_id, seconds in counted.values_list("task_id").annotate(seconds=Sum("worked_seconds")):
        task_used[task_id] = seconds
        if task_id in siblings:
            project_used[siblings[task_id]] += seconds
    found = {}
    for pk, task in facts.items():
        budgets = []
        own = task.task_budget_seconds
        if own is not None:
            budgets.append(Budget(f"Task {task.task_name}", own, task_used.get(pk, 0)))
        if task.project_id in of_project:
            name, seconds = of_project[task.project_id]
            budgets.append(Budget(f"Project {name}", seconds, project_used[task.project_id]))
        if budgets:
            found[pk] = tuple(budgets)
    return found


@dataclass(frozen=True, slots=True)
class LineToDecide:
    """A submitted line as its approver sees it. `days` are seconds of Monday to Sunday."""

    line_id: int
    task_id: int
    task: str
    project_id: int
    project: str
    client: str
    days: tuple[int, ...]
    worked_seconds: int
    billable_seconds: int
    notes: tuple[tuple[date, str], ...]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class PersonWeek:
    """The submitted lines of one person in one week, by project; flagged and clean apart."""

    person_id: int
    person: str
    week: date
    lines: tuple[LineToDecide, ...]
    worked_seconds: int
    billable_seconds: int

    @property
    def flagged(self) -> tuple[LineToDecide, ...]:
        """The lines to look at."""
        return tuple(line for line in self.lines if line.flags)

    @property
    def clean(self) -> tuple[LineToDecide, ...]:
        """The lines without a flag."""
        return tuple(line for line in self.lines if not line.flags)


@dataclass(frozen=True, slots=True)
class ApprovalBoard:
    """All that waits for this actor's decision. `more` lines wait beyond those shown."""

    weeks: tuple[PersonWeek, ...] = ()
    more: int = 0
    own_waiting: int = 0
    clean: tuple[LineToDecide, ...] = field(default=())
    flagged: tuple[LineToDecide, ...] = field(default=())

    @property
    def worked_seconds(self) -> int:
        """Hours of all lines shown, in seconds."""
        return sum(week.worked_seconds for week in self.weeks)

    @property
    def billable_seconds(self) -> int:
        """Billable hours of all lines shown, in seconds."""
        return sum(week.billable_seconds for week in self.weeks)


def to_approve(actor: Actor) -> ApprovalBoard:
    """Return the submitted lines this actor may decide on, oldest week first, flagged by `flags_of`.

    One's own lines are counted in `own_waiting` and left out while the two-person rule is on.
    """
    waiting = lines_to_decide(actor).filter(state=LineState.SUBMITTED, entries__isnull=False).distinct()
    own = 0
    if actor.person_id is not None and duty_applies(DutyRule.APPROVE_OWN_TIME):
        own = waiting.filter(person_id=actor.person_id).count()
        waiting = waiting.exclude(person_id=actor.person_id)
    rows = list(
        waiting.order_by("week", "person__name", "person_id", "task__project__name", "task__name", "pk")
        .values_list("pk", "week", "person_id", "person__name", "task_id",
                     "task__project__name", "task__name")[: MOST_LINES + 1]
    )  # fmt: skip
    more = waiting.count() - MOST_LINES if len(rows) > MOST_LINES else 0
    rows = rows[:MOST_LINES]
    entries = _entries_of([row[0] for row in rows])
    facts = task_facts({row[4] for row in rows})
    flags = _flags(entries, facts)
    weeks = []
    for (monday, person_id, person), group in groupby(rows, key=lambda row: (row[1], row[2], row[3])):
        lines = tuple(
            _to_decide(monday, row[0], facts[row[4]], entries[row[0]], flags.get(row[0], ())) for row in group
        )
        worked = sum(line.worked_seconds for line in lines)
        billable = sum(line.billable_seconds for line in lines)
        weeks.append(PersonWeek(person_id, person, monday, lines, worked, billable))
    return ApprovalBoard(
        weeks=tuple(weeks),
        more=more,
        own_waiting=own,
        clean=tuple(line for week in weeks for line in week.clean),
        flagged=tuple(line for week in weeks for line in week.flagged),
    )


def _to_decide(
    monday: date, line_id: int, task: TaskFacts, entries: Iterable[_Entry], flags: tuple[Flag, ...]
) -> LineToDecide:
    days = [0] * DAYS_PER_WEEK
    billable = 0
    notes = []
    for row in entries:
        days[(row.work_date - monday).days] += row.worked_seconds
        if task.is_billable:
            billable += row.worked_seconds if row.billable_seconds is None else row.billable_seconds
        if row.note:
            notes.append((row.work_date, row.note))
    return LineToDecide(
        line_id=line_id,
        task_id=task.task_id,
        task=task.task_name,
        project_id=task.project_id,
        project=task.project_name,
        client=task.client_name,
        days=tuple(days),
        worked_seconds=sum(days),
        billable_seconds=billable,
        notes=tuple(notes),
        flags=flags,
    )


@dataclass(frozen=True, slots=True)
class MissingWeek:
    """A week in which someone has less time than expected, or time that is not submitted."""

    person_id: int
    person: str
    week: date
    expected_seconds: int
    worked_seconds: int
    unsubmitted_lines: int

    @property
    def missing_seconds(self) -> int:
        """Expected and not there."""
        return max(self.expected_seconds - self.worked_seconds, 0)


def missing_time(actor: Actor, through: date, *, weeks: int = _WEEKS_BACK) -> tuple[MissingWeek, ...]:
    """Return the weeks that ended on or before `through`, at most `weeks` back, with time missing or not submitted.

    Of everybody for who sees all time, else one's own. Expected is capacity: contracted hours less public
    holidays and time off. Most missing first.
    """
    end = week_start(through + timedelta(days=1))
    start = end - timedelta(weeks=weeks)
    people = Person.objects.visible_to(actor)
    if not actor.can(Permission.VIEW_ALL_TIME):
        people = people.filter(pk=actor.person_id or 0)
    names = dict(people.filter(terms__start__lt=end).distinct().values_list("pk", "name"))
    calendar = WorkDays.load(list(names), start, end)
    booked = TimeEntry.objects.filter(person_id__in=names, work_date__gte=start, work_date__lt=end).order_by()
    worked = _by_week(
        booked.annotate(week=TruncWeek("work_date"))
        .values_list("person_id", "week")
        .annotate(sum=Sum("worked_seconds"))
    )
    open_lines = TimesheetLine.objects.filter(
        Exists(TimeEntry.objects.filter(line=OuterRef("pk"))),
        person_id__in=names,
        week__gte=start,
        week__lt=end,
        state__in=[LineState.OPEN, LineState.REJECTED],
    ).order_by()
    unsubmitted = _by_week(open_lines.values_list("person_id", "week").annotate(sum=Count("pk")))
    found = []
    for offset in range(weeks):
        monday = start + timedelta(weeks=offset)
        for person_id, name in names.items():
            key = person_id, monday
            expected = calendar.seconds_in_week(person_id, monday)
            row = MissingWeek(person_id, name, monday, expected, worked.get(key, 0), unsubmitted.get(key, 0))
            if row.missing_seconds or row.unsubmitted_lines:
                found.append(row)
    return tuple(sorted(found, key=lambda row: (-row.missing_seconds, row.person, row.week)))


def _by_week(rows: Iterable[tuple[int, date, int]]) -> dict[tuple[int, date], int]:
    return {(person_id, monday): number for person_id, monday, number in rows}


@dataclass(frozen=True, slots=True)
class FlaggedLine:
    """A flagged line in words: who, what, when and why."""

    line_id: int
    person: str
    project: str
    task: str
    week: date
    reasons: tuple[str, ...]


def flagged_through(
    actor: Actor, through: date, *, include_unsubmitted: bool = False
) -> tuple[FlaggedLine, ...]:
    """Return the flagged lines among those that `approve_through` would take, oldest week first."""
    states = [LineState.SUBMITTED]
    if include_unsubmitted:
        states += [LineState.OPEN, LineState.REJECTED]
    late = TimeEntry.objects.filter(line=OuterRef("pk"), work_date__gt=through)
    lines = lines_to_decide(actor).filter(~Exists(late), state__in=states, week__lte=through)
    if actor.person_id is not None and duty_applies(DutyRule.APPROVE_OWN_TIME):
        lines = lines.exclude(person_id=actor.person_id)
    flags = flags_of(lines.order_by().values("pk"))
    rows = TimesheetLine.objects.filter(pk__in=flags).order_by("week", "person__name", "pk")
    fields = ("pk", "person__name", "task__project__name", "task__name", "week")
    return tuple(
        FlaggedLine(pk, person, project, task, week, tuple(flag.sentence for flag in flags[pk]))
        for pk, person, project, task, week in rows.values_list(*fields)
    )


def unsubmitted_through(actor: Actor, through: date) -> int:
    """Return how many lines this actor could decide on have time up to a day and are not submitted."""
    booked = TimeEntry.objects.filter(line=OuterRef("pk"), work_date__lte=through)
    lines = lines_to_decide(actor).filter(
        Exists(booked), state__in=[LineState.OPEN, LineState.REJECTED], week__lte=through
    )
    return lines.count()
