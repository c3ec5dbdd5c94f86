"""Pages of the forecast: months, why, versions, the bridge, backlog, deferred revenue, files."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workledger.contracts.models import ContractLine, RevenueMethod
from workledger.forecast.models import ForecastVersion
from workledger.testing.revenue import fixed_contract, obligation_of, run
from workledger.testing.time import approved
from workledger.testing.world import TODAY, Somebody, World

Browser = Callable[[Somebody], Client]


@pytest.fixture(autouse=True)
def _today(set_today: Callable[[date], None]) -> None:
    set_today(TODAY)


@pytest.fixture
def fay(world: World, browser_of: Browser) -> Client:
    return browser_of(world.fay)


@pytest.fixture
def line(world: World) -> ContractLine:
    found = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    approved(world.carl, world, world.build, date(2026, 2, 10), "8")
    run(world, 2)
    return found


def page(client: Client, name: str, *args: object, **asked: object) -> str:
    answer = client.get(reverse(name, args=args), asked)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


def test_months_stand_by_client_contract_and_kind(line: ContractLine, fay: Client) -> None:
    shown = page(fay, "forecast", as_of="28.2.2026")
    assert "Build" in shown
    assert "3,100" in shown  # March
    assert "18,100" in shown
    assert "What is still to come, and how sure is it?" in shown
    assert reverse("forecast-why", args=[line.contract_id]) in shown


def test_why_says_what_each_month_rests_on(line: ContractLine, fay: Client) -> None:
    shown = page(fay, "forecast-why", line.contract_id, key=f"o{obligation_of(line).pk}", as_of="2026-02-28")
    assert "Straight line" not in shown
    assert "Its part of the time from 01 Feb 2026 to 31 Jul 2026." in shown
    assert "Recognized" in shown
    assert fay.get(reverse("forecast-why", args=[line.contract_id]), {"key": "nothing"}).status_code == 404


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("2026-03", "3,100.00"),
        ("before-2026-03", "2,800.00"),
        ("after-2026-05", "6,100.00"),
        ("undated", "\N{EN DASH}"),
    ],
)
def test_why_opens_what_the_figure_is(line: ContractLine, fay: Client, part: str, value: str) -> None:
    shown = page(fay, "forecast-why", line.contract_id, part=part, as_of="2026-02-28")
    assert value in shown.split('class="trail-value"')[1].split("</p>")[0]


def test_why_this_backlog(line: ContractLine, fay: Client) -> None:
    shown = page(fay, "forecast-why", line.contract_id, of="backlog", as_of="2026-02-28")
    assert "15,300.00" in shown.split('class="trail-value"')[1].split("</p>")[0]
    assert "Next twelve months" in shown


def test_a_contract_shows_its_lines_and_their_prices(world: World, line: ContractLine, fay: Client) -> None:
    assert "€18,100.00" in page(fay, "forecast-contract", line.contract_id)
    burnt = page(fay, "forecast-contract", world.acme_contract.pk)
    assert "Carried on at 960.00 EUR a month, the mean of the last month through Feb 2026" in burnt


def test_a_version_is_frozen_and_compared_with_now(world: World, line: ContractLine, fay: Client) -> None:
    answer = fay.post(
        reverse("forecast-version-new"),
        {"entity_id": world.entity_id, "name": "Budget", "as_of": "28.2.2026", "reason": "Year"},
    )
    assert answer.status_code == 302
    version = ForecastVersion.objects.get(name="Budget")
    assert "Budget" in page(fay, "forecast-versions")
    run(world, 3)
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=1_810, name="Added")
    shown = page(fay, "forecast-bridge", opening=version.pk, as_of="31.3.2026")
    assert "1,810.00" in shown
    assert "Why did the forecast move?" in shown
    step = page(fay, "forecast-bridge-step", "new", opening=version.pk, as_of="31.3.2026")
    assert "Added" in step
    frozen = page(fay, "forecast-contract", line.contract_id, version=version.pk)
    assert "As version Budget has it" in frozen
    assert fay.get(reverse("forecast-bridge-step", args=["luck"]), {"opening": version.pk}).status_code == 404


def test_a_name_that_is_taken_stands_beside_its_field(world: World, fay: Client) -> None:
    sent = {"entity_id": world.entity_id, "name": "Budget", "as_of": "28.2.2026", "reason": ""}
    fay.post(reverse("forecast-version-new"), sent)
    answer = fay.post(reverse("forecast-version-new"), sent)
    assert answer.status_code == 422
    assert "already a version Budget" in answer.content.decode()


def test_backlog_and_deferred_revenue(line: ContractLine, fay: Client) -> None:
    shown = page(fay, "forecast-backlog", as_of="28.2.2026")
    assert "15,300.00" in shown  # 18,100 less 28 days
    assert line.contract.number in shown
    assert "Nothing is deferred" in page(fay, "forecast-deferred", as_of="28.2.2026")


def test_remaining_obligations_by_chosen_bands_and_expedients(
    world: World, line: ContractLine, fay: Client
) -> None:
    ContractLine.objects.filter(pk=world.delivery.pk).update(budget_amount=Decimal(5_000))
    usual = page(fay, "revenue-remaining", as_of="31.3.2026")
    assert "12,200.00" in usual
    assert "606-10-50-14(b)" in usual
    chosen = page(fay, "revenue-remaining", as_of="31.3.2026", bands="1-2", short="out", invoiced="in")
    assert "to Apr 2026" in chosen
    assert "606-10-50-14(a)" in chosen
    assert line.contract.number in chosen
    assert "to Jun 2026" in page(fay, "revenue-remaining", as_of="31.3.2026", bands="x-0")


@pytest.mark.parametrize("report", ["forecast", "bridge", "backlog", "deferred"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_seen_is_exported(line: ContractLine, fay: Client, report: str, kind: str) -> None:
    answer = fay.get(reverse("forecast-export", args=[report, kind]), {"as_of": "2026-02-28"})
    assert answer.status_code == 200
    content = b"".join(answer) if answer.streaming else answer.content
    assert content
    if (report, kind) == ("forecast", "csv"):
        assert (
            f"{line.contract},Build,Straight line over time,2026-03-01,contracted,EUR,3100.00"
            in content.decode()
        )
    assert fay.get(reverse("forecast-export", args=["luck", kind])).status_code == 404


NAMES = [
    "forecast",
    "forecast-bridge",
    "forecast-backlog",
    "forecast-deferred",
    "forecast-versions",
    "revenue-remaining",
]


@pytest.mark.parametrize("name", NAMES)
def test_more_contracts_ask_no_more_queries(world: World, line: ContractLine, fay: Client, name: str) -> None:
    assert line.pk

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(fay, name)
        return len(captured)

    asked()
    few = asked()
    for place in range(3):
        fixed_contract(world, RevenueMethod.STRAIGHT_LINE, name=f"More {place}")
    assert asked() == few


def test_a_consultant_is_denied(world: World, browser_of: Browser) -> None:
    carl = browser_of(world.carl)
    for name in NAMES:
        assert carl.get(reverse(name)).status_code == 403
