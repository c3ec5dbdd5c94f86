"""When a document is sent again after the other side did not answer."""

from datetime import timedelta

FIRST = timedelta(minutes=1)
MOST = timedelta(hours=6)
_FACTOR = 4
STALE = timedelta(minutes=5)
"""How long a document may be under way before it counts as broken off. Connectors give up well before."""


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: 1, 4, 16, 64, 256 minutes, then six hours."""
    exponent = max(attempts, 1) - 1
    return MOST if exponent > 8 else min(FIRST * _FACTOR**exponent, MOST)
