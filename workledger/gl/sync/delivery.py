"""The only place that talks to a connector. Nothing is locked while it does.

A delivery takes one document at a time, customers first, then in the order in which they were queued; what needs something
that is not there yet waits. Before each the attempt is written down and committed, after each what became of it. Whatever
happens between the two, the document is sent again under the same key, and `Connector.send` finds what it made.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection as database
from django.db.models import BooleanField, Case, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from workledger.core import locks
from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.gl import registry
from workledger.gl.calc import wire
from workledger.gl.calc.schedule import STALE
from workledger.gl.connector import Connector, DocumentKind, Rejected, Unreachable
from workledger.gl.registry import NotInstalled
from workledger.gl.secrets import SecretMissing
from workledger.gl.sync import actions
from workledger.gl.sync.models import Connection, ExternalId, Outgoing, OutgoingState

_log = logging.getLogger(__name__)
_DAY = timedelta(days=1)
_AT_ONCE = 50
_NOT_THERE = (
    "EXISTS (SELECT 1 FROM unnest(gl_outgoing.needs) n WHERE NOT EXISTS"
    " (SELECT 1 FROM gl_externalid x WHERE x.connection_id = gl_outgoing.connection_id AND x.ref = n))"
)


class Closed(Exception):
    """A connection cannot be used as it is set up; the sentence says what to mend."""


@dataclass
class Delivered:
    """What a delivery did."""

    sent: int = 0
    rejected: int = 0
    said: str = ""
    is_busy: bool = False


@dataclass
class Pulled:
    """What a look at the other side brought."""

    taken: int = 0
    said: str = ""
    problems: list[str] = field(default_factory=list)


def database_time() -> datetime:
    """Return the database's time: that of a job that nobody gave one."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def open_connector(connection: Connection) -> Connector:
    """Return the connector of a connection. Raises Closed."""
    try:
        return registry.opened(connection.connector, connection.settings)
    except (NotInstalled, SecretMissing) as error:
        raise Closed(str(error)) from error


def needs_something() -> RawSQL:
    """Return the condition on documents that need something that is not there yet."""
    return RawSQL(_NOT_THERE, [], output_field=BooleanField())  # noqa: S611 - no values


def due(connection: Connection, now: datetime) -> QuerySet[Outgoing]:
    """Return what may be sent now, in the order in which it goes."""
    rows = Outgoing.objects.filter(connection=connection).exclude(needs_something())
    fresh = rows.filter(state=OutgoingState.QUEUED)
    again = rows.filter(state=OutgoingState.FAILED, next_attempt_at__isnull=True)
    again |= rows.filter(state=OutgoingState.FAILED, next_attempt_at__lte=now)
    broken_off = rows.filter(state=OutgoingState.SENDING, claimed_at__lte=now - STALE)
    is_customer = Case(When(kind=DocumentKind.CUSTOMER, then=Value(0)), default=Value(1))
    return (fresh | again | broken_off).order_by(is_customer, "pk")


# --- sending ----------------------------------------------------------------------------------------------


def deliver(actor: Actor, connection_id: int, now: datetime) -> Delivered:
    """Send what is due at `now`. Stops when the other side does not answer.

    Another delivery of the same connection that runs already is left alone.
    """
    done = Delivered()
    connection = locks.one(Connection.objects.visible_to(actor), connection_id)
    if not connection.is_on:
        done.said = f"{connection.name} is paused."
        return done
    if not due(connection, now).exists():
        return done
    with _alone(connection) as is_alone:
        if not is_alone:
            done.is_busy, done.said = True, "A delivery is under way."
            return done
        try:
            connector = open_connector(connection)
        except Closed as error:
            done.said = str(error)
            Connection.objects.filter(pk=connection.pk).update(last_error=done.said)
            return done
        while _send_some(actor, connector, connection, now, done):
            pass
    return done


def _send_some(
    actor: Actor, connector: Connector, connection: Connection, now: datetime, done: Delivered
) -> bool:
    """Send the next documents in order; tell whether to look for more. What they make possible is due after them."""
    before = done.sent + done.rejected
    rows = list(due(connection, now)[:_AT_ONCE])
    customers = [row for row in rows if row.kind == DocumentKind.CUSTOMER]
    for row in customers or rows:
        if not _send_one(actor, connector, row, now, done):
            return False
    return done.sent + done.rejected > before


def _send_one(actor: Actor, connector: Connector, row: Outgoing, now: datetime, done: Delivered) -> bool:
    """Send one document; tell whether to go on with the next."""
    if not actions.start_sending(actor=actor, outgoing_id=row.pk, now=now):
        return True  # somebody held it or left it out meanwhile
    kind = DocumentKind(row.kind)
    ids = dict(
        ExternalId.objects.filter(connection_id=row.connection_id, ref__in=row.needs).values_list(
            "ref", "external_id"
        )
    )
    try:
        document = wire.with_ids(wire.from_payload(kind, row.payload), ids)
        receipt = connector.send(document, kind=kind, key=row.key)
    except Rejected as error:
        actions.note_failed(actor=actor, outgoing_id=row.pk, said=str(error), is_rejected=True, now=now)
        done.rejected += 1
        return True
    except Unreachable as error:
        actions.note_failed(actor=actor, outgoing_id=row.pk, said=str(error), is_rejected=False, now=now)
        done.said = str(error)
        return False
    except Exception as error:
        # A fault of the connector says nothing about what it did: the same as no answer.
        _log.exception("the connector of %s failed on %s", row.connection_id, row.ref)
        said = f"The connector failed: {type(error).__name__}: {error}"
        actions.note_failed(actor=actor, outgoing_id=row.pk, said=said, is_rejected=False, now=now)
        done.said = said
        return False
    actions.note_sent(actor=actor, outgoing_id=row.pk, receipt=receipt, now=now)
    done.sent += 1
    return True


@contextmanager
def _alone(connection: Connection) -> Iterator[bool]:
    """Hold the delivery of a connection while the database session lives; a process that dies lets go at once."""
    name = f"gl.deliver.{connection.pk}"
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


# --- asking -----------------------------------------------------------------------------------------------


def pull(actor: Actor, connection_id: int, now: datetime) -> Pulled:
    """Ask what people did on the other side, and take each change once."""
    done = Pulled()
    connection = locks.one(Connection.objects.visible_to(actor), connection_id)
    if not connection.is_on:
        done.said = f"{connection.name} is paused."
        return done
    try:
        changes = open_connector(connection).changes(connection.cursor)
    except (Closed, Unreachable, Rejected) as error:
        done.said = str(error)
        actions.note_asked(
            actor=actor, connection_id=connection_id, cursor=connection.cursor, said=done.said, now=now
        )
        return done
    for change in changes.found:
        if actions.take_change(actor=actor, connection_id=connection_id, change=change):
            done.taken += 1
    actions.note_asked(actor=actor, connection_id=connection_id, cursor=changes.cursor, said="", now=now)
    return done


# --- comparing --------------------------------------------------------------------------------------------


def tie_out(actor: Actor, connection_id: int, as_of: date) -> int:
    """Compare both sides at the end of a day; returns the tie-out's id.

    Refuses: not_found, not_reached (the other side does not answer, or the connection is not set up).
    """
    connection = locks.one(Connection.objects.visible_to(actor), connection_id)
    try:
        theirs = open_connector(connection).balances(as_of)
    except (Closed, Unreachable, Rejected) as error:
        raise Refused.because("not_reached", f"{connection.name} could not be asked: {error}") from error
    return actions.note_tie_out(actor=actor, connection_id=connection_id, as_of=as_of, theirs=list(theirs))


def close_day(actor: Actor, connection_id: int, now: datetime) -> int | None:
    """Queue journals through the day before `now`, take what came back, send, and compare; returns the tie-out's id."""
    yesterday = now.date() - _DAY
    actions.queue_journals(actor=actor, connection_id=connection_id, through=yesterday)
    pull(actor, connection_id, now)
    deliver(actor, connection_id, now)
    try:
        return tie_out(actor, connection_id, yesterday)
    except Refused as refused:
        _log.warning("no tie-out of connection %s: %s", connection_id, refused)
        return None


def check(actor: Actor, connection_id: int) -> str:
    """Return what was reached, in a sentence. Refuses: not_found, not_reached."""
    connection = locks.one(Connection.objects.visible_to(actor), connection_id)
    try:
        return open_connector(connection).check()
    except (Closed, Unreachable, Rejected) as error:
        raise Refused.because("not_reached", f"{connection.name} was not reached: {error}") from error
