"""Issue and credit: a pre-bill becomes a numbered, frozen, posted invoice; a credit note is its exact inverse."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from workledger.billing import freezing, jobs, posting, queries, taxing
from workledger.billing.actions import items
from workledger.billing.books import Books
from workledger.billing.documents import content_hash, credit_of, from_json, json_hash, to_json
from workledger.billing.events import InvoiceCredited, InvoicesIssued, IssuedInvoice
from workledger.billing.models import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceSource,
    InvoiceState,
    IssuedDocument,
)
from workledger.core import bulk, events, locks, numbering
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.jobs import queue
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import BillingProfile, LegalEntity
from workledger.ledger import actions as ledger
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole, JournalEntry, Posting

_ZERO = Decimal(0)
_STANDARD_TERMS_DAYS = 30
_QUEUED_AT_ONCE = 50


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

    Refuses: not_found, not_a_pre_bill, nothing_to_invoice, negative_invoice, po_number_missing,
    approved_all_yourself, tax_rate_missing, exchange_rate_missing, no_open_period.
    """
    invoices: list[Invoice] = locks.all_for_update(
        Invoice.objects.visible_to(actor).select_related("contract", "client"), invoice_ids
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
    due_on = {invoice.pk: issued_on + timedelta(days=_terms_days(invoice, profiles)) for invoice in invoices}
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
        invoice.issued_on, invoice.due_on = issued_on, due_on[invoice.pk]
        invoice.journal_entry_id = entry_id
    _save_issued(invoices)
    events.emit(InvoicesIssued(actor, [_issued(invoice) for invoice in invoices]))
    if makes_pdfs:
        _queue_pdfs([invoice.pk for invoice in invoices])
    single = invoices[0] if len(invoices) == 1 else None
    record(single, f"Issued {single.number}" if single else f"Issued {len(invoices)} invoices")
    return [invoice.number for invoice in invoices]


def retotal(invoice: Invoice) -> None:
    """Sum a pre-bill's lines and their tax anew."""
    lines = list(invoice.lines.values_list("amount", "tax_code", "tax_rate"))
    invoice.net = sum((amount for amount, _, _ in lines), _ZERO)
    for name, value in queries.tax_and_gross(lines, invoice.currency).items():
        setattr(invoice, name, value)
    invoice.save(update_fields=["net", "tax", "gross"])


def _save_issued(invoices: Sequence[Invoice]) -> None:
    """Write what issuing changed on the invoices, in one statement of constant length."""
    if not invoices:
        return
    changed = [(row.pk, row.number, row.issued_on, row.due_on, row.journal_entry_id) for row in invoices]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_invoice i SET state = %s, number = n.number, issued_on = n.issued_on,"
            " due_on = n.due_on, journal_entry_id = n.entry_id"
            " FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::date[], %s::bigint[])"
            " AS n(id, number, issued_on, due_on, entry_id) WHERE i.id = n.id",
            [InvoiceState.ISSUED.value, *map(list, zip(*changed, strict=True))],
        )


def _refuse_unready(actor: Actor, invoices: Sequence[Invoice], profiles: dict[int, BillingProfile]) -> None:
    problems = Problems()
    for invoice in invoices:
        name = f"The pre-bill of {invoice.client.name} ({invoice.contract.number})"
        if invoice.state != InvoiceState.DRAFT:
            problems.add("not_a_pre_bill", f"{invoice.number} is issued already.")
            continue
        profile = profiles.get(invoice.client_id)
        if profile and profile.requires_po and not invoice.contract.po_number:
            message = f"{name} needs a purchase order number. Add it to the contract."
            problems.add("po_number_missing", message, "po_number")
        if invoice.gross < 0:
            problems.add("negative_invoice", f"{name} is negative. Credit the earlier invoice instead.")
    sourced = set(
        InvoiceLine.objects.filter(invoice__in=invoices).values_list("invoice_id", flat=True).distinct()
    )
    for invoice in invoices:
        problems.check(invoice.pk in sourced, "nothing_to_invoice", f"Pre-bill {invoice.pk} has no lines.")
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


def _terms_days(invoice: Invoice, profiles: dict[int, BillingProfile]) -> int:
    if invoice.contract.payment_terms_days is not None:
        return invoice.contract.payment_terms_days
    profile = profiles.get(invoice.client_id)
    return profile.payment_terms_days if profile else _STANDARD_TERMS_DAYS


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
        drafts.append(
            posting.invoice_issued(
                book,
                invoice_id=invoice.pk,
                number=numbers[invoice.pk],
                issued_on=issued_on,
                shares=[posting.Share(*key, amount) for key, amount in sorted(nets.items())],
                rounding=roundings,
                tax=invoice.tax,
            )
        )
    return drafts


def _issued(invoice: Invoice) -> IssuedInvoice:
    assert invoice.issued_on is not None
    assert invoice.due_on is not None
    return IssuedInvoice(
        invoice.pk, invoice.number, invoice.entity_id, invoice.client_id, invoice.currency, invoice.issued_on,
        invoice.due_on, invoice.gross,
    )  # fmt: skip


def _queue_pdfs(invoice_ids: Sequence[int]) -> None:
    """Queue PDFs in batches: a job per invoice of a great run would cost more than the PDFs."""
    for start in range(0, len(invoice_ids), _QUEUED_AT_ONCE):
        queue(jobs.render_pdfs, invoice_ids=list(invoice_ids[start : start + _QUEUED_AT_ONCE]))


@action("billing.credit_invoice", needs=Permission.CREDIT_INVOICE)
def credit_invoice(*, actor: Actor, invoice_id: int, on: date, reason: str) -> str:
    """Credit an issued invoice in full; returns the credit note's number.

    The credit note is the exact inverse: the same lines, the postings reversed. The work is WIP again.
    Refuses: not_found, not_issued, already_credited, reason_missing, before_invoice, no_open_period.
    """
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    problems = Problems()
    problems.check(
        invoice.kind == InvoiceKind.INVOICE and invoice.state != InvoiceState.DRAFT,
        "not_issued", "Only an issued invoice is credited.",
    )  # fmt: skip
    problems.check(
        invoice.state != InvoiceState.CREDITED, "already_credited", f"{invoice.number} is credited already."
    )
    problems.check(
        reason.strip(), "reason_missing", "Say why the invoice is credited; the note prints it.", "reason"
    )
    problems.check(
        invoice.issued_on is None or on >= invoice.issued_on,
        "before_invoice", f"A credit note is not dated before its invoice ({invoice.issued_on}).", "on",
    )  # fmt: skip
    problems.refuse()
    number = f"CN-{on.year}-{numbering.take(f'credit:{invoice.entity_id}:{on.year}')[0]:05d}"
    note = Invoice.objects.create(
        entity_id=invoice.entity_id, client_id=invoice.client_id, contract_id=invoice.contract_id,
        kind=InvoiceKind.CREDIT_NOTE, state=InvoiceState.ISSUED, number=number, currency=invoice.currency,
        through=invoice.through, service_start=invoice.service_start, service_end=invoice.service_end,
        issued_on=on, due_on=on, net=invoice.net, tax=invoice.tax, gross=invoice.gross, note=reason.strip(),
        credits_invoice=invoice,
    )  # fmt: skip
    _copy_lines(invoice, note)
    original = from_json(bytes(IssuedDocument.objects.get(invoice=invoice).content))
    document = credit_of(original, number=number, issued_on=on, notes=reason.strip())
    IssuedDocument.objects.create(
        invoice=note, content=to_json(document), content_hash=content_hash(document)
    )
    if invoice.journal_entry_id is not None:
        (note.journal_entry_id,) = ledger.post(actor=actor, entries=[_reversal(invoice, note, on)])
        note.save(update_fields=["journal_entry_id"])
    invoice.state = InvoiceState.CREDITED
    invoice.save(update_fields=["state"])
    sources = InvoiceSource.objects.filter(invoice_id=invoice_id, is_live=True)
    remaining = list(sources.order_by("item_id").values_list("item_id", "amount"))
    sources.update(is_live=False)
    items.reopen(remaining)
    events.emit(InvoiceCredited(actor, invoice.pk, note.pk, on))
    _queue_pdfs([note.pk])
    record(invoice, f"Credited {invoice.number} in full by {number}: {reason.strip()}")
    return number


def _copy_lines(invoice: Invoice, note: Invoice) -> None:
    lines = list(invoice.lines.order_by("position"))
    for line in lines:
        line.pk = None
        line.invoice = note
        line.rounding = -line.rounding
    InvoiceLine.objects.bulk_create(lines)


def _reversal(invoice: Invoice, note: Invoice, on: date) -> EntryDraft:
    """Return the exact inverse of the invoice's entry as it stands in the books."""
    original = JournalEntry.objects.get(pk=invoice.journal_entry_id or 0)
    rows = Posting.objects.filter(entry=original).select_related("account").order_by("id")
    same_currency = original.book.currency == invoice.currency
    postings = [
        PostingDraft(
            AccountRole(row.account.role), row.debit, row.credit,
            None if same_currency else row.functional_debit or row.functional_credit,
            row.client_id, row.contract_id, row.contract_line_id, row.project_id,
        )
        for row in rows
    ]  # fmt: skip
    draft = EntryDraft(
        original.book_id, original.date, original.kind, original.description, invoice.currency, postings,
        posting.INVOICE, note.pk,
    )  # fmt: skip
    return draft.reversal(on, original.pk, f"Credit note {note.number} for {invoice.number}")
