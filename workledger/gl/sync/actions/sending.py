"""The steps of a delivery that are written down: before a document is sent, and what became of it.

Between them stands the other side. A crash there leaves a document 'being sent': it is sent again later, under the same
key, and the connector finds what it made.
"""

from datetime import datetime

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.gl.calc.schedule import STALE, wait_after
from workledger.gl.connector import Receipt
from workledger.gl.sync.models import (
    Connection,
    ExternalId,
    Incoming,
    IncomingState,
    Outgoing,
    OutgoingState,
)
from workledger.gl.sync.waking import wake

MADE_TWICE = "made_twice"


@action("gl.request_delivery", needs=Permission.MANAGE_SYNC)
def request_delivery(*, actor: Actor, connection_id: int) -> None:
    """Have what waits sent now, without waiting for the time of the next attempt. Refuses: not_found."""
    connection: Connection = locks.one(Connection.objects.visible_to(actor), connection_id)
    waiting = Outgoing.objects.filter(connection=connection, state=OutgoingState.FAILED)
    waiting.update(next_attempt_at=None)
    wake(connection.pk)
    record(connection, f"Asked to send now what waits for {connection.name}")


@action("gl.start_sending", needs=Permission.MANAGE_SYNC)
def start_sending(*, actor: Actor, outgoing_id: int, now: datetime) -> int:
    """Note that a document is about to be sent; returns the attempt's number, 0 when somebody else has it.

    Refuses: not_found.
    """
    rows = Outgoing.objects.visible_to(actor).select_related("connection")
    row = rows.filter(pk=outgoing_id).select_for_update(skip_locked=True, of=("self",)).first()
    if row is None or not _may_start(row, now):
        return 0
    row.state, row.attempts, row.claimed_at = OutgoingState.SENDING, row.attempts + 1, now
    row.save(update_fields=["state", "attempts", "claimed_at"])
    record(row, f"Sending {row.title} to {row.connection.name}, attempt {row.attempts}")
    return int(row.attempts)


def _may_start(row: Outgoing, now: datetime) -> bool:
    if row.state == OutgoingState.SENDING:
        return row.claimed_at is None or row.claimed_at <= now - STALE
    if row.state == OutgoingState.FAILED:
        return row.next_attempt_at is None or row.next_attempt_at <= now
    return bool(row.state == OutgoingState.QUEUED)


@action("gl.note_sent", needs=Permission.MANAGE_SYNC)
def note_sent(*, actor: Actor, outgoing_id: int, receipt: Receipt, now: datetime) -> None:
    """Note what the other side made of a document. A second thing made for the same key goes to the inbox.

    Refuses: not_found.
    """
    row: Outgoing = locks.for_update(
        Outgoing.objects.visible_to(actor).select_related("connection"), outgoing_id
    )
    known, is_new = ExternalId.objects.get_or_create(
        connection=row.connection,
        ref=row.ref,
        defaults={
            "external_id": receipt.external_id,
            "version": receipt.version,
            "label": receipt.label[:200],
        },
    )
    if not is_new and known.external_id != receipt.external_id:
        _note_twice(row, known, receipt)
    elif not is_new:
        known.version, known.label = receipt.version, receipt.label[:200]
        known.save(update_fields=["version", "label"])
    row.state = OutgoingState.SENT
    row.sent_at, row.last_error, row.next_attempt_at, row.is_unsure = now, "", None, False
    row.save(update_fields=["state", "sent_at", "last_error", "next_attempt_at", "is_unsure"])
    Connection.objects.filter(pk=row.connection_id).update(reached_at=now, failing_since=None, last_error="")
    record(row, f"{row.title} is in {row.connection.name} as {receipt.label or receipt.external_id}")


def _note_twice(row: Outgoing, known: ExternalId, receipt: Receipt) -> None:
    """Tell a person that a document was made twice there: the connector did not find its key."""
    Incoming.objects.get_or_create(
        connection=row.connection,
        key=f"{MADE_TWICE}:{row.key}:{receipt.external_id}"[:200],
        defaults={
            "kind": MADE_TWICE, "on": row.on, "said": f"{row.title} was made a second time",
            "change": {"external_id": receipt.external_id, "first": known.external_id}, "ref": row.ref,
            "client_id": row.client_id, "state": IncomingState.CONFLICT, "code": MADE_TWICE, "choices": ["keep"],
            "problem": f"It is there as {known.external_id} and as {receipt.external_id}. Remove the second one there.",
        },
    )  # fmt: skip


@action("gl.note_failed", needs=Permission.MANAGE_SYNC)
def note_failed(*, actor: Actor, outgoing_id: int, said: str, is_rejected: bool, now: datetime) -> None:
    """Note that a document was not taken: refused with a reason (a person must mend it), or no answer (it is sent again).

    Refuses: not_found.
    """
    row: Outgoing = locks.for_update(
        Outgoing.objects.visible_to(actor).select_related("connection"), outgoing_id
    )
    if row.state != OutgoingState.SENDING:
        return  # somebody else sent it meanwhile
    row.state = OutgoingState.REJECTED if is_rejected else OutgoingState.FAILED
    row.next_attempt_at = None if is_rejected else now + wait_after(row.attempts)
    row.last_error, row.is_unsure = said, not is_rejected
    row.save(update_fields=["state", "next_attempt_at", "last_error", "is_unsure"])
    if is_rejected:
        Connection.objects.filter(pk=row.connection_id).update(
            reached_at=now, failing_since=None, last_error=""
        )
        record(row, f"{row.connection.name} refused {row.title}: {said}")
        return
    note_unreachable(row.connection, said, now)
    record(row, f"{row.connection.name} did not answer when {row.title} was sent: {said}")


def note_unreachable(connection: Connection, said: str, now: datetime) -> None:
    """Keep since when the other side does not answer, and what was said."""
    rows = Connection.objects.filter(pk=connection.pk)
    rows.filter(failing_since=None).update(failing_since=now)
    rows.update(last_error=said)
