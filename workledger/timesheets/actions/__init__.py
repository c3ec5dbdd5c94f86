"""Writes of timesheets: cells and entries, the week, rejection, timers. Approval stands in `approval.py`."""

from workledger.timesheets.actions.deciding import reject_lines
from workledger.timesheets.actions.entries import (
    CellSaved,
    EntryInput,
    add_entry,
    change_entry,
    delete_entry,
    save_cell,
)
from workledger.timesheets.actions.timers import TimerStopped, discard_timer, start_timer, stop_timer
from workledger.timesheets.actions.week import Submitted, copy_last_week, recall_week, submit_week

__all__ = [
    "CellSaved",
    "EntryInput",
    "Submitted",
    "TimerStopped",
    "add_entry",
    "change_entry",
    "copy_last_week",
    "delete_entry",
    "discard_timer",
    "recall_week",
    "reject_lines",
    "save_cell",
    "start_timer",
    "stop_timer",
    "submit_week",
]
