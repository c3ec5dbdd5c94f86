"""The schema as JSON, the schema as a page, and the answer to an address that does not exist."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from ninja.errors import HttpError

from workledger.api import problems
from workledger.api.auth import NotAuthenticated, Session, Token, TooManyFailures
from workledger.api.reference import addresses_by_area
from workledger.api.service import API
from workledger.core.access import Actor
from workledger.core.refusals import Refused


def _for_callers(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer only who may call the API at all."""

    def guarded(request: HttpRequest, **_parts: Any) -> HttpResponse:
        try:
            if _caller(request) is None:
                raise NotAuthenticated("Send a token: Authorization: Bearer wl_…, or sign in.")
        except (NotAuthenticated, TooManyFailures, Refused, HttpError) as error:
            answer = API.on_exception(request, error)
            assert isinstance(answer, HttpResponse)
            return answer
        return view(request)

    return guarded


def _caller(request: HttpRequest) -> Actor | None:
    found: Actor | None = Token()(request) or Session()(request)
    return found


@require_GET
@_for_callers
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the signature of a view
    """Return the schema."""
    return JsonResponse(API.get_openapi_schema())


@require_GET
def docs(request: HttpRequest) -> HttpResponse:
    """Show the schema as a page, without a script."""
    if not request.user.is_authenticated and "Authorization" not in request.headers:
        return redirect_to_login(request.path)
    return _for_callers(_docs)(request)


def _docs(request: HttpRequest) -> HttpResponse:
    context = {
        "groups": addresses_by_area(API.get_openapi_schema()),
        "lead": API.description.replace("`", ""),
    }
    return render(request, "api/docs.html", context)


@csrf_exempt  # it reads and changes nothing, and a caller with a token has no CSRF token
@_for_callers
def not_there(request: HttpRequest) -> HttpResponse:
    """Answer an address that the API does not have."""
    return problems.not_there(request)
