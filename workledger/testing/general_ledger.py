"""A general ledger in memory that misbehaves when asked to: for tests of the sync.

It keeps books of its own, posted from the documents it is sent, so that a tie-out means something. People 'there' may record
and void payments, void and edit invoices. Scripted faults happen at the next documents, one each (None: all goes well).
"""

import itertools
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice as InvoiceRow
from workledger.core.access import system_actor
from workledger.gl import registry
from workledger.gl.connector import (
    Change,
    ChangeKind,
    Changes,
    Customer,
    Document,
    DocumentKind,
    ExternalBalance,
    Invoice,
    Journal,
    Payment,
    Receipt,
    Rejected,
    Settled,
    Unreachable,
    Void,
)
from workledger.gl.registry import ConnectorKind, SettingField
from workledger.gl.sync import actions, delivery
from workledger.gl.sync.models import Connection, Opening, Outgoing
from workledger.projects.models import Task
from workledger.testing.time import approved
from workledger.testing.world import FIRST_DAY, TODAY, World

NAME = "memory"


class Fault(StrEnum):
    """What may go wrong with a document."""

    BEFORE = "before"
    """The connection breaks off before anything is made."""
    AFTER = "after"
    """The document is made, and the connection breaks off before the answer."""
    CRASH_BEFORE = "crash_before"
    """Our process dies before anything is made."""
    CRASH_AFTER = "crash_after"
    """Our process dies after the document was made."""
    REJECT = "reject"
    """The other side refuses it."""


class Crash(BaseException):
    """Our process is killed: nothing catches it."""


@dataclass
class Thing:
    """A document there."""

    external_id: str
    document: Document
    kind: DocumentKind
    is_void: bool = False


def agrees(_kind: DocumentKind, _document: Document) -> str:
    """Refuse nothing."""
    return ""


@dataclass
class MemoryLedger:
    """The other side. `balance` is debit less credit by account and customer."""

    things: dict[str, Thing] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    postings: list[tuple[date, str, str, Decimal]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    refuses: Callable[[DocumentKind, Document], str] = agrees
    while_sending: Callable[[], None] = lambda: None
    receivable: str = "1100"
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    lock: threading.Lock = field(default_factory=threading.Lock)
    sends: int = 0
    is_away: bool = False
    forgets_keys: bool = False

    # --- the connector ------------------------------------------------------------------------------------

    def check(self) -> str:
        """Say that it is there."""
        return "Ledger in memory, 1.0"

    def accounts(self) -> Mapping[str, str]:
        """Return the accounts that anything was posted on."""
        return {account: account for _, account, _, _ in self.postings}

    def send(self, document: Document, *, kind: DocumentKind, key: str) -> Receipt:
        """Make a document once per key, with whatever fault is next."""
        self.while_sending()
        with self.lock:
            return self._send(document, kind, key)

    def _send(self, document: Document, kind: DocumentKind, key: str) -> Receipt:
        self.sends += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.BEFORE:
            raise Unreachable("The connection broke off.")
        if fault is Fault.CRASH_BEFORE:
            raise Crash
        refusal = self.refuses(kind, document)
        if (fault is Fault.REJECT or refusal) and key not in self.by_key:
            raise Rejected(refusal or "The period is closed there.")
        if key not in self.by_key or self.forgets_keys:
            self.by_key[key] = self._make(document, kind)
        thing = self.things[self.by_key[key]]
        if isinstance(document, Customer):
            thing.document = document
        if fault is Fault.AFTER:
            raise Unreachable("The connection broke off.")
        if fault is Fault.CRASH_AFTER:
            raise Crash
        return Receipt(thing.external_id, "1", f"#{thing.external_id}")

    def changes_since(self, cursor: str) -> Changes:
        """Return what people did since a cursor."""
        if self.is_away:
            raise Unreachable("The connection broke off.")
        start = int(cursor or 0)
        return Changes(self.changes[start:], str(len(self.changes)))

    def balances(self, as_of: date) -> Sequence[ExternalBalance]:
        """Return the balances at the end of a day; by customer on receivables."""
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for day, account, customer, amount in self.postings:
            if day <= as_of:
                sums[account, customer if account == self.receivable else ""] += amount
        return [ExternalBalance(account, customer, amount) for (account, customer), amount in sums.items()]

    # --- its books ----------------------------------------------------------------------------------------

    def _make(self, document: Document, kind: DocumentKind) -> str:
        external_id = f"{kind.value[0].upper()}{next(self.ids)}"
        match document:
            case Invoice():
                self._customer(document.customer)
                self._post_invoice(document, -1 if kind is DocumentKind.CREDIT_NOTE else 1)
            case Payment():
                self._customer(document.customer)
                for part in document.settles:
                    assert isinstance(self.things[part.invoice].document, Invoice)
                self._post_payment(document, 1)
            case Void():
                paid = self.things[document.payment]
                assert isinstance(paid.document, Payment)
                assert not paid.is_void
                paid.is_void = True
                self._post_payment(paid.document, -1, document.on)
            case Journal():
                for line in document.lines:
                    if line.customer:
                        self._customer(line.customer)
                    self._post(document.on, line.account, line.customer, line.debit - line.credit)
        self.things[external_id] = Thing(external_id, document, kind)
        return external_id

    def _customer(self, external_id: str) -> None:
        assert isinstance(self.things[external_id].document, Customer)

    def _post(self, day: date, account: str, customer: str, amount: Decimal) -> None:
        self.postings.append((day, account, customer, amount))

    def _post_invoice(self, invoice: Invoice, sign: int, day: date | None = None) -> None:
        day = day or invoice.posted_on or invoice.issued_on
        self._post(day, invoice.receivable_account, invoice.customer, sign * invoice.functional_total)
        for line in invoice.lines:
            amount = line.amount if line.functional is None else line.functional
            self._post(day, line.account, invoice.customer, -sign * amount)
        for tax in invoice.taxes:
            amount = tax.amount if tax.functional is None else tax.functional
            self._post(day, tax.account, invoice.customer, -sign * amount)

    def _post_payment(self, payment: Payment, sign: int, day: date | None = None) -> None:
        amount = payment.amount if payment.functional is None else payment.functional
        self._post(day or payment.on, payment.account, payment.customer, sign * amount)
        self._post(day or payment.on, payment.receivable_account, payment.customer, -sign * amount)

    # --- its people -----------------------------------------------------------------------------------------

    def of_kind(self, kind: DocumentKind) -> list[Thing]:
        """Return the documents of a kind that are not void."""
        return [thing for thing in self.things.values() if thing.kind is kind and not thing.is_void]

    def pay(self, invoice: str, amount: Decimal, on: date, *, account: str = "1000") -> str:
        """Record a payment of an invoice there; returns its id."""
        owed = self.things[invoice].document
        assert isinstance(owed, Invoice)
        payment = Payment(
            owed.customer, on, owed.currency, amount, account, owed.receivable_account, "there",
            [Settled(invoice, amount)],
        )  # fmt: skip
        return self.receive(payment)

    def receive(self, payment: Payment) -> str:
        """Record any payment there; returns its id."""
        external_id = self._make(payment, DocumentKind.PAYMENT)
        self._tell(ChangeKind.PAYMENT, external_id, payment.on, f"Payment {external_id} recorded", payment)
        return external_id

    def void_payment(self, external_id: str, on: date) -> None:
        """Undo a payment there."""
        thing = self.things[external_id]
        assert isinstance(thing.document, Payment)
        thing.is_void = True
        self._post_payment(thing.document, -1, on)
        self._tell(ChangeKind.PAYMENT_VOIDED, external_id, on, f"Payment {external_id} voided")

    def void_invoice(self, external_id: str, on: date) -> None:
        """Undo an invoice there."""
        thing = self.things[external_id]
        assert isinstance(thing.document, Invoice)
        thing.is_void = True
        self._post_invoice(thing.document, -1, on)
        self._tell(ChangeKind.INVOICE_VOIDED, external_id, on, f"Invoice {thing.document.number} voided")

    def edit_invoice(self, external_id: str, by: Decimal, on: date) -> None:
        """Change what an invoice comes to there."""
        thing = self.things[external_id]
        assert isinstance(thing.document, Invoice)
        self._post(on, thing.document.receivable_account, thing.document.customer, by)
        self._post(on, thing.document.lines[0].account, thing.document.customer, -by)
        self._tell(ChangeKind.INVOICE_EDITED, external_id, on, f"Total changed by {by}")

    def edit_customer(self, external_id: str, on: date) -> None:
        """Change a customer there."""
        self._tell(ChangeKind.CUSTOMER_EDITED, external_id, on, "Address changed")

    def _tell(
        self, kind: ChangeKind, external_id: str, on: date, said: str, payment: Payment | None = None
    ) -> None:
        key = f"{len(self.changes) + 1}"
        self.changes.append(Change(key, kind, external_id, key, on, said, payment))


class MemoryConnector:
    """The way to a ledger in memory."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger

    def check(self) -> str:
        """Say what was reached."""
        return self.ledger.check()

    def accounts(self) -> Mapping[str, str]:
        """Return its chart."""
        return self.ledger.accounts()

    def send(self, document: Document, *, kind: DocumentKind, key: str) -> Receipt:
        """Make a document once."""
        return self.ledger.send(document, kind=kind, key=key)

    def changes(self, cursor: str) -> Changes:
        """Return what people did since a cursor."""
        return self.ledger.changes_since(cursor)

    def balances(self, as_of: date) -> Sequence[ExternalBalance]:
        """Return balances at the end of a day."""
        return self.ledger.balances(as_of)


@contextmanager
def memory_ledger() -> Iterator[MemoryLedger]:
    """Install a ledger in memory as a connector while the block runs."""
    ledger = MemoryLedger()
    fields = (
        SettingField("url", "Address"),
        SettingField("password", "Password", "The name of a secret.", is_secret=True, is_required=False),
    )
    registry.register(ConnectorKind(NAME, "Ledger in memory", fields, lambda _: MemoryConnector(ledger)))
    try:
        yield ledger
    finally:
        registry.forget(NAME)


def connected(
    world: World, *, starts_on: date = FIRST_DAY, opening: Opening = Opening.SEND, name: str = "Books"
) -> Connection:
    """Connect the firm's books to the ledger in memory."""
    connection_id = actions.connect_ledger(
        actor=world.fay.actor, book_id=world.book_id, connector=NAME, name=name,
        settings={"url": "memory:"}, starts_on=starts_on, opening=opening,
    )  # fmt: skip
    return Connection.objects.get(pk=connection_id)


def sync_told(world: World, there: MemoryLedger) -> Connection:
    """A connection with something on every page: documents in all states, conflicts, a tie-out that differs."""
    connection = connected(world, name="Ledger in memory")
    row = _issued(world, world.build, date(2026, 3, 2))
    now = datetime(2026, 3, 16, 9, tzinfo=UTC)
    sync = system_actor("sync")
    delivery.deliver(sync, connection.pk, now)
    mine = there.of_kind(DocumentKind.INVOICE)[0].external_id
    there.pay(mine, Decimal(500), TODAY)
    there.pay(mine, Decimal(5000), TODAY)
    there.edit_invoice(mine, Decimal(10), TODAY)
    delivery.pull(sync, connection.pk, now)
    _issued(world, world.review, date(2026, 3, 10))
    there.refuses = lambda kind, _: "Account 1200 is not there." if kind is DocumentKind.INVOICE else ""
    delivery.deliver(sync, connection.pk, now)
    there.refuses = agrees
    approved(world.carl, world, world.build, date(2026, 3, 11), "4")
    actions.queue_journals(actor=sync, connection_id=connection.pk, through=TODAY)
    credit_invoice(actor=world.fay.actor, invoice_id=row.pk, on=TODAY, reason="Agreed")
    note = Outgoing.objects.get(connection=connection, kind=DocumentKind.CREDIT_NOTE)
    actions.hold_document(
        actor=world.fay.actor, outgoing_id=note.pk, reason="The client calls back on Monday"
    )
    there.faults = [Fault.BEFORE]
    delivery.deliver(sync, connection.pk, now)
    delivery.tie_out(sync, connection.pk, TODAY)
    return connection


def _issued(world: World, task: Task, day: date) -> InvoiceRow:
    approved(world.carl, world, task, day, "8")
    done = run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    return InvoiceRow.objects.get(pk=done.invoices[0].id)
