"""The editor of a contract line in a browser: rows typed by keyboard, fields a choice asks for, the preview beside it."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from workledger.billing.models import Charge
from workledger.contracts.models import ContractLine
from workledger.testing.world import TODAY, World
from workledger.web.tests.test_time_browser import ORIGIN, Line

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(world: World, chromium_path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Pia's desk, on the day of the named world."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: TODAY)
    client = Client()
    client.force_login(world.pia.user)
    line = Line(client)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        line.share()
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(10_000)
        page.route("**/*", line.carry)
        yield page
        browser.close()
    assert complaints == []


def _rows(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate(
        "[...document.querySelectorAll('[data-typed-row]')].map(row => [...row.querySelectorAll('input')].map(input => input.value))"
    )
    return found


def test_tiers_are_typed_moved_and_removed_by_keyboard(world: World, desk: Page) -> None:
    desk.goto(f"{ORIGIN}/contracts/{world.acme_contract.pk}/lines/new")
    desk.get_by_role("link", name="Unit", exact=False).click()
    desk.fill("#id_name", "Cases")
    desk.fill("[name='terms.unit']", "case")
    desk.fill("[name='terms.tiers.0.price']", "5")
    for start, price in (("100", "4"), ("500", "3")):
        desk.keyboard.press("Enter")
        desk.keyboard.type(start)
        desk.keyboard.press("Tab")
        desk.keyboard.type(price)
    assert _rows(desk) == [["0", "5"], ["100", "4"], ["500", "3"]]
    desk.keyboard.press("Alt+ArrowUp")
    assert _rows(desk) == [["0", "5"], ["500", "3"], ["100", "4"]]
    desk.locator("[data-row-remove]").nth(1).click()
    assert _rows(desk) == [["0", "5"], ["100", "4"]]
    desk.get_by_text("€4.00 from 100 on").wait_for()
    desk.keyboard.press("Control+Enter")
    desk.get_by_text("Added the line.").wait_for()
    assert len(ContractLine.objects.get(name="Cases").terms["tiers"]) == 2


def test_the_preview_follows_what_is_typed_and_saves_nothing(world: World, desk: Page) -> None:
    desk.goto(f"{ORIGIN}/contracts/{world.acme_contract.pk}/lines/new?model=retainer")
    desk.get_by_text("The preview waits for this").wait_for()
    desk.fill("[name='terms.fee']", "5000")
    desk.fill("[name='terms.included_hours']", "20")
    desk.fill("[name='terms.overage_rate']", "200")
    desk.get_by_text("Up to 20 h a month for €5,000.00, then €200.00 an hour").wait_for()
    assert desk.locator(".preview-invoice").count() == 3
    desk.fill("#id_assumed_hours", "25")
    desk.get_by_text("5 h × 200.00").first.wait_for()
    assert desk.locator("[name='terms.roll_over_periods']").is_hidden()
    desk.select_option("[name='terms.unused']", "roll_over")
    assert desk.locator("[name='terms.roll_over_periods']").is_visible()
    desk.select_option("[name='ask.included']", "all")
    assert desk.locator("[name='terms.roll_over_periods']").is_hidden()
    desk.get_by_text("5,000.00 a month for all time").wait_for()
    assert not Charge.objects.exists()
    desk.set_viewport_size({"width": 390, "height": 844})
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
