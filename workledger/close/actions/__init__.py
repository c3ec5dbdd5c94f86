"""Every write of the close."""

from workledger.close.actions.accruals import accrue, set_accrual_policy
from workledger.close.actions.checklist import (
    assign_step,
    check_books,
    complete_step,
    lock_period,
    remind,
    reopen_step,
    start_close,
)
from workledger.close.actions.valuation import revalue

__all__ = [
    "accrue",
    "assign_step",
    "check_books",
    "complete_step",
    "lock_period",
    "remind",
    "reopen_step",
    "revalue",
    "set_accrual_policy",
    "start_close",
]
