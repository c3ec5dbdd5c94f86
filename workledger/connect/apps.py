"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class ConnectConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.connect"
    label = "connect"
