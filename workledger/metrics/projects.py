"""Figures of projects: all of them, or some, in three queries whatever their number and that of their entries.

They come from the ledger's month balances; days after `as_of` in a period it lies in are taken off by their postings.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from workledger.core.access import Actor, Permission
from workledger.directory.queries import exchange_rate
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import round_amount
from workledger.metrics.calc import formulas
from workledger.metrics.sums import ALONE
from workledger.projects.calc.tree import ScopePart, scope_done
from workledger.projects.models import Project

_ZERO = Decimal(0)
_HIGH, _FULL = Decimal("0.75"), Decimal(1)
_SLIGHT, _WIDE = Decimal("0.10"), Decimal("0.25")


@dataclass(frozen=True, slots=True)
class ProjectFigures:
    """What one project has used, earned and has left. None: not known, or not for this reader to see.

    Revenue, cost and margin are in `home_currency`, the functional one of the project's entity; value (priced work
    before write-downs), WIP, billed (net) and the budget are in `currency`, the contract's. Shares are ratios.
    """

    project_id: int
    is_internal: bool
    currency: str
    home_currency: str
    seconds: int | None
    billable_seconds: int | None
    revenue: Decimal | None
    cost: Decimal | None
    margin: Decimal | None
    margin_pct: Decimal | None
    value: Decimal | None
    wip: Decimal | None
    billed: Decimal | None
    written_down: Decimal | None
    budget_seconds: int | None
    budget_amount: Decimal | None
    burn: Decimal | None
    burn_amount: Decimal | None
    scope_done: Decimal | None
    gap: Decimal | None

    @property
    def hours(self) -> Decimal | None:
        """Hours worked, at two decimals."""
        return None if self.seconds is None else hours(self.seconds)

    @property
    def billable_hours(self) -> Decimal | None:
        """Billable hours, at two decimals."""
        return None if self.billable_seconds is None else hours(self.billable_seconds)

    @property
    def worst_burn(self) -> Decimal | None:
        """The higher of the two shares of the budget that are used: hours or money."""
        known = [share for share in (self.burn, self.burn_amount) if share is not None]
        return max(known, default=None)

    @property
    def tone(self) -> str:
        """'bad' over budget or far ahead of scope, 'warn' from 75 % or somewhat ahead, else ''.

        Scope says nothing before a first task is closed; where it keeps up with the burn, 75 % is no warning.
        """
        used = self.worst_burn or _ZERO
        ahead = used - self.scope_done if self.scope_done else None
        if used > _FULL or (ahead is not None and ahead >= _WIDE):
            return "bad"
        if ahead is None:
            return "warn" if used >= _HIGH else ""
        return "warn" if ahead >= _SLIGHT or (used >= _HIGH and ahead > 0) else ""


_SUMS = """
SELECT x.project_id, x.currency, k.currency,
       coalesce(sum(x.quantity) FILTER (WHERE a.role = 'labour_cost'), 0),
       coalesce(sum(x.billable_quantity) FILTER (WHERE a.role = 'labour_cost'), 0),
       coalesce(sum(x.functional_debit - x.functional_credit) FILTER (
           WHERE a.role IN ('labour_cost', 'project_expense')), 0),
       coalesce(sum(x.functional_credit - x.functional_debit) FILTER (
           WHERE a.role IN ('services_revenue', 'reimbursable_revenue', 'billing_adjustments')), 0),
       coalesce(sum(x.credit - x.debit) FILTER (
           WHERE a.role IN ('services_revenue', 'reimbursable_revenue')), 0),
       coalesce(sum(x.debit - x.credit) FILTER (WHERE a.role = 'billing_adjustments'), 0),
       coalesce(sum(x.debit - x.credit) FILTER (WHERE a.role = 'contract_position'), 0)
FROM (
    -- Months are summed first, by the few accounts there are: years of them cost half as much to read this way.
    SELECT r.project_id, r.account_id, r.currency, sum(r.quantity) AS quantity,
           sum(r.billable_quantity) AS billable_quantity, sum(r.functional_debit) AS functional_debit,
           sum(r.functional_credit) AS functional_credit, sum(r.debit) AS debit, sum(r.credit) AS credit
    FROM ({rows}) r GROUP BY r.project_id, r.account_id, r.currency
) x
JOIN ledger_account a ON a.id = x.account_id
JOIN ledger_book k ON k.id = a.book_id
WHERE a.role IN ('labour_cost', 'project_expense', 'services_revenue', 'reimbursable_revenue', 'billing_adjustments',
                 'contract_position')
  AND x.project_id <> 0 {limits}
GROUP BY x.project_id, x.currency, k.currency
"""
_COLUMNS = "project_id, account_id, currency, quantity, billable_quantity, functional_debit, functional_credit, debit, credit"
_TAKEN_OFF = (
    "project_id, account_id, currency, -quantity, -billable_quantity, -functional_debit, -functional_credit, -debit,"
    " -credit"
)
_EVER = f"SELECT {_COLUMNS} FROM ledger_balance WHERE {ALONE}"  # noqa: S608 - column names only
_UNTIL = f"""
SELECT {_COLUMNS} FROM ledger_balance
WHERE {ALONE} AND period_id = ANY(ARRAY(SELECT id FROM ledger_period WHERE start <= %(as_of)s))
UNION ALL
SELECT {_TAKEN_OFF} FROM ledger_posting
WHERE {ALONE} AND account_id = ANY(ARRAY(SELECT id FROM ledger_account WHERE role <> ''))
  AND date > %(as_of)s AND date < (SELECT max("end") FROM ledger_period WHERE start <= %(as_of)s)
  AND period_id = ANY(ARRAY(SELECT id FROM ledger_period WHERE start <= %(as_of)s))
"""  # noqa: S608 - column names only
_SCOPE = """
SELECT t.project_id, coalesce(sum(t.budget_seconds), 0),
       coalesce(sum(t.budget_seconds) FILTER (WHERE NOT t.is_open), 0),
       count(*), count(*) FILTER (WHERE NOT t.is_open)
FROM projects_task t
WHERE NOT EXISTS (SELECT 1 FROM projects_task c WHERE c.parent_id = t.id) {limits}
GROUP BY t.project_id
"""


def project_figures(
    actor: Actor, project_ids: Collection[int] | None = None, as_of: date | None = None
) -> dict[int, ProjectFigures]:
    """Return the figures of these projects (None: all that the actor sees) by id, at the end of `as_of` (None: now).

    Three queries, and one more per pair of currencies where people of an entity with another currency worked on a
    project. Hours need 'see all time' or 'see metrics', money 'see billing', cost and margin 'see cost' as well.
    """
    projects = Project.objects.visible_to(actor).order_by()
    if project_ids is not None:
        projects = projects.filter(pk__in=set(project_ids))
    rows = projects.values_list(
        "pk",
        "budget_seconds",
        "budget_amount",
        "contract__currency",
        "entity__book__currency",
        "client__is_internal",
    )
    facts = {row[0]: row for row in rows}
    if not facts:
        return {}
    chosen = None if project_ids is None else list(facts)
    sums = _sums(actor, chosen, as_of)
    scope = _scope(chosen)
    return {pk: _figures(actor, row, sums.get(pk, []), scope.get(pk), as_of) for pk, row in facts.items()}


def _sums(actor: Actor, chosen: list[int] | None, as_of: date | None) -> dict[int, list[tuple[Any, ...]]]:
    limits, values = "", {"as_of": as_of, "chosen": chosen, "books": sorted(actor.entity_ids or ())}
    if chosen is not None:
        limits += " AND x.project_id = ANY(%(chosen)s)"
    if actor.entity_ids is not None:
        limits += " AND a.book_id = ANY(%(books)s)"
    found: dict[int, list[tuple[Any, ...]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(rows=_UNTIL if as_of else _EVER, limits=limits), values)
        for row in cursor.fetchall():
            found.setdefault(row[0], []).append(row[1:])
    return found


def _scope(chosen: list[int] | None) -> dict[int, Decimal | None]:
    limits = "" if chosen is None else " AND t.project_id = ANY(%(chosen)s)"
    with connection.cursor() as cursor:
        cursor.execute(_SCOPE.format(limits=limits), {"chosen": chosen})
        rows = cursor.fetchall()
    return {
        pk: _share(int(budget), int(budget_done)) if budget else _share(count, count_done)
        for pk, budget, budget_done, count, count_done in rows
    }


def _share(whole: int, done: int) -> Decimal | None:
    return scope_done([ScopePart(done, is_done=True), ScopePart(whole - done, is_done=False)])


def _figures(
    actor: Actor,
    facts: tuple[Any, ...],
    sums: list[tuple[Any, ...]],
    scope: Decimal | None,
    as_of: date | None,
) -> ProjectFigures:
    pk, budget_seconds, budget_amount, contract_currency, home, is_internal = facts
    currency = contract_currency or home
    sees_hours = actor.can(Permission.VIEW_ALL_TIME) or actor.can(Permission.VIEW_METRICS)
    sees_value = actor.can(Permission.VIEW_BILLING)
    sees_cost = sees_value and actor.can(Permission.VIEW_COST)
    seconds = int(sum(row[2] for row in sums))
    own = [row for row in sums if row[0] == currency]
    value = sum((row[6] for row in own), _ZERO)
    written_down = sum((row[7] for row in own), _ZERO)
    wip = sum((row[8] for row in own), _ZERO)
    cost = _in_home(sums, 4, home, as_of) if sees_cost else None
    revenue = _in_home(sums, 5, home, as_of) if sees_value else None
    has_both = revenue is not None and cost is not None
    burned = formulas.burn(seconds, budget_seconds) if sees_hours else None
    return ProjectFigures(
        project_id=pk,
        is_internal=is_internal,
        currency=currency,
        home_currency=home,
        seconds=seconds if sees_hours else None,
        billable_seconds=int(sum(row[3] for row in sums)) if sees_hours else None,
        revenue=revenue,
        cost=cost,
        margin=formulas.margin(revenue, cost) if has_both else None,  # type: ignore[arg-type]
        margin_pct=formulas.margin_share(revenue, cost) if has_both else None,  # type: ignore[arg-type]
        value=value if sees_value else None,
        wip=wip if sees_value else None,
        billed=value - written_down - wip if sees_value else None,
        written_down=written_down if sees_value else None,
        budget_seconds=budget_seconds,
        budget_amount=budget_amount,
        burn=burned,
        burn_amount=formulas.burn(value, budget_amount) if sees_value else None,
        scope_done=scope,
        gap=formulas.gap(burned, scope),
    )


def _in_home(sums: list[tuple[Any, ...]], column: int, home: str, as_of: date | None) -> Decimal | None:
    """Return a column in the entity's currency; None where a needed exchange rate is not known."""
    total = _ZERO
    for row in sums:
        amount = row[column]
        if amount and row[1] != home:
            rate = exchange_rate(row[1], home, as_of or date.max)
            if rate is None:
                return None
            amount = round_amount(amount * rate, home)
        total += amount
    return total
