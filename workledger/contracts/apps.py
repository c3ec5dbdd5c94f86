"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class ContractsConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.contracts"
    label = "contracts"
