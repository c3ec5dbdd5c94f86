"""What a change would do above: lists of hooks, so that contracts need not know of projects or billing.

A higher floor registers a function when its app is ready. Before approved rates change, each is asked what is open
from that day on under these contracts and what it would be worth by the rates as they would be; the sum stands in the
warning that the approver confirms, and on the page where they decide. Of a change order's contract the floors above say
which budgets hang on it and what its unbilled work is worth, before the order and after.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.contracts.calc.orders import Budget
from workledger.contracts.calc.rating import RateBooks, RatesTie
from workledger.contracts.models import RateState
from workledger.contracts.queries import contracts_of, load_rate_books, visible_rates
from workledger.core import locks
from workledger.core.access import Actor

_ZERO = Decimal(0)


class ClientEffect(NamedTuple):
    """What a change of rates does to a client: work priced again with its old and new value, and what bills hold.

    The billed part would have another rate now, and stays as it is. `waiting` of the items had no price until now. Time in
    seconds.
    """

    client_id: int
    client: str
    items: int = 0
    seconds: int = 0
    value: Decimal = _ZERO
    new_value: Decimal = _ZERO
    billed_items: int = 0
    billed_seconds: int = 0
    billed_value: Decimal = _ZERO
    waiting: int = 0

    @property
    def difference(self) -> Decimal:
        """What the client's open work is worth more, or less."""
        return self.new_value - self.value


class RateEffect(NamedTuple):
    """Work that would be priced again: how many items, how many seconds, what they are worth now and then.

    Beside it what bills hold and what stays, and the same by client.
    """

    items: int
    seconds: int
    value: Decimal
    new_value: Decimal = _ZERO
    billed_items: int = 0
    billed_seconds: int = 0
    billed_value: Decimal = _ZERO
    waiting: int = 0
    clients: tuple[ClientEffect, ...] = ()

    def __bool__(self) -> bool:
        """Whether something that has a price gets another one."""
        return self.items > self.waiting

    @property
    def difference(self) -> Decimal:
        """What open work is worth more, or less."""
        return self.new_value - self.value

    @classmethod
    def of(cls, clients: Sequence[ClientEffect]) -> "RateEffect":
        """Return the sums over clients."""
        return cls(
            sum(each.items for each in clients),
            sum(each.seconds for each in clients),
            sum((each.value for each in clients), _ZERO),
            sum((each.new_value for each in clients), _ZERO),
            sum(each.billed_items for each in clients),
            sum(each.billed_seconds for each in clients),
            sum((each.billed_value for each in clients), _ZERO),
            sum(each.waiting for each in clients),
            tuple(clients),
        )

    def plus(self, other: "RateEffect") -> "RateEffect":
        """Return the sum of two hooks' effects."""
        return RateEffect(
            self.items + other.items,
            self.seconds + other.seconds,
            self.value + other.value,
            self.new_value + other.new_value,
            self.billed_items + other.billed_items,
            self.billed_seconds + other.billed_seconds,
            self.billed_value + other.billed_value,
            self.waiting + other.waiting,
            self.clients + other.clients,
        )


NO_EFFECT = RateEffect(0, 0, _ZERO)

RateEffectHook = Callable[[tuple[int, ...], date, RateBooks], RateEffect]

_hooks: list[RateEffectHook] = []


def register_rate_effects(hook: RateEffectHook) -> None:
    """Ask `hook(contract_ids, from_day, rate_books)` before rates change; registering twice counts once."""
    if hook not in _hooks:
        _hooks.append(hook)


def rate_effects(contract_ids: Iterable[int], from_day: date, rate_books: RateBooks) -> RateEffect:
    """Return what is open and would be priced again by these rates, over every hook."""
    ids = tuple(contract_ids)
    total = NO_EFFECT
    for hook in _hooks:
        total = total.plus(hook(ids, from_day, rate_books))
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


def effect_of(actor: Actor, rate_id: int) -> RateEffect:
    """Return what approving a proposed rate would do; nothing is written. Raises NotFound.

    No effect for a rate that waits for no decision, or that cannot be approved because it ties with another.
    """
    rate = locks.one(visible_rates(actor).select_related("card"), rate_id)
    if rate.state != RateState.PROPOSED:
        return NO_EFFECT
    ids = contracts_of([rate.card])
    try:
        return rate_effects(ids, rate.valid_from, load_rate_books(ids, approving=[rate.pk]))
    except RatesTie:
        return NO_EFFECT
