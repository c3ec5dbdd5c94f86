"""``workledger gl``: status, deliver, pull, tie-out."""

import json
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from click.testing import CliRunner

from workledger.cli.gl import command
from workledger.core.refusals import Refused
from workledger.gl.connector import DocumentKind
from workledger.gl.tests.acts import invoice
from workledger.testing.general_ledger import MemoryLedger, connected, memory_ledger
from workledger.testing.world import TODAY, World


@pytest.fixture
def there() -> Iterator[MemoryLedger]:
    with memory_ledger() as ledger:
        yield ledger


def run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(command, list(arguments))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.output
    return str(done.output)


def test_a_day_of_the_sync(world: World, there: MemoryLedger, set_today: Callable[[date], None]) -> None:
    set_today(TODAY)
    connected(world)
    row = invoice(world)
    assert "Books (Fjord & Co GmbH): 2 documents are on their way." in run("status")
    assert "sent" in run("deliver", "--journals")
    there.pay(there.of_kind(DocumentKind.INVOICE)[0].external_id, row.gross, TODAY)
    assert "1 new changes" in run("pull", "--name", "books")
    told = json.loads(run("tie-out", "--json"))
    assert told[0]["difference"] in ("0", "0.0000", "0.00")
    there.edit_invoice(there.of_kind(DocumentKind.INVOICE)[0].external_id, row.net, TODAY)
    assert "differs" in run("tie-out", status=1)


def test_a_connection_that_is_not_there_is_named(world: World, there: MemoryLedger) -> None:
    with pytest.raises(Refused, match="No general ledger is connected"):
        run("status")
    connected(world)
    with pytest.raises(Refused, match="There are: Books"):
        run("status", "--name", "Nobody")
