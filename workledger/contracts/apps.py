"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig
from workledger.ledger.dimensions import Dimension, register_dimension


class ContractsConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.contracts"
    label = "contracts"

    def ready(self) -> None:
        """Say which dimensions of postings live here."""
        super().ready()
        register_dimension(Dimension.CONTRACT, self.get_model("Contract"))
        register_dimension(Dimension.CONTRACT_LINE, self.get_model("ContractLine"))
