"""A payment that turns out not to be one: a bounced cheque, a returned debit, a booking error."""

from datetime import date

from django.db.models import Max, Sum

from workledger.billing.models import Invoice
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.events import emit
from workledger.core.refusals import Problems
from workledger.kernel.money import money_words
from workledger.ledger import actions as ledger
from workledger.receivables import posting
from workledger.receivables.actions.settling import sides_of, withdraw_allocations, withdraw_discount
from workledger.receivables.events import PaymentVoided
from workledger.receivables.models import Allocation, Payment, PaymentVoid, Receivable


@action("receivables.void_payment", needs=Permission.RECORD_PAYMENT)
def void_payment(*, actor: Actor, payment_id: int, on: date, reason: str) -> int:
    """Undo a payment on a day: what it pays is open again, early discounts that came with it and its deposit are gone.

    Each step is the exact inverse of what was posted, realized FX with it. Returns the id of the entry that takes the
    money out of Cash clearing.
    Refuses: not_found, reason_missing, already_voided, before_payment, used_later, no_open_period.
    """
    payment: Payment = locks.for_update(Payment.objects.visible_to(actor), payment_id)
    pays = _pays(payment)
    numbers = dict(Invoice.objects.filter(pk__in=pays).values_list("pk", "number"))
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why the payment is voided.", "reason")
    problems.check(
        not PaymentVoid.objects.filter(payment=payment).exists(),
        "already_voided", "This payment was voided already.",
    )  # fmt: skip
    problems.check(
        on >= payment.received_on,
        "before_payment", f"The payment was received on {payment.received_on:%-d %B %Y}, after that day.", "on",
    )  # fmt: skip
    for invoice_id, last in pays.items():
        problems.check(
            not payment.received_on <= on < last,
            "used_later",
            f"It was set against {numbers[invoice_id]} on {last:%-d %B %Y}, after that day. Choose that day or a later one.",
            "on",
        )
    problems.refuse()
    for receivable in locks.all_for_update(Receivable.objects.all(), pays):
        words = f"Payment of {numbers[receivable.pk]} voided"
        withdraw_discount(actor, payment, receivable, on, words)
        withdraw_allocations(actor, payment, receivable, on, words)
    draft = posting.undone(
        book_id=payment.entity_id, currency=payment.currency, sides=sides_of([payment.journal_entry_id]), on=on,
        kind="payment_received", description=f"Payment {payment.reference} voided: {reason.strip()}",
        reverses_id=payment.journal_entry_id,
    )  # fmt: skip
    (entry_id,) = ledger.post(actor=actor, entries=[draft])
    PaymentVoid.objects.create(
        payment=payment, voided_on=on, reason=reason.strip(), journal_entry_id=entry_id
    )
    amount = money_words(payment.amount, payment.currency)
    opened = f"; open again: {', '.join(numbers.values())}" if numbers else ""
    record(payment, f"Voided the payment of {amount}: {reason.strip()}{opened}")
    emit(PaymentVoided(actor, payment.pk, on))
    return entry_id


def _pays(payment: Payment) -> dict[int, date]:
    """Return the invoices that a payment pays, each with the day it was last set against it."""
    rows = (
        Allocation.objects.filter(payment=payment)
        .values_list("invoice_id")
        .annotate(total=Sum("amount"), last=Max("allocated_on"))
        .order_by("invoice_id")
    )
    return {invoice_id: last for invoice_id, total, last in rows if total}
