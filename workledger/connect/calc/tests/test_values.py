"""Cells: what people write, and that nothing is guessed."""

import contextlib
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.connect.calc.values import (
    CellError,
    DateOrder,
    DecimalMark,
    Memo,
    clean_text,
    date_evidence,
    decimal_mark_shown,
    implied_rate,
    parse_clock,
    parse_currency,
    parse_date,
    parse_decimal,
    parse_duration,
    parse_flag,
)

DATES = st.dates(date(1970, 1, 1), date(2200, 12, 31))
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("2.000,0", None, "2000.0"),
        ("2,000.0", None, "2000.0"),
        ("20,0", None, "20.0"),
        ("1.234.567", None, "1234567"),
        ("1,234,567.89", ",", "1234567.89"),
        ("1.500", ".", "1.500"),
        ("1.500", ",", "1500"),
        ("1,500", ",", "1.500"),
        ("1,500", ".", "1500"),
        ("1,500", None, "1500"),
        ("1 234,50", None, "1234.50"),
        ("1'234.50", None, "1234.50"),
        ("€ 20,00", None, "20.00"),
        ("20.00 EUR", None, "20.00"),
        ("\u22123,5", None, "-3.5"),
        (".5", None, "0.5"),
        ("0,500", None, "0.500"),
    ],
)
def test_numbers_in_both_styles(text: str, mark: DecimalMark | None, value: str) -> None:
    assert parse_decimal(text, mark=mark) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "abc", "1.2.3", "1,23,456.0", "1e5", "NaN", "--1", "1-", "12.34,56.7", "٣"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="is not a number"):
        parse_decimal(text)


@given(AMOUNTS)
def test_every_amount_reads_back_in_both_styles(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_decimal(english) == parse_decimal(german) == amount
    assert decimal_mark_shown(english) == "."
    assert decimal_mark_shown(german) == ","


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("01:00:01", 3601),
        ("1:30", 5400),
        ("1.5", 5400),
        ("1,5", 5400),
        ("90m", 5400),
        ("1h 30m", 5400),
        ("1 Std. 30 Minuten", 5400),
        ("45s", 45),
        ("0.01", 36),
        ("1,500", 5400),
        (" 0 ", 0),
        ("00:00:00", 0),
        ("24:00", 86400),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == (seconds, False)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0.333", 1199), ("0.0001", 0), ("0,00125", 5), ("0:00:01.5", 2)]
)
def test_parts_of_a_second_round_half_up_and_say_so(text: str, seconds: int) -> None:
    assert parse_duration(text) == (seconds, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("-1:30", "is negative"),
        ("\u22120.5", "is negative"),
        ("1:75", "more than 59 minutes"),
        ("24:00:01", "longer than 24 hours"),
        ("25", "longer than 24 hours"),
        ("soon", "is not a duration"),
        ("", "is not a duration"),
        (".", "is not a duration"),
        ("1.2.3", "is not a duration"),
    ],
)
def test_durations_refused(text: str, reason: str) -> None:
    with pytest.raises(CellError, match=reason):
        parse_duration(text)


@given(st.integers(0, 86400))
def test_every_second_of_a_day_reads_back(seconds: int) -> None:
    clock = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    assert parse_duration(clock) == (seconds, False)
    assert parse_duration(f"{seconds}s") == (seconds, False)


@given(st.integers(0, 2400))
def test_hundredths_of_an_hour_are_whole_seconds(hundredths: int) -> None:
    hours = f"{hundredths // 100}.{hundredths % 100:02}"
    assert parse_duration(hours) == parse_duration(hours.replace(".", ",")) == (hundredths * 36, False)


@given(DATES)
def test_every_date_reads_back_in_every_form(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day.day:02}.{day.month:02}.{day.year}") == day
    assert parse_date(f"{day.day}/{day.month}/{day.year}", order="day_first") == day
    assert parse_date(f"{day.month:02}-{day.day:02}-{day.year}", order="month_first") == day
    assert parse_date(f"{day.isoformat()}T23:59:00Z") == day


@given(DATES)
def test_a_date_without_a_stated_order_is_right_or_refused(day: date) -> None:
    text = f"{day.month}/{day.day}/{day.year}"
    if day.day > 12 or day.day == day.month:
        assert parse_date(text) == day
    else:
        with pytest.raises(CellError, match="two ways"):
            parse_date(text)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("4 Mar 2024", None, date(2024, 3, 4)),
        ("04. März 2024", None, date(2024, 3, 4)),
        ("Mar 4, 2024", None, date(2024, 3, 4)),
        ("3/4/24", "month_first", date(2024, 3, 4)),
        ("2024/03/04", None, date(2024, 3, 4)),
    ],
)
def test_other_dates(text: str, order: DateOrder | None, day: date) -> None:
    assert parse_date(text, order=order) == day


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2023-02-29", "does not exist"),
        ("04/13/2024", "does not exist with the day first"),
        ("0000-01-01", "does not exist"),
        ("4 Foo 2024", "does not exist"),
        ("tomorrow", "is not one"),
        ("", "no date"),
    ],
)
def test_dates_refused(text: str, reason: str) -> None:
    with pytest.raises(CellError, match=reason):
        parse_date(text, order="day_first")


def test_evidence_of_one_date() -> None:
    assert date_evidence("13/04/2024") == (True, "day_first")
    assert date_evidence("04/13/2024") == (True, "month_first")
    assert date_evidence("04/03/2024") == (True, None)
    assert date_evidence("04.03.2024") == (False, None)
    assert date_evidence("2024-03-04") == (False, None)
    assert date_evidence("13/13/2024") is None
    assert date_evidence("Total") is None


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("10:23:52 AM", time(10, 23, 52)),
        ("12:05 am", time(0, 5)),
        ("12:05 p.m.", time(12, 5)),
        ("11:23:01PM", time(23, 23, 1)),
        ("9 am", time(9)),
        ("22:15", time(22, 15)),
        ("2024-03-04 10:23", time(10, 23)),
        ("2024-03-04T10:23:52Z", time(10, 23, 52)),
    ],
)
def test_clocks(text: str, clock: time) -> None:
    assert parse_clock(text) == clock


@given(st.integers(0, 86399))
def test_every_time_reads_back_with_both_clocks(second: int) -> None:
    clock = time(second // 3600, second // 60 % 60, second % 60)
    assert parse_clock(f"{clock:%H:%M:%S}") == parse_clock(f"{clock:%I:%M:%S %p}") == clock


@pytest.mark.parametrize("text", ["25:00", "13:00 PM", "0:30 AM", "10:60", "noon", "10"])
def test_clocks_refused(text: str) -> None:
    with pytest.raises(CellError, match="is not a time of day"):
        parse_clock(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (parse_decimal, parse_duration, parse_date, parse_clock, parse_currency):
        with contextlib.suppress(CellError):
            assert reader(text) is not None


def test_flags_and_currencies() -> None:
    assert [parse_flag(word, what="billable") for word in ("Yes", "ja", "1", "No", "NEIN", "いいえ")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    with pytest.raises(CellError, match="billable “maybe” is neither yes nor no"):
        parse_flag("maybe", what="billable")
    assert [parse_currency(text) for text in ("EUR", "eur", "Euro - EUR", "US Dollar (USD)"[:-1])] == [
        "EUR",
        "EUR",
        "EUR",
        "USD",
    ]
    with pytest.raises(CellError, match="three-letter"):
        parse_currency("€")


@given(st.integers(1, 50_000), st.integers(1, 96))
def test_the_implied_rate_gives_the_amount_back(rate_in_cents: int, quarters: int) -> None:
    amount = (Decimal(rate_in_cents) / 100 * quarters / 4).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    rate = implied_rate(amount, quarters * 900)
    if quarters >= 4:
        assert rate is not None
    if rate is not None:
        assert (rate * quarters / 4).quantize(Decimal("0.01"), "ROUND_HALF_UP") == amount


def test_the_implied_rate_is_the_plainest() -> None:
    assert implied_rate(Decimal("111.11"), 3601) == Decimal("111.08")  # 111.1 would give 111.13
    assert implied_rate(Decimal("33.33"), 1200) == Decimal("100")  # 99.99 is exact, and less likely
    assert implied_rate(Decimal("10"), 0) is None


def test_a_memo_stays_bounded() -> None:
    memo: Memo[int, timedelta] = Memo(timedelta, limit=10)
    for n in range(1000):
        assert memo[n] == timedelta(n)
        assert len(memo) <= 10


def test_text_loses_only_what_cannot_be_kept() -> None:
    assert clean_text(" a\r\nb\rc\0 🚀 ") == "a\nb\nc 🚀"
