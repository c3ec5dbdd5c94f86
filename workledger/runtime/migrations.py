"""Which migrations a database still needs, found in milliseconds, and applying them."""

from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connection

# Any fixed number will do; it names the lock under which one process at a time migrates.
LOCK = 0x776C_6D69


def pending() -> list[str]:
    """Names, as app.migration, of what is on disk and not in the database.

    Reads file names and one table instead of importing every migration.
    """
    with connection.cursor() as cursor:
        if "django_migrations" in connection.introspection.table_names(cursor):
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
        else:
            applied = set()
    return [
        f"{config.label}.{path.stem}"
        for config in apps.get_app_configs()
        for path in sorted((Path(config.path) / "migrations").glob("[0-9]*.py"))
        if (config.label, path.stem) not in applied
    ]


def apply() -> None:
    """Bring the database up to date; a second process waits and finds nothing left to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        if pending():
            call_command("migrate", verbosity=0, interactive=False)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
