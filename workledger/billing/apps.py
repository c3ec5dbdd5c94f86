"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class BillingConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.billing"
    label = "billing"
