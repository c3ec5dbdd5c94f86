"""Money, rounding and allocation: exact, and no cent is lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.kernel.allocation import allocate
from workledger.kernel.money import CurrencyMismatchError, Money, exact, money_words, price_words
from workledger.kernel.rounding import TimeRounding, half_up, minor_units, round_amount, round_seconds

cents = st.integers(-10_000_000, 10_000_000).map(lambda number: Decimal(number) / 100)


@pytest.mark.parametrize("value", [1.5, True, float("nan")])
def test_float_and_bool_are_no_amounts(value: object) -> None:
    with pytest.raises(TypeError, match="exact number"):
        exact(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "1,5"])
def test_text_that_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        exact(text)


def test_money_adds_within_a_currency_only() -> None:
    assert Money(Decimal("1.10"), "EUR") + Money(Decimal("2.20"), "EUR") == Money(Decimal("3.30"), "EUR")
    assert Money(Decimal(3), "EUR") * Decimal("0.5") == Money(Decimal("1.5"), "EUR")
    assert -Money(Decimal(3), "EUR") < Money(Decimal(0), "EUR")
    for act in (Money.__add__, Money.__sub__, Money.__lt__):
        with pytest.raises(CurrencyMismatchError, match="EUR meets SEK"):
            act(Money(Decimal(1), "EUR"), Money(Decimal(1), "SEK"))


@pytest.mark.parametrize("code", ["eur", "EURO", ""])
def test_a_currency_is_three_capitals(code: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(Decimal(1), code)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("2.345", "EUR", "2.35"),
        ("2.344999", "EUR", "2.34"),
        ("-2.345", "EUR", "-2.35"),  # away from zero: a credit mirrors its invoice
        ("2.5", "JPY", "3"),
        ("1.2345", "KWD", "1.235"),
    ],
)
def test_half_up_at_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert str(round_amount(Decimal(amount), currency)) == rounded


@given(cents, st.integers(0, 4))
def test_rounding_mirrors(amount: Decimal, places: int) -> None:
    assert half_up(-amount, places) == -half_up(amount, places)


@pytest.mark.parametrize(
    ("seconds", "method", "step", "wanted"),
    [
        (3_650, TimeRounding.NONE, 0, 3_650),
        (3_650, TimeRounding.UP, 15, 4_500),
        (3_650, TimeRounding.DOWN, 15, 3_600),
        (4_050, TimeRounding.NEAREST, 15, 4_500),  # 67.5 minutes lie half-way between 60 and 75
        (0, TimeRounding.UP, 15, 0),
    ],
)
def test_time_comes_to_a_step(seconds: int, method: TimeRounding, step: int, wanted: int) -> None:
    assert round_seconds(seconds, method, step) == wanted


def test_a_step_is_at_least_a_minute() -> None:
    with pytest.raises(ValueError, match="at least one minute"):
        round_seconds(60, TimeRounding.UP, 0)


def test_a_hundred_by_thirds() -> None:
    parts = allocate(Decimal("100.00"), [1, 1, 1], "EUR")
    assert parts == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


@given(cents, st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_parts_sum_to_the_whole_and_no_part_is_off_by_a_cent(total: Decimal, weights: list[int]) -> None:
    parts = allocate(total, weights, "EUR")
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / sum(weights)) < Decimal("0.01")


@pytest.mark.parametrize(
    ("total", "weights"), [("0.005", [1]), ("1.00", [0, 0]), ("1.00", []), ("1.00", [2, -1])]
)
def test_what_cannot_be_allocated_is_refused(total: str, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"whole number|weights"):
        allocate(Decimal(total), weights, "EUR")


def test_currencies_have_their_own_minor_units() -> None:
    assert (minor_units("EUR"), minor_units("JPY"), minor_units("BHD")) == (2, 0, 3)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("81719.4100", "EUR", "81,719.41 EUR"), ("960.0000", "EUR", "960.00 EUR"), ("-0.005", "EUR", "-0.01 EUR"),
        ("1234567", "JPY", "1,234,567 JPY"), ("1.5", "KWD", "1.500 KWD"), ("1E+3", "EUR", "1,000.00 EUR"),
    ],
)  # fmt: skip
def test_sentences_print_amounts_in_the_minor_unit(amount: str, currency: str, words: str) -> None:
    assert money_words(Decimal(amount), currency) == words


@pytest.mark.parametrize(
    ("price", "currency", "words"),
    [("120.0000", "EUR", "120.00 EUR"), ("33.3333", "EUR", "33.3333 EUR"), ("1200", "JPY", "1,200 JPY"),
     ("120", "", "120.00")],
)  # fmt: skip
def test_a_price_keeps_its_finer_decimals(price: str, currency: str, words: str) -> None:
    assert price_words(Decimal(price), currency) == words
