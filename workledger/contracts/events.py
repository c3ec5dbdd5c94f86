"""What contracts tell the floors above."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.core.access import Actor
from workledger.core.events import Event


@dataclass(frozen=True, slots=True)
class RatesChanged(Event):
    """Approved rates changed: work from `from_day` on, under these contracts, may have another price.

    `actor` is whose act it was; handlers run in its transaction.
    """

    actor: Actor
    contract_ids: tuple[int, ...]
    from_day: date


@dataclass(frozen=True, slots=True)
class ContractCapChanged(Event):
    """The limit over all lines of a contract changed: unbilled work may lie within it, or no more."""

    actor: Actor
    contract_id: int


@dataclass(frozen=True, slots=True)
class LinesAgreed(Event):
    """Lines of active contracts were agreed or changed: a contract was activated, or lines of an active one were written.

    A handler may refuse what it cannot keep books for.
    """

    actor: Actor
    contract_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LineTermsChanged(Event):
    """What a contract line says changed: its terms, or the days that its contract holds."""

    actor: Actor
    contract_line_id: int


@dataclass(frozen=True, slots=True)
class ContractModified(Event):
    """An active contract has another version: what is recognized over its term may have to follow.

    `effective_from` is None where a direct change holds for all that is not billed; `order_id` is the change order that
    made it, None for a direct change. The ids are those of `ContractVersion`.
    """

    actor: Actor
    contract_id: int
    before_version_id: int
    after_version_id: int
    effective_from: date | None
    order_id: int | None


class BudgetMoved(NamedTuple):
    """The new budget of a project or task: seconds, and money in the contract's currency; None is none."""

    holder: str
    holder_id: int
    budget_seconds: int | None
    budget_amount: Decimal | None


@dataclass(frozen=True, slots=True)
class ChangeOrderApplied(Event):
    """A change order moved its contract: these budgets follow, and tasks of these lines take no more time."""

    actor: Actor
    order_id: int
    contract_id: int
    budgets: tuple[BudgetMoved, ...]
    ended_line_ids: tuple[int, ...]
