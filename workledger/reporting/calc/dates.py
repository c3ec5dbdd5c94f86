"""Times to compare with: the one before, and the same a year earlier. Half-open days."""

from calendar import monthrange
from datetime import date, timedelta


def before(start: date, end: date) -> tuple[date, date]:
    """Return the time of the same length that ends where this begins: as many months where it is whole months."""
    if start.day == 1 and end.day == 1:
        months = (end.year - start.year) * 12 + end.month - start.month
        place = start.year * 12 + start.month - 1 - months
        return date(place // 12, place % 12 + 1, 1), start
    return start - (end - start), start


def year_before(start: date, end: date) -> tuple[date, date]:
    """Return the same days a year earlier; 29 February becomes the last day of that February."""
    last = end - timedelta(days=1)
    return _year_before(start), _year_before(
        last, up=last.day == monthrange(last.year, last.month)[1]
    ) + timedelta(days=1)


def _year_before(day: date, *, up: bool = False) -> date:
    longest = monthrange(day.year - 1, day.month)[1]
    return date(day.year - 1, day.month, longest if up else min(day.day, longest))
