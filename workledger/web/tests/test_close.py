"""The pages of the close: who sees them, what they offer, and a period taken from open to locked."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from workledger.close.models import Reminder
from workledger.ledger.models import Period, PeriodPattern, PeriodState
from workledger.testing.time import book
from workledger.testing.world import Somebody, World

Browser = Callable[[Somebody], Client]


@pytest.fixture
def march(world: World, set_today: Callable[[date], None]) -> World:
    """The world seen on the fourth of March, with a day of Carl's in February."""
    set_today(date(2026, 3, 4))
    book(world.carl, world.build, date(2026, 2, 2), "8")
    return world


def test_finance_sees_the_close_and_a_consultant_does_not(march: World, browser_of: Browser) -> None:
    period = march.period(2)
    for address in ("/close", f"/close/{period.pk}"):
        assert browser_of(march.fay).get(address).status_code == 200
        assert browser_of(march.carl).get(address).status_code == 403


def test_the_checklist_shows_what_is_open_with_its_act(march: World, browser_of: Browser) -> None:
    shown = browser_of(march.fay).get(f"/close/{march.period(2).pk}").content.decode()
    assert "8.00 h wait for approval." in shown
    assert "Carl Consultant" in shown
    assert f"/close/{march.period(2).pk}/reminders" in shown


def test_a_reminder_stands_on_home_and_week(march: World, browser_of: Browser) -> None:
    browser_of(march.fay).post(f"/close/{march.period(2).pk}/reminders")
    assert Reminder.objects.filter(person=march.carl.person_id).count() == 1
    carl = browser_of(march.carl)
    assert "h to book" in carl.get("/").content.decode()
    assert "Fay Finance reminded you" in carl.get("/week/").content.decode()


def test_february_is_closed_by_pages(march: World, browser_of: Browser) -> None:
    fay, period = browser_of(march.fay), march.period(2)
    at = f"/close/{period.pk}"
    assert fay.post(f"{at}/start").status_code == 302
    assert fay.post(f"{at}/soft-close").status_code == 302
    assert fay.post(f"{at}/books-check").status_code == 302
    owner = {"owner_id": march.pia.user_id, "due_on": "2026-03-05", "always": "on"}
    assert fay.post(f"{at}/steps/review/owner", owner).status_code == 302
    assert fay.post(f"{at}/steps/review/sign-off", {"note": ""}).status_code == 302
    assert fay.post(f"{at}/steps/review/reopening").status_code == 302
    assert fay.post(f"{at}/steps/time_open/sign-off", {"note": ""}).status_code == 422
    assert fay.post(f"{at}/lock", {"reason": ""}).status_code == 422
    assert "steps are open" in fay.get(f"{at}/lock").content.decode()
    assert fay.post(f"{at}/lock", {"reason": "The bank asks today"}).status_code == 302
    assert march.period(2).state == PeriodState.LOCKED
    shown = fay.get(at).content.decode()
    assert "The bank asks today" in shown
    assert "open to soft-closed" in shown


def test_a_pattern_is_chosen_on_a_page(march: World, browser_of: Browser) -> None:
    fay = browser_of(march.fay)
    assert fay.get("/ledger/periods/pattern").status_code == 200
    weeks = {
        "kind": "4-4-5", "year_starts_in": "1", "week_ends_on": "5", "year_end": "last", "from_day": "2026-04-01",
    }  # fmt: skip
    assert fay.post("/ledger/periods/pattern", weeks).status_code == 302
    assert Period.objects.filter(name="P5 FY2026").exists()
    assert "the last Saturday of December" in fay.get("/ledger/periods/").content.decode()
    custom = weeks | {"kind": "custom", "from_day": "2026-04-26"}
    assert fay.post("/ledger/periods/pattern", custom).status_code == 302
    rows = {"periods.0.last_day": "2026-05-15", "periods.0.name": "Spring"}
    assert fay.get("/ledger/periods/new").status_code == 200
    assert fay.post("/ledger/periods/new", rows).status_code == 302
    assert Period.objects.filter(name="Spring").exists()
    assert PeriodPattern.objects.count() == 2
