"""The edge of the pages: who acts, what day it is, how a refusal becomes an answer.

A view is a function `(request: ActingRequest, ...) -> HttpResponse` under `@page(...)`: default deny, the
actor on the request, refusals as pages. One domain call per view.
"""

import functools
import json
from collections.abc import Callable
from datetime import date
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from workledger.core.access import Actor, Permission
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.directory.actors import actor_for

P = ParamSpec("P")


class ActingRequest(HttpRequest):
    """A request of a signed-in person."""

    actor: Actor


def today() -> date:
    """The day at the edge; everything below is given its dates."""
    return timezone.localdate()


def act_options(request: HttpRequest) -> Options:
    """Options from a form or header: idempotency key, confirmed warnings, reason."""
    return Options(
        idempotency_key=request.headers.get("Idempotency-Key", "") or request.POST.get("idempotency_key", ""),
        confirmed=frozenset(request.POST.getlist("confirm")),
        reason=request.POST.get("reason", ""),
    )


def page(
    *needs: Permission,
) -> Callable[[Callable[Concatenate[ActingRequest, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Make a view: sign-in required, one of `needs` required (none named: any role), refusals answered.

    Refused inside the view becomes 403, 404 or 422 with the sentences; views that show a form catch
    `Refused` themselves and put each problem beside its field.
    """

    def wrap(view: Callable[Concatenate[ActingRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            request.actor = actor_for(request.user, "web")
            try:
                if not request.actor.permissions or (needs and not any(map(request.actor.can, needs))):
                    names = " or ".join(f"'{need}'" for need in needs) or "a role"
                    message = f"You may not open this page. It needs {names}; ask an owner or administrator."
                    raise Forbidden.because("forbidden", message)
                return view(request, *args, **kwargs)
            except Refused as refused:
                return refusal(request, refused)

        guarded.needs = needs  # type: ignore[attr-defined]
        return guarded

    return wrap


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Answer a refusal: JSON problems for fetch, else a page with the sentences."""
    status = 403 if isinstance(refused, Forbidden) else 404 if isinstance(refused, NotFound) else 422
    problems = [{"code": p.code, "message": p.message, "field": p.field} for p in refused.problems]
    if "application/json" in request.headers.get("Accept", ""):
        body = {"problems": problems, "confirmable": isinstance(refused, NeedsConfirmation)}
        return JsonResponse(body, status=status)
    template = {403: "403.html", 404: "404.html"}.get(status, "web/refused.html")
    return render(request, template, {"problems": problems, "refused": refused}, status=status)


def json_body(request: HttpRequest) -> dict[str, Any]:
    """Return the request's JSON object; refuses anything else."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused.because("not_json", "Send a JSON object.")
    return body
