"""Registers the package and listens to what the floors below tell."""

from workledger.core.triggers import WorkledgerAppConfig


class BillingConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.billing"
    label = "billing"
    sql = ("billing.sql",)
    listeners = ("workledger.billing.listeners", "workledger.billing.checks")
