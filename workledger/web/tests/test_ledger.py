"""The pages of the books: who sees them, and what they show."""

from collections.abc import Callable

import pytest
from django.test import Client

from workledger.ledger.models import Account, JournalEntry, Period
from workledger.testing.time import approved
from workledger.testing.world import TODAY, Somebody, World

PAGES = ("/ledger/", "/ledger/journal/", "/ledger/periods/", "/evidence/")
Browser = Callable[[Somebody], Client]


@pytest.mark.parametrize("address", PAGES)
def test_finance_reads_the_books_and_a_consultant_does_not(
    world: World, browser_of: Browser, address: str
) -> None:
    approved(world.carl, world, world.build, TODAY, "8")
    assert browser_of(world.fay).get(address).status_code == 200
    assert browser_of(world.carl).get(address).status_code == 403
    assert browser_of(world.stan).get(address).status_code == 403


def test_an_account_and_an_entry_show_what_moved(world: World, browser_of: Browser) -> None:
    approved(world.carl, world, world.build, TODAY, "8")
    fay = browser_of(world.fay)
    revenue = Account.objects.get(role="services_revenue")
    assert "960.00" in fay.get(f"/ledger/accounts/{revenue.pk}/").content.decode()
    for entry in JournalEntry.objects.all():
        assert fay.get(f"/ledger/entries/{entry.pk}/").status_code == 200


def test_another_person_opens_a_locked_month_and_says_why(world: World, browser_of: Browser) -> None:
    january = world.period(1)
    address = f"/ledger/periods/{january.pk}/state"
    locker = browser_of(world.fay).post(address, {"state": "open", "reason": "An invoice was forgotten"})
    assert locker.status_code == 422
    assert "another person reopens it" in locker.content.decode()
    other = browser_of(world.olivia).post(address, {"state": "open", "reason": "An invoice was forgotten"})
    assert other.status_code == 302
    assert Period.objects.get(pk=january.pk).state == "open"


def test_a_trail_of_evidence_opens_from_a_sample_and_a_wrong_number_is_said_beside_its_field(
    world: World, browser_of: Browser
) -> None:
    entry = approved(world.carl, world, world.build, TODAY, "8")
    fay = browser_of(world.fay)
    month = f"first={TODAY.replace(day=1)}&through={TODAY}"
    drawn = fay.get(f"/evidence/?sample=1&entity={world.entity_id}&{month}&size=5&seed=a").content.decode()
    assert f"/evidence/time/{entry.pk}/" in drawn
    assert "960.00" in fay.get(f"/evidence/time/{entry.pk}/").content.decode()
    wrong = fay.get("/evidence/?number=LP-1")
    assert wrong.status_code == 422
    assert "no invoice or credit note of that number" in wrong.content.decode()
    assert browser_of(world.carl).get(f"/evidence/time/{entry.pk}/").status_code == 403
