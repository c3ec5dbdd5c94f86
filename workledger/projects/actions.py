"""Every write of projects, phases and tasks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max, QuerySet

from workledger.contracts import checks
from workledger.contracts.models import Contract, ContractLine, TaskType
from workledger.core import locks, numbering
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.events import emit
from workledger.core.refusals import Problems
from workledger.directory.models import Client, LegalEntity, Person, Practice
from workledger.projects.events import PhaseCapChanged, TaskMappingChanged
from workledger.projects.inputs import NewPhase, NewTask, PhaseInput, ProjectInput, TaskInput
from workledger.projects.models import Phase, Project, ProjectState, Task


@action("projects.add_project", needs=Permission.MANAGE_PROJECTS)
def add_project(*, actor: Actor, project: ProjectInput) -> int:
    """Open a project; return its id.

    Refuses: client_unknown, entity_unknown, contract_unknown, contract_of_other_client, practice_unknown,
    manager_unknown, code_taken, project_name_taken, ends_before_start, and values that do not fit.
    """
    (row,) = _new_projects(actor, [project])
    row.save()
    record(row, f"Opened project {row.name}")
    return int(row.pk)


@action("projects.create_projects", needs=Permission.MANAGE_PROJECTS, logs_input=False)
def create_projects(*, actor: Actor, projects: list[ProjectInput]) -> list[int]:
    """Open many projects at once; return their ids in order. Refuses what `add_project` refuses, for all at once."""
    rows = _new_projects(actor, projects)
    Project.objects.bulk_create(rows)
    record(None, f"Opened {len(rows)} projects")
    return [int(row.pk) for row in rows]


@action("projects.change_project", needs=Permission.MANAGE_PROJECTS)
def change_project(*, actor: Actor, project_id: int, project: ProjectInput) -> None:
    """Change a project.

    Refuses what `add_project` refuses, and: not_found, client_fixed (it has tasks), tasks_on_old_contract.
    """
    row = locks.for_update(Project.objects.visible_to(actor), project_id)
    problems = Problems()
    moved = (row.client_id, row.entity_id) != (project.client_id, project.entity_id)
    fixed = "A project with tasks stays with its client and entity. Open another project there."
    problems.check(not (moved and row.tasks.exists()), "client_fixed", fixed, "client_id")
    mapped = row.tasks.filter(contract_line__isnull=False)
    if project.contract_id is not None:
        mapped = mapped.exclude(contract_line__contract_id=project.contract_id)
    message = "Tasks of this project are on lines of its present contract. Map them elsewhere first."
    problems.check(
        row.contract_id == project.contract_id or not mapped.exists(),
        "tasks_on_old_contract",
        message,
        "contract_id",
    )
    _check_projects(problems, actor, [project])
    code = project.code.strip() or row.code
    taken = Project.objects.filter(code=code).exclude(pk=row.pk).exists()
    problems.check(not taken, "code_taken", f"Another project has the code {code}.", "code")
    named = Project.objects.filter(client_id=project.client_id, name=project.name.strip()).exclude(pk=row.pk)
    problems.check(not named.exists(), "project_name_taken", _NAME_TAKEN, "name")
    problems.refuse()
    _fill_project(row, project, code)
    row.save()
    record(row, f"Changed project {row.name}")


@action("projects.set_project_state", needs=Permission.MANAGE_PROJECTS)
def set_project_state(*, actor: Actor, project_id: int, state: ProjectState) -> None:
    """Put a project into a state. On a closed one no time is booked; what was booked is still approved and billed.

    Refuses: not_found, already_so.
    """
    row = locks.for_update(Project.objects.visible_to(actor), project_id)
    problems = Problems()
    label = ProjectState(state).label.lower()
    problems.check(row.state != state, "already_so", f"This project is {label} already.", "state")
    problems.refuse()
    row.state = state
    row.save(update_fields=["state"])
    record(row, f"Set project {row.name} to {label}")


@action("projects.add_phase", needs=Permission.MANAGE_PROJECTS)
def add_phase(*, actor: Actor, project_id: int, phase: PhaseInput) -> int:
    """Add a phase to a project; return its id.

    Refuses: not_found, name_missing, ends_before_start, terms_do_not_fit (cap).
    """
    project = locks.for_update(Project.objects.visible_to(actor), project_id)
    row = Phase(project=project)
    problems = Problems()
    _fill_phase(problems, row, phase)
    problems.refuse()
    if phase.position is None:
        row.position = (project.phases.aggregate(last=Max("position"))["last"] or 0) + 1
    row.save()
    record(row, f"Added phase {row.name} to {project.name}")
    return int(row.pk)


@action("projects.change_phase", needs=Permission.MANAGE_PROJECTS)
def change_phase(*, actor: Actor, phase_id: int, phase: PhaseInput) -> None:
    """Change a phase; another cap prices what is on no bill again.

    Refuses: not_found, name_missing, ends_before_start, terms_do_not_fit (cap).
    """
    row = locks.for_update(Phase.objects.visible_to(actor), phase_id)
    problems = Problems()
    before = row.cap
    _fill_phase(problems, row, phase)
    problems.refuse()
    row.save()
    if row.cap != before:
        _tell_of_caps(actor, row.tasks.all())
    record(row, f"Changed phase {row.name}")


@action("projects.create_phases", needs=Permission.MANAGE_PROJECTS, logs_input=False)
def create_phases(*, actor: Actor, phases: list[NewPhase]) -> list[int]:
    """Add many phases at once; return their ids in order. Refuses what `add_phase` refuses, for all at once."""
    wanted = {phase.project_id for phase in phases}
    locks.all_for_update(Project.objects.visible_to(actor), wanted)
    last = _last_positions(Phase.objects.filter(project_id__in=wanted))
    problems = Problems()
    rows = []
    for phase in phases:
        row = Phase(project_id=phase.project_id)
        _fill_phase(problems, row, phase)
        last[row.project_id] = row.position = phase.position or last.get(row.project_id, 0) + 1
        rows.append(row)
    problems.refuse()
    Phase.objects.bulk_create(rows)
    record(None, f"Added {len(rows)} phases")
    return [int(row.pk) for row in rows]


@action("projects.add_task", needs=Permission.MANAGE_PROJECTS)
def add_task(*, actor: Actor, project_id: int, task: TaskInput) -> int:
    """Add a task to a project; return its id.

    Refuses: not_found, task_name_taken, line_of_other_contract, phase_unknown,
    parent_unknown, task_type_unknown, and values that do not fit.
    """
    project = locks.for_update(Project.objects.visible_to(actor), project_id)
    problems = Problems()
    row = Task(project=project)
    context = _TaskContext.of({project.pk: project}, [task])
    context.fill(problems, row, task)
    taken = project.tasks.filter(phase=task.phase_id, parent_id=task.parent_id, name=row.name).exists()
    problems.check(not taken, "task_name_taken", _TASK_TAKEN, "name")
    problems.refuse()
    if task.position is None:
        row.position = (project.tasks.aggregate(last=Max("position"))["last"] or 0) + 1
    row.save()
    record(row, f"Added task {row.name} to {project.name}")
    return int(row.pk)


@action("projects.create_tasks", needs=Permission.MANAGE_PROJECTS, logs_input=False)
def create_tasks(*, actor: Actor, tasks: list[NewTask]) -> list[int]:
    """Add many tasks at once; return their ids in order. Refuses what `add_task` refuses, for all at once."""
    wanted = {task.project_id for task in tasks}
    projects = {row.pk: row for row in locks.all_for_update(Project.objects.visible_to(actor), wanted)}
    last = _last_positions(Task.objects.filter(project_id__in=wanted))
    taken: set[tuple[int, int | None, int | None, str]] = set(
        Task.objects.filter(project_id__in=wanted).values_list("project_id", "phase_id", "parent_id", "name")
    )
    context = _TaskContext.of(projects, tasks)
    problems = Problems()
    rows = []
    for task in tasks:
        row = Task(project=projects[task.project_id])
        context.fill(problems, row, task)
        place = (row.project_id, task.phase_id, task.parent_id, row.name)
        problems.check(place not in taken, "task_name_taken", f"{_TASK_TAKEN} ({row.name})", "name")
        taken.add(place)
        last[row.project_id] = row.position = task.position or last.get(row.project_id, 0) + 1
        rows.append(row)
    problems.refuse()
    Task.objects.bulk_create(rows)
    record(None, f"Added {len(rows)} tasks")
    return [int(row.pk) for row in rows]


@action("projects.change_task", needs=Permission.MANAGE_PROJECTS)
def change_task(*, actor: Actor, task_id: int, task: TaskInput) -> None:
    """Change a task; another contract line or task type prices its open work again.

    Refuses what `add_task` refuses, and: not_found, parent_below.
    """
    row = locks.for_update(Task.objects.visible_to(actor).select_related("project"), task_id)
    problems = Problems()
    before, old_phase = (row.contract_line_id, row.task_type_id), row.phase_id
    context = _TaskContext.of({row.project_id: row.project}, [task])
    context.fill(problems, row, task)
    problems.check(not context.is_below(row.pk, task.parent_id), "parent_below", _PARENT_BELOW, "parent_id")
    taken = row.project.tasks.filter(phase=task.phase_id, parent_id=task.parent_id, name=row.name).exclude(
        pk=row.pk
    )
    problems.check(not taken.exists(), "task_name_taken", _TASK_TAKEN, "name")
    problems.refuse()
    row.save()
    if (row.contract_line_id, row.task_type_id) != before:
        emit(TaskMappingChanged(actor=actor, task_id=row.pk))
    if (
        row.phase_id != old_phase
        and Phase.objects.filter(pk__in=[row.phase_id, old_phase], cap__isnull=False).exists()
    ):
        _tell_of_caps(actor, Task.objects.filter(pk=row.pk))
    record(row, f"Changed task {row.name} of {row.project.name}")


@action("projects.set_task_open", needs=Permission.MANAGE_PROJECTS)
def set_task_open(*, actor: Actor, task_id: int, is_open: bool) -> None:
    """Close a task to new time, or open it again.

    Refuses: not_found, already_so.
    """
    row = locks.for_update(Task.objects.visible_to(actor).select_related("project"), task_id)
    problems = Problems()
    word = "open" if is_open else "closed"
    problems.check(row.is_open != is_open, "already_so", f"This task is {word} already.")
    problems.refuse()
    row.is_open = is_open
    row.save(update_fields=["is_open"])
    record(row, f"{'Opened' if is_open else 'Closed'} task {row.name} of {row.project.name}")


_NAME_TAKEN = "This client already has a project with that name."
_TASK_TAKEN = "This project already has a task with that name there."
_PARENT_BELOW = "A task cannot lie below itself. Choose another parent."


def _new_projects(actor: Actor, projects: Sequence[ProjectInput]) -> list[Project]:
    """Return unsaved projects with their codes; raises `Refused` with every problem."""
    locks.named("projects.code")
    problems = Problems()
    _check_projects(problems, actor, projects)
    given = [project.code.strip() for project in projects if project.code.strip()]
    codes = set(Project.objects.filter(code__in=given).values_list("code", flat=True))
    for code in sorted(codes | {code for code, count in Counter(given).items() if count > 1}):
        problems.add("code_taken", f"Another project has the code {code}.", "code")
    places = [(project.client_id, project.name.strip()) for project in projects]
    named = set(
        Project.objects.filter(client_id__in={client for client, _ in places}).values_list(
            "client_id", "name"
        )
    )
    for place, count in Counter(places).items():
        if count > 1 or place in named:
            problems.add("project_name_taken", f"{_NAME_TAKEN} ({place[1]})", "name")
    problems.refuse()
    codes_left = iter(_free_codes(len(projects) - len(given), set(given)))
    rows = []
    for project in projects:
        row = Project()
        _fill_project(row, project, project.code.strip() or next(codes_left))
        rows.append(row)
    return rows


def _free_codes(count: int, avoided: set[str]) -> list[str]:
    """Take codes of the firm's series that no project has."""
    found: list[str] = []
    while len(found) < count:
        taken = [f"P-{value:04d}" for value in numbering.take("project", count - len(found))]
        used = set(Project.objects.filter(code__in=taken).values_list("code", flat=True)) | avoided
        found += [code for code in taken if code not in used]
    return found


def _check_projects(problems: Problems, actor: Actor, projects: Sequence[ProjectInput]) -> None:
    contracts = {
        row.pk: row
        for row in Contract.objects.filter(pk__in={p.contract_id for p in projects if p.contract_id})
    }
    for project in projects:
        checks.text(problems, project.name, "name")
        checks.text(problems, project.code, "code", most=40, needed=False)
        checks.dates(problems, project.start, project.end)
        checks.seconds(problems, project.budget_seconds, "budget_seconds")
        checks.amount(problems, project.budget_amount, "budget_amount")
        if project.contract_id is None:
            continue
        contract = contracts.get(project.contract_id)
        if contract is None:
            problems.add("contract_unknown", "Choose a contract.", "contract_id")
            continue
        same = (contract.client_id, contract.entity_id) == (project.client_id, project.entity_id)
        message = f"Contract {contract.number} is with another client or entity."
        problems.check(same, "contract_of_other_client", message, "contract_id")
    for name, rows in (
        ("client", Client.objects.visible_to(actor)),
        ("entity", LegalEntity.objects.visible_to(actor)),
        ("practice", Practice.objects.visible_to(actor)),
        ("manager", Person.objects.visible_to(actor)),
    ):
        wanted = {getattr(project, f"{name}_id") for project in projects} - {None}
        known = rows.filter(pk__in=wanted).count() if wanted else 0
        problems.check(known == len(wanted), f"{name}_unknown", f"Choose a {name} you can see.", f"{name}_id")


def _tell_of_caps(actor: Actor, tasks: QuerySet[Task]) -> None:
    """Tell those above that a phase's cap counts or allows something else for the contracts of these tasks."""
    contracts = tasks.filter(contract_line__isnull=False).values_list("contract_line__contract_id", flat=True)
    ids = tuple(sorted(set(contracts)))
    if ids:
        emit(PhaseCapChanged(actor=actor, contract_ids=ids))


def _fill_project(row: Project, project: ProjectInput, code: str) -> None:
    row.client_id, row.entity_id, row.contract_id = project.client_id, project.entity_id, project.contract_id
    row.practice_id, row.manager_id = project.practice_id, project.manager_id
    row.code, row.name, row.state = code, project.name.strip(), project.state
    row.start, row.end = project.start, project.end
    row.budget_seconds, row.budget_amount = project.budget_seconds, project.budget_amount


def _fill_phase(problems: Problems, row: Phase, phase: PhaseInput) -> None:
    row.name = checks.text(problems, phase.name, "name")
    checks.dates(problems, phase.start, phase.end)
    _place(problems, row, phase.position)
    row.start, row.end = phase.start, phase.end
    row.cap = checks.cap(problems, phase.cap)


def _place(problems: Problems, row: Phase | Task, position: int | None) -> None:
    if position is not None:
        fits = 1 <= position <= 10_000
        problems.check(fits, "position_out_of_range", "Use a place of 1 to 10,000.", "position")
        row.position = position


def _last_positions(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("project_id").annotate(last=Max("position")))


@dataclass(frozen=True, slots=True)
class _TaskContext:
    """What tasks may name: lines, phases and parents of their projects, and task types."""

    projects: Mapping[int, Project]
    lines: dict[int, int]
    phases: dict[int, int]
    parents: dict[int, tuple[int, int | None]]
    task_types: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, projects: Mapping[int, Project], tasks: Iterable[TaskInput]) -> "_TaskContext":
        given = list(tasks)
        lines = ContractLine.objects.filter(
            pk__in={task.contract_line_id for task in given if task.contract_line_id}
        )
        has_parents = any(task.parent_id for task in given)
        tree = Task.objects.filter(project_id__in=projects) if has_parents else Task.objects.none()
        return cls(
            projects=projects,
            lines=dict(lines.values_list("pk", "contract_id")),
            phases=dict(Phase.objects.filter(project_id__in=projects).values_list("pk", "project_id")),
            parents={
                pk: (project, parent)
                for pk, project, parent in tree.values_list("pk", "project_id", "parent_id")
            },
            task_types=set(TaskType.objects.values_list("pk", flat=True)),
        )

    def fill(self, problems: Problems, row: Task, task: TaskInput) -> None:
        """Check a task against its project and write it into `row`."""
        project = self.projects[row.project_id]
        row.name = checks.text(problems, task.name, "name")
        checks.seconds(problems, task.budget_seconds, "budget_seconds")
        checks.amount(problems, task.budget_amount, "budget_amount")
        _place(problems, row, task.position)
        self._check_line(problems, project, task.contract_line_id)
        if task.phase_id is not None:
            same = self.phases.get(task.phase_id) == project.pk
            problems.check(same, "phase_unknown", "Choose a phase of this project.", "phase_id")
        if task.parent_id is not None:
            same = self.parents.get(task.parent_id, (None,))[0] == project.pk
            problems.check(same, "parent_unknown", "Choose a task of this project.", "parent_id")
        if task.task_type_id is not None:
            known = task.task_type_id in self.task_types
            problems.check(known, "task_type_unknown", "Choose a task type.", "task_type_id")
        row.contract_line_id, row.task_type_id = task.contract_line_id, task.task_type_id
        row.phase_id, row.parent_id, row.is_open = task.phase_id, task.parent_id, task.is_open
        row.budget_seconds, row.budget_amount = task.budget_seconds, task.budget_amount

    def is_below(self, task_id: int, parent_id: int | None) -> bool:
        """Tell whether a parent is the task itself or lies below it."""
        seen: set[int] = set()
        while parent_id is not None and parent_id not in seen:
            if parent_id == task_id:
                return True
            seen.add(parent_id)
            parent_id = self.parents.get(parent_id, (0, None))[1]
        return False

    def _check_line(self, problems: Problems, project: Project, line_id: int | None) -> None:
        if line_id is None:
            return
        if project.contract_id is None or self.lines.get(line_id) != project.contract_id:
            message = "Choose a line of the project's own contract."
            problems.add("line_of_other_contract", message, "contract_line_id")
