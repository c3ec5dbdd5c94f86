"""Tables of the close."""

from workledger.close.period_end_models import (
    AccrualPolicy,
    PeriodEndLine,
    PeriodEndRun,
    RunKind,
    What,
)

__all__ = ["AccrualPolicy", "PeriodEndLine", "PeriodEndRun", "RunKind", "What"]
