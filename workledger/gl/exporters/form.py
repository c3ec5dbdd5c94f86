"""What a file format is to the rest of the package."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from workledger.core.access import Actor
from workledger.gl.models import Axis
from workledger.ledger.export import Exported, JournalGrain


class Outlet(Protocol):
    """Where text goes. `cut` ends a file and begins the next, for formats that limit the lines of one."""

    def write(self, text: str, /) -> object:
        """Take text."""
        ...

    def cut(self) -> object:
        """Begin another file."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written: books (None: all the actor sees), the half-open [start, end), how fine."""

    book_ids: tuple[int, ...] | None = None
    start: date | None = None
    end: date | None = None
    grain: JournalGrain = JournalGrain.DETAIL


@dataclass(frozen=True, slots=True)
class Form:
    """A file format. `one_book` ones hold the books of one company, in the other side's words: then `axes` are those that it
    carries, and `by_customer` keeps receivables apart. `where` says how a file gets in on the other side.
    """

    name: str
    label: str
    suffix: str
    content_type: str
    write: Callable[[Actor, Order, Outlet, Callable[[int], None]], Exported]
    encoding: str = "utf-8"
    one_book: bool = False
    axes: frozenset[Axis] = frozenset()
    by_customer: bool = False
    where: str = ""
