"""Documents as the outbox would send them, with numbers and keys that no other test uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count

from workledger.gl.connector import (
    Customer,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    ExternalBalance,
    Invoice,
    Payment,
    Receipt,
    Settled,
)
from workledger.gl.connectors.tryton.connector import TrytonConnector

ISSUED, DUE = date(2026, 3, 2), date(2026, 4, 1)
NET, TAX, GROSS = Decimal("100.05"), Decimal("19.01"), Decimal("119.06")

_numbers = count(1)


def new_key(kind: str) -> str:
    """Return a key with what a search by pattern might stumble over."""
    return f"wl_100%:{kind}:{next(_numbers)}"


@dataclass
class Client:
    """A customer that was sent, and how to send documents of it."""

    connector: TrytonConnector
    id: str
    key: str

    def invoice(self, **changes: object) -> Receipt:
        return self.connector.send(
            self.an_invoice(**changes), kind=DocumentKind.INVOICE, key=new_key("invoice")
        )

    def an_invoice(self, **changes: object) -> Invoice:
        """119.06: work on the contract position with a tax of 19 %, rounded our way."""
        values = {
            "number": f"2026-{next(_numbers):04d}",
            "customer": self.id,
            "issued_on": ISSUED,
            "due_on": DUE,
            "currency": "EUR",
            "receivable_account": "1100",
            "lines": [DocumentLine("Work in February", "1200", NET)],
            "taxes": [DocumentTax("", "2100", NET, TAX)],
            "total": GROSS,
            "functional_total": GROSS,
        }
        return Invoice(**{**values, **changes})  # type: ignore[arg-type]

    def a_payment(self, amount: str, *settles: tuple[str, str], **changes: object) -> Payment:
        values = {
            "customer": self.id,
            "on": date(2026, 3, 20),
            "currency": "EUR",
            "amount": Decimal(amount),
            "account": "1000",
            "receivable_account": "1100",
            "reference": "Transfer",
            "settles": [Settled(invoice, Decimal(part)) for invoice, part in settles],
        }
        return Payment(**{**values, **changes})  # type: ignore[arg-type]

    def owes(self, as_of: date = date(2026, 12, 31)) -> Decimal:
        """What this customer owes there."""
        rows = self.connector.balances(as_of)
        return sum((row.balance for row in rows if row.customer == self.id), Decimal(0))


def new_client(connector: TrytonConnector, name: str = "Acme") -> Client:
    key = new_key("customer")
    receipt = connector.send(a_customer(name), kind=DocumentKind.CUSTOMER, key=key)
    return Client(connector, receipt.external_id, key)


def a_customer(name: str = "Acme") -> Customer:
    return Customer(name, "DE", "DE136695976", ["Hafenweg 1", "20457 Hamburg"], "books@acme.example")


def by_account(rows: Sequence[ExternalBalance]) -> dict[str, Decimal]:
    """Sum balances by account."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.account] = found.get(row.account, Decimal(0)) + row.balance
    return found


class Moved:
    """What accounts moved between two looks."""

    def __init__(self, connector: TrytonConnector) -> None:
        self._connector = connector
        self._before = by_account(connector.balances(date(2026, 12, 31)))

    def since(self) -> dict[str, Decimal]:
        after = by_account(self._connector.balances(date(2026, 12, 31)))
        codes = self._before.keys() | after.keys()
        moved = {code: after.get(code, Decimal(0)) - self._before.get(code, Decimal(0)) for code in codes}
        return {code: amount for code, amount in sorted(moved.items()) if amount}


def send_twice(connector: TrytonConnector, document: Document, kind: DocumentKind) -> Receipt:
    """Send a document twice under one key, as after an answer that did not come; both receipts must be of one record."""
    key = new_key(kind)
    first = connector.send(document, kind=kind, key=key)
    second = connector.send(document, kind=kind, key=key)
    assert (first.external_id, first.label) == (second.external_id, second.label)
    return second
