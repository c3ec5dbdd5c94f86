"""What a general ledger on the other side must be able to do, and the documents that travel.

A connector turns these documents into calls of one system and what it reads there into these values. It keeps no state
and touches no table: the outbox keeps keys, ids and attempts. Amounts are exact decimals in the currency named; accounts,
taxes and dimensions are the codes of the other side, mapped before a document is queued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class DocumentKind(StrEnum):
    """What travels."""

    CUSTOMER = "customer"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    PAYMENT_VOID = "payment_void"
    WRITE_OFF = "write_off"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Customer:
    """A client as the other side knows customers."""

    name: str
    country: str = ""
    vat_number: str = ""
    address: Sequence[str] = ()
    email: str = ""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line of an invoice or credit note: net amount, positive on an invoice's usual side (what is taken off is
    negative); dimensions by axis. `functional` is the amount in the books' currency: the exact share of the entry.
    """

    description: str
    account: str
    amount: Decimal
    tax: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    functional: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DocumentTax:
    """A tax total of a document: the other side's code and account, what it is charged on, the tax (and in the books'
    currency).
    """

    tax: str
    account: str
    base: Decimal
    amount: Decimal
    functional: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice or credit note, amounts positive in both; `functional_total` is its gross in the books' currency.

    `credits` is the external id of the invoice that a credit note credits. `posted_on` is the day in the books where it is
    not the day of issue, because that day's period was closed.
    """

    number: str
    customer: str
    issued_on: date
    due_on: date
    currency: str
    receivable_account: str
    lines: Sequence[DocumentLine]
    taxes: Sequence[DocumentTax]
    total: Decimal
    functional_total: Decimal
    credits: str = ""
    posted_on: date | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A part of a payment or write-off: the external id of an invoice, and the amount set against it."""

    invoice: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received, or a debt written off: `account` is where it is debited (bank or cash clearing; bad debt).

    What `settles` leaves of `amount` is the customer's credit. `functional` is the amount in the books' currency, at which
    both accounts move: what the rate of an invoice makes of it comes as a journal, so the other side books none itself.
    """

    customer: str
    on: date
    currency: str
    amount: Decimal
    account: str
    receivable_account: str
    reference: str = ""
    settles: Sequence[Settled] = ()
    functional: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Void:
    """A payment that is undone: its external id, and the day."""

    payment: str
    on: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A side of a journal in the books' currency; `customer` is an external id where the account asks for one."""

    account: str
    debit: Decimal
    credit: Decimal
    description: str = ""
    customer: str = ""
    currency: str = ""
    currency_amount: Decimal | None = None
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Journal:
    """A balanced journal of everything that no document carries."""

    on: date
    description: str
    lines: Sequence[JournalLine]


Document = Customer | Invoice | Payment | Void | Journal


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side made of a document: its id there, a version that changes with every edit, and a name to show."""

    external_id: str
    version: str = ""
    label: str = ""


class ChangeKind(StrEnum):
    """What happened on the other side."""

    PAYMENT = "payment"
    PAYMENT_VOIDED = "payment_voided"
    INVOICE_VOIDED = "invoice_voided"
    INVOICE_EDITED = "invoice_edited"
    CUSTOMER_EDITED = "customer_edited"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that people did on the other side. `key` names it once and for all, so that it is taken once.

    `external_id` is the document's there; `payment` says what was received where it is a payment.
    """

    key: str
    kind: ChangeKind
    external_id: str
    version: str
    on: date
    said: str
    payment: Payment | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes in order, and the cursor from which to ask next time."""

    found: Sequence[Change]
    cursor: str


@dataclass(frozen=True, slots=True)
class ExternalBalance:
    """A balance on the other side, debit less credit in the books' currency, by account and (where it has one) customer."""

    account: str
    customer: str
    balance: Decimal


class Unreachable(Exception):
    """The other side did not answer, or broke off: try again later. Nothing is known about what it did."""


class Rejected(Exception):
    """The other side refused a document and said why: a person must mend something before it is sent again."""


class Connector(Protocol):
    """One general ledger, for one legal entity.

    Every method raises `Unreachable` or `Rejected`. `send` must be safe to repeat: before it makes anything it looks for
    `key`, which it leaves on what it makes, so that a broken connection never makes a second document. A customer comes
    again under its key when it was edited here: the one that is there is brought up to date.
    """

    def check(self) -> str:
        """Return a sentence that says what was reached, such as the company's name and the version."""
        ...

    def accounts(self) -> Mapping[str, str]:
        """Return the chart of the other side: name by code."""
        ...

    def send(self, document: Document, *, kind: DocumentKind, key: str) -> Receipt:
        """Make the document there, once, and return what was made."""
        ...

    def changes(self, cursor: str) -> Changes:
        """Return what people did there since the cursor ('' is the beginning), without what `send` itself did."""
        ...

    def balances(self, as_of: date) -> Sequence[ExternalBalance]:
        """Return the balances at the end of a day."""
        ...
