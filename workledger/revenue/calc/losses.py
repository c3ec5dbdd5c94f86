"""Contracts that cost more than they bring: the loss is provided for when it is known, not when it is incurred.

The provision of a day is the cost still to come less the revenue still to come, where that is more than nothing
(ASC 605-35-25-46; IAS 37.66 to 68A, with the costs that relate directly to the contract). It shrinks as the loss is
incurred, so that cost, revenue and provision together show the whole loss from the day it is known.
"""

from decimal import Decimal
from typing import NamedTuple

from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.derivation import Step

_ZERO = Decimal(0)


class Provision(NamedTuple):
    """What must stand as provided for, in the book's currency, and why."""

    amount: Decimal
    steps: tuple[Step, ...]


def provision(
    *, price: Decimal, recognized: Decimal, expected_cost: Decimal, cost_to_date: Decimal, currency: str
) -> Provision:
    """Return the provision for a contract's loss on a day; all amounts in the book's currency."""
    to_come = max(expected_cost - cost_to_date, _ZERO)
    revenue_left = price - recognized
    amount = round_amount(max(to_come - revenue_left, _ZERO), currency)
    said = f"{money_words(to_come, currency)} of cost to come less {money_words(revenue_left, currency)} of revenue to come"
    loss = expected_cost - price
    whole = (
        f"The contract is expected to lose {money_words(loss, currency)} in all."
        if loss > 0
        else "The contract is expected to make no loss."
    )
    return Provision(amount, (Step("Contract", whole), Step("Provision", f"{said}.")))
