"""Start, memory at rest and installation, seen from outside."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from bench.clock import timed
from bench.engine import ROOT, Engine

STARTS = 3
FIRST_PAGE = "/accounts/login/"
SETTLED_SECONDS = 3.0
LONGEST_START_SECONDS = 60.0


def cold_start(engine: Engine) -> dict[str, Any]:
    """Serve a ready home until the first page answers, database included; then look at the memory at rest.

    The cluster of the run must be stopped: starting it is part of what is measured.
    """
    times, memory = [], {}
    for _ in range(STARTS):
        port = _free_port()
        command = [str(Path(sys.executable).with_name("workledger")), "serve", "--port", str(port)]
        began = time.perf_counter()
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=engine.environment(None),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(f"http://localhost:{port}{FIRST_PAGE}", server)
            times.append(time.perf_counter() - began)
            time.sleep(SETTLED_SECONDS)
            memory = _memory(server.pid)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
    return {"seconds": statistics.median(times), **memory}


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LONGEST_START_SECONDS
    while True:
        try:
            with urlopen(address, timeout=10) as answer:
                answer.read()
                return
        except (URLError, OSError):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("workledger serve did not answer")
            time.sleep(0.005)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _memory(pid: int) -> dict[str, Any]:
    """Proportional memory in MiB of a process and all below it: the database apart from the rest."""
    own = database = 0
    found = 0
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        share = _pss_kib(process.pid)
        if "postgres" in process.name():
            database += share
        else:
            own += share
            found += 1
    return {"own_mib": round(own / 1024), "database_mib": round(database / 1024), "processes": found}


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def install() -> dict[str, Any]:
    """Time `make install` of the last commit in an empty folder; packages come from pip's cache where it has them."""
    with tempfile.TemporaryDirectory(prefix="workledger-install-") as folder:
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
        seconds, _ = timed(
            lambda: subprocess.run(
                ["make", "install"], cwd=folder, env=environment, check=True, capture_output=True
            )
        )
        packages = Path(folder, ".venv", "lib")
        size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
        count = len(list(packages.glob("python*/site-packages/*.dist-info")))
    return {"seconds": seconds, "mib": round(size / 1024 / 1024), "packages": count}
