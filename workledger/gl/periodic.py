"""What the sync does by itself; the worker calls it."""

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from workledger.core.access import system_actor
from workledger.gl.sync import delivery
from workledger.gl.sync.models import Connection
from workledger.gl.sync.waking import QUEUE, wake

_DOOR = "schedule"


def _switched_on() -> list[int]:
    return list(Connection.objects.filter(is_on=True).order_by("pk").values_list("pk", flat=True))


@app.periodic(cron="* * * * *")
@app.task(name="gl.deliver_due", queue=QUEUE, queueing_lock="gl.deliver_due")
def deliver_due(timestamp: int) -> None:
    """Have sent what is due at `timestamp` (seconds since 1970), by a job for each connection: none waits for another."""
    now = datetime.fromtimestamp(timestamp, UTC)
    for connection in Connection.objects.filter(is_on=True).order_by("pk"):
        if delivery.due(connection, now).exists():
            wake(connection.pk)


@app.periodic(cron="*/10 * * * *")
@app.task(name="gl.pull_changes", queue=QUEUE, queueing_lock="gl.pull_changes")
def pull_changes(timestamp: int) -> None:
    """Ask every general ledger what people did there."""
    for connection_id in _switched_on():
        delivery.pull(system_actor(_DOOR), connection_id, datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="30 3 * * *")
@app.task(name="gl.close_day", queue=QUEUE, queueing_lock="gl.close_day")
def close_day(timestamp: int) -> None:
    """Queue the journals of the day before, send them, and compare both sides."""
    now = datetime.fromtimestamp(timestamp, UTC)
    for connection_id in _switched_on():
        delivery.close_day(system_actor(_DOOR), connection_id, now)
