"""Home, trails, reports and search: what each role sees, and in how many queries."""

import csv
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries

from workledger.billing.models import BillableItem, OpenItem
from workledger.core.access import Role
from workledger.core.models import RoleAssignment
from workledger.metrics.catalogue import METRICS
from workledger.metrics.tests.test_queries import busy
from workledger.testing.time import approved
from workledger.testing.world import Somebody, World
from workledger.web.charts import CHARTS

__all__ = ["busy"]
SignIn = Callable[[Somebody], Client]
pytestmark = pytest.mark.usefixtures("_today")


@pytest.fixture
def _today(set_today: Callable[[date], None]) -> None:
    set_today(date(2026, 5, 20))


def text(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.content[:500]
    return str(answer.content.decode())


def test_finance_sees_the_firm_and_what_waits(busy: World, browser_of: SignIn) -> None:
    page = text(browser_of(busy.fay), "/")
    for words in (
        "Utilization",
        "Revenue",
        "Margin",
        "WIP",
        "€1,930",
        "€2,475 overdue",
        "to review and issue",
    ):
        assert words in page
    charts = text(browser_of(busy.fay), "/home/charts", **{"HX-Request": "true"})
    for words in (
        "Are we using the capacity we have?",
        "What do we keep of what we earn?",
        "Who pays late?",
        "DSO, countback",
    ):
        assert words in charts


def test_a_lead_sees_their_projects(busy: World, browser_of: SignIn) -> None:
    page = text(browser_of(busy.pia), "/")
    assert "My projects" in page
    assert "Atlas" in page
    assert "Receivables" not in page.split('id="page"')[1]


def test_a_consultant_sees_their_own_hours_and_no_money(busy: World, browser_of: SignIn) -> None:
    page = text(browser_of(busy.carl), "/").split('id="page"')[1]
    assert "My hours this week" in page
    assert "My utilization" in page
    assert "€" not in page


def test_guests_and_strangers(busy: World, browser_of: SignIn) -> None:
    assert "Your invoices" in text(browser_of(busy.cleo), "/")
    assert browser_of(busy.stan).get("/").status_code == 403
    assert Client().get("/").status_code == 302


@pytest.mark.parametrize(("who", "most"), [("olivia", 19), ("fay", 19), ("pia", 16), ("carl", 15)])
def test_home_takes_few_queries_whatever_the_rows(
    busy: World,
    browser_of: SignIn,
    who: str,
    most: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = browser_of(getattr(busy, who))
    text(client, "/")
    with django_assert_max_num_queries(most) as before:
        text(client, "/")
    approved(busy.pia, busy, busy.workshops, date(2026, 5, 12), "3")
    approved(busy.carl, busy, busy.review, date(2026, 5, 13), "3")
    with django_assert_max_num_queries(len(before.captured_queries)):
        text(client, "/")


@pytest.mark.parametrize("name", list(METRICS))
def test_every_figure_opens_in_the_panel_and_as_a_page(busy: World, browser_of: SignIn, name: str) -> None:
    client = browser_of(busy.fay)
    panel = text(client, f"/trail/{name}/", **{"HX-Request": "true"})
    assert escape(METRICS[name].sentence) in panel
    assert "<html" not in panel
    assert escape(METRICS[name].sentence) in text(client, f"/trail/{name}/")


def test_a_trail_leads_from_the_firm_to_the_derivation(busy: World, browser_of: SignIn) -> None:
    client = browser_of(busy.fay)
    assert f"/trail/wip/?project={busy.atlas.pk}" in text(client, "/trail/wip/")
    item = OpenItem.objects.get(project_id=busy.atlas.pk)
    assert f"/trail/item/{item.pk}/" in text(client, f"/trail/wip/?project={busy.atlas.pk}")
    why = text(client, f"/trail/item/{item.pk}/")
    assert "Contract card, role" in why
    assert f"/time/{BillableItem.objects.get(pk=item.pk).source_id}/" in why


def test_trails_refuse_in_words(busy: World, browser_of: SignIn) -> None:
    client = browser_of(busy.fay)
    assert client.get("/trail/happiness/").status_code == 404
    assert client.get("/trail/wip/?as_of=yesterday").status_code == 422
    assert client.get("/trail/ar/?person=1").status_code == 422
    assert browser_of(busy.carl).get("/trail/revenue/").status_code == 403
    own = f"/trail/hours_worked/?person={busy.carl.person_id}"
    assert browser_of(busy.carl).get(own).status_code == 200


@pytest.mark.parametrize("name", list(CHARTS))
def test_charts_are_specs(busy: World, browser_of: SignIn, name: str) -> None:
    spec = browser_of(busy.fay).get(f"/charts/{name}/?project={busy.atlas.pk}").json()
    assert spec["$schema"].endswith("v6.json")
    assert spec["data"]["values"]


def test_profitability_over_all_projects(
    busy: World, browser_of: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = browser_of(busy.fay)
    page = text(client, "/reports/projects")
    assert "€" not in page.split("<tbody>")[1].split("</tbody>")[0]  # the head says which
    for words in ("2,920.00", "3 projects", "50.7%"):
        assert words in page
    with django_assert_max_num_queries(12):
        text(client, "/reports/projects?sort=-burn")
    assert "No project fits" in text(client, "/reports/projects?q=nothing")


def test_utilization_by_person_and_month(busy: World, browser_of: SignIn) -> None:
    page = text(browser_of(busy.fay), "/reports/utilization")
    assert "Carl Consultant" in page
    assert "Everybody" in page


def rows_of(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    lines = b"".join(answer).decode().removeprefix("\ufeff")
    return list(csv.reader(lines.splitlines()))


def test_reports_are_exported_as_they_are_seen(busy: World, browser_of: SignIn) -> None:
    client = browser_of(busy.fay)
    assert "/reports/projects/export.csv?sort=name" in text(client, "/reports/projects?sort=name")
    head, *rows = rows_of(client, "/reports/projects/export.csv?sort=name")
    assert head == [
        "Project", "Code", "Client", "Currency", "Hours", "Revenue", "Cost", "Margin", "Margin %", "WIP",
        "WIP currency", "Budget used %",
    ]  # fmt: skip
    assert [row[0] for row in rows] == ["Atlas", "Beacon", "Compass"]
    assert [row[5] for row in rows] == [
        "2920.00",
        "700.00",
        "390.00",
    ]  # 21 × 120 + 2.5 × 160; 5 × 150 − 50; 3 × 130
    head, *rows = rows_of(client, "/reports/utilization/export.csv")
    assert (head[0], head[-2:]) == ("Person", ["May 2026 %", "All %"])
    assert "Carl Consultant" in [row[0] for row in rows]
    for name in ("projects", "utilization"):
        assert client.get(f"/reports/{name}/export.xlsx").content[:2] == b"PK"
        assert client.get(f"/reports/{name}/export.pdf").status_code == 404


def test_an_export_holds_no_money_for_who_may_not_see_it(busy: World, browser_of: SignIn) -> None:
    RoleAssignment.objects.filter(user=busy.carl.user).update(role=Role.RESOURCE_MANAGER)
    head, *_ = rows_of(browser_of(busy.carl), "/reports/projects/export.csv")
    assert head == ["Project", "Code", "Client", "Currency", "Hours", "Budget used %"]


def test_the_catalogue_stands_with_its_definitions(busy: World, browser_of: SignIn) -> None:
    page = text(browser_of(busy.fay), "/reports")
    for metric in METRICS.values():
        assert metric.title in page


def test_search_finds_what_one_may_see(busy: World, browser_of: SignIn) -> None:
    found = browser_of(busy.fay).get("/search?q=atl").json()["groups"]
    assert [(group["label"], group["items"][0]["label"]) for group in found] == [
        ("Projects", "Atlas"), ("Contracts", "C-001 Atlas programme")
    ]  # fmt: skip
    labels = {group["label"] for group in browser_of(busy.cleo).get("/search?q=a").json()["groups"]}
    assert labels == {"Invoices"}
    assert browser_of(busy.fay).get("/search?q=").json() == {"groups": []}
