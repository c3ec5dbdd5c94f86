"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class ProjectsConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.projects"
    label = "projects"
