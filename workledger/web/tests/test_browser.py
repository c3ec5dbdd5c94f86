"""The behaviours in a browser: figures open, the week grid is typed into, and nothing typed is lost when the connection drops."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import ConsoleMessage, Page, Route, sync_playwright

from workledger.web.inputs import NotUnderstood, parse_hours
from workledger.web.tests import harness
from workledger.web.tests.test_inputs import HOURS, NOT_HOURS

pytestmark = pytest.mark.browser
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := which(name))), None
)
CELL = '[data-cell][data-line="{}"][data-date="2026-03-0{}"]'


class Cells:
    """Stands for the address that takes cells: keeps what was sent, and can be cut off."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.connected = True

    def take(self, route: Route) -> None:
        if not self.connected:
            route.abort("connectionfailed")
            return
        body = json.loads(route.request.post_data or "")
        self.sent.append(body)
        if body["hours"] and float(body["hours"]) > 10:
            problem = {"code": "too_long", "message": "More than 10 hours on one task.", "field": "hours"}
            route.fulfill(status=422, json={"problems": [problem]})
            return
        route.fulfill(
            json={"seconds": round(float(body["hours"] or 0) * 3600), "display": "", "state": "saved"}
        )


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        if not (CHROMIUM or Path(playwright.chromium.executable_path).exists()):
            pytest.skip("Chromium is missing: `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        browser.close()


@pytest.fixture
def cells() -> Cells:
    return Cells()


@pytest.fixture
def page(browser_page: Page, cells: Cells) -> Iterator[Page]:
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    browser_page.on("console", note)
    browser_page.on("pageerror", lambda error: complaints.append(str(error)))
    browser_page.unroute_all()
    browser_page.route("**/*", harness.serve)
    browser_page.route("**/-/patterns/cells", cells.take)
    with override_settings(ROOT_URLCONF="workledger.web.urls"):
        browser_page.goto(f"{harness.ORIGIN}/-/patterns")
        browser_page.evaluate("localStorage.clear()")
        yield browser_page
    assert complaints == []


def cell(page: Page, line: int, day: int) -> Any:
    return page.locator(CELL.format(line, day))


def test_a_figure_opens_its_trail_by_enter_and_escape_gives_the_focus_back(page: Page) -> None:
    figure = page.locator("#page a.figure", has_text="36.4%").first
    figure.focus()
    page.keyboard.press("Enter")
    trail = page.locator("#trail")
    trail.get_by_role("heading", name="Project margin").wait_for()
    assert figure.get_attribute("aria-expanded") == "true"
    trail.locator("a.figure").first.click()
    trail.get_by_role("heading", name="Carl Weber").wait_for()
    trail.get_by_role("button", name="Back").click()
    trail.get_by_role("heading", name="Project margin").wait_for()
    page.keyboard.press("Escape")
    assert trail.is_hidden()
    assert figure.evaluate("figure => figure === document.activeElement")


def test_the_keyboard_moves_and_what_is_typed_is_saved(page: Page, cells: Cells) -> None:
    cell(page, 11, 5).locator("input").focus()
    page.keyboard.type("1:30")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.parentElement.dataset.date") == "2026-03-06"
    page.keyboard.type("90m")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.dataset.line") == "12"
    page.keyboard.press("ArrowDown")
    page.keyboard.type("0,75")
    page.keyboard.press("Tab")
    page.locator("[data-grid-state][data-state=saved]").wait_for()
    assert [(body["task_id"], body["date"], body["hours"]) for body in cells.sent] == [
        (11, "2026-03-05", "1.5"), (11, "2026-03-06", "1.5"), (23, "2026-03-06", "0.75"),
    ]  # fmt: skip
    assert len({body["key"] for body in cells.sent}) == 3
    assert cell(page, 11, 5).locator("input").input_value() == "1.50"
    assert (
        page.locator('.row-total[data-row-total="11"]').inner_text() == "17.75"
    )  # 6 + 5.5 + 3.25 + 1.5 + 1.5
    assert page.locator("[data-week-total]").inner_text() == "26.25"  # 22.5 + 1.5 + 1.5 + 0.75


def test_a_refused_cell_keeps_what_was_typed_and_says_why(page: Page) -> None:
    typed = cell(page, 31, 5)
    typed.locator("input").fill("11")
    typed.locator("input").press("Enter")
    page.locator(CELL.format(31, 5) + "[data-state=refused]").wait_for()
    assert typed.locator("input").input_value() == "11.00"
    assert page.locator("[data-grid-message]").inner_text() == "More than 10 hours on one task."
    typed.locator("input").fill("1")
    typed.locator("input").press("Enter")
    page.locator(CELL.format(31, 5) + "[data-state=saved]").wait_for()


def test_what_is_no_number_is_not_sent(page: Page, cells: Cells) -> None:
    typed = cell(page, 31, 5)
    typed.locator("input").fill("later")
    typed.locator("input").blur()
    assert typed.get_attribute("data-state") == "refused"
    assert "Write hours as 1.5, 1:30 or 90m" in page.locator("[data-grid-message]").inner_text()
    assert cells.sent == []


def test_a_locked_cell_explains_itself(page: Page, cells: Cells) -> None:
    locked = cell(page, 12, 3).locator("input")
    locked.focus()
    page.keyboard.type("3")
    assert locked.input_value() == "1.50"
    assert page.locator("[data-grid-message]").inner_text().startswith("Approved by Pia Lindqvist")


def test_offline_hours_survive_a_reload_and_are_sent_once_the_connection_is_back(
    page: Page, cells: Cells
) -> None:
    cells.connected = False
    cell(page, 23, 5).locator("input").fill("2.25")
    cell(page, 23, 5).locator("input").press("Enter")
    page.locator(CELL.format(23, 5) + "[data-state=offline]").wait_for()
    assert "1 change kept on this device" in page.locator("[data-grid-state]").inner_text()
    page.reload()
    page.locator(CELL.format(23, 5) + "[data-state=offline]").wait_for()
    assert cell(page, 23, 5).locator("input").input_value() == "2.25"
    cells.connected = True
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.locator(CELL.format(23, 5) + "[data-state=saved]").wait_for()
    assert [(body["task_id"], body["hours"]) for body in cells.sent] == [(23, "2.25")]
    assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('workledger.week'))") == []


def test_a_note_is_written_by_the_letter_n(page: Page, cells: Cells) -> None:
    cell(page, 23, 2).locator("input").focus()
    page.keyboard.press("n")
    page.locator("[data-note-popover] textarea").fill("Contract test")
    page.keyboard.press("Control+Enter")
    page.locator("[data-grid-state][data-state=saved]").wait_for()
    page.wait_for_function("document.activeElement.closest('[data-cell]')?.dataset.line === '23'")
    assert [(body["note"], body["hours"]) for body in cells.sent] == [("Contract test", "2")]


def test_a_row_is_added_by_search(page: Page, cells: Cells) -> None:
    page.locator("#sample-week-add").fill("go-live")
    page.locator("#sample-week-add-list .option", has_text="Go-live support").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    page.locator("[data-grid-state][data-state=saved]").wait_for()
    assert [(body["task_id"], body["date"], body["hours"]) for body in cells.sent] == [
        (42, "2026-03-04", "4")
    ]


def test_rows_are_picked_by_space(page: Page) -> None:
    rows = page.locator("#sample-wip tbody tr:not(.group)")
    rows.first.focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ ")
    assert page.locator("form [data-selection-count]").inner_text() == "2 selected"


def test_the_palette_opens_by_its_key_and_finds_what_is_called_so(page: Page) -> None:
    found = {
        "label": "Found",
        "items": [{"label": "Grid forecasting", "hint": "Project", "url": "/-/patterns#grid"}],
    }
    page.route("**/search?*", lambda route: route.fulfill(json={"groups": [found]}))
    page.locator("#palette").evaluate("palette => { palette.dataset.url = '/search'; }")
    page.keyboard.press("Control+k")
    page.keyboard.type("grid")
    page.locator("#palette .palette-option", has_text="Grid forecasting").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/patterns#grid")


def test_browser_and_server_understand_the_same_hours(page: Page) -> None:
    texts = [text for text, _ in HOURS] + NOT_HOURS
    understood = page.evaluate(
        "async texts => { const { readHours } = await import('/static/web/js/hours.js'); return texts.map(text => { const"
        " seconds = readHours(text); return Number.isNaN(seconds) ? 'no' : seconds; }); }",
        texts,
    )

    def server(text: str) -> int | str | None:
        try:
            return parse_hours(text)
        except NotUnderstood:
            return "no"

    assert understood == [server(text) for text in texts]
