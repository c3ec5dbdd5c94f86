"""Small date arithmetic that the generator shares."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The same day so many months later (or earlier), the month's last day where it is shorter."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    first = date(year, month + 1, 1)
    return first + DAY * min(day.day - 1, days_in_month(first) - 1)


def days_in_month(day: date) -> int:
    """How many days the month of this day has."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (following - day.replace(day=1)).days


def month_starts(first: date, last: date) -> Iterator[date]:
    """The first day of each month that has a day between `first` and `last`, both inclusive."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = add_months(month, 1)


def days(first: date, last: date) -> Iterator[date]:
    """Each day from `first` to `last`, both inclusive."""
    for offset in range((last - first).days + 1):
        yield first + DAY * offset


def monday_of(day: date) -> date:
    """The Monday of the week of this day."""
    return day - DAY * day.weekday()


def nth_workday(first: date, count: int, holidays: Collection[date]) -> date:
    """The `count`-th day from `first` on (which may be the first) that is no weekend and no holiday."""
    day = first
    while True:
        if day.weekday() < 5 and day not in holidays:
            count -= 1
            if count <= 0:
                return day
        day += DAY
