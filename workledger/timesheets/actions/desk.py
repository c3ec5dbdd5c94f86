"""What every write of time needs: whose time it is, the task, the line held by a lock, the limits of a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import BooleanField, Case, OuterRef, Subquery, Value, When

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import warn
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import Person
from workledger.kernel.period import week_start
from workledger.kernel.quantity import hours
from workledger.ledger.models import Period, PeriodState
from workledger.projects.models import ProjectState, Task
from workledger.timesheets.approval import withdraw_approval
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine

DAY_SECONDS = 24 * 3600
VOIDS_APPROVAL = "voids_approval"


class TaskDesk(NamedTuple):
    """What a write needs of a task on a day. `period` is the state of the month of its entity, None when not open yet."""

    task_id: int
    task: str
    project: str
    is_open: bool
    project_closed: bool
    period: str | None
    period_name: str | None

    @property
    def notice(self) -> str:
        """What to say when the month is closed."""
        if self.period in (None, PeriodState.OPEN):
            return ""
        return f"{self.period_name} is closed: this time keeps its day and is posted in the first open month."


class WeekEntry(NamedTuple):
    """An entry of the person in the week at hand."""

    id: int
    line_id: int
    task_id: int
    work_date: date
    worked_seconds: int


@dataclass(frozen=True, slots=True)
class Desk:
    """A person's week, held: nobody else writes this person's time until the act ends."""

    person_id: int
    monday: date
    entries: list[WeekEntry]

    def day_seconds(self, day: date, *, without: Collection[int] = ()) -> int:
        """Return what the person has on a day, without some entries."""
        return sum(e.worked_seconds for e in self.entries if e.work_date == day and e.id not in without)


def may_write(actor: Actor, person_id: int) -> None:
    """Refuse unless the time is the actor's own, or the actor edits everybody's. Refuses: forbidden, not_found."""
    if person_id == actor.person_id:
        return
    if not actor.can(Permission.EDIT_ALL_TIME):
        raise Forbidden.because(
            "not_your_time", "You may change only your own time. Ask its owner, or Finance, to change this."
        )
    locks.one(Person.objects.visible_to(actor), person_id)


def hold(person_id: int, monday: date) -> Desk:
    """Let one act at a time write a person's time, and read the week."""
    locks.named(f"timesheets.person.{person_id}")
    rows = TimeEntry.objects.filter(
        person_id=person_id, work_date__gte=monday, work_date__lt=monday + timedelta(days=7)
    )
    fields = rows.order_by("id").values_list(*WeekEntry._fields)
    return Desk(person_id, monday, [WeekEntry._make(row) for row in fields])


def task_on(actor: Actor, task_id: int, day: date) -> TaskDesk:
    """Return the task as a write of time on `day` sees it, in one query. Refuses: not_found."""
    period = Period.objects.filter(book_id=OuterRef("project__entity_id"), start__lte=day, end__gt=day)
    row = (
        Task.objects.visible_to(actor)
        .filter(pk=task_id)
        .order_by()
        .annotate(
            project_closed=Case(
                When(project__state=ProjectState.CLOSED, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
            period=Subquery(period.values("state")[:1]),
            period_name=Subquery(period.values("name")[:1]),
        )
        .values_list("pk", "name", "project__name", "is_open", "project_closed", "period", "period_name")
        .first()
    )
    if row is None:
        raise locks.not_found(Task)
    return TaskDesk._make(row)


def line_for_update(actor: Actor, person_id: int, task_id: int, day: date) -> TimesheetLine | None:
    """Lock and return the line of a person's task in the week of `day`, None when there is none."""
    found: TimesheetLine | None = (
        TimesheetLine.objects.visible_to(actor)
        .filter(person_id=person_id, task_id=task_id, week=week_start(day))
        .select_for_update(of=("self",))
        .first()
    )
    return found


def line_made(person_id: int, task_id: int, day: date) -> TimesheetLine:
    """Return the line of a person's task in the week of `day`, made when there is none."""
    line: TimesheetLine
    line, _ = TimesheetLine.objects.get_or_create(
        person_id=person_id, task_id=task_id, week=week_start(day), defaults={"state": LineState.OPEN}
    )
    return line


def make_editable(actor: Actor, line: TimesheetLine, task: TaskDesk, *, on: date) -> LineState:
    """Refuse to change a submitted line; void the approval of an approved one, which the caller confirms.

    Returns the state of the line after. Refuses: submitted, and what billing holds; warns: voids_approval.
    """
    if line.state == LineState.SUBMITTED:
        raise Refused.because(
            "submitted", f"{task.task} is submitted for this week. Recall the week to change it.", "hours"
        )
    if line.state == LineState.APPROVED:
        warn(
            VOIDS_APPROVAL,
            f"{task.task} is approved for this week. Changing it voids the approval: the line is open again and has"
            " to be submitted and approved once more.",
        )
        withdraw_approval(actor=actor, line_id=line.pk, reason="The time was changed after approval.", on=on)
        return LineState.OPEN
    return LineState(line.state)


def check_day(day_seconds: int, day: date) -> None:
    """Refuse more than 24 hours of one person on one day."""
    if day_seconds > DAY_SECONDS:
        message = f"That makes {hours(day_seconds)} h on {named(day)}. A day has 24; check the other tasks of that day."
        raise Refused.because("day_over_24h", message, "hours")


def check_open(task: TaskDesk) -> None:
    """Refuse to add time to what is closed."""
    if task.project_closed or not task.is_open:
        what = f"Project {task.project}" if task.project_closed else f"Task {task.task}"
        message = f"{what} is closed and takes no more time. Choose another task, or ask the project manager to reopen it."
        raise Refused.because("task_closed", message, "task_id")


def check_seconds(seconds: int, field: str) -> None:
    """Refuse what is no possible time of an entry."""
    if not 0 <= seconds <= DAY_SECONDS:
        raise Refused.because("hours_impossible", "An entry has from 0 to 24 hours.", field)


def named(day: date) -> str:
    """Return a day as a sentence names it: 'Mon 2 Mar'."""
    return f"{day:%a} {day.day} {day:%b}"
