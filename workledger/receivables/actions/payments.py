"""Money comes in: for an invoice, on account, and out of deposits."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from workledger.billing.models import Invoice
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.events import emit
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import Client, LegalEntity
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum
from workledger.ledger import actions as ledger
from workledger.receivables import posting
from workledger.receivables.actions.settling import allocate, discount, discount_at, functional_on
from workledger.receivables.events import PaymentRecorded
from workledger.receivables.models import Allocation, Payment, PaymentVoid, Receivable

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Received:
    """A recorded payment: what was set against invoices, what stays as a deposit, what was taken off for paying early."""

    payment_id: int
    allocated: Decimal
    deposit: Decimal
    discount: Decimal = Decimal(0)


@action("receivables.record_payment", needs=Permission.RECORD_PAYMENT)
def record_payment(
    *,
    actor: Actor,
    invoice_id: int,
    amount: Decimal,
    on: date,
    reference: str = "",
    takes_discount: bool = True,
) -> Received:
    """Record money received for an invoice. What exceeds what is open becomes a customer deposit (confirmed).

    Paid by its discount date, what is missing up to the early-payment discount settles the invoice, unless
    `takes_discount` is false; a later or shorter payment leaves the rest open.
    Refuses: not_found, not_issued, credited, amount_not_possible, before_invoice, exchange_rate_missing,
    no_open_period. Warns: overpayment.
    """
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor), invoice_id)
    receivable = Receivable.objects.filter(pk=invoice_id).select_for_update().first()
    if receivable is None:
        raise Refused.because("not_issued", "Only an issued invoice is paid.", "invoice")
    problems = Problems()
    problems.check(
        invoice.state != "credited", "credited", f"{invoice.number} was credited in full.", "invoice"
    )
    problems.check(
        amount > 0 and amount % minor_quantum(invoice.currency) == 0,
        "amount_not_possible", f"Give an amount of more than zero in {invoice.currency}, to the cent.", "amount",
    )  # fmt: skip
    problems.check(
        on >= receivable.issued_on,
        "before_invoice", f"{invoice.number} was issued on {receivable.issued_on}, after that day.", "on",
    )  # fmt: skip
    problems.refuse()
    allocated = min(amount, receivable.open_amount)
    if allocated < amount:
        warn(
            "overpayment",
            f"{money_words(amount - allocated, invoice.currency)} more than is open. It stays as a deposit of the client.",
            "amount",
        )
    payment = _receive(
        actor, _Payer(invoice.entity_id, invoice.client_id, invoice.currency), amount, on, reference, invoice.number
    )  # fmt: skip
    off = discount_at(invoice, receivable, on) if takes_discount else _ZERO
    if allocated:
        allocate(actor, payment, receivable, allocated, on)
    given = receivable.open_amount if _ZERO < receivable.open_amount <= off else _ZERO
    if given:
        discount(actor, payment, receivable, given, on)
    less = f", {money_words(given, invoice.currency)} off for paying early" if given else ""
    record(invoice, f"Received {money_words(amount, invoice.currency)} for {invoice.number}{less}")
    emit(PaymentRecorded(actor, payment.pk))
    return Received(payment.pk, allocated, amount - allocated, given)


class _Payer(NamedTuple):
    entity_id: int
    client_id: int
    currency: str


def _receive(
    actor: Actor, payer: _Payer, amount: Decimal, on: date, reference: str, otherwise: str
) -> Payment:
    home = LegalEntity.objects.values_list("book__currency", flat=True).get(pk=payer.entity_id)
    draft = posting.payment_received(
        book_id=payer.entity_id, currency=payer.currency, client_id=payer.client_id, amount=amount,
        functional=functional_on(payer.currency, home, amount, on), on=on, reference=reference or otherwise,
    )  # fmt: skip
    (entry_id,) = ledger.post(actor=actor, entries=[draft])
    return Payment.objects.create(
        entity_id=payer.entity_id, client_id=payer.client_id, received_on=on, currency=payer.currency,
        amount=amount, reference=reference.strip(), journal_entry_id=entry_id,
    )  # fmt: skip


@action("receivables.record_deposit", needs=Permission.RECORD_PAYMENT)
def record_deposit(
    *,
    actor: Actor,
    client_id: int,
    entity_id: int,
    currency: str,
    amount: Decimal,
    on: date,
    reference: str = "",
) -> int:
    """Record money that a client pays on account, for no invoice yet; returns the payment's id.

    Refuses: not_found, unknown_entity, currency_unknown, amount_not_possible, exchange_rate_missing, no_open_period.
    """
    client: Client = locks.one(Client.objects.visible_to(actor), client_id)
    problems = Problems()
    problems.check(
        LegalEntity.objects.filter(pk=entity_id).exists()
        and (actor.entity_ids is None or entity_id in actor.entity_ids),
        "unknown_entity", "Choose the legal entity that received the money.", "entity_id",
    )  # fmt: skip
    problems.check(
        re.fullmatch("[A-Z]{3}", currency), "currency_unknown", "A currency has three letters.", "currency"
    )
    problems.check(
        amount > 0 and amount % minor_quantum(currency) == 0,
        "amount_not_possible", "Give an amount of more than zero, to the cent.", "amount",
    )  # fmt: skip
    problems.refuse()
    payment = _receive(actor, _Payer(entity_id, client.pk, currency), amount, on, reference, "on account")
    record(payment, f"Received {money_words(amount, currency)} on account of {client.name}")
    emit(PaymentRecorded(actor, payment.pk))
    return int(payment.pk)


@action("receivables.apply_deposits", needs=Permission.RECORD_PAYMENT)
def apply_deposits(*, actor: Actor, invoice_id: int, on: date) -> Decimal:
    """Set the client's deposits against an open invoice, the oldest first, as far as they go; returns what was set.

    Refuses: not_found, not_open, no_deposit, no_open_period.
    """
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor), invoice_id)
    receivable = Receivable.objects.filter(pk=invoice_id).select_for_update().first()
    if receivable is None or not receivable.open_amount:
        raise Refused.because("not_open", "Nothing is open on this invoice.")
    payments = Payment.objects.visible_to(actor).filter(
        client_id=invoice.client_id, entity_id=invoice.entity_id, currency=invoice.currency, void=None
    )
    used = dict(
        Allocation.objects.filter(payment__in=payments).values_list("payment_id").annotate(total=Sum("amount")).order_by()
    )  # fmt: skip
    before = receivable.open_amount
    for payment in payments.order_by("received_on", "pk").select_for_update(of=("self",)):
        amount = min(payment.amount - used.get(payment.pk, _ZERO), receivable.open_amount)
        if amount > 0:
            allocate(actor, payment, receivable, amount, on)
    done: Decimal = before - receivable.open_amount
    if not done:
        message = "The client has no deposit in this currency that is not used yet."
        raise Refused.because("no_deposit", message)
    record(invoice, f"Set {money_words(done, invoice.currency)} of deposits against {invoice.number}")
    return done


@action("receivables.allocate_deposit", needs=Permission.RECORD_PAYMENT)
def allocate_deposit(*, actor: Actor, payment_id: int, invoice_id: int, amount: Decimal, on: date) -> None:
    """Set a part of a payment that is still a deposit against an open invoice of the same client.

    Refuses: not_found, voided, other_client, amount_not_possible, no_open_period.
    """
    payment: Payment = locks.for_update(Payment.objects.visible_to(actor), payment_id)
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor), invoice_id)
    receivable = locks.for_update(Receivable.objects.all(), invoice_id)
    used = payment.allocations.aggregate(total=Sum("amount"))["total"] or _ZERO
    possible = min(payment.amount - used, receivable.open_amount)
    problems = Problems()
    problems.check(
        not PaymentVoid.objects.filter(payment=payment).exists(),
        "voided",
        "This payment was voided.",
        "payment",
    )
    problems.check(
        (payment.client_id, payment.entity_id, payment.currency)
        == (invoice.client_id, invoice.entity_id, invoice.currency),
        "other_client", "The payment and the invoice are of one client, legal entity and currency.", "invoice",
    )  # fmt: skip
    problems.check(
        _ZERO < amount <= possible,
        "amount_not_possible",
        f"Allocate more than 0 and at most {money_words(possible, invoice.currency)}.",
        "amount",
    )
    problems.refuse()
    allocate(actor, payment, receivable, amount, on)
    record(invoice, f"Allocated {money_words(amount, invoice.currency)} of a deposit to {invoice.number}")
