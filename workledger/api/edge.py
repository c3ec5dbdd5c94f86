"""The edge of the API: who acts, what day and what time it is."""

from datetime import date, datetime

from django.http import HttpRequest
from django.utils import timezone

from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts: what authentication put on the request."""
    actor = request.auth  # type: ignore[attr-defined]
    if not isinstance(actor, Actor):
        raise TypeError("an address without authentication has no actor")
    return actor


def require(actor: Actor, needs: tuple[Permission, ...]) -> None:
    """Refuse unless the actor holds one of these permissions; none named means any signed-in actor."""
    if needs and not any(map(actor.can, needs)):
        names = " or ".join(f"'{need}'" for need in needs)
        raise Forbidden.because(
            "forbidden",
            f"You may not read this. It needs {names}, held by you and named in the token's scopes.",
        )


def today() -> date:
    """Return the day at the edge; everything below is given its dates."""
    return timezone.localdate()


def now() -> datetime:
    """Return this moment in the zone of the firm."""
    return timezone.localtime()
