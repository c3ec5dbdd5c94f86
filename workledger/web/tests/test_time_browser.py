"""The week in a browser against the real addresses: typed, moved, cut off and found again."""

import mimetypes
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connections
from django.test import Client
from playwright.sync_api import Page, Route, sync_playwright

from workledger.testing.world import TODAY, World
from workledger.timesheets import actions, approval
from workledger.timesheets.models import TimeEntry, TimesheetLine

pytestmark = pytest.mark.browser
ORIGIN = "http://workledger.test"
MONDAY = date(2026, 3, 9)
H = 3600


class Line:
    """Carries the browser's requests to Django in this thread and transaction; can be cut."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.is_up = True
        self.is_slow = False
        self.held: list[Route] = []
        self.database = connections["default"]

    def share(self) -> None:
        """Have this context use the test's connection: Django keeps one a context once a loop runs in the thread."""
        connections["default"] = self.database

    def release(self) -> None:
        """Carry what a slow line has kept waiting."""
        self.is_slow = False
        while self.held:
            self.carry(self.held.pop(0))

    def carry(self, route: Route) -> None:
        request = route.request
        if self.is_slow and request.method == "POST":
            self.held.append(route)
            return
        address = request.url.removeprefix(ORIGIN)
        if address.startswith("/static/"):
            found = finders.find(address.removeprefix("/static/").split("?")[0])
            if found is None:
                route.fulfill(status=404)
                return
            kind = mimetypes.guess_type(address.split("?")[0])[0] or "text/plain"
            route.fulfill(body=Path(str(found)).read_bytes(), content_type=kind)
            return
        if not self.is_up:
            route.abort("connectionfailed")
            return
        self.share()
        headers = {name: value for name, value in request.headers.items() if name != "content-type"}
        answer = self.client.generic(
            request.method,
            address,
            request.post_data or "",
            content_type=request.headers.get("content-type", "application/octet-stream"),
            headers=headers,
        )
        if answer.status_code == 302:  # an intercepted answer cannot redirect
            answer = self.client.get(answer.headers["Location"])
        route.fulfill(
            status=answer.status_code,
            body=answer.content,
            content_type=answer.headers["Content-Type"],
            headers={"Content-Security-Policy": answer.headers.get("Content-Security-Policy", "")},
        )


@pytest.fixture
def line(world: World, monkeypatch: pytest.MonkeyPatch) -> Line:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread
    client = Client()
    client.force_login(world.carl.user)
    return Line(client)


@pytest.fixture
def page(line: Line, chromium_path: str) -> Iterator[Page]:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        line.share()
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda told: complaints.append(told.text) if "Security Policy" in told.text else None
        )
        page.set_default_timeout(10_000)
        page.route("**/*", line.carry)
        yield page
        browser.close()
    assert complaints == []


def book(world: World, hours: float = 2) -> None:
    for task in (world.build, world.travel):
        actions.save_cell(
            actor=world.carl.actor,
            person_id=world.carl.person_id,
            task_id=task.pk,
            day=MONDAY,
            worked_seconds=int(hours * H),
            on=TODAY,
        )


def cell(page: Page, task_id: int, day: int) -> Any:
    return page.locator(f'[data-cell][data-line="{task_id}"][data-date="2026-03-{day:02d}"]')


def saved(page: Page) -> None:
    page.locator("[data-grid-state][data-state=saved]").wait_for()


def test_hours_are_typed_three_ways_and_stand_in_the_database(world: World, page: Page) -> None:
    book(world)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    cell(page, world.build.pk, 10).locator("input").focus()
    for text in ("1.5", "1:30", "90m"):
        page.keyboard.type(text)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    saved(page)
    rows = TimeEntry.objects.filter(task=world.build, work_date__gt=MONDAY).order_by("work_date")
    assert list(rows.values_list("work_date__day", "worked_seconds")) == [(10, 5400), (11, 5400), (12, 5400)]
    assert page.locator(f'[data-row-total="{world.build.pk}"]').inner_text() == "6.50"  # 2 + 3 × 1.5
    assert page.evaluate("document.activeElement.parentElement.dataset.line") == str(world.travel.pk)


def test_what_is_typed_offline_is_sent_when_the_line_is_back(world: World, page: Page, line: Line) -> None:
    book(world)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    line.is_up = False
    cell(page, world.build.pk, 9).locator("input").focus()
    page.keyboard.type("7.5")
    page.keyboard.press("Tab")
    page.locator("[data-grid-state][data-state=offline]").wait_for()
    assert TimeEntry.objects.get(task=world.build).worked_seconds == 2 * H
    line.is_up = True
    page.goto(f"{ORIGIN}/week/2026-03-09/")  # the page was closed meanwhile
    saved(page)
    assert cell(page, world.build.pk, 9).locator("input").input_value() == "7.50"
    assert TimeEntry.objects.get(task=world.build).worked_seconds == 27000


def test_a_refusal_stands_beside_its_cell(world: World, page: Page) -> None:
    book(world, 10)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    cell(page, world.travel.pk, 9).locator("input").focus()
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    page.locator("[data-grid-state][data-state=refused]").wait_for()
    assert page.locator("[data-grid-message]").inner_text().startswith("That makes 30.00 h on Mon 9 Mar.")
    assert TimeEntry.objects.get(task=world.travel).worked_seconds == 10 * H


def test_a_row_is_added_by_search_and_keeps_its_note(world: World, page: Page) -> None:
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    page.get_by_role("combobox", name="Add a task").fill("beacon rev")
    page.get_by_role("option", name="Review").click()
    page.keyboard.type("3")
    page.keyboard.press("n")
    page.keyboard.type("Read the contracts")
    page.keyboard.press("Control+Enter")
    saved(page)
    assert written() == [(world.review.pk, 3 * H, "Read the contracts")]


def written() -> list[tuple[int, int, str]]:
    rows = TimeEntry.objects.order_by("task_id", "work_date")
    return list(rows.values_list("task_id", "worked_seconds", "note"))


def test_a_note_waits_behind_the_hours_of_its_cell(world: World, page: Page, line: Line) -> None:
    book(world)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    line.is_slow = True
    cell(page, world.build.pk, 9).locator("input").focus()
    page.keyboard.type("3")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    page.keyboard.type("Read the contracts")
    page.keyboard.press("Control+Enter")
    page.locator("[data-grid-state][data-state=saving]").wait_for()
    assert len(line.held) == 1  # the hours; the note is sent when they are in
    line.release()
    saved(page)
    assert (world.build.pk, 3 * H, "Read the contracts") in written()


def test_a_note_is_kept_when_another_is_opened_at_once_or_the_page_is_left(world: World, page: Page) -> None:
    book(world)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    cell(page, world.build.pk, 9).locator("input").focus()
    page.keyboard.press("n")
    page.keyboard.type("Build it")
    cell(page, world.travel.pk, 9).locator("[data-note-open]").evaluate("button => button.click()")
    page.keyboard.type("Go there")
    page.goto(f"{ORIGIN}/week/2026-03-02/")
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    saved(page)
    assert written() == [(world.build.pk, 2 * H, "Build it"), (world.travel.pk, 2 * H, "Go there")]


def test_a_note_leaves_the_hours_to_the_second(world: World, page: Page) -> None:
    book(world, 1 / 3)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    cell(page, world.build.pk, 9).locator("input").focus()  # it shows 0.33
    page.keyboard.press("n")
    page.keyboard.type("Twenty minutes")
    page.keyboard.press("Control+Enter")
    saved(page)
    assert (world.build.pk, H // 3, "Twenty minutes") in written()


def test_an_approved_row_explains_itself_and_opens(world: World, page: Page) -> None:
    book(world)
    actions.submit_week(actor=world.carl.actor, person_id=world.carl.person_id, monday=MONDAY)
    ids = list(TimesheetLine.objects.values_list("pk", flat=True))
    approval.approve_lines(actor=world.pia.actor, line_ids=ids)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    cell(page, world.build.pk, 9).locator("input").focus()
    assert page.locator("[data-grid-message]").inner_text().startswith("Approved by Pia Lead on ")
    page.locator(f'a.figure[data-row-total="{world.build.pk}"]').click()
    page.locator("#trail").get_by_role("heading", name="Build, 9 Mar 2026").wait_for()


def test_the_week_is_submitted_and_undone(world: World, page: Page) -> None:
    book(world)
    page.goto(f"{ORIGIN}/week/2026-03-09/")
    page.get_by_role("button", name="Submit week").click()
    page.get_by_text("Submitted 4.00 h for approval.").wait_for()
    assert set(TimesheetLine.objects.values_list("state", flat=True)) == {"submitted"}
