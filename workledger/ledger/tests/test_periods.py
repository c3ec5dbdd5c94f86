"""Periods move open → soft-closed → locked, in order, and back with a reason by another person."""

from datetime import date
from itertools import pairwise

import pytest

from workledger.core.access import DutyRule
from workledger.core.duties import switch_duty
from workledger.core.refusals import Forbidden, Refused
from workledger.ledger import queries
from workledger.ledger.actions import extend_periods, set_period_state
from workledger.ledger.models import Period, PeriodState
from workledger.testing.books import approved, post_now
from workledger.testing.world import Somebody, World


def codes(world: World, who: Somebody, month: int, state: PeriodState, reason: str = "") -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        set_period_state(actor=who.actor, period_id=world.period(month).pk, state=state, reason=reason)
    return refused.value.codes


def test_months_are_locked_in_order(world: World) -> None:
    assert codes(world, world.fay, 3, PeriodState.LOCKED) == ("earlier_period_open",)
    set_period_state(actor=world.fay.actor, period_id=world.period(2).pk, state=PeriodState.LOCKED, reason="")
    set_period_state(actor=world.fay.actor, period_id=world.period(3).pk, state=PeriodState.LOCKED, reason="")
    assert world.period(3).state == PeriodState.LOCKED


def test_reopening_needs_a_reason_and_another_person(world: World) -> None:
    assert codes(world, world.fay, 1, PeriodState.OPEN) == ("reason_missing", "same_person")
    set_period_state(
        actor=world.olivia.actor,
        period_id=world.period(1).pk,
        state=PeriodState.OPEN,
        reason="A missing invoice",
    )
    period = world.period(1)
    assert (period.state, period.state_changed_by_id) == (PeriodState.OPEN, world.olivia.user_id)


def test_only_the_latest_locked_month_is_reopened(world: World) -> None:
    set_period_state(actor=world.fay.actor, period_id=world.period(2).pk, state=PeriodState.LOCKED, reason="")
    assert codes(world, world.olivia, 1, PeriodState.OPEN, "Why") == ("later_period_locked",)


def test_a_firm_of_one_switches_the_rule_off_and_the_choice_is_on_record(world: World) -> None:
    switch_duty(actor=world.olivia.actor, rule=DutyRule.REOPEN_OWN_LOCK, is_on=False, reason="I work alone")
    set_period_state(
        actor=world.fay.actor, period_id=world.period(1).pk, state=PeriodState.OPEN, reason="Late"
    )
    assert world.period(1).state == PeriodState.OPEN


def test_carl_closes_nothing(world: World) -> None:
    with pytest.raises(Forbidden):
        set_period_state(
            actor=world.carl.actor, period_id=world.period(2).pk, state=PeriodState.LOCKED, reason=""
        )
    assert world.period(2).state == PeriodState.OPEN


def test_only_finance_posts_into_a_soft_closed_month(world: World) -> None:
    set_period_state(
        actor=world.fay.actor, period_id=world.period(2).pk, state=PeriodState.SOFT_CLOSED, reason=""
    )
    day = date(2026, 2, 10)
    post_now(world.fay.actor, approved(world, day, 1))
    post_now(world.pia.actor, approved(world, day, 1))
    dates = {row.date for row in queries.journal(world.fay.actor, world.book_id).rows}
    assert dates == {day, date(2026, 3, 1)}  # Pia's landed on the first open day after it


def test_extending_leaves_no_gap(world: World) -> None:
    opened = extend_periods(
        actor=world.carl.actor, book_id=world.book_id, first=date(2025, 11, 5), last=date(2027, 1, 1)
    )
    assert opened == 3  # November and December 2025, January 2027
    spans = list(Period.objects.filter(book_id=world.book_id).order_by("start").values_list("start", "end"))
    assert all(end == start for (_, end), (start, _) in pairwise(spans))


def test_the_page_offers_what_is_possible(world: World) -> None:
    rows = {row.start.month: row for row in queries.periods(world.fay.actor, world.book_id)}
    assert (rows[1].may_unlock, rows[2].may_lock, rows[3].may_lock) == (True, True, False)
    assert (rows[1].changed_by, rows[1].reason) == ("Fay Finance", "Year-end reported")
