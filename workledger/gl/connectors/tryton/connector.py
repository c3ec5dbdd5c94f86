"""The front: `workledger.gl.connector.Connector` for Tryton."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from workledger.gl.connector import (
    Changes,
    Customer,
    Document,
    DocumentKind,
    ExternalBalance,
    Invoice,
    Journal,
    Payment,
    Receipt,
    Void,
)
from workledger.gl.connectors.tryton.balances import balances_at
from workledger.gl.connectors.tryton.books import Books, JournalCodes
from workledger.gl.connectors.tryton.changes import changes_since
from workledger.gl.connectors.tryton.invoices import send_invoice
from workledger.gl.connectors.tryton.moves import send_journal, send_payment, send_void
from workledger.gl.connectors.tryton.parties import send_customer
from workledger.gl.connectors.tryton.wire import Login, Wire


@dataclass(frozen=True, slots=True)
class TrytonSettings:
    """How a legal entity's books are reached. The user must be the connector's own: what others do is what changed.

    `line_account` is shown on lines of invoices whose account is not one of revenue, such as the contract position.
    """

    login: Login
    company: str = ""
    line_account: str = ""
    journals: JournalCodes = field(default_factory=JournalCodes)


def opened(settings: Mapping[str, str]) -> "TrytonConnector":
    """Return a connector of the settings that `KIND` asks for, its password filled in. Reaches out to nobody."""
    login = Login(settings["url"], settings["database"], settings["user"], settings["password"])
    journals = JournalCodes(
        invoices=settings["invoice_journal"],
        payments=settings["payment_journal"],
        write_offs=settings["write_off_journal"],
        journals=settings["general_journal"],
    )
    return TrytonConnector(TrytonSettings(login, settings["company"], settings["line_account"], journals))


class TrytonConnector:
    """The general ledger of one company in Tryton."""

    def __init__(self, settings: TrytonSettings) -> None:
        self._settings = settings
        self._wire = Wire(settings.login)
        self._books = Books(self._wire, settings.company, settings.journals)

    def check(self) -> str:
        """Return what was reached. Raises Unreachable or Rejected, also where a journal of the settings is missing."""
        books = self._open()
        codes = self._settings.journals
        for code in (codes.invoices, codes.payments, codes.write_offs, codes.journals):
            books.journal(code)
        if self._settings.line_account:
            books.account(self._settings.line_account)
        company = books.company
        return f"Tryton {self._wire.version()}: {company.name}, books in {company.currency}, {len(books.accounts)} accounts."

    def accounts(self) -> Mapping[str, str]:
        """Return the names of open accounts by code."""
        return {account.code: account.name for account in self._open().accounts.values()}

    def send(self, document: Document, *, kind: DocumentKind, key: str) -> Receipt:
        """Make the document, or find and complete what an earlier try made. Raises Unreachable or Rejected."""
        books = self._open()
        match document:
            case Customer():
                return send_customer(self._wire, document, key)
            case Invoice():
                return send_invoice(books, document, kind, key, self._settings.line_account)
            case Payment():
                return send_payment(books, document, kind, key)
            case Void():
                return send_void(books, document, key)
            case Journal():
                return send_journal(books, document, key)

    def changes(self, cursor: str) -> Changes:
        """Return what other users did since the cursor."""
        return changes_since(self._open(), cursor)

    def balances(self, as_of: date) -> Sequence[ExternalBalance]:
        """Return what posted entries up to a day come to, by account, and by party where the account asks for one."""
        return balances_at(self._open(), as_of)

    def _open(self) -> Books:
        """Return the books after the company is known, since every call names it."""
        _ = self._books.company
        return self._books
