"""The whole way: a scenario's books, the outbox, a line that breaks, Tryton, a bookkeeper there, back; both sides tie."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection as database
from django.db import transaction

from workledger.billing.models import Invoice
from workledger.core.access import Actor, system_actor
from workledger.directory.models import TaxCode
from workledger.gl.connector import DocumentKind
from workledger.gl.connectors.tryton.refs import INVOICE, MOVE, number_of
from workledger.gl.connectors.tryton.testing import firm, server
from workledger.gl.connectors.tryton.testing.bookkeeper import Bookkeeper
from workledger.gl.connectors.tryton.testing.proxy import Cut, Line, breakable
from workledger.gl.connectors.tryton.tests.conftest import LINE_ACCOUNT
from workledger.gl.sync.actions import connect_ledger
from workledger.gl.sync.models import Connection, ExternalId, Incoming, Outgoing
from workledger.gl.tests.acts import NOW, deliver, differences, pull, settle, tie
from workledger.receivables.actions import void_payment
from workledger.receivables.models import Receivable
from workledger.scenarios import files
from workledger.scenarios.calc.grammar import parse
from workledger.scenarios.running import Outcome, do, play
from workledger.scenarios.stage import Stage, stage_of

ACTOR: Actor = system_actor("scenario")
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
D = Decimal
MORE = "2026-03-02 time Ada, Build, 5 h\n2026-03-10 approve\n2026-03-10 bill\n2026-03-10 issue"


class Story:
    """A firm that has lived through a scenario, its books in Tryton, and the line between."""

    def __init__(self, line: Line, bookkeeper: Bookkeeper) -> None:
        self.line = line
        self.bookkeeper = bookkeeper

    def play(self, name: str) -> None:
        """Live through a scenario, then connect its books."""
        path = next(path for path in files.pack() if path.stem.startswith(name))
        scenario = files.read(Path(path))
        self.stage: Stage = stage_of(scenario, ACTOR)
        outcome = Outcome(scenario.title)
        with transaction.atomic():
            play(scenario, self.stage, outcome)
        assert outcome.is_right, outcome.differences
        self.book_id = self.stage.names.first("firm")
        self.bookkeeper.open_taxes(
            TaxCode.objects.filter(entity_id=self.book_id).values_list("name", flat=True)
        )
        connection_id = connect_ledger(
            actor=ACTOR, book_id=self.book_id, connector="tryton", name="Tryton", starts_on=FIRST,
            settings={
                "url": self.line.url, "database": self.bookkeeper.wire.database, "user": firm.CONNECTOR_USER,
                "password": "PROOF", "line_account": LINE_ACCOUNT,
            },
        )  # fmt: skip
        self.connection = Connection.objects.get(pk=connection_id)

    def go_on(self, text: str) -> None:
        """Do more, told as a scenario tells it; while it is connected."""
        scenario = parse(f"# What comes after\nfirm Nordlicht GmbH, Germany, EUR\n{text}\n")
        for statement in scenario.statements[1:]:
            do(self.stage, statement)

    def there(self, ref: str) -> str:
        """What a document of ours is called there."""
        return str(ExternalId.objects.get(connection=self.connection, ref=ref).external_id)

    def invoice(self, position: int) -> Invoice:
        """The nth invoice issued."""
        rows = (
            Invoice.objects.filter(entity_id=self.book_id, kind="invoice").exclude(number="").order_by("pk")
        )
        return rows[position - 1]

    def open_here(self, position: int) -> Decimal:
        """What of it is open here."""
        return Receivable.objects.values_list("open_amount", flat=True).get(pk=self.invoice(position).pk)

    def open_there(self, position: int) -> Decimal:
        """What of it is open in Tryton."""
        number = number_of(self.there(f"invoice:{self.invoice(position).pk}"), INVOICE)
        return Decimal(self.bookkeeper.wire.read(INVOICE, [number], ["amount_to_pay"])[0]["amount_to_pay"])

    def ties(self) -> None:
        """Everything is there, and every account is the same on both sides, of every customer."""
        settle(self.connection)
        waits = Outgoing.objects.filter(connection=self.connection).exclude(state__in=["sent", "skipped"])
        assert list(waits.values_list("ref", "last_error")) == []
        assert differences(self.connection, LAST) == []
        found = tie(self.connection, LAST)
        assert found.difference == found.waiting == 0
        assert found.places > 3


@pytest.fixture
def story(
    db: None, tryton_is_there: None, worker_id: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Story]:
    """A Tryton of its own, since all accounts of the books are compared."""
    monkeypatch.setenv("WORKLEDGER_GL_PROOF", firm.PASSWORD)
    cluster = server.cluster_address(database.settings_dict)
    with (
        server.running_firm(cluster, f"tryton_of_a_story_{worker_id}") as login,
        breakable(login.url) as line,
    ):
        yield Story(line, Bookkeeper(server.bookkeeper_at(login)))


def test_there_and_back_with_a_line_that_breaks(story: Story) -> None:
    """Two invoices, one credited, payments in part and over, deposits used; then live acts on both sides."""
    story.play("edge-11")
    for at in range(6):  # the line breaks once in each delivery, somewhere else each time
        story.line.cut_at_write(at, Cut.DURING if at % 2 else Cut.AFTER)
        assert "did not answer" in deliver(story.connection, NOW + timedelta(days=at)).said
    story.line.cut = None
    story.ties()
    kinds = set(Outgoing.objects.filter(state="sent").values_list("kind", flat=True))
    assert kinds >= {
        DocumentKind.CUSTOMER, DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE, DocumentKind.PAYMENT, DocumentKind.JOURNAL
    }  # fmt: skip
    assert story.open_there(1) == story.open_here(1) == 0

    # The credited work and 5 hours more, 1,190.00, invoiced while both sides are connected, and paid there in two parts
    story.go_on(MORE)
    story.ties()
    third = story.there(f"invoice:{story.invoice(3).pk}")
    story.bookkeeper.pay(third, D("200.00"), date(2026, 3, 12))
    pull(story.connection)
    assert story.open_here(3) == story.open_there(3) == D("990.00")
    story.bookkeeper.pay(third, D("990.00"), date(2026, 3, 13))
    story.ties()
    assert story.open_here(3) == story.open_there(3) == 0
    assert [row.state for row in Incoming.objects.order_by("pk")] == ["applied", "applied"]


def test_payments_are_voided_on_either_side(story: Story) -> None:
    story.play("edge-11")
    story.go_on(MORE)
    story.ties()
    third = story.there(f"invoice:{story.invoice(3).pk}")
    story.bookkeeper.pay(third, D("1190.00"), date(2026, 3, 12))
    story.ties()
    paid = Incoming.objects.get(state="applied")
    story.bookkeeper.cancel_move(number_of(paid.change["external_id"].partition("/")[0], MOVE))
    story.ties()
    assert story.open_here(3) == story.open_there(3) == D("1190.00")
    void_payment(actor=ACTOR, payment_id=story.stage.payments[1], on=date(2026, 3, 14), reason="Returned")
    story.ties()


def test_foreign_currency_at_the_rates_of_each_day(story: Story) -> None:
    """2,000 dollars: worked at 0.90, issued at 0.92, paid at 0.88; 40 euros are won, then 80 lost. Tryton is told no rate at all."""
    story.play("edge-12")
    story.ties()
    balances = dict(tie(story.connection, LAST).rows.values_list("account", "theirs"))
    assert [balances.get(code, 0) for code in ("1000", "1100", "6100")] == [1760, 0, 40]
