"""Invoices and credit notes: as account.invoice in the books' own currency, as account.move in a foreign one."""

from datetime import date
from decimal import Decimal

from workledger.gl.connector import DocumentKind, Invoice, Receipt, Rejected
from workledger.gl.connectors.tryton.books import Account, Books
from workledger.gl.connectors.tryton.moves import (
    find_made,
    find_posted,
    keyed,
    like_key,
    make,
    money_of,
    post,
    version_of,
)
from workledger.gl.connectors.tryton.owed import Owed, add_to_invoice, find_owed, lines_of, paid_by, settle
from workledger.gl.connectors.tryton.parties import address_of
from workledger.gl.connectors.tryton.refs import INVOICE, MOVE, PARTY, number_of, ref
from workledger.gl.connectors.tryton.values import Entry, invoice_lines, invoice_values

_FIELDS = ["number", "state", "write_date", "create_date"]


def send_invoice(books: Books, invoice: Invoice, kind: DocumentKind, key: str, line_account: str) -> Receipt:
    """Make an invoice or credit note and post it; a credit note is set against what it credits, as far as that is open."""
    credit = kind is DocumentKind.CREDIT_NOTE
    credited = find_owed(books, [invoice.credits])[invoice.credits] if credit and invoice.credits else None
    if invoice.currency != books.company.currency:
        return _send_move(books, invoice, credit, key, credited)
    return _send_invoice(books, invoice, credit, key, credited, line_account)


# --- in the books' own currency -------------------------------------------------------------------------


def _send_invoice(
    books: Books, invoice: Invoice, credit: bool, key: str, credited: Owed | None, line_account: str
) -> Receipt:
    found = find_made(books, INVOICE, [like_key(key), ("type", "=", "out")], _FIELDS)
    invoice_id = int(found["id"]) if found else _make_invoice(books, invoice, credit, key, line_account)
    row = books.wire.read(INVOICE, [invoice_id], _FIELDS)[0]
    if credited is not None:
        _set_against(books, invoice_id, credited)
    return Receipt(ref(INVOICE, invoice_id), version_of(row), row["number"])


def _make_invoice(books: Books, invoice: Invoice, credit: bool, key: str, line_account: str) -> int:
    accounts = _accounts(books, invoice)
    party_id = number_of(invoice.customer, PARTY)
    values = invoice_values(
        invoice,
        credit=credit,
        description=keyed(_title(invoice, credit), key),
        numbered_on=_numbered_on(books, invoice),
        company_id=books.company.id,
        party_id=party_id,
        address_id=address_of(books.wire, party_id),
        journal_id=books.journal(books.journal_codes.invoices),
        currency_id=books.currency(invoice.currency),
        accounts=accounts,
        line_account=_line_account(books, invoice, accounts, line_account),
        tax_ids=_taxes(books, invoice),
    )
    invoice_id = books.wire.create(INVOICE, values)
    _check_total(books, invoice, credit, invoice_id)
    post(books, INVOICE, invoice_id)
    return invoice_id


def _numbered_on(books: Books, invoice: Invoice) -> date:
    """Return the date for Tryton's own numbering, which refuses one before that of an invoice it has numbered.

    The books know the true day all the same: it is the accounting date.
    """
    domain = [
        ("company", "=", books.company.id),
        ("type", "=", "out"),
        ("number", "!=", None),
        ("invoice_date", ">", invoice.issued_on),
    ]
    later = books.wire.find(INVOICE, domain, ["invoice_date"], limit=1, order=[("invoice_date", "DESC")])
    found: date = later[0]["invoice_date"] if later else invoice.issued_on
    return found


def _line_account(
    books: Books, invoice: Invoice, accounts: dict[str, Account], line_account: str
) -> Account | None:
    """Return the account of revenue that lines show whose own is none, or None where every line may show its own."""
    others = sorted({line.account for line in invoice.lines if not accounts[line.account].on_invoices})
    if not others:
        return None
    shown = books.account(line_account) if line_account else None
    if shown is None or not shown.on_invoices:
        raise Rejected(
            f"Lines of customer invoices in Tryton name accounts of revenue only, and {', '.join(others)} is none. Set an "
            "account of revenue that such lines show in the settings of the connection."
        )
    return shown


def _check_total(books: Books, invoice: Invoice, credit: bool, invoice_id: int) -> None:
    """Take back a draft that does not come to the document's total: Tryton has computed a tax of its own."""
    found = books.wire.read(INVOICE, [invoice_id], ["total_amount"])[0]["total_amount"]
    wanted = -invoice.total if credit else invoice.total
    if found != wanted:
        books.wire.delete(INVOICE, [invoice_id])
        raise Rejected(
            f"In Tryton {invoice.number} would come to {found:.2f}, and here it is {wanted:.2f}: a tax there is not the one "
            "that it is mapped to."
        )


def _set_against(books: Books, invoice_id: int, credited: Owed) -> None:
    """Set a posted credit note against its invoice; where that has less open, it stays the customer's credit."""
    made = books.wire.read(INVOICE, [invoice_id], ["lines_to_pay"])[0]
    rows = [row for row in lines_of(books, [("id", "in", made["lines_to_pay"])]) if not row["reconciliation"]]
    unlinked = sum((paid_by(row) for row in rows if not row["invoice_payment"]), Decimal(0))
    if rows and unlinked <= credited.open:
        add_to_invoice(books, credited.invoice_id, rows)


# --- in a foreign currency ------------------------------------------------------------------------------


def _send_move(books: Books, invoice: Invoice, credit: bool, key: str, credited: Owed | None) -> Receipt:
    posted = find_posted(books, key)
    if posted is None:
        fits = credited is not None and invoice.total <= credited.open
        rows = invoice_lines(
            invoice,
            credit=credit,
            money=money_of(books, invoice.currency),
            party_id=number_of(invoice.customer, PARTY),
            accounts=_accounts(books, invoice),
            tax_ids=_taxes(books, invoice),
            credited_line=credited.lines[0] if credited is not None and fits else None,
        )
        on = invoice.posted_on or invoice.issued_on
        head = Entry(
            books.company.id,
            books.journal(books.journal_codes.invoices),
            books.period(on),
            on,
            keyed(_title(invoice, credit), key),
        )
        posted = make(books, head.with_lines(rows))
    settle(books, posted["id"])
    return Receipt(ref(MOVE, posted["id"]), version_of(posted), posted["number"])


# --- both -----------------------------------------------------------------------------------------------


def _title(invoice: Invoice, credit: bool) -> str:
    return f"{'Credit note' if credit else 'Invoice'} {invoice.number}"


def _accounts(books: Books, invoice: Invoice) -> dict[str, Account]:
    codes = {invoice.receivable_account, *(line.account for line in invoice.lines)}
    codes |= {tax.account for tax in invoice.taxes}
    return {code: books.account(code) for code in sorted(codes)}


def _taxes(books: Books, invoice: Invoice) -> dict[str, int]:
    """Return the taxes known there by name. An unknown one is refused: it was mapped to a tax that is not there."""
    names = sorted(
        {tax.tax for tax in invoice.taxes if tax.tax} | {line.tax for line in invoice.lines if line.tax}
    )
    if not names:
        return {}
    domain = [("company", "=", books.company.id), ("name", "in", names)]
    found = {row["name"]: row["id"] for row in books.wire.find("account.tax", domain, ["name"])}
    missing = [name for name in names if name not in found]
    if missing:
        raise Rejected(f"Tryton has no tax named {', '.join(missing)} in the books of {books.company.name}.")
    return found
