"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class GeneralLedgerConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.gl"
    label = "gl"
