"""Reads of projects, phases and tasks."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db.models import F
from django.db.models.functions import Coalesce

from workledger.contracts.calc import terms
from workledger.contracts.models import BillingModel
from workledger.projects.models import ProjectState, Task


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


def _line_terms(model: str, document: dict[str, object]) -> _LineTerms:
    """Read what a line's kept terms say about time; an empty document is the model's defaults."""
    if not document:
        return _NO_TERMS
    known = terms.parse(model, document)
    group = getattr(known, "group_lines_by", None)
    return _LineTerms(terms.rounding_of(known), group or "", bool(getattr(known, "requires_notes", False)))
