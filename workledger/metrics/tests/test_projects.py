"""Figures of projects: what they are, who sees them, how many queries they take."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.metrics.projects import project_figures
from workledger.projects.models import Task
from workledger.testing.time import approved
from workledger.testing.world import World

D = Decimal
MARCH_2, MARCH_3 = date(2026, 3, 2), date(2026, 3, 3)


def test_a_project_has_used_earned_and_left(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    approved(world.pia, world, world.build, MARCH_3, "2")
    approved(world.carl, world, world.travel, MARCH_3, "4")
    found = project_figures(world.fay.actor)[world.atlas.pk]
    assert (found.hours, found.billable_hours) == (D(14), D(10))
    assert (found.revenue, found.cost) == (D(1280), D(740))  # 8×120 + 2×160; 12×50 + 2×70
    assert (found.margin, found.margin_pct) == (D(540), D(540) / D(1280))
    assert (found.wip, found.billed) == (D(1280), D(0))
    assert (found.burn, found.burn_amount) == (D(14) / 400, D(1280) / D(48000))
    assert found.scope_done == 0


def test_billing_moves_value_from_wip_to_billed(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    run = run_billing(actor=world.fay.actor, through=date(2026, 3, 31))
    issue_invoice(actor=world.olivia.actor, invoice_id=run.invoices[0].id, issued_on=date(2026, 3, 31))
    found = project_figures(world.fay.actor, [world.atlas.pk])[world.atlas.pk]
    assert (found.wip, found.billed, found.value) == (D(0), D(960), D(960))


def test_as_of_takes_later_days_off(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    approved(world.pia, world, world.build, MARCH_3, "1")
    approved(world.carl, world, world.build, date(2026, 4, 1), "2")
    hours = {
        day: project_figures(world.fay.actor, [world.atlas.pk], day)[world.atlas.pk].hours
        for day in (date(2026, 3, 1), MARCH_2, MARCH_3, date(2026, 4, 1))
    }
    assert list(hours.values()) == [D(0), D(8), D(9), D(11)]


def test_scope_done_and_its_gap_follow_closed_tasks(world: World) -> None:
    Task.objects.filter(pk=world.build.pk).update(budget_seconds=100 * 3600, is_open=False)
    Task.objects.filter(pk=world.workshops.pk).update(budget_seconds=300 * 3600)
    approved(world.carl, world, world.workshops, MARCH_2, "20")
    found = project_figures(world.fay.actor)[world.atlas.pk]
    assert (found.scope_done, found.gap) == (D("0.25"), D("0.05") - D("0.25"))


def test_cost_is_hidden_with_all_it_could_be_solved_from(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    atlas = project_figures(world.carl.actor)[world.atlas.pk]
    assert (atlas.seconds, atlas.revenue, atlas.cost, atlas.margin, atlas.margin_pct, atlas.wip) == (
        None,
    ) * 6
    assert project_figures(world.stan.actor) == {}


@pytest.mark.parametrize("as_of", [None, MARCH_3])
def test_three_queries_whatever_the_number(
    world: World, as_of: date | None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    approved(world.carl, world, world.advice, MARCH_2, "1")
    with django_assert_num_queries(3):
        project_figures(world.fay.actor, None, as_of)


@pytest.mark.parametrize(
    ("burned", "done", "tone"),
    [
        ("0.5", None, ""), ("0.8", None, "warn"), ("1.01", None, "bad"), ("1", "1", ""),
        ("0.9", "0.95", ""), ("0.8", "0.75", "warn"), ("0.5", "0.35", "warn"), ("0.6", "0.3", "bad"), ("0.6", "0", ""),
    ],
)  # fmt: skip
def test_the_tone_of_a_burn(world: World, burned: str, done: str | None, tone: str) -> None:
    known = project_figures(world.fay.actor)[world.atlas.pk]
    scope = None if done is None else D(done)
    assert replace(known, burn=D(burned), scope_done=scope).tone == tone
