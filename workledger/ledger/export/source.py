"""What an export reads: books, accounts, names, and the postings as a stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db import connection

from workledger.core.access import Actor, Permission
from workledger.kernel.rounding import minor_units
from workledger.ledger.dimensions import TABLES, Dimension, choices
from workledger.ledger.export.extent import EVERYTHING, Extent, JournalGrain
from workledger.ledger.models import Account, AccountRole, Book
from workledger.ledger.sums import COST_ROLES

_CHUNK = 5_000
_TEXTS_KEPT = 50_000
_AMOUNTS_KEPT = 20_000
ROOTS = {
    "asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "expense": "Expenses",
}  # fmt: skip


class Side(NamedTuple):
    """A posting with its entry, amounts as exact text; `hours` is '' where there are none.

    Of a summary: the sum of an account by currency and kept dimensions; its entry's id is made of book and day.
    """

    entry_id: int | str
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
    role: str = ""


class Texts(dict[tuple[int, ...], str]):
    """What a format writes for the things that a posting is about, made once each; it forgets before it grows too large."""

    def __init__(self, make: Callable[[tuple[int, ...]], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, ids: tuple[int, ...]) -> str:
        if len(self) >= _TEXTS_KEPT:
            self.clear()
        text = self[ids] = self._make(ids)
        return text


class Source:
    """The books to export, and the part of their journal."""

    def __init__(
        self, actor: Actor, accounts: list[ExportAccount], several_books: bool, extent: Extent = EVERYTHING
    ) -> None:
        self.actor = actor
        self.accounts = accounts
        self.several_books = several_books
        self.extent = extent
        self._names = {
            dimension: dict(choices(actor, dimension)) for dimension in Dimension if dimension in TABLES
        }

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

    def moved(self) -> list[int]:
        """Return the accounts that have a posting in this part of the journal, in the chart's order."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a FROM unnest(%(accounts)s::bigint[]) WITH ORDINALITY u(a, place) WHERE EXISTS (SELECT 1"
                " FROM ledger_posting WHERE account_id = a AND date >= %(start)s AND date < %(end)s) ORDER BY place",
                self._asked(),
            )
            return [row[0] for row in cursor.fetchall()]

    def clients_with_receivables(self) -> list[int]:
        """Return the clients whose receivable moves in this part of the journal."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT client_id FROM ledger_posting WHERE account_id = ANY(%(receivables)s)"
                " AND date >= %(start)s AND date < %(end)s AND client_id <> 0 ORDER BY 1",
                self._asked(),
            )
            return [row[0] for row in cursor.fetchall()]

    def about(self, ids: tuple[int, ...]) -> list[tuple[str, str]]:
        """Return what a posting is about as (dimension, name) pairs; a name that is not seen is its id."""
        return [
            (dimension.value, self._names.get(dimension, {}).get(identifier, str(identifier)))
            for dimension, identifier in zip(Dimension, ids, strict=True)
            if identifier
        ]

    def entries(self) -> Iterator[tuple[int | str, list[Side]]]:
        """Yield (entry id, its postings), oldest first, from a server-side cursor."""
        for entry_id, sides in groupby(self._sides(), key=itemgetter(0)):
            yield entry_id, list(sides)

    def _sides(self) -> Iterator[Side]:
        statement = _ENTRIES if self.extent.grain == JournalGrain.DETAIL else self._summary()
        with (
            connection.cursor() as cursor
        ):  # a cursor is planned for its first tenth otherwise, and this one is read to its end
            cursor.execute("SET LOCAL cursor_tuple_fraction = 1")
        with connection.chunked_cursor() as cursor:
            cursor.execute(statement, self._asked())
            while rows := cursor.fetchmany(_CHUNK):
                for row in rows:
                    yield Side._make((*row[:14], row[14:]))

    def _asked(self) -> dict[str, list[int] | date]:
        return {
            "accounts": self._ids(),
            "receivables": [
                account.id for account in self.accounts if account.role == AccountRole.RECEIVABLE
            ],
            "start": self.extent.start or date.min,
            "end": self.extent.end or date.max,
        }

    def _summary(self) -> str:
        """Return the statement that sums per day or period. What nets to nothing in both currencies is left out.

        A sum whose sides differ between its own and the book's currency becomes two rows, so that each has one side.
        """
        kept = {dimension: f"p.{dimension.column}" for dimension in self.extent.keep}
        party, join = "0", ""
        if self.extent.by_client:
            party, join = "coalesce(r.client_id, 0)", _RECEIVABLE_OF
            kept.setdefault(
                Dimension.CLIENT, "CASE WHEN p.account_id = ANY(%(receivables)s) THEN p.client_id ELSE 0 END"
            )
        columns = ", ".join(f"{kept.get(dimension, '0')} AS {dimension.column}" for dimension in Dimension)
        day = "p.date"
        if self.extent.grain == JournalGrain.PERIOD:
            day, join = (
                'least(t."end", %(end)s::date) - 1',
                f"{join} JOIN ledger_period t ON t.id = p.period_id",
            )
        return _SUMMARY.format(
            day=day, party=party, join=join, columns=columns,
            names=", ".join(dimension.column for dimension in Dimension),
            groups=", ".join(str(place) for place in range(1, 6 + len(Dimension))),
        )  # fmt: skip

    def _ids(self) -> list[int]:
        return [account.id for account in self.accounts]


_ENTRIES = f"""
    SELECT p.entry_id, e.date, e.kind, e.description, e.reverses_id,
           coalesce(nullif(p.source_kind, ''), e.source_kind), coalesce(p.source_id, e.source_id),
           p.account_id, p.currency, p.debit::text, p.credit::text, p.functional_debit::text,
           p.functional_credit::text, CASE WHEN p.unit = 's' AND p.quantity <> 0
           THEN trim_scale(round(p.quantity / 3600, 4))::text ELSE '' END,
           {", ".join(f"p.{dimension.column}" for dimension in Dimension)}
      FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id
     WHERE p.account_id = ANY(%(accounts)s) AND p.date >= %(start)s AND p.date < %(end)s
     ORDER BY e.date, p.entry_id, p.id
"""  # noqa: S608 - columns of an enum

_SUMMARY = """
    WITH sums AS (
        SELECT p.book_id, {day} AS day, {party} AS party, p.account_id, p.currency, {columns},
               sum(p.debit - p.credit) AS own, sum(p.functional_debit - p.functional_credit) AS value,
               sum(p.quantity) FILTER (WHERE p.unit = 's') AS seconds
          FROM ledger_posting p {join}
         WHERE p.account_id = ANY(%(accounts)s) AND p.date >= %(start)s AND p.date < %(end)s
         GROUP BY {groups}
    )
    SELECT s.book_id || '-' || to_char(s.day, 'YYYYMMDD') || CASE WHEN s.party <> 0 THEN '-' || s.party ELSE '' END,
           s.day, 'summary', 'Summary of ' || to_char(s.day, 'FMDD FMMonth YYYY'), NULL::bigint, '', NULL::bigint,
           s.account_id, s.currency,
           greatest(half.own, 0.0000)::text, greatest(-half.own, 0.0000)::text,
           greatest(half.value, 0.0000)::text, greatest(-half.value, 0.0000)::text,
           CASE WHEN half.first AND s.seconds <> 0 THEN trim_scale(round(s.seconds / 3600, 4))::text ELSE '' END,
           {names}
      FROM sums s JOIN ledger_account a ON a.id = s.account_id, LATERAL (
        SELECT s.own, s.value, true AS first WHERE s.own * s.value > 0 OR s.own = 0 AND s.value <> 0
         UNION ALL
        SELECT s.own, 0.0000, true WHERE s.own <> 0 AND s.own * s.value <= 0
         UNION ALL
        SELECT 0.0000, s.value, false WHERE s.own * s.value < 0
      ) half
     ORDER BY s.day, s.book_id, s.party, a.code, s.currency, {names}, half.first DESC
"""
_RECEIVABLE_OF = """
          LEFT JOIN (SELECT entry_id, min(client_id) AS client_id FROM ledger_posting
                      WHERE account_id = ANY(%(receivables)s) AND date >= %(start)s AND date < %(end)s
                      GROUP BY entry_id) r ON r.entry_id = p.entry_id
"""


def load(actor: Actor, extent: Extent = EVERYTHING) -> Source:
    """Return the books' accounts as the actor may read them."""
    books = Book.objects.visible_to(actor)
    if extent.book_ids is not None:
        books = books.filter(pk__in=extent.book_ids)
    by_id = {book.pk: book for book in books}
    rows = Account.objects.filter(book_id__in=by_id).order_by("book_id", "code")
    if not actor.can(Permission.VIEW_COST):
        rows = rows.exclude(role__in=COST_ROLES)
    accounts = [
        ExportAccount(row.pk, by_id[row.book_id], ROOTS[row.kind], row.code, row.name, row.role)
        for row in rows
    ]
    return Source(actor, accounts, len(by_id) > 1, extent)


@lru_cache(_AMOUNTS_KEPT)
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
