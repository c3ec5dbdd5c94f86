"""Ageing of what is owed, in 30-day buckets from the due date."""

from datetime import date
from typing import NamedTuple


class Bucket(NamedTuple):
    """A stretch of days past due, both ends in; `last` None is open-ended."""

    key: str
    label: str
    first: int | None
    last: int | None


BUCKETS: tuple[Bucket, ...] = (
    Bucket("current", "Not due", None, 0),
    Bucket("d30", "1–30 days", 1, 30),
    Bucket("d60", "31–60 days", 31, 60),
    Bucket("d90", "61–90 days", 61, 90),
    Bucket("older", "Over 90 days", 91, None),
)


def bucket_of(due_on: date, as_of: date) -> int:
    """Return the position in `BUCKETS` of something due on a day; on the due day it is not overdue yet."""
    overdue = (as_of - due_on).days
    return 0 if overdue <= 0 else min((overdue - 1) // 30 + 1, len(BUCKETS) - 1)
