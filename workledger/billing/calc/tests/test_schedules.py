"""Days on which scheduled bill runs are due."""

from datetime import date

import pytest

from workledger.billing.calc.schedules import latest_due


@pytest.mark.parametrize(
    ("every", "day", "today", "on", "through"),
    [
        ("month_end", 1, date(2024, 2, 29), date(2024, 2, 29), date(2024, 2, 29)),
        ("month_end", 1, date(2024, 2, 28), date(2024, 1, 31), date(2024, 1, 31)),
        ("month", 3, date(2026, 3, 3), date(2026, 3, 3), date(2026, 2, 28)),
        ("month", 28, date(2026, 3, 3), date(2026, 2, 28), date(2026, 1, 31)),
        ("month", 5, date(2026, 1, 4), date(2025, 12, 5), date(2025, 11, 30)),
        ("week", 1, date(2026, 3, 4), date(2026, 3, 2), date(2026, 3, 1)),
        ("week", 5, date(2026, 3, 5), date(2026, 2, 27), date(2026, 2, 22)),
        ("week", 7, date(2026, 3, 8), date(2026, 3, 8), date(2026, 3, 1)),
    ],
)
def test_the_last_due_run(every: str, day: int, today: date, on: date, through: date) -> None:
    assert latest_due(every, day, today) == (on, through)
