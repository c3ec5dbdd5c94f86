"""The form and list of expenses in a browser: a phone's camera, fields by category, figures that open."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from workledger.expenses.models import Expense, ExpenseReport
from workledger.testing.expenses import category, driving, spent
from workledger.testing.world import TODAY, World
from workledger.web.tests.test_time_browser import ORIGIN, Line

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(world: World, chromium_path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Carl's phone, on the day of the named world."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: TODAY)
    client = Client()
    client.force_login(world.carl.user)
    line = Line(client)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        line.share()
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce"
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(10_000)
        page.route("**/*", line.carry)
        yield page
        browser.close()
    assert complaints == []


def test_a_phone_asks_for_what_the_category_needs(world: World, phone: Page) -> None:
    category(world, "Hotel")
    driving(world)
    phone.goto(f"{ORIGIN}/expenses/new/")
    assert phone.locator("#id_photo").get_attribute("capture") == "environment"
    assert phone.locator(".camera").is_visible()
    assert phone.locator("#id_amount").is_visible()
    phone.select_option("#id_category_id", label="Mileage")
    assert phone.locator("#id_amount").is_hidden()
    phone.fill("#id_distance", "100")
    phone.fill("#id_project_id", "atl")
    phone.locator("#id_project_id-list [role=option]:visible").first.click()
    phone.get_by_role("button", name="Save", exact=True).click()
    phone.locator("#loose").wait_for()
    assert Expense.objects.get().amount == Decimal(30)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_chosen_expenses_become_a_report_and_figures_open(world: World, phone: Page) -> None:
    spent(world, "119.00", tax="19.00", vendor="Hotel Elbe")
    phone.goto(f"{ORIGIN}/expenses/")
    phone.locator("#loose .figure").click()
    phone.locator("#trail").get_by_text("Input tax").wait_for()
    phone.keyboard.press("Escape")
    phone.locator("#loose tbody [data-pick]").check()
    phone.get_by_role("button", name="Submit", exact=True).click()
    phone.locator("#report-expenses").wait_for()
    assert ExpenseReport.objects.get().state == "submitted"
