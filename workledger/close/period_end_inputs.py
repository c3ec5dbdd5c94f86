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
    """A line of a period end, and why: what stands on two accounts at its end.

    `amount` is in `currency` (0 for a difference in value alone), `value` in the book's. `posted` is what of the value
    stands already, `new` what a run posts (negative: the sides swapped). `effect` is what `new` does to the period's
    result: a gain is positive. `is_reversed` is false for what stays.
    """

    what: str
    reason: str
    debit: str
    credit: str
    currency: str
    amount: Decimal
    value: Decimal
    posted: Decimal
    new: Decimal
    effect: Decimal
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
    def effect(self) -> Decimal:
        """What a run does to the period's result: a gain is positive."""
        return sum((row.effect for row in self.rows), _ZERO)
