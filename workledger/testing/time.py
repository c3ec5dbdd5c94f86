"""Builders of time for tests: booked, submitted, approved."""

from datetime import date
from decimal import Decimal

from workledger.kernel.period import week_start
from workledger.kernel.quantity import seconds_of
from workledger.projects.models import Task
from workledger.testing.world import Somebody, World
from workledger.timesheets.approval import Approved, approve_lines
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine


def book(
    who: Somebody, task: Task, day: date, hours: str, *, billable: str | None = None, note: str = "Work"
) -> TimeEntry:
    """Book hours of somebody on a task, on a submitted line."""
    line, _ = TimesheetLine.objects.get_or_create(
        person_id=who.person_id, task=task, week=week_start(day), defaults={"state": LineState.SUBMITTED}
    )
    return TimeEntry.objects.create(
        line=line,
        person_id=who.person_id,
        task=task,
        work_date=day,
        worked_seconds=seconds_of(Decimal(hours)),
        billable_seconds=None if billable is None else seconds_of(Decimal(billable)),
        note=note,
    )


def approve_all(world: World) -> Approved:
    """Have the system approve every submitted line."""
    lines = TimesheetLine.objects.filter(state=LineState.SUBMITTED).values_list("pk", flat=True)
    return approve_lines(actor=world.system, line_ids=list(lines))


def approved(who: Somebody, world: World, task: Task, day: date, hours: str, **options: str) -> TimeEntry:
    """Book hours and have them approved."""
    entry = book(who, task, day, hours, **options)
    approve_all(world)
    return entry
