"""Writes of a whole week: copy, submit, recall."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.kernel.period import week_start
from workledger.kernel.quantity import hours
from workledger.projects.queries import task_facts
from workledger.timesheets.actions import desk as desks
from workledger.timesheets.approval import decide
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine

_LOOK_BACK = timedelta(weeks=8)
_DECIDED = (
    "line_id",
    "pk",
    "person_id",
    "task_id",
    "work_date",
    "worked_seconds",
    "billable_seconds",
    "note",
)


@action("timesheets.copy_last_week", needs=Permission.TRACK_TIME)
def copy_last_week(*, actor: Actor, person_id: int, monday: date, with_hours: bool = False) -> int:
    """Bring the rows of the latest earlier week into a week, with its hours where the cells are empty if wanted.

    Closed tasks stay behind. A week is looked for up to eight weeks back. Returns how many rows were added.
    Refuses: not_found, not_your_time, nothing_to_copy, day_over_24h.
    """
    desks.may_write(actor, person_id)
    monday = week_start(monday)
    desk = desks.hold(person_id, monday)
    rows = TimesheetLine.objects.visible_to(actor).filter(person_id=person_id)
    earlier = rows.filter(week__lt=monday, week__gte=monday - _LOOK_BACK, entries__isnull=False)
    latest = earlier.order_by("-week").values_list("week", flat=True).first()
    tasks = set(rows.filter(week=latest).values_list("task_id", flat=True)) if latest else set()
    open_tasks = {pk for pk, task in task_facts(tasks).items() if task.is_open} if tasks else set()
    if latest is None or not open_tasks:
        raise Refused.because(
            "nothing_to_copy", "The last eight weeks have no row to copy. Add a task by searching for it."
        )
    present = {line.task_id: line for line in rows.filter(week=monday).select_for_update(of=("self",))}
    missing = sorted(open_tasks - present.keys())
    for task_id in missing:
        present[task_id] = TimesheetLine.objects.create(person_id=person_id, task_id=task_id, week=monday)
    if with_hours:
        _copy_hours(desk, latest, {task_id: present[task_id] for task_id in open_tasks})
    record(None, f"Copied {len(missing)} rows of the week of {latest} into the week of {monday}")
    return len(missing)


def _copy_hours(desk: desks.Desk, latest: date, lines: dict[int, TimesheetLine]) -> None:
    shift = desk.monday - latest
    taken = {(entry.task_id, entry.work_date) for entry in desk.entries}
    editable = {
        task_id: line for task_id, line in lines.items() if line.state in (LineState.OPEN, LineState.REJECTED)
    }
    source = TimeEntry.objects.filter(
        person_id=desk.person_id,
        task_id__in=editable,
        work_date__gte=latest,
        work_date__lt=latest + timedelta(days=7),
    )
    added: dict[date, int] = defaultdict(int)
    copies = []
    for entry in source.order_by("pk"):
        day = entry.work_date + shift
        if (entry.task_id, day) in taken:
            continue
        added[day] += entry.worked_seconds
        copies.append(
            (editable[entry.task_id].pk, desk.person_id, entry.task_id, day, entry.worked_seconds,
             entry.billable_seconds, entry.note)
        )  # fmt: skip
    for day, seconds in added.items():
        desks.check_day(desk.day_seconds(day) + seconds, day)
    fields = ("line", "person", "task", "work_date", "worked_seconds", "billable_seconds", "note")
    bulk.copy_rows(TimeEntry, fields, copies)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was submitted or recalled. `worked_seconds` is whole."""

    lines: int
    worked_seconds: int


@action("timesheets.submit_week", needs=Permission.TRACK_TIME)
def submit_week(*, actor: Actor, person_id: int, monday: date) -> Submitted:
    """Submit every open or rejected line of a week that has time.

    Refuses: not_found, not_your_time, nothing_to_submit; note_missing for each cell whose contract wants a note,
    its field '<task id>|<date>'.
    """
    desks.may_write(actor, person_id)
    monday = week_start(monday)
    desks.hold(person_id, monday)
    lines = _lines(actor, person_id, monday, LineState.OPEN, LineState.REJECTED)
    rows = _rows(lines)
    filled = {row[0] for row in rows}
    if not filled:
        raise Refused.because("nothing_to_submit", "This week has no open time. Type some hours first.")
    facts = task_facts({line.task_id for line in lines})
    problems = Problems()
    for row in rows:
        _, _, _, task_id, day, worked, _, note = row
        if worked and facts[task_id].requires_notes and not note.strip():
            name = f"{facts[task_id].task_name}, {desks.named(day)}"
            problems.add(
                "note_missing", f"{name}: the contract asks for a note.", f"{task_id}|{day.isoformat()}"
            )
    problems.refuse()
    return _decided(actor, lines, rows, "submitted", LineState.SUBMITTED)


@action("timesheets.recall_week", needs=Permission.TRACK_TIME)
def recall_week(*, actor: Actor, person_id: int, monday: date) -> Submitted:
    """Take a week's submitted lines back, so that they can be changed; approved ones stay.

    Refuses: not_found, not_your_time, nothing_to_recall.
    """
    desks.may_write(actor, person_id)
    monday = week_start(monday)
    desks.hold(person_id, monday)
    lines = _lines(actor, person_id, monday, LineState.SUBMITTED)
    if not lines:
        raise Refused.because(
            "nothing_to_recall", "Nothing of this week waits for approval, so there is nothing to recall."
        )
    return _decided(actor, lines, _rows(lines), "recalled", LineState.OPEN)


def _lines(actor: Actor, person_id: int, monday: date, *states: LineState) -> list[TimesheetLine]:
    rows = TimesheetLine.objects.visible_to(actor).filter(person_id=person_id, week=monday, state__in=states)
    return locks.all_for_update(rows, rows.values_list("pk", flat=True))


def _rows(lines: list[TimesheetLine]) -> list[tuple[int, int, int, int, date, int, int | None, str]]:
    entries = TimeEntry.objects.filter(line__in=lines).order_by("line_id", "pk")
    return list(entries.values_list(*_DECIDED))


def _decided(
    actor: Actor,
    lines: list[TimesheetLine],
    rows: list[tuple[int, int, int, int, date, int, int | None, str]],
    decision: str,
    state: LineState,
) -> Submitted:
    filled = {row[0] for row in rows}
    line_ids = [line.pk for line in lines if line.pk in filled or state == LineState.OPEN]
    decide(actor, rows, line_ids, decision, state, "")
    seconds = sum(row[5] for row in rows)
    one = lines[0] if len(lines) == 1 else None
    record(one, f"{decision.capitalize()} {len(line_ids)} lines, {hours(seconds)} h, week of {lines[0].week}")
    return Submitted(len(line_ids), seconds)
