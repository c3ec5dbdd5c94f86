"""Two deliverers at once: each document is made once, and nobody waits for the other's answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection as database

from workledger.gl.connector import DocumentKind
from workledger.gl.sync.delivery import Delivered
from workledger.gl.sync.models import Connection, Outgoing
from workledger.gl.tests.acts import deliver, invoice
from workledger.testing.general_ledger import MemoryLedger, connected, memory_ledger
from workledger.testing.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ledger() -> Iterator[MemoryLedger]:
    with memory_ledger() as found:
        yield found


@pytest.fixture
def firm() -> World:
    return build_world()


def _run(connection: Connection, start: Barrier) -> Delivered:
    try:
        start.wait()
        return deliver(connection)
    finally:
        database.close()


def test_two_deliverers_make_each_document_once(firm: World, ledger: MemoryLedger) -> None:
    connection = connected(firm)
    invoice(firm)
    start = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: _run(connection, start), range(4)))
    assert sum(each.sent for each in done) == 2
    assert ledger.sends == 2
    assert len(ledger.of_kind(DocumentKind.INVOICE)) == 1


def test_a_slow_other_side_blocks_no_act(firm: World, ledger: MemoryLedger) -> None:
    """While a document is under way its row is not locked, and new ones queue."""
    connection = connected(firm)
    invoice(firm)
    is_sending, may_go_on = Event(), Event()

    def slow() -> None:
        is_sending.set()
        may_go_on.wait(20)

    ledger.while_sending = slow
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_run, connection, Barrier(1))
        assert is_sending.wait(20)
        second = invoice(firm, "2", firm.period(3).start.replace(day=10))
        assert Outgoing.objects.filter(ref=f"invoice:{second.pk}", state="queued").exists()
        assert deliver(connection).sent == 0
        may_go_on.set()
        assert running.result().sent == 3
