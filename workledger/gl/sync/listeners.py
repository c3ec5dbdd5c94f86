"""What the sync does when the floors below tell it something: it queues, in the transaction of the act."""

from collections.abc import Callable, Iterable, Sequence

from workledger.billing.events import InvoiceCredited, InvoicesIssued
from workledger.billing.models import Invoice
from workledger.core.events import subscribe
from workledger.gl.sync import queueing
from workledger.gl.sync.documents import BookView
from workledger.gl.sync.models import Connection, Outgoing
from workledger.gl.sync.waking import wake
from workledger.receivables.events import DebtWrittenOff, PaymentRecorded, PaymentVoided
from workledger.receivables.models import Payment

_Queueing = Callable[[Connection, BookView], list[Outgoing]]


def on_invoices_issued(event: InvoicesIssued) -> None:
    """Queue issued invoices."""
    for book_id in sorted({row.entity_id for row in event.invoices}):
        ids = [row.invoice_id for row in event.invoices if row.entity_id == book_id]
        _queue_invoices(book_id, ids)


def on_invoice_credited(event: InvoiceCredited) -> None:
    """Queue a credit note."""
    for book_id in _book_of(Invoice, event.invoice_id):
        _queue_invoices(book_id, [event.credit_note_id])


def _queue_invoices(book_id: int, ids: Sequence[int]) -> None:
    _each(book_id, lambda connection, view: queueing.queue_invoices(connection, view, ids))


def on_payment_recorded(event: PaymentRecorded) -> None:
    """Queue a payment."""
    for book_id in _book_of(Payment, event.payment_id):
        _each(book_id, lambda connection, view: queueing.queue_payments(connection, view, [event.payment_id]))


def on_payment_voided(event: PaymentVoided) -> None:
    """Queue the undoing of a payment."""
    for book_id in _book_of(Payment, event.payment_id):
        _each(
            book_id,
            lambda connection, view: queueing.queue_void(
                connection, view, event.payment_id, event.on, "Voided"
            ),
        )


def on_debt_written_off(event: DebtWrittenOff) -> None:
    """Queue a bad debt."""
    entry = queueing.entry_of_write_off(event.invoice_id)
    if entry is None:
        return  # nothing was posted: nothing to tell
    for book_id in _book_of(Invoice, event.invoice_id):
        _each(
            book_id,
            lambda connection, view: queueing.queue_write_off(
                connection, view, event.invoice_id, event.amount, entry
            ),
        )


def _book_of(model: type[Invoice] | type[Payment], pk: int) -> Iterable[int]:
    return model.objects.filter(pk=pk).values_list("entity_id", flat=True)


def _each(book_id: int, queue_into: _Queueing) -> None:
    """Queue into each connection of a book, and have it sent once the act is done."""
    for connection in queueing.connections_of(book_id):
        rows = queue_into(connection, queueing.view_of(connection))
        if rows and connection.is_on:
            wake(connection.pk)


subscribe(InvoicesIssued, on_invoices_issued)
subscribe(InvoiceCredited, on_invoice_credited)
subscribe(PaymentRecorded, on_payment_recorded)
subscribe(PaymentVoided, on_payment_voided)
subscribe(DebtWrittenOff, on_debt_written_off)
