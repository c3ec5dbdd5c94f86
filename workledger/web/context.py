"""What every page's frame needs, given to the templates."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from workledger.core.access import Actor
from workledger.directory.actors import actor_for
from workledger.metrics.attention import Inbox, inbox
from workledger.web import navigation


def _actor(request: HttpRequest) -> Actor | None:
    """Return whoever is signed in; pages of other apps (sign-in, security) have no actor of their own."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    actor: Actor = getattr(request, "actor", None) or actor_for(user, "web")
    return actor


def address(name: str) -> str:
    """Return the address of a page, or '' when the installation has none of that name."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give `rail` (groups by permission) and `shell` (addresses of search, timer, inbox) and `inbox` (what waits); made only when used."""
    match = getattr(request, "resolver_match", None)
    url_name = match.url_name or "" if match else ""
    who = cache(lambda: _actor(request))
    return {
        "rail": SimpleLazyObject(lambda: navigation.rail(actor.can, url_name) if (actor := who()) else ()),
        "inbox": SimpleLazyObject(lambda: inbox(actor) if (actor := who()) else Inbox()),
        "shell": SimpleLazyObject(
            lambda: {
                "search_url": address("search"),
                "timer_url": address("timer"),
                "inbox_url": address("inbox"),
            }
        ),
    }
