"""Every write of the close."""

from workledger.close.actions.checklist import (
    assign_step,
    check_books,
    complete_step,
    lock_period,
    remind,
    reopen_step,
    start_close,
)

__all__ = [
    "assign_step",
    "check_books",
    "complete_step",
    "lock_period",
    "remind",
    "reopen_step",
    "start_close",
]
