"""What goes over the wire, made from the house's own dataclasses so that the two cannot drift apart.

Amounts, rates and shares are strings of decimals, never floats; dates are ISO 8601; time is whole seconds, and beside
each `…_seconds` stands the same as a string of hours.
"""

import dataclasses
import inspect
import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, create_model

from workledger.api.paging import Cut
from workledger.kernel.quantity import hours

_MOST_ID = 2**53 - 1  # what every JSON reader keeps exactly
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_MOST_TEXT = 10_000
_MOST_ITEMS = 10_000
_CENTS = -2


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("A text may not hold the character NUL")
    value.encode()  # a lone surrogate is no text; the error is a ValueError
    return value


def _iso(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value) if len(value) == 10 else _no_date()
        except ValueError:
            _no_date()
    return value


def _no_date() -> Any:
    raise ValueError("Write a date as 2026-03-16")


def _in_reach(value: date) -> date:
    if not _FIRST_DAY <= value <= _LAST_DAY:
        raise ValueError("Choose a date from 1900 to 2199")
    return value


Day = Annotated[date, BeforeValidator(_iso), AfterValidator(_in_reach)]
Id = Annotated[int, Field(ge=1, le=_MOST_ID)]
Whole = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Text = Annotated[str, Field(max_length=_MOST_TEXT), AfterValidator(_text)]
Words = Annotated[str, Field(max_length=200), AfterValidator(_text)]
AmountIn = Annotated[str, Field(pattern=r"^-?[0-9]{1,11}(\.[0-9]{1,8})?$", examples=["1250.00"])]
Amount = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["1250.00"])]


def plain(value: Decimal) -> str:
    """Return a decimal without exponent, with two places or as many more as it needs."""
    tidy = value.normalize()
    exponent = tidy.as_tuple().exponent
    if isinstance(exponent, int) and exponent > _CENTS:
        tidy = value.quantize(Decimal("0.01")) if abs(value) < Decimal(10) ** 20 else value
    text = f"{tidy:f}"
    return text.removeprefix("-") if not value else text


# --- what is shown ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Shown:
    """How a dataclass is shown."""

    model: type[BaseModel]
    fields: tuple[str, ...]
    seconds: frozenset[str]
    named: Mapping[str, tuple[str, ...]]

    def show(self, value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self.fields:
            raw = getattr(value, name)
            if name in self.named:
                keys = self.named[name]
                raw = [dict(zip(keys, map(show, row), strict=True)) for row in raw]
            elif name in self.seconds:
                raw = None if raw is None else int(raw)
                found[_hours_name(name)] = None if raw is None else str(hours(raw))
            else:
                raw = show(raw)
            found[name] = raw
        return found


_SHOWN: dict[type, _Shown] = {}
_NAMES: dict[str, str] = {}


def _claim(name: str, owner: str) -> str:
    if _NAMES.setdefault(name, owner) != owner:
        raise ValueError(f"{owner} and {_NAMES[name]} would both be called {name} in the API")
    return name


def shown(
    source: type,
    name: str = "",
    *,
    also: Collection[str] = (),
    omit: Collection[str] = (),
    seconds: Collection[str] = (),
    named: Mapping[str, tuple[str, ...]] | None = None,
) -> type[BaseModel]:
    """Return the model by which a dataclass (or named tuple) is shown, and remember it.

    `also` are properties to show, `seconds` fields of seconds whose name does not say so, `named` the names for the parts
    of fields that are sequences of tuples.
    """
    if source in _SHOWN:
        return _SHOWN[source].model
    name = _claim(name or source.__name__, f"{source.__module__}.{source.__qualname__}")
    named = named or {}
    hints = get_type_hints(source)
    for each in also:
        hints[each] = get_type_hints(getattr(source, each).fget)["return"]
    fields = [each for each in (*_field_names(source), *also) if each not in omit]
    in_seconds = frozenset(
        each for each in fields if each in seconds or (_says_seconds(each) and _is_number(hints[each]))
    )
    definitions: dict[str, Any] = {}
    for each in fields:
        if each in in_seconds:
            empty = type(None) in get_args(hints[each])
            definitions[each] = (int | None if empty else int, ...)
            definitions[_hours_name(each)] = (Amount | None if empty else Amount, ...)
        elif each in named:
            definitions[each] = (list[_row_model(name, each, hints[each], named[each])], ...)  # type: ignore[misc]
        else:
            definitions[each] = (shown_as(hints[each]), ...)
    model: type[BaseModel] = create_model(name, __doc__=_doc(source), **definitions)
    _SHOWN[source] = _Shown(model, tuple(fields), in_seconds, named)
    return model


def _doc(source: type) -> str:
    return inspect.getdoc(source) or ""


def _field_names(source: type) -> list[str]:
    if dataclasses.is_dataclass(source):
        return [field.name for field in dataclasses.fields(source)]
    return list(source._fields)  # type: ignore[attr-defined]


def _says_seconds(name: str) -> bool:
    return name == "seconds" or name.endswith("_seconds")


def _is_number(hint: Any) -> bool:
    return bool({int, Decimal} & set(get_args(hint) or (hint,)))


def _hours_name(name: str) -> str:
    return f"{name.removesuffix('seconds').removesuffix('_')}_hours".removeprefix("_")


def _row_model(owner: str, field: str, hint: Any, names: Sequence[str]) -> type[BaseModel]:
    row = get_args(hint)[0]
    title = _claim(f"{owner}{field.title().replace('_', '')}", f"{owner}.{field}")
    parts: dict[str, Any] = {
        name: (shown_as(part), ...) for name, part in zip(names, get_args(row), strict=True)
    }
    return create_model(title, **parts)


def _is_row(hint: Any) -> bool:
    return isinstance(hint, type) and (dataclasses.is_dataclass(hint) or hasattr(hint, "_fields"))


def shown_as(hint: Any) -> Any:
    """Return the annotation by which a value is shown."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return Union[tuple(shown_as(each) for each in arguments)]  # noqa: UP007 - made at run time
    if hint is Decimal:
        return Amount
    if _is_row(hint):
        return shown(hint)
    if origin in (list, tuple, Sequence, Collection):
        if origin is tuple and arguments[-1] is not Ellipsis:
            raise TypeError(f"{hint}: name the parts of a tuple")
        return list[shown_as(arguments[0])]  # type: ignore[misc]
    if origin in (dict, Mapping):
        return dict[str, shown_as(arguments[1])]  # type: ignore[misc]
    return hint


def show(value: Any) -> Any:
    """Return what the models of `shown` describe: plain containers, decimals as strings, seconds also as hours."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Cut):
        return {"items": show(value.items), "next_cursor": value.next_cursor}
    known = _SHOWN.get(type(value))
    if known is not None:
        return known.show(value)
    if isinstance(value, list | tuple):
        return [show(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): show(each) for key, each in value.items()}
    return value


_LISTS: dict[type[BaseModel], type[BaseModel]] = {}


def page_of(model: type[BaseModel]) -> type[BaseModel]:
    """Return the model of a page of these."""
    if model not in _LISTS:
        _LISTS[model] = create_model(
            _claim(f"{model.__name__}Page", f"page of {model.__name__}"),
            __doc__="Some rows; `next_cursor` asks for the following ones and is null on the last page.",
            items=(list[model], ...),  # type: ignore[valid-type]
            next_cursor=(str | None, ...),
        )
    return _LISTS[model]


def list_of(model: type[BaseModel]) -> Any:
    """Return the annotation of a whole list of these."""
    return list[model]  # type: ignore[valid-type]


# --- what is received -------------------------------------------------------------------------------------

_INPUTS: dict[type, type[BaseModel]] = {}


def received(source: type) -> type[BaseModel]:
    """Return the model by which a dataclass is received; what it does not know is refused."""
    if source not in _INPUTS:
        name = source.__name__ if source.__name__.endswith("Input") else f"{source.__name__}Input"
        _claim(name, f"{source.__module__}.{source.__qualname__} as input")
        _INPUTS[source] = strict_model(name, received_fields(source), _doc(source))
    return _INPUTS[source]


def received_fields(source: type) -> dict[str, Any]:
    """Return the fields of a dataclass as pydantic takes them."""
    hints = get_type_hints(source)
    fields = {}
    for field in dataclasses.fields(source):
        default: Any = ...
        if field.default is not MISSING:
            default = plain(field.default) if isinstance(field.default, Decimal) else field.default
        elif field.default_factory is not MISSING:
            default = Field(default_factory=field.default_factory)
        fields[field.name] = (received_as(hints[field.name], field.name), default)
    return fields


def strict_model(name: str, fields: Mapping[str, Any], doc: str = "") -> type[BaseModel]:
    """Return a model that takes JSON as it is: no number from a text, no unknown field."""
    return create_model(name, __config__=ConfigDict(extra="forbid", strict=True), __doc__=doc, **fields)


def received_as(hint: Any, name: str) -> Any:
    """Return the annotation by which a value of a parameter is received."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return Union[tuple(received_as(each, name) for each in arguments)]  # noqa: UP007 - made at run time
    if origin in (list, tuple, Sequence, Collection):
        return Annotated[list[received_as(arguments[0], name)], Field(max_length=_MOST_ITEMS)]  # type: ignore[misc]
    if origin in (dict, Mapping) and arguments[1] is int:
        return dict[arguments[0], Id]  # type: ignore[valid-type]
    if origin in (dict, Mapping) and arguments == (str, str):
        return Annotated[dict[Words, Text], Field(max_length=100)]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return received(hint)
    if isinstance(hint, NewType):  # the text of a whole file
        return _File
    if hint is int:
        return Id if name.endswith(("_id", "_ids")) else Whole
    return {Decimal: AmountIn, str: Text, date: Day, SecretStr: _Secret}.get(hint, hint)


_File = Annotated[str, Field(max_length=2_000_000), AfterValidator(_text)]
_Secret = Annotated[
    str, Field(max_length=1000, json_schema_extra={"format": "password"}), AfterValidator(_text)
]


def clean(value: Any) -> Any:
    """Return parsed JSON if every text in it is one; raises ValueError."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [clean(each) for each in value]
    if isinstance(value, dict):
        return {_text(key): clean(each) for key, each in value.items()}
    return value
