"""Pages of lists by opaque cursor: a cursor holds the sort key and id of a page's last row, so rows that come and go
between two requests neither repeat nor hide others.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from workledger.core.refusals import Refused

T = TypeVar("T")
M = TypeVar("M", bound=Model)
DEFAULT_ROWS = 50
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """Some rows of a list; `next_cursor` asks for the following ones and is None on the last page."""

    items: Sequence[T]
    next_cursor: str | None


def seal(*key: Any) -> str:
    """Return a cursor for a key of texts, numbers and dates."""
    text = json.dumps(key, default=_as_text, ensure_ascii=True, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unseal(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """Return the key in a cursor, of these types. Refuses: bad_cursor."""
    try:
        key = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(key, list) or len(key) != len(kinds):
            raise bad_cursor()
        return tuple(_of_kind(value, kind) for value, kind in zip(key, kinds, strict=True))
    except ValueError:
        raise bad_cursor()


def bad_cursor() -> Refused:
    """Return the refusal of a cursor that no page gave."""
    return Refused.because(
        "bad_cursor", "This is no place in the list. Start again at its first page.", "cursor"
    )


def _as_text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a cursor holds no {type(value).__name__}")


def _of_kind(value: Any, kind: type) -> Any:
    if kind is date and isinstance(value, str):
        return date.fromisoformat(value)
    if kind is str and isinstance(value, str) and "\0" not in value and _is_text(value):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    raise bad_cursor()


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def cut(
    rows: Iterable[T],
    key: Callable[[T], tuple[Any, ...]],
    cursor: str,
    limit: int,
    *,
    descends: bool = False,
) -> Cut[T]:
    """Return a page of rows that are all at hand, sorted by `key`, which ends with what is unique."""
    ordered = sorted(rows, key=key, reverse=descends)
    if cursor:
        kinds = [_kind(part) for part in key(ordered[0])] if ordered else []
        if not ordered:
            return Cut((), None)
        after = unseal(cursor, *kinds)
        ordered = [row for row in ordered if (key(row) < after if descends else key(row) > after)]
    shown = ordered[:limit]
    return Cut(shown, seal(*key(shown[-1])) if len(ordered) > limit else None)


def _kind(part: Any) -> type:
    return str if isinstance(part, str) else type(part)


def keyset(
    rows: QuerySet[M], fields: Sequence[str], kinds: Sequence[type], cursor: str, limit: int
) -> Cut[M]:
    """Return a page of rows in the database; `fields` all ascend, or all descend with '-', and end with the key."""
    descends = fields[0].startswith("-")
    names = [name.removeprefix("-") for name in fields]
    if cursor:
        rows = rows.filter(_beyond(names, unseal(cursor, *kinds), "lt" if descends else "gt"))
    found = list(rows.order_by(*fields)[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return Cut(shown, seal(*(getattr(shown[-1], name) for name in names)) if more else None)


def _beyond(names: Sequence[str], key: Sequence[Any], how: str) -> Q:
    condition = Q(**{f"{names[-1]}__{how}": key[-1]})
    for name, value in zip(reversed(names[:-1]), reversed(key[:-1]), strict=True):
        condition = Q(**{f"{name}__{how}": value}) | (Q(**{name: value}) & condition)
    return condition
