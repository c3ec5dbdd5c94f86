"""Taking what people did on the other side: each change once, by its key."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.gl.connector import Change
from workledger.gl.sync import inbox
from workledger.gl.sync.actions.sending import note_unreachable
from workledger.gl.sync.inbox import Outcome
from workledger.gl.sync.models import Connection, Incoming, IncomingState

CHANGES: TypeAdapter[Change] = TypeAdapter(Change)


@action("gl.take_change", needs=Permission.MANAGE_SYNC)
def take_change(*, actor: Actor, connection_id: int, change: Change) -> int:
    """Take a change on the other side: matched, applied, or kept as a conflict for a person.

    Returns its id in the inbox; 0 when it was taken before. Refuses: not_found.
    """
    connection: Connection = locks.one(Connection.objects.visible_to(actor), connection_id)
    # By name, not by row: who records a payment meanwhile refers to the connection, and this may record one too.
    locks.named(f"gl.changes.{connection_id}")
    if Incoming.objects.filter(connection=connection, key=change.key[:200]).exists():
        return 0
    outcome = inbox.consider(actor, connection, change)
    kept: dict[str, Any] = CHANGES.dump_python(change, mode="json")
    row = Incoming(
        connection=connection, key=change.key[:200], kind=change.kind, on=change.on, said=change.said[:500],
        change=kept,
    )  # fmt: skip
    apply(row, outcome)
    row.save()
    record(row, f"{connection.name}: {change.said}. {outcome.said}")
    return int(row.pk)


def apply(row: Incoming, outcome: Outcome) -> None:
    """Write on a change what was made of it."""
    row.state = IncomingState(outcome.state)
    row.code, row.choices = outcome.code, [choice.value for choice in outcome.choices]
    row.ref, row.client_id = outcome.ref or row.ref, outcome.client_id or row.client_id
    if outcome.code:
        row.problem = outcome.said
    else:
        row.resolution = outcome.said


@action("gl.note_asked", needs=Permission.MANAGE_SYNC)
def note_asked(*, actor: Actor, connection_id: int, cursor: str, said: str, now: datetime) -> None:
    """Note up to where changes were taken, or (`said`) why the other side could not be asked. Refuses: not_found."""
    connection: Connection = locks.for_update(Connection.objects.visible_to(actor), connection_id)
    if said:
        note_unreachable(connection, said, now)
        record(connection, f"{connection.name} could not be asked for changes: {said}")
        return
    connection.cursor, connection.asked_at, connection.reached_at = cursor, now, now
    connection.failing_since, connection.last_error = None, ""
    connection.save(update_fields=["cursor", "asked_at", "reached_at", "failing_since", "last_error"])
    record(connection, f"Asked {connection.name} for changes")
