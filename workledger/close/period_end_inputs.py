"""What the acts of a period end take and give."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a legal entity accrues at a period end."""

    expenses: bool = True
    subcontractors: bool = True
    unapproved_time: bool = False


@dataclass(frozen=True, slots=True)
class PeriodEndRow:
    """A line of a period end: a debit of `account` against `counter` (negative: the sides swapped), and why.

    `amount` is in `currency` (0 for a difference in value alone), `value` in the book's. `posted` is what of the value
    stands already, `new` what a run posts.
    """

    what: str
    reason: str
    account: str
    counter: str
    currency: str
    amount: Decimal
    value: Decimal
    posted: Decimal
    new: Decimal
    client: str
    contract_id: int | None
    contract: str
    project: str
    person: str
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class PeriodEndResult:
    """What a run over a period's end came to. `run_id` names it, `entries` are what it posted on `day`.

    The entries are reversed on `reversed_on`, but for rows that stay. Amounts are in the book's `currency`.
    """

    run_id: int | None
    entity_id: int
    entity: str
    period_id: int
    period: str
    currency: str
    day: date
    reversed_on: date
    rows: list[PeriodEndRow]
    left_out: list[str]
    entries: list[int]

    @property
    def new(self) -> list[PeriodEndRow]:
        """The rows with something to post."""
        return [row for row in self.rows if row.new]

    @property
    def result(self) -> Decimal:
        """What the lines do to the period's result: a gain is positive."""
        return sum((_effect(row) for row in self.rows), _ZERO)


def _effect(row: PeriodEndRow) -> Decimal:
    """Return what a row does to the result, from the accounts of income and expense among its two."""
    return -row.value * (row.account in RESULT) + row.value * (row.counter in RESULT)


RESULT = frozenset(
    {
        "Services revenue",
        "Reimbursable revenue",
        "Billing adjustments",
        "Labour cost",
        "Project expense",
        "Labour absorbed",
        "Unrealized FX",
        "Realized FX",
    }
)
"""Accounts of income and expense that a period end may post to."""
