"""One reader of the ledger for reports: sums of postings by anything they are about, and the postings themselves.

A report may count a posting in the period that it was posted in, or in the period that its work was done in. It may be asked
for as it was believed at the end of a past day: then what was recorded later is taken off again, so that the balances still
do the work. When an entry was recorded is the moment of the act that made it; an entry without one was always known.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, Self

from django.db import connection
from django.utils import timezone

from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.kernel.period import END_OF_TIME
from workledger.ledger.dimensions import Dimension
from workledger.ledger.sums import START_OF_TIME, Key, balances

_ZERO = Decimal(0)
_DAY = timedelta(days=1)


class ReportBasis(StrEnum):
    """Which period a posting counts in: that of its posting date, or that of the day the work was done."""

    POSTED = "posted"
    EARNED = "earned"

    @property
    def label(self) -> str:
        """As people read it."""
        return f"As {self.value}"

    @property
    def other(self) -> "ReportBasis":
        """The other one."""
        return ReportBasis.EARNED if self is ReportBasis.POSTED else ReportBasis.POSTED


class Axis(StrEnum):
    """What sums are grouped by, and what postings are chosen by.

    `EXCHANGE` is 1 for postings with a value in the book's currency alone, which is a difference of exchange rates, else 0.
    """

    ACCOUNT = "account"
    PERIOD = "period"
    SERVICE_PERIOD = "service_period"
    CLIENT = "client"
    CONTRACT = "contract"
    CONTRACT_LINE = "line"
    OBLIGATION = "obligation"
    PROJECT = "project"
    PRACTICE = "practice"
    PERSON = "person"
    EXCHANGE = "exchange"
    KIND = "kind"


_COLUMNS = {
    Axis.ACCOUNT: "x.account_id",
    Axis.PERIOD: "x.period_id",
    Axis.SERVICE_PERIOD: "coalesce(d.id, 0)",
    Axis.CLIENT: "x.client_id",
    Axis.CONTRACT: "x.contract_id",
    Axis.CONTRACT_LINE: "x.contract_line_id",
    Axis.OBLIGATION: "CASE WHEN x.source_kind = 'obligation' THEN x.source_id ELSE 0 END",
    Axis.PROJECT: "x.project_id",
    Axis.PRACTICE: "x.practice_id",
    Axis.PERSON: "x.person_id",
    Axis.EXCHANGE: (
        "(x.debit = 0 AND x.credit = 0 AND (x.functional_debit <> 0 OR x.functional_credit <> 0))::int"
    ),
    Axis.KIND: "e.kind",
}
_IN_BALANCES: dict[Axis, Key | Dimension] = {
    Axis.ACCOUNT: Key.ACCOUNT,
    Axis.PERIOD: Key.PERIOD,
    Axis.CLIENT: Dimension.CLIENT,
    Axis.CONTRACT: Dimension.CONTRACT,
    Axis.CONTRACT_LINE: Dimension.CONTRACT_LINE,
    Axis.PROJECT: Dimension.PROJECT,
}
_DATES = {ReportBasis.POSTED: "x.date", ReportBasis.EARNED: "x.service_date"}


@dataclass(frozen=True, slots=True)
class Slice:
    """The postings that a figure sums: of accounts of a book, in the half-open [start, end) by `basis`.

    `known_on` leaves out what was recorded after the end of that day; `where` limits to ids (0 is 'none'), `kinds` to kinds
    of entries. `outside` limits to postings that the other basis counts outside [start, end): late work.
    """

    book_id: int
    account_ids: tuple[int, ...]
    start: date = START_OF_TIME
    end: date = END_OF_TIME
    basis: ReportBasis = ReportBasis.POSTED
    known_on: date | None = None
    where: tuple[tuple[Axis, tuple[int, ...]], ...] = ()
    kinds: tuple[str, ...] = ()
    outside: bool = False

    def at(self, axis: Axis, *ids: int) -> Self:
        """Return the part about these ids."""
        return replace(self, where=(*self.where, (axis, ids)))

    def of(self, account_ids: Iterable[int]) -> Self:
        """Return the same of other accounts."""
        return replace(self, account_ids=tuple(account_ids))

    def over(self, start: date, end: date) -> Self:
        """Return the same over other days."""
        return replace(self, start=start, end=end)

    def before(self, day: date) -> Self:
        """Return the same from the beginning up to a day, which does not count."""
        return self.over(START_OF_TIME, day)


class Sum(NamedTuple):
    """The sum of one group in the book's currency, debit less credit; `quantity` in the postings' unit (time: seconds)."""

    key: tuple[Any, ...]
    amount: Decimal
    quantity: Decimal


def sums(actor: Actor, chosen: Slice, by: Sequence[Axis]) -> list[Sum]:
    """Return the sums of the chosen postings grouped by `by`, ordered by key.

    The actor's limit to clients holds; which book and which accounts they may see is the caller's to check.
    """
    if not chosen.account_ids or chosen.start >= chosen.end:
        return []
    found: dict[tuple[Any, ...], list[Decimal]] = defaultdict(lambda: [_ZERO, _ZERO])
    for each in _from_balances(actor, chosen, by) if _in_balances(chosen, by) else _read(actor, chosen, by):
        found[each.key][0] += each.amount
        found[each.key][1] += each.quantity
    if chosen.known_on is not None:
        for each in _read(actor, chosen, by, later=True):
            found[each.key][0] -= each.amount
            found[each.key][1] -= each.quantity
    return [Sum(key, *found[key]) for key in sorted(found) if any(found[key])]


def total(actor: Actor, chosen: Slice) -> Decimal:
    """Return the sum of the chosen postings, debit less credit."""
    return sum((each.amount for each in sums(actor, chosen, ())), _ZERO)


def later(actor: Actor, chosen: Slice) -> Decimal:
    """Return the sum of the chosen postings that were recorded after the end of `known_on`; 0 without such a day."""
    if chosen.known_on is None or not chosen.account_ids:
        return _ZERO
    return sum((each.amount for each in _read(actor, chosen, (), later=True)), _ZERO)


def _in_balances(chosen: Slice, by: Sequence[Axis]) -> bool:
    """Tell whether the month balances hold what is asked."""
    limits = all(isinstance(_IN_BALANCES.get(axis), Dimension) for axis, _ in chosen.where)
    apart = chosen.basis is ReportBasis.EARNED or chosen.kinds or chosen.outside
    return limits and not apart and _IN_BALANCES.keys() >= set(by)


def _from_balances(actor: Actor, chosen: Slice, by: Sequence[Axis]) -> list[Sum]:
    where: dict[Dimension, Collection[int]] = {}
    for axis, ids in chosen.where:
        column = _IN_BALANCES[axis]
        if isinstance(column, Dimension):
            where[column] = set(ids) & set(where.get(column, ids))
    rows = balances(
        actor,
        by=[_IN_BALANCES[axis] for axis in by],
        account_ids=chosen.account_ids,
        book_ids=[chosen.book_id],
        start=chosen.start,
        end=chosen.end,
        where=where,
    )
    return [Sum(row.key, row.balance, row.quantity) for row in rows]


@dataclass(slots=True)
class _Query:
    """A part of a statement: what it reads from, on what conditions, with which values."""

    tables: str
    conditions: list[str]
    values: list[Any] = field(default_factory=list)

    @property
    def text(self) -> str:
        return f" FROM {self.tables} WHERE {' AND '.join(self.conditions)}"


def _query(actor: Actor, chosen: Slice, axes: Collection[Axis], *, later: bool) -> _Query:
    """Return FROM and WHERE of the chosen postings; `later`: only of those recorded after `known_on`."""
    day, other = _DATES[chosen.basis], _DATES[chosen.basis.other]
    query = _Query("ledger_posting x", ["x.account_id = ANY(%s)"], [list(chosen.account_ids)])
    if Axis.KIND in axes or chosen.kinds or later:
        query.tables += " JOIN ledger_journalentry e ON e.id = x.entry_id"
    if Axis.SERVICE_PERIOD in axes:
        query.tables += ' LEFT JOIN ledger_period d ON d.book_id = x.book_id AND x.service_date >= d.start AND x.service_date < d."end"'
    if later and chosen.known_on is not None:
        query.tables += " JOIN core_actionlog l ON l.id = e.made_by_action"
        query.conditions.append("l.at >= %s")
        query.values.append(end_of(chosen.known_on))
    if chosen.start > START_OF_TIME:
        query.conditions.append(f"{day} >= %s")
        query.values.append(chosen.start)
    if chosen.end < END_OF_TIME:
        query.conditions.append(f"{day} < %s")
        query.values.append(chosen.end)
    if chosen.outside:
        query.conditions.append(f"({other} < %s OR {other} >= %s)")
        query.values += [chosen.start, chosen.end]
    if chosen.kinds:
        query.conditions.append("e.kind = ANY(%s)")
        query.values.append(list(chosen.kinds))
    limits = list(chosen.where)
    if actor.client_ids is not None:
        limits.append((Axis.CLIENT, tuple(actor.client_ids)))
    for axis, ids in limits:
        query.conditions.append(f"{_COLUMNS[axis]} = ANY(%s)")
        query.values.append(list(ids))
    return query


def _read(actor: Actor, chosen: Slice, by: Sequence[Axis], *, later: bool = False) -> list[Sum]:
    """Return sums over postings themselves."""
    axes = {*by, *(axis for axis, _ in chosen.where)}
    query = _query(actor, chosen, axes, later=later)
    columns = [f"{_COLUMNS[axis]} AS k{place}" for place, axis in enumerate(by)]
    amounts = ["sum(x.functional_debit - x.functional_credit)", "sum(x.quantity)"]
    group = f" GROUP BY {', '.join(f'k{place}' for place in range(len(by)))}" if by else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join([*columns, *amounts])}{query.text}{group}", query.values)
        rows = cursor.fetchall()
    return [Sum(row[: len(by)], row[-2], row[-1]) for row in rows if row[-2] is not None]


def end_of(day: date) -> datetime:
    """Return the moment at which a day ends, in the installation's time zone."""
    return timezone.make_aware(datetime.combine(day + _DAY, time.min), timezone.get_default_timezone())


# --- the postings themselves --------------------------------------------------------------------------------


class Posted(NamedTuple):
    """A posting of a figure; amount in the book's currency, debit less credit. `source` is the document behind it."""

    id: int
    entry_id: int
    day: date
    service_day: date
    recorded_at: datetime | None
    account_id: int
    kind: str
    description: str
    source_kind: str
    source_id: int | None
    client_id: int
    contract_id: int
    project_id: int
    person_id: int
    currency: str
    own_amount: Decimal
    amount: Decimal
    seconds: int


class PostedPage(NamedTuple):
    """A page of the postings of a figure, newest first, with the sum, the number and the worked time of all of them."""

    rows: list[Posted]
    amount: Decimal
    number: int
    seconds: int
    next: str


def _place(after: str) -> list[Any]:
    """Return the day and the id that a cursor names. Refuses: bad_cursor."""
    day, _, number = after.partition(".")
    try:
        return [date.fromisoformat(day), int(number)]
    except ValueError:
        raise Refused.because(
            "bad_cursor", "This is no place in the list. Start again at its first page.", "after"
        ) from None


_WHOLE = """
SELECT coalesce(sum(x.functional_debit - x.functional_credit), 0), count(*),
       coalesce(sum(x.quantity) FILTER (WHERE x.unit = 's'), 0)
"""
_POSTED = """
SELECT x.id, x.entry_id, x.date, x.service_date, l.at, x.account_id, e.kind, e.description,
       coalesce(nullif(x.source_kind, ''), e.source_kind), coalesce(x.source_id, e.source_id), x.client_id,
       x.contract_id, x.project_id, x.person_id, x.currency, x.debit - x.credit,
       x.functional_debit - x.functional_credit, CASE WHEN x.unit = 's' THEN x.quantity::bigint ELSE 0 END
"""


def postings(actor: Actor, chosen: Slice, *, after: str = "", limit: int = 100) -> PostedPage:
    """Return a page of the postings that a figure sums, newest first; `after` is the `next` of the page before.

    Their sum is the figure. What was recorded after `known_on` is not among them. Refuses: bad_cursor.
    """
    axes = {Axis.KIND, *(axis for axis, _ in chosen.where)}
    query = _query(actor, chosen, axes, later=False)
    query.tables += " LEFT JOIN core_actionlog l ON l.id = e.made_by_action"
    if chosen.known_on is not None:
        query.conditions.append("(l.at IS NULL OR l.at < %s)")
        query.values.append(end_of(chosen.known_on))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_WHOLE}{query.text}",
            query.values,
        )
        amount, number, seconds = cursor.fetchone()
        if after:
            query.conditions.append("(x.date, x.id) < (%s, %s)")
            query.values += _place(after)
        order = " ORDER BY x.date DESC, x.id DESC LIMIT %s"
        cursor.execute(f"{_POSTED}{query.text}{order}", [*query.values, limit + 1])
        rows = [Posted(*row) for row in cursor.fetchall()]
    last = rows[limit - 1] if len(rows) > limit else None
    following = f"{last.day.isoformat()}.{last.id}" if last else ""
    return PostedPage(rows[:limit], amount, number, int(seconds), following)
