"""Books whose periods are weeks or given one by one; a change of pattern never moves what is posted."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from workledger.core.refusals import Forbidden, Refused
from workledger.ledger import laying
from workledger.ledger.actions import extend_periods, set_period_state
from workledger.ledger.calc.periods import Pattern, PeriodKind
from workledger.ledger.laying import add_periods, set_period_pattern
from workledger.ledger.models import JournalEntry, Period, PeriodState
from workledger.testing.books import approved, post_now
from workledger.testing.world import World

WEEKS = Pattern(PeriodKind.WEEKS_445)
CUSTOM = Pattern(PeriodKind.CUSTOM)
JULY = date(2026, 7, 1)


def spans(world: World) -> list[tuple[str, date, date]]:
    rows = Period.objects.filter(book_id=world.book_id).order_by("start")
    return list(rows.values_list("name", "start", "end"))


def weeks_from_july(world: World) -> None:
    set_period_pattern(actor=world.fay.actor, book_id=world.book_id, pattern=WEEKS, from_day=JULY)


def test_a_pattern_holds_from_a_day_on_without_a_gap(world: World) -> None:
    weeks_from_july(world)
    laid = spans(world)
    assert all(before[2] == after[1] for before, after in pairwise(laid))
    # FY2026 by the last Saturday starts on 28 December 2025; its seventh period is 28 June to 25 July 2026.
    assert laid[5:8] == [
        ("June 2026", date(2026, 6, 1), JULY),
        ("P7 FY2026", JULY, date(2026, 7, 26)),
        ("P8 FY2026", date(2026, 7, 26), date(2026, 8, 23)),
    ]


def test_what_an_act_needs_follows_the_pattern(world: World) -> None:
    weeks_from_july(world)
    extend_periods(
        actor=world.carl.actor, book_id=world.book_id, first=date(2027, 1, 30), last=date(2027, 1, 30)
    )
    assert spans(world)[-1] == ("P2 FY2027", date(2027, 1, 24), date(2027, 2, 21))


def test_time_lands_in_the_week_period_that_holds_its_day(world: World) -> None:
    weeks_from_july(world)
    post_now(world.fay.actor, approved(world, date(2026, 7, 26), 1))
    assert JournalEntry.objects.get().period.name == "P8 FY2026"


def test_a_closed_week_period_sends_late_work_to_the_next(world: World) -> None:
    weeks_from_july(world)
    period = Period.objects.get(book_id=world.book_id, name="P7 FY2026")
    for each in Period.objects.filter(book_id=world.book_id, start__lt=period.end).order_by("start"):
        if each.state != PeriodState.LOCKED:
            set_period_state(
                actor=world.fay.actor, period_id=each.pk, state=PeriodState.LOCKED, reason="Closed"
            )
    post_now(world.fay.actor, approved(world, date(2026, 7, 10), 1))
    assert JournalEntry.objects.get().date == date(2026, 7, 26)


def test_periods_in_use_or_closed_keep_their_days(world: World) -> None:
    post_now(world.fay.actor, approved(world, date(2026, 8, 3), 1))
    with pytest.raises(Refused) as refused:
        weeks_from_july(world)
    assert refused.value.codes == ("period_in_use",)
    with pytest.raises(Refused) as refused:
        set_period_pattern(
            actor=world.fay.actor, book_id=world.book_id, pattern=WEEKS, from_day=date(2026, 1, 1)
        )
    assert refused.value.codes == ("period_closed", "period_in_use")


def test_a_change_starts_where_a_period_starts(world: World) -> None:
    with pytest.raises(Refused) as refused:
        set_period_pattern(
            actor=world.fay.actor, book_id=world.book_id, pattern=WEEKS, from_day=JULY + timedelta(days=3)
        )
    assert refused.value.codes == ("not_a_boundary",)
    assert "1 August 2026" in str(refused.value) or "01 August 2026" in str(refused.value)
    bad = Pattern(PeriodKind.WEEKS_445, year_starts_in=13, week_ends_on=9)
    with pytest.raises(Refused) as refused:
        set_period_pattern(
            actor=world.fay.actor, book_id=world.book_id, pattern=bad, from_day=date(2031, 1, 1)
        )
    assert refused.value.codes == ("bad_month", "bad_weekday", "no_such_period")


def test_custom_periods_are_added_one_after_another(world: World) -> None:
    set_period_pattern(actor=world.fay.actor, book_id=world.book_id, pattern=CUSTOM, from_day=JULY)
    with pytest.raises(Refused) as refused:
        post_now(world.fay.actor, approved(world, JULY, 1))
    assert refused.value.codes == ("no_period_given",)
    added = add_periods(
        actor=world.fay.actor, book_id=world.book_id,
        last_days=[date(2026, 8, 15), date(2026, 9, 30)], names=["High summer"],
    )  # fmt: skip
    assert added == 2
    assert spans(world)[-2:] == [
        ("High summer", JULY, date(2026, 8, 16)),
        ("16 Aug 2026 to 30 Sep 2026", date(2026, 8, 16), date(2026, 10, 1)),
    ]
    with pytest.raises(Refused) as refused:
        add_periods(actor=world.fay.actor, book_id=world.book_id, last_days=[date(2026, 9, 30)])
    assert refused.value.codes == ("not_rising",)


def test_periods_of_a_pattern_are_not_given_by_hand(world: World) -> None:
    with pytest.raises(Refused) as refused:
        add_periods(actor=world.fay.actor, book_id=world.book_id, last_days=[])
    assert refused.value.codes == ("not_custom", "nothing_given")
    assert laying.latest_pattern(world.book_id).words == "Calendar months"


def test_carl_lays_no_periods(world: World) -> None:
    with pytest.raises(Forbidden):
        set_period_pattern(actor=world.carl.actor, book_id=world.book_id, pattern=WEEKS, from_day=JULY)
