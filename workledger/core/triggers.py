"""What the database itself holds: row log, append-only tables, and each package's own triggers.

Installed after every migration, each statement repeatable, from the models' `row_policy` and from the
`sql` files that an app names; so a new table has its row log without anybody thinking of it.
"""

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.db import connections, models

_FUNCTIONS = Path(__file__).parent / "sql" / "functions.sql"


class RowPolicy(StrEnum):
    """What the database does with changes to a table's rows."""

    LOGGED = "logged"
    """Updates and deletes go to the row log."""
    APPEND_ONLY = "append_only"
    """Updates and deletes are refused."""
    PROJECTION = "projection"
    """Derived from other rows and checked against them; not logged."""


class WorkledgerAppConfig(AppConfig):
    """An app of the house.

    `sql` names files in the app's `sql` folder that are run after migrations; `listeners` are modules that
    subscribe to events and register hooks and checks when they are imported, once all apps are ready.
    """

    sql: tuple[str, ...] = ()
    listeners: tuple[str, ...] = ()
    default_auto_field = "django.db.models.BigAutoField"
    default = False  # Django looks for the one config of a module; this base is imported into each

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.default = True

    def ready(self) -> None:
        """Listen to the floors below."""
        for name in self.listeners:
            import_module(name)


def house_models() -> list[type[models.Model]]:
    """Return the concrete models of this product."""
    return [model for model in apps.get_models() if model.__module__.startswith("workledger.")]


def row_policy(model: type[models.Model]) -> RowPolicy:
    """Return what the database does with changes to this table."""
    policy: RowPolicy = getattr(model, "row_policy", RowPolicy.PROJECTION)
    return policy


def _statements(model: type[models.Model]) -> list[str]:
    table, pk = model._meta.db_table, model._meta.pk.column
    drop = [
        f"DROP TRIGGER IF EXISTS {name} ON {table}"
        for name in ("row_log_update", "row_log_delete", "append_only")
    ]
    if row_policy(model) is RowPolicy.LOGGED:
        return [
            *drop,
            f"CREATE TRIGGER row_log_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS"
            f" new_rows FOR EACH STATEMENT EXECUTE FUNCTION workledger_log_update('{pk}')",
            f"CREATE TRIGGER row_log_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows"
            f" FOR EACH STATEMENT EXECUTE FUNCTION workledger_log_delete('{pk}')",
        ]
    if row_policy(model) is RowPolicy.APPEND_ONLY:
        return [
            *drop,
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION workledger_append_only()",
        ]
    return drop


def install_functions(*, using: str = "default", **_: Any) -> None:
    """Create the functions that columns and triggers name; runs before migrations."""
    with connections[using].cursor() as cursor:
        cursor.execute(_FUNCTIONS.read_text())


def install(*, using: str = "default", **_: Any) -> None:
    """Install every trigger of the house; safe to run again."""
    connection = connections[using]
    present = set(connection.introspection.table_names())
    models_here = house_models()
    if any(model._meta.db_table not in present for model in models_here):
        return  # migrated only in part, by name of an app; the next full run installs
    with connection.cursor() as cursor:
        for model in models_here:
            for statement in _statements(model):
                cursor.execute(statement)
        for config in apps.get_app_configs():
            if isinstance(config, WorkledgerAppConfig):
                for name in config.sql:
                    cursor.execute((Path(config.path) / "sql" / name).read_text())
