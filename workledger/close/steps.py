"""What a close consists of, as a registry: each package puts the steps of its own matter on the list.

    register_step(Step("unreconciled", "Reconcile what was sent", StepKind.CHECK, order=150, count=unreconciled))

A *check* is done when its count is zero. A *run* is done when `is_done` says so; its act is an action of the package
that owns it, looked up by name, and until that package is installed the step is not on the list. A *confirmation* is
done when somebody says so. Any step may also be signed off by a person: a check with findings only with a note, and
it opens again once it finds more than was signed off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from workledger.core.access import Actor
from workledger.core.door import REGISTRY
from workledger.kernel.period import Period as Days
from workledger.ledger.models import Book, PeriodState

_DAY = timedelta(days=1)


class StepKind(StrEnum):
    """How a step becomes done."""

    CHECK = "check"
    RUN = "run"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class ClosingPeriod:
    """The period that is closed, seen on the day `today`. `end` is the day after its last."""

    id: int
    name: str
    start: date
    end: date
    state: PeriodState
    today: date

    @property
    def last_day(self) -> date:
        """The last day that lies in it."""
        return self.end - _DAY

    @property
    def past(self) -> Days | None:
        """Its days before today: what can already be missing. None where it has not begun."""
        end = min(self.end, self.today)
        return Days(self.start, end) if end > self.start else None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a step found: what, how much of it in words, and where it is dealt with."""

    label: str
    detail: str = ""
    url_name: str = ""
    url_args: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step found: how many, a sentence that says so, the page that lists them, and the first of them.

    `query` are the parameters of that page's address. `count` 0 is 'nothing open'.
    """

    count: int
    sentence: str
    url_name: str = ""
    url_args: tuple[object, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    items: tuple[Item, ...] = ()


Count = Callable[[Actor, Book, ClosingPeriod], Finding]
IsDone = Callable[[Book, ClosingPeriod], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a close.

    `order` places it among the others (the house's own stand at tens). `blocks` says that the period is not locked
    while it is open, except with a reason. `action` is the registered action that does it, `url_name` its page.
    `count` looks at the books live; it asks a number of queries that does not grow with what it finds.
    """

    key: str
    title: str
    kind: StepKind
    order: int
    count: Count | None = None
    is_done: IsDone | None = None
    help: str = ""
    action: str = ""
    url_name: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    blocks: bool = True

    @property
    def is_there(self) -> bool:
        """Whether what does it is installed."""
        return not self.action or self.action in REGISTRY


_STEPS: dict[str, Step] = {}


def register_step(step: Step) -> None:
    """Put a step on every checklist; the package that owns a matter replaces the step of that key."""
    _STEPS[step.key] = step


def steps() -> list[Step]:
    """Return the steps of a close, in order."""
    there = (step for step in _STEPS.values() if step.is_there)
    return sorted(there, key=lambda step: (step.order, step.key))


def step_of(key: str) -> Step | None:
    """Return a step by its key, None where there is none."""
    return next((step for step in steps() if step.key == key), None)
