"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig
from workledger.ledger.dimensions import Dimension, register_dimension


class DirectoryConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.directory"
    label = "directory"

    def ready(self) -> None:
        """Say which dimensions of postings live here."""
        super().ready()
        register_dimension(Dimension.CLIENT, self.get_model("Client"))
        register_dimension(Dimension.PERSON, self.get_model("Person"))
        register_dimension(Dimension.ROLE, self.get_model("Role"))
        register_dimension(Dimension.PRACTICE, self.get_model("Practice"))
        register_dimension(Dimension.OFFICE, self.get_model("Office"))
