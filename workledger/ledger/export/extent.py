"""Which part of the journal leaves, and how fine."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import models

from workledger.ledger.dimensions import Dimension


class JournalGrain(models.TextChoices):
    """How fine the journal leaves: every entry, or one entry a day or period with the sums by account and dimensions."""

    DETAIL = "detail", "Every entry"
    DAY = "day", "Summarized per day"
    PERIOD = "period", "Summarized per period"


@dataclass(frozen=True, slots=True)
class Extent:
    """Entries dated in the half-open [start, end), each end open where it is None, of these books (None: all).

    Summarized, `keep` are the dimensions that stay apart; the others are summed over. `by_client` makes an entry of its
    own for each client whose receivable moves, with that client kept on the receivable.
    """

    book_ids: Collection[int] | None = None
    start: date | None = None
    end: date | None = None
    grain: JournalGrain = JournalGrain.DETAIL
    keep: tuple[Dimension, ...] = ()
    by_client: bool = False


EVERYTHING = Extent()
