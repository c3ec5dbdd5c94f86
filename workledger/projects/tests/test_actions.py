"""Projects, phases and tasks: what the acts write and what they refuse."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from workledger.contracts.models import TaskType
from workledger.core import events
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.projects import actions
from workledger.projects.events import TaskMappingChanged
from workledger.projects.inputs import NewPhase, NewTask, PhaseInput, ProjectInput, TaskInput
from workledger.projects.models import Phase, Project, ProjectState, Task
from workledger.testing.world import World


def rollout(world: World, **changes: object) -> ProjectInput:
    basis = ProjectInput(
        client_id=world.acme.pk,
        entity_id=world.entity_id,
        contract_id=world.acme_contract.pk,
        manager_id=world.pia.person_id,
        name="Rollout",
    )
    return replace(basis, **changes)  # type: ignore[arg-type]


def test_a_new_project_takes_the_next_code(world: World) -> None:
    first = actions.add_project(actor=world.pia.actor, project=rollout(world))
    actions.add_project(actor=world.pia.actor, project=rollout(world, name="Mine", code="P-0002"))
    third = actions.add_project(actor=world.pia.actor, project=rollout(world, name="Third"))
    assert [Project.objects.get(pk=pk).code for pk in (first, third)] == ["P-0001", "P-0003"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": ""}, "name_missing", "name"),
        ({"name": "Atlas"}, "project_name_taken", "name"),
        ({"code": "ATLAS"}, "code_taken", "code"),
        ({"client_id": 0, "contract_id": None}, "client_unknown", "client_id"),
        ({"entity_id": 0, "contract_id": None}, "entity_unknown", "entity_id"),
        ({"contract_id": 0}, "contract_unknown", "contract_id"),
        ({"practice_id": 0}, "practice_unknown", "practice_id"),
        ({"manager_id": 0}, "manager_unknown", "manager_id"),
        ({"start": date(2026, 3, 1), "end": date(2026, 3, 1)}, "ends_before_start", "end"),
        ({"budget_amount": Decimal(-1)}, "budget_amount_negative", "budget_amount"),
        ({"budget_seconds": -1}, "budget_seconds_out_of_range", "budget_seconds"),
    ],
)
def test_a_project_that_does_not_fit_is_refused(
    world: World, changes: dict[str, object], code: str, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        actions.add_project(actor=world.pia.actor, project=rollout(world, **changes))
    assert [(problem.code, problem.field) for problem in refused.value.problems] == [(code, field)]


def test_a_contract_of_another_client_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="Contract C-003 is with another client"):
        wrong = rollout(world, contract_id=world.borealis_contract.pk)
        actions.add_project(actor=world.pia.actor, project=wrong)


def test_a_project_with_mapped_tasks_keeps_client_and_contract(world: World) -> None:
    atlas = rollout(world, name="Atlas")
    with pytest.raises(Refused) as refused:
        moved = replace(atlas, client_id=world.borealis.pk, contract_id=world.borealis_contract.pk)
        actions.change_project(actor=world.pia.actor, project_id=world.atlas.pk, project=moved)
    assert refused.value.codes == ("client_fixed", "tasks_on_old_contract")
    with pytest.raises(Refused, match="Map them elsewhere first"):
        loose = replace(atlas, contract_id=None)
        actions.change_project(actor=world.pia.actor, project_id=world.atlas.pk, project=loose)
    renamed = replace(atlas, name="Atlas II", budget_seconds=3600)
    actions.change_project(actor=world.pia.actor, project_id=world.atlas.pk, project=renamed)
    project = Project.objects.get(pk=world.atlas.pk)
    assert (project.name, project.code, project.budget_seconds) == ("Atlas II", "ATLAS", 3600)


def test_states_change_once(world: World) -> None:
    closed = ProjectState.CLOSED
    actions.set_project_state(actor=world.pia.actor, project_id=world.atlas.pk, state=closed)
    with pytest.raises(Refused, match="closed already"):
        actions.set_project_state(actor=world.pia.actor, project_id=world.atlas.pk, state=closed)
    actions.set_task_open(actor=world.pia.actor, task_id=world.build.pk, is_open=False)
    with pytest.raises(Refused, match="closed already"):
        actions.set_task_open(actor=world.pia.actor, task_id=world.build.pk, is_open=False)


def test_a_consultant_may_not_and_a_limited_lead_does_not_see(world: World) -> None:
    with pytest.raises(Forbidden):
        actions.add_project(actor=world.carl.actor, project=rollout(world))
    limited = replace(world.pia.actor, client_ids=frozenset({world.borealis.pk}))
    with pytest.raises(NotFound):
        actions.change_project(actor=limited, project_id=world.atlas.pk, project=rollout(world))
    with pytest.raises(NotFound):
        actions.change_task(actor=limited, task_id=world.build.pk, task=TaskInput(name="Build"))


def test_phases_and_tasks_are_put_last(world: World) -> None:
    actor = world.pia.actor
    phases = [
        actions.add_phase(actor=actor, project_id=world.atlas.pk, phase=PhaseInput(name=name))
        for name in ("Discovery", "Build")
    ]
    assert list(Phase.objects.filter(pk__in=phases).values_list("position", flat=True)) == [1, 2]
    task_id = actions.add_task(
        actor=actor,
        project_id=world.atlas.pk,
        task=TaskInput(name="Interviews", phase_id=phases[0], contract_line_id=world.delivery.pk),
    )
    assert Task.objects.get(pk=task_id).position == 4
    with pytest.raises(Refused) as refused:
        actions.change_phase(actor=actor, phase_id=phases[0], phase=PhaseInput(name=" "))
    assert refused.value.codes == ("name_missing",)
    actions.change_phase(actor=actor, phase_id=phases[0], phase=PhaseInput(name="Start", position=9))
    assert Phase.objects.get(pk=phases[0]).position == 9


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "name_missing"),
        ({"name": "Build"}, "task_name_taken"),
        ({"phase_id": 0}, "phase_unknown"),
        ({"parent_id": 0}, "parent_unknown"),
        ({"task_type_id": 0}, "task_type_unknown"),
        ({"contract_line_id": 0}, "line_of_other_contract"),
        ({"position": 0}, "position_out_of_range"),
        ({"budget_seconds": -1}, "budget_seconds_out_of_range"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(world: World, changes: dict[str, object], code: str) -> None:
    task = replace(TaskInput(name="Interviews"), **changes)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        actions.add_task(actor=world.pia.actor, project_id=world.atlas.pk, task=task)
    assert refused.value.codes == (code,)


def test_another_line_or_type_is_told_and_another_name_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[TaskMappingChanged] = []
    monkeypatch.setitem(events._handlers, TaskMappingChanged, [told.append])
    same = TaskInput(name="Builds", contract_line_id=world.delivery.pk)
    actions.change_task(actor=world.pia.actor, task_id=world.build.pk, task=same)
    assert told == []
    mapped = replace(same, contract_line_id=world.support.pk)
    actions.change_task(actor=world.pia.actor, task_id=world.build.pk, task=mapped)
    typed = replace(mapped, task_type_id=TaskType.objects.create(name="Code").pk)
    actions.change_task(actor=world.pia.actor, task_id=world.build.pk, task=typed)
    assert [event.task_id for event in told] == [world.build.pk] * 2


def test_a_task_cannot_lie_below_itself(world: World) -> None:
    actor = world.pia.actor
    below = TaskInput(name="Parts", parent_id=world.build.pk, contract_line_id=world.delivery.pk)
    child = actions.add_task(actor=actor, project_id=world.atlas.pk, task=below)
    for parent_id in (world.build.pk, child):
        with pytest.raises(Refused, match="cannot lie below itself"):
            task = TaskInput(name="Build", parent_id=parent_id, contract_line_id=world.delivery.pk)
            actions.change_task(actor=actor, task_id=world.build.pk, task=task)


def test_many_come_in_at_once(world: World) -> None:
    given = [rollout(world, name=f"Wave {n}", code=code) for n, code in enumerate(["W1", "", "W3"])]
    ids = actions.create_projects(actor=world.system, projects=given)
    assert list(Project.objects.filter(pk__in=ids).values_list("code", flat=True)) == ["P-0001", "W1", "W3"]
    phases = [NewPhase(project_id=pk, name=name) for pk in ids for name in ("One", "Two")]
    phase_ids = actions.create_phases(actor=world.system, phases=phases)
    assert list(Phase.objects.filter(pk__in=phase_ids).values_list("position", flat=True)) == [1, 2] * 3
    tasks = [
        NewTask(project_id=pk, name=name, contract_line_id=world.delivery.pk)
        for pk in ids
        for name in ("A", "B")
    ]
    task_ids = actions.create_tasks(actor=world.system, tasks=tasks)
    rows = Task.objects.filter(pk__in=task_ids).order_by("pk")
    assert list(rows.values_list("name", "position")) == [("A", 1), ("B", 2)] * 3
    with pytest.raises(Refused) as refused:
        actions.create_tasks(actor=world.system, tasks=[tasks[0], replace(tasks[1], name="C", phase_id=0)])
    assert refused.value.codes == ("task_name_taken", "phase_unknown")
    with pytest.raises(Refused) as refused:
        actions.create_projects(
            actor=world.system, projects=[rollout(world, code="Z"), rollout(world, code="Z")]
        )
    assert set(refused.value.codes) == {"code_taken", "project_name_taken"}
