"""The journal as CSV: one row per posting, amounts with a point, dates as ISO 8601."""

import csv
from collections.abc import Callable
from io import StringIO

from workledger.ledger.dimensions import Dimension
from workledger.ledger.export.source import Source, amount_text

_EVERY = 500  # entries a write
_HEAD = (
    "entry", "date", "book", "kind", "description", "reverses", "document", "document_id", "account", "account_name",
    "currency", "debit", "credit", "book_currency", "book_debit", "book_credit", "hours",
    *(dimension.value for dimension in Dimension),
)  # fmt: skip


def write(source: Source, out: Callable[[str], object], progress: Callable[[int], None]) -> tuple[int, int]:
    """Write everything; returns how many entries and postings."""
    accounts = {account.id: account for account in source.accounts}
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_HEAD)
    entries = postings = 0
    for entry_id, sides in source.entries():
        for side in sides:
            account = accounts[side.account_id]
            book, about = account.book, dict(source.about(side.dimensions))
            writer.writerow(
                (
                    entry_id, side.date, book.name, side.kind, guarded(side.description), side.reverses_id,
                    side.source_kind, side.source_id, account.code, guarded(account.name), side.currency,
                    amount_text(side.debit, side.currency), amount_text(side.credit, side.currency), book.currency,
                    amount_text(side.functional_debit, book.currency),
                    amount_text(side.functional_credit, book.currency), side.hours,
                    *(guarded(about.get(dimension.value, "")) for dimension in Dimension),
                )
            )  # fmt: skip
        entries += 1
        postings += len(sides)
        if entries % _EVERY == 0:
            out(buffer.getvalue())
            buffer.seek(0)
            buffer.truncate()
            progress(postings)
    out(buffer.getvalue())
    return entries, postings


def guarded(text: str) -> str:
    """Return text that a spreadsheet takes for text even where it begins like a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
