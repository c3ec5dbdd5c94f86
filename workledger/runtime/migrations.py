"""Which migrations a database still needs, found in milliseconds, and applying them."""

import hashlib
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db import connection

# Any fixed number will do; it names the lock under which one process at a time migrates.
LOCK = 0x776C_6D69


# What stands in `pending` when only functions or triggers changed; `migrate` installs those too.
DATABASE_RULES = "database rules"


def pending() -> list[str]:
    """Names, as app.migration, of what is on disk and not in the database.

    Reads file names and one table instead of importing every migration.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass('django_migrations'), 'pg_class')")
        (rules,) = cursor.fetchone()
        cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
        (begun,) = cursor.fetchone()
        if begun:
            cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall()) if begun else set()
    missing = [
        f"{config.label}.{path.stem}"
        for config in apps.get_app_configs()
        for path in sorted((Path(config.path) / "migrations").glob("[0-9]*.py"))
        if (config.label, path.stem) not in applied
    ]
    return missing or ([DATABASE_RULES] if rules != rules_fingerprint() else [])


def remember_rules() -> None:
    """Note in the database which functions and triggers it has; a dump carries the note along."""
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE django_migrations IS '{rules_fingerprint()}'")


def rules_fingerprint() -> str:
    """A hash of what functions and triggers are made from: SQL files, and policies in the models."""
    digest = hashlib.sha256()
    for config in apps.get_app_configs():
        if config.name.startswith("workledger."):
            folder = Path(config.path)
            for path in sorted(
                [*folder.rglob("*.sql"), *folder.glob("triggers.py"), *folder.glob("models*.py")]
            ):
                digest.update(path.read_bytes())
    return digest.hexdigest()


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
