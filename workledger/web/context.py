"""What every page's frame needs, given to the templates."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from workledger.core.access import Permission
from workledger.web import navigation


def _may(request: HttpRequest) -> navigation.May:
    actor = getattr(request, "actor", None)
    if actor is None:
        return lambda _permission: False

    def may(permission: Permission) -> bool:
        return bool(actor.can(permission))

    return may


def address(name: str) -> str:
    """Return the address of a page, or '' when the installation has none of that name."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give `rail` (groups by permission) and `shell` (addresses of search, timer, inbox); made only when used."""
    match = getattr(request, "resolver_match", None)
    url_name = match.url_name or "" if match else ""
    return {
        "rail": SimpleLazyObject(lambda: navigation.rail(_may(request), url_name)),
        "shell": SimpleLazyObject(
            lambda: {"search_url": address("search"), "timer_url": address("timer"), "inbox_url": address("inbox")}
        ),
    }
