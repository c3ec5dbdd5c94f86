"""Registers the package and listens to what the floors below tell."""

from workledger.core.triggers import WorkledgerAppConfig


class ForecastConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.forecast"
    label = "forecast"
    listeners = ("workledger.forecast.listeners",)
