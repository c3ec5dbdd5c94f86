"""Everything that no document carries, as journals: work priced and its cost, recognition, accruals, manual entries.

An entry is carried by exactly one document, so a journal holds the entries that no document has yet, with what the documents
of its days left over. Entries that cancel out leave nothing to send, and that is kept too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection as database

from workledger.gl.calc import wire
from workledger.gl.calc.effects import Moves, added, effect_of
from workledger.gl.connector import DocumentKind, Journal, JournalLine
from workledger.gl.sync.documents import BookView, Made, plain
from workledger.gl.sync.models import (
    CarriedEntry,
    Connection,
    JournalGrain,
    Opening,
    Outgoing,
    OutgoingState,
)
from workledger.gl.sync.queueing import from_rows, outgoing_of, queue_customers

_ZERO = Decimal(0)
OPENING = "journal:opening"
"""The reference of the journal of what stood in the books before the first day."""
_MOST_AT_ONCE = 20_000
_CANCELS_OUT = "Nothing is left to send: its entries cancel out, or documents carry all of them."
_STANDS_THERE = "The opening balances stand there already."

Dimensions = tuple[tuple[str, str], ...]
Sums = dict[tuple[str, str, Dimensions], Decimal]


class Waiting(NamedTuple):
    """An entry that nothing carries yet."""

    entry_id: int
    day: date
    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class _Batch:
    """What becomes one journal."""

    day: date
    entries: Sequence[Waiting]
    left_over: Sequence[Outgoing]


def waiting_entries(connection: Connection, through: date, *, before: date | None = None) -> list[Waiting]:
    """Return entries dated up to a day that no document carries, by day."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.date, e.kind, e.description FROM ledger_journalentry e"
            " WHERE e.book_id = %s AND e.date <= %s AND e.date < %s AND NOT EXISTS"
            " (SELECT 1 FROM gl_carriedentry c WHERE c.connection_id = %s AND c.entry_id = e.id)"
            " ORDER BY e.date, e.id",
            [connection.book_id, through, before or date.max, connection.pk],
        )
        return [Waiting(*row) for row in cursor.fetchall()]


def queue_journals(connection: Connection, view: BookView, through: date) -> list[Outgoing]:
    """Queue journals of what waits up to a day. The caller holds a lock, so that no two do it at once."""
    waiting = waiting_entries(connection, through)
    left = list(
        Outgoing.objects.filter(connection=connection, beyond_in=None, on__lte=through)
        .exclude(beyond=[])
        .order_by("on", "pk")
    )
    by_entry = connection.journal_grain == JournalGrain.ENTRY
    made: list[Outgoing] = []
    for batches in _chunks(_by_entry(waiting, left) if by_entry else _by_day(waiting, left)):
        made += _queue(connection, view, batches)
    return made


def _by_day(waiting: Sequence[Waiting], left: Sequence[Outgoing]) -> Iterator[_Batch]:
    entries = {day: list(rows) for day, rows in groupby(waiting, key=lambda row: row.day)}
    over = {day: list(rows) for day, rows in groupby(left, key=lambda row: row.on)}
    for day in sorted(entries.keys() | over.keys()):
        yield _Batch(day, entries.get(day, []), over.get(day, []))


def _by_entry(waiting: Sequence[Waiting], left: Sequence[Outgoing]) -> Iterator[_Batch]:
    for entry in waiting:
        yield _Batch(entry.day, [entry], [])
    for row in left:
        yield _Batch(row.on, [], [row])


def _chunks(batches: Iterable[_Batch]) -> Iterator[list[_Batch]]:
    """Return batches in portions whose entries fit into memory."""
    portion: list[_Batch] = []
    size = 0
    for batch in batches:
        portion.append(batch)
        size += len(batch.entries) or 1
        if size >= _MOST_AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _queue(connection: Connection, view: BookView, batches: Sequence[_Batch]) -> list[Outgoing]:
    sums = sums_by_entry(view, [entry.entry_id for batch in batches for entry in batch.entries])
    clients: set[int] = set()
    numbers = _numbers(connection, {batch.day for batch in batches})
    rows, links, over = [], [], []
    for batch in batches:
        total = _total(batch, sums)
        clients.update(wire.local_id(customer) for _, customer, _ in total if customer)
        numbers[batch.day] += 1
        ref = f"journal:{batch.day.isoformat()}.{numbers[batch.day]}"
        row = journal_row(connection, view, ref, batch.day, _words(batch), total)
        rows.append(row)
        links += [(row, entry.entry_id) for entry in batch.entries]
        over += [(row, left) for left in batch.left_over]
    queue_customers(connection, clients)
    Outgoing.objects.bulk_create(rows)
    CarriedEntry.objects.bulk_create(
        [CarriedEntry(connection=connection, outgoing=row, entry_id=entry_id) for row, entry_id in links],
        batch_size=5000,
    )
    for row, left in over:
        left.beyond_in = row
    Outgoing.objects.bulk_update([left for _, left in over], ["beyond_in"], batch_size=1000)
    return rows


def _total(batch: _Batch, sums: Mapping[int, Sums]) -> Sums:
    total: Sums = defaultdict(Decimal)
    for entry in batch.entries:
        for place, amount in sums.get(entry.entry_id, {}).items():
            total[place] += amount
    for left in batch.left_over:
        for (account, customer), amount in from_rows(left.beyond).items():
            total[account, customer, ()] += amount
    return {place: amount for place, amount in total.items() if amount}


def _numbers(connection: Connection, days: set[date]) -> dict[date, int]:
    """Return how many journals there are of each day."""
    found: dict[date, int] = defaultdict(int)
    rows = Outgoing.objects.filter(connection=connection, kind=DocumentKind.JOURNAL, on__in=days)
    for day in rows.exclude(ref=OPENING).values_list("on", flat=True):
        found[day] += 1
    return found


def _words(batch: _Batch) -> str:
    """Say what a journal holds: the entry itself, or what kinds of entries."""
    if len(batch.entries) == 1 and not batch.left_over:
        return batch.entries[0].description
    kinds = sorted({entry.kind.replace("_", " ") for entry in batch.entries})
    count = len(batch.entries)
    said = (
        f"{count} {'entry' if count == 1 else 'entries'}: {', '.join(kinds)}"
        if kinds
        else "Left by documents"
    )
    return f"{batch.day:%-d %b %Y}, {said}"


def sums_by_entry(view: BookView, entry_ids: Sequence[int]) -> dict[int, Sums]:
    """Return debit less credit by account, customer where the account is kept so, and mapped dimensions, by entry."""
    columns = sorted({axis.dimension.column for axis in view.mapping.axes} - {"client_id"})
    asked = "".join(f", p.{column}" for column in columns)
    found: dict[int, Sums] = {}
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT p.entry_id, p.account_id, p.client_id, sum(p.functional_debit - p.functional_credit)"  # noqa: S608 - columns are names of dimensions
            f"{asked} FROM ledger_posting p WHERE p.entry_id = ANY(%s)"
            f" GROUP BY p.entry_id, p.account_id, p.client_id{asked}",
            [list(entry_ids)],
        )
        for entry_id, account_id, client_id, amount, *values in cursor.fetchall():
            if not amount:
                continue
            about = _About({"client_id": client_id, **dict(zip(columns, values, strict=True))})
            customer = wire.customer_ref(client_id) if client_id else ""
            account, kept_by = view.charted.place(view.mapping.account(account_id), customer)
            place = account, kept_by, tuple(sorted(view.mapping.dimensions(about).items()))
            sums = found.setdefault(entry_id, {})
            sums[place] = sums.get(place, _ZERO) + amount
    return found


class _About:
    """What a group of postings is about, as `Mapping.dimensions` asks it."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = columns

    def __getattr__(self, name: str) -> Any:
        return self._columns.get(name, 0)


def journal_row(
    connection: Connection, view: BookView, ref: str, day: date, words: str, total: Sums
) -> Outgoing:
    """Return the row of a journal of sums, not saved yet; left out where nothing is in it."""
    lines = [
        JournalLine(
            account,
            plain(max(amount, _ZERO), view.currency),
            plain(max(-amount, _ZERO), view.currency),
            words[:200],
            customer,
            dimensions=dict(dimensions),
        )
        for (account, customer, dimensions), amount in sorted(total.items())
    ]
    document = Journal(day, words, lines)
    effect = effect_of(DocumentKind.JOURNAL, document, view.charted)
    size = sum((line.debit for line in lines), _ZERO)
    row = outgoing_of(
        connection, ref, Made(DocumentKind.JOURNAL, document, f"Journal {words}", 0, size, ()), effect
    )
    if not lines:
        row.state, row.reason = OutgoingState.SKIPPED, _CANCELS_OUT
    return row


def queue_opening(connection: Connection, view: BookView) -> Outgoing:
    """Queue what stood in the books before the first day as the first journal, dated the day before."""
    day = connection.starts_on - timedelta(days=1)
    waiting = waiting_entries(connection, day)
    total: Sums = defaultdict(Decimal)
    for start in range(0, len(waiting), _MOST_AT_ONCE):
        ids = [entry.entry_id for entry in waiting[start : start + _MOST_AT_ONCE]]
        for sums in sums_by_entry(view, ids).values():
            for place, amount in sums.items():
                total[place] += amount
    total = {place: amount for place, amount in total.items() if amount}
    queue_customers(connection, {wire.local_id(customer) for _, customer, _ in total if customer})
    row = journal_row(connection, view, OPENING, day, "Opening balances", total)
    if connection.opening == Opening.THERE:
        row.state, row.reason = OutgoingState.SKIPPED, _STANDS_THERE
    row.save()
    CarriedEntry.objects.bulk_create(
        [CarriedEntry(connection=connection, outgoing=row, entry_id=entry.entry_id) for entry in waiting],
        batch_size=5000,
    )
    return row


def rebuild(row: Outgoing, view: BookView) -> Sums:
    """Return what a journal's entries come to by today's mapping."""
    entry_ids = list(row.entries.values_list("entry_id", flat=True))
    batch = _Batch(
        row.on,
        [Waiting(entry_id, row.on, "", "") for entry_id in entry_ids],
        list(Outgoing.objects.filter(beyond_in=row)),
    )
    return _total(batch, sums_by_entry(view, entry_ids))


def waiting_moves(connection: Connection, view: BookView, through: date) -> Moves:
    """Return what stands in our books up to a day and in no document yet, by place there."""
    parts: list[Moves] = []
    waiting = waiting_entries(connection, through)
    for start in range(0, len(waiting), _MOST_AT_ONCE):
        ids = [entry.entry_id for entry in waiting[start : start + _MOST_AT_ONCE]]
        for sums in sums_by_entry(view, ids).values():
            for (account, customer, _), amount in sums.items():
                parts.append({(account, customer): amount})
    left = Outgoing.objects.filter(connection=connection, beyond_in=None, on__lte=through).exclude(beyond=[])
    parts += [from_rows(rows) for rows in left.values_list("beyond", flat=True)]
    return added(parts)
