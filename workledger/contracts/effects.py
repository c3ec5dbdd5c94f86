"""What a change would do above: lists of hooks, so that contracts need not know of projects or billing.

A higher floor registers a function when its app is ready. Before approved rates change, each is asked what
is open from that day on under these contracts, and the sum stands in the warning that the approver
confirms. Of a change order's contract the floors above say which budgets hang on it and what its unbilled work is
worth, before the order and after.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.contracts.calc.orders import Budget


class RateEffect(NamedTuple):
    """Work that would be priced again: how many items, how many seconds, what they are worth now."""

    items: int
    seconds: int
    value: Decimal

    def __bool__(self) -> bool:
        return self.items > 0


NO_EFFECT = RateEffect(0, 0, Decimal(0))

RateEffectHook = Callable[[tuple[int, ...], date], RateEffect]

_hooks: list[RateEffectHook] = []


def register_rate_effects(hook: RateEffectHook) -> None:
    """Ask `hook(contract_ids, from_day)` before rates change; registering twice counts once."""
    if hook not in _hooks:
        _hooks.append(hook)


def rate_effects(contract_ids: Iterable[int], from_day: date) -> RateEffect:
    """Return what is open and would be priced again, over every hook."""
    ids = tuple(contract_ids)
    total = NO_EFFECT
    for hook in _hooks:
        found = hook(ids, from_day)
        total = RateEffect(
            total.items + found.items, total.seconds + found.seconds, total.value + found.value
        )
    return total


class Unbilled(NamedTuple):
    """What the unbilled work of a contract line is worth, in the contract's currency: billable, and over its cap."""

    contract_line_id: int
    billable: Decimal
    over_cap: Decimal


UnbilledHook = Callable[[int], list[Unbilled]]
BudgetsHook = Callable[[int], list[Budget]]

_unbilled_hooks: list[UnbilledHook] = []
_budget_hooks: list[BudgetsHook] = []


def register_unbilled(hook: UnbilledHook) -> None:
    """Ask `hook(contract_id)` what unbilled work is worth by line; registering twice counts once."""
    if hook not in _unbilled_hooks:
        _unbilled_hooks.append(hook)


def register_budgets(hook: BudgetsHook) -> None:
    """Ask `hook(contract_id)` which budgets hang on a contract; registering twice counts once."""
    if hook not in _budget_hooks:
        _budget_hooks.append(hook)


def unbilled_of(contract_id: int) -> dict[int, Unbilled]:
    """Return what a contract's unbilled work is worth now, by line, over every hook."""
    return {each.contract_line_id: each for hook in _unbilled_hooks for each in hook(contract_id)}


def budgets_of(contract_id: int) -> list[Budget]:
    """Return the budgets of projects and tasks that hang on a contract, over every hook."""
    return [budget for hook in _budget_hooks for budget in hook(contract_id)]
