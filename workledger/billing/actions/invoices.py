"""Issue and credit: a pre-bill becomes a numbered, frozen, posted invoice; credit notes take it back, whole or in part."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from workledger.billing import (
    choices,
    crediting,
    freezing,
    jobs,
    orders,
    posting,
    queries,
    reviewing,
    taxing,
)
from workledger.billing.books import Books, Positions
from workledger.billing.calc.taxes import nets_of
from workledger.billing.crediting import CreditPart
from workledger.billing.documents import json_hash, to_json
from workledger.billing.events import InvoicesIssued, IssuedInvoice
from workledger.billing.models import (
    Invoice,
    InvoiceLine,
    InvoiceState,
    IssuedDocument,
    ReasonCode,
    ReviewState,
)
from workledger.core import bulk, events, locks, numbering
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import BillingProfile, LegalEntity
from workledger.kernel.money import money_words
from workledger.ledger import actions as ledger
from workledger.ledger.drafts import EntryDraft

_ZERO = Decimal(0)


@action("billing.issue_invoice", needs=Permission.ISSUE_INVOICE)
def issue_invoice(*, actor: Actor, invoice_id: int, issued_on: date) -> str:
    """Issue one pre-bill; returns its number. Refuses: what `issue_invoices` refuses."""
    return issue_invoices(actor=actor, invoice_ids=[invoice_id], issued_on=issued_on)[0]


@action("billing.issue_invoices", needs=Permission.ISSUE_INVOICE)
def issue_invoices(
    *, actor: Actor, invoice_ids: list[int], issued_on: date, makes_pdfs: bool = True
) -> list[str]:
    """Number pre-bills, freeze them with their hash, post them, and queue their PDFs. Returns the numbers.

    Without `makes_pdfs` (history that is loaded) a PDF is made when it is asked for, the same to the byte.

    Refuses: not_found, not_a_pre_bill, nothing_to_invoice, negative_invoice, po_number_missing, review_open,
    approved_all_yourself, tax_rate_missing, exchange_rate_missing, no_open_period, po_limit_exceeded (a hard limit).
    Warns: po_limit_near, po_limit_exceeded.
    """
    invoices: list[Invoice] = locks.all_for_update(
        Invoice.objects.visible_to(actor).select_related("contract", "client", "corrects_invoice"),
        invoice_ids,
    )
    profiles = {
        profile.client_id: profile
        for profile in BillingProfile.objects.filter(client__in={invoice.client_id for invoice in invoices})
    }
    _refuse_unready(actor, invoices, profiles)
    moved = taxing.move_tax_points(invoices, profiles, issued_on)
    for invoice in invoices:
        if invoice.pk in moved:
            retotal(invoice)
    numbers = _numbers(invoices, issued_on)
    choices.set_dues(invoices, profiles, issued_on)
    due_on = {invoice.pk: invoice.due_on for invoice in invoices if invoice.due_on is not None}
    frozen = freezing.documents(invoices, numbers=numbers, issued_on=issued_on, due_on=due_on)
    bulk.copy_rows(
        IssuedDocument,
        ("invoice", "content", "content_hash"),
        (
            (pk, content, json_hash(content))
            for pk, content in ((pk, to_json(document)) for pk, document in frozen.items())
        ),
    )
    drafts = _entries(invoices, numbers, issued_on)
    posted = iter(ledger.post(actor=actor, entries=[draft for draft in drafts if draft.postings]))
    for invoice, draft in zip(invoices, drafts, strict=True):
        entry_id = next(posted) if draft.postings else None  # an invoice of nothing moves no account
        invoice.state = InvoiceState.ISSUED
        invoice.number = numbers[invoice.pk]
        invoice.issued_on = issued_on
        invoice.journal_entry_id = entry_id
    _save_issued(invoices)
    events.emit(InvoicesIssued(actor, [_issued(invoice) for invoice in invoices]))
    if makes_pdfs:
        jobs.queue_pdfs([invoice.pk for invoice in invoices])
    single = invoices[0] if len(invoices) == 1 else None
    record(single, f"Issued {single.number}" if single else f"Issued {len(invoices)} invoices")
    return [invoice.number for invoice in invoices]


def retotal(invoice: Invoice) -> None:
    """Sum a pre-bill's lines and their tax anew; where prices contain tax, take it out of them anew."""
    rows = list(invoice.lines.order_by("position"))
    _take_tax_out([row for row in rows if row.gross_amount is not None], invoice.currency)
    lines = [(row.amount, row.tax_code, row.tax_rate) for row in rows]
    invoice.net = sum((amount for amount, _, _ in lines), _ZERO)
    gross = [row.gross_amount for row in rows]
    for name, value in queries.tax_and_gross(lines, invoice.currency, gross).items():
        setattr(invoice, name, value)
    invoice.save(update_fields=["net", "tax", "gross"])


def _take_tax_out(rows: Sequence[InvoiceLine], currency: str) -> None:
    nets = nets_of([(row.gross_amount or _ZERO, row.tax_code, row.tax_rate) for row in rows], currency)
    for row, net in zip(rows, nets, strict=True):
        row.rounding += net - row.amount
        row.amount = net
    InvoiceLine.objects.bulk_update(rows, ["amount", "rounding"], batch_size=1000)


def _save_issued(invoices: Sequence[Invoice]) -> None:
    """Write what issuing changed on the invoices, in one statement of constant length."""
    if not invoices:
        return
    changed = [
        (row.pk, row.number, row.issued_on, row.due_on, row.journal_entry_id, row.discount, row.discount_until,
         row.discount_reduces_tax)
        for row in invoices
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_invoice i SET state = %s, number = n.number, issued_on = n.issued_on,"
            " due_on = n.due_on, journal_entry_id = n.entry_id, discount = n.discount,"
            " discount_until = n.discount_until, discount_reduces_tax = n.reduces_tax"
            " FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::date[], %s::bigint[], %s::numeric[], %s::date[],"
            " %s::boolean[]) AS n(id, number, issued_on, due_on, entry_id, discount, discount_until, reduces_tax)"
            " WHERE i.id = n.id",
            [InvoiceState.ISSUED.value, *map(list, zip(*changed, strict=True))],
        )


def _review_words(review: reviewing.ReviewShown) -> str:
    if review.state == ReviewState.SENT_BACK:
        return f"was sent back by {review.decided_by}: change it and ask again"
    if review.state == ReviewState.APPROVED:
        return f"changed since {review.decided_by} approved it: ask {review.reviewer} again"
    return f"waits for the review of {review.reviewer}"


def _refuse_unready(actor: Actor, invoices: Sequence[Invoice], profiles: dict[int, BillingProfile]) -> None:
    problems = Problems()
    reviews = reviewing.reviews_of([invoice.pk for invoice in invoices])
    for invoice in invoices:
        name = f"The pre-bill of {invoice.client.name} ({invoice.contract.number})"
        if invoice.state != InvoiceState.DRAFT:
            problems.add("not_a_pre_bill", f"{invoice.number} is issued already.")
            continue
        profile = profiles.get(invoice.client_id)
        if profile and profile.requires_po and not orders.number_of(invoice):
            message = f"{name} needs a purchase order number. Add one to the contract."
            problems.add("po_number_missing", message, "po_number")
        for review in reviews.get(invoice.pk, ()):
            if review.is_open:
                problems.add("review_open", f"{name} {_review_words(review)}.")
        if invoice.gross < 0:
            problems.add("negative_invoice", f"{name} is negative. Credit the earlier invoice instead.")
    sourced = set(
        InvoiceLine.objects.filter(invoice__in=invoices).values_list("invoice_id", flat=True).distinct()
    )
    for invoice in invoices:
        problems.check(invoice.pk in sourced, "nothing_to_invoice", f"Pre-bill {invoice.pk} has no lines.")
    orders.check_limits([row for row in invoices if row.state == InvoiceState.DRAFT], problems)
    if actor.user_id is not None and duty_applies(DutyRule.APPROVE_TIME_AND_ISSUE):
        for invoice_id in queries.approved_only_by(actor.user_id, [invoice.pk for invoice in invoices]):
            problems.add(
                "approved_all_yourself",
                f"You alone approved all the time on pre-bill {invoice_id}. {DutyRule.APPROVE_TIME_AND_ISSUE.sentence}",
            )
    problems.refuse()


def _numbers(invoices: Iterable[Invoice], issued_on: date) -> dict[int, str]:
    """Take gapless numbers per entity and year, in the order of client and contract."""
    prefixes = dict(LegalEntity.objects.values_list("book_id", "invoice_prefix"))
    by_entity: dict[int, list[Invoice]] = defaultdict(list)
    for invoice in sorted(invoices, key=lambda one: (one.client.name, one.contract.number, one.pk)):
        by_entity[invoice.entity_id].append(invoice)
    numbers = {}
    for entity_id in sorted(by_entity):
        rows = by_entity[entity_id]
        taken = numbering.take(f"invoice:{entity_id}:{issued_on.year}", len(rows))
        for invoice, number in zip(rows, taken, strict=True):
            numbers[invoice.pk] = f"{prefixes[entity_id]}{issued_on.year}-{number:05d}"
    return numbers


def _entries(invoices: Sequence[Invoice], numbers: dict[int, str], issued_on: date) -> list[EntryDraft]:
    sums: dict[int, list[tuple[int, int, Decimal, Decimal]]] = defaultdict(list)
    by_work = (
        InvoiceLine.objects.filter(invoice__in=invoices)
        .values_list("invoice_id", "contract_line_id", "project_id")
        .annotate(net=Sum("amount"), rounded=Sum("rounding"))
        .order_by("invoice_id", "contract_line_id", "project_id")
    )
    for invoice_id, *row in by_work:
        sums[invoice_id].append(tuple(row))
    books = Books()
    positions = Positions({invoice.contract_id for invoice in invoices})
    drafts = []
    for invoice in invoices:
        book = books.rate(invoice.contract_id, issued_on)
        if book is None:
            message = f"There is no exchange rate from {invoice.currency} on {issued_on}. Add one first."
            raise Refused.because("exchange_rate_missing", message)
        nets: dict[tuple[int, int, int, int], Decimal] = {}
        roundings: dict[tuple[int, int, int, int], Decimal] = {}
        for line_id, project_id, net, rounded in sums[invoice.pk]:
            key = invoice.client_id, invoice.contract_id, line_id, project_id or 0
            nets[key], roundings[key] = net, rounded
        draft = posting.invoice_issued(
            book,
            invoice_id=invoice.pk,
            number=numbers[invoice.pk],
            issued_on=issued_on,
            shares=[posting.Share(*key, amount) for key, amount in sorted(nets.items())],
            rounding=roundings,
            tax=invoice.tax,
            held=positions.of(invoice.contract_id),
        )
        positions.add(draft)
        drafts.append(draft)
    return drafts


def _issued(invoice: Invoice) -> IssuedInvoice:
    assert invoice.issued_on is not None
    assert invoice.due_on is not None
    return IssuedInvoice(
        invoice.pk, invoice.number, invoice.entity_id, invoice.client_id, invoice.currency, invoice.issued_on,
        invoice.due_on, invoice.gross,
    )  # fmt: skip


@action("billing.credit_invoice", needs=Permission.CREDIT_INVOICE)
def credit_invoice(*, actor: Actor, invoice_id: int, on: date, reason: str) -> str:
    """Credit all that is left of an issued invoice; returns the credit note's number.

    The credit note is the exact inverse: the same lines, the postings reversed. The work is WIP again.
    Refuses: not_found, not_issued, already_credited, reason_missing, before_invoice, down_payment_drawn, no_open_period.
    """
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    note = crediting.credit(actor, invoice, on=on, reason=reason)
    record(invoice, f"Credited {invoice.number} in full by {note.number}: {reason.strip()}")
    return note.number


@action("billing.credit_lines", needs=Permission.CREDIT_INVOICE)
def credit_lines(
    *,
    actor: Actor,
    invoice_id: int,
    parts: list[CreditPart],
    on: date,
    reason: str,
    reason_code: ReasonCode = ReasonCode.OTHER,
) -> str:
    """Credit chosen lines of an issued invoice, or parts of them; returns the credit note's number.

    The work of a line that is credited whole is WIP again. A part by quantity or amount is given up, as an adjustment
    for `reason_code`. All credit notes of an invoice never exceed it; the one that takes the rest leaves nothing.
    Refuses: not_found, not_issued, already_credited, reason_missing, before_invoice, nothing_chosen, line_unknown,
    amount_not_possible, negative_credit, prices_with_tax, down_payment_drawn, no_open_period.
    """
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    note = crediting.credit(actor, invoice, on=on, reason=reason, parts=parts, reason_code=reason_code)
    what = f"{money_words(note.gross, note.currency)} of {invoice.number}"
    record(invoice, f"Credited {what} by {note.number}: {reason.strip()}")
    return note.number
