"""What settles a receivable, posted and noted: allocations, early-payment discounts, bad debts, and their undoing."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from workledger.billing.calc.dues import tax_part
from workledger.billing.models import Invoice
from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.directory.models import LegalEntity
from workledger.directory.queries import exchange_rate
from workledger.kernel.rounding import minor_quantum
from workledger.ledger import actions as ledger
from workledger.ledger.models import AccountRole, Posting
from workledger.receivables import posting
from workledger.receivables.models import Allocation, BadDebt, EarlyDiscount, Payment, Receivable

_ZERO = Decimal(0)


def total_of(rows: QuerySet[Any], column: str = "amount") -> Decimal:
    """Return the sum of a column over rows."""
    total: Decimal | None = rows.aggregate(total=Sum(column))["total"]
    return total or _ZERO


def claim_of(receivable: Receivable) -> Decimal:
    """Return what credit notes left of an invoice: open, paid, taken off for paying early or given up."""
    settled = sum(
        total_of(rows.objects.filter(invoice_id=receivable.pk))
        for rows in (Allocation, EarlyDiscount, BadDebt)
    )
    return receivable.open_amount + settled


def _home(entity_id: int) -> str:
    """Return the currency of an entity's book."""
    currency: str = LegalEntity.objects.values_list("book__currency", flat=True).get(pk=entity_id)
    return currency


def discount(
    actor: Actor, payment: Payment | None, receivable: Receivable, amount: Decimal, on: date
) -> None:
    """Post an early-payment discount (negative: taken back) with its tax, at the invoice's rate."""
    invoice = Invoice.objects.get(pk=receivable.pk)
    home = _home(receivable.entity_id)
    tax = _ZERO
    if invoice.discount_reduces_tax:
        tax = tax_part(amount, invoice.gross, invoice.tax, invoice.currency)
        given = EarlyDiscount.objects.filter(invoice=invoice)
        if amount < 0 and -amount == total_of(given):  # all of it: all its tax
            tax = -total_of(given, "tax")
    of_invoice = of_tax = None
    if receivable.currency != home:
        of_invoice = _of_invoice(invoice, receivable, amount, home)
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
    if total_of(EarlyDiscount.objects.filter(invoice=invoice)):
        return _ZERO
    claim = claim_of(receivable)
    off = (invoice.discount * claim / invoice.gross).quantize(minor_quantum(invoice.currency), ROUND_HALF_UP)
    return min(off, receivable.open_amount)


def functional_on(currency: str, home: str, amount: Decimal, on: date) -> Decimal | None:
    """Return the amount in the book's currency on a day; None when it is the same currency."""
    if currency == home:
        return None
    rate = exchange_rate(currency, home, on)
    if rate is None:
        raise Refused.because(
            "exchange_rate_missing", f"There is no exchange rate from {currency} on {on}.", "on"
        )
    return (amount * rate).quantize(minor_quantum(home))


def allocate(actor: Actor, payment: Payment, receivable: Receivable, amount: Decimal, on: date) -> None:
    """Post an allocation (negative: withdrawn), at the invoice's rate against the payment's; the difference is FX.

    What settles the invoice, or uses the payment up, takes what the books still have of it, so no cent of rounding stays.
    """
    home = _home(receivable.entity_id)
    invoice = Invoice.objects.get(pk=receivable.pk)
    of_payment = of_invoice = None
    if receivable.currency != home:
        of_payment = _of_payment(payment, amount, home)
        of_invoice = _of_invoice(invoice, receivable, amount, home)
    draft = posting.allocated(
        book_id=receivable.entity_id, currency=receivable.currency, client_id=receivable.client_id,
        contract_id=invoice.contract_id, amount=amount, of_payment=of_payment, of_invoice=of_invoice, on=on,
        number=invoice.number, invoice_id=invoice.pk,
    )  # fmt: skip
    (entry_id,) = ledger.post(actor=actor, entries=[draft])
    _note_allocation(payment, receivable, amount, on, entry_id)


def _note_allocation(
    payment: Payment, receivable: Receivable, amount: Decimal, on: date, entry_id: int
) -> None:
    Allocation.objects.create(
        payment=payment, invoice_id=receivable.pk, allocated_on=on, amount=amount, journal_entry_id=entry_id
    )
    _settle(receivable, amount)


def _settle(receivable: Receivable, amount: Decimal) -> None:
    receivable.open_amount -= amount
    receivable.save(update_fields=["open_amount"])


def _of_payment(payment: Payment, amount: Decimal, home: str) -> Decimal:
    """Return what a part of a payment is worth in the books."""
    used = Allocation.objects.filter(payment=payment)
    if amount == payment.amount - total_of(used):
        entries = [payment.journal_entry_id, *used.values_list("journal_entry_id", flat=True)]
        return -_worth(Posting.objects.filter(entry_id__in=entries), AccountRole.CUSTOMER_DEPOSITS)
    return _share(payment.journal_entry_id, abs(amount), payment.amount, home)


def _of_invoice(invoice: Invoice, receivable: Receivable, amount: Decimal, home: str) -> Decimal:
    """Return what a part of an invoice is worth in the books."""
    if amount == receivable.open_amount:
        documents = [
            invoice.pk,
            *Invoice.objects.filter(credits_invoice=invoice).values_list("pk", flat=True),
        ]
        rows = Posting.objects.filter(entry__source_kind="invoice", entry__source_id__in=documents)
        return _worth(rows, AccountRole.RECEIVABLE)
    return _share(invoice.journal_entry_id, abs(amount), receivable.gross, home)


def _worth(rows: QuerySet[Posting], role: AccountRole) -> Decimal:
    """Return the debit balance of an account over postings, in the book's currency."""
    rows = rows.filter(account__role=role)
    return total_of(rows, "functional_debit") - total_of(rows, "functional_credit")


def _share(entry_id: int | None, amount: Decimal, whole: Decimal, home: str) -> Decimal:
    """Return the part of an entry's functional value (its first posting) that `amount` of `whole` is."""
    first = Posting.objects.filter(entry_id=entry_id).order_by("id").first()
    assert first is not None
    value = first.functional_debit or first.functional_credit
    return (value * amount / whole).quantize(minor_quantum(home))


def withdraw_allocations(
    actor: Actor, payment: Payment, receivable: Receivable, on: date, words: str
) -> Decimal:
    """Take back all that a payment pays of an invoice, by the exact inverse of what was posted; returns how much."""
    rows = Allocation.objects.filter(payment=payment, invoice_id=receivable.pk)
    amount = total_of(rows)
    if amount:
        entry_id = _undo(actor, rows, receivable, on, "payment_allocated", words)
        _note_allocation(payment, receivable, -amount, on, entry_id)
    return amount


def withdraw_discount(actor: Actor, payment: Payment, receivable: Receivable, on: date, words: str) -> None:
    """Take back what is left of the early-payment discount that came with a payment, by the exact inverse."""
    if total_of(EarlyDiscount.objects.filter(payment=payment, invoice_id=receivable.pk)) <= 0:
        return
    rows = EarlyDiscount.objects.filter(invoice_id=receivable.pk)
    amount, tax = total_of(rows), total_of(rows, "tax")
    if amount:
        entry_id = _undo(actor, rows, receivable, on, "early_discount", words)
        EarlyDiscount.objects.create(
            payment=payment, invoice_id=receivable.pk, given_on=on, amount=-amount, tax=-tax,
            journal_entry_id=entry_id,
        )  # fmt: skip
        _settle(receivable, -amount)


def _undo(actor: Actor, rows: QuerySet[Any], receivable: Receivable, on: date, kind: str, words: str) -> int:
    """Post the inverse of what the entries of `rows` come to; returns the new entry's id.

    It points at the entry that it undoes where that is one.
    """
    entries = list(rows.values_list("journal_entry_id", flat=True))
    draft = posting.undone(
        book_id=receivable.entity_id, currency=receivable.currency, sides=sides_of(entries), on=on, kind=kind,
        description=words, invoice_id=receivable.pk, reverses_id=entries[0] if len(entries) == 1 else None,
    )  # fmt: skip
    (entry_id,) = ledger.post(actor=actor, entries=[draft])
    return entry_id


def sides_of(entry_ids: Sequence[int]) -> list[posting.Side]:
    """Return what entries come to, by account, client and contract."""
    found = (
        Posting.objects.filter(entry_id__in=entry_ids)
        .values_list("account__role", "client_id", "contract_id")
        .annotate(
            amount=Sum("debit") - Sum("credit"), functional=Sum("functional_debit") - Sum("functional_credit")
        )
        .order_by("account__role", "client_id", "contract_id")
    )
    return [posting.Side(AccountRole(role), *rest) for role, *rest in found]


def write_off(
    actor: Actor, receivable: Receivable, amount: Decimal, on: date, reason: str, *, tax: Decimal
) -> BadDebt:
    """Post a bad debt with the tax in it, at what the invoice is worth in the books."""
    invoice = Invoice.objects.get(pk=receivable.pk)
    home = _home(receivable.entity_id)
    of_invoice = of_tax = None
    if receivable.currency != home:
        of_invoice = _of_invoice(invoice, receivable, amount, home)
        of_tax = (of_invoice * tax / amount).quantize(minor_quantum(home), ROUND_HALF_UP)
    return _note_bad_debt(
        actor, invoice, receivable, posting.Given(amount, tax, of_invoice, of_tax), on, reason
    )


def take_bad_debt_back(
    actor: Actor, receivable: Receivable, amount: Decimal, on: date, reason: str
) -> BadDebt:
    """Take back a part or all of what is written off of an invoice, in proportion to what was posted of it."""
    invoice = Invoice.objects.get(pk=receivable.pk)
    home = _home(receivable.entity_id)
    rows = BadDebt.objects.filter(invoice=invoice)
    whole, tax = total_of(rows), total_of(rows, "tax")
    quantum = minor_quantum(receivable.currency)
    back = (tax * amount / whole).quantize(quantum, ROUND_HALF_UP)
    of_invoice = of_tax = None
    if receivable.currency != home:
        worth = {
            side.account: abs(side.functional)
            for side in sides_of(list(rows.values_list("journal_entry_id", flat=True)))
        }
        of_invoice, of_tax = (
            (worth.get(role, _ZERO) * amount / whole).quantize(minor_quantum(home), ROUND_HALF_UP)
            for role in (AccountRole.RECEIVABLE, AccountRole.TAX_PAYABLE)
        )
    given = posting.Given(-amount, -back, of_invoice, of_tax)
    return _note_bad_debt(actor, invoice, receivable, given, on, reason)


def _note_bad_debt(
    actor: Actor, invoice: Invoice, receivable: Receivable, given: posting.Given, on: date, reason: str
) -> BadDebt:
    draft = posting.written_off(
        book_id=receivable.entity_id, currency=receivable.currency, client_id=receivable.client_id,
        contract_id=invoice.contract_id, given=given, on=on, number=invoice.number, invoice_id=invoice.pk,
    )  # fmt: skip
    (entry_id,) = ledger.post(actor=actor, entries=[draft])
    row = BadDebt.objects.create(
        invoice=invoice, written_off_on=on, amount=given.amount, tax=given.tax, reason=reason,
        journal_entry_id=entry_id,
    )  # fmt: skip
    _settle(receivable, given.amount)
    return row


def open_of(invoice_ids: Sequence[int]) -> dict[int, Decimal]:
    """Return what is open by invoice."""
    return dict(Receivable.objects.filter(pk__in=invoice_ids).values_list("pk", "open_amount"))
