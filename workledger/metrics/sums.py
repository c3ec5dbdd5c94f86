"""Sums of the ledger by role of the account, in one statement each.

Whole periods come from their balances; days outside the asked range, in the period it starts or ends in, are taken
off by their postings. A range of a few days is read from the postings alone. Currency, role and month come by join, so
a page that shows a dozen figures asks once.

A month is a calendar month in every book, so that entities compare and months of figures meet months of capacity. A
book whose periods are weeks or given one by one has no balances by month: its months are read from the postings.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from workledger.core.access import Actor
from workledger.ledger.models import AccountRole
from workledger.metrics.catalogue import By

_SHORT_DAYS = 20
_WORK = {By.CLIENT, By.CONTRACT, By.CONTRACT_LINE, By.PROJECT}
_WHO = {By.PERSON, By.ROLE, By.PRACTICE, By.OFFICE}
_GROUND = {By.ENTITY, By.MONTH}
_ALWAYS = ("book_id", "account_id", "period_id")
ALONE = "pg_backend_pid() > 0"
"""Always true, and restricted to the leading process: starting parallel workers costs more than these reads take."""
_MONTHLY = (
    "start = date_trunc('month', start::timestamp)::date AND \"end\" = (start + interval '1 month')::date"
)
"""Periods that are one calendar month."""
_IN_OTHER_PERIODS = (
    f"(SELECT EXISTS (SELECT 1 FROM ledger_period WHERE NOT ({_MONTHLY})))"  # noqa: S608
    f" AND period_id = ANY(ARRAY(SELECT id FROM ledger_period WHERE NOT ({_MONTHLY})))"
)
"""Postings in any other period. The first half is asked once, so a firm of calendar months reads none."""
_AMOUNTS = ("quantity", "billable_quantity", "functional_debit", "functional_credit")
_OWN = ("debit", "credit")


class Sum(NamedTuple):
    """One group: `key` follows the asked dimensions. Own amounts are in `currency`, home ones in the book's, `home`.

    `currency` is '' and own amounts are 0 where persons are asked for: those balances are kept in the book's currency.
    """

    key: tuple[Any, ...]
    role: AccountRole
    currency: str
    home: str
    seconds: int
    billable_seconds: int
    home_debit: Decimal
    home_credit: Decimal
    debit: Decimal
    credit: Decimal

    @property
    def home_balance(self) -> Decimal:
        """Debit less credit in the book's currency."""
        return self.home_debit - self.home_credit

    @property
    def balance(self) -> Decimal:
        """Debit less credit in the transaction's currency."""
        return self.debit - self.credit


def sums(
    actor: Actor,
    roles: Iterable[AccountRole],
    *,
    by: Sequence[By] = (),
    start: date | None = None,
    end: date | None = None,
    where: Mapping[By, Collection[int]] | None = None,
    client_work: bool = False,
) -> list[Sum]:
    """Return sums over postings dated in the half-open [start, end), in one query.

    `client_work` leaves out what was done for the firm itself (clients marked internal).
    The actor's limits to entities and clients hold. That the actor may see the figure is for the caller to check.
    """
    limits = {key: sorted(ids) for key, ids in (where or {}).items()}
    if actor.entity_ids is not None:
        limits[By.ENTITY] = sorted(actor.entity_ids & set(limits.get(By.ENTITY, actor.entity_ids)))
    if actor.client_ids is not None:
        limits[By.CLIENT] = sorted(actor.client_ids & set(limits.get(By.CLIENT, actor.client_ids)))
    used = {*by, *limits, *((By.CLIENT,) if client_work else ())}
    with_own = not used & _WHO
    names = [f"{key.value}_id" for key in By if key in used - _GROUND]
    values: dict[str, Any] = {"roles": [role.value for role in roles], "start": start, "end": end}
    rows = _rows(used, names, with_own=with_own, start=start, end=end)
    conditions = ["a.role = ANY(%(roles)s)"]
    for key, ids in limits.items():
        column = "x.book_id" if key is By.ENTITY else f"x.{key.value}_id"
        conditions.append(f"{column} = ANY(%(ids_{key.value})s)")
        values[f"ids_{key.value}"] = ids
    if client_work:
        conditions.append("x.client_id NOT IN (SELECT id FROM directory_client WHERE is_internal)")
    columns = [
        {By.ENTITY: "x.book_id", By.MONTH: "coalesce(x.month, d.start)"}.get(key, f"x.{key.value}_id")
        for key in by
    ]
    currency = "x.currency" if with_own else "''"
    groups = [*columns, "a.role", currency, "k.currency"]
    totals = [f"sum(x.{name})" for name in (*_AMOUNTS, *(_OWN if with_own else ()))]
    month = " JOIN ledger_period d ON d.id = x.period_id" if By.MONTH in by else ""
    width = len(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join([*groups, *totals])} FROM ({rows}) x"  # noqa: S608 - names from enums only
            f" JOIN ledger_account a ON a.id = x.account_id JOIN ledger_book k ON k.id = x.book_id{month}"
            f" WHERE {' AND '.join(conditions)} GROUP BY {', '.join(map(str, range(1, width + 4)))}"
            f" ORDER BY {', '.join(map(str, range(1, width + 4)))}",
            values,
        )
        return [_sum(row, width) for row in cursor.fetchall() if any(row[width + 3 :])]


def _sum(row: tuple[Any, ...], width: int) -> Sum:
    role, currency, home, seconds, billable, home_debit, home_credit, *own = row[width:]
    debit, credit = own or (Decimal(0), Decimal(0))
    return Sum(
        row[:width], AccountRole(role), currency, home, int(seconds), int(billable), home_debit, home_credit, debit, credit
    )  # fmt: skip


def _rows(used: set[By], names: list[str], *, with_own: bool, start: date | None, end: date | None) -> str:
    """Return the SELECT whose rows add up to the asked range, from the smallest table that knows the dimensions."""
    plain = [*_ALWAYS, *names, *(["currency"] if with_own else [])]
    amounts = [*_AMOUNTS, *(_OWN if with_own else ())]
    by_month = By.MONTH in used
    dimensions = used - _GROUND
    table = (
        "ledger_balance"
        if dimensions <= _WORK
        else "ledger_personbalance"
        if dimensions <= _WHO
        else "ledger_posting"
    )
    dates = [text for text, day in (("date >= %(start)s", start), ("date < %(end)s", end)) if day]
    accounts = "account_id = ANY(ARRAY(SELECT id FROM ledger_account WHERE role = ANY(%(roles)s)))"
    somebody = " AND person_id <> 0" if dimensions & _WHO else ""
    of_day = ["date_trunc('month', date::timestamp)::date AS month"] if by_month else []
    posted = f"SELECT {', '.join([*plain, *of_day, *amounts])} FROM ledger_posting WHERE "  # noqa: S608 - enums
    chosen = f"{' AND '.join([ALONE, accounts, *dates])}{somebody}"
    is_short = start is not None and end is not None and (end - start).days <= _SHORT_DAYS
    if table == "ledger_posting" or is_short:
        return f"{posted}{chosen}"
    touched = [text for text, day in (('"end" > %(start)s', start), ("start < %(end)s", end)) if day]
    if not touched and not by_month:
        return f"SELECT {', '.join([*plain, *amounts])} FROM {table} WHERE {ALONE}"  # noqa: S608
    whole = " AND ".join([*touched, *([_MONTHLY] if by_month else [])])
    periods = f"period_id = ANY(ARRAY(SELECT id FROM ledger_period WHERE {whole}))"  # noqa: S608
    of_period = ["NULL::date AS month"] if by_month else []
    columns = ", ".join([*plain, *of_period, *amounts])
    parts = [f"SELECT {columns} FROM {table} WHERE {periods} AND {ALONE}"]  # noqa: S608
    columns = ", ".join([*plain, *of_period, *(f"-{name}" for name in amounts)])
    off = f"SELECT {columns} FROM ledger_posting"  # noqa: S608
    if start:
        first = '(SELECT min(start) FROM ledger_period WHERE "end" > %(start)s)'
        parts.append(
            f"{off} WHERE {ALONE} AND {accounts}{somebody} AND date < %(start)s AND date >= {first} AND {periods}"
        )
    if end:
        last = '(SELECT max("end") FROM ledger_period WHERE start < %(end)s)'
        parts.append(
            f"{off} WHERE {ALONE} AND {accounts}{somebody} AND date >= %(end)s AND date < {last} AND {periods}"
        )
    if by_month:
        parts.append(f"{posted}{_IN_OTHER_PERIODS} AND {chosen}")
    return " UNION ALL ".join(parts)
