"""What timesheets, billing and pages read of projects."""

from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from workledger.contracts.models import TaskType
from workledger.core.refusals import NotFound
from workledger.kernel.rounding import TimeRounding
from workledger.projects import queries
from workledger.projects.models import Phase, Project, ProjectState, Task
from workledger.projects.queries import ProjectFilter
from workledger.testing.world import World


def test_facts_of_a_billable_task(world: World) -> None:
    world.delivery.terms = {"rounding": {"method": "up", "step_minutes": 30}, "requires_notes": True, "group_lines_by": "person"}  # fmt: skip
    world.delivery.save()
    code = TaskType.objects.create(name="Code")
    Task.objects.filter(pk=world.build.pk).update(task_type=code)
    facts = queries.task_facts([world.build.pk])[world.build.pk]
    assert (facts.project_id, facts.contract_id, facts.contract_line_id, facts.client_id, facts.entity_id) == (
        world.atlas.pk, world.acme_contract.pk, world.delivery.pk, world.acme.pk, world.entity_id,
    )  # fmt: skip
    assert (facts.line_model, facts.is_billable, facts.is_open, facts.currency) == (
        "time_and_materials", True, True, "EUR",
    )  # fmt: skip
    assert (facts.rounding.method, facts.rounding.step_minutes) == (TimeRounding.UP, 30)
    assert (facts.requires_notes, facts.group_lines_by, facts.task_type_id) == (True, "person", code.pk)
    assert facts.manager_id == world.pia.person_id


def test_facts_of_work_that_is_not_billed(world: World) -> None:
    loose = Project.objects.create(client=world.acme, entity=world.entity, code="L", name="Loose")
    outside = Task.objects.create(project=loose, name="Odd jobs")
    facts = queries.task_facts([world.travel.pk, outside.pk])
    travel, odd = facts[world.travel.pk], facts[outside.pk]
    assert (travel.is_billable, travel.line_model, travel.contract_id) == (
        False,
        "non_billable",
        world.acme_contract.pk,
    )
    assert (odd.is_billable, odd.contract_id, odd.line_model, odd.currency) == (False, None, "", "")


def test_closing_task_or_project_is_said_with_its_reason(world: World) -> None:
    Task.objects.filter(pk=world.build.pk).update(is_open=False)
    Project.objects.filter(pk=world.beacon.pk).update(state=ProjectState.CLOSED)
    facts = queries.task_facts()
    said = [
        (facts[task.pk].is_open, facts[task.pk].closed_because)
        for task in (world.build, world.review, world.advice)
    ]
    assert said == [(False, "task"), (False, "project"), (True, "")]


def test_facts_take_one_query(world: World, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert len(queries.task_facts()) == 5


def test_the_list_leaves_closed_projects_out_unless_asked(world: World) -> None:
    Project.objects.filter(pk=world.beacon.pk).update(state=ProjectState.CLOSED, end=date(2026, 4, 1))

    def names(wanted: ProjectFilter) -> list[str]:
        return [row.name for row in queries.list_projects(world.pia.actor, wanted)]

    assert names(ProjectFilter()) == ["Atlas", "Compass"]
    assert names(ProjectFilter(state="all", sort="-name")) == ["Compass", "Beacon", "Atlas"]
    assert names(ProjectFilter(client_id=world.borealis.pk)) == ["Compass"]
    assert names(ProjectFilter(words="acme", state="all")) == ["Atlas", "Beacon"]
    (beacon,) = queries.list_projects(world.pia.actor, ProjectFilter(state="closed"))
    assert beacon.last_day == date(2026, 3, 31)
    assert queries.list_projects(world.cleo.actor, ProjectFilter()) == []


def test_an_overview_weighs_scope_by_the_budgets_of_leaves(world: World) -> None:
    phase = Phase.objects.create(project=world.atlas, name="Discovery", end=date(2026, 3, 1))
    Task.objects.filter(pk=world.build.pk).update(phase=phase, budget_seconds=3600, is_open=False)
    Task.objects.filter(pk=world.workshops.pk).update(budget_seconds=10_800)
    overview = queries.project_overview(world.pia.actor, world.atlas.pk)
    assert overview.scope_done == Decimal("0.25")  # 1 h of 4 h; travel has no budget
    assert [(row.name, row.tasks, row.scope_done, row.last_day) for row in overview.phases] == [
        ("Discovery", 1, Decimal(1), date(2026, 2, 28))
    ]
    assert [task.name for task in overview.tasks] == ["Workshops", "Travel", "Build"]
    with pytest.raises(NotFound):
        queries.project_overview(world.stan.actor, world.atlas.pk)
