"""The runtime as a Django app: after every migrate the shared cache has its table."""

from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class RuntimeConfig(AppConfig):
    """Makes the cache table wherever migrations run: command line, tests, containers."""

    name = "workledger.runtime"
    label = "runtime"

    def ready(self) -> None:
        """Listen for the end of migrations."""
        post_migrate.connect(_make_cache_table, sender=self)


def _make_cache_table(*, using: str, **_: Any) -> None:
    call_command("createcachetable", database=using, verbosity=0)
