"""Every kind of document, sent twice: made once, with the amounts that it has here."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.gl.connector import (
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Journal,
    JournalLine,
    Rejected,
    Void,
)
from workledger.gl.connectors.tryton.connector import TrytonConnector
from workledger.gl.connectors.tryton.refs import INVOICE, number_of
from workledger.gl.connectors.tryton.testing.bookkeeper import Bookkeeper
from workledger.gl.connectors.tryton.tests.documents import (
    GROSS,
    Moved,
    a_customer,
    new_client,
    new_key,
    send_twice,
)

D = Decimal


def state_of(bookkeeper: Bookkeeper, invoice: str) -> tuple[str, Decimal]:
    row = bookkeeper.wire.read(INVOICE, [number_of(invoice, INVOICE)], ["state", "amount_to_pay"])[0]
    return row["state"], row["amount_to_pay"]


def test_customer_is_one_party_and_is_brought_up_to_date(
    connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    key = new_key("customer")
    first = connector.send(a_customer(), kind=DocumentKind.CUSTOMER, key=key)
    assert connector.send(a_customer(), kind=DocumentKind.CUSTOMER, key=key) == first
    renamed = connector.send(a_customer("Acme Holding"), kind=DocumentKind.CUSTOMER, key=key)
    assert renamed.external_id == first.external_id
    assert renamed.version != first.version
    rows = bookkeeper.wire.find(
        "party.party", [("code", "=", key)], ["name", "tax_identifier.code", "email", "full_name"]
    )
    assert [(row["name"], row["tax_identifier."]["code"], row["email"]) for row in rows] == [
        ("Acme Holding", "DE136695976", "books@acme.example")
    ]


def test_invoice_to_the_cent(connector: TrytonConnector, bookkeeper: Bookkeeper) -> None:
    client, moved = new_client(connector), Moved(connector)
    invoice = client.an_invoice(
        lines=[
            DocumentLine("Work", "1200", D("110.05")),
            DocumentLine("Beyond the cap", "1200", D("-30.00")),
            DocumentLine("Trip", "4100", D("20.00")),
        ]
    )
    receipt = send_twice(connector, invoice, DocumentKind.INVOICE)
    assert moved.since() == {
        "1100": D("119.06"),
        "1200": D("-80.05"),  # 110.05 - 30.00
        "2100": D("-19.01"),  # rounded here: 19 % of 100.05 is 19.0095
        "4100": D("-20.00"),
    }
    assert client.owes(date(2026, 3, 1)) == 0
    assert client.owes(date(2026, 3, 2)) == GROSS
    row = bookkeeper.wire.read(
        INVOICE, [number_of(receipt.external_id, INVOICE)],
        ["state", "reference", "untaxed_amount", "tax_amount", "total_amount", "accounting_date", "move.date"],
    )[0]  # fmt: skip
    assert (row["state"], row["reference"]) == ("posted", invoice.number)
    assert (row["untaxed_amount"], row["tax_amount"], row["total_amount"]) == (
        D("100.05"),
        D("19.01"),
        D("119.06"),
    )
    assert row["move."]["date"] == invoice.issued_on


def test_invoices_out_of_order_stand_in_the_books_on_their_days(connector: TrytonConnector) -> None:
    client = new_client(connector)
    client.invoice(issued_on=date(2026, 5, 4))
    client.invoice(issued_on=date(2026, 4, 30), posted_on=date(2026, 5, 1))
    assert [client.owes(date(2026, *day)) for day in ((4, 30), (5, 1), (5, 4))] == [0, GROSS, 2 * GROSS]


def test_taxes_that_are_known_there_reach_its_report(
    connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    client = new_client(connector)
    lines = [
        DocumentLine("Work", "1200", D("100.00"), "VAT 19"),
        DocumentLine("Abroad", "1200", D("50.00"), "VAT 0"),
    ]
    taxes = [
        DocumentTax("VAT 19", "2100", D("100.00"), D("19.00")),
        DocumentTax("VAT 0", "2100", D("50.00"), D("0")),
    ]
    receipt = client.invoice(lines=lines, taxes=taxes, total=D("169.00"), functional_total=D("169.00"))
    move = bookkeeper.wire.read(INVOICE, [number_of(receipt.external_id, INVOICE)], ["move"])[0]["move"]
    rows = bookkeeper.wire.find(
        "account.tax.line", [("move_line.move", "=", move)], ["tax.name", "type", "amount"]
    )
    assert sorted((row["tax."]["name"], row["type"], row["amount"]) for row in rows) == [
        ("VAT 0", "base", D("50.00")),
        ("VAT 19", "base", D("100.00")),
        ("VAT 19", "tax", D("19.00")),
    ]


def test_tax_that_is_not_there_is_refused_before_anything_is_made(connector: TrytonConnector) -> None:
    client = new_client(connector)
    with pytest.raises(Rejected, match="no tax named GST"):
        client.invoice(taxes=[DocumentTax("GST", "2100", D("100.05"), D("19.01"))])


def test_closed_or_missing_things_are_refused_in_words(connector: TrytonConnector) -> None:
    client = new_client(connector)
    with pytest.raises(Rejected, match="no open account 9999"):
        client.invoice(lines=[DocumentLine("Work", "9999", D("100.05"))])
    with pytest.raises(Rejected, match="no open period for 02 Mar 2019"):
        client.connector.send(
            client.a_payment("1.00", on=date(2019, 3, 2)), kind=DocumentKind.PAYMENT, key=new_key("payment")
        )
    with pytest.raises(Rejected, match="no currency SEK"):
        client.invoice(currency="SEK")


def test_credit_note_in_part_then_in_full(connector: TrytonConnector, bookkeeper: Bookkeeper) -> None:
    client, moved = new_client(connector), Moved(connector)
    invoice = client.invoice().external_id
    part = client.an_invoice(
        lines=[DocumentLine("Work", "1200", D("50.00"))],
        taxes=[DocumentTax("", "2100", D("50.00"), D("9.50"))],
        total=D("59.50"), functional_total=D("59.50"), credits=invoice,
    )  # fmt: skip
    send_twice(connector, part, DocumentKind.CREDIT_NOTE)
    assert state_of(bookkeeper, invoice) == ("posted", D("59.56"))  # 119.06 - 59.50
    rest = client.an_invoice(
        lines=[DocumentLine("Work", "1200", D("50.05"))],
        taxes=[DocumentTax("", "2100", D("50.05"), D("9.51"))],
        total=D("59.56"), functional_total=D("59.56"), credits=invoice,
    )  # fmt: skip
    note = send_twice(connector, rest, DocumentKind.CREDIT_NOTE)
    assert state_of(bookkeeper, invoice) == ("paid", D(0))
    assert state_of(bookkeeper, note.external_id) == ("paid", D(0))
    assert moved.since() == {}


def test_payment_in_part_the_rest_with_an_overpayment_and_its_undoing(
    connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    client, moved = new_client(connector), Moved(connector)
    first, second = client.invoice().external_id, client.invoice().external_id
    send_twice(connector, client.a_payment("50.00", (first, "50.00")), DocumentKind.PAYMENT)
    assert state_of(bookkeeper, first) == ("posted", D("69.06"))
    rest = client.a_payment("200.00", (first, "69.06"), (second, "119.06"))
    paid = send_twice(connector, rest, DocumentKind.PAYMENT)
    assert state_of(bookkeeper, first) == state_of(bookkeeper, second) == ("paid", D(0))
    assert client.owes() == D("-11.88")  # 238.12 - 50 - 200
    send_twice(connector, Void(paid.external_id, date(2026, 3, 25), "returned"), DocumentKind.PAYMENT_VOID)
    assert state_of(bookkeeper, first) == ("posted", D("69.06"))
    assert state_of(bookkeeper, second) == ("posted", D("119.06"))
    assert moved.since() == {
        "1000": D("50.00"),
        "1100": D("188.12"),
        "1200": D("-200.10"),
        "2100": D("-38.02"),
    }
    again = client.a_payment("188.12", (first, "69.06"), (second, "119.06"))
    send_twice(connector, again, DocumentKind.PAYMENT)
    assert client.owes() == 0
    assert state_of(bookkeeper, first) == state_of(bookkeeper, second) == ("paid", D(0))


def test_more_than_is_open_there_is_refused_before_anything_is_made(
    connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    client = new_client(connector)
    invoice = client.invoice().external_id
    bookkeeper.pay(invoice, D("100.00"), date(2026, 3, 10))
    with pytest.raises(
        Rejected, match=r"only 19\.06 EUR is open in Tryton, and 50\.00 would be set against it"
    ):
        connector.send(
            client.a_payment("50.00", (invoice, "50.00")), kind=DocumentKind.PAYMENT, key=new_key("payment")
        )
    assert client.owes() == D("19.06")


def test_payment_of_what_a_credit_note_took_is_the_customers_credit(
    connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    """Where a general ledger is connected late, the note of an invoice may be there before its older payment."""
    client = new_client(connector)
    invoice = client.invoice().external_id
    connector.send(
        client.an_invoice(credits=invoice), kind=DocumentKind.CREDIT_NOTE, key=new_key("credit_note")
    )
    send_twice(connector, client.a_payment("50.00", (invoice, "50.00")), DocumentKind.PAYMENT)
    assert state_of(bookkeeper, invoice) == ("paid", D(0))
    assert client.owes() == D("-50.00")


def test_write_off(connector: TrytonConnector, bookkeeper: Bookkeeper) -> None:
    client, moved = new_client(connector), Moved(connector)
    invoice = client.invoice().external_id
    loss = client.a_payment("119.06", (invoice, "119.06"), account="6000", reference="Bankrupt")
    send_twice(connector, loss, DocumentKind.WRITE_OFF)
    assert state_of(bookkeeper, invoice) == ("paid", D(0))
    assert moved.since() == {"1200": D("-100.05"), "2100": D("-19.01"), "6000": D("119.06")}


def test_journal_with_customers_and_currencies(connector: TrytonConnector) -> None:
    client, moved = new_client(connector), Moved(connector)
    lines = [
        JournalLine("1200", D("480.00"), D(0), "Work of March"),
        JournalLine("4000", D(0), D("500.00"), "Work of March"),
        JournalLine("1100", D("20.00"), D(0), "Deposit used", client.id),
        JournalLine("6150", D("1.25"), D(0), "Dollars", currency="USD", currency_amount=D("0")),
        JournalLine("1000", D(0), D("1.25"), "Dollars", currency="USD", currency_amount=D("0")),
    ]
    send_twice(connector, Journal(date(2026, 3, 31), "31 Mar 2026, 3 entries", lines), DocumentKind.JOURNAL)
    assert moved.since() == {
        "1000": D("-1.25"), "1100": D("20.00"), "1200": D("480.00"), "4000": D("-500.00"), "6150": D("1.25")
    }  # fmt: skip
    assert client.owes() == D("20.00")


def test_journal_that_does_not_balance_is_refused(connector: TrytonConnector) -> None:
    lines = [JournalLine("1200", D("1.00"), D(0)), JournalLine("4000", D(0), D("0.99"))]
    with pytest.raises(Rejected, match="you must balance all its lines"):
        connector.send(
            Journal(date(2026, 3, 31), "Odd", lines), kind=DocumentKind.JOURNAL, key=new_key("journal")
        )


def test_foreign_currency_at_our_rate(connector: TrytonConnector) -> None:
    """1,190.00 USD at 0.9137 is 1,087.30 EUR, whatever Tryton's rate is: it has none."""
    client, moved = new_client(connector), Moved(connector)
    invoice = client.an_invoice(
        currency="USD",
        lines=[DocumentLine("Work", "1200", D("600.00")), DocumentLine("Work", "1200", D("400.00"))],
        taxes=[DocumentTax("", "2100", D("1000.00"), D("190.00"))],
        total=D("1190.00"),
        functional_total=D("1087.30"),
    )
    made = send_twice(connector, invoice, DocumentKind.INVOICE).external_id
    assert moved.since() == {"1100": D("1087.30"), "1200": D("-913.70"), "2100": D("-173.60")}
    note = client.an_invoice(
        currency="USD",
        lines=[DocumentLine("Work", "1200", D("200.00"), functional=D("182.73"))],
        taxes=[DocumentTax("", "2100", D("200.00"), D("38.00"), functional=D("34.72"))],
        total=D("238.00"), functional_total=D("217.45"), credits=made,
    )  # fmt: skip
    send_twice(connector, note, DocumentKind.CREDIT_NOTE)
    half = client.a_payment("500.00", (made, "500.00"), currency="USD", functional=D("460.00"))
    send_twice(connector, half, DocumentKind.PAYMENT)
    rest = client.a_payment("452.00", (made, "452.00"), currency="USD", functional=D("409.85"))
    paid = send_twice(connector, rest, DocumentKind.PAYMENT)
    assert client.owes() == 0  # 1087.30 - 217.45 - 460.00 - 409.85
    send_twice(connector, Void(paid.external_id, date(2026, 3, 25)), DocumentKind.PAYMENT_VOID)
    assert client.owes() == D("409.85")
