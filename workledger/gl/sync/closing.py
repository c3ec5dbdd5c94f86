"""What the close of a period asks of the sync: that both sides are in step through its last day."""

from workledger.close.steps import ClosingPeriod, Finding, Step, StepKind, register_step
from workledger.core.access import Actor
from workledger.gl.sync.queries import sync_finding
from workledger.ledger.models import Book


def out_of_step(actor: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Return what keeps the books of a period from being the same on both sides."""
    found = sync_finding(actor, book.pk, period.last_day)
    if found.connection_id is None:
        return Finding(found.count, found.sentence)
    return Finding(found.count, found.sentence, "sync-outbox", (found.connection_id,))


register_step(
    Step(
        "sync", "Bring the general ledger in step", StepKind.CHECK, 150, out_of_step,
        help="Everything of the period is there, and both sides tie.",
    )
)  # fmt: skip
