"""Credit notes: all that is left of an invoice, or chosen lines and parts of lines.

What is credited whole puts its work back into WIP. A part of a line is given up: its postings go back to the contract
position, and the same amount is written down. `billing.calc.crediting` says what a note comes to.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Sum

from workledger.billing import drawing, jobs, posting
from workledger.billing.actions import items
from workledger.billing.books import Books
from workledger.billing.calc.crediting import (
    BilledLine,
    CreditedLine,
    credit_lines,
    credit_taxes,
    left_of,
    part_by_quantity,
)
from workledger.billing.calc.drafting import TaxGroup
from workledger.billing.documents import CreditShare, content_hash, credit_of, from_json, to_json
from workledger.billing.events import InvoiceCredited
from workledger.billing.models import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceSource,
    InvoiceState,
    IssuedDocument,
    ReasonCode,
    WriteDown,
)
from workledger.core import events, numbering
from workledger.core.access import Actor
from workledger.core.refusals import Problems, Refused
from workledger.kernel.allocation import allocate
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum
from workledger.ledger import actions as ledger
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole, JournalEntry, Posting

_ZERO = Decimal(0)
_ADJUSTS_WITH = ("contract_line_id", "project_id", "task_id", "person_id")


@dataclass(frozen=True, slots=True)
class CreditPart:
    """A line to credit: all that is left of it, or a part by amount (net) or by quantity."""

    line_id: int
    amount: Decimal | None = None
    quantity: Decimal | None = None


def billed_lines(invoice: Invoice) -> dict[int, BilledLine]:
    """Return an issued invoice's lines by id, in printing order, with what credit notes took of them. Two queries."""
    credited = {
        line_id: (amount, is_done)
        for line_id, amount, is_done in InvoiceLine.objects.filter(credits_line__invoice=invoice)
        .values_list("credits_line_id")
        .annotate(amount=Sum("amount"), done=BoolOr("credits_rest"))
    }
    found: dict[int, BilledLine] = {}
    main: InvoiceLine | None = None
    for line in invoice.lines.order_by("position", "pk"):
        belongs_to = main.pk if line.is_adjustment and main and _same_work(main, line) else 0
        if not belongs_to:
            main = line
        amount, is_done = credited.get(line.pk, (_ZERO, False))
        found[line.pk] = BilledLine(
            line.pk, line.quantity, line.unit, line.rate, line.amount, line.rounding, line.tax_code, line.tax_rate,
            amount, belongs_to, is_done or invoice.state == InvoiceState.CREDITED,
        )  # fmt: skip
    return found


def _same_work(main: InvoiceLine, line: InvoiceLine) -> bool:
    return line.down_payment_id is None and all(
        getattr(main, name) == getattr(line, name) for name in _ADJUSTS_WITH
    )


def credit(
    actor: Actor,
    invoice: Invoice,
    *,
    on: date,
    reason: str,
    parts: Sequence[CreditPart] | None = None,
    reason_code: ReasonCode = ReasonCode.OTHER,
) -> Invoice:
    """Write, post and freeze a credit note over parts of a locked invoice (None: all that is left); returns it."""
    _refuse_uncreditable(invoice, on, reason)
    billed = billed_lines(invoice)
    if parts is not None and invoice.lines.filter(gross_amount__isnull=False).exists():
        message = "The prices of this invoice contain tax: credit all of it, and bill anew what stands."
        raise Refused.because("prices_with_tax", message)
    asked = (
        dict.fromkeys(left_of(billed.values())) if parts is None else _asked(billed, parts, invoice.currency)
    )
    credited = credit_lines(list(billed.values()), asked, invoice.currency)
    before = [(line.credited, line.tax_code, line.tax_rate) for line in billed.values() if line.credited]
    now = [(line.amount, line.tax_code, line.tax_rate) for line in credited]
    taxes = credit_taxes(now, before, invoice.currency)
    net = sum((line.amount for line in credited), _ZERO)
    tax = sum((group.tax for group in taxes), _ZERO)
    if net + tax < 0:
        message = "The credit note would be negative. Credit lines that come to more than the deductions among them."
        raise Refused.because("negative_credit", message)
    _refuse_drawn(invoice, net)
    note = Invoice.objects.create(
        entity_id=invoice.entity_id, client_id=invoice.client_id, contract_id=invoice.contract_id,
        kind=InvoiceKind.CREDIT_NOTE, state=InvoiceState.ISSUED, currency=invoice.currency,
        number=f"CN-{on.year}-{numbering.take(f'credit:{invoice.entity_id}:{on.year}')[0]:05d}",
        through=invoice.through, service_start=invoice.service_start, service_end=invoice.service_end,
        issued_on=on, due_on=on, net=net, tax=tax, gross=net + tax, note=reason.strip(), credits_invoice=invoice,
        purchase_order_id=invoice.purchase_order_id,
    )  # fmt: skip
    done = {line.line_id for line in credited if line.is_whole}
    is_done = all(line.is_done or line.line_id in done for line in billed.values())
    _write_lines(invoice, note, credited)
    _freeze(invoice, note, credited, taxes, is_all=is_done and not before)
    if invoice.journal_entry_id is not None:  # an invoice of nothing moved no account
        entry = _entry(invoice, note, credited, is_all=is_done and not before)
        (note.journal_entry_id,) = ledger.post(actor=actor, entries=[entry])
        note.save(update_fields=["journal_entry_id"])
    if is_done:
        invoice.state = InvoiceState.CREDITED
        invoice.save(update_fields=["state"])
    _give_up(actor, invoice, [line for line in credited if not line.is_whole], on, reason_code, note)
    _reopen(invoice, done)
    events.emit(InvoiceCredited(actor, invoice.pk, note.pk, on, note.gross))
    jobs.queue_pdfs([note.pk])
    return note


def _refuse_uncreditable(invoice: Invoice, on: date, reason: str) -> None:
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


def _refuse_drawn(invoice: Invoice, net: Decimal) -> None:
    """Refuse to give back of a down payment what later invoices have drawn already."""
    if not invoice.is_down_payment:
        return
    left = drawing.left_of([invoice.pk])[invoice.pk]
    if net > left:
        message = (
            f"Of this down payment {money_words(left, invoice.currency)} net is left; the rest is drawn by other"
            " invoices or pre-bills. Credit these first, or credit no more than what is left."
        )
        raise Refused.because("down_payment_drawn", message)


def _asked(
    billed: Mapping[int, BilledLine], parts: Sequence[CreditPart], currency: str
) -> dict[int, Decimal | None]:
    """Return what is asked by line, None for all that is left."""
    left = left_of(billed.values())
    problems = Problems()
    asked: dict[int, Decimal | None] = {}
    problems.check(parts, "nothing_chosen", "Choose at least one line to credit.")
    for part in parts:
        field = f"part-{part.line_id}"
        if part.line_id not in left or part.line_id in asked:
            message = "Choose each line once, one of this invoice that is not credited yet."
            problems.add("line_unknown", message, field)
            continue
        amount, most = part.amount, left[part.line_id]
        if part.quantity is not None:
            amount = part_by_quantity(billed[part.line_id], part.quantity, currency)
        if amount is not None and amount != most and not _is_possible(amount, most, currency):
            message = f"Credit all of this line, or more than nothing up to {money_words(most, currency)}."
            problems.add("amount_not_possible", message, field)
        asked[part.line_id] = amount
    problems.refuse()
    return asked


def _is_possible(amount: Decimal, most: Decimal, currency: str) -> bool:
    return _ZERO < amount < most and amount % minor_quantum(currency) == 0


def _write_lines(invoice: Invoice, note: Invoice, credited: Sequence[CreditedLine]) -> None:
    originals = invoice.lines.in_bulk()
    lines = []
    for line in credited:
        row = originals[line.line_id]
        row.credits_line_id, row.pk, row.invoice = row.pk, None, note  # a down payment it draws gets it back
        row.quantity, row.unit, row.rate, row.amount = line.quantity, line.unit, line.rate, line.amount
        row.rounding, row.credits_rest = -line.rounding, line.is_whole
        lines.append(row)
    InvoiceLine.objects.bulk_create(lines)


def _freeze(
    invoice: Invoice,
    note: Invoice,
    credited: Sequence[CreditedLine],
    taxes: Sequence[TaxGroup],
    *,
    is_all: bool,
) -> None:
    assert note.issued_on is not None
    positions = dict(invoice.lines.values_list("pk", "position"))
    shares = {
        positions[line.line_id]: CreditShare(line.quantity, line.unit, line.rate, line.amount)
        for line in credited
    }
    original = from_json(bytes(IssuedDocument.objects.get(invoice=invoice).content))
    document = credit_of(
        original, number=note.number, issued_on=note.issued_on, notes=note.note,
        shares=None if is_all else shares,
        taxes={(group.code, group.rate): (group.base, group.tax) for group in taxes},
    )  # fmt: skip
    IssuedDocument.objects.create(
        invoice=note, content=to_json(document), content_hash=content_hash(document)
    )


def _give_up(
    actor: Actor,
    invoice: Invoice,
    credited: Iterable[CreditedLine],
    on: date,
    reason_code: ReasonCode,
    note: Invoice,
) -> None:
    """Write down the work behind parts of lines: the note gave its value back, and it is not billed again."""
    shares: dict[posting.Share, Decimal] = defaultdict(Decimal)
    given: list[tuple[InvoiceSource, Decimal]] = []
    for line in credited:
        sources = list(
            InvoiceSource.objects.filter(line_id=line.line_id, is_live=True)
            .order_by("pk")
            .select_related("item")
        )
        if not sources:
            continue
        if sum((source.amount for source in sources), _ZERO) < line.amount:
            message = (
                "This part is worth more than the work that is left behind the line. Credit the whole line."
            )
            raise Refused.because("amount_not_possible", message, f"part-{line.line_id}")
        amounts = allocate(line.amount, [source.amount for source in sources], invoice.currency)
        for source, amount in zip(sources, amounts, strict=True):
            source.amount -= amount
            shares[items.share_of(source.item, _ZERO)] += amount
            given.append((source, amount))
    if not given:
        return
    book = Books().rate(invoice.contract_id, on)
    if book is None:
        message = f"There is no exchange rate from {invoice.currency} on {on}. Add one first."
        raise Refused.because("exchange_rate_missing", message)
    parts = [key._replace(amount=amount) for key, amount in sorted(shares.items())]
    text = f"Credit note {note.number}: {ReasonCode(reason_code).label}"
    (entry_id,) = ledger.post(actor=actor, entries=[posting.written_down(book, on, parts, text)])
    InvoiceSource.objects.bulk_update([source for source, _ in given], ["amount"], batch_size=1000)
    WriteDown.objects.bulk_create(
        WriteDown(
            item=source.item,
            amount=amount,
            reason_code=reason_code,
            note=note.note,
            journal_entry_id=entry_id,
        )
        for source, amount in given
        if amount
    )


def _reopen(invoice: Invoice, line_ids: Iterable[int]) -> None:
    sources = InvoiceSource.objects.filter(invoice_id=invoice.pk, line_id__in=list(line_ids), is_live=True)
    remaining = list(sources.order_by("item_id").values_list("item_id", "amount"))
    sources.update(is_live=False)
    items.reopen(remaining)


# --- postings -----------------------------------------------------------------------------------------------


def _entry(invoice: Invoice, note: Invoice, credited: Sequence[CreditedLine], *, is_all: bool) -> EntryDraft:
    """Return the note's entry: the exact inverse of the invoice's as it stands in the books, or the part of it."""
    assert note.issued_on is not None
    original = JournalEntry.objects.select_related("book").get(pk=invoice.journal_entry_id or 0)
    rows = list(Posting.objects.filter(entry=original).select_related("account").order_by("id"))
    same_currency = original.book.currency == invoice.currency
    text = f"Credit note {note.number} for {invoice.number}"
    whole = EntryDraft(
        original.book_id, original.date, original.kind, original.description, invoice.currency,
        [
            PostingDraft(
                AccountRole(row.account.role), row.debit, row.credit,
                None if same_currency else _functional(row),
                row.client_id, row.contract_id, row.contract_line_id, row.project_id,
            )
            for row in rows
        ],
        posting.INVOICE, note.pk,
    )  # fmt: skip
    if is_all:
        return whole.reversal(note.issued_on, original.pk, text)
    values = posting.CreditValues(
        original.book.currency, _credited_before(invoice, note), _credited_now(note, credited)
    )
    entry = posting.part_credited(whole, values, client_id=invoice.client_id, contract_id=invoice.contract_id)
    return entry.reversal(note.issued_on, original.pk, text)


def _functional(row: Posting) -> Decimal:
    """Return a posting's value in the book as a draft has it: signed where it has no amount in its own currency."""
    if row.debit or row.credit:
        return row.functional_debit or row.functional_credit
    return row.functional_debit - row.functional_credit


def _credited_now(note: Invoice, credited: Sequence[CreditedLine]) -> posting.CreditSums:
    rows = InvoiceLine.objects.filter(pk__in=[line.line_id for line in credited])
    work = {pk: (line_id, project_id or 0) for pk, line_id, project_id in rows.values_list(
        "pk", "contract_line_id", "project_id")}  # fmt: skip
    sums = posting.CreditSums(note.tax)
    for line in credited:
        sums.add(*work[line.line_id], line.amount, line.rounding)
    return sums


def _credited_before(invoice: Invoice, note: Invoice) -> posting.CreditSums:
    earlier = Invoice.objects.filter(credits_invoice=invoice).exclude(pk=note.pk)
    sums = posting.CreditSums(earlier.aggregate(total=Sum("tax"))["total"] or _ZERO)
    rows = InvoiceLine.objects.filter(invoice__in=earlier).values_list(
        "contract_line_id", "project_id", "amount", "rounding"
    )
    for line_id, project_id, amount, rounding in rows:
        sums.add(line_id, project_id or 0, amount, -rounding)
    return sums
