"""A Tryton server beside the tests, in a database of the tests' PostgreSQL.

Making Tryton's tables takes half a minute, so it is done once into a template, which is kept until the lock or the set-up
changes; each run copies it. The server ends with the process that started it, however that ends: it reads its standard
input, which closes then.
"""

import hashlib
import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from workledger.gl.connector import Unreachable
from workledger.gl.connectors.tryton.testing import firm
from workledger.gl.connectors.tryton.wire import Login, Wire

ROOT = Path(__file__).parents[5]
PROGRAMS = ROOT / ".venv-tryton" / "bin"
LOCK = ROOT / "requirements-tryton.lock"
DEMAND = "WORKLEDGER_DEMAND_TRYTON"
MISSING = "Tryton is not installed in .venv-tryton: make test installs it where a package index is reached."

_TEMPLATE = "workledger_tryton"
_MAKING = f"{_TEMPLATE}_making"
_START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_ADMIN_PASSWORD = secrets.token_hex(8)
_RUN_WHILE_WANTED = """
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def is_installed() -> bool:
    """Say whether the server's programs are there, whole."""
    return (PROGRAMS / "trytond-admin").is_file() and (PROGRAMS.parent / ".made").is_file()


@contextmanager
def running_firm(cluster: str, database: str) -> Iterator[Login]:
    """Run a server on a fresh copy of the firm's books; yields how the connector signs in.

    `cluster` is the address of the PostgreSQL with a %s for the database.
    """
    _ensure_template(cluster)
    _copy(cluster, _template_name(), database)
    try:
        with _running(cluster, database) as url:
            yield Login(url, database, firm.CONNECTOR_USER, firm.PASSWORD)
    finally:
        _drop(cluster, database)


def bookkeeper_at(login: Login) -> Wire:
    """Return the calls of a person who works there."""
    wire = Wire(Login(login.url, login.database, firm.BOOKKEEPER, firm.PASSWORD), answers_all=True)
    company = wire.find("company.company", [], ["party.name"])[0]
    wire.context = {"company": company["id"]}
    return wire


# --- the template ---------------------------------------------------------------------------------------


def _template_name() -> str:
    parts = [LOCK.read_bytes(), Path(firm.__file__).read_bytes()]
    return f"{_TEMPLATE}_{hashlib.sha256(b''.join(parts)).hexdigest()[:12]}"


def _ensure_template(cluster: str) -> None:
    """Make the template unless it is there; other processes wait meanwhile."""
    name = _template_name()
    with psycopg.connect(cluster % "postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [_TEMPLATE])
        like = f"{_TEMPLATE}\\_%"
        found = {
            row[0]
            for row in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [like])
        }
        if name in found:
            return
        for old in found:
            _drop(cluster, old)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_MAKING)))
        _make_tables(cluster)
        with _running(cluster, _MAKING) as url:
            firm.set_up_company(Wire(Login(url, _MAKING, "admin", _ADMIN_PASSWORD)))
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(_MAKING), sql.Identifier(name))
        )


def _make_tables(cluster: str) -> None:
    with tempfile.TemporaryDirectory(prefix="tryton-") as folder:
        password = Path(folder) / "password"
        password.write_text(_ADMIN_PASSWORD)
        command = [
            *(
                str(PROGRAMS / "trytond-admin"),
                "-c",
                str(_configured(Path(folder), cluster, 0)),
                "-d",
                _MAKING,
            ),
            *(
                "-u",
                "account_invoice",
                "--activate-dependencies",
                "--password",
                "--email",
                "admin@example.com",
            ),
        ]
        result = subprocess.run(
            command,
            env={**os.environ, "TRYTONPASSFILE": str(password)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise RuntimeError(f"Tryton's tables could not be made: {result.stderr[-2000:]}")


def _copy(cluster: str, template: str, database: str) -> None:
    _drop(cluster, database)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(cluster % "postgres", autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [_TEMPLATE])
        connection.execute(statement.format(sql.Identifier(database), sql.Identifier(template)))


def _drop(cluster: str, database: str) -> None:
    with psycopg.connect(cluster % "postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )


# --- the server -----------------------------------------------------------------------------------------


@contextmanager
def _running(cluster: str, database: str) -> Iterator[str]:
    """Run trytond on a database; yields its address."""
    with tempfile.TemporaryDirectory(prefix="tryton-") as folder:
        port = _free_port()
        config = _configured(Path(folder), cluster, port)
        python, program = str(PROGRAMS / "python"), str(PROGRAMS / "trytond")
        log = Path(folder) / "log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [python, "-c", _RUN_WHILE_WANTED, program, "-c", str(config), "-d", database],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": ""},
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(server, Wire(Login(url, database, "", "", timeout_seconds=5)), log)
            yield url
        finally:
            server.terminate()
            server.wait(30)
            assert server.stdin is not None
            server.stdin.close()


def _configured(folder: Path, cluster: str, port: int) -> Path:
    path = folder / "trytond.conf"
    path.write_text(
        f"[database]\nuri = {cluster % ''}\npath = {folder}\n"
        f"[web]\nlisten = 127.0.0.1:{port}\n[password]\nlength = 4\n"
    )
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: subprocess.Popen[bytes], wire: Wire, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            wire.version()
        except Unreachable:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Tryton did not start: {log.read_text()[-2000:]}") from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def cluster_address(database: dict[str, object]) -> str:
    """Return the address of Django's PostgreSQL with a %s for the database, as psycopg and Tryton both read it."""
    user, password = quote(str(database.get("USER") or "")), quote(str(database.get("PASSWORD") or ""))
    host, port = str(database.get("HOST") or ""), str(database.get("PORT") or "")
    who = f"{user}:{password}@" if password else f"{user}@" if user else ""
    if host.startswith("/"):
        return f"postgresql://{who}/%s?host={quote(host).replace('%', '%%')}"
    return f"postgresql://{who}{host}{f':{port}' if port else ''}/%s"
