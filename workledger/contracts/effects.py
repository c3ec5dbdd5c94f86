"""What a change would do above: lists of hooks, so that contracts need not know of projects or billing.

A higher floor registers a function when its app is ready. Before approved rates change, each is asked what
is open from that day on under these contracts, and the sum stands in the warning that the approver
confirms. Before a change order is approved, the floors above say which budgets hang on the contract and what
other terms of a line would make of its unbilled work.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.contracts.calc.orders import Budget
from workledger.contracts.calc.terms import Terms


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


class TermsEffect(NamedTuple):
    """What other terms would make of a line's unbilled work, in its currency: what is billable, and what lies over its cap."""

    billable_before: Decimal
    billable_after: Decimal
    over_cap_before: Decimal
    over_cap_after: Decimal

    @property
    def released(self) -> Decimal:
        """Over-cap value that becomes billable; negative where a lower cap takes some away."""
        return self.over_cap_before - self.over_cap_after


TermsEffectHook = Callable[[int, Terms], TermsEffect]
BudgetsHook = Callable[[int], list[Budget]]

_terms_hooks: list[TermsEffectHook] = []
_budget_hooks: list[BudgetsHook] = []


def register_terms_effects(hook: TermsEffectHook) -> None:
    """Ask `hook(contract_line_id, new_terms)` what change orders would do; registering twice counts once."""
    if hook not in _terms_hooks:
        _terms_hooks.append(hook)


def register_budgets(hook: BudgetsHook) -> None:
    """Ask `hook(contract_id)` which budgets hang on a contract; registering twice counts once."""
    if hook not in _budget_hooks:
        _budget_hooks.append(hook)


def terms_effects(contract_line_id: int, new_terms: Terms) -> list[TermsEffect]:
    """Return what other terms would make of a line's unbilled work, from each hook."""
    return [hook(contract_line_id, new_terms) for hook in _terms_hooks]


def budgets_of(contract_id: int) -> list[Budget]:
    """Return the budgets of projects and tasks that hang on a contract, over every hook."""
    return [budget for hook in _budget_hooks for budget in hook(contract_id)]
