"""How commands print: results on standard output, everything else on standard error."""

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import click

REDRAW_SECONDS = 0.1


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold: amounts and dates as strings, dataclasses as objects."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return format(value, "f")
        case datetime() | date():
            return value.isoformat()
        case UUID() | Path():
            return str(value)
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case Iterable():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def emit(data: Any, *, as_json: bool, text: str | Iterable[str] | Callable[[], Iterable[str]] = "") -> None:
    """Print a result: ``data`` as JSON when asked for, else ``text``, a string, lines or what makes them."""
    if as_json:
        click.echo(json.dumps(plain(data), indent=2, ensure_ascii=False))
        return
    lines = text() if callable(text) else text
    for line in [lines] if isinstance(lines, str) else lines:
        click.echo(line)


def say(sentence: str) -> None:
    """Tell the person at the terminal something that is not the result."""
    click.echo(sentence, err=True)


def complain(problems: Iterable[str]) -> None:
    """Say why a command was refused."""
    for problem in problems:
        click.echo(problem, err=True)


def table(rows: Iterable[Iterable[Any]], *, right: Iterable[int] = ()) -> list[str]:
    """Lay rows of cells out in columns; the columns numbered in ``right`` are flush right."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    flush_right = set(right)
    return [
        "  ".join(
            cell.rjust(width) if column in flush_right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


class Progress:
    """Tells on standard error how far long work is.

    Call it with what is being done and, when known, how much of how much. On a terminal one line is
    redrawn; elsewhere each new 'what' is one line.
    """

    def __init__(self) -> None:
        self._what = ""
        self._drawn_at = 0.0
        self._on_terminal = sys.stderr.isatty()
        self._line_open = False

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Report."""
        fresh = what != self._what
        self._what = what
        if not self._on_terminal:
            if fresh:
                say(what)
            return
        now = time.monotonic()
        if not fresh and now - self._drawn_at < REDRAW_SECONDS and done < total:
            return
        if fresh and self._line_open:
            click.echo("", err=True)
        self._drawn_at = now
        amount = f" {done:,} of {total:,}" if total else f" {done:,}" if done else ""
        click.echo(f"\r\033[K{what}{amount}", err=True, nl=False)
        self._line_open = True

    def close(self) -> None:
        """End the line that was being redrawn."""
        if self._line_open:
            click.echo("", err=True)
            self._line_open = False
