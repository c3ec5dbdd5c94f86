"""Every 'no' as problem details (RFC 9457): one shape, with the codes of `Refused`."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import BaseModel

from workledger.api.auth import WINDOW_SECONDS, NotAuthenticated, TooManyFailures
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Problem, Proposed, Refused

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Confirm first",
    415: "Send JSON",
    422: "Refused",
    429: "Too many attempts",
}


class ProblemItem(BaseModel):
    """One reason. `code` is stable; `message` says what happened and how to mend it; `field` may be ''."""

    code: str
    message: str
    field: str


class ProblemDetails(BaseModel):
    """Why nothing was done. `problems` holds every reason, not only the first."""

    type: str
    title: str
    status: int
    detail: str
    problems: list[ProblemItem]


class ProposalStored(BaseModel):
    """An assistant's act waits for a person's decision."""

    proposal_id: int
    detail: str


def answer(status: int, problems: Iterable[Problem], detail: str = "") -> HttpResponse:
    """Return problem details as a response."""
    found = list(problems)
    content = ProblemDetails(
        type=f"urn:workledger:problem:{status}",
        title=TITLES[status],
        status=status,
        detail=detail or " ".join(problem.message for problem in found),
        problems=[
            ProblemItem(code=problem.code, message=problem.message, field=problem.field) for problem in found
        ],
    )
    response = JsonResponse(content.model_dump(), status=status, content_type=CONTENT_TYPE)
    if status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Workledger"'
    return response


def not_there(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - the signature of a view
    """Answer an address that the API does not have."""
    return answer(
        404, [Problem("no_such_address", "The API has no such address. Its list is at /api/v1/docs.")]
    )


def install(api: NinjaAPI) -> None:
    """Tell the API how each refusal is answered."""
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(Proposed, _proposed)
    api.add_exception_handler(NotAuthenticated, _not_authenticated)
    api.add_exception_handler(AuthenticationError, _not_authenticated)
    api.add_exception_handler(TooManyFailures, _too_many)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(Http404, lambda request, _error: not_there(request))


def _refused(request: HttpRequest, refused: Any) -> HttpResponse:  # noqa: ARG001
    detail = ""
    status = 422
    if isinstance(refused, Forbidden):
        status = 403
    elif isinstance(refused, NotFound):
        status = 404
    elif isinstance(refused, NeedsConfirmation):
        status = 409
        again = "&".join(f"confirm={code}" for code in dict.fromkeys(refused.codes))
        detail = f"{refused} To do it all the same, send the request again with {again}."
    return answer(status, refused.problems, detail)


def _proposed(request: HttpRequest, proposed: Any) -> HttpResponse:  # noqa: ARG001
    content = ProposalStored(proposal_id=proposed.proposal_id, detail=str(proposed))
    return JsonResponse(content.model_dump(), status=202)


def _not_authenticated(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
    message = "Send a token: Authorization: Bearer wl_… It is made in the settings, under API tokens."
    return answer(
        401, [Problem("not_authenticated", str(error) if isinstance(error, NotAuthenticated) else message)]
    )


def _too_many(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
    message = f"Too many wrong tokens came from this address. Try again in {WINDOW_SECONDS} seconds."
    response = answer(429, [Problem("too_many_failures", message)])
    response["Retry-After"] = str(WINDOW_SECONDS)
    return response


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
    return answer(422, unreadable(error.errors))


def unreadable(errors: Iterable[Any]) -> list[Problem]:
    """Return what pydantic found as problems, each with the place of the value."""
    return [
        Problem(
            f"invalid_{error['type']}",
            f"{error['msg']}.",
            ".".join(str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")),
        )
        for error in errors
    ]


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
    status = error.status_code if error.status_code in TITLES else 400
    code = "csrf_failed" if "CSRF" in str(error) else "bad_request"
    message = (
        "The CSRF token is missing or wrong. Send it as X-CSRFToken, or use an API token instead of the session."
        if code == "csrf_failed"
        else str(error)
    )
    return answer(status, [Problem(code, message)])
