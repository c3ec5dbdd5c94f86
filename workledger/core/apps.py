"""Installs the database's own rules after migrations, and tunes the process for acts on many rows."""

import gc

from django.db.models.signals import post_migrate, pre_migrate

from workledger.core.triggers import WorkledgerAppConfig, install, install_functions

# Acts build a hundred thousand rows that all stay until the act ends. Looking for cycles among them after every
# 700th, Python's habit, was measured at a fifth of an approval and a quarter of a bill run.
_COLLECT_AFTER = (100_000, 20, 100)


class CoreConfig(WorkledgerAppConfig):
    """The door and what stands around it."""

    name = "workledger.core"
    label = "core"

    def ready(self) -> None:
        """Run the SQL of the house around each migration run; collect garbage less eagerly."""
        gc.set_threshold(*_COLLECT_AFTER)
        pre_migrate.connect(install_functions, sender=self, dispatch_uid="workledger.functions")
        post_migrate.connect(install, sender=self, dispatch_uid="workledger.triggers")
