"""Months are calendar months, whatever the periods of the books are."""

from datetime import date

import pytest

from workledger.kernel.period import Period
from workledger.ledger.calc.periods import Pattern, PeriodKind
from workledger.ledger.laying import set_period_pattern
from workledger.ledger.models import AccountRole
from workledger.metrics.catalogue import By
from workledger.metrics.queries import value
from workledger.metrics.sums import sums
from workledger.testing.time import approve_all, book
from workledger.testing.world import World

APRIL, JULY = date(2026, 4, 1), date(2026, 7, 1)


@pytest.fixture
def worked(world: World) -> World:
    """Books in weeks from April on; hours on both sides of the ends of months and of periods."""
    weeks = Pattern(PeriodKind.WEEKS_445)
    set_period_pattern(actor=world.fay.actor, book_id=world.book_id, pattern=weeks, from_day=APRIL)
    for day, hours in (
        (date(2026, 3, 31), "1"),
        (date(2026, 4, 1), "2"),
        (date(2026, 4, 27), "3"),  # P5 begins on 26 April
        (date(2026, 4, 30), "4"),
        (date(2026, 5, 4), "5"),
        (date(2026, 6, 30), "6"),
    ):
        book(world.carl, world.build, day, hours)
    approve_all(world)
    return world


def hours(world: World, by: By, start: date | None, end: date | None) -> dict[object, int]:
    rows = sums(world.fay.actor, [AccountRole.LABOUR_COST], by=[By.MONTH, by], start=start, end=end)
    return {row.key[0]: row.seconds // 3600 for row in rows}


@pytest.mark.parametrize("by", [By.PROJECT, By.PERSON, By.TASK])
def test_hours_of_a_month_are_those_of_its_days(worked: World, by: By) -> None:
    everything = {date(2026, 3, 1): 1, APRIL: 2 + 3 + 4, date(2026, 5, 1): 5, date(2026, 6, 1): 6}
    assert hours(worked, by, None, None) == everything
    assert hours(worked, by, date(2026, 3, 1), JULY) == everything
    # From the middle of P5: the 27th is before it.
    assert hours(worked, by, date(2026, 4, 28), date(2026, 5, 31)) == {APRIL: 4, date(2026, 5, 1): 5}


def test_capacity_and_hours_meet_in_months(worked: World) -> None:
    found = value(worked.fay.actor, "utilization", period=Period(APRIL, JULY), by=[By.MONTH])
    assert [each.key[0] for each in found] == [APRIL, date(2026, 5, 1), date(2026, 6, 1)]
    assert all(part.value for each in found for part in each.parts)
