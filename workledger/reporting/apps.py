"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class ReportingConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.reporting"
    label = "reporting"
