"""QuickBooks Desktop: general journals in the Intuit Interchange Format.

Read there by File, Utilities, Import, IIF files. Rows are tab-separated. Rows that begin with '!' head the columns; a
transaction is a TRNS row, a SPL row for each further line, and ENDTRNS; debits are positive and credits negative, and
they sum to nothing; dates are month/day/year. Accounts go by their name, sub-accounts behind a colon.

Sources: Intuit's IIF import kit (support.quickbooks.intuit.com, iif_import_kit.zip: reference of TRNS, SPL, ACCNT and
CUST) and article HOW12778 on header rows; for receivables qbgarage.com, 'restrictions on making General Journal
Entries to A/R': at most one receivable line in a journal, on its first row, with its customer. So a summary is one
journal a client whose receivable moves. Accounts that nobody mapped are declared, for QuickBooks would make banks of
them; so are the customers.
"""

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from workledger.core.access import Actor
from workledger.gl.calc.journals import Journal, Line
from workledger.gl.exporters.form import Form, Order, Outlet
from workledger.gl.journals import Reading, Wanted, amount
from workledger.gl.models import Axis
from workledger.kernel.rounding import minor_units
from workledger.ledger.export import Exported
from workledger.ledger.export.comma import guarded
from workledger.ledger.export.source import ExportAccount
from workledger.ledger.models import AccountRole

ENCODING = "cp1252"
_AXES = frozenset({Axis.CUSTOMER, Axis.CLASS})
_EVERY = 500  # journals a write
_LONGEST_NUMBER = 11
_LONGEST_MEMO = 500
_COLUMNS = ("TRNSTYPE", "DATE", "ACCNT", "NAME", "CLASS", "AMOUNT", "DOCNUM", "MEMO")
_TYPES = {
    "Assets": "OCASSET", "Liabilities": "OCLIAB", "Equity": "EQUITY", "Income": "INC", "Expenses": "EXP",
}  # fmt: skip


def write(actor: Actor, order: Order, out: Outlet, progress: Callable[[int], None]) -> Exported:
    """Write the journals of one book; returns how many journals and lines."""
    (book_id,) = order.book_ids or ()
    reading = Reading(
        actor, Wanted(book_id, order.start, order.end, order.grain, axes=_AXES, by_customer=True)
    )
    places = minor_units(reading.mapping.currency)
    out.write(_lists(reading) + _head())
    parts: list[str] = []
    journals = lines = 0
    for each in reading.journals():
        journals += 1
        parts.append(_transaction(each, places))
        lines += len(each.lines)
        if journals % _EVERY == 0:
            out.write("".join(parts))
            parts.clear()
            progress(lines)
    out.write("".join(parts))
    return Exported(journals, lines)


def _lists(reading: Reading) -> str:
    """Return the accounts that go under our own code, and the customers, so that the journals find them."""
    accounts = [
        _row("ACCNT", reading.mapping.account(account.id), _type(account), account.name)
        for account in reading.unmapped()
    ]
    customers = [_row("CUST", name) for name in reading.customers()]
    rows: list[str] = []
    if accounts:
        rows += [_row("!ACCNT", "NAME", "ACCNTTYPE", "DESC"), *accounts]
    if customers:
        rows += [_row("!CUST", "NAME"), *customers]
    return "".join(rows)


def _type(account: ExportAccount) -> str:
    return "AR" if account.role == AccountRole.RECEIVABLE else _TYPES[account.root]


def _head() -> str:
    return _row("!TRNS", *_COLUMNS) + _row("!SPL", *_COLUMNS) + _row("!ENDTRNS")


def _transaction(journal: Journal, places: int) -> str:
    rows = [
        _line("SPL" if place else "TRNS", journal, line, places) for place, line in enumerate(journal.lines)
    ]
    return "".join(rows) + _row("ENDTRNS")


def _line(kind: str, journal: Journal, line: Line, places: int) -> str:
    about = dict(line.dimensions)
    on = journal.on
    return _row(
        kind, "GENERAL JOURNAL", f"{on.month:02}/{on.day:02}/{on.year}", line.account,
        line.customer or about.get(Axis.CUSTOMER, ""), about.get(Axis.CLASS, ""),
        amount(line.amount, places), _number(journal.id), journal.description[:_LONGEST_MEMO],
    )  # fmt: skip


def _number(identifier: str) -> str:
    """Return an entry's number in the eleven characters that there are: its end, which tells entries apart."""
    return identifier.replace("-", "")[-_LONGEST_NUMBER:]


def _row(*cells: str) -> str:
    return "\t".join(_cell(cell) for cell in cells) + "\r\n"


@lru_cache(20_000)
def _cell(text: str) -> str:
    """Return text on one line, without what parts cells or begins a formula, in letters that QuickBooks reads."""
    if text.isascii() and text.isalnum():
        return text
    text = " ".join(text.replace('"', "'").split())
    if not _is_amount(text):
        text = guarded(text)
    try:
        text.encode(ENCODING)
    except UnicodeEncodeError:
        text = "".join(_sign(sign) for sign in text)
    return text


def _is_amount(text: str) -> bool:
    return text[:1] == "-" and text[1:].replace(".", "", 1).isdecimal()


def _sign(sign: str) -> str:
    for form in _forms(sign):
        try:
            form.encode(ENCODING)
        except UnicodeEncodeError:
            continue
        return form
    return "?"


def _forms(sign: str) -> Iterable[str]:
    yield sign
    bare = "".join(each for each in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(each))
    if bare:
        yield bare


FORM = Form(
    "iif", "QuickBooks (IIF)", "iif", "text/plain", write,
    encoding=ENCODING, one_book=True, axes=_AXES, by_customer=True,
    where="In QuickBooks Desktop: File, Utilities, Import, IIF files.",
)  # fmt: skip
