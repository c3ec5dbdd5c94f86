"""The whole journal as text that other tools read: hledger, beancount, CSV.

One transaction per journal entry. An amount stands in its own currency with the book's value as its total price;
hours and dimensions are tags. An `Extent` takes a part of it, or its sums per day or period instead of every entry.
Rows stream from the server, so memory does not grow with the journal.

    with path.open("w") as file:
        export(actor, Format.HLEDGER, file.write)
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden
from workledger.ledger.export import beancount, comma, hledger
from workledger.ledger.export.extent import EVERYTHING, Extent, JournalGrain
from workledger.ledger.export.source import Side, Source, load

__all__ = ["EVERYTHING", "Exported", "Extent", "Format", "JournalGrain", "Side", "Source", "export", "load"]


class Format(StrEnum):
    """A text form of the journal."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written."""

    entries: int
    postings: int


_WRITERS: dict[
    Format, Callable[[Source, Callable[[str], object], Callable[[int], None]], tuple[int, int]]
] = {
    Format.HLEDGER: hledger.write,
    Format.BEANCOUNT: beancount.write,
    Format.CSV: comma.write,
}


def export(
    actor: Actor,
    form: Format,
    write: Callable[[str], object],
    *,
    extent: Extent = EVERYTHING,
    progress: Callable[[int], None] = lambda _postings: None,
) -> Exported:
    """Write the journal that the actor may read, or the part that `extent` names, in one form, as of one moment.

    Without the permission to see cost, the two labour accounts are left out; every entry still balances.
    Refuses an actor who may not read the ledger.
    """
    if not actor.can(Permission.VIEW_LEDGER):
        raise Forbidden.because("forbidden", "You may not read the ledger. Ask an owner or Finance.")
    with transaction.atomic():
        return Exported(*_WRITERS[form](load(actor, extent), write, progress))
