"""Days as pages say them and periods keep them."""

from datetime import date, timedelta


def after(last: date | None) -> date | None:
    """Return the first day after a last day, as periods are kept."""
    return last + timedelta(days=1) if last and last < date.max else None
