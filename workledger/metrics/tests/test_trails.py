"""Every figure's rows add up to it, page by page, and lead to their documents."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.models import BillableItem
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.kernel.period import Period
from workledger.metrics.catalogue import METRICS, Unit
from workledger.metrics.queries import Filters
from workledger.metrics.tests.test_queries import END, MARCH, TO_JUNE, busy
from workledger.metrics.trails import Scope, Trail, TrailRow, item_trail, trail
from workledger.testing.world import World

__all__ = ["busy"]
D = Decimal


def all_rows(world: World, name: str, scope: Scope) -> tuple[Trail, list[TrailRow]]:
    """The trail of a figure and its rows over all pages of two."""
    first = page = trail(world.fay.actor, name, scope, limit=2)
    rows = list(first.rows)
    while page.next:
        page = trail(world.fay.actor, name, scope, cursor=page.next, limit=2)
        rows += page.rows
    return first, rows


def expected(found: Trail) -> Decimal | None:
    """What the rows add up to: the figure, or for a share the amount it is a share of."""
    assert found.answer
    if found.unit is found.answer.unit:
        return found.answer.value
    part = found.answer.parts[1 if found.metric.name == "billing_lag" else 0]
    assert part.unit is found.unit
    return part.value


def scopes(world: World) -> dict[str, Scope]:
    whole = Scope(period=TO_JUNE, as_of=END)
    atlas = Scope(Filters(project=world.atlas.pk), TO_JUNE, END)
    return {
        "all": whole,
        "project": atlas,
        "month": Scope(period=MARCH, as_of=MARCH.end),
        "project and month": Scope(Filters(project=world.atlas.pk), MARCH, date(2026, 3, 15)),
        "client": Scope(Filters(client=world.acme.pk), TO_JUNE, END),
        "practice": Scope(Filters(practice=world.practice.pk), TO_JUNE, END),
        "person": Scope(Filters(person=world.carl.person_id), TO_JUNE, END),
        "age": Scope(Filters(age=2), TO_JUNE, END),
    }


@pytest.mark.parametrize(
    "which", ["all", "project", "month", "project and month", "client", "practice", "person", "age"]
)
def test_the_rows_add_up_to_the_figure(busy: World, which: str) -> None:
    scope = scopes(busy)[which]
    for name, metric in METRICS.items():
        if not set(scope.filters.given) <= set(metric.dimensions):
            with pytest.raises(Refused):
                trail(busy.fay.actor, name, scope)
            continue
        found, rows = all_rows(busy, name, scope)
        if found.answer is None or not rows:
            assert found.answer is None or not found.answer.value or name.startswith("dso")
        elif found.adds_up:
            assert sum((row.value or D(0) for row in rows), D(0)) == expected(found), name
        else:
            assert found.unit is Unit.RATIO or name == "burn_gap"


def test_the_formula_gives_the_figure(busy: World) -> None:
    for name in METRICS:
        _check_formula(busy, name)


def _check_formula(busy: World, name: str) -> None:
    answer = trail(busy.fay.actor, name, Scope(Filters(), TO_JUNE, END)).answer
    if answer is None or not answer.parts or any(part.value is None for part in answer.parts):
        assert name in ("hours_worked", "hours_billable", "capacity", "labour_cost", "burn_gap")
        return
    parts = list(answer.parts)
    if name == "dso_countback":
        parts = parts[1:]  # the receivables, then days that add up
    result = D(0)
    for part in parts:
        assert part.value is not None
        match part.sign:
            case "" | "+":
                result += part.value
            case "−":
                result -= part.value
            case "÷":
                result /= part.value
            case "×":
                result *= part.value
    assert answer.value is not None
    assert abs(result - answer.value) < D("1e-20")


def test_documents_stand_one_step_below_a_project(busy: World) -> None:
    first, rows = all_rows(busy, "wip", Scope(Filters(project=busy.atlas.pk), as_of=END))
    assert [(row.kind, row.value, row.day) for row in rows] == [("item", D(840), date(2026, 5, 4))]
    assert first.next == ""
    _, rows = all_rows(busy, "hours_worked", Scope(Filters(project=busy.atlas.pk), MARCH))
    assert [row.kind for row in rows] == ["time"] * 3
    assert rows[-1].name == "Carl Consultant, Build"
    _, rows = all_rows(busy, "ar", Scope(as_of=END))
    assert [(row.kind, row.value, row.day) for row in rows] == [("invoice", D("2475.20"), date(2026, 4, 30))]


def test_an_earlier_day_is_explained_by_postings(busy: World) -> None:
    scope = Scope(Filters(project=busy.atlas.pk), as_of=date(2026, 3, 30))
    found, rows = all_rows(busy, "wip", scope)
    assert found.rows_label == "Postings until then"
    assert sum((row.value or D(0) for row in rows), D(0)) == found.answer.value == D(2080)  # type: ignore[union-attr]


def test_why_this_amount(busy: World) -> None:
    item = BillableItem.objects.get(project=busy.compass)
    found = item_trail(busy.fay.actor, item.pk)
    assert [(step.what, step.value, step.state) for step in found.steps] == [
        ("Worked", D(4 * 3600), ""),
        ("Billable", D(3 * 3600), ""),
        ("Rate per hour", D(130), "won"),
        ("Rate per hour", D(110), "lost"),
        ("Value", D(390), ""),
    ]
    assert found.steps[2].why == "Client card, person"
    assert found.time_entry_id == item.source_id
    assert found.invoice.startswith("Pre-bill")


def test_a_write_down_is_a_step(busy: World) -> None:
    found = item_trail(busy.fay.actor, BillableItem.objects.get(project=busy.beacon).pk)
    assert (found.steps[-1].what, found.steps[-1].value, found.steps[-1].why) == (
        "Written down",
        D(-50),
        "Goodwill",
    )


def test_trails_are_for_who_may_see_the_figure(busy: World) -> None:
    with pytest.raises(Forbidden):
        trail(busy.carl.actor, "revenue", Scope(period=MARCH))
    with pytest.raises(NotFound):
        item_trail(busy.carl.actor, BillableItem.objects.all()[0].pk)


@pytest.mark.parametrize("cursor", ["x", "2026-13-01_5", "2026-01-01_", "99999999999999"])
def test_a_bad_cursor_is_refused(busy: World, cursor: str) -> None:
    for scope in (Scope(period=MARCH), Scope(Filters(project=busy.atlas.pk), Period(date(2026, 2, 1)))):
        with pytest.raises(Refused, match="no place"):
            trail(busy.fay.actor, "revenue", scope, cursor=cursor)
