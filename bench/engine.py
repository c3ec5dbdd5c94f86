"""A cluster that is made for one run and removed after it, and a process for each measurement."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from workledger.runtime import paths
from workledger.runtime.cluster import Cluster

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SECONDS = 1200


class MeasurementFailed(Exception):
    """A measurement ended with an error; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A home folder with its running cluster."""

    home: Path
    cluster: Cluster

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The server is down meanwhile."""
        self.cluster.leave()
        try:
            yield
        finally:
            self.cluster.start()
            self.cluster.wait()

    def database(self, name: str, *, template: str = "template0") -> None:
        """Make a database, a copy of `template`, and settle what was written so that it disturbs no measurement."""
        with self._connect() as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(drop)
            connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))
            connection.execute("CHECKPOINT")

    def drop(self, name: str) -> None:
        """Remove a database."""
        with self._connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def measure(self, database: str, name: str, **arguments: Any) -> dict[str, Any]:
        """Run the measurement `name` in a process of its own; returns what it found, with its peak memory in MiB.

        Raises MeasurementFailed.
        """
        command = [sys.executable, "-m", "bench.child", name, json.dumps(arguments)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(database), capture_output=True, text=True,
            timeout=LONGEST_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise MeasurementFailed(f"{name}: {done.stderr.strip()[-2000:]}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def environment(self, database: str | None) -> dict[str, str]:
        """The environment of a process that uses a database of this cluster; None: the cluster's own."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WORKLEDGER_", "PG")) and name != "DATABASE_URL"
        }
        own = {
            "WORKLEDGER_HOME": str(self.home),
            "WORKLEDGER_LOG_LEVEL": "error",
            "DJANGO_SETTINGS_MODULE": "workledger.settings",
        }
        if database is not None:
            own["DATABASE_URL"] = paths.embedded_url(self.home, database)
        return {**kept, **own}

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(paths.embedded_url(self.home, "postgres"), autocommit=True)


@contextmanager
def scratch() -> Iterator[Engine]:
    """A cluster with the settings of the product's own, durable, in a folder that is removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="workledger-bench-"))
    home.chmod(0o755)  # the server may run as a user of its own
    cluster = Cluster(home, say=lambda _: None)
    try:
        cluster.start()
        cluster.wait()
        yield Engine(home, cluster)
    finally:
        cluster.leave()
        shutil.rmtree(home, ignore_errors=True)
