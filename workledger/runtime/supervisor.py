"""Web server, worker and embedded database kept running together; one Ctrl-C stops them all.

Granian's own loop holds the main thread and replaces a web process that dies. A second thread looks after the
worker process and, in embedded mode, the database, and starts what is gone with growing pauses.
"""

import gc
import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from functools import partial
from importlib import import_module as load_module

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from django.urls import get_resolver
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from workledger.runtime.cluster import Cluster
from workledger.runtime.orphans import follow_parent
from workledger.runtime.problems import MachineProblem

logger = logging.getLogger(__name__)

# Loaded by name, and late: it looks for the collected static files when it is made.
APPLICATION = "workledger.wsgi"
LOOK_EVERY_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
STEADY_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 25.0
WEB_STOP_TIMEOUT_SECONDS = 10
RESPAWN_SECONDS = 1.0
THREAD_IDLE_SECONDS = 600  # Granian's longest; a thread that ends takes its database connection with it


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run."""

    host: str
    port: int
    workers: int
    threads: int
    cluster: Cluster | None = None
    with_worker: bool = True


def run(plan: Plan) -> None:
    """Serve until SIGINT or SIGTERM. The database must be up and migrated; Django must be set up."""
    _warm_up()
    keeper = _Keeper(plan)
    server = Server(
        target=f"{APPLICATION}:application",
        address=plan.host,
        port=plan.port,
        interface=Interfaces.WSGI,
        workers=plan.workers,
        blocking_threads=plan.threads,
        blocking_threads_idle_timeout=THREAD_IDLE_SECONDS,
        respawn_failed_workers=True,
        respawn_interval=RESPAWN_SECONDS,
        workers_kill_timeout=WEB_STOP_TIMEOUT_SECONDS,
        websockets=False,
        log_level=LogLevels.error,
    )
    server.on_startup(keeper.start)
    server.on_shutdown(keeper.stop)
    try:
        server.serve(target_loader=partial(load_application, os.getpid()), wrap_loader=False)
    finally:
        keeper.stop()


def load_application(parent: int) -> WSGIHandler:
    """Called in each web process: hand Granian the application."""
    follow_parent(parent)
    application: WSGIHandler = load_module(APPLICATION).application
    return application


def _warm_up() -> None:
    """Load what every web process needs before they are forked, so that they share its memory."""
    load_module(APPLICATION)
    get_resolver().url_patterns  # noqa: B018 - importing the views is the point
    connections.close_all()  # a connection must not cross a fork
    gc.collect()
    gc.freeze()


class _Keeper:
    """Looks after the worker and the database."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._worker: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._not_before = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)

    def start(self) -> None:
        if self._plan.with_worker:
            self._start_worker()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, then the worker; jobs under way get a moment to finish."""
        if self._ending.is_set():
            return
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._worker is not None and self._worker.poll() is None:
            self._worker.terminate()
            try:
                self._worker.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self._worker.kill()
                self._worker.wait()

    def _start_worker(self) -> None:
        self._started_at = time.monotonic()
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "workledger.runtime.worker", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "workledger.settings"},
            start_new_session=True,  # Ctrl-C reaches us alone; we stop it in order
        )

    def _watch(self) -> None:
        while not self._ending.wait(LOOK_EVERY_SECONDS):
            try:
                self._look_after_database()
                self._look_after_worker()
            except (MachineProblem, OSError) as error:
                logger.error("%s", error)
                self._ending.wait(FIRST_PAUSE_SECONDS)

    def _look_after_database(self) -> None:
        cluster = self._plan.cluster
        if cluster is not None and not cluster.is_running():
            logger.warning("The embedded database is gone; starting it again.")
            cluster.revive()

    def _look_after_worker(self) -> None:
        if self._worker is None or self._worker.poll() is None:
            return
        now = time.monotonic()
        if not self._not_before:
            if now - self._started_at > STEADY_SECONDS:
                self._pause = FIRST_PAUSE_SECONDS
            self._not_before = now + self._pause
            logger.warning(
                "The worker ended with status %s; starting it again in %.0f s.",
                self._worker.returncode,
                self._pause,
            )
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        elif now >= self._not_before:
            self._not_before = 0.0
            self._start_worker()
