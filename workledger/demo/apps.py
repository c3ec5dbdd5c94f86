"""Registers the demo firm's action."""

from workledger.core.triggers import WorkledgerAppConfig


class DemoConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.demo"
    label = "demo"
