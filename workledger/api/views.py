"""The schema as JSON, the schema as a page, and the answer to an address that does not exist."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from ninja.errors import HttpError

from workledger.api import problems
from workledger.api.auth import NotAuthenticated, Session, Token, TooManyFailures
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
        return redirect(f"/accounts/login/?next={request.path}")
    return _for_callers(_docs)(request)


def _docs(request: HttpRequest) -> HttpResponse:
    schema = API.get_openapi_schema()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            body = (
                operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            )
            shown = {
                "method": method.upper(),
                "path": path,
                "parameters": operation["parameters"],
                "body": _fields(schema, body),
                "answers": [
                    {
                        "status": status,
                        "words": answer["description"],
                        "fields": _fields(schema, _content(answer)),
                    }
                    for status, answer in operation["responses"].items()
                    if 200 <= int(status) < 300
                ],
                **{
                    key: operation.get(key, "")
                    for key in ("summary", "description", "operationId", "x-permissions")
                },
            }
            shown["permissions"] = ", ".join(shown.pop("x-permissions") or ())
            groups.setdefault(operation["tags"][0], []).append(shown)
    return render(request, "api/docs.html", {"groups": sorted(groups.items()), "page_title": "API"})


def _content(answer: dict[str, Any]) -> Any:
    return answer.get("content", {}).get("application/json", {}).get("schema")


def _fields(schema: Any, wanted: dict[str, Any] | None) -> list[dict[str, str]]:
    """Return the fields of a described value: name, kind and whether it must be there."""
    if not wanted:
        return []
    if wanted.get("type") == "array":
        wanted = wanted.get("items", {})
    wanted = _named(schema, wanted)
    required = wanted.get("required", ())
    return [
        {"name": name, "kind": _kind(details), "required": "yes" if name in required else ""}
        for name, details in wanted.get("properties", {}).items()
    ]


def _named(schema: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    name = wanted.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = schema["components"]["schemas"].get(name, wanted) if name else wanted
    return found


def _kind(details: dict[str, Any]) -> str:
    if "$ref" in details:
        return str(details["$ref"].rpartition("/")[2])
    if "anyOf" in details:
        return " or ".join(_kind(each) for each in details["anyOf"])
    if "allOf" in details:
        return _kind(details["allOf"][0])
    if "enum" in details:
        return " | ".join(str(each) for each in details["enum"])
    kind = str(details.get("format") or details.get("type") or "any")
    if kind == "array":
        return f"list of {_kind(details.get('items', {}))}"
    return "decimal" if kind == "string" and "pattern" in details else kind


@csrf_exempt  # it reads and changes nothing, and a caller with a token has no CSRF token
@_for_callers
def not_there(request: HttpRequest) -> HttpResponse:
    """Answer an address that the API does not have."""
    return problems.not_there(request)
