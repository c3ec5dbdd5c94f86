"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class ReceivablesConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.receivables"
    label = "receivables"
    listeners = ("workledger.receivables.listeners", "workledger.receivables.checks")
