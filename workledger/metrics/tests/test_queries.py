"""The catalogue's figures against the world's own books."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing, write_down_items
from workledger.billing.models import OpenItem, ReasonCode
from workledger.core.access import Permission
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.models import Client, TimeOff
from workledger.kernel.period import Period
from workledger.metrics.catalogue import METRICS, By, Unit
from workledger.metrics.projects import project_figures
from workledger.metrics.queries import Filters, MetricValue, may_see, value
from workledger.testing import expenses
from workledger.testing.time import approve_all, book
from workledger.testing.world import World

D = Decimal
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
TO_JUNE = Period(date(2026, 2, 1), date(2026, 6, 1))
END = date(2026, 5, 31)


@pytest.fixture
def busy(world: World) -> World:
    """Work of three months; Acme's March is invoiced, Borealis' is on a pre-bill, the rest is open."""
    book(world.carl, world.build, date(2026, 2, 10), "6")
    book(world.carl, world.build, date(2026, 3, 2), "8")
    book(world.pia, world.build, date(2026, 3, 3), "2.5")
    book(world.carl, world.travel, date(2026, 3, 4), "4")
    book(world.carl, world.advice, date(2026, 3, 5), "4", billable="3")
    book(world.pia, world.review, date(2026, 4, 7), "5")
    book(world.carl, world.build, date(2026, 5, 4), "7")
    approve_all(world)
    drafts = run_billing(actor=world.fay.actor, through=date(2026, 3, 31)).invoices
    acme = next(each for each in drafts if each.client == "Acme AG")
    issue_invoice(actor=world.olivia.actor, invoice_id=acme.id, issued_on=date(2026, 3, 31))
    item = OpenItem.objects.get(project_id=world.beacon.pk)
    write_down_items(
        actor=world.fay.actor, item_ids=[item.pk], amount=D(50), reason_code=ReasonCode.GOODWILL, note="", on=date(2026, 4, 30)
    )  # fmt: skip
    return world


def ask(world: World, name: str, **options: object) -> list[MetricValue]:
    return value(world.fay.actor, name, **options)  # type: ignore[arg-type]


def only(world: World, name: str, **options: object) -> Decimal | None:
    (one,) = ask(world, name, **options)
    return one.value


def sql(query: str) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row = cursor.fetchone()
    return Decimal(row[0] or 0)


def test_hours_of_a_month(busy: World) -> None:
    assert only(busy, "hours_worked", period=MARCH) == D("18.5") * 3600
    assert only(busy, "hours_billable", period=MARCH) == D("13.5") * 3600


def test_some_days_are_cut_out_of_their_months(busy: World) -> None:
    assert only(busy, "hours_worked", period=Period(date(2026, 2, 11), date(2026, 3, 4))) == D("10.5") * 3600
    assert only(busy, "hours_worked", period=Period(date(2026, 3, 3), date(2026, 3, 5))) == D("6.5") * 3600


def test_capacity_is_net_of_holidays_and_time_off(busy: World) -> None:
    mine = Filters(person=busy.carl.person_id)
    assert only(busy, "capacity", period=MARCH, filters=mine) == 22 * 8 * 3600
    TimeOff.objects.create(
        person_id=busy.carl.person_id, start=date(2026, 3, 9), end=date(2026, 3, 14), kind="vacation"
    )
    assert only(busy, "capacity", period=MARCH, filters=mine) == 17 * 8 * 3600
    assert only(busy, "utilization", period=MARCH, filters=mine) == D(11) / D(17 * 8)


def test_money_of_a_month(busy: World) -> None:
    assert only(busy, "revenue", period=MARCH) == D(1750)  # 8×120 + 2.5×160 + 3×130
    assert only(busy, "labour_cost", period=MARCH) == D(975)  # 16×50 + 2.5×70
    assert only(busy, "project_margin", period=MARCH) == D(775)
    assert only(busy, "project_margin_share", period=MARCH) == D(775) / D(1750)
    assert only(busy, "revenue", period=Period(date(2026, 4, 1), date(2026, 5, 1))) == D(700)  # 5×150 less 50


def test_wip_is_what_is_not_invoiced(busy: World) -> None:
    assert only(busy, "wip") == D(390) + D(700) + D(840)
    assert only(busy, "wip", filters=Filters(project=busy.compass.pk)) == D(390)
    assert only(busy, "wip", as_of=date(2026, 3, 30)) == D(720) + D(1750)


def test_wip_and_receivables_by_age(busy: World) -> None:
    ages = {each.key[0]: each.value for each in ask(busy, "wip", as_of=END, by=[By.AGE])}
    assert ages == {0: D(840), 1: D(700), 2: D(390)}  # 27, 54 and 87 days
    assert only(busy, "wip", as_of=END, filters=Filters(age=2)) == D(390)
    (owed,) = ask(busy, "ar", as_of=END, by=[By.AGE])
    assert (owed.key, owed.value) == ((2,), D("2475.20"))  # (720+1360)×1.19, due on 30 April


def test_days_sales_outstanding(busy: World) -> None:
    assert only(busy, "dso_countback", as_of=END) == 31 + 30 + 31  # no billing since, then all of March's
    assert only(busy, "dso_simple", as_of=END) == 365


def test_billing_lag_weighs_days_by_amount(busy: World) -> None:
    # 720 of 49 days, 960 of 29, 400 of 28
    assert only(busy, "billing_lag", period=MARCH) == D(720 * 49 + 960 * 29 + 400 * 28) / D(2080)


def test_burn_of_all_and_one(busy: World) -> None:
    assert only(busy, "budget_burn") == D("36.5") / 1200
    assert only(busy, "budget_burn", filters=Filters(project=busy.atlas.pk)) == D("27.5") / 400
    assert only(busy, "budget_burn_amount", filters=Filters(project=busy.atlas.pk)) == D(2920) / 48000
    assert only(busy, "burn_gap", filters=Filters(project=busy.atlas.pk)) == D("27.5") / 400


def test_sums_by_every_dimension_equal_the_total(busy: World) -> None:
    for name, metric in METRICS.items():
        if metric.unit not in (Unit.MONEY, Unit.SECONDS):
            continue
        whole = {each.currency: each.value for each in ask(busy, name, period=TO_JUNE, as_of=END)}
        assert all(whole.values())
        for key in metric.dimensions:
            parts: dict[str, Decimal] = {}
            for each in ask(busy, name, period=TO_JUNE, as_of=END, by=[key]):
                parts[each.currency] = parts.get(each.currency, D(0)) + (each.value or 0)
            assert parts == whole, (name, key)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("hours_worked", "SELECT sum(worked_seconds) FROM timesheets_timeentry"),
        ("hours_billable", "SELECT sum(billable_seconds) FROM billing_billableitem WHERE treatment = 'charged'"),
        ("labour_cost", "SELECT sum(e.worked_seconds * t.cost_rate) / 3600 FROM timesheets_timeentry e"
                        " JOIN directory_employmentterms t USING (person_id)"),
        ("revenue", "SELECT (SELECT sum(amount) FROM billing_billableitem) - (SELECT sum(amount) FROM billing_writedown)"),
        ("wip", "SELECT (SELECT sum(amount) FROM billing_openitem) + (SELECT sum(net) FROM billing_invoice"
                " WHERE state = 'draft')"),
        ("ar", "SELECT sum(open_amount) FROM receivables_receivable"),
    ],
)  # fmt: skip
def test_each_agrees_with_its_documents(busy: World, name: str, query: str) -> None:
    assert only(busy, name) == sql(query)


def test_each_metric_is_one_to_seven_queries(
    busy: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for name in METRICS:
        with django_assert_max_num_queries(7):
            ask(busy, name, period=TO_JUNE, as_of=END)


def test_cost_and_margin_are_for_who_may_see_cost(busy: World) -> None:
    blind = replace(busy.fay.actor, permissions=busy.fay.actor.permissions - {Permission.VIEW_COST})
    for name in ("labour_cost", "project_margin", "project_margin_share"):
        with pytest.raises(Forbidden):
            value(blind, name, period=MARCH)
    assert value(blind, "revenue", period=MARCH)


def test_a_consultant_sees_only_their_own_hours(busy: World) -> None:
    own = Filters(person=busy.carl.person_id)
    assert value(busy.carl.actor, "hours_worked", period=MARCH, filters=own)[0].value == 16 * 3600
    for name, metric in METRICS.items():
        assert not may_see(busy.carl.actor, metric)
        assert not may_see(busy.carl.actor, metric, Filters(person=busy.pia.person_id))
        with pytest.raises(Forbidden):
            value(busy.carl.actor, name, period=MARCH, as_of=END)


def test_limits_to_entities_hold(busy: World) -> None:
    elsewhere = replace(busy.fay.actor, entity_ids=frozenset({busy.entity_id + 1}))
    for name in ("hours_worked", "revenue", "wip", "ar", "billing_lag", "capacity"):
        assert not any(each.value for each in value(elsewhere, name, period=MARCH, as_of=END))
    assert not value(elsewhere, "wip", as_of=END, by=[By.AGE])


def test_what_is_no_metric_or_dimension_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        ask(world, "happiness")
    with pytest.raises(Refused, match="not known by person"):
        ask(world, "ar", by=[By.PERSON])
    with pytest.raises(Refused, match="over which days"):
        ask(world, "capacity")
    with pytest.raises(Refused, match="on which day"):
        ask(world, "wip", by=[By.AGE])


def test_internal_work_costs_but_is_no_project_margin(busy: World) -> None:
    Client.objects.filter(pk=busy.borealis.pk).update(is_internal=True)
    assert only(busy, "labour_cost", period=MARCH) == D(975)
    assert only(busy, "project_margin", period=MARCH) == D(775) - (D(390) - D(200))  # without 3×130 less 4×50
    assert project_figures(busy.fay.actor)[busy.compass.pk].is_internal


def test_expenses_are_a_cost_of_their_project(busy: World) -> None:
    def now(name: str) -> D:
        found = only(busy, name, period=MARCH)
        assert found is not None
        return found

    before = now("project_margin")
    expenses.approved(
        busy, [expenses.spent(busy, "119.00", tax="19.00", task_id=busy.build.pk, is_billable=False)]
    )
    assert now("project_margin") == before - 100
    assert now("project_cost") - now("labour_cost") == 100
