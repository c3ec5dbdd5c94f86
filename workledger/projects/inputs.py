"""What the acts of projects are given."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from workledger.projects.models import ProjectState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectInput:
    """A project's own fields. `end` is the first day after it. Budgets are seconds, and the contract's currency.

    An empty `code` takes the next of the firm's series.
    """

    client_id: int
    entity_id: int
    name: str
    contract_id: int | None = None
    practice_id: int | None = None
    manager_id: int | None = None
    code: str = ""
    state: ProjectState = ProjectState.ACTIVE
    start: date | None = None
    end: date | None = None
    budget_seconds: int | None = None
    budget_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseInput:
    """A phase's own fields; `end` is the first day after it, `position` None puts a new one last.

    `cap` limits what its time on each contract comes to (`contracts.calc.terms.Cap`), None is no limit.
    """

    name: str
    start: date | None = None
    end: date | None = None
    position: int | None = None
    cap: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhase(PhaseInput):
    """A phase with its project, for creating many at once."""

    project_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInput:
    """A task's own fields. `contract_line_id` says how its time is billed; None means that it is not billed."""

    name: str
    contract_line_id: int | None = None
    task_type_id: int | None = None
    phase_id: int | None = None
    parent_id: int | None = None
    budget_seconds: int | None = None
    budget_amount: Decimal | None = None
    position: int | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask(TaskInput):
    """A task with its project, for creating many at once."""

    project_id: int
