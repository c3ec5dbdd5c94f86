"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class ForecastConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.forecast"
    label = "forecast"
