"""Lists in pages: a cut of rows with the cursors of its neighbours, and numbers from addresses."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
PAGE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """Some rows of many. `total` counts all of them; `next` and `previous` are cursors, '' where there is no further page."""

    rows: Sequence[T]
    next: str
    previous: str
    words: str
    total: int

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def cut(rows: Sequence[T], cursor: str, size: int = PAGE_ROWS) -> Cut[T]:
    """Return the page of `rows` that a cursor names; the first one for anything else."""
    first = min(number_of(cursor) or 0, max(len(rows) - 1, 0))
    shown = rows[first : first + size]
    last = first + len(shown)
    return Cut(
        rows=shown,
        next=str(last) if last < len(rows) else "",
        previous=str(max(first - size, 0)) if first else "",
        words=f"{first + 1}\N{EN DASH}{last} of {len(rows):,}" if len(rows) > size else "",
        total=len(rows),
    )


def number_of(text: str | None) -> int | None:
    """Return a whole number written in an address, None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None
