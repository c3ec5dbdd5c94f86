"""What the ledger tells the floors above."""

from dataclasses import dataclass
from datetime import date

from workledger.core.access import Actor
from workledger.core.events import Event
from workledger.ledger.models import PeriodState


@dataclass(frozen=True, slots=True)
class PeriodStateChanged(Event):
    """A period of a book was opened, soft-closed or locked; its days are the half-open [start, end)."""

    actor: Actor
    book_id: int
    period_id: int
    start: date
    end: date
    was: PeriodState
    state: PeriodState
