"""A vendor's bill against the approved time it charges.

Approval of a contractor's time has posted it as labour cost at the cost rate, absorbed by practice and office. The
bill says what it really cost. So the match takes the absorbed cost over into the payable, and what the bill has more
or less goes to the projects as project expense, by each one's share: labour cost and project expense together are then
what the vendor charged, and no hour is counted twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from workledger.kernel.allocation import allocate

_ZERO = Decimal(0)


class Work(NamedTuple):
    """Where work was done: ids, 0 for 'none'."""

    client_id: int
    contract_id: int
    contract_line_id: int
    project_id: int
    task_id: int
    person_id: int
    role_id: int
    practice_id: int
    office_id: int


class Charged(NamedTuple):
    """One approved time entry: its seconds and the labour cost it was posted at, in the entity's currency."""

    entry_id: int
    work: Work
    seconds: int
    cost: Decimal


class Difference(NamedTuple):
    """What a bill's line has more (or, negative, less) than the approved time: seconds, and money at cost rates."""

    seconds: int
    amount: Decimal

    @property
    def is_none(self) -> bool:
        """Whether line and time agree."""
        return not self.seconds and not self.amount


def difference(billed_seconds: int, billed_amount: Decimal, time: Sequence[Charged]) -> Difference:
    """Compare a line (its net in the entity's currency) with the time it charges."""
    return Difference(
        billed_seconds - sum(entry.seconds for entry in time),
        billed_amount - sum((entry.cost for entry in time), _ZERO),
    )


def shares(amount: Decimal, time: Sequence[Charged], currency: str) -> dict[Work, Decimal]:
    """Spread what a bill has more or less than the labour cost over the work, losing no cent.

    By labour cost; by hours where no cost rate is known, evenly where there are no hours either. Raises ValueError
    without any time.
    """
    costs: dict[Work, Decimal] = defaultdict(Decimal)
    seconds: dict[Work, int] = defaultdict(int)
    for entry in time:
        costs[entry.work] += entry.cost
        seconds[entry.work] += entry.seconds
    work = sorted(costs)
    weights: list[Decimal] = [costs[each] for each in work]
    if not any(weights):
        weights = [Decimal(seconds[each]) for each in work]
    if not any(weights):
        weights = [Decimal(1) for _ in work]
    return dict(zip(work, allocate(amount, weights, currency), strict=True))
