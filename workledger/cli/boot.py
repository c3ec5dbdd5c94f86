"""Bringing up what a command needs: the environment, the embedded database and Django, once per process."""

import os
import signal
import sys
from dataclasses import dataclass
from types import FrameType

import django
from django.apps import apps
from django.db import connections

from workledger import config as registry
from workledger.cli.output import say
from workledger.runtime import migrations
from workledger.runtime.cluster import Cluster
from workledger.runtime.problems import MachineProblem


@dataclass(slots=True)
class Session:
    """What this process runs on."""

    config: registry.Config
    cluster: Cluster | None = None


_session: Session | None = None


def current() -> Session:
    """The session that ``start`` made."""
    assert _session is not None, "boot.start comes first"
    return _session


def start(*, database: bool, migrated: bool) -> Session:
    """Read the environment, set Django up and, if wanted, have a database that is up to date.

    The embedded database starts while Django loads. Raises ConfigError and MachineProblem.
    """
    global _session  # noqa: PLW0603 - one per process, like Django itself
    config = registry.read()
    session = _session = Session(config)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workledger.settings")
    if database and config.is_embedded:
        signal.signal(signal.SIGTERM, _end)
        cluster = Cluster(config.home, durable=config.env != "test", say=say)
        cluster.start()
        session.cluster = cluster
    django.setup()
    if session.cluster is not None:
        session.cluster.wait()
    if database and migrated:
        _bring_up_to_date(session)
    return session


def finish() -> None:
    """Let go of the database; the last process to do so stops the embedded one."""
    session = _session
    if session is None or session.cluster is None:
        return
    if apps.ready:
        connections.close_all()
    cluster, session.cluster = session.cluster, None
    cluster.leave()


def _bring_up_to_date(session: Session) -> None:
    missing = migrations.pending()
    if not missing:
        return
    if session.cluster is None:
        raise MachineProblem(
            f"The database lacks {len(missing)} migrations of this version (the first is {missing[0]}). "
            "Back it up, then run: workledger manage migrate"
        )
    say("Preparing the database.")
    migrations.apply()


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
    sys.exit(128 + number)
