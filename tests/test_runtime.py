"""The embedded database and what surrounds it: start, share, survive a kill, and say what is wrong."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from workledger.runtime import dumps, paths, ports
from workledger.runtime.cluster import Cluster
from workledger.runtime.filelock import FileLock
from workledger.runtime.problems import MachineProblem

WAIT_SECONDS = 20.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def cluster(home: Path) -> Iterator[Cluster]:
    cluster = Cluster(home)  # durable, as in the product
    cluster.start()
    cluster.wait()
    yield cluster
    cluster.leave()


def answer(home: Path) -> int:
    with psycopg.connect(paths.embedded_url(home)) as connection:
        row = connection.execute("SELECT 41 + 1").fetchone()
    assert row is not None
    return int(row[0])


def server_process(home: Path) -> psutil.Process:
    return psutil.Process(int((paths.data_dir(home) / "postmaster.pid").read_text().splitlines()[0]))


def wait_gone(process: psutil.Process) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the server did not stop"
        time.sleep(0.02)


class TestCluster:
    def test_second_user_keeps_it_and_last_one_stops_it(self, home: Path, cluster: Cluster) -> None:
        second = Cluster(home, durable=False)
        second.start()
        second.wait()
        server = server_process(home)
        second.leave()
        assert answer(home) == 42
        cluster.leave()
        wait_gone(server)

    def test_starter_may_leave_first(self, home: Path, cluster: Cluster) -> None:
        second = Cluster(home, durable=False)
        second.start()
        second.wait()
        cluster.leave()
        assert answer(home) == 42
        server = server_process(home)
        second.leave()
        wait_gone(server)

    def test_a_killed_server_is_revived_with_its_data(self, home: Path, cluster: Cluster) -> None:
        with psycopg.connect(paths.embedded_url(home)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        server = server_process(home)
        server.send_signal(signal.SIGKILL)
        wait_gone(server)
        assert not cluster.is_running()
        cluster.revive()
        with psycopg.connect(paths.embedded_url(home)) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)

    def test_killed_user_does_not_count(self, home: Path) -> None:
        script = (
            "import sys, time; from pathlib import Path; from workledger.runtime.cluster import Cluster; "
            "c = Cluster(Path(sys.argv[1]), durable=False); c.start(); c.wait(); print('up', flush=True); time.sleep(60)"
        )
        user = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE)
        assert user.stdout is not None
        assert user.stdout.readline() == b"up\n"
        user.kill()
        user.wait()
        user.stdout.close()
        second = Cluster(home, durable=False)
        second.start()
        second.wait()
        server = server_process(home)
        second.leave()
        wait_gone(server)

    def test_pid_file_that_names_another_program_is_cleared(self, home: Path, cluster: Cluster) -> None:
        cluster.leave()
        (paths.data_dir(home) / "postmaster.pid").write_text(
            f"{os.getpid()}\n{paths.data_dir(home)}\n0\n5432\n"
        )
        cluster.start()
        cluster.wait()
        assert answer(home) == 42

    def test_half_made_database_is_made_again(self, home: Path) -> None:
        unfinished = paths.data_dir(home).with_name("database.unfinished")
        unfinished.mkdir(parents=True)
        (unfinished / "PG_VERSION").write_text("18\n")
        (paths.data_dir(home) / "base").mkdir(parents=True)
        (paths.data_dir(home) / "PG_VERSION").write_text("18\n")
        cluster = Cluster(home, durable=False)
        cluster.start()
        cluster.wait()
        assert answer(home) == 42
        assert not unfinished.exists()
        cluster.leave()

    def test_a_folder_with_other_files_is_left_alone(self, home: Path) -> None:
        paths.data_dir(home).mkdir(parents=True)
        (paths.data_dir(home) / "thesis.odt").write_text("years of work")
        with pytest.raises(MachineProblem, match="not a complete database"):
            Cluster(home).start()
        assert (paths.data_dir(home) / "thesis.odt").read_text() == "years of work"

    def test_a_long_path_gets_a_short_socket(self, tmp_path: Path) -> None:
        home = tmp_path / ("x" * 100)
        assert len(str(paths.socket_dir(home) / paths.SOCKET_NAME)) < paths.SOCKET_PATH_LIMIT_BYTES
        cluster = Cluster(home, durable=False)
        cluster.start()
        cluster.wait()
        assert answer(home) == 42
        cluster.leave()

    def test_home_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(MachineProblem, match="Writing to the folder"):
            Cluster(tmp_path / "file" / "home").start()

    def test_home_without_write_permission(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
        with pytest.raises(MachineProblem, match="cannot be written by this user"):
            Cluster(home).start()

    def test_full_disk_is_told_before_anything_is_made(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("workledger.runtime.cluster.NEEDED_TO_MAKE_BYTES", 1 << 60)
        with pytest.raises(MachineProblem, match="Free some space"):
            Cluster(home).start()
        assert not paths.data_dir(home).exists()

    @pytest.mark.parametrize(
        ("log", "said"),
        [
            ("initdb: error: could not write: No space left on device", "is full"),
            ("FATAL: could not create lock file: Permission denied", "cannot be written"),
            ('FATAL:  lock file "postmaster.pid" already exists', "another PostgreSQL already uses"),
            ("2026 FATAL:  the stars are wrong", "the stars are wrong. Its log is"),
            ("", "it gave no reason"),
        ],
    )
    def test_postgresql_is_translated(self, home: Path, log: str, said: str) -> None:
        assert said in str(Cluster(home)._explain(log, "It did not start"))


class TestFileLock:
    def test_exclusive_keeps_others_out_until_released(self, tmp_path: Path) -> None:
        first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
        assert first.take()
        assert not second.take(timeout_seconds=0.05)
        first.release()
        assert second.take()
        second.release()

    def test_shared_holders_keep_an_exclusive_one_out(self, tmp_path: Path) -> None:
        first, second, third = (FileLock(tmp_path / "lock") for _ in range(3))
        assert first.take(shared=True)
        assert second.take(shared=True)
        assert not third.take()
        for lock in (first, second, third):
            lock.release()


class TestPorts:
    def test_a_taken_port_is_named_with_a_free_one(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(MachineProblem, match=rf"Port {port} is taken: another program .* --port"):
                ports.check_free("127.0.0.1", port)

    def test_a_free_port_passes(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        ports.check_free("127.0.0.1", port)

    def test_an_address_of_another_machine(self) -> None:
        with pytest.raises(MachineProblem, match=r"no address 192\.0\.2\.1"):
            ports.check_free("192.0.2.1", 8000)


class TestDumps:
    def test_a_backup_comes_back_whole(self, home: Path, cluster: Cluster, tmp_path: Path) -> None:
        url, file = paths.embedded_url(home), tmp_path / "w.dump"
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        dumps.backup(url, file)
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE kept SET seven = 8")
        with pytest.raises(MachineProblem, match="holds data already"):
            dumps.restore(url, file, replace=False)
        dumps.restore(url, file, replace=True)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)

    def test_another_file_is_refused_and_the_database_kept(
        self, home: Path, cluster: Cluster, tmp_path: Path
    ) -> None:
        (tmp_path / "w.dump").write_text("not a dump")
        with pytest.raises(MachineProblem, match=r"Reading .*w\.dump failed"):
            dumps.restore(paths.embedded_url(home), tmp_path / "w.dump", replace=True)
        assert answer(home) == 42
