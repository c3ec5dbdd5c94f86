"""What a bookkeeper does in Tryton comes back, once; what the connector does itself does not."""

from datetime import date
from decimal import Decimal

from workledger.gl.connector import (
    Change,
    ChangeKind,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Receipt,
    Settled,
    Void,
)
from workledger.gl.connectors.tryton.connector import TrytonConnector
from workledger.gl.connectors.tryton.refs import INVOICE, MOVE, PARTY, number_of
from workledger.gl.connectors.tryton.testing.bookkeeper import Bookkeeper
from workledger.gl.connectors.tryton.tests.documents import Client, new_client, new_key

D = Decimal


class Pulling:
    """Asks again and again, as the outbox does: a change is new when its key is."""

    def __init__(self, connector: TrytonConnector) -> None:
        self._connector = connector
        self._taken: set[str] = set()
        self.cursor = ""
        self.new()

    def new(self) -> list[Change]:
        found = self._connector.changes(self.cursor)
        fresh = [change for change in found.found if change.key not in self._taken]
        self._taken |= {change.key for change in found.found}
        self.cursor = found.cursor
        return fresh


def number(reference: str, model: str = INVOICE) -> int:
    return number_of(reference, model)


def move_of(change: Change) -> int:
    return number_of(change.external_id.partition("/")[0], MOVE)


def foreign_invoice(client: Client) -> Receipt:
    return client.invoice(
        currency="USD",
        lines=[DocumentLine("Work", "1200", D("1000.00"))],
        taxes=[DocumentTax("", "2100", D("1000.00"), D("190.00"))],
        total=D("1190.00"), functional_total=D("1087.30"),
    )  # fmt: skip


def test_own_acts_are_no_changes(connector: TrytonConnector) -> None:
    pulling, client = Pulling(connector), new_client(connector)
    invoice = client.invoice().external_id
    paid = connector.send(
        client.a_payment("119.06", (invoice, "119.06")), kind=DocumentKind.PAYMENT, key=new_key("payment")
    )
    connector.send(
        Void(paid.external_id, date(2026, 3, 25)), kind=DocumentKind.PAYMENT_VOID, key=new_key("void")
    )
    assert pulling.new() == []


def test_payments_in_part_and_over_and_undone(connector: TrytonConnector, bookkeeper: Bookkeeper) -> None:
    pulling, client = Pulling(connector), new_client(connector)
    invoice = client.invoice().external_id
    bookkeeper.pay(invoice, D("60.00"), date(2026, 3, 10))
    (part,) = pulling.new()
    assert part.payment is not None
    assert (part.kind, part.on) == (ChangeKind.PAYMENT, date(2026, 3, 10))
    assert part.payment.settles == [Settled(invoice, D("60.00"))]
    assert (part.payment.customer, part.payment.account, part.payment.receivable_account) == (
        client.id,
        "1050",
        "1100",
    )
    assert part.said.startswith("Bea Bookkeeper booked 60.00 EUR received")
    assert pulling.new() == []

    bookkeeper.pay(invoice, D("70.00"), date(2026, 3, 11), kind="overpayment")
    (over,) = pulling.new()
    assert over.payment is not None
    assert over.payment.amount == D("70.00")
    assert over.payment.settles == [Settled(invoice, D("59.06"))]  # 119.06 - 60, the rest is her credit

    bookkeeper.cancel_move(move_of(over))
    (void,) = pulling.new()
    assert (void.kind, void.external_id) == (ChangeKind.PAYMENT_VOIDED, over.external_id)
    assert client.owes() == D("59.06")

    again = connector.send(
        client.a_payment("59.06", (invoice, "59.06")), kind=DocumentKind.PAYMENT, key=new_key("payment")
    )
    bookkeeper.cancel_move(number_of(again.external_id.partition("/")[0], MOVE))
    (void,) = pulling.new()
    assert (void.kind, void.external_id) == (ChangeKind.PAYMENT_VOIDED, again.external_id)
    assert (
        connector.send(
            Void(again.external_id, date(2026, 3, 25)), kind=DocumentKind.PAYMENT_VOID, key=new_key("void")
        ).external_id
        != again.external_id
    )
    assert client.owes() == D("59.06")  # undone once, though both sides undid it


def test_deposit_booked_by_hand_is_split_over_customers_and_invoices(
    connector: TrytonConnector, bookkeeper: Bookkeeper
) -> None:
    pulling = Pulling(connector)
    acme, globex = new_client(connector), new_client(connector, "Globex")
    first, second = acme.invoice().external_id, acme.invoice(due_on=date(2026, 4, 2)).external_id
    other = foreign_invoice(globex).external_id
    sides = [
        ("1050", D("1325.42"), {}),
        ("1100", D("-238.12"), {"party": number_of(acme.id, PARTY)}),
        (
            "1100",
            D("-1087.30"),
            {
                "party": number_of(globex.id, PARTY),
                "second_currency": bookkeeper.wire.find(
                    "currency.currency", [("code", "=", "USD")], ["code"]
                )[0]["id"],
                "amount_second_currency": D("-1190.00"),
            },
        ),
    ]
    lines = bookkeeper.book("Bank statement 17", date(2026, 4, 15), sides)
    assert pulling.new() == []  # it settles nothing yet
    ours = {row["party"]: row["id"] for row in lines if row["party"]}
    due = [
        line
        for invoice in (first, second)
        for line in bookkeeper.wire.read(INVOICE, [number(invoice)], ["lines_to_pay"])[0]["lines_to_pay"]
    ]
    bookkeeper.reconcile([*due, ours[number_of(acme.id, PARTY)]])
    (change,) = pulling.new()
    assert change.payment is not None
    assert change.payment.amount == D("238.12")
    assert change.payment.settles == [Settled(first, D("119.06")), Settled(second, D("119.06"))]
    assert change.payment.reference == "Bank statement 17"

    owed = bookkeeper.wire.find(
        "account.move.line", [("move", "=", number(other, MOVE)), ("account.code", "=", "1100")], ["debit"]
    )
    bookkeeper.reconcile([owed[0]["id"], ours[number_of(globex.id, PARTY)]])
    (change,) = pulling.new()
    assert change.payment is not None
    assert (change.payment.customer, change.payment.currency) == (globex.id, "USD")
    assert (change.payment.amount, change.payment.functional) == (D("1190.00"), D("1087.30"))
    assert change.payment.settles == [Settled(other, D("1190.00"))]


def test_cancelled_invoice_and_edited_customer(connector: TrytonConnector, bookkeeper: Bookkeeper) -> None:
    pulling, client = Pulling(connector), new_client(connector)
    invoice = client.invoice().external_id
    bookkeeper.wire.call("model.account.invoice.cancel", [number(invoice)])
    (void,) = pulling.new()
    assert (void.kind, void.external_id) == (ChangeKind.INVOICE_VOIDED, invoice)
    assert void.said.startswith("Bea Bookkeeper cancelled the invoice")

    party = number_of(client.id, PARTY)
    bookkeeper.wire.write(PARTY, [party], {"name": "Acme and Daughters"})
    (edited,) = pulling.new()
    assert (edited.kind, edited.external_id) == (ChangeKind.CUSTOMER_EDITED, client.id)
    assert edited.said == "Bea Bookkeeper edited the customer Acme and Daughters"
    address = bookkeeper.wire.find("party.address", [("party", "=", party)], ["street"])[0]
    bookkeeper.wire.write("party.address", [address["id"]], {"street_unstructured": "Elsewhere 2"})
    (moved,) = pulling.new()
    assert moved.version != edited.version
