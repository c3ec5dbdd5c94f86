"""The journal entries of receivables: money first becomes a deposit, and a deposit pays an invoice."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

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


class Given(NamedTuple):
    """What is given up of an invoice, and the tax in it, in its currency and (None: the same) in the book's at its rate.

    Negative amounts are owed again; the book's values are sizes.
    """

    amount: Decimal
    tax: Decimal
    of_invoice: Decimal | None
    of_tax: Decimal | None


def written_off(
    *,
    book_id: int,
    currency: str,
    client_id: int,
    contract_id: int,
    given: Given,
    on: date,
    number: str,
    invoice_id: int,
) -> EntryDraft:
    """Debit Bad debt expense and, for tax that is relieved, Tax payable; credit Accounts receivable."""
    size, part = abs(given.amount), abs(given.tax)
    rest = None if given.of_invoice is None or given.of_tax is None else given.of_invoice - given.of_tax
    work = client_id, contract_id
    postings = [PostingDraft(AccountRole.BAD_DEBT, size - part, _ZERO, rest, *work)]
    if part:
        postings.append(PostingDraft(AccountRole.TAX_PAYABLE, part, _ZERO, given.of_tax, *work))
    postings.append(PostingDraft(AccountRole.RECEIVABLE, _ZERO, size, given.of_invoice, *work))
    if given.amount < 0:
        postings = [posting.reversed() for posting in postings]
    verb = "written off" if given.amount > 0 else "owed again"
    return EntryDraft(
        book_id, on, "debt_written_off", f"{number} {verb}", currency, postings, "invoice", invoice_id
    )


class Side(NamedTuple):
    """What entries come to on one account: debits less credits, in their currency and in the book's."""

    account: AccountRole
    client_id: int
    contract_id: int
    amount: Decimal
    functional: Decimal


def undone(
    *,
    book_id: int,
    currency: str,
    sides: Iterable[Side],
    on: date,
    kind: str,
    description: str,
    invoice_id: int | None = None,
    reverses_id: int | None = None,
) -> EntryDraft:
    """Return the exact inverse of what entries come to."""
    postings = [
        PostingDraft(
            side.account, max(-side.amount, _ZERO), max(side.amount, _ZERO),
            abs(side.functional) if side.amount else -side.functional, side.client_id, side.contract_id,
        )
        for side in sides
        if side.amount or side.functional
    ]  # fmt: skip
    source = "invoice" if invoice_id else ""
    return EntryDraft(
        book_id, on, f"{kind}_reversal", description, currency, postings, source, invoice_id, reverses_id
    )


def _fx(loss: Decimal, client_id: int) -> PostingDraft:
    """Return the realized difference, which has a value in the book's currency only."""
    return PostingDraft(AccountRole.REALIZED_FX, functional=loss, client_id=client_id)
