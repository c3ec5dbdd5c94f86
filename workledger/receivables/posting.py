"""The journal entries of receivables: money first becomes a deposit, and a deposit pays an invoice."""

from datetime import date
from decimal import Decimal

from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole

_ZERO = Decimal(0)


def payment_received(
    *,
    book_id: int,
    currency: str,
    client_id: int,
    amount: Decimal,
    functional: Decimal | None,
    on: date,
    reference: str,
) -> EntryDraft:
    """Debit Cash clearing, credit Customer deposits: the whole payment."""
    return EntryDraft(
        book_id, on, "payment_received", f"Payment {reference}", currency,
        [
            PostingDraft(AccountRole.CASH_CLEARING, amount, _ZERO, functional, client_id),
            PostingDraft(AccountRole.CUSTOMER_DEPOSITS, _ZERO, amount, functional, client_id),
        ],
    )  # fmt: skip


def allocated(
    *,
    book_id: int,
    currency: str,
    client_id: int,
    contract_id: int,
    amount: Decimal,
    of_payment: Decimal | None,
    of_invoice: Decimal | None,
    on: date,
    number: str,
    invoice_id: int,
) -> EntryDraft:
    """Debit Customer deposits, credit Accounts receivable; a negative amount takes an allocation back.

    `of_payment` and `of_invoice` are the book's value of the amount at either's rate (None: same currency);
    their difference is realized FX.
    """
    size = abs(amount)
    postings = [
        PostingDraft(AccountRole.CUSTOMER_DEPOSITS, size, _ZERO, of_payment, client_id),
        PostingDraft(AccountRole.RECEIVABLE, _ZERO, size, of_invoice, client_id, contract_id),
    ]
    if of_payment is not None and of_invoice is not None and of_payment != of_invoice:
        loss = of_invoice - of_payment
        postings.append(_fx(loss, client_id))
    if amount < 0:
        postings = [posting.reversed() for posting in postings]
    verb = "allocated to" if amount > 0 else "taken back from"
    return EntryDraft(
        book_id,
        on,
        "payment_allocated",
        f"Payment {verb} {number}",
        currency,
        postings,
        "invoice",
        invoice_id,
    )


def discounted(
    *,
    book_id: int,
    currency: str,
    client_id: int,
    contract_id: int,
    amount: Decimal,
    tax: Decimal,
    of_invoice: Decimal | None,
    of_tax: Decimal | None,
    on: date,
    number: str,
    invoice_id: int,
) -> EntryDraft:
    """Debit Billing adjustments (net) and Tax payable, credit Accounts receivable: an early-payment discount.

    A negative amount takes one back. `of_invoice` and `of_tax` are the book's value of amount and tax at the invoice's
    rate (None: same currency).
    """
    size, part = abs(amount), abs(tax)
    of_net = None if of_invoice is None or of_tax is None else of_invoice - of_tax
    work = client_id, contract_id
    postings = [PostingDraft(AccountRole.BILLING_ADJUSTMENTS, size - part, _ZERO, of_net, *work)]
    if part:
        postings.append(PostingDraft(AccountRole.TAX_PAYABLE, part, _ZERO, of_tax, *work))
    postings.append(PostingDraft(AccountRole.RECEIVABLE, _ZERO, size, of_invoice, *work))
    if amount < 0:
        postings = [posting.reversed() for posting in postings]
    verb = "Early-payment discount on" if amount > 0 else "Early-payment discount taken back of"
    return EntryDraft(
        book_id, on, "early_discount", f"{verb} {number}", currency, postings, "invoice", invoice_id
    )


def _fx(loss: Decimal, client_id: int) -> PostingDraft:
    """Return the realized difference, which has a value in the book's currency only."""
    return PostingDraft(AccountRole.REALIZED_FX, functional=loss, client_id=client_id)
