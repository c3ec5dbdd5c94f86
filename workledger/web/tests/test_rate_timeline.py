"""Rates over time: where bars stand on the axis, and what kind they are."""

from datetime import date
from decimal import Decimal

from workledger.contracts.models import RateState
from workledger.contracts.queries import CardPage, RateStep, RateTrack
from workledger.web.rate_timeline import timeline

TODAY = date(2026, 6, 30)


def step(start: date, last: date | None, *, state: RateState = RateState.APPROVED) -> RateStep:
    holds = state == RateState.APPROVED and start <= TODAY and (last is None or last >= TODAY)
    return RateStep(1, start, last, Decimal(100), state, holds, start > TODAY, None, "", None)


def card(*steps: RateStep) -> CardPage:
    track = RateTrack(
        "Consultant", "role", "", "", "", "Consultant", (None, None, None, 1), list(steps), None, None
    )
    return CardPage(1, "Card", "entity", "Firm", None, None, 1, "EUR", [track], [])


def test_bars_stand_at_their_share_of_the_years_shown() -> None:
    drawn = timeline(card(step(date(2025, 1, 1), date(2025, 12, 31)), step(date(2026, 1, 1), None)), TODAY)
    assert [tick.year for tick in drawn.ticks] == [2025, 2026]
    first, second = drawn.lanes[0].bars
    assert (first.left, first.width, first.kind) == ("0.000%", "50.000%", "past")  # 365 of 730 days
    assert (second.left, second.width, second.kind) == ("50.000%", "50.000%", "now")
    assert drawn.now == "74.658%"  # 545 of 730 days


def test_a_proposal_stands_in_a_line_of_its_own() -> None:
    drawn = timeline(
        card(step(date(2026, 1, 1), None), step(date(2026, 9, 1), None, state=RateState.PROPOSED)), TODAY
    )
    held, proposed = drawn.lanes[0].bars
    assert (held.kind, proposed.kind) == ("now", "proposed")
    assert proposed.y > held.y
    assert drawn.lanes[0].height > proposed.y


def test_what_ended_before_the_years_shown_is_left_out() -> None:
    drawn = timeline(card(step(date(2010, 1, 1), date(2011, 12, 31)), step(date(2012, 1, 1), None)), TODAY)
    assert [bar.kind for bar in drawn.lanes[0].bars] == ["now"]
    assert drawn.ticks[0].year == 2023
