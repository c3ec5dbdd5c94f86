"""What a change of rates would do above: a list of hooks, so that contracts need not know of billing.

A higher floor registers a function when its app is ready. Before approved rates change, each is asked what
is open from that day on under these contracts, and the sum stands in the warning that the approver
confirms.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple


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
