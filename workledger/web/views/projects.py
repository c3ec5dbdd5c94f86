"""Projects: the list, a project with its figures, people, entries and tasks, and the forms that change them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.contracts import queries as contracts
from workledger.contracts.models import TaskType
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory import queries as directory
from workledger.directory.queries import ClientFilter
from workledger.kernel.quantity import seconds_of
from workledger.metrics.projects import ProjectFigures, project_figures
from workledger.projects import actions, queries
from workledger.projects.inputs import PhaseInput, ProjectInput, TaskInput
from workledger.projects.models import ProjectState
from workledger.projects.queries import ProjectFilter, ProjectOverview, TaskNode
from workledger.timesheets import queries as timesheets
from workledger.timesheets.queries import EntryFilters
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.charts import CHARTS
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import cut, number_of
from workledger.web.views.amending import milestone_rows
from workledger.web.views.caps import cap_fields, cap_of, cap_shown
from workledger.web.views.dates import after

TONES = {
    ProjectState.ACTIVE: "good",
    ProjectState.PLANNED: "info",
    ProjectState.ON_HOLD: "warn",
    ProjectState.CLOSED: "",
}
_EVERY_CLIENT = ClientFilter(kind="")
_RECENT = 10


@page(Permission.VIEW_PROJECTS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What is worked on, for whom, and how far it is."""
    asked = request.GET
    wanted = ProjectFilter(
        words=asked.get("q", "").strip()[:100],
        client_id=number_of(asked.get("client")),
        manager_id=number_of(asked.get("lead")),
        practice_id=number_of(asked.get("practice")),
        state=asked.get("state", ""),
        sort=asked.get("sort", ""),
    )
    choices = directory.choices(request.actor)
    context = {
        "rows": cut(queries.list_projects(request.actor, wanted), asked.get("cursor", "")),
        "clients": [(row.id, row.name) for row in directory.clients(request.actor, _EVERY_CLIENT)],
        "people": choices.people,
        "practices": choices.practices,
        "states": [*ProjectState.choices, ("all", "All")],
        "filtered": any(asked.get(name) for name in ("q", "client", "lead", "practice", "state")),
        "may_add": request.actor.can(Permission.MANAGE_PROJECTS),
    }
    return render(request, "web/projects/index.html", context)


@page(Permission.VIEW_PROJECTS)
@require_GET
def show(request: ActingRequest, project_id: int) -> HttpResponse:
    """One project: its figures, burn against scope, who works on it, what was booked lately."""
    found = queries.project_overview(request.actor, project_id)
    booked = timesheets.entries(request.actor, EntryFilters(project_id=project_id), limit=_RECENT)
    known = project_figures(request.actor, [project_id])[project_id]
    context = {
        **_frame(request, found),
        "on_overview": True,
        "booked": booked,
        "sees_all_time": request.actor.can(Permission.VIEW_ALL_TIME),
        "time_url": f"{reverse('time')}?project={project_id}&period=all",
        "scope_url": reverse("project-scope", args=[project_id]),
        "known": known,
        "milestones": milestone_rows(request, found.contract_id) if found.contract_id else [],
        "chart": CHARTS["burn"](request.actor, today(), {"project": str(project_id)}),
        **_burn(known),
    }
    return render(request, "web/projects/show.html", context)


def _burn(known: ProjectFigures) -> dict[str, Any]:
    """Return the shares of the budget that are used and the scope done in percent, and the gap between them in words."""
    used = known.worst_burn
    if used is None:
        return {"burn": None}
    percent = round(100 * used)
    done = None if known.scope_done is None else round(100 * known.scope_done)
    behind = 0 if done is None else percent - done
    gap = f"scope {abs(behind)} points {'behind' if behind > 0 else 'ahead'}" if behind else ""
    return {
        "burn": percent,
        "burn_metric": "budget_burn" if used == known.burn else "budget_burn_amount",
        "burn_of": "hours" if used == known.burn else "money",
        "scope_percent": "" if done is None else done,
        "gap": gap,
        "burn_tone": known.tone,
    }


def _frame(request: ActingRequest, found: ProjectOverview) -> dict[str, Any]:
    """Return what every tab of a project shows."""
    return {
        "project": found,
        "row": found.row,
        "tone": TONES[found.row.state],
        "may_change": request.actor.can(Permission.MANAGE_PROJECTS),
        "sees_contracts": request.actor.can(Permission.VIEW_CONTRACTS),
        "states": [(value, label) for value, label in ProjectState.choices if value != found.row.state],
    }


@page(Permission.VIEW_PROJECTS)
@require_GET
def tasks(request: ActingRequest, project_id: int) -> HttpResponse:
    """A project's phases and tasks."""
    found = queries.project_overview(request.actor, project_id)
    context = {**_frame(request, found), "on_tasks": True}
    return render(request, "web/projects/tasks.html", context)


@page(Permission.VIEW_PROJECTS)
@require_GET
def scope(request: ActingRequest, project_id: int) -> HttpResponse:
    """What the done share of the scope is made of: a trail."""
    found = queries.project_overview(request.actor, project_id)
    parts = [task for task in found.tasks if not task.has_children]
    weighted = any(task.budget_seconds for task in parts)
    done = [task for task in parts if not task.is_open]
    unit = " h" if weighted else ""

    def weight(rows: list[TaskNode]) -> str:
        value = sum(task.budget_seconds or 0 for task in rows) if weighted else len(rows)
        return f"{formats.hours(value)}{unit}" if weighted else formats.number(value, 0, zero="0")

    trail = {
        "title": "Scope done",
        "value": formats.percent(found.scope_done) or "No tasks",
        "sentence": "The share of the scope in closed tasks, weighed by their budgets."
        if weighted
        else "The share of tasks that are closed. Give tasks budgets to weigh them.",
        "formula": [
            {"sign": "", "label": "Closed tasks", "value": weight(done)},
            {"sign": "÷", "label": "All tasks", "value": weight(parts)},
            {"sign": "=", "label": "Scope done", "value": formats.percent(found.scope_done)},
        ],
        "rows_label": "Tasks",
        "rows": [
            {
                "name": task.name,
                "note": "closed" if not task.is_open else "open",
                "value": formats.hours(task.budget_seconds) if weighted else "",
                "href": reverse("project-tasks", args=[project_id]),
            }
            for task in parts
        ],
        "more_url": reverse("project-tasks", args=[project_id]),
        "more_label": "The project's tasks",
    }
    template = "web/partials/trail.html" if getattr(request, "htmx", False) else "web/trail.html"
    return render(request, template, {"trail": trail})


@page(Permission.MANAGE_PROJECTS)
def new(request: ActingRequest) -> HttpResponse:
    """Open a project."""
    entities = directory.entities(request.actor)
    contract_id = number_of(request.GET.get("contract"))
    contract = next((row for row in contracts.list_contracts(request.actor) if row.id == contract_id), None)
    shown = {
        "entity_id": entities[0].id if len(entities) == 1 else None,
        "client_id": contract.client_id if contract else number_of(request.GET.get("client")),
        "contract_id": contract.id if contract else None,
        "manager_id": request.actor.person_id,
        "state": ProjectState.ACTIVE.value,
    }

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_project.using(options)(actor=request.actor, project=_project_of(values))

    around = FormPage(
        title="New project",
        crumbs=(("Projects", reverse("projects")),),
        act="Open project",
        done=lambda project_id: reverse("project-tasks", args=[project_id]),
        said="Opened the project. Add its tasks: time is booked on them.",
    )
    return form_page(request, Form(_project_fields(request), shown), run, around)


@page(Permission.MANAGE_PROJECTS)
def change(request: ActingRequest, project_id: int) -> HttpResponse:
    """Change a project."""
    found = queries.project_overview(request.actor, project_id)
    row = found.row
    shown = {
        "name": row.name,
        "code": row.code,
        "client_id": row.client_id,
        "entity_id": found.entity_id,
        "contract_id": found.contract_id,
        "practice_id": found.practice_id,
        "manager_id": row.manager_id,
        "state": row.state.value,
        "start": row.start,
        "end": row.last_day,
        "budget_hours": _hours(row.budget_seconds),
        "budget_amount": row.budget_amount,
    }

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_project.using(options)(
            actor=request.actor, project_id=project_id, project=_project_of(values)
        )

    around = _around(found, "Change project", "Save", "Saved the project.")
    return form_page(request, Form(_project_fields(request, row.currency), shown), run, around)


@page(Permission.MANAGE_PROJECTS)
@require_POST
def set_state(request: ActingRequest, project_id: int) -> HttpResponse:
    """Put a project into a state."""
    asked = request.POST.get("state", "")
    state = ProjectState(asked) if asked in ProjectState.values else ProjectState.ACTIVE
    actions.set_project_state.using(act_options(request))(
        actor=request.actor, project_id=project_id, state=state
    )
    messages.success(request, f"The project is {state.label.lower()}.")
    return redirect("project", project_id)


@page(Permission.MANAGE_PROJECTS)
def new_phase(request: ActingRequest, project_id: int) -> HttpResponse:
    """Add a phase."""
    found = queries.project_overview(request.actor, project_id)

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_phase.using(options)(
            actor=request.actor, project_id=project_id, phase=_phase_of(values)
        )

    around = _around(found, "New phase", "Add phase", "Added the phase.", to_tasks=True)
    return form_page(request, Form(_PHASE_FIELDS), run, around)


@page(Permission.MANAGE_PROJECTS)
def change_phase(request: ActingRequest, project_id: int, phase_id: int) -> HttpResponse:
    """Change a phase."""
    found = queries.project_overview(request.actor, project_id)
    phase = queries.phase_of(found, phase_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_phase.using(options)(actor=request.actor, phase_id=phase_id, phase=_phase_of(values))

    shown = {"name": phase.name, "start": phase.start, "end": phase.last_day, "position": phase.position}
    shown |= cap_shown(phase.cap)
    around = _around(found, f"Change {phase.name}", "Save phase", "Saved the phase.", to_tasks=True)
    return form_page(request, Form(_PHASE_FIELDS, shown), run, around)


@page(Permission.MANAGE_PROJECTS)
def new_task(request: ActingRequest, project_id: int) -> HttpResponse:
    """Add a task."""
    found = queries.project_overview(request.actor, project_id)
    fields = _task_fields(request, found, None)
    lines = next((each.options for each in fields if each.name == "contract_line_id"), ())
    shown = {
        "phase_id": number_of(request.GET.get("phase")),
        "parent_id": number_of(request.GET.get("parent")),
        "contract_line_id": lines[0][0] if len(lines) == 1 else None,
        "is_open": True,
    }

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_task.using(options)(
            actor=request.actor, project_id=project_id, task=_task_of(values)
        )

    around = _around(found, "New task", "Add task", "Added the task.", to_tasks=True)
    return form_page(request, Form(fields, shown), run, around)


@page(Permission.MANAGE_PROJECTS)
def change_task(request: ActingRequest, project_id: int, task_id: int) -> HttpResponse:
    """Change a task: also on which contract line its time is billed."""
    found = queries.project_overview(request.actor, project_id)
    task = queries.task_of(found, task_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_task.using(options)(actor=request.actor, task_id=task_id, task=_task_of(values))

    shown = {
        "name": task.name,
        "contract_line_id": task.contract_line_id,
        "task_type_id": task.task_type_id,
        "phase_id": task.phase_id,
        "parent_id": task.parent_id,
        "budget_hours": _hours(task.budget_seconds),
        "budget_amount": task.budget_amount,
        "position": task.position,
        "is_open": task.is_open,
    }
    lead = "Another line or task type prices the work that is not yet invoiced again."
    around = _around(found, f"Change {task.name}", "Save task", "Saved the task.", lead=lead, to_tasks=True)
    return form_page(request, Form(_task_fields(request, found, task), shown), run, around)


@page(Permission.MANAGE_PROJECTS)
@require_POST
def set_task_open(request: ActingRequest, project_id: int, task_id: int) -> HttpResponse:
    """Close a task to new time, or open it again."""
    is_open = request.POST.get("is_open") == "yes"
    actions.set_task_open.using(act_options(request))(actor=request.actor, task_id=task_id, is_open=is_open)
    messages.success(request, "Opened the task." if is_open else "Closed the task.")
    return redirect("project-tasks", project_id)


def _around(
    found: ProjectOverview, title: str, act: str, said: str, *, lead: str = "", to_tasks: bool = False
) -> FormPage:
    home = reverse("project-tasks" if to_tasks else "project", args=[found.row.id])
    crumbs = (("Projects", reverse("projects")), (found.row.name, home))
    return FormPage(title=title, crumbs=crumbs, act=act, done=home, said=said, lead=lead)


def _hours(seconds: int | None) -> Decimal | None:
    return Decimal(seconds) / 3600 if seconds is not None else None


def _seconds(hours: Decimal | None) -> int | None:
    return seconds_of(hours) if hours is not None else None


def _project_fields(request: ActingRequest, currency: str = "") -> tuple[Field, ...]:
    choices = directory.choices(request.actor)
    clients = directory.clients(request.actor, _EVERY_CLIENT)
    agreed = contracts.list_contracts(request.actor)
    return (
        Field("name", "Name", required=True),
        Field("client_id", "Client", "find_id", required=True, options=tuple((c.id, c.name, c.industry) for c in clients)),
        Field("contract_id", "Contract", "find_id", options=tuple((c.id, f"{c.number} {c.name}", c.client) for c in agreed),
              help="Without one, nothing on the project is billed."),
        Field("entity_id", "Legal entity", "id", required=True, options=choices.entities, row="who"),
        Field("practice_id", "Practice", "id", options=choices.practices, empty="None", row="who"),
        Field("manager_id", "Lead", "find_id", options=choices.people, row="lead", help="Approves the time on it."),
        Field("code", "Code", row="lead", help="Empty takes the next one."),
        Field("state", "State", "choice", required=True, options=tuple(ProjectState.choices), row="state"),
        Field("start", "First day", "date", section="Plan", row="dates"),
        Field("end", "Last day", "date", row="dates"),
        Field("budget_hours", "Budget", "number", unit="h", row="budget"),
        Field("budget_amount", "Budget", "number", places=4, unit=currency, row="budget", help="In the contract's currency."),
    )  # fmt: skip


def _project_of(values: Mapping[str, Any]) -> ProjectInput:
    state = values["state"]
    return ProjectInput(
        client_id=values["client_id"] or 0,
        entity_id=values["entity_id"] or 0,
        name=values["name"],
        contract_id=values["contract_id"],
        practice_id=values["practice_id"],
        manager_id=values["manager_id"],
        code=values["code"],
        state=ProjectState(state) if state in ProjectState.values else ProjectState.ACTIVE,
        start=values["start"],
        end=after(values["end"]),
        budget_seconds=_seconds(values["budget_hours"]),
        budget_amount=values["budget_amount"],
    )


_PHASE_FIELDS = (
    Field("name", "Name", required=True),
    Field("start", "First day", "date", row="dates"),
    Field("end", "Last day", "date", row="dates"),
    Field("position", "Place", "whole", help="Empty puts a new phase last."),
    *cap_fields("", "For the time of its tasks, in the currency of their contract."),
)


def _phase_of(values: Mapping[str, Any]) -> PhaseInput:
    return PhaseInput(
        name=values["name"],
        start=values["start"],
        end=after(values["end"]),
        position=values["position"],
        cap=cap_of(values),
    )


def _task_fields(request: ActingRequest, found: ProjectOverview, task: TaskNode | None) -> tuple[Field, ...]:
    lines: tuple[tuple[Any, ...], ...] = ()
    if found.contract_id is not None:
        lines = tuple(contracts.line_choices(found.contract_id))
    types = tuple(TaskType.objects.visible_to(request.actor).order_by("name").values_list("pk", "name"))
    parents = tuple(
        (each.id, "\N{EN DASH} " * each.depth + each.name)
        for each in found.tasks
        if task is None or each.id != task.id
    )
    phases = tuple((phase.id, phase.name) for phase in found.phases)
    optional = (
        (Field("phase_id", "Phase", "id", options=phases, empty="None", row="place"),) if phases else ()
    )
    return (
        Field("name", "Name", required=True),
        Field("contract_line_id", "Contract line", "id", options=lines, empty="None: not billed", row="billing",
              help="Says how its time is billed."),
        Field("task_type_id", "Task type", "find_id", options=types, row="billing"),
        *optional,
        Field("parent_id", "Below", "id", options=parents, empty="Top of the tree", row="place"),
        Field("budget_hours", "Budget", "number", unit="h", row="budget"),
        Field("budget_amount", "Budget", "number", places=4, unit=found.row.currency, row="budget"),
        Field("position", "Place", "whole", help="Empty puts a new task last."),
        Field("is_open", "Time can be booked", "check"),
    )  # fmt: skip


def _task_of(values: Mapping[str, Any]) -> TaskInput:
    return TaskInput(
        name=values["name"],
        contract_line_id=values["contract_line_id"],
        task_type_id=values["task_type_id"],
        phase_id=values.get("phase_id"),
        parent_id=values["parent_id"],
        budget_seconds=_seconds(values["budget_hours"]),
        budget_amount=values["budget_amount"],
        position=values["position"],
        is_open=values["is_open"],
    )
