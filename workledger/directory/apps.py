"""Registers the package."""

from workledger.core.triggers import WorkledgerAppConfig


class DirectoryConfig(WorkledgerAppConfig):
    """See the package's docstring."""

    name = "workledger.directory"
    label = "directory"
