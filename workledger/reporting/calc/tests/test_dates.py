"""The time before, and a year earlier."""

from datetime import date

import pytest

from workledger.reporting.calc.dates import before, year_before


@pytest.mark.parametrize(
    ("start", "end", "then", "until"),
    [
        (date(2026, 3, 1), date(2026, 4, 1), date(2026, 2, 1), date(2026, 3, 1)),
        (date(2026, 1, 1), date(2027, 1, 1), date(2025, 1, 1), date(2026, 1, 1)),
        (date(2026, 1, 1), date(2026, 4, 1), date(2025, 10, 1), date(2026, 1, 1)),
        (date(2026, 3, 10), date(2026, 3, 17), date(2026, 3, 3), date(2026, 3, 10)),
    ],
)
def test_the_time_before(start: date, end: date, then: date, until: date) -> None:
    assert before(start, end) == (then, until)


@pytest.mark.parametrize(
    ("start", "end", "then", "until"),
    [
        (date(2026, 3, 1), date(2026, 4, 1), date(2025, 3, 1), date(2025, 4, 1)),
        (date(2025, 2, 1), date(2025, 3, 1), date(2024, 2, 1), date(2024, 3, 1)),
        (date(2024, 2, 29), date(2024, 3, 1), date(2023, 2, 28), date(2023, 3, 1)),
    ],
)
def test_a_year_earlier(start: date, end: date, then: date, until: date) -> None:
    assert year_before(start, end) == (then, until)
