"""What issuing and crediting an invoice mean for receivables."""

from decimal import ROUND_HALF_UP

from django.db.models import Sum

from workledger.billing.events import InvoiceCredited, InvoicesIssued
from workledger.billing.models import Invoice
from workledger.core import bulk, locks
from workledger.kernel.rounding import minor_quantum
from workledger.receivables.actions.settling import (
    allocate,
    claim_of,
    discount,
    take_bad_debt_back,
    total_of,
    withdraw_allocations,
)
from workledger.receivables.models import Allocation, BadDebt, EarlyDiscount, Payment, Receivable


def on_invoices_issued(event: InvoicesIssued) -> None:
    """Open a receivable per issued invoice."""
    bulk.copy_rows(
        Receivable,
        ("invoice", "entity_id", "client", "currency", "issued_on", "due_on", "gross", "open_amount"),
        (
            (
                row.invoice_id,
                row.entity_id,
                row.client_id,
                row.currency,
                row.issued_on,
                row.due_on,
                row.gross,
                row.gross,
            )
            for row in event.invoices
        ),
    )


def on_invoice_credited(event: InvoiceCredited) -> None:
    """Take the credit off what is open, then off what was given up; what was paid beyond the rest becomes the client's
    deposit again.
    """
    receivable = locks.for_update(Receivable.objects.all(), event.invoice_id)
    _take_discount_back(event, receivable)
    _take_bad_debt_back(event, receivable)
    too_much = event.gross - receivable.open_amount
    paid = (
        Allocation.objects.filter(invoice_id=event.invoice_id)
        .values_list("payment_id")
        .annotate(total=Sum("amount"))
        .order_by("-payment_id")
    )
    for payment_id, total in list(paid):
        back = min(total, too_much)
        if back > 0:
            payment = Payment.objects.get(pk=payment_id)
            if back == total:
                words = f"Payment taken back from {Invoice.objects.values_list('number', flat=True).get(pk=event.invoice_id)}"
                withdraw_allocations(event.actor, payment, receivable, event.on, words)
            else:
                allocate(event.actor, payment, receivable, -back, event.on)
            too_much -= back
    receivable.open_amount -= event.gross
    receivable.save(update_fields=["open_amount"])


def _take_discount_back(event: InvoiceCredited, receivable: Receivable) -> None:
    """Take the share of an early-payment discount back that the credit note gives back with the gross."""
    given = total_of(EarlyDiscount.objects.filter(invoice_id=event.invoice_id))
    if not given:
        return
    share = (given * event.gross / claim_of(receivable)).quantize(
        minor_quantum(receivable.currency), ROUND_HALF_UP
    )
    if share:
        discount(event.actor, None, receivable, -share, event.on)


def _take_bad_debt_back(event: InvoiceCredited, receivable: Receivable) -> None:
    """Take back what was written off of a claim that the credit note says there never was."""
    lost = total_of(BadDebt.objects.filter(invoice_id=event.invoice_id))
    back = min(lost, event.gross - receivable.open_amount)
    if back > 0:
        take_bad_debt_back(event.actor, receivable, back, event.on, "Credited")
