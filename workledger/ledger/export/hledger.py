"""The journal in hledger's form; passes `hledger check --strict` (accounts and commodities are declared)."""

import re
from collections.abc import Callable

from workledger.kernel.rounding import minor_units
from workledger.ledger.export.source import ExportAccount, Side, Source, Texts, amount_of

_TYPES = {"Assets": "A", "Liabilities": "L", "Equity": "E", "Income": "R", "Expenses": "X"}
_EVERY = 2_000  # lines a write


def write(source: Source, out: Callable[[str], object], progress: Callable[[int], None]) -> tuple[int, int]:
    """Write everything; returns how many entries and postings."""
    names = {account.id: account_name(account, several=source.several_books) for account in source.accounts}
    currencies = {account.id: account.book.currency for account in source.accounts}
    tags = Texts(lambda ids: _tags(source, ids))
    out(_head(source, names))
    entries = postings = 0
    lines: list[str] = []
    for entry_id, sides in source.entries():
        lines.append(_title(entry_id, sides[0]))
        for side in sides:
            name, amount = names[side.account_id], amount_of(side, currencies[side.account_id])
            hours = f"hours:{side.hours}" if side.hours else ""
            about = tags[side.dimensions]
            said = f"{hours}, {about}" if hours and about else hours or about
            lines.append(f"    {name}  {amount}  ; {said}\n" if said else f"    {name}  {amount}\n")
        lines.append("\n")
        entries += 1
        postings += len(sides)
        if len(lines) >= _EVERY:
            out("".join(lines))
            lines.clear()
            progress(postings)
    out("".join(lines))
    return entries, postings


def account_name(account: ExportAccount, *, several: bool) -> str:
    """Return an account's full name: its kind, the book where there are several, code and name."""
    parts = [account.root, *([account.book.name] if several else []), f"{account.code} {account.name}"]
    return ":".join(_plain(part, ":;[]()@=") for part in parts)


def _head(source: Source, names: dict[int, str]) -> str:
    lines = ["; Journal exported by Workledger\n\n"]
    for currency in source.currencies():
        places = minor_units(currency)
        lines.append(f"commodity 1,000.{'0' * places} {currency}\n")
    lines.append("\n")
    for account in source.accounts:
        lines.append(f"account {names[account.id]}  ; type:{_TYPES[account.root]}\n")
    lines.append("\n")
    return "".join(lines)


def _title(entry_id: int | str, side: Side) -> str:
    tags = f"kind:{side.kind}"
    if side.reverses_id:
        tags += f", reverses:{side.reverses_id}"
    return f"{side.date} * ({entry_id}) {_plain(side.description, ';|')}  ; {tags}\n"


def _tags(source: Source, ids: tuple[int, ...]) -> str:
    return ", ".join(f"{name}:{_plain(value, ',;:')}" for name, value in source.about(ids))


def _plain(text: str, without: str) -> str:
    """Return text on one line, single-spaced, without the marks that mean something there."""
    if text.isalnum():
        return text
    for mark in without:
        text = text.replace(mark, " ")
    return re.sub(r"\s+", " ", text).strip() or "-"
