"""Ageing by days past due."""

from datetime import date, timedelta

import pytest

from workledger.receivables.calc.ageing import BUCKETS, bucket_of

DUE = date(2028, 2, 29)


@pytest.mark.parametrize(
    ("days", "key"),
    [
        (-5, "current"), (0, "current"), (1, "d30"), (30, "d30"), (31, "d60"), (60, "d60"), (61, "d90"), (90, "d90"),
        (91, "older"), (800, "older"),
    ],
)  # fmt: skip
def test_the_bucket_follows_from_the_days_past_due(days: int, key: str) -> None:
    assert BUCKETS[bucket_of(DUE, DUE + timedelta(days=days))].key == key
