"""Reads of timesheets: the week, what waits for a decision, missing time, entries, tasks to book on."""

from workledger.timesheets.queries.deciding import (
    ApprovalBoard,
    LineToDecide,
    MissingWeek,
    PersonWeek,
    flags_of,
    lines_to_decide,
    missing_time,
    to_approve,
)
from workledger.timesheets.queries.entries import (
    EntryDetail,
    EntryFilters,
    EntryPage,
    EntryRow,
    cell_entries,
    entries,
    entry,
    explain,
    export_entries,
)
from workledger.timesheets.queries.tasks import TaskFound, task_search
from workledger.timesheets.queries.week import (
    RunningTimer,
    WeekCell,
    WeekDay,
    WeekGrid,
    WeekRow,
    running_timer,
    week,
)

__all__ = [
    "ApprovalBoard",
    "EntryDetail",
    "EntryFilters",
    "EntryPage",
    "EntryRow",
    "LineToDecide",
    "MissingWeek",
    "PersonWeek",
    "RunningTimer",
    "TaskFound",
    "WeekCell",
    "WeekDay",
    "WeekGrid",
    "WeekRow",
    "cell_entries",
    "entries",
    "entry",
    "explain",
    "export_entries",
    "flags_of",
    "lines_to_decide",
    "missing_time",
    "running_timer",
    "task_search",
    "to_approve",
    "week",
]
