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


def _fx(loss: Decimal, client_id: int) -> PostingDraft:
    """Return the realized difference, which has a value in the book's currency only."""
    return PostingDraft(AccountRole.REALIZED_FX, functional=loss, client_id=client_id)
