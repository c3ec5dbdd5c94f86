"""What the acts of revenue are given, and what they answer."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from workledger.revenue.calc.allocation import Basis
from workledger.revenue.calc.modification import Kind, Rest
from workledger.revenue.calc.timeline import Grain, Method, Treatment

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinancingInput:
    """Payments that lie more than a year from the work, whose price therefore contains interest.

    `payments` are (day, amount); `annual_percent` the rate of a separate financing between the two.
    """

    transfer: date
    annual_percent: Decimal
    payments: tuple[tuple[date, Decimal], ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionInput:
    """An option on later work at a discount that others do not get: a material right (606-10-55-42, IFRS 15.B40).

    `purchase` is what a client who uses it buys; the percentages are its discount, the one that anybody gets, and how
    likely it is used.
    """

    purchase: Decimal
    discount_percent: Decimal
    usual_percent: Decimal = _ZERO
    likely_percent: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationInput:
    """A promise: the contract lines it holds, how it is measured, and what it would cost alone.

    `basis_amount` None takes what its lines are priced at. Half-open [start, end) None is the contract's term. `total`
    is what is promised in all: units, or the worth of milestones. `price` is given only to an obligation that is added
    by a modification. `expires` is the first day on which a right is gone that the client has not used; `option` says what
    such a right is worth alone where it is a discount on later work.
    """

    name: str
    line_ids: tuple[int, ...]
    method: Method
    grain: Grain = Grain.DAYS
    basis: Basis = Basis.OBSERVABLE
    basis_amount: Decimal | None = None
    basis_percent: Decimal = _ZERO
    start: date | None = None
    end: date | None = None
    total: Decimal | None = None
    expected_end: date | None = None
    price: Decimal | None = None
    financing: FinancingInput | None = None
    expires: date | None = None
    option: OptionInput | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BelongingInput:
    """A discount (negative) or another part of the price that belongs to some obligations alone, by their names."""

    amount: Decimal
    names: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeInput:
    """What a modification does to one obligation. What is None stays; `past` is for what was already transferred.

    `treatment` is asked for only where the answers leave it to each obligation.
    """

    obligation_id: int
    price: Decimal | None = None
    start: date | None = None
    end: date | None = None
    total: Decimal | None = None
    past: Decimal = _ZERO
    treatment: Treatment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModificationInput:
    """A modification from a day on: the three answers that decide what it is, what changes, what is added."""

    from_day: date
    adds_distinct: bool
    at_stand_alone_price: bool
    rest: Rest
    changes: tuple[ChangeInput, ...] = ()
    added: tuple[ObligationInput, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionInput:
    """What finance says of a change that waits: the three answers, and where its amounts are other than proposed.

    `changes` None takes what the change states. In them `price`, `end` and `total` are what holds afterwards, also where
    the answers make it a contract of its own: then what goes beyond is an obligation beside. `from_day` None is the day
    of the order.
    """

    adds_distinct: bool
    at_stand_alone_price: bool
    rest: Rest
    from_day: date | None = None
    changes: tuple[ChangeInput, ...] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateInput:
    """What an obligation is expected to take, from a day on: in all, or still to come (then what was done is added).

    What is None stays as it was estimated last. Cost and materials are in the currency of the legal entity's books.
    `breakage_percent` of prepaid rights, or of promised units, is expected to stay unused.
    """

    from_day: date
    seconds: int | None = None
    seconds_to_come: int | None = None
    cost: Decimal | None = None
    cost_to_come: Decimal | None = None
    materials: Decimal | None = None
    delivered: Decimal | None = None
    breakage_percent: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ObligationEffect:
    """What a modification does to one obligation on its day; amounts in the contract's currency."""

    name: str
    price_before: Decimal
    price_after: Decimal
    recognized_before: Decimal
    recognized_after: Decimal
    said: str

    @property
    def at_once(self) -> Decimal:
        """What is recognized on that day because of the change."""
        return self.recognized_after - self.recognized_before


@dataclass(frozen=True, slots=True)
class Modified:
    """What a modification is, why, and what it does."""

    kind: Kind
    said: str
    source: str
    effects: list[ObligationEffect] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ProposedEntry:
    """What a run recognizes of an obligation for a service month, and why. Amounts in the contract's currency."""

    obligation_id: int
    obligation: str
    contract_id: int
    contract: str
    client: str
    kind: str
    service_month: date
    posted_on: date
    currency: str
    amount: Decimal
    to_date: Decimal
    price: Decimal
    progress: Decimal
    steps: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ProposedProvision:
    """What a run provides for the loss of a contract, in the book's currency, and why."""

    contract_id: int
    contract: str
    stands: Decimal
    change: Decimal
    steps: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class NotRecognized:
    """An obligation that a run leaves out, with what is missing and a sentence how to mend it."""

    obligation_id: int
    obligation: str
    contract_id: int
    contract: str
    message: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did, or a dry run would do. `run_id` is None where there was nothing to post."""

    run_id: int | None
    entity_id: int
    month: date
    currency: str
    amount: Decimal
    entries: list[ProposedEntry]
    provisions: list[ProposedProvision]
    left_out: list[NotRecognized]


@dataclass(frozen=True, slots=True)
class Unposted:
    """What a run would post: how many entries, their amount in the book's `currency`, changed provisions; what not."""

    entries: int
    amount: Decimal
    currency: str
    provisions: int
    left_out: list[NotRecognized]
