"""The schema as people read it: addresses by area, each with what it takes and gives."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_OF_EVERY_ACT = {"Idempotency-Key", "dry_run", "confirm", "reason_for_log"}


@dataclass(frozen=True, slots=True)
class FieldDescribed:
    """A parameter or a field of a body or answer."""

    name: str
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class Given:
    """What an address answers when all is well."""

    status: str
    words: str
    fields: tuple[FieldDescribed, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """One operation."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    permissions: str
    parameters: tuple[FieldDescribed, ...]
    body: tuple[FieldDescribed, ...]
    answers: tuple[Given, ...]


def addresses_by_area(schema: Mapping[str, Any]) -> list[tuple[str, list[Address]]]:
    """Return the operations of an OpenAPI schema by their tag. What every act takes is left out."""
    areas: dict[str, list[Address]] = defaultdict(list)
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            areas[operation["tags"][0]].append(_address(schema, path, method, operation))
    return sorted(areas.items())


def _address(schema: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> Address:
    parameters = (
        FieldDescribed(each["name"], _kind(each["schema"]), each["schema"].get("description") or "")
        for each in operation["parameters"]
        if each["name"] not in _OF_EVERY_ACT
    )
    return Address(
        method=method.upper(),
        path=path,
        name=operation["operationId"],
        summary=operation["summary"],
        description=operation.get("description", "").replace("`", ""),
        permissions=" or ".join(operation.get("x-permissions", ())),
        parameters=tuple(parameters),
        body=_fields(schema, _json(operation.get("requestBody", {}))),
        answers=tuple(_answers(schema, operation["responses"])),
    )


def _answers(schema: Mapping[str, Any], responses: Mapping[Any, Any]) -> Iterator[Given]:
    for status, answer in responses.items():
        if 200 <= int(status) < 300:
            yield Given(str(status), answer["description"], _fields(schema, _json(answer)))


def _json(described: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = described.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _fields(schema: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[FieldDescribed, ...]:
    if wanted.get("type") == "array":
        wanted = wanted["items"]
    name = wanted.get("$ref", "").rpartition("/")[2]
    model = schema["components"]["schemas"][name] if name else wanted
    required = model.get("required", ())
    return tuple(
        FieldDescribed(field, _kind(details), "needed" if field in required else "")
        for field, details in model.get("properties", {}).items()
    )


def _kind(details: Mapping[str, Any]) -> str:
    if "$ref" in details:
        return str(details["$ref"].rpartition("/")[2])
    if "anyOf" in details:
        return " or ".join(_kind(each) for each in details["anyOf"])
    if "allOf" in details:
        return _kind(details["allOf"][0])
    if "enum" in details:
        return ", ".join(str(each) for each in details["enum"])
    kind = str(details.get("format") or details.get("type") or "anything")
    if kind == "array":
        return f"list of {_kind(details.get('items', {}))}"
    return "decimal" if kind == "string" and "pattern" in details else kind
