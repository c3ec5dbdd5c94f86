"""Backing the database up and bringing it back, with the PostgreSQL programs that are installed anyway."""

import os
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from workledger.runtime.cluster import program
from workledger.runtime.problems import MachineProblem, explain_os_error

# How libpq takes an address from the environment, where other users of the machine cannot read it.
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def backup(url: str, file: Path) -> None:
    """Write the database to ``file``, which appears only when it is complete. Raises MachineProblem."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={unfinished}"], url, "Backing up")
    try:
        unfinished.replace(file)
    except OSError as error:
        raise explain_os_error(error, f"Writing {file}")


def restore(url: str, file: Path, *, replace: bool) -> None:
    """Read a backup in one transaction. A database that holds something is kept unless ``replace``.

    Raises MachineProblem; the database is then as it was.
    """
    if not file.is_file():
        raise MachineProblem(f"There is no file {file}.")
    _run(["pg_restore", "--list", str(file)], url, f"Reading {file}")
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row is not None
    if row[0] and not replace:
        raise MachineProblem(
            "The database holds data already. Add --replace to throw it away, after a backup of it."
        )
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
    _run(
        ["pg_restore", *options, "--dbname", str(conninfo_to_dict(url).get("dbname") or ""), str(file)],
        url,
        "Restoring",
    )


def _run(command: list[str], url: str, doing: str) -> None:
    parts = conninfo_to_dict(url)
    environment = {
        _VARIABLES[name]: str(value) for name, value in parts.items() if value and name in _VARIABLES
    }
    try:
        result = subprocess.run(
            [program(command[0]), *command[1:]],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise explain_os_error(error, doing)
    if result.returncode != 0:
        reason = result.stderr.strip().splitlines() or ["no reason was given"]
        raise MachineProblem(f"{doing} failed: {reason[-1]}")
