"""The pages of accruals and revaluation."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from workledger.close.models import AccrualPolicy, PeriodEndRun
from workledger.contracts.models import RateCard
from workledger.directory.models import ExchangeRate
from workledger.ledger.actions import set_period_state
from workledger.ledger.models import PeriodState
from workledger.testing.expenses import spent, submitted
from workledger.testing.time import approved
from workledger.testing.world import TODAY, Somebody, World

Browser = Callable[[Somebody], Client]


@pytest.fixture(autouse=True)
def _today(set_today: Callable[[date], None]) -> None:
    set_today(TODAY)


def text(answer: Any) -> str:
    """The page's words without markup's line breaks."""
    return " ".join(answer.content.decode().split())


def where(world: World) -> str:
    return f"?entity={world.entity_id}&period={world.period(3).pk}"


def test_accruals_are_shown_with_their_reasons_and_posted(world: World, browser_of: Browser) -> None:
    submitted(world, [spent(world, "50.00", task_id=world.build.pk, vendor="Taxi")])
    fay, address = browser_of(world.fay), reverse("close-accruals")
    assert "Choose a period above" in text(fay.get(address))
    page = text(fay.get(address + where(world)))
    assert "Taxi of 10 March 2026 is submitted and not approved" in page
    assert "Post 2 lines" in page
    assert not PeriodEndRun.objects.exists()
    told = {"entity": world.entity_id, "period": world.period(3).pk}
    answer = fay.post(reverse("close-accruals-run"), told)
    run = PeriodEndRun.objects.get()
    assert answer["Location"] == reverse("close-period-end", args=[run.pk])
    done = text(fay.get(answer["Location"]))
    assert "Journal entry of 1 Apr 2026" in done
    assert "Post 2 lines" not in text(fay.get(address + where(world)))
    assert fay.post(reverse("close-accruals-run"), told)["Location"] == address + where(world)


def test_the_policy_is_set(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    address = f"{reverse('close-accruals-policy')}?entity={world.entity_id}"
    assert "Time that is submitted and not approved" in text(fay.get(address))
    assert fay.post(address, {"expenses": "on", "unapproved_time": "on"}).status_code == 302
    row = AccrualPolicy.objects.get()
    assert (row.accrues_expenses, row.accrues_subcontractors, row.accrues_unapproved_time) == (
        True,
        False,
        True,
    )


def test_revaluation_shows_its_arithmetic_and_what_has_no_rate(world: World, browser_of: Browser) -> None:
    world.borealis_contract.currency = "SEK"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="SEK")
    for day, rate in ((date(2026, 3, 1), "0.09"), (date(2026, 3, 31), "0.085")):
        ExchangeRate.objects.create(base="SEK", quote="EUR", day=day, rate=Decimal(rate))
    approved(world.carl, world, world.advice, date(2026, 3, 2), "10")
    fay, address = browser_of(world.fay), reverse("close-revaluation")
    page = text(fay.get(address + where(world)))
    assert "1,300.00 SEK at 0.085 is 110.50 EUR; the books have 117.00 EUR." in page
    told = {"entity": world.entity_id, "period": world.period(3).pk}
    assert fay.post(reverse("close-revaluation-run"), told).status_code == 302
    ExchangeRate.objects.all().delete()
    assert "Left out until it is mended" in text(fay.get(address + where(world)))


def test_a_closed_period_says_why_it_takes_nothing(world: World, browser_of: Browser) -> None:
    for month in (2, 3):
        set_period_state(
            actor=world.fay.actor, period_id=world.period(month).pk, state=PeriodState.LOCKED, reason="Done"
        )
    page = text(browser_of(world.fay).get(reverse("close-accruals") + where(world)))
    assert "March 2026 is locked" in page


def test_who_may_not_see_the_books_sees_nothing(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    for name in ("close-accruals", "close-revaluation"):
        assert pia.get(reverse(name)).status_code == 403
        assert pia.post(reverse(f"{name}-run")).status_code == 403


@pytest.mark.parametrize("name", ["close-accruals", "close-revaluation"])
def test_queries_do_not_grow_with_the_runs(
    world: World, browser_of: Browser, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fay = browser_of(world.fay)
    for amount in ("10.00", "20.00", "30.00"):
        submitted(world, [spent(world, amount, task_id=world.build.pk)], name=amount)
        fay.post(reverse(f"{name}-run"), {"entity": world.entity_id, "period": world.period(3).pk})
    with django_assert_max_num_queries(25):
        fay.get(f"{reverse(name)}?entity={world.entity_id}")
