"""Root of the test suite: its database.

With no DATABASE_URL the suite starts a cluster of its own in ``.workledger-test``; every xdist worker counts as
a user of it and the last one stops it. Each worker has its own test database, which is kept between runs and
made again only when a migration, a trigger or Django changed.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from workledger.runtime.cluster import Cluster
from workledger.runtime.migrations import rules_fingerprint

pytest_plugins = ["workledger.testing.fixtures"]


CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = (
    "No Chromium was found: install it (apt-get install chromium) or set WORKLEDGER_CHROMIUM to its path."
)


@pytest.fixture(scope="session")
def test_cluster() -> Iterator[None]:
    """The server that holds the test databases."""
    if settings.CONFIG.database_url:
        yield
        return
    cluster = Cluster(settings.CONFIG.home, durable=False)
    cluster.start()
    cluster.wait()
    yield
    connection.close()
    cluster.leave()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    django_db_modify_db_settings: None,
    django_db_createdb: bool,
    test_cluster: None,
) -> Iterator[None]:
    """Take over pytest-django's set-up: keep the database while the fingerprint of its making holds."""
    name = str(connection.creation._get_test_db_name())  # type: ignore[attr-defined]
    wanted = _fingerprint()
    with django_db_blocker.unblock():
        if not django_db_createdb and _stored_fingerprint(name) == wanted:
            connection.close()
            settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
        else:
            setup_databases(verbosity=0, interactive=False, keepdb=False)
            _store_fingerprint(name, wanted)
    yield
    with django_db_blocker.unblock():
        if _empties_tables(request.session.items):
            _store_fingerprint(name, "")
        connection.close()


def _chromium() -> str | None:
    """Where Chromium is, if anywhere. WORKLEDGER_CHROMIUM says so; else the usual names are tried."""
    named = os.environ.get("WORKLEDGER_CHROMIUM", "")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that browser tests start; they are skipped, loudly, where there is none."""
    found = _chromium()
    assert found, "tests marked 'browser' are skipped without Chromium"
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip browser tests on a machine without Chromium."""
    if _chromium() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that browser tests were skipped."""
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if NO_CHROMIUM in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section("BROWSER TESTS WERE SKIPPED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} tests did not run. {NO_CHROMIUM}", red=True, bold=True)


def _fingerprint() -> str:
    """A hash of everything the schema is made from."""
    digest = hashlib.sha256(f"{django.get_version()} {rules_fingerprint()}".encode())
    for config in apps.get_app_configs():
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _stored_fingerprint(name: str) -> str:
    with connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        )
        row = cursor.fetchone()
    return (row and row[0]) or ""


def _store_fingerprint(name: str, fingerprint: str) -> None:
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(fingerprint))
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _empties_tables(items: list[pytest.Item]) -> bool:
    """Whether a test of this run flushed the tables, and with them what migrations put there."""
    fixtures = {"transactional_db", "live_server", "django_db_serialized_rollback"}
    for item in items:
        marker = item.get_closest_marker("django_db")
        if (marker and marker.kwargs.get("transaction")) or fixtures & set(getattr(item, "fixturenames", ())):
            return True
    return False
