"""When scheduled bill runs are due, and up to which day they bill."""

from datetime import date, timedelta
from typing import NamedTuple

_DAY = timedelta(days=1)


class DueRun(NamedTuple):
    """A bill run that is due on a day, for work up to and including `through`."""

    on: date
    through: date


def latest_due(every: str, day: int, today: date) -> DueRun:
    """Return the last run that was due by a day: 'month_end', 'month' (day 1 to 28) or 'week' (1 is Monday)."""
    if every == "week":
        on = today - timedelta(days=(today.isoweekday() - day) % 7)
        return DueRun(on, on - timedelta(days=on.isoweekday()))
    first = today.replace(day=1)
    if every == "month_end":
        next_month = (first + timedelta(days=32)).replace(day=1)
        on = today if today + _DAY == next_month else first - _DAY
        return DueRun(on, on)
    on = today.replace(day=day) if today.day >= day else (first - _DAY).replace(day=day)
    return DueRun(on, on.replace(day=1) - _DAY)
