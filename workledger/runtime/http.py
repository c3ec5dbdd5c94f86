"""Security headers for every response, and the address a load balancer asks for health."""

import logging
from collections.abc import Callable

import psycopg
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

logger = logging.getLogger(__name__)

# Nothing inline, nothing from elsewhere. 'self' in frames and objects lets a page show its own PDF.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
        "frame-src 'self'",
        "object-src 'self'",
        "base-uri 'none'",
    )
)
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class SecurityHeaders:
    """Middleware that sets the content security policy; a view that set its own keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request and add the headers."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response


class DatabaseAway:
    """Middleware that answers 503 with a sentence while the database cannot be reached."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request."""
        try:
            return self.get_response(request)
        except OperationalError as error:  # raised by another middleware
            response = self.process_exception(request, error)
            if response is None:
                raise
            return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:  # noqa: ARG002
        """Recognise a lost or refused connection among the errors of a view."""
        if not is_connection_lost(error):
            return None
        logger.error("The database does not answer: %s", " ".join(str(error).split()))
        return HttpResponse(
            "The database does not answer at the moment. Nothing was changed; try again in a few seconds.",
            status=503,
            content_type="text/plain; charset=utf-8",
            headers={"Retry-After": "5"},
        )


def is_connection_lost(error: Exception) -> bool:
    """Whether a database error means that no connection was to be had, or that it broke."""
    cause = error.__cause__
    if not isinstance(error, OperationalError) or not isinstance(cause, psycopg.OperationalError):
        return False
    # No state: the client library gave up. 08: connection exception. 57P: the server is going or coming.
    return cause.sqlstate is None or cause.sqlstate.startswith(("08", "57P"))


@never_cache
def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the signature of a view
    """Answer 200 when the database answers; `DatabaseAway` answers 503 when it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
