"""Reads of projects, phases and tasks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from workledger.contracts.calc import terms
from workledger.contracts.models import BillingModel
from workledger.contracts.queries import last_day
from workledger.core import locks
from workledger.core.access import Actor
from workledger.projects.calc.tree import Node, ScopePart, in_order, scope_done
from workledger.projects.models import Phase, Project, ProjectState, Task


class TaskFacts(NamedTuple):
    """What timesheets and billing need to know of a task, in one row.

    `contract_id` is the line's contract, else the project's; both may be None for work outside any contract.
    `is_open` is false as soon as the task or its project is closed. `is_billable` says whether the line's model bills at
    all. `requires_notes` joins what contract and line ask. Names are for sentences and documents.
    """

    task_id: int
    task_name: str
    project_id: int
    project_code: str
    project_name: str
    client_id: int
    client_name: str
    entity_id: int
    practice_id: int | None
    manager_id: int | None
    contract_id: int | None
    contract_line_id: int | None
    contract_line_name: str
    currency: str
    line_model: str
    is_billable: bool
    task_type_id: int | None
    is_open: bool
    closed_because: str
    requires_notes: bool
    rounding: terms.Rounding
    group_lines_by: str
    task_budget_seconds: int | None
    project_start: date | None
    project_end: date | None


_NO_ROUNDING = terms.Rounding()


class _LineTerms(NamedTuple):
    rounding: terms.Rounding
    group_lines_by: str
    requires_notes: bool


_NO_TERMS = _LineTerms(_NO_ROUNDING, "", False)


def task_facts(task_ids: Iterable[int] | None = None) -> dict[int, TaskFacts]:
    """Return the facts of these tasks (None: of all) by task id, in one query.

    Not limited to an actor: callers have decided already who sees the task.
    """
    tasks = Task.objects.all() if task_ids is None else Task.objects.filter(pk__in=set(task_ids))
    rows = tasks.order_by().values_list(
        "pk", "name", "is_open", "task_type_id", "budget_seconds",
        "project_id", "project__code", "project__name", "project__state", "project__entity_id",
        "project__practice_id", "project__manager_id", "project__start", "project__end",
        "project__client_id", "project__client__name",
        Coalesce(F("contract_line__contract_id"), F("project__contract_id")),
        "contract_line_id", "contract_line__name", "contract_line__model", "contract_line__terms",
        Coalesce(F("contract_line__contract__currency"), F("project__contract__currency")),
        Coalesce(F("contract_line__contract__requires_notes"), F("project__contract__requires_notes")),
    )  # fmt: skip
    parsed: dict[int, _LineTerms] = {}
    facts: dict[int, TaskFacts] = {}
    for (
        pk, name, is_open, task_type, budget,
        project, code, project_name, state, entity, practice, manager, start, end, client, client_name,
        contract, line, line_name, model, document, currency, wants_notes,
    ) in rows:  # fmt: skip
        line_terms = _NO_TERMS
        if line is not None:
            if line not in parsed:
                parsed[line] = _line_terms(model, document)
            line_terms = parsed[line]
        closed = "project" if state == ProjectState.CLOSED else "" if is_open else "task"
        facts[pk] = TaskFacts(
            task_id=pk,
            task_name=name,
            project_id=project,
            project_code=code,
            project_name=project_name,
            client_id=client,
            client_name=client_name,
            entity_id=entity,
            practice_id=practice,
            manager_id=manager,
            contract_id=contract,
            contract_line_id=line,
            contract_line_name=line_name or "",
            currency=currency or "",
            line_model=model or "",
            is_billable=line is not None and model != BillingModel.NON_BILLABLE,
            task_type_id=task_type,
            is_open=not closed,
            closed_because=closed,
            requires_notes=bool(wants_notes) or line_terms.requires_notes,
            rounding=line_terms.rounding,
            group_lines_by=line_terms.group_lines_by,
            task_budget_seconds=budget,
            project_start=start,
            project_end=end,
        )
    return facts


class CappedPhase(NamedTuple):
    """A phase with a cap, and its tasks on one contract."""

    name: str
    cap: terms.Cap
    task_ids: frozenset[int]


def capped_phases(contract_ids: Collection[int]) -> dict[int, list[CappedPhase]]:
    """Return the phases with a cap by contract, in the order of their projects and places, in one query."""
    rows = (
        Task.objects.filter(phase__cap__isnull=False, contract_line__contract_id__in=contract_ids)
        .order_by("phase__project_id", "phase__position", "phase_id", "pk")
        .values_list("contract_line__contract_id", "phase_id", "phase__name", "phase__cap", "pk")
    )
    tasks: dict[tuple[int, int], set[int]] = {}
    said: dict[tuple[int, int], tuple[str, terms.Cap]] = {}
    for contract_id, phase_id, name, cap, task_id in rows:
        tasks.setdefault((contract_id, phase_id), set()).add(task_id)
        said[contract_id, phase_id] = name or "", terms.parse_cap(cap or {})
    found: dict[int, list[CappedPhase]] = {}
    for (contract_id, phase_id), ids in tasks.items():
        found.setdefault(contract_id, []).append(CappedPhase(*said[contract_id, phase_id], frozenset(ids)))
    return found


def _line_terms(model: str, document: dict[str, object]) -> _LineTerms:
    """Read what a line's kept terms say about time; an empty document is the model's defaults."""
    if not document:
        return _NO_TERMS
    known = terms.parse(model, document)
    group = getattr(known, "group_lines_by", None)
    return _LineTerms(terms.rounding_of(known), group or "", bool(getattr(known, "requires_notes", False)))


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """Which projects; '' and None for any. `state` '' leaves out the closed ones, 'all' does not."""

    words: str = ""
    client_id: int | None = None
    manager_id: int | None = None
    practice_id: int | None = None
    state: str = ""
    sort: str = ""


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project in a list. `last_day` is inclusive; `currency` is its contract's, else its entity's."""

    id: int
    code: str
    name: str
    client_id: int
    client: str
    practice: str
    manager_id: int | None
    manager: str
    state: ProjectState
    start: date | None
    last_day: date | None
    currency: str
    budget_seconds: int | None
    budget_amount: Decimal | None


_SORTS = {
    "name": ("name",),
    "code": ("code",),
    "client": ("client__name", "name"),
    "manager": ("manager__name", "name"),
    "practice": ("practice__name", "name"),
    "end": ("end", "name"),
    "hours": ("budget_seconds", "name"),
    "amount": ("budget_amount", "name"),
}


def list_projects(actor: Actor, wanted: ProjectFilter) -> list[ProjectRow]:
    """Return the projects that a filter finds, by name or as asked. One query."""
    projects = Project.objects.visible_to(actor).select_related(
        "client", "practice", "manager", "contract", "entity__book"
    )
    if wanted.words:
        projects = projects.filter(
            Q(name__icontains=wanted.words)
            | Q(code__icontains=wanted.words)
            | Q(client__name__icontains=wanted.words)
        )
    for name in ("client_id", "manager_id", "practice_id"):
        value = getattr(wanted, name)
        if value is not None:
            projects = projects.filter(**{name: value})
    if wanted.state in ProjectState.values:
        projects = projects.filter(state=wanted.state)
    elif wanted.state != "all":
        projects = projects.exclude(state=ProjectState.CLOSED)
    order = _SORTS.get(wanted.sort.removeprefix("-"), ("name",))
    descends = wanted.sort.startswith("-")
    fields = [F(name).desc(nulls_last=True) if descends else F(name).asc(nulls_last=True) for name in order]
    return [_project_row(row) for row in projects.order_by(*fields, "pk")]


def _project_row(row: Project) -> ProjectRow:
    return ProjectRow(
        id=row.pk,
        code=row.code,
        name=row.name,
        client_id=row.client_id,
        client=row.client.name,
        practice=row.practice.name if row.practice else "",
        manager_id=row.manager_id,
        manager=row.manager.name if row.manager else "",
        state=ProjectState(row.state),
        start=row.start,
        last_day=last_day(row.end),
        currency=row.contract.currency if row.contract else row.entity.book.currency,
        budget_seconds=row.budget_seconds,
        budget_amount=row.budget_amount,
    )


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A phase of a project, with the hours its tasks allow for."""

    id: int
    position: int
    name: str
    start: date | None
    last_day: date | None
    tasks: int
    budget_seconds: int | None
    scope_done: Decimal | None
    cap: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TaskNode:
    """A task in its project's tree, in the order it is read."""

    id: int
    name: str
    depth: int
    has_children: bool
    phase_id: int | None
    phase: str
    parent_id: int | None
    position: int
    contract_line_id: int | None
    line: str
    is_billable: bool
    task_type_id: int | None
    task_type: str
    is_open: bool
    budget_seconds: int | None
    budget_amount: Decimal | None

    @property
    def indent(self) -> str:
        """Wide blanks for each step below the second level."""
        return "\N{EM SPACE}" * (self.depth - 1)


@dataclass(frozen=True, slots=True)
class ProjectOverview:
    """A project with its phases and tasks. `scope_done` is the share of the scope in closed tasks, None without any."""

    row: ProjectRow
    entity_id: int
    entity: str
    practice_id: int | None
    contract_id: int | None
    contract: str
    phases: list[PhaseRow]
    tasks: list[TaskNode]
    scope_done: Decimal | None


def project_overview(actor: Actor, project_id: int) -> ProjectOverview:
    """Return a project with its tree. Raises NotFound. Three queries."""
    project = locks.one(
        Project.objects.visible_to(actor).select_related(
            "client", "practice", "manager", "contract", "entity__book"
        ),
        project_id,
    )
    phases = list(project.phases.all())
    tasks = task_tree(project_id, {phase.pk: (number, phase.name) for number, phase in enumerate(phases)})
    return ProjectOverview(
        row=_project_row(project),
        entity_id=project.entity_id,
        entity=project.entity.name,
        practice_id=project.practice_id,
        contract_id=project.contract_id,
        contract=str(project.contract) if project.contract else "",
        phases=[_phase_row(phase, [task for task in tasks if task.phase_id == phase.pk]) for phase in phases],
        tasks=tasks,
        scope_done=_scope(tasks),
    )


def _scope(tasks: Iterable[TaskNode]) -> Decimal | None:
    return scope_done(
        ScopePart(task.budget_seconds, is_done=not task.is_open) for task in tasks if not task.has_children
    )


def _phase_row(phase: Phase, tasks: list[TaskNode]) -> PhaseRow:
    budgets = [task.budget_seconds for task in tasks if task.budget_seconds is not None]
    return PhaseRow(
        id=phase.pk,
        position=phase.position,
        name=phase.name,
        start=phase.start,
        last_day=last_day(phase.end),
        tasks=len(tasks),
        budget_seconds=sum(budgets) if budgets else None,
        scope_done=_scope(tasks),
        cap=phase.cap,
    )


def task_tree(project_id: int, phases: dict[int, tuple[int, str]]) -> list[TaskNode]:
    """Return a project's tasks in the order people read them. `phases` maps a phase's id to its place and name."""
    rows = {
        row.pk: row
        for row in Task.objects.filter(project_id=project_id).select_related("contract_line", "task_type")
    }
    nodes = [
        Node(row.pk, row.parent_id, phases.get(row.phase_id or 0, (-1, ""))[0], row.position)
        for row in rows.values()
    ]
    found = []
    for placed in in_order(nodes):
        row = rows[placed.id]
        line = row.contract_line
        found.append(
            TaskNode(
                id=row.pk,
                name=row.name,
                depth=placed.depth,
                has_children=placed.has_children,
                phase_id=row.phase_id,
                phase=phases.get(row.phase_id or 0, (-1, ""))[1],
                parent_id=row.parent_id,
                position=row.position,
                contract_line_id=row.contract_line_id,
                line=line.name if line else "",
                is_billable=line is not None and line.is_billable,
                task_type_id=row.task_type_id,
                task_type=row.task_type.name if row.task_type else "",
                is_open=row.is_open,
                budget_seconds=row.budget_seconds,
                budget_amount=row.budget_amount,
            )
        )
    return found


def task_of(project: ProjectOverview, task_id: int) -> TaskNode:
    """Return a task of a project; raises NotFound."""
    for task in project.tasks:
        if task.id == task_id:
            return task
    raise locks.not_found(Task)


def phase_of(project: ProjectOverview, phase_id: int) -> PhaseRow:
    """Return a phase of a project; raises NotFound."""
    for phase in project.phases:
        if phase.id == phase_id:
            return phase
    raise locks.not_found(Phase)
