"""Installs the database's own rules after migrations."""

from django.db.models.signals import post_migrate, pre_migrate

from workledger.core.triggers import WorkledgerAppConfig, install, install_functions


class CoreConfig(WorkledgerAppConfig):
    """The door and what stands around it."""

    name = "workledger.core"
    label = "core"

    def ready(self) -> None:
        """Run the SQL of the house around each migration run."""
        pre_migrate.connect(install_functions, sender=self, dispatch_uid="workledger.functions")
        post_migrate.connect(install, sender=self, dispatch_uid="workledger.triggers")
