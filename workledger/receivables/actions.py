"""Writes of receivables: payments, allocation, disputes, and what issuing and crediting mean for them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet, Sum

from workledger.billing.calc.dues import tax_part
from workledger.billing.events import InvoiceCredited, InvoicesIssued
from workledger.billing.models import Invoice
from workledger.core import bulk, locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import Client, LegalEntity
from workledger.directory.queries import exchange_rate
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum
from workledger.ledger import actions as ledger
from workledger.ledger.models import Posting
from workledger.receivables import posting
from workledger.receivables.models import Allocation, Dispute, EarlyDiscount, Payment, Receivable

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Received:
    """A recorded payment: what was set against invoices, what stays as a deposit, what was taken off for paying early."""

    payment_id: int
    allocated: Decimal
    deposit: Decimal
    discount: Decimal = Decimal(0)


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
    """Take the credit off what is open; what was paid beyond the rest becomes the client's deposit again."""
    receivable = locks.for_update(Receivable.objects.all(), event.invoice_id)
    _take_discount_back(event, receivable)
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
            _allocate(event.actor, payment, receivable, -back, event.on)
            too_much -= back
    receivable.open_amount -= event.gross
    receivable.save(update_fields=["open_amount"])


def _take_discount_back(event: InvoiceCredited, receivable: Receivable) -> None:
    """Take the share of an early-payment discount back that the credit note gives back with the gross."""
    given = _sum(EarlyDiscount.objects.filter(invoice_id=event.invoice_id))
    if not given:
        return
    claim = receivable.open_amount + given + _sum(Allocation.objects.filter(invoice_id=event.invoice_id))
    share = (given * event.gross / claim).quantize(minor_quantum(receivable.currency), ROUND_HALF_UP)
    if share:
        _discount(event.actor, None, receivable, -share, event.on)


def _sum(rows: QuerySet[Any]) -> Decimal:
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or _ZERO


def _discount(
    actor: Actor, payment: Payment | None, receivable: Receivable, amount: Decimal, on: date
) -> None:
    """Post an early-payment discount (negative: taken back) with its tax, at the invoice's rate."""
    invoice = Invoice.objects.get(pk=receivable.pk)
    home = LegalEntity.objects.values_list("book__currency", flat=True).get(pk=receivable.entity_id)
    tax = _ZERO
    if invoice.discount_reduces_tax:
        tax = tax_part(amount, invoice.gross, invoice.tax, invoice.currency)
        if amount < 0 and -amount == _sum(
            EarlyDiscount.objects.filter(invoice=invoice)
        ):  # all of it: all its tax
            tax = -(
                EarlyDiscount.objects.filter(invoice=invoice).aggregate(total=Sum("tax"))["total"] or _ZERO
            )
    of_invoice = of_tax = None
    if receivable.currency != home:
        of_invoice = _share(invoice.journal_entry_id, abs(amount), receivable.gross)
        of_tax = (of_invoice * tax / amount).quantize(minor_quantum(home), ROUND_HALF_UP)
    draft = posting.discounted(
        book_id=receivable.entity_id, currency=receivable.currency, client_id=receivable.client_id,
        contract_id=invoice.contract_id, amount=amount, tax=tax, of_invoice=of_invoice, of_tax=of_tax, on=on,
        number=invoice.number, invoice_id=invoice.pk,
    )  # fmt: skip
    (entry_id,) = ledger.post(actor=actor, entries=[draft])
    EarlyDiscount.objects.create(
        payment=payment, invoice=invoice, given_on=on, amount=amount, tax=tax, journal_entry_id=entry_id
    )
    receivable.open_amount -= amount
    receivable.save(update_fields=["open_amount"])


def discount_at(invoice: Invoice, receivable: Receivable, on: date) -> Decimal:
    """Return what may be taken off an invoice that is paid on a day: in proportion to what credit notes left of it."""
    if invoice.discount_until is None or on > invoice.discount_until or not invoice.gross:
        return _ZERO
    if EarlyDiscount.objects.filter(invoice=invoice).exists():
        return _ZERO
    claim = receivable.open_amount + _sum(Allocation.objects.filter(invoice=invoice))
    off = (invoice.discount * claim / invoice.gross).quantize(minor_quantum(invoice.currency), ROUND_HALF_UP)
    return min(off, receivable.open_amount)


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
        _allocate(actor, payment, receivable, allocated, on)
    given = receivable.open_amount if _ZERO < receivable.open_amount <= off else _ZERO
    if given:
        _discount(actor, payment, receivable, given, on)
    less = f", {money_words(given, invoice.currency)} off for paying early" if given else ""
    record(invoice, f"Received {money_words(amount, invoice.currency)} for {invoice.number}{less}")
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
        functional=_functional(payer.currency, home, amount, on), on=on, reference=reference or otherwise,
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
        client_id=invoice.client_id, entity_id=invoice.entity_id, currency=invoice.currency
    )
    used = dict(
        Allocation.objects.filter(payment__in=payments).values_list("payment_id").annotate(total=Sum("amount")).order_by()
    )  # fmt: skip
    before = receivable.open_amount
    for payment in payments.order_by("received_on", "pk").select_for_update():
        amount = min(payment.amount - used.get(payment.pk, _ZERO), receivable.open_amount)
        if amount > 0:
            _allocate(actor, payment, receivable, amount, on)
    done: Decimal = before - receivable.open_amount
    if not done:
        message = "The client has no deposit in this currency that is not used yet."
        raise Refused.because("no_deposit", message)
    record(invoice, f"Set {money_words(done, invoice.currency)} of deposits against {invoice.number}")
    return done


def _functional(currency: str, home: str, amount: Decimal, on: date) -> Decimal | None:
    """Return the amount in the book's currency on a day; None when it is the same currency."""
    if currency == home:
        return None
    rate = exchange_rate(currency, home, on)
    if rate is None:
        raise Refused.because(
            "exchange_rate_missing", f"There is no exchange rate from {currency} on {on}.", "on"
        )
    return (amount * rate).quantize(minor_quantum(home))


def _allocate(actor: Actor, payment: Payment, receivable: Receivable, amount: Decimal, on: date) -> None:
    """Post an allocation (negative: withdrawn), at the invoice's rate against the payment's; the difference is FX."""
    home = LegalEntity.objects.values_list("book__currency", flat=True).get(pk=receivable.entity_id)
    of_payment = of_invoice = None
    if receivable.currency != home:
        of_payment = _share(payment.journal_entry_id, abs(amount), payment.amount)
        invoice_entry = Invoice.objects.values_list("journal_entry_id", flat=True).get(pk=receivable.pk)
        of_invoice = _share(invoice_entry, abs(amount), receivable.gross)
    draft = posting.allocated(
        book_id=receivable.entity_id, currency=receivable.currency, client_id=receivable.client_id,
        contract_id=Invoice.objects.values_list("contract_id", flat=True).get(pk=receivable.pk),
        amount=amount, of_payment=of_payment, of_invoice=of_invoice, on=on,
        number=Invoice.objects.values_list("number", flat=True).get(pk=receivable.pk), invoice_id=receivable.pk,
    )  # fmt: skip
    (entry_id,) = ledger.post(actor=actor, entries=[draft])
    Allocation.objects.create(
        payment=payment, invoice_id=receivable.pk, allocated_on=on, amount=amount, journal_entry_id=entry_id
    )
    receivable.open_amount -= amount
    receivable.save(update_fields=["open_amount"])


def _share(entry_id: int | None, amount: Decimal, whole: Decimal) -> Decimal:
    """Return the part of an entry's functional value (its first posting) that `amount` of `whole` is."""
    first = Posting.objects.filter(entry_id=entry_id).order_by("id").first()
    assert first is not None
    value = first.functional_debit or first.functional_credit
    return (value * amount / whole).quantize(Decimal("0.01"))


@action("receivables.allocate_deposit", needs=Permission.RECORD_PAYMENT)
def allocate_deposit(*, actor: Actor, payment_id: int, invoice_id: int, amount: Decimal, on: date) -> None:
    """Set a part of a payment that is still a deposit against an open invoice of the same client.

    Refuses: not_found, other_client, amount_not_possible, no_open_period.
    """
    payment: Payment = locks.for_update(Payment.objects.visible_to(actor), payment_id)
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor), invoice_id)
    receivable = locks.for_update(Receivable.objects.all(), invoice_id)
    used = payment.allocations.aggregate(total=Sum("amount"))["total"] or _ZERO
    possible = min(payment.amount - used, receivable.open_amount)
    problems = Problems()
    problems.check(
        payment.client_id == invoice.client_id and payment.currency == invoice.currency,
        "other_client", "The payment and the invoice are of one client and one currency.", "invoice",
    )  # fmt: skip
    problems.check(
        _ZERO < amount <= possible,
        "amount_not_possible",
        f"Allocate more than 0 and at most {money_words(possible, invoice.currency)}.",
        "amount",
    )
    problems.refuse()
    _allocate(actor, payment, receivable, amount, on)
    record(invoice, f"Allocated {money_words(amount, invoice.currency)} of a deposit to {invoice.number}")


@action("receivables.open_dispute", needs=Permission.RECORD_PAYMENT)
def open_dispute(*, actor: Actor, invoice_id: int, reason: str, on: date) -> int:
    """Note that the client contests an invoice. Refuses: not_found, reason_missing, not_open, invoice_disputed_once."""
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say what the client contests.", "reason")
    problems.check(
        Receivable.objects.filter(pk=invoice_id, open_amount__gt=0).exists(),
        "not_open", "Nothing is open on this invoice.",
    )  # fmt: skip
    problems.refuse()
    dispute = Dispute.objects.create(invoice=invoice, reason=reason.strip(), opened_on=on)
    record(invoice, f"{invoice.number} is disputed: {reason.strip()}")
    return int(dispute.pk)


@action("receivables.settle_dispute", needs=Permission.RECORD_PAYMENT)
def settle_dispute(*, actor: Actor, dispute_id: int, outcome: str, on: date) -> None:
    """Close a dispute with its outcome. Refuses: not_found, outcome_missing, already_settled."""
    dispute: Dispute = locks.for_update(Dispute.objects.visible_to(actor), dispute_id)
    problems = Problems()
    problems.check(outcome.strip(), "outcome_missing", "Say how the dispute ended.", "outcome")
    problems.check(dispute.settled_on is None, "already_settled", "This dispute is settled already.")
    problems.refuse()
    dispute.settled_on, dispute.outcome = on, outcome.strip()
    dispute.save(update_fields=["settled_on", "outcome"])
    record(dispute.invoice, f"The dispute of {dispute.invoice.number} is settled: {outcome.strip()}")


def open_of(invoice_ids: Sequence[int]) -> dict[int, Decimal]:
    """Return what is open by invoice."""
    return dict(Receivable.objects.filter(pk__in=invoice_ids).values_list("pk", "open_amount"))
