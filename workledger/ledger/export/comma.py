"""The journal as CSV: one row per posting, amounts with a point, dates as ISO 8601."""

import csv
from collections.abc import Callable
from io import StringIO

from workledger.ledger.dimensions import Dimension
from workledger.ledger.export.source import Side, Source, Texts, amount_text

_EVERY = 2_000  # lines a write
_HEAD = (
    "entry", "date", "book", "kind", "description", "reverses", "document", "document_id", "account", "account_name",
    "currency", "debit", "credit", "book_currency", "book_debit", "book_credit", "hours",
    *(dimension.value for dimension in Dimension),
)  # fmt: skip


def write(source: Source, out: Callable[[str], object], progress: Callable[[int], None]) -> tuple[int, int]:
    """Write everything; returns how many entries and postings."""
    books = {account.id: account.book for account in source.accounts}
    accounts = {account.id: _cells(account.code, guarded(account.name)) for account in source.accounts}
    about = Texts(lambda ids: _about(source, ids))
    out(f"{_cells(*_HEAD)}\r\n")
    entries = postings = 0
    lines: list[str] = []
    for entry_id, sides in source.entries():
        title = _title(entry_id, sides[0], books[sides[0].account_id].name)
        for side in sides:
            home = books[side.account_id].currency
            document = f"{side.source_kind},{'' if side.source_id is None else side.source_id}"
            own = f"{side.currency},{amount_text(side.debit, side.currency)},{amount_text(side.credit, side.currency)}"
            value = f"{home},{amount_text(side.functional_debit, home)},{amount_text(side.functional_credit, home)}"
            lines.append(
                f"{title},{document},{accounts[side.account_id]},{own},{value},{side.hours},{about[side.dimensions]}\r\n"
            )
        entries += 1
        postings += len(sides)
        if len(lines) >= _EVERY:
            out("".join(lines))
            lines.clear()
            progress(postings)
    out("".join(lines))
    return entries, postings


def _title(entry_id: int | str, side: Side, book: str) -> str:
    return _cells(entry_id, side.date, guarded(book), side.kind, guarded(side.description), side.reverses_id)


def _about(source: Source, ids: tuple[int, ...]) -> str:
    found = dict(source.about(ids))
    return _cells(*(guarded(found.get(dimension.value, "")) for dimension in Dimension))


def _cells(*values: object) -> str:
    """Return values as cells, quoted where they must be."""
    buffer = StringIO()
    csv.writer(buffer, lineterminator="").writerow(values)
    return buffer.getvalue()


def guarded(text: str) -> str:
    """Return text that a spreadsheet takes for text even where it begins like a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
