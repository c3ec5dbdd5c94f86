"""What people type, and what it means."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.web.inputs import NotUnderstood, parse_date, parse_hours, parse_money

WEDNESDAY = date(2026, 3, 4)

HOURS = [
    ("1.5", 5400), ("1,5", 5400), ("1:30", 5400), ("90m", 5400), ("90 min", 5400), ("1h30", 5400), ("1h 30m", 5400), ("1.5h", 5400),
    (".5", 1800), (",25", 900), (":45", 2700), ("8", 28800), ("8.", 28800), ("0", 0), ("0:05", 300), ("1:5", 3900), ("24", 86400),
    ("7.33", 26388), ("1H", 3600), (" 2 ", 7200), ("20m", 1200),
]  # fmt: skip
NOT_HOURS = ["x", "1:60", "1:2:3", "-1", "24.01", "25", "1..5", "1h1h", "h", "m", "90s", "1e3", "½"]


@pytest.mark.parametrize(("text", "seconds"), HOURS)
def test_hours(text: str, seconds: int) -> None:
    assert parse_hours(text) == seconds


@pytest.mark.parametrize("text", NOT_HOURS)
def test_not_hours(text: str) -> None:
    with pytest.raises(NotUnderstood, match="Write hours as"):
        parse_hours(text)


def test_empty_is_nothing() -> None:
    assert (parse_hours(" "), parse_date("", today=WEDNESDAY), parse_money("")) == (None, None, None)


def test_a_budget_may_exceed_a_day() -> None:
    assert parse_hours("840", most_hours=100_000) == 840 * 3600


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-31", date(2026, 3, 31)), ("31.3.", date(2026, 3, 31)), ("31.3", date(2026, 3, 31)), ("31.3.27", date(2027, 3, 31)),
        ("31.03.2025", date(2025, 3, 31)), ("31/3", date(2026, 3, 31)), ("31.12.", date(2025, 12, 31)), ("29.2.", date(2027, 3, 1)),
        ("today", WEDNESDAY), ("Heute", WEDNESDAY), ("tomorrow", date(2026, 3, 5)), ("yesterday", date(2026, 3, 3)),
        ("wed", WEDNESDAY), ("fri", date(2026, 3, 6)), ("Fr", date(2026, 3, 6)), ("monday", date(2026, 3, 9)), ("last fri", date(2026, 2, 27)),
        ("last wed", date(2026, 2, 25)), ("next wed", date(2026, 3, 11)), ("next fri", date(2026, 3, 6)),
        ("+2w", date(2026, 3, 18)), ("-3d", date(2026, 3, 1)), ("+10", date(2026, 3, 14)), ("+1m", date(2026, 4, 4)), ("-1y", date(2025, 3, 4)),
        ("eom", date(2026, 3, 31)), ("3 Apr", date(2026, 4, 3)), ("3. April 2027", date(2027, 4, 3)), ("Apr 3", date(2026, 4, 3)),
        ("1. märz", date(2026, 3, 1)),
    ],
)  # fmt: skip
def test_days(text: str, day: date) -> None:
    if text == "29.2.":  # no leap year near
        with pytest.raises(NotUnderstood):
            parse_date(text, today=WEDNESDAY)
    else:
        assert parse_date(text, today=WEDNESDAY) == day


def test_a_month_on_from_the_31st_is_the_last_day() -> None:
    assert parse_date("+1m", today=date(2026, 1, 31)) == date(2026, 2, 28)


def test_american_order_is_for_slashes_only() -> None:
    assert parse_date("3/4", today=WEDNESDAY, month_first=True) == date(2026, 3, 4)
    assert parse_date("3.4.", today=WEDNESDAY, month_first=True) == date(2026, 4, 3)


@pytest.mark.parametrize(
    "text", ["soon", "32.1.", "2026-13-01", "31.4.2026", "+99999d", "+9999y", "1.2.3.4", "0.0."]
)
def test_not_days(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_date(text, today=WEDNESDAY)


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1234.50", ".", "1234.50"), ("1,234.50", ".", "1234.50"), ("1.234,50", ".", "1234.50"), ("1.234,50", ",", "1234.50"),
        ("1'234.50", ".", "1234.50"), ("1 234,5", ",", "1234.5"), ("€ 12", ".", "12"), ("12 EUR", ".", "12"), ("-5", ".", "-5"),
        ("(5.25)", ".", "-5.25"), ("−5", ".", "-5"), ("1,234", ".", "1234"), ("1.234", ",", "1234"), ("1,234,567", ".", "1234567"),
        ("0", ".", "0"), (".5", ".", "0.5"), ("12.", ".", "12"),
    ],
)  # fmt: skip
def test_money(text: str, mark: str, amount: str) -> None:
    assert parse_money(text, decimal_mark=mark) == Decimal(amount)


@pytest.mark.parametrize("text", ["one", "1.2.3", "1,23,456", "--5", "1.234.5", "€", "5 5x"])
def test_not_money(text: str) -> None:
    with pytest.raises(NotUnderstood, match="Write an amount"):
        parse_money(text)


@pytest.mark.parametrize(("text", "places"), [("1.234", 2), ("0.001", 2), ("5.5", 0)])
def test_too_exact_is_refused_not_rounded(text: str, places: int) -> None:
    with pytest.raises(NotUnderstood, match="decimal places"):
        parse_money(text, places=places)


@given(st.integers(0, 24 * 60))
def test_every_minute_of_a_day_is_understood_three_ways(minutes: int) -> None:
    hours, rest = divmod(minutes, 60)
    assert (
        parse_hours(f"{hours}:{rest:02d}")
        == parse_hours(f"{minutes}m")
        == parse_hours(f"{hours}h {rest}m")
        == minutes * 60
    )


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.dates(date(2000, 1, 2), date(2098, 12, 31)))
def test_a_whole_date_means_itself_whatever_today_is(day: date, today: date) -> None:
    assert parse_date(day.isoformat(), today=today) == parse_date(f"{day:%d.%m.%Y}", today=today) == day


@given(st.decimals("-9999999", "9999999", places=2))
def test_grouped_amounts_come_back(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate({44: ".", 46: ","})
    assert parse_money(english) == parse_money(german, decimal_mark=",") == amount


@given(st.text(max_size=12))
def test_nothing_typed_breaks_a_parser(text: str) -> None:
    for parse in (parse_hours, lambda typed: parse_date(typed, today=WEDNESDAY), parse_money):
        with suppress(NotUnderstood):
            parse(text)
