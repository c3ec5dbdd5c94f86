"""What a simulation takes and gives: a plan of terms and time in, invoices and figures period by period out.

Nothing here computes; `billing.calc.simulation` does, with the functions that bill in earnest.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from workledger.billing.calc.drafting import TaxGroup
from workledger.billing.calc.draws import BlockLeft, RetainerPeriod
from workledger.billing.calc.engine import SharedCap
from workledger.billing.calc.taxes import ClientTax, Code, EntityTax, Tax
from workledger.billing.calc.work import Worked
from workledger.contracts.calc.terms import Terms
from workledger.kernel.period import Period

_ZERO = Decimal(0)
_ORDINARY_CLIENT = ClientTax()
_NO_TAX = EntityTax()


# --- in -----------------------------------------------------------------------------------------------------


class ActKind(StrEnum):
    """What people do that charges something."""

    INSTALMENT = "instalment"
    MILESTONE = "milestone"
    UNITS = "units"
    PROGRESS = "progress"
    RELEASE = "release"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Act:
    """An act on a day. `place` counts the parts of the terms from 0.

    `percent` is a progress, None where it is measured by hours; `quantity` the units that the half-open `days` used;
    `amount` the retained money that is released, None for all.
    """

    line: str
    on: date
    kind: ActKind
    place: int = 0
    percent: Decimal | None = None
    quantity: Decimal = _ZERO
    days: Period | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A contract line with its terms and the time on it.

    `works` without a rate of their own take that of their role in `rates`, else that of None. Time of a line without
    works costs nothing and charges what falls due. `is_recognized` tells that revenue is recognized as invoiced.
    """

    key: str
    name: str
    document: Terms
    works: Sequence[Worked] = ()
    rates: Mapping[int | None, Decimal] = field(default_factory=dict)
    budget_seconds: int | None = None
    is_recognized: bool = True
    tax_code: Code | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Terms and time to simulate, half-open [start, end) as the contract, `end` None while it runs on.

    `ends` are the last days of the periods, ascending; a bill run follows each of them, or those in `billed_on` alone.
    Work before the first period counts as of it; work after the last is left out. `tasks` and `people` are names to print.
    `caps` are those over all lines, or over some tasks of them.
    """

    currency: str
    start: date
    end: date | None
    lines: tuple[PlanLine, ...]
    ends: tuple[date, ...]
    billed_on: frozenset[date] | None = None
    acts: tuple[Act, ...] = ()
    group_lines_by: str = "task"
    client_tax: ClientTax = _ORDINARY_CLIENT
    entity_tax: EntityTax = _NO_TAX
    tasks: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)
    caps: tuple[SharedCap, ...] = ()


# --- out ----------------------------------------------------------------------------------------------------


class Figures(NamedTuple):
    """What became of time and charges.

    `value` is billable time at its rates; `covered`, `over_cap`, `waiting` and `non_billable` are what of it nobody
    pays for by the hour. `invoiced` is net, charges included; `wip` is charged and not invoiced. Time in seconds.
    """

    seconds: int = 0
    value: Decimal = _ZERO
    invoiced: Decimal = _ZERO
    wip: Decimal = _ZERO
    discount: Decimal = _ZERO
    covered_seconds: int = 0
    covered: Decimal = _ZERO
    over_cap: Decimal = _ZERO
    waiting: Decimal = _ZERO
    non_billable: Decimal = _ZERO
    unpriced_seconds: int = 0

    def plus(self, other: "Figures") -> "Figures":
        """Return the sums."""
        pairs: Iterable[tuple[Any, Any]] = zip(self, other, strict=True)
        return Figures._make(mine + theirs for mine, theirs in pairs)

    def less(self, other: "Figures") -> "Figures":
        """Return the differences."""
        pairs: Iterable[tuple[Any, Any]] = zip(self, other, strict=True)
        return Figures._make(mine - theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class SimulatedLine:
    """A line as the invoice prints it: quantity × rate is the amount. `rounding` is what that differs from its items."""

    line: str
    description: str
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    rounding: Decimal
    is_adjustment: bool
    tax: Tax
    project_id: int | None = None
    task_id: int | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class SimulatedInvoice:
    """An invoice of a bill run, issued on its day. A negative one stays a pre-bill: it is never issued."""

    issued_on: date
    service_start: date
    service_end: date
    lines: tuple[SimulatedLine, ...]
    taxes: tuple[TaxGroup, ...]
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """Net and tax."""
        return self.net + self.tax

    @property
    def is_issued(self) -> bool:
        """Whether it can be issued."""
        return self.gross >= 0


class Recognized(NamedTuple):
    """What a period's pricing recognized of a line's service day, and what it gave up as discount."""

    line: str
    day: date
    amount: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class LineStatement:
    """A retainer's periods or the prepaid blocks of a line as they stand; seconds, or money where `is_money`."""

    line: str
    is_money: bool
    periods: tuple[RetainerPeriod, ...] = ()
    blocks: tuple[BlockLeft, ...] = ()

    @property
    def balance(self) -> Decimal:
        """What can still be drawn: of the last period, or of all blocks."""
        if self.periods:
            last = self.periods[-1]
            return max(last.included + last.carried_in - last.used, _ZERO)
        return sum((each.left for each in self.blocks), _ZERO)


@dataclass(frozen=True, slots=True)
class LineFigures:
    """A line's figures: what the period changed, and how they stand at its end."""

    line: str
    during: Figures
    through: Figures


@dataclass(frozen=True, slots=True)
class SimulatedPeriod:
    """A period: its invoice if there is one, figures by line, statements, and what it recognized by service day."""

    days: Period
    invoice: SimulatedInvoice | None
    lines: tuple[LineFigures, ...]
    statements: tuple[LineStatement, ...]
    recognized: tuple[Recognized, ...]

    @property
    def during(self) -> Figures:
        """What the period changed, over all lines."""
        return total(line.during for line in self.lines)

    @property
    def through(self) -> Figures:
        """How the figures stand at the end of the period, over all lines."""
        return total(line.through for line in self.lines)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a plan comes to. `unpriced` are the entries by id that have no rate: they wait and are on no invoice."""

    plan: Plan
    periods: tuple[SimulatedPeriod, ...]
    unpriced: frozenset[int]

    @property
    def through(self) -> Figures:
        """How the figures stand at the end."""
        return self.periods[-1].through if self.periods else Figures()

    @property
    def invoices(self) -> tuple[SimulatedInvoice, ...]:
        """The invoices in their order."""
        return tuple(period.invoice for period in self.periods if period.invoice is not None)


def total(rows: Iterable[Figures]) -> Figures:
    """Return the sums of figures."""
    found = Figures()
    for row in rows:
        found = found.plus(row)
    return found
