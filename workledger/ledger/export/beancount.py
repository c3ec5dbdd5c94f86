"""The journal in beancount's form; passes `bean-check`."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from workledger.ledger.export.source import ExportAccount, Side, Source, Texts, amount_of

_EVERY = 2_000  # lines a write


def write(source: Source, out: Callable[[str], object], progress: Callable[[int], None]) -> tuple[int, int]:
    """Write everything; returns how many entries and postings."""
    names = account_names(source)
    currencies = {account.id: account.book.currency for account in source.accounts}
    metadata = Texts(lambda ids: _metadata(source, ids))
    out(_head(source, names))
    entries = postings = 0
    lines: list[str] = []
    for entry_id, sides in source.entries():
        lines.append(_title(entry_id, sides[0]))
        for side in sides:
            name, amount = names[side.account_id], amount_of(side, currencies[side.account_id])
            hours = f"    hours: {side.hours}\n" if side.hours else ""
            lines.append(f"  {name}  {amount}\n{hours}{metadata[side.dimensions]}")
        lines.append("\n")
        entries += 1
        postings += len(sides)
        if len(lines) >= _EVERY:
            out("".join(lines))
            lines.clear()
            progress(postings)
    out("".join(lines))
    return entries, postings


def account_names(source: Source) -> dict[int, str]:
    """Return a valid name per account; two that would read the same carry the account's id."""
    names: dict[int, str] = {}
    for account in source.accounts:
        name = _account_name(account, several=source.several_books)
        names[account.id] = f"{name}-{account.id}" if name in names.values() else name
    return names


def _account_name(account: ExportAccount, *, several: bool) -> str:
    parts = [account.root, *([account.book.name] if several else []), f"{account.code} {account.name}"]
    return ":".join(_component(part) for part in parts)


def _component(text: str) -> str:
    """Letters, digits and dashes, beginning with a capital or a digit."""
    kept = "".join(sign if unicodedata.category(sign)[0] == "L" or sign.isdecimal() else "-" for sign in text)
    kept = re.sub("-+", "-", kept).strip("-")
    kept = kept[:1].upper() + kept[1:]
    first = unicodedata.category(kept[0]) if kept else ""
    return kept if first in ("Lu", "Nd") else f"X-{kept}".rstrip("-")


def _head(source: Source, names: dict[int, str]) -> str:
    lines = ['option "title" "Journal exported by Workledger"\n']
    lines += [
        f'option "operating_currency" "{currency}"\n'
        for currency in sorted({account.book.currency for account in source.accounts})
    ]
    lines.append("\n")
    first = source.first_day() or date(1970, 1, 1)
    lines += [f"{first} open {names[account.id]}\n" for account in source.accounts]
    lines.append("\n")
    return "".join(lines)


def _title(entry_id: int | str, side: Side) -> str:
    number = entry_id if isinstance(entry_id, int) else _quoted(entry_id)
    text = f"{side.date} * {_quoted(side.description)}\n  entry: {number}\n  kind: {_quoted(side.kind)}\n"
    return f"{text}  reverses: {side.reverses_id}\n" if side.reverses_id else text


def _metadata(source: Source, ids: tuple[int, ...]) -> str:
    return "".join(f"    {name.replace('_', '-')}: {_quoted(value)}\n" for name, value in source.about(ids))


def _quoted(text: str) -> str:
    if text.isalnum():
        return f'"{text}"'
    text = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
