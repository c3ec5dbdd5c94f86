"""Sums over the ledger by any dimensions and dates, from the smallest table that can answer.

Whole periods come from the balance tables, which hold thousands of rows where the journal holds millions; days of
a period that is only touched come from the postings. A period with no posting outside the asked days counts as
whole, so 'as of today' reads balances alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection

from workledger.core.access import Actor, Permission
from workledger.kernel.period import END_OF_TIME
from workledger.ledger.dimensions import Dimension
from workledger.ledger.models import Account, AccountRole

START_OF_TIME = date(1, 1, 1)
COST_ROLES = (AccountRole.LABOUR_COST, AccountRole.LABOUR_ABSORBED)
"""The two accounts from which cost rates could be solved back. They cancel out in every entry."""


class Key(StrEnum):
    """What sums can be grouped by besides the dimensions."""

    BOOK = "book"
    ACCOUNT = "account"
    ACCOUNT_ROLE = "account_role"
    PERIOD = "period"
    CURRENCY = "currency"

    @property
    def column(self) -> str:
        """The column or expression."""
        return {"currency": "currency", "account_role": "a.role"}.get(self.value, f"{self.value}_id")


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """Sums of one group. `key` follows `by`: ids, a currency code or an account's role.

    Amounts are in the book's functional currency; `own_debit` and `own_credit` in the transaction's, and only
    where currency is among the keys. Quantities are in the postings' unit (time: seconds).
    """

    key: tuple[Any, ...]
    debit: Decimal
    credit: Decimal
    quantity: Decimal
    billable_quantity: Decimal
    own_debit: Decimal | None = None
    own_credit: Decimal | None = None

    @property
    def balance(self) -> Decimal:
        """Debit less credit."""
        return self.debit - self.credit


_PERSONAL = frozenset(
    {Dimension.PERSON.column, Dimension.ROLE.column, Dimension.PRACTICE.column, Dimension.OFFICE.column}
)
_GROUND = frozenset({"book_id", "account_id", "period_id", "a.role"})
_IN_BALANCE = _GROUND | {
    "currency", Dimension.CLIENT.column, Dimension.CONTRACT.column, Dimension.CONTRACT_LINE.column,
    Dimension.PROJECT.column,
}  # fmt: skip
_IN_PERSON_BALANCE = _GROUND | _PERSONAL


@dataclass(frozen=True, slots=True)
class _Question:
    """One asked sum, resolved to accounts and columns."""

    columns: tuple[str, ...]
    accounts: tuple[int, ...]
    hidden: tuple[int, ...]
    start: date
    end: date
    where: dict[str, list[int]] = field(default_factory=dict)

    @property
    def used(self) -> frozenset[str]:
        return frozenset(self.columns) | self.where.keys()

    @property
    def table(self) -> str:
        """The smallest table that has every column; '' when only the postings do."""
        if self.used <= _IN_BALANCE:
            return "ledger_balance"
        if self.used <= _IN_PERSON_BALANCE:
            return "ledger_personbalance"
        return ""

    @property
    def with_own(self) -> bool:
        return "currency" in self.columns


@dataclass(frozen=True, slots=True)
class _Window:
    """Days of postings to add (`sign` 1) to whole periods, or to take off them (-1): half-open."""

    start: date
    end: date
    sign: int


def balances(
    actor: Actor,
    *,
    by: Sequence[Dimension | Key],
    accounts: Collection[AccountRole] | None = None,
    account_ids: Collection[int] | None = None,
    book_ids: Collection[int] | None = None,
    start: date | None = None,
    end: date | None = None,
    where: Mapping[Dimension, Collection[int]] | None = None,
) -> list[BalanceRow]:
    """Return sums of postings dated in the half-open [start, end), grouped by `by`, ordered by key.

    The actor's limits to entities and clients hold; the permission to see the figure is the caller's to check.
    Without the permission to see cost, the amounts of labour accounts are zero and their quantities stay.
    Where a dimension of persons (person, role, practice, office) is asked for, only postings with a person count.
    """
    question = _question(actor, by, accounts, account_ids, book_ids, start, end, where)
    if not question.accounts or question.start >= question.end:
        return []
    parts: list[str] = []
    values: list[Any] = []
    if question.table:
        windows, whole = _spans(question)
        if whole:
            _add(parts, values, question, question.table, 1, "x.period_id = ANY(%s)", [whole])
        for window in windows:
            days = [window.start, window.end]
            _add(parts, values, question, "ledger_posting", window.sign, "x.date >= %s AND x.date < %s", days)
    else:
        days = [question.start, question.end]
        _add(parts, values, question, "ledger_posting", 1, "x.date >= %s AND x.date < %s", days)
    if not parts:
        return []
    return _rows(question, parts, values)


def _question(
    actor: Actor,
    by: Sequence[Dimension | Key],
    roles: Collection[AccountRole] | None,
    account_ids: Collection[int] | None,
    book_ids: Collection[int] | None,
    start: date | None,
    end: date | None,
    where: Mapping[Dimension, Collection[int]] | None,
) -> _Question:
    rows = Account.objects.all()
    if actor.entity_ids is not None:
        rows = rows.filter(book_id__in=actor.entity_ids)
    if book_ids is not None:
        rows = rows.filter(book_id__in=book_ids)
    if roles is not None:
        rows = rows.filter(role__in=roles)
    if account_ids is not None:
        rows = rows.filter(pk__in=account_ids)
    found = list(rows.order_by("pk").values_list("pk", "role"))
    hidden = () if actor.can(Permission.VIEW_COST) else tuple(pk for pk, role in found if role in COST_ROLES)
    conditions = {dimension.column: sorted(ids) for dimension, ids in (where or {}).items()}
    if actor.client_ids is not None:
        seen = actor.client_ids
        asked = conditions.get(Dimension.CLIENT.column)
        conditions[Dimension.CLIENT.column] = sorted(seen if asked is None else seen & set(asked))
    return _Question(
        columns=tuple(key.column for key in by),
        accounts=tuple(pk for pk, _ in found),
        hidden=hidden,
        start=start or START_OF_TIME,
        end=end or END_OF_TIME,
        where=conditions,
    )


def _spans(question: _Question) -> tuple[list[_Window], list[int]]:
    """Split [start, end) into windows of postings and whole periods (ids)."""
    accounts = list(question.accounts)
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT d.id, d.start, d."end" FROM ledger_period d WHERE d.book_id IN'
            ' (SELECT book_id FROM ledger_account WHERE id = ANY(%s)) AND d.start < %s AND d."end" > %s',
            [accounts, question.end, question.start],
        )
        periods = cursor.fetchall()
        broken = [row for row in periods if row[1] < question.start or row[2] > question.end]
        whole = [row[0] for row in periods]
        if not broken:
            return [], whole
        cursor.execute(
            "SELECT d.id FROM ledger_period d WHERE d.id = ANY(%(broken)s) AND ("
            " EXISTS (SELECT 1 FROM ledger_posting p WHERE p.account_id = ANY(%(accounts)s)"
            "  AND p.date >= d.start AND p.date < greatest(d.start, %(start)s))"
            " OR EXISTS (SELECT 1 FROM ledger_posting p WHERE p.account_id = ANY(%(accounts)s)"
            '  AND p.date >= least(d."end", %(end)s) AND p.date < d."end"))',
            {
                "broken": [row[0] for row in broken],
                "accounts": accounts,
                "start": question.start,
                "end": question.end,
            },
        )
        split = {row[0] for row in cursor.fetchall()}
    windows: dict[_Window, None] = {}
    left_out = set()
    for period_id, start, end in broken:
        if period_id not in split:
            continue
        inside_start, inside_end = max(start, question.start), min(end, question.end)
        outside_days = (inside_start - start).days + (end - inside_end).days
        if outside_days <= (inside_end - inside_start).days:
            outside = [(start, inside_start), (inside_end, end)]
            windows |= dict.fromkeys(_Window(lo, hi, -1) for lo, hi in outside if lo < hi)
        else:
            windows[_Window(inside_start, inside_end, 1)] = None
            left_out.add(period_id)
    return list(windows), [period_id for period_id in whole if period_id not in left_out]


def _add(
    parts: list[str],
    values: list[Any],
    question: _Question,
    table: str,
    sign: int,
    dates: str,
    date_values: list[Any],
) -> None:
    """Append one SELECT over `table` and its values."""
    amounts = ["functional_debit", "functional_credit", "quantity", "billable_quantity"]
    if question.with_own:
        amounts += ["debit", "credit"]
    sums = []
    for amount in amounts:
        term = f"x.{amount}"
        if question.hidden and amount not in ("quantity", "billable_quantity"):
            term = f"CASE WHEN x.account_id = ANY(%s) THEN 0 ELSE {term} END"
            values.append(list(question.hidden))
        sums.append(f"sum({term}){' * -1' if sign < 0 else ''} AS s_{amount}")
    columns = [
        f"{column if '.' in column else f'x.{column}'} AS k{n}" for n, column in enumerate(question.columns)
    ]
    join = " JOIN ledger_account a ON a.id = x.account_id" if "a.role" in question.columns else ""
    conditions = ["x.account_id = ANY(%s)", dates]
    values += [list(question.accounts), *date_values]
    for column, ids in question.where.items():
        conditions.append(f"x.{column} = ANY(%s)")
        values.append(ids)
    if table == "ledger_posting" and question.used & _PERSONAL:
        conditions.append("x.person_id <> 0")
    group = f" GROUP BY {', '.join(f'k{n}' for n in range(len(columns)))}" if columns else ""
    parts.append(
        f"SELECT {', '.join([*columns, *sums])} FROM {table} x{join}"  # noqa: S608 - names from enums only
        f" WHERE {' AND '.join(conditions)}{group}"
    )


def _rows(question: _Question, parts: list[str], values: list[Any]) -> list[BalanceRow]:
    width = len(question.columns)
    keys = [f"k{n}" for n in range(width)]
    amounts = ["s_functional_debit", "s_functional_credit", "s_quantity", "s_billable_quantity"]
    if question.with_own:
        amounts += ["s_debit", "s_credit"]
    sums = [f"sum({amount})" for amount in amounts]
    tail = f" GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join([*keys, *sums])} FROM ({' UNION ALL '.join(parts)}) u{tail}",  # noqa: S608
            values,
        )
        return [
            BalanceRow(tuple(row[:width]), *row[width:])
            for row in cursor.fetchall()
            if any(row[width:])  # a group that only days taken off again had, or nothing at all
        ]
