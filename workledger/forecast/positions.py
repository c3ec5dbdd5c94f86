"""What the books show of contracts through a day: revenue, work and position, by contract line and month."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from workledger.ledger.models import AccountRole

_ZERO = Decimal(0)
_SQL = """
WITH accounts AS MATERIALIZED (
    SELECT id, role FROM ledger_account
    WHERE book_id = %(book)s AND role IN ('services_revenue', 'labour_cost', 'contract_position')
), sums AS (
    SELECT a.role, b.contract_id, b.contract_line_id, b.period_id,
           b.credit - b.debit AS amount, b.functional_credit - b.functional_debit AS home, b.quantity
    FROM ledger_balance b JOIN accounts a ON a.id = b.account_id JOIN ledger_period p ON p.id = b.period_id
    WHERE p.start <= %(day)s AND b.contract_id = ANY(%(contracts)s)
    UNION ALL
    SELECT a.role, t.contract_id, t.contract_line_id, t.period_id,
           t.debit - t.credit, t.functional_debit - t.functional_credit, -t.quantity
    FROM ledger_posting t JOIN accounts a ON a.id = t.account_id JOIN ledger_period p ON p.id = t.period_id
    WHERE p.start <= %(day)s AND p."end" > %(day)s AND t.date > %(day)s
      AND t.contract_id = ANY(%(contracts)s)
)
SELECT s.role, s.contract_id, s.contract_line_id,
       date_trunc('month', p.start + (p."end" - p.start) / 2)::date AS month,
       sum(s.amount), sum(s.home), sum(s.quantity)
FROM sums s JOIN ledger_period p ON p.id = s.period_id
GROUP BY 1, 2, 3, 4
"""
_OBLIGATIONS = """
SELECT t.source_id, t.contract_line_id, date_trunc('month', p.start + (p."end" - p.start) / 2)::date AS month,
       sum(t.credit - t.debit), sum(t.functional_credit - t.functional_debit)
FROM ledger_posting t JOIN ledger_account a ON a.id = t.account_id JOIN ledger_period p ON p.id = t.period_id
WHERE t.source_kind = 'obligation' AND t.source_id = ANY(%(ids)s) AND a.role = 'services_revenue' AND t.date <= %(day)s
GROUP BY 1, 2, 3
"""


class Earned(NamedTuple):
    """Revenue of a month: in the contract's currency and in the book's."""

    amount: Decimal
    functional: Decimal


@dataclass(slots=True)
class Positions:
    """Sums of the books through a day. A line of 0 holds what stands on the contract alone.

    `of_lines` is revenue of lines that no obligation earned, `of_obligations` the others; `seconds` is work by line and
    month. Positions are debits: `position` by contract line, `held` by contract, `home_held` by contract in the book's
    currency.
    """

    of_lines: dict[tuple[int, int], dict[date, Earned]] = field(default_factory=lambda: defaultdict(dict))
    of_obligations: dict[int, dict[date, Earned]] = field(default_factory=lambda: defaultdict(dict))
    revenue: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: _ZERO))
    seconds: dict[int, dict[date, int]] = field(default_factory=lambda: defaultdict(dict))
    position: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: _ZERO))
    held: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: _ZERO))
    home_held: dict[int, Decimal] = field(default_factory=lambda: defaultdict(lambda: _ZERO))

    def billed(self, line_id: int) -> Decimal:
        """Return what a line billed through the day: what it earned less its position. Write-downs count as billed."""
        return self.revenue[line_id] - self.position[line_id]


def positions(
    book_id: int, day: date, contract_ids: Iterable[int], obligation_ids: Iterable[int]
) -> Positions:
    """Return what a book shows of contracts and their obligations through a day (included), in two queries."""
    found = Positions()
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"book": book_id, "day": day, "contracts": list(contract_ids)})
        rows = cursor.fetchall()
        cursor.execute(_OBLIGATIONS, {"ids": list(obligation_ids), "day": day})
        obligations = cursor.fetchall()
    for role, contract_id, line_id, month, amount, home, quantity in rows:
        if role == AccountRole.SERVICES_REVENUE:
            found.of_lines[contract_id, line_id][month] = Earned(amount, home)
            found.revenue[line_id] += amount
        elif role == AccountRole.LABOUR_COST:
            found.seconds[line_id][month] = int(quantity)
        else:
            found.position[line_id] -= amount
            found.held[contract_id] -= amount
            found.home_held[contract_id] -= home
    by_line = {line_id: months for (_, line_id), months in found.of_lines.items() if line_id}
    for obligation_id, line_id, month, amount, home in obligations:
        earned = found.of_obligations[obligation_id]
        before = earned.get(month, Earned(_ZERO, _ZERO))
        earned[month] = Earned(before.amount + amount, before.functional + home)
        rest = by_line[line_id][month] if line_id in by_line else None
        if rest is not None:
            by_line[line_id][month] = Earned(rest.amount - amount, rest.functional - home)
    return found
