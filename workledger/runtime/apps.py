"""The runtime as a Django app: after every migrate the shared cache has its table, and the rules are noted."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate

from workledger.runtime import migrations


class RuntimeConfig(AppConfig):
    """Completes what migrations leave, wherever they run: command line, tests, containers."""

    name = "workledger.runtime"
    label = "runtime"

    def ready(self) -> None:
        """Listen for the end of migrations, once per run: an app without models is never a sender."""
        post_migrate.connect(_after_migrate, sender=apps.get_app_config("contenttypes"))


def _after_migrate(*, using: str, **_: Any) -> None:
    call_command("createcachetable", database=using, verbosity=0)
    migrations.remember_rules()


class NeededStaticFiles(StaticFilesConfig):
    """Static files without what no page asks for: htmx's extensions, bundles and unminified twins."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/ext/*", "htmax-*", "htmx-[0-9].js"]
