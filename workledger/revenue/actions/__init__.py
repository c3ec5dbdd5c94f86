"""Every write of revenue: obligations and their changes, what is believed of them, runs."""

from workledger.revenue.actions.beliefs import (
    decide_progress,
    estimate_variable,
    record_progress,
    revise_estimate,
)
from workledger.revenue.actions.obligations import (
    complete_obligation,
    decide_modification,
    dismiss_modification,
    exercise_option,
    modify_contract,
    set_obligations,
)
from workledger.revenue.actions.runs import not_recognized_yet, recognize

__all__ = [
    "complete_obligation",
    "decide_modification",
    "decide_progress",
    "dismiss_modification",
    "estimate_variable",
    "exercise_option",
    "modify_contract",
    "not_recognized_yet",
    "recognize",
    "record_progress",
    "revise_estimate",
    "set_obligations",
]
