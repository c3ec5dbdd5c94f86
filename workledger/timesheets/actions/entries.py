"""Writes of cells and entries."""

from dataclasses import dataclass
from datetime import date, time

from django.db.models import QuerySet

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Refused
from workledger.kernel.period import week_start
from workledger.kernel.quantity import hours
from workledger.timesheets.actions import desk as desks
from workledger.timesheets.actions.desk import Desk, TaskDesk
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine


@dataclass(frozen=True, slots=True)
class CellSaved:
    """A cell after it was saved: whole seconds of the cell, its row, its day and the week, and the line's state.

    `notice` is '' or says that the month is closed and where the time is posted.
    """

    seconds: int
    row_total: int
    day_total: int
    week_total: int
    state: LineState
    notice: str = ""


@action("timesheets.save_cell", needs=Permission.TRACK_TIME)
def save_cell(
    *,
    actor: Actor,
    person_id: int,
    task_id: int,
    day: date,
    worked_seconds: int | None,
    on: date,
    note: str | None = None,
    billable_seconds: int | None = None,
) -> CellSaved:
    """Set what a person worked on a task on a day; None or 0 clears the cell.

    `note` and `billable_seconds` that are None stay as they are. `on` is the day of the edit: an approval it
    voids is taken back on that day.

    Refuses: not_found, not_your_time, hours_impossible, day_over_24h, task_closed (only for more time),
    several_entries, submitted, and what billing holds. Warns: voids_approval.
    """
    wanted = worked_seconds or 0
    desks.check_seconds(wanted, "hours")
    if billable_seconds is not None:
        desks.check_seconds(billable_seconds, "billable")
    desks.may_write(actor, person_id)
    task = desks.task_on(actor, task_id, day)
    desk = desks.hold(person_id, week_start(day))
    line = desks.line_for_update(actor, person_id, task_id, day)
    here = [entry for entry in desk.entries if entry.task_id == task_id and entry.work_date == day]
    if len(here) > 1:
        message = f"{task.task} has {len(here)} entries on {desks.named(day)}. Open the row and change them one by one."
        raise Refused.because("several_entries", message, "hours")
    before = here[0].worked_seconds if here else 0
    if wanted > before:
        desks.check_open(task)
    desks.check_day(desk.day_seconds(day, without=[entry.id for entry in here]) + wanted, day)
    state = LineState.OPEN if line is None else LineState(line.state)
    if here or wanted:
        if line is not None:
            state = desks.make_editable(actor, line, task, on=on)
        line = line or desks.line_made(person_id, task_id, day)
        _write_cell(line, here[0].id if here else None, day, wanted, note, billable_seconds)
        record(line, f"{hours(wanted)} h on {task.task}, {desks.named(day)}")
    return _saved(desk, task, day, wanted, before, state)


def _write_cell(
    line: TimesheetLine, entry_id: int | None, day: date, wanted: int, note: str | None, billable: int | None
) -> None:
    if entry_id is None:
        TimeEntry.objects.create(
            line=line,
            person_id=line.person_id,
            task_id=line.task_id,
            work_date=day,
            worked_seconds=wanted,
            billable_seconds=billable,
            note=(note or "").strip(),
        )
        return
    entry: QuerySet[TimeEntry] = TimeEntry.objects.filter(pk=entry_id)
    if not wanted:
        entry.delete()
        return
    changes: dict[str, int | str] = {"worked_seconds": wanted}
    if note is not None:
        changes["note"] = note.strip()
    if billable is not None:
        changes["billable_seconds"] = billable
    entry.update(**changes)


def _saved(desk: Desk, task: TaskDesk, day: date, wanted: int, before: int, state: LineState) -> CellSaved:
    change = wanted - before
    return CellSaved(
        seconds=wanted,
        row_total=sum(e.worked_seconds for e in desk.entries if e.task_id == task.task_id) + change,
        day_total=desk.day_seconds(day) + change,
        week_total=sum(e.worked_seconds for e in desk.entries) + change,
        state=state,
        notice=task.notice if wanted else "",
    )


@dataclass(frozen=True, slots=True)
class EntryInput:
    """All of an entry that a person decides. `billable_seconds` None is 'as worked where the line bills', not zero."""

    task_id: int
    day: date
    worked_seconds: int
    billable_seconds: int | None = None
    note: str = ""
    started_at: time | None = None


@action("timesheets.add_entry", needs=Permission.TRACK_TIME)
def add_entry(*, actor: Actor, person_id: int, entry: EntryInput, on: date) -> int:
    """Add an entry beside what stands in the cell already; returns its id.

    Refuses and warns like `save_cell`, but for several_entries.
    """
    _check(entry)
    desks.may_write(actor, person_id)
    task = desks.task_on(actor, entry.task_id, entry.day)
    desks.check_open(task)
    desk = desks.hold(person_id, week_start(entry.day))
    desks.check_day(desk.day_seconds(entry.day) + entry.worked_seconds, entry.day)
    line = desks.line_for_update(actor, person_id, entry.task_id, entry.day)
    if line is not None:
        desks.make_editable(actor, line, task, on=on)
    line = line or desks.line_made(person_id, entry.task_id, entry.day)
    made = TimeEntry.objects.create(line=line, person_id=person_id, **_fields(entry))
    record(made, f"Added {hours(entry.worked_seconds)} h on {task.task}, {desks.named(entry.day)}")
    return int(made.pk)


@action("timesheets.change_entry", needs=Permission.TRACK_TIME)
def change_entry(*, actor: Actor, entry_id: int, entry: EntryInput, on: date) -> None:
    """Change an entry, or move it to another day or task.

    Refuses and warns like `save_cell`, but for several_entries; of both lines when it moves.
    """
    _check(entry)
    found = locks.one(TimeEntry.objects.visible_to(actor), entry_id)
    desks.may_write(actor, found.person_id)
    before = desks.task_on(actor, found.task_id, found.work_date)
    moves = (found.task_id, week_start(found.work_date)) != (entry.task_id, week_start(entry.day))
    task = desks.task_on(actor, entry.task_id, entry.day) if moves else before
    if entry.worked_seconds > found.worked_seconds or entry.task_id != found.task_id:
        desks.check_open(task)
    desk = desks.hold(found.person_id, week_start(entry.day))
    desks.check_day(desk.day_seconds(entry.day, without=[entry_id]) + entry.worked_seconds, entry.day)
    line = desks.line_for_update(actor, found.person_id, found.task_id, found.work_date)
    if line is None or not TimeEntry.objects.filter(pk=entry_id, line=line).exists():
        raise locks.not_found(TimeEntry)
    desks.make_editable(actor, line, before, on=on)
    if moves:
        target = desks.line_for_update(actor, found.person_id, entry.task_id, entry.day)
        if target is not None:
            desks.make_editable(actor, target, task, on=on)
        line = target or desks.line_made(found.person_id, entry.task_id, entry.day)
    TimeEntry.objects.filter(pk=entry_id).update(line=line, **_fields(entry))
    record(found, f"Changed to {hours(entry.worked_seconds)} h on {task.task}, {desks.named(entry.day)}")


@action("timesheets.delete_entry", needs=Permission.TRACK_TIME)
def delete_entry(*, actor: Actor, entry_id: int, on: date) -> None:
    """Delete an entry; the row log keeps it. Refuses: not_found, not_your_time, submitted; warns: voids_approval."""
    found = locks.one(TimeEntry.objects.visible_to(actor), entry_id)
    desks.may_write(actor, found.person_id)
    task = desks.task_on(actor, found.task_id, found.work_date)
    desks.hold(found.person_id, week_start(found.work_date))
    line = desks.line_for_update(actor, found.person_id, found.task_id, found.work_date)
    if line is not None:
        desks.make_editable(actor, line, task, on=on)
    record(found, f"Deleted {hours(found.worked_seconds)} h on {task.task}, {desks.named(found.work_date)}")
    TimeEntry.objects.filter(pk=entry_id).delete()


def _check(entry: EntryInput) -> None:
    desks.check_seconds(entry.worked_seconds, "hours")
    if entry.billable_seconds is not None:
        desks.check_seconds(entry.billable_seconds, "billable")


def _fields(entry: EntryInput) -> dict[str, object]:
    return {
        "task_id": entry.task_id,
        "work_date": entry.day,
        "worked_seconds": entry.worked_seconds,
        "billable_seconds": entry.billable_seconds,
        "note": entry.note.strip(),
        "started_at": entry.started_at,
    }
