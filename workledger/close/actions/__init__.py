"""Every write of the close."""

from workledger.close.actions.accruals import accrue, set_accrual_policy
from workledger.close.actions.valuation import revalue

__all__ = ["accrue", "revalue", "set_accrual_policy"]
