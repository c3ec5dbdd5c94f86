"""What an expense comes to."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.expenses.calc.amounts import DatedRate, booked, mileage, per_diem, rate_on

D = Decimal
JANUARY = DatedRate(date(2026, 1, 1), D("0.30"))
APRIL = DatedRate(date(2026, 4, 1), D("0.38"))


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), JANUARY),
        (date(2026, 3, 31), JANUARY),
        (date(2026, 4, 1), APRIL),
        (date(2030, 1, 1), APRIL),
    ],
)
def test_the_rate_that_began_last_holds(day: date, rate: DatedRate | None) -> None:
    assert rate_on([APRIL, JANUARY], day) == rate


@pytest.mark.parametrize(
    ("distance", "rate", "currency", "amount"),
    [
        ("100", "0.30", "EUR", "30.00"),
        ("12.5", "0.30", "EUR", "3.75"),
        ("33.35", "0.30", "EUR", "10.01"),  # 10.005, half-up
        ("10.5", "22.5", "JPY", "236"),  # 236.25
    ],
)
def test_mileage_is_distance_times_rate_half_up(distance: str, rate: str, currency: str, amount: str) -> None:
    assert mileage(D(distance), D(rate), currency) == D(amount)


@pytest.mark.parametrize(
    ("full", "partial", "amount"), [(1, 2, "56.00"), (0, 1, "14.00"), (3, 0, "84.00"), (0, 0, "0.00")]
)
def test_per_diem_pays_whole_and_partial_days(full: int, partial: int, amount: str) -> None:
    rate = DatedRate(date(2026, 1, 1), D(28), D(14))
    assert per_diem(full, partial, rate, "EUR") == D(amount)


def test_tax_that_is_reclaimed_is_no_cost() -> None:
    got = booked(D(119), D(19), exchange_rate=D(1), currency="EUR", reclaims_tax=True)
    assert (got.gross, got.input_tax, got.net) == (D(119), D(19), D(100))


def test_tax_that_is_not_reclaimed_is_cost() -> None:
    got = booked(D(119), D(19), exchange_rate=D(1), currency="EUR", reclaims_tax=False)
    assert (got.input_tax, got.net) == (D(0), D(119))


def test_gross_and_tax_are_converted_and_rounded_each() -> None:
    # 100.10 × 0.9137 = 91.46137, 15.98 × 0.9137 = 14.600926; the net is what is left
    got = booked(D("100.10"), D("15.98"), exchange_rate=D("0.9137"), currency="EUR", reclaims_tax=True)
    assert (got.gross, got.input_tax, got.net) == (D("91.46"), D("14.60"), D("76.86"))
