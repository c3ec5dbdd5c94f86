"""Pages of the financial reports: what they show, what a figure opens, who sees them, and their files."""

import io
import re
from collections.abc import Callable
from datetime import date
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from workledger.contracts.models import RevenueMethod
from workledger.reporting.catalogue import REPORTS
from workledger.testing.reported import Told, tell
from workledger.testing.revenue import fixed_contract, run
from workledger.testing.world import Somebody, World

Browser = Callable[[Somebody], Client]
TIME = {"from": "1.2.2026", "through": "31.3.2026"}


@pytest.fixture
def told(world: World, set_today: Callable[[date], None]) -> Told:
    set_today(date(2026, 4, 16))
    return tell(world)


@pytest.fixture
def fay(told: Told, browser_of: Browser) -> Client:
    return browser_of(told.world.fay)


def shown(client: Client, address: str, **asked: str) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return unescape(answer.content.decode())


def figures_of(html: str) -> list[tuple[str, str]]:
    """Address and text of each figure in a table."""
    return re.findall(r'<a class="figure" href="(/ledger/reports/postings[^"]*)"[^>]*>([^<]*)</a>', html)


@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_opens_what_it_sums(fay: Client, name: str) -> None:
    html = shown(fay, f"/ledger/reports/{name}", **TIME)
    figures = figures_of(html)
    assert figures
    assert "it does not" not in html
    for address, text in figures:
        assert f">{text.strip('()€')}" in shown(fay, address).replace("€", "").replace("(", "")


def test_late_work_moves_between_posted_and_earned(fay: Client) -> None:
    posted = shown(fay, "/ledger/reports/revenue", **TIME)
    assert "4,012.00" in posted
    assert "4,879.00" in posted
    earned = shown(fay, "/ledger/reports/revenue", **TIME, basis="earned")
    assert "4,492.00" in earned
    assert "4,399.00" in earned
    february = {"from": "1.2.2026", "through": "28.2.2026"}
    assert "Earned in this time, posted outside it" in shown(
        fay, "/ledger/reports/revenue", **february, basis="earned"
    )


def test_as_believed_on_a_past_day(fay: Client) -> None:
    html = shown(fay, "/ledger/reports/contract-positions", **TIME, known_on="10.3.2026")
    assert "4,492.00" in html
    assert "Recorded after that day" in html


def test_revenue_of_a_person_says_what_is_by_hours(told: Told, fay: Client) -> None:
    html = shown(fay, "/ledger/reports/revenue", **TIME, by="person", by2="alone")
    address = next(address for address, text in figures_of(html) if text == "1,575.00")
    opened = shown(fay, address)
    assert "3,100.00" in opened  # what was divided
    assert "775.00" in opened  # Pia's 2 of 8 hours
    assert "800.00" in opened  # what she has of her own
    panel = fay.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "2.00 of 8.00 h" in panel


def test_files_hold_plain_figures(fay: Client) -> None:
    lines = fay.get("/ledger/reports/revenue/export.csv", TIME).getvalue()
    assert lines.decode("utf-8-sig").splitlines()[-1] == "total,Total,,4012.00,4879.00,8891.00"
    answer = fay.get("/ledger/reports/balance-sheet/export.xlsx", TIME)
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert [cell.value for cell in sheet[sheet.max_row]][1] == "Liabilities and equity"


def test_who_sees_which(told: Told, browser_of: Browser) -> None:
    pia, carl = browser_of(told.world.pia), browser_of(told.world.carl)
    assert "Balance sheet" not in shown(pia, "/ledger/reports")
    assert pia.get("/ledger/reports/balance-sheet").status_code == 403
    assert pia.get("/ledger/reports/gross-margin").status_code == 200
    assert carl.get("/ledger/reports").status_code == 403
    assert carl.get("/ledger/reports/postings?entity=1").status_code == 403


def test_figures_that_are_none_are_said(told: Told, fay: Client) -> None:
    entity = told.world.entity_id
    for bad in (
        "entity=x",
        f"entity={entity}&where=colour:1",
        f"entity={entity}&start=soon",
        f"entity={entity}&cursor=x",
    ):
        assert fay.get(f"/ledger/reports/postings?accounts=1&{bad}").status_code == 422, bad
    assert fay.get("/ledger/reports/nothing").status_code == 404
    assert fay.get("/ledger/reports/revenue/export.pdf").status_code == 404
    assert fay.get("/ledger/reports/revenue?from=someday").status_code == 422


@pytest.mark.parametrize("name", REPORTS)
def test_more_rows_ask_no_more_queries(told: Told, fay: Client, name: str) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(fay, f"/ledger/reports/{name}", **TIME)
        return len(captured)

    before = asked()
    fixed_contract(told.world, RevenueMethod.STRAIGHT_LINE, name="More")
    run(told.world, 3)
    assert asked() <= before
