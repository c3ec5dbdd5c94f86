"""What the acts of contracts are given."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from workledger.contracts.models import BillingModel, ContractState, RevenueMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractInput:
    """A contract's own fields. `end` is the first day after it, None while it has none.

    An empty `number` takes the next of the firm's series; an empty `currency` is the client's. `cap` limits the time of
    all lines together (`contracts.calc.terms.Cap`), None is no limit. `prices_include_tax` None is as the legal entity has
    it for a new contract, and as it is for one that is changed.
    """

    client_id: int
    entity_id: int
    name: str
    start: date
    number: str = ""
    currency: str = ""
    end: date | None = None
    po_number: str = ""
    payment_terms_days: int | None = None
    requires_notes: bool = False
    cap: dict[str, Any] | None = None
    prices_include_tax: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContract(ContractInput):
    """A contract with the state it is created in, for creating many at once."""

    state: ContractState = ContractState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """A contract line. `terms` is the document of its model (`contracts.calc.terms`); what it leaves out is the default.

    `revenue_method` None is the model's usual one. Budgets are what the client agreed to: seconds and the contract's currency.
    `tax_code_id` None taxes the line as the client is taxed.
    """

    name: str
    model: BillingModel
    terms: dict[str, Any] = field(default_factory=dict)
    revenue_method: RevenueMethod | None = None
    price: Decimal | None = None
    budget_seconds: int | None = None
    budget_amount: Decimal | None = None
    position: int | None = None
    tax_code_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine(LineInput):
    """A line with its contract, for creating many at once."""

    contract_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCardInput:
    """A rate card of one level: exactly one of entity, client and contract is given."""

    name: str
    currency: str
    entity_id: int | None = None
    client_id: int | None = None
    contract_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateInput:
    """A price per hour on a card, half-open [valid_from, valid_to); a key left None matches all.

    `replaces_id` names the rate for the same keys that ends where this one starts.
    """

    card_id: int
    rate_per_hour: Decimal
    valid_from: date
    valid_to: date | None = None
    contract_line_id: int | None = None
    person_id: int | None = None
    task_type_id: int | None = None
    role_id: int | None = None
    replaces_id: int | None = None

    @property
    def keys(self) -> tuple[int | None, int | None, int | None, int | None]:
        """Whom and what the rate is for: line, person, task type, role."""
        return (self.contract_line_id, self.person_id, self.task_type_id, self.role_id)


@dataclass(frozen=True, slots=True)
class RatesSaved:
    """What became of rates: approved, or proposed and waiting for a second person."""

    rate_ids: list[int]
    is_approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInput:
    """A change order as it is drafted. `changes` are typed documents, each with its `kind` (`contracts.calc.orders`).

    `effective_from` is the day from which the changes hold.
    """

    title: str
    effective_from: date
    changes: list[dict[str, Any]]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderSubmitted:
    """Where a submitted change order is now: in review within the firm, or with the client."""

    order_id: int
    needs_review: bool
