"""From a timer's start and stop to the time it books."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Booked:
    """Time of one day: from `started_at` for `seconds`, whole minutes."""

    day: date
    started_at: time
    seconds: int


def booked_time(start: datetime, stop: datetime) -> tuple[Booked, ...]:
    """Return the time between two moments, rounded half-up to the minute, one piece per day of `stop`'s zone.

    Less than half a minute books nothing. Both moments carry a zone, else ValueError; a stop before the start
    is a ValueError too.
    """
    if start.tzinfo is None or stop.tzinfo is None:
        raise ValueError("a timer's moments carry a zone")
    if stop < start:
        raise ValueError(f"a timer stops after it starts: {start} to {stop}")
    zone = stop.tzinfo
    passed = stop.timestamp() - start.timestamp()  # a difference within one zone would miss its clock changes
    left = int((passed + _MINUTE // 2) // _MINUTE) * _MINUTE
    local = start.astimezone(zone).replace(second=0, microsecond=0)
    found = []
    while left > 0:
        midnight = datetime.combine(local.date() + timedelta(days=1), time(), zone)
        seconds = min(left, int(midnight.timestamp() - local.timestamp()))
        found.append(Booked(local.date(), local.time(), seconds))
        left -= seconds
        local = midnight
    return tuple(found)
