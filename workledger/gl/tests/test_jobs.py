"""What the sync does by itself: jobs queued with the act, and by the clock."""

from datetime import UTC, datetime, timedelta

from procrastinate.contrib.django.models import ProcrastinateJob

from workledger.gl import jobs, periodic
from workledger.gl.connector import DocumentKind
from workledger.gl.sync.models import Connection, Outgoing, TieOut
from workledger.gl.sync.queries import sync_finding
from workledger.gl.tests.acts import LAST, NOW, invoice, settle, tie
from workledger.testing.general_ledger import Fault, MemoryLedger
from workledger.testing.world import TODAY, World


def waiting() -> int:
    """How many deliveries are queued."""
    return ProcrastinateJob.objects.filter(task_name="gl.deliver_connection").count()


def test_an_act_has_its_documents_sent(world: World, connection: Connection, there: MemoryLedger) -> None:
    invoice(world)
    assert waiting() == 1
    jobs.deliver_connection(connection.pk)
    assert len(there.of_kind(DocumentKind.INVOICE)) == 1


def test_what_failed_goes_again_when_its_time_has_come(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    invoice(world)
    there.faults = [Fault.BEFORE]
    jobs.deliver_connection(connection.pk)
    again = Outgoing.objects.get(state="failed").next_attempt_at
    assert again is not None
    before = waiting()
    periodic.deliver_due(int((again - timedelta(seconds=5)).timestamp()))
    assert waiting() == before
    periodic.deliver_due(int((again + timedelta(seconds=5)).timestamp()))
    assert waiting() == before + 1


def test_each_night_the_day_is_closed(world: World, connection: Connection, there: MemoryLedger) -> None:
    row = invoice(world)
    jobs.deliver_connection(connection.pk)
    there.pay(there.of_kind(DocumentKind.INVOICE)[0].external_id, row.gross, TODAY)
    periodic.close_day(int(datetime(2026, 3, 17, 3, 30, tzinfo=UTC).timestamp()))
    made = TieOut.objects.get()
    assert made.as_of == TODAY
    assert not made.difference
    assert not made.waiting
    periodic.pull_changes(int(NOW.timestamp()))


def test_a_close_asks_what_is_open(world: World, connection: Connection, there: MemoryLedger) -> None:
    invoice(world)
    found = sync_finding(world.fay.actor, world.book_id, TODAY)
    assert (found.count > 0, found.connection_id) == (True, connection.pk)
    settle(connection)
    tie(connection, LAST)
    assert sync_finding(world.fay.actor, world.book_id, TODAY).sentence == "Both sides are in step."
