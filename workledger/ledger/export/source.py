"""What an export reads: books, accounts, names, and the postings as a stream."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db import connection

from workledger.core.access import Actor, Permission
from workledger.kernel.rounding import minor_units
from workledger.ledger.dimensions import TABLES, Dimension, choices
from workledger.ledger.models import Account, Book
from workledger.ledger.sums import COST_ROLES

_CHUNK = 5_000
_NAMES_KEPT = 200_000
ROOTS = {
    "asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "expense": "Expenses",
}  # fmt: skip


class Side(NamedTuple):
    """A posting with its entry, amounts as exact text; `hours` is '' where there are none."""

    entry_id: int
    date: date
    kind: str
    description: str
    reverses_id: int | None
    source_kind: str
    source_id: int | None
    account_id: int
    currency: str
    debit: str
    credit: str
    functional_debit: str
    functional_credit: str
    hours: str
    dimensions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ExportAccount:
    """An account as exports name it; `root` is one of the five."""

    id: int
    book: Book
    root: str
    code: str
    name: str


class Source:
    """The books to export."""

    def __init__(self, actor: Actor, accounts: list[ExportAccount], several_books: bool) -> None:
        self.actor = actor
        self.accounts = accounts
        self.several_books = several_books
        self._names = {
            dimension: dict(choices(actor, dimension)) for dimension in Dimension if dimension in TABLES
        }
        self._about: dict[tuple[int, ...], tuple[tuple[str, str], ...]] = {}

    def currencies(self) -> list[str]:
        """Return every currency that was posted, and the books' own."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT currency FROM ledger_balance WHERE account_id = ANY(%s)", [self._ids()]
            )
            posted = {row[0] for row in cursor.fetchall()}
        return sorted(posted | {account.book.currency for account in self.accounts})

    def first_day(self) -> date | None:
        """Return the day of the oldest posting."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(d.first) FROM unnest(%s::bigint[]) a, LATERAL"
                " (SELECT min(date) AS first FROM ledger_posting WHERE account_id = a) d",
                [self._ids()],
            )
            first: date | None = cursor.fetchone()[0]
        return first

    def about(self, ids: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
        """Return what a posting is about as (dimension, name) pairs; a name that is not seen is its id."""
        found = self._about.get(ids)
        if found is None:
            if len(self._about) > _NAMES_KEPT:
                self._about.clear()
            found = self._about[ids] = tuple(
                (dimension.value, self._names.get(dimension, {}).get(identifier, str(identifier)))
                for dimension, identifier in zip(Dimension, ids, strict=True)
                if identifier
            )
        return found

    def entries(self) -> Iterator[tuple[int, list[Side]]]:
        """Yield (entry id, its postings), oldest first, from a server-side cursor."""
        for entry_id, sides in groupby(self._sides(), key=itemgetter(0)):
            yield entry_id, list(sides)

    def _sides(self) -> Iterator[Side]:
        columns = ", ".join(f"p.{dimension.column}" for dimension in Dimension)
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                "SELECT p.entry_id, e.date, e.kind, e.description, e.reverses_id,"  # noqa: S608 - columns of an enum
                " coalesce(nullif(p.source_kind, ''), e.source_kind), coalesce(p.source_id, e.source_id),"
                " p.account_id, p.currency, p.debit::text, p.credit::text, p.functional_debit::text,"
                " p.functional_credit::text, CASE WHEN p.unit = 's' AND p.quantity <> 0"
                " THEN trim_scale(round(p.quantity / 3600, 4))::text ELSE '' END,"
                f" {columns} FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id"
                " WHERE p.account_id = ANY(%s) ORDER BY e.date, p.entry_id, p.id",
                [self._ids()],
            )
            while rows := cursor.fetchmany(_CHUNK):
                for row in rows:
                    yield Side._make((*row[:14], row[14:]))

    def _ids(self) -> list[int]:
        return [account.id for account in self.accounts]


def load(actor: Actor, book_ids: Collection[int] | None) -> Source:
    """Return the books' accounts as the actor may read them."""
    books = Book.objects.visible_to(actor)
    if book_ids is not None:
        books = books.filter(pk__in=book_ids)
    by_id = {book.pk: book for book in books}
    rows = Account.objects.filter(book_id__in=by_id).order_by("book_id", "code")
    if not actor.can(Permission.VIEW_COST):
        rows = rows.exclude(role__in=COST_ROLES)
    accounts = [
        ExportAccount(row.pk, by_id[row.book_id], ROOTS[row.kind], row.code, row.name) for row in rows
    ]
    return Source(actor, accounts, several_books=len(by_id) > 1)


def amount_text(text: str, currency: str) -> str:
    """Return a stored amount ('12.5000') at its currency's decimals, or at all four where those are needed."""
    whole, _, fraction = text.partition(".")
    kept = fraction.rstrip("0")
    places = max(len(kept), minor_units(currency))
    return f"{whole}.{fraction[:places].ljust(places, '0')}" if places else whole


def amount_of(side: Side, book_currency: str) -> str:
    """Return a posting's amount as hledger and beancount write it: credit negative, '@@' the book's value."""
    own, sign = (side.debit, "") if side.debit != _ZERO else (side.credit, "-")
    value = side.functional_debit if side.functional_debit != _ZERO else side.functional_credit
    if own == _ZERO:  # a difference that exists in the book's currency only
        sign = "" if value == side.functional_debit else "-"
        return f"{'' if value == _ZERO else sign}{amount_text(value, book_currency)} {book_currency}"
    if side.currency == book_currency:
        return f"{sign}{amount_text(own, book_currency)} {book_currency}"
    price = f"{amount_text(value, book_currency)} {book_currency}"
    return f"{sign}{amount_text(own, side.currency)} {side.currency} @@ {price}"


_ZERO = "0.0000"
