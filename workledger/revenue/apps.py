"""Registers the package and listens to what the floors below tell."""

from workledger.core.triggers import WorkledgerAppConfig


class RevenueConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.revenue"
    label = "revenue"
    listeners = ("workledger.revenue.listeners", "workledger.revenue.checks")
