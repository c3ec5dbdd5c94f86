"""Set-based writes: COPY into a table, blocks of ids.

COPY was measured at several times the speed of multi-row INSERT for the rows this product writes;
see docs/decisions. Rows enter through the same constraints and statement triggers.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import connection, models

_CHUNK_ROWS = 5_000
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""})


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


_CONVERTERS: dict[type, Callable[[Any], str]] = {
    int: int.__repr__,
    str: _text,
    Decimal: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    bool: lambda value: "t" if value else "f",
    type(None): lambda _: "\\N",
    bytes: lambda value: "\\\\x" + value.hex(),
}


def _convert(value: Any) -> str:
    converter = _CONVERTERS.get(type(value))
    if converter is None:  # a StrEnum, a str or Decimal subclass
        for base, candidate in _CONVERTERS.items():
            if isinstance(value, base):
                converter = _CONVERTERS[type(value)] = candidate
                break
        else:
            raise TypeError(f"no COPY form for {type(value).__name__}")
    return converter(value)


_SPECIAL = re.compile(r"[\\\t\n\r\x00]")


def _column(values: Sequence[Any]) -> Iterable[str]:
    """Return a column's COPY text: converted in one sweep where all values are of one type."""
    kinds = set(map(type, values))
    if len(kinds) > 1:
        return map(_convert, values)
    (kind,) = kinds
    if kind is str:
        return map(_text, values) if _SPECIAL.search("".join(values)) else values
    converter = _CONVERTERS.get(kind)
    return map(converter or _convert, values)


def copy_rows(model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows by COPY and return how many. `fields` are the model's field names, in the rows' order.

    Accepts int, str, Decimal, date, datetime, time, bool, bytes and None; anything else raises TypeError. `rows`
    must not query the database while it is read: the connection is busy with the COPY.
    """
    by_name = {field.name: str(field.column) for field in model._meta.concrete_fields}
    return copy_into(model._meta.db_table, [by_name[name] or name for name in fields], rows)


def copy_into(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows by COPY into a table that has no model, such as a temporary one; as `copy_rows`."""
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f'COPY "{table}" ({names}) FROM STDIN'
    count = 0
    iterator = iter(rows)
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        while chunk := list(islice(iterator, _CHUNK_ROWS)):
            count += len(chunk)
            parts = [_column(column) for column in zip(*chunk, strict=True)]
            lines = map("\t".join, zip(*parts, strict=True))
            copy.write("\n".join(lines) + "\n")
    return count


def reserve_ids(model: type[models.Model], count: int) -> list[int]:
    """Take `count` ids of the model's sequence, ascending, so that rows can refer to each other before COPY."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(  # the sequence is looked up once, which costs as much as taking five ids from it
            "WITH s AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS ids)"
            " SELECT array_agg(nextval(ids)) FROM s, generate_series(1, %s)",
            [f'"{model._meta.db_table}"', count],
        )
        (ids,) = cursor.fetchone()
    return sorted(ids)
