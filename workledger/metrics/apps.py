"""Registers the package."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    """See the package's docstring."""

    name = "workledger.metrics"
    label = "metrics"
