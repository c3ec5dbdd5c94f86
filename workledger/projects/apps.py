"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig
from workledger.ledger.dimensions import Dimension, register_dimension


class ProjectsConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.projects"
    label = "projects"
    listeners = ("workledger.projects.listeners",)

    def ready(self) -> None:
        """Say which dimensions of postings live here."""
        super().ready()
        register_dimension(Dimension.PROJECT, self.get_model("Project"))
        register_dimension(Dimension.TASK, self.get_model("Task"))
