"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class CloseConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.close"
    label = "close"
    listeners = (
        "workledger.close.actions",
        "workledger.close.listeners",
        "workledger.close.live",
        "workledger.close.period_end_checks",
        "workledger.close.period_end_steps",
    )
