"""Due dates and early-payment discounts."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.calc.dues import Due, Terms, due, tax_part

FEB_10 = date(2028, 2, 10)  # a leap year


@pytest.mark.parametrize(
    ("terms", "found"),
    [
        (Terms(30), Due(date(2028, 3, 11))),
        (Terms(0), Due(FEB_10)),
        (Terms(0, is_end_of_month=True), Due(date(2028, 2, 29))),
        (Terms(45, is_end_of_month=True), Due(date(2028, 4, 14))),
        (
            Terms(30, discount_percent=D(2), discount_days=10),
            Due(date(2028, 3, 11), D("22.85"), date(2028, 2, 20)),
        ),
        (Terms(30, discount_percent=D(2)), Due(date(2028, 3, 11))),
    ],
)
def test_due(terms: Terms, found: Due) -> None:
    assert due(terms, FEB_10, D("1142.40"), "EUR") == found  # 2 % are 22.848


def test_nothing_is_saved_on_what_asks_for_nothing() -> None:
    assert due(Terms(30, False, D(2), 10), FEB_10, D(0), "EUR").discount_until is None
    assert tax_part(D(1), D(0), D(0), "EUR") == D(0)


def test_the_tax_within_a_discount() -> None:
    assert tax_part(D("22.85"), D("1142.40"), D("182.40"), "EUR") == D("3.65")  # 3.648
