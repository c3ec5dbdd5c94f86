"""Time: weeks, cells, entries, timers, and approval."""

from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest

from workledger.api.edge import actor_of, now, today
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.core.access import Permission
from workledger.timesheets import actions, approval, queries
from workledger.timesheets.calc.flags import Flag
from workledger.timesheets.models import LineState

_TIME, _APPROVALS = "Time", "Approvals"
_OWN = (Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
_DECIDES = (Permission.APPROVE_TIME, Permission.APPROVE_ALL_TIME)


@dataclass(frozen=True, slots=True)
class TimerShown:
    """The running timer; null when none runs."""

    running: queries.RunningTimer | None


_ENTRY = shown(queries.EntryRow, "TimeEntry")
_ENTRY_PAGE = shown(queries.EntryDetail, "TimeEntryWithState")
shown(queries.WeekDay, seconds=("total",))
shown(queries.WeekCell, seconds=())
shown(queries.WeekRow, seconds=("total",))
_WEEK = shown(queries.WeekGrid, "Week", seconds=("total",))
shown(queries.RunningTimer, "Timer")
_TIMER = shown(TimerShown, "TimerState")
_TASK = shown(queries.TaskFound, "TaskToBookOn")
shown(Flag)
_LINE = shown(queries.LineToDecide, "LineToDecide", named={"notes": ("day", "note")})
shown(queries.PersonWeek)
_BOARD = shown(queries.ApprovalBoard, omit=("clean", "flagged"))
_MISSING = shown(queries.MissingWeek, also=("missing_seconds",))
shown(actions.CellSaved, seconds=("row_total", "day_total", "week_total"))


@dataclass(frozen=True, slots=True)
class EntriesShown:
    """A page of time entries, newest first, with the sums over all that match, not only this page."""

    items: tuple[queries.EntryRow, ...]
    next_cursor: str | None
    count: int
    worked_seconds: int
    billable_seconds: int


_ENTRIES = shown(EntriesShown, "TimeEntryPage")


@read("/time-entries", _ENTRIES, *_OWN, tag=_TIME, name="list_time_entries", summary="List time entries")
def list_entries(
    request: HttpRequest,
    start: Day | None = None,
    end: Day | None = None,
    person_id: Id | None = None,
    client_id: Id | None = None,
    project_id: Id | None = None,
    task_id: Id | None = None,
    state: LineState | None = None,
    billable: bool | None = None,
    words: Words = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> EntriesShown:
    """Time entries with work dates from `start` to `end`, both included. One's own, or all with the permission."""
    filters = queries.EntryFilters(
        start, end, person_id, client_id, project_id, task_id, state or "", billable, words
    )
    page = queries.entries(actor_of(request), filters, cursor.removeprefix("-"), limit=limit)
    return EntriesShown(page.rows, page.next or None, page.count, page.worked_seconds, page.billable_seconds)


@read(
    "/time-entries/{entry_id}",
    _ENTRY_PAGE,
    *_OWN,
    tag=_TIME,
    name="get_time_entry",
    summary="Get a time entry",
)
def get_entry(request: HttpRequest, entry_id: Id) -> queries.EntryDetail:
    """A time entry; `why_locked` says in one sentence why it cannot be changed, if so."""
    return queries.entry(actor_of(request), entry_id)


_TODAY = {"on": today}
act("POST", "/people/{person_id}/time-entries", actions.add_entry, tag=_TIME, gives="id", own=_TODAY)
act("PUT", "/time-entries/{entry_id}", actions.change_entry, tag=_TIME, own=_TODAY)
act("DELETE", "/time-entries/{entry_id}", actions.delete_entry, tag=_TIME, own=_TODAY)


@read("/people/{person_id}/weeks/{monday}", _WEEK, *_OWN, tag=_TIME, name="get_week", summary="Get a week")
def get_week(request: HttpRequest, person_id: Id, monday: Day) -> queries.WeekGrid:
    """A person's week as a grid of tasks and days. `monday` may be any day of the week."""
    return queries.week(actor_of(request), person_id, monday, today=today())


act("PUT", "/people/{person_id}/cells/{task_id}/{day}", actions.save_cell, tag=_TIME, own=_TODAY)
act("POST", "/people/{person_id}/weeks/{monday}/submit", actions.submit_week, tag=_TIME)
act("POST", "/people/{person_id}/weeks/{monday}/recall", actions.recall_week, tag=_TIME)
act("POST", "/people/{person_id}/weeks/{monday}/copy", actions.copy_last_week, tag=_TIME, gives="rows")


@read("/timer", _TIMER, Permission.TRACK_TIME, tag=_TIME, name="get_timer", summary="Get my timer")
def get_timer(request: HttpRequest) -> TimerShown:
    """One's own running timer."""
    return TimerShown(queries.running_timer(actor_of(request)))


_NOW = {"at": now}
act("POST", "/timer/start", actions.start_timer, tag=_TIME, own=_NOW)
act("POST", "/timer/stop", actions.stop_timer, tag=_TIME, own=_NOW)
act("POST", "/timer/discard", actions.discard_timer, tag=_TIME)


@read(
    "/bookable-tasks",
    list_of(_TASK),
    *_OWN,
    tag=_TIME,
    name="search_tasks",
    summary="Search tasks to book on",
)
def search_tasks(
    request: HttpRequest, words: Words = "", person_id: Id | None = None
) -> tuple[queries.TaskFound, ...]:
    """At most 20 open tasks that hold every word; those booked on most lately first."""
    return queries.task_search(actor_of(request), words, person_id)


@read(
    "/missing-time",
    page_of(_MISSING),
    *_OWN,
    tag=_TIME,
    name="list_missing_time",
    summary="List missing time",
)
def list_missing(
    request: HttpRequest, through: Day | None = None, cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[queries.MissingWeek]:
    """Weeks of the last four that lack time or are not submitted, by person and week."""
    rows = queries.missing_time(actor_of(request), through or today())
    return cut(rows, lambda row: (row.person.casefold(), row.person_id, row.week), cursor, limit)


@read(
    "/approvals", _BOARD, *_DECIDES, tag=_APPROVALS, name="list_approvals", summary="List what waits for me"
)
def list_approvals(request: HttpRequest) -> queries.ApprovalBoard:
    """Submitted lines that this caller may decide on, oldest week first, with their flags; at most 600."""
    return queries.to_approve(actor_of(request))


@read(
    "/approvals/lines", page_of(_LINE), *_DECIDES,
    tag=_APPROVALS, name="list_lines_to_decide", summary="List lines to decide on",
)  # fmt: skip
def list_lines(
    request: HttpRequest,
    flagged: Literal["", "yes", "no"] = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.LineToDecide]:
    """The same lines as a flat list by id; `days` are seconds from Monday to Sunday."""
    board = queries.to_approve(actor_of(request))
    chosen = {"": (*board.clean, *board.flagged), "yes": board.flagged, "no": board.clean}[flagged]
    return cut(chosen, lambda line: (line.line_id,), cursor, limit)


act("POST", "/approvals/approve", approval.approve_lines, tag=_APPROVALS)
act("POST", "/approvals/approve-through", approval.approve_through, tag=_APPROVALS)
act("POST", "/approvals/reject", actions.reject_lines, tag=_APPROVALS, gives="lines")
act("POST", "/timesheet-lines/{line_id}/withdraw", approval.withdraw_approval, tag=_APPROVALS, own=_TODAY)
