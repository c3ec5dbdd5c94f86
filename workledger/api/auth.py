"""Who calls: the bearer of a token, or a person signed in on the same site. What neither proves is refused."""

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from workledger.api.edge import today
from workledger.core.access import Actor, Permission
from workledger.core.models import User
from workledger.core.refusals import Forbidden
from workledger.core.tokens import find_token, scopes_of
from workledger.directory.actors import actor_for

DOOR = "api"
FAILURES_ALLOWED = 60
WINDOW_SECONDS = 60


class NotAuthenticated(Exception):
    """Credentials are missing or wrong."""


class TooManyFailures(Exception):
    """This address sent too many wrong credentials; `WINDOW_SECONDS` later it may try again."""


class Token(HttpBearer):
    """`Authorization: Bearer wl_…`: acts as the token's user, with no more than the token's scopes."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        """Return the actor of a live token. Wrong ones are counted by address, right ones always pass."""
        found = find_token(token, today=today())
        if found is None:
            _count_failure(request)
            raise NotAuthenticated(
                "This token is not known, has ended or was revoked. Make one in the settings."
            )
        actor = actor_for(found.user, DOOR)
        if not actor.can(Permission.USE_API):
            raise Forbidden.because(
                "forbidden", "The token's user may not use the API any more. Ask an owner or administrator."
            )
        return _able(actor.limited_to(scopes_of(found), DOOR))


class Session(APIKeyCookie):
    """The session of a signed-in person, for scripts of this site: the CSRF token is asked for as on the pages."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Ask for the CSRF token only where there is somebody to protect."""
        if "Authorization" in request.headers or not request.user.is_authenticated:
            return None
        actor: Actor | None = super().__call__(request)
        return actor

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002
        """Return the actor of the signed-in person."""
        return _able(actor_for(request.user, DOOR)) if isinstance(request.user, User) else None


def _able(actor: Actor) -> Actor:
    if not actor.permissions:
        raise Forbidden.because("forbidden", "You hold no role here. Ask an owner or administrator.")
    return actor


def _count_failure(request: HttpRequest) -> None:
    key = f"api-auth:{get_adapter(request).get_client_ip(request)}"
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        count = cache.incr(key)
    except ValueError:  # it ended between the two
        return
    if count > FAILURES_ALLOWED:
        raise TooManyFailures
