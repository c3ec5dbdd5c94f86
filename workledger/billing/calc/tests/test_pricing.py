"""Pricing of approved time: rounding in its scope, exact amounts."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.billing.calc.pricing import TimePiece, rounded_seconds, time_amount
from workledger.contracts.calc.terms import Rounding, RoundingScope
from workledger.kernel.rounding import TimeRounding

DAY = date(2026, 3, 2)


def pieces(*minutes: int) -> list[TimePiece]:
    return [TimePiece(number, 1, 1, DAY, 60 * each) for number, each in enumerate(minutes, start=1)]


def billed_minutes(rounding: Rounding, *minutes: int) -> int:
    return sum(rounded_seconds(pieces(*minutes), rounding).values()) // 60


@pytest.mark.parametrize(
    ("scope", "method", "step", "minutes", "billed"),
    [
        ("entry", "nearest", 15, [13], 15),
        ("entry", "nearest", 15, [7], 0),
        ("entry", "up", 15, [16], 30),
        ("entry", "down", 6, [14], 12),
        ("entry", "up", 30, [5, 5], 60),
        ("task_day", "up", 30, [5, 5], 30),
        ("task_day", "down", 15, [10, 10], 15),
        ("task_day", "down", 30, [10, 10], 0),
        ("invoice", "up", 30, [5, 5], 10),  # the invoice line rounds
        ("entry", "none", 15, [13], 13),
    ],
)
def test_billable_time_is_rounded_in_its_scope(
    scope: str, method: str, step: int, minutes: list[int], billed: int
) -> None:
    rounding = Rounding(scope=RoundingScope(scope), method=TimeRounding(method), step_minutes=step)
    assert billed_minutes(rounding, *minutes) == billed


@pytest.mark.parametrize(
    ("minutes", "rate", "amount"),
    [
        (30, "27.50", "13.75"),
        (50, "100", "83.33"),
        (30, "133.33", "66.67"),
        (15, "100.25", "25.06"),
        (0, "120", "0.00"),
    ],
)
def test_an_item_is_worth_exact_hours_times_rate(minutes: int, rate: str, amount: str) -> None:
    assert time_amount(60 * minutes, D(rate), "EUR") == D(amount)


def test_a_currency_without_cents_has_whole_amounts() -> None:
    assert time_amount(1800, D(12345), "JPY") == D(6173)  # 6,172.5 half-up


@given(
    minutes=st.lists(st.integers(0, 600), min_size=1, max_size=12),
    step=st.sampled_from([1, 6, 15, 30, 60]),
    method=st.sampled_from(list(TimeRounding)),
)
def test_a_days_rounding_is_a_multiple_and_takes_no_entry_below_zero(
    minutes: list[int], step: int, method: TimeRounding
) -> None:
    rounding = Rounding(scope=RoundingScope.TASK_DAY, method=method, step_minutes=step)
    result = rounded_seconds(pieces(*minutes), rounding)
    assert min(result.values()) >= 0
    if method is not TimeRounding.NONE:
        assert sum(result.values()) % (60 * step) == 0
        assert abs(sum(result.values()) - 60 * sum(minutes)) < 60 * step
