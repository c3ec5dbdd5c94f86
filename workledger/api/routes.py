"""The shapes of an address.

`read` answers with what a query returns, `ask` likewise where the question is a body. `act` runs an action: path and body are its parameters, its docstring is the
documentation, and every act takes the same four: an idempotency key, a dry run, codes to confirm, a reason.
"""

import functools
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Annotated, Any, TypeVar, cast, get_type_hints

from django.core.exceptions import RequestDataTooBig
from django.db import DataError
from django.http import HttpRequest
from ninja import Router, Status
from ninja.params.functions import Header, Path, Query
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, create_model

from workledger.api import wire
from workledger.api.edge import actor_of, require
from workledger.api.paging import DEFAULT_ROWS, MOST_ROWS
from workledger.api.problems import unreadable
from workledger.core.access import Permission
from workledger.core.door import Action, Options
from workledger.core.refusals import Refused

F = TypeVar("F", bound=Callable[..., Any])

ROUTER = Router()
ROUTED: dict[str, list[str]] = {}
"""Which addresses reach an action, by the action's name."""
BODIES: dict[str, type[BaseModel]] = {}
"""The models of request bodies, by the name under which the schema shows them."""

Limit = Annotated[int, Field(ge=1, le=MOST_ROWS)]
Cursor = Annotated[wire.Words, Field(description="The `next_cursor` of the page before.")]
LIMIT = Query(DEFAULT_ROWS, description="How many rows a page has.")
_READABLE = ("application/json", "")


def read(path: str, response: Any, *needs: Permission, tag: str, name: str, summary: str) -> Callable[[F], F]:
    """Register a query's address. One of `needs` is asked for; the rows are limited by the query itself."""

    def register(view: F) -> F:
        @functools.wraps(view)
        def guarded(request: HttpRequest, **values: Any) -> Any:
            require(actor_of(request), needs)
            return wire.show(view(request, **values))

        ROUTER.get(
            path,
            response=response,
            tags=[tag],
            operation_id=name,
            summary=summary,
            openapi_extra={"x-permissions": [str(need) for need in needs]},
        )(guarded)
        return view

    return register


def ask(
    path: str, response: Any, takes: type, *needs: Permission, tag: str, name: str, summary: str
) -> Callable[[F], F]:
    """Register a query that is asked with a body: a POST that changes nothing. `takes` is the dataclass of the body."""
    model = BODIES[wire.received(takes).__name__] = wire.received(takes)
    given: TypeAdapter[Any] = TypeAdapter(takes)
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}

    def register(view: F) -> F:
        def guarded(request: HttpRequest) -> Any:
            require(actor_of(request), needs)
            try:
                said = model.model_validate_json(json.dumps(_json_of(request)))
            except ValidationError as error:
                raise Refused(unreadable(error.errors(include_url=False)))
            return wire.show(view(request, given.validate_python(_bare(said))))

        guarded.__name__, guarded.__doc__ = view.__name__, view.__doc__
        ROUTER.post(
            path,
            response=response,
            tags=[tag],
            operation_id=name,
            summary=summary,
            openapi_extra={
                "x-permissions": [str(need) for need in needs],
                "requestBody": {"required": True, "content": {"application/json": {"schema": reference}}},
            },
        )(guarded)
        return view

    return register


def act(
    method: str,
    path: str,
    action: Action[..., Any],
    *,
    tag: str,
    takes: str = "",
    edge: Mapping[str, Callable[[], Any]] | None = None,
    own: Mapping[str, Callable[[], Any]] | None = None,
    gives: str = "",
    name: str = "",
) -> None:
    """Register an action's address.

    `takes` names the parameter whose fields are the body's own (by default the only dataclass there is); `edge` are
    parameters that may be left out, with what then holds; `own` are parameters the caller does not say. `gives` names a
    result that is no dataclass. Nothing given answers 204; an id answers 201.
    """
    hints = get_type_hints(action.function)
    hints.pop("actor")
    result = hints.pop("return")
    edge, own = edge or {}, own or {}
    placed = {each: hints.pop(each) for each in list(hints) if f"{{{each}}}" in path}
    for each in own:
        hints.pop(each)
    body = _Body(action, hints, takes, edge)
    ROUTED.setdefault(action.name, []).append(f"{method} {path}")
    status, model = _result(action, result, gives)

    def view(request: HttpRequest, **values: Any) -> Status[Any]:
        options = Options(
            idempotency_key=values.pop("idempotency_key"),
            dry_run=values.pop("dry_run"),
            confirmed=frozenset(values.pop("confirm")),
            reason=values.pop("act_reason"),
        )
        arguments = {**values, **body.read(request), **{key: make() for key, make in own.items()}}
        arguments = action.arguments_from_json(arguments)
        try:
            found = action.using(options)(actor=actor_of(request), **arguments)
        except DataError:
            message = "A value is too long or too large for its field. Shorten it."
            raise Refused.because("value_does_not_fit", message)
        return Status(status, _given(found, gives))

    view.__name__ = action.__name__  # type: ignore[attr-defined]
    view.__doc__ = inspect.getdoc(action.function)
    view.__signature__ = _signature(placed)  # type: ignore[attr-defined]
    extra: dict[str, Any] = {"x-action": action.name}
    if action.needs is not None:
        extra["x-permissions"] = [str(action.needs)]
    if body.model is not None:
        extra["requestBody"] = body.described
    ROUTER.api_operation(
        [method],
        path,
        response={status: model},
        tags=[tag],
        operation_id=name or action.name.replace(".", "_"),
        summary=action.name.rpartition(".")[2].replace("_", " ").capitalize(),
        openapi_extra=extra,
    )(view)


def _signature(placed: Mapping[str, Any]) -> inspect.Signature:
    """Return the parameters of an act's view: those of its path, and the four that every act takes."""
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    for name, hint in placed.items():
        parameters.append(
            inspect.Parameter(name, kind, default=Path(...), annotation=wire.received_as(hint, name))
        )
    key = Header(
        "",
        alias="Idempotency-Key",
        description="Names this request: sent again with the same body it returns the first result and does nothing.",
    )
    dry = Query(False, description="Answer as if it were done, and change nothing.")
    codes = Query([], description="Codes of warnings (status 409) that are accepted.")
    reason = Query("", alias="reason_for_log", description="Why, for the action log.")
    for name, annotation, default in (
        ("idempotency_key", wire.Words, key),
        ("dry_run", bool, dry),
        ("confirm", list[wire.Words], codes),
        ("act_reason", wire.Words, reason),
    ):
        parameters.append(inspect.Parameter(name, kind, default=default, annotation=annotation))
    return inspect.Signature(parameters)


class _Body:
    """An action's body: the fields of the parameter it takes, and its other parameters by name."""

    def __init__(
        self,
        action: Action[..., Any],
        hints: Mapping[str, Any],
        takes: str,
        edge: Mapping[str, Callable[[], Any]],
    ) -> None:
        kinds = [each for each, hint in hints.items() if isinstance(hint, type) and is_dataclass(hint)]
        self.takes = takes or (kinds[0] if len(kinds) == 1 else "")
        self.edge = edge
        signature = inspect.signature(action.function)
        fields = wire.received_fields(hints[self.takes]) if self.takes else {}
        self.inner = tuple(fields)
        for each, hint in hints.items():
            if each == self.takes:
                continue
            default = signature.parameters[each].default
            annotation = wire.received_as(hint, each)
            if each in edge:
                annotation, default = annotation | None, None
            if each in fields:
                raise TypeError(f"{action.name}: {each} would stand twice in the body")
            fields[each] = (annotation, ... if default is inspect.Parameter.empty else default)
        self.model: type[BaseModel] | None = None
        if fields:
            title = "".join(part.capitalize() for part in action.name.replace(".", "_").split("_")) + "Body"
            doc = inspect.getdoc(hints[self.takes]) if self.takes else ""
            self.model = BODIES[title] = wire.strict_model(title, fields, doc or "")

    @property
    def is_required(self) -> bool:
        """Whether something has to be said."""
        return self.model is not None and any(
            field.is_required() for field in self.model.model_fields.values()
        )

    @property
    def described(self) -> dict[str, Any]:
        """The body in the schema."""
        assert self.model is not None
        reference = {"$ref": f"#/components/schemas/{self.model.__name__}"}
        return {"required": self.is_required, "content": {"application/json": {"schema": reference}}}

    def read(self, request: HttpRequest) -> dict[str, Any]:
        """Return the action's arguments from a request. Refuses: not_json, and each value that does not fit."""
        if self.model is None:
            return {}
        content = _json_of(request)
        if content is None and not self.is_required:
            content = {}
        try:
            said = self.model.model_validate_json(json.dumps(content))
        except ValidationError as error:
            raise Refused(unreadable(error.errors(include_url=False)))
        values = {each: getattr(said, each) for each in self.model.model_fields}
        arguments = {each: _bare(value) for each, value in values.items() if each not in self.inner}
        if self.takes:
            arguments[self.takes] = {each: _bare(values[each]) for each in self.inner}
        for each, make in self.edge.items():
            if arguments[each] is None:
                arguments[each] = make()
        return arguments


def _bare(value: Any) -> Any:
    """Return what a model holds as plain values."""
    if isinstance(value, BaseModel):
        return {name: _bare(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return value


def _json_of(request: HttpRequest) -> Any:
    """Return the request's JSON, None for an empty body. Refuses: not_json, body_too_large."""
    try:
        body = request.body
    except RequestDataTooBig:
        message = "The body is larger than this server takes. Send it in parts."
        raise Refused.because("body_too_large", message)
    if not body:
        return None
    if request.content_type not in _READABLE:
        raise Refused.because("not_json", "Send the body as JSON, with the content type application/json.")
    try:
        return wire.clean(json.loads(body))
    except (ValueError, RecursionError):
        raise Refused.because("not_json", "The body is no JSON that can be read.")


def _result(action: Action[..., Any], result: Any, gives: str) -> tuple[int, type[BaseModel] | None]:
    """Return the status and the model of an act's answer."""
    if result is type(None):
        return 204, None
    if isinstance(result, type) and is_dataclass(result):
        return 200, wire.shown(result)
    if not gives:
        raise TypeError(f"{action.name} returns {result}: name it")
    title = "".join(part.capitalize() for part in gives.split("_")) + "Given"
    kind = wire.shown_as(result)
    model = _GIVEN.setdefault(gives, create_model(title, **cast("Any", {gives: (kind, ...)})))
    return (201 if gives in ("id", "ids") else 200), model


_GIVEN: dict[str, type[BaseModel]] = {}


def _given(found: Any, gives: str) -> Any:
    if found is None:
        return None
    return {gives: wire.show(found)} if gives else wire.show(found)
