"""The line breaks in the middle of a document, wherever it may; sent again, the document is there once and whole."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from workledger.gl.connector import (
    Document,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Journal,
    JournalLine,
    Receipt,
    Unreachable,
    Void,
)
from workledger.gl.connectors.tryton.connector import TrytonConnector, TrytonSettings
from workledger.gl.connectors.tryton.refs import INVOICE, MOVE
from workledger.gl.connectors.tryton.testing.bookkeeper import Bookkeeper
from workledger.gl.connectors.tryton.testing.proxy import Cut, Line, breakable
from workledger.gl.connectors.tryton.tests.conftest import LINE_ACCOUNT
from workledger.gl.connectors.tryton.tests.documents import (
    GROSS,
    Client,
    Moved,
    a_customer,
    new_client,
    new_key,
)
from workledger.gl.connectors.tryton.wire import Login

D = Decimal


@pytest.fixture
def line(tryton: Login) -> Iterator[Line]:
    """A line that can be cut."""
    with breakable(tryton.url) as line:
        yield line


@pytest.fixture
def client(connector: TrytonConnector) -> Client:
    """A customer that is there."""
    return new_client(connector)


@pytest.fixture
def over(line: Line, tryton: Login) -> TrytonConnector:
    """The connector over that line."""
    return TrytonConnector(TrytonSettings(replace(tryton, url=line.url), line_account=LINE_ACCOUNT))


def deliver(
    line: Line, over: TrytonConnector, document: Document, kind: DocumentKind, cuts: list[tuple[int, Cut]]
) -> Receipt:
    """Send until it is there; in each try the line is cut at one of the calls that write, and the try must say so.

    After a cut in the middle of a call nobody knows how far the next try gets; else each cut must have happened.
    """
    key = new_key(kind)
    for number, (at, cut) in enumerate(cuts):
        line.cut_at_write(at, cut)
        try:
            over.send(document, kind=kind, key=key)
        except Unreachable:
            assert line.cut is None
        else:
            assert line.cut is not None
            assert Cut.DURING in [earlier for _, earlier in cuts[:number]]
    line.cut = None
    receipt = over.send(document, kind=kind, key=key)
    for thread in line.unheard:
        thread.join()
    return receipt


def drafts(bookkeeper: Bookkeeper, model: str) -> int:
    return len(bookkeeper.wire.find(model, [("state", "=", "draft")], ["state"]))


@pytest.mark.parametrize("cut", list(Cut))
def test_customer(line: Line, over: TrytonConnector, bookkeeper: Bookkeeper, cut: Cut) -> None:
    name = f"Broken {cut.name}"
    deliver(line, over, a_customer(name), DocumentKind.CUSTOMER, [(0, cut)])
    assert len(bookkeeper.wire.find("party.party", [("name", "=", name)], ["name"])) == 1


def test_invoice(line: Line, over: TrytonConnector, client: Client, bookkeeper: Bookkeeper) -> None:
    """Two calls write: the draft is made, the draft is posted. Cut before, while and after each of them."""
    invoice = client.an_invoice()
    deliver(line, over, invoice, DocumentKind.INVOICE, [(at, cut) for at in (0, 1) for cut in Cut])
    rows = bookkeeper.wire.find(INVOICE, [("reference", "=", invoice.number)], ["state", "total_amount"])
    assert [(row["state"], row["total_amount"]) for row in rows if row["state"] != "draft"] == [
        ("posted", GROSS)
    ]
    assert client.owes() == GROSS


def test_credit_note(line: Line, over: TrytonConnector, client: Client, connector: TrytonConnector) -> None:
    """Made, posted, set against its invoice, reconciled in three calls of a wizard: cut at each in turn."""
    moved = Moved(connector)
    note = client.an_invoice(credits=client.invoice().external_id)
    cuts = [(0, Cut.AFTER), (1, Cut.AFTER), (0, Cut.AFTER), (0, Cut.AFTER), (1, Cut.AFTER)]
    deliver(line, over, note, DocumentKind.CREDIT_NOTE, cuts)
    assert moved.since() == {}


def test_payments_and_a_void(
    line: Line, over: TrytonConnector, client: Client, connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    """Made, posted, counted on the invoice, and the last one reconciled: each cut at every call in one way."""
    moved = Moved(connector)
    invoice = client.invoice().external_id
    steps = {Cut.BEFORE: [0, 1, 2], Cut.DURING: [0, 1, 0], Cut.AFTER: [0, 1, 0, 0, 1]}
    for cut, amount in zip(Cut, ("30.00", "40.00", "49.06"), strict=True):
        payment = client.a_payment(amount, (invoice, amount))
        paid = deliver(line, over, payment, DocumentKind.PAYMENT, [(at, cut) for at in steps[cut]])
    assert moved.since() == {"1000": GROSS, "1200": D("-100.05"), "2100": D("-19.01")}
    number = int(invoice.partition(",")[2])
    assert bookkeeper.wire.read(INVOICE, [number], ["state"])[0]["state"] == "paid"

    void = Void(paid.external_id, date(2026, 3, 25), "returned")
    cuts = [(0, Cut.DURING), (1, Cut.DURING), (1, Cut.AFTER), (0, Cut.AFTER), (1, Cut.AFTER)]
    deliver(line, over, void, DocumentKind.PAYMENT_VOID, cuts)
    assert moved.since() == {
        "1000": D("70.00"),
        "1100": D("49.06"),
        "1200": D("-100.05"),
        "2100": D("-19.01"),
    }
    assert bookkeeper.wire.read(INVOICE, [number], ["amount_to_pay"])[0]["amount_to_pay"] == D("49.06")


def test_move_in_a_foreign_currency(
    line: Line, over: TrytonConnector, client: Client, connector: TrytonConnector
) -> None:
    moved = Moved(connector)
    invoice = client.an_invoice(
        currency="USD",
        lines=[DocumentLine("Work", "1200", D("1000.00"))],
        taxes=[DocumentTax("", "2100", D("1000.00"), D("190.00"))],
        total=D("1190.00"), functional_total=D("1087.30"),
    )  # fmt: skip
    deliver(line, over, invoice, DocumentKind.INVOICE, [(at, cut) for at in (0, 1) for cut in Cut])
    assert moved.since() == {"1100": D("1087.30"), "1200": D("-913.70"), "2100": D("-173.60")}


def test_document_that_changed_after_a_broken_try_is_made_as_it_is_now(
    line: Line, over: TrytonConnector, connector: TrytonConnector
) -> None:
    moved, key = Moved(connector), new_key("journal")
    lines = [JournalLine("1200", D("1.00"), D(0)), JournalLine("4000", D(0), D("1.00"))]
    line.cut_at_write(1, Cut.BEFORE)
    with pytest.raises(Unreachable):
        over.send(Journal(date(2026, 3, 31), "March", lines), kind=DocumentKind.JOURNAL, key=key)
    lines[1] = JournalLine("4100", D(0), D("1.00"))
    over.send(Journal(date(2026, 3, 31), "March, mapped anew", lines), kind=DocumentKind.JOURNAL, key=key)
    assert moved.since() == {"1200": D("1.00"), "4100": D("-1.00")}


def test_drafts_that_nobody_waited_for_are_swept_away(
    line: Line, over: TrytonConnector, client: Client, connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    """A draft may appear after a later try has made the document: it never counts, and goes with time."""
    line.cut_at_write(0, Cut.AFTER)
    with pytest.raises(Unreachable):
        over.send(client.an_invoice(), kind=DocumentKind.INVOICE, key=new_key("invoice"))
    assert drafts(bookkeeper, INVOICE)
    assert client.owes() == 0
    connector.changes("2099-01-01T00:00:00")  # in the clock of whoever asks later
    assert drafts(bookkeeper, INVOICE) == drafts(bookkeeper, MOVE) == 0


def test_signs_in_once_per_connector(line: Line, over: TrytonConnector) -> None:
    over.check()
    over.accounts()
    assert [json.loads(body)["method"] for body in line.seen].count("common.db.login") == 1
