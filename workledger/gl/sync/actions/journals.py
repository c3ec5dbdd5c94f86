"""Queueing what no document carries."""

from datetime import date

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.gl.calc.wire import local_id
from workledger.gl.sync import journals, queueing
from workledger.gl.sync.models import Connection, ExternalId


@action("gl.queue_journals", needs=Permission.MANAGE_SYNC)
def queue_journals(*, actor: Actor, connection_id: int, through: date) -> int:
    """Queue journals of every entry up to a day that no document carries; returns how many were made.

    Clients that were edited since they were sent queue too. Running it again queues only what is new.
    Refuses: not_found.
    """
    connection: Connection = locks.one(Connection.objects.visible_to(actor), connection_id)
    # By name, not by row: who issues an invoice meanwhile refers to the connection and must not wait.
    locks.named(f"gl.journals.{connection_id}")
    rows = journals.queue_journals(connection, queueing.view_of(connection), through)
    sent = ExternalId.objects.filter(connection=connection, ref__startswith="customer:")
    queueing.queue_customers(connection, [local_id(ref) for ref in sent.values_list("ref", flat=True)])
    record(connection, f"Queued {len(rows)} journals through {through:%-d %B %Y} for {connection.name}")
    return len(rows)
