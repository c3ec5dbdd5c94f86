"""Reads of the invoice pages: the list with its filters and totals, and one invoice with all that hangs on it.

They stand on this floor because an invoice's page says what is paid; a constant number of queries each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from workledger.billing.calc.crediting import left_of
from workledger.billing.calc.drafting import TaxGroup
from workledger.billing.crediting import billed_lines
from workledger.billing.documents import content_hash, from_json, problems_of
from workledger.billing.models import Invoice, InvoiceKind, InvoiceState, IssuedDocument
from workledger.billing.page_queries import LineGroup, day_cursor, line_groups, read_day_cursor
from workledger.billing.queries import visible_invoices
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.models import ActionLog
from workledger.core.refusals import Refused
from workledger.ledger.models import JournalEntry
from workledger.receivables.actions import discount_at
from workledger.receivables.models import Allocation, BadDebt, Dispute, EarlyDiscount
from workledger.receivables.queries import deposit_of

_ZERO = Decimal(0)
PAGE_ROWS = 100
_EXPORT_CHUNK = 2000
STATES: tuple[tuple[str, str], ...] = (
    ("open", "Open"), ("overdue", "Overdue"), ("disputed", "Disputed"), ("paid", "Paid"), ("written_off", "Written off"),
    ("credited", "Credited"), ("credit_note", "Credit notes"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class InvoiceFilters:
    """Which documents: by state (of `STATES`), client, issued in [start, end], words; None and '' for all.

    `as_of` is the day on which 'overdue' is meant.
    """

    as_of: date
    state: str = ""
    client_id: int | None = None
    start: date | None = None
    end: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """A document in the list. A credit note's amounts are negative. `open_amount` is None for who may not see it."""

    id: int
    number: str
    kind: str
    client_id: int
    client: str
    contract_id: int
    contract: str
    issued_on: date
    due_on: date
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    open_amount: Decimal | None
    state: str
    state_label: str
    tone: str


@dataclass(frozen=True, slots=True)
class InvoiceSum:
    """Documents of one currency together."""

    currency: str
    count: int
    net: Decimal
    tax: Decimal
    gross: Decimal
    open_amount: Decimal
    overdue: Decimal


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """Documents, the newest first. `count` and `sums` are of all that match."""

    rows: tuple[InvoiceRow, ...]
    next: str
    previous: str
    count: int
    sums: tuple[InvoiceSum, ...]
    sees_open: bool


def _matching(actor: Actor, wanted: InvoiceFilters) -> QuerySet[Invoice]:
    rows = visible_invoices(actor).exclude(state=InvoiceState.DRAFT)
    if wanted.client_id is not None:
        rows = rows.filter(client_id=wanted.client_id)
    if wanted.start is not None:
        rows = rows.filter(issued_on__gte=wanted.start)
    if wanted.end is not None:
        rows = rows.filter(issued_on__lte=wanted.end)
    for word in wanted.text.split():
        rows = rows.filter(
            Q(number__icontains=word)
            | Q(client__name__icontains=word)
            | Q(contract__number__icontains=word)
            | Q(contract__name__icontains=word)
        )
    rows = _with_story(rows)
    if not wanted.state:
        return rows
    return rows.filter(_in_state(actor, wanted))


def _with_story(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Return invoices with `is_disputed` and `lost`: what of each is written off as a bad debt."""
    lost = BadDebt.objects.filter(invoice=OuterRef("pk")).values("invoice").annotate(total=Sum("amount"))
    return rows.annotate(
        is_disputed=Exists(Dispute.objects.filter(invoice=OuterRef("pk"), settled_on=None)),
        lost=Coalesce(Subquery(lost.values("total")), Value(_ZERO)),
    )


def _in_state(actor: Actor, wanted: InvoiceFilters) -> Q:
    """Return the condition of a state; what is paid is nobody's to ask who may not see it."""
    if wanted.state == "credit_note":
        return Q(kind=InvoiceKind.CREDIT_NOTE)
    if wanted.state == "credited":
        return Q(state=InvoiceState.CREDITED)
    if not actor.can(Permission.VIEW_RECEIVABLES):
        return Q(kind=InvoiceKind.INVOICE, state=InvoiceState.ISSUED)
    unpaid = Q(receivable__open_amount__gt=0, kind=InvoiceKind.INVOICE)
    if wanted.state == "open":
        return unpaid
    if wanted.state == "overdue":
        return unpaid & Q(due_on__lt=wanted.as_of)
    if wanted.state == "disputed":
        return unpaid & Q(is_disputed=True)
    settled = Q(receivable__open_amount=0, kind=InvoiceKind.INVOICE, state=InvoiceState.ISSUED)
    if wanted.state == "paid":
        return settled & Q(lost=0)
    if wanted.state == "written_off":
        return settled & Q(lost__gt=0)
    raise Refused.because("state_unknown", "There is no such state of invoices. Choose one of the list.")


def invoices(
    actor: Actor, wanted: InvoiceFilters, cursor: str = "", *, limit: int = PAGE_ROWS
) -> InvoicePage:
    """Return a page of issued documents. Refuses: bad_cursor, state_unknown."""
    matching = _matching(actor, wanted)
    rows = matching.select_related("client", "contract", "receivable")
    backwards = cursor.startswith("-")
    if cursor:
        day, pk = read_day_cursor(cursor)
        newer = Q(issued_on__gt=day) | Q(issued_on=day, pk__gt=pk)
        older = Q(issued_on__lt=day) | Q(issued_on=day, pk__lt=pk)
        rows = rows.filter(newer if backwards else older)
    order = ("issued_on", "pk") if backwards else ("-issued_on", "-pk")
    found = list(rows.order_by(*order)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (bool(cursor), more) if backwards else (more, bool(cursor))
    sums = _sums(actor, matching, wanted.as_of)
    return InvoicePage(
        rows=tuple(_row(actor, row, wanted.as_of) for row in found),
        next=day_cursor(found[-1].issued_on, found[-1].pk) if has_next and found else "",
        previous=f"-{day_cursor(found[0].issued_on, found[0].pk)}" if has_previous and found else "",
        count=sum(each.count for each in sums),
        sums=sums,
        sees_open=actor.can(Permission.VIEW_RECEIVABLES),
    )


def _sums(actor: Actor, rows: QuerySet[Invoice], as_of: date) -> tuple[InvoiceSum, ...]:
    sign = Case(When(kind=InvoiceKind.CREDIT_NOTE, then=Value(-1)), default=Value(1))
    late = Q(due_on__lt=as_of)
    nothing = Value(_ZERO)
    found = (
        rows.annotate(sign=sign)
        .values_list("currency")
        .annotate(
            count=Count("pk"),
            sum_net=Sum(F("net") * F("sign")),
            sum_tax=Sum(F("tax") * F("sign")),
            sum_gross=Sum(F("gross") * F("sign")),
            sum_open=Coalesce(Sum("receivable__open_amount"), nothing),
            sum_late=Coalesce(Sum("receivable__open_amount", filter=late), nothing),
        )
        .order_by("currency")
    )
    return tuple(InvoiceSum(*row) for row in found)


def export_invoices(actor: Actor, wanted: InvoiceFilters) -> Iterator[InvoiceRow]:
    """Yield every document that matches, the newest first."""
    rows = _matching(actor, wanted).select_related("client", "contract", "receivable")
    for row in rows.order_by("-issued_on", "-pk").iterator(_EXPORT_CHUNK):
        yield _row(actor, row, wanted.as_of)


def invoice_clients(actor: Actor) -> list[tuple[int, str]]:
    """Return the clients that have documents, by name."""
    rows = visible_invoices(actor).exclude(state=InvoiceState.DRAFT)
    return list(rows.order_by("client__name").values_list("client_id", "client__name").distinct())


def _open_amount(actor: Actor, row: Invoice) -> Decimal | None:
    if not actor.can(Permission.VIEW_RECEIVABLES):
        return None
    receivable = getattr(row, "receivable", None)
    return receivable.open_amount if receivable is not None else _ZERO


def _state(row: Invoice, open_amount: Decimal | None, as_of: date) -> tuple[str, str, str]:
    """Return state, its words and its tone."""
    assert row.due_on is not None
    if row.kind == InvoiceKind.CREDIT_NOTE:
        return "credit_note", "Credit note", ""
    if row.state == InvoiceState.CREDITED:
        return "credited", "Credited", ""
    if open_amount is None:
        return "issued", "Issued", "info"
    if not open_amount:
        return ("written_off", "Written off", "bad") if row.lost else ("paid", "Paid", "good")  # type: ignore[attr-defined]
    if row.is_disputed:  # type: ignore[attr-defined]
        return "disputed", "Disputed", "warn"
    late = (as_of - row.due_on).days
    if late > 0:
        return "overdue", f"{late} day{'' if late == 1 else 's'} overdue", "bad"
    return ("part_paid", "Partly paid", "info") if open_amount < row.gross else ("open", "Open", "info")


def _row(actor: Actor, row: Invoice, as_of: date) -> InvoiceRow:
    assert row.issued_on is not None
    assert row.due_on is not None
    sign = -1 if row.kind == InvoiceKind.CREDIT_NOTE else 1
    open_amount = _open_amount(actor, row)
    return InvoiceRow(
        row.pk, row.number, row.kind, row.client_id, row.client.name, row.contract_id,
        f"{row.contract.number} {row.contract.name}", row.issued_on, row.due_on, row.currency, row.net * sign,
        row.tax * sign, row.gross * sign, open_amount,
        *_state(row, open_amount, as_of),
    )  # fmt: skip


# --- one invoice ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaidRow:
    """A part of a payment set against the invoice (negative: withdrawn)."""

    payment_id: int
    on: date
    amount: Decimal
    reference: str
    payment_amount: Decimal
    journal_entry_id: int
    is_voided: bool


@dataclass(frozen=True, slots=True)
class LossRow:
    """What was given up of the invoice as a bad debt, gross (negative: owed again), and the tax relieved of it."""

    on: date
    amount: Decimal
    tax: Decimal
    reason: str
    journal_entry_id: int


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute of the invoice."""

    id: int
    reason: str
    opened_on: date
    settled_on: date | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Posted:
    """One side of the invoice's journal entry, in the invoice's currency."""

    code: str
    account: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Happened:
    """An act on the invoice."""

    at: datetime
    who: str
    summary: str


class CreditNote(NamedTuple):
    """A credit note of an invoice; `gross` is what it gives back."""

    id: int
    number: str
    issued_on: date | None
    gross: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """One issued document. What the actor may not see is empty or None.

    `not_electronic` says what keeps the document from being an electronic invoice; empty where it is one.
    """

    row: InvoiceRow
    groups: tuple[LineGroup, ...]
    taxes: tuple[TaxGroup, ...]
    service_start: date
    service_end: date
    note: str
    po_number: str
    journal_entry_id: int | None
    postings: tuple[Posted, ...]
    paid: tuple[PaidRow, ...]
    losses: tuple[LossRow, ...]
    disputes: tuple[DisputeRow, ...]
    content_hash: str
    is_verified: bool
    not_electronic: tuple[str, ...]
    credits: tuple[int, str] | None
    credits_all: bool
    credit_notes: tuple[CreditNote, ...]
    corrects: tuple[int, str] | None
    corrected_by: tuple[int, str] | None
    log: tuple[Happened, ...]
    may_credit: bool
    may_record_payment: bool
    may_dispute: bool
    may_write_off: bool
    may_reverse_write_off: bool
    deposit: Decimal
    discount: Decimal
    discount_until: date | None
    early: Decimal
    sees_work: bool

    @property
    def open_dispute(self) -> DisputeRow | None:
        """The dispute that is not settled."""
        return next((row for row in self.disputes if row.settled_on is None), None)

    @property
    def left(self) -> Decimal:
        """What credit notes have left of its gross."""
        return self.row.gross - sum((note.gross for note in self.credit_notes), _ZERO)

    @property
    def paid_total(self) -> Decimal:
        """What payments have settled."""
        return sum((row.amount for row in self.paid), _ZERO)

    @property
    def lost(self) -> Decimal:
        """What is written off as a bad debt."""
        return sum((row.amount for row in self.losses), _ZERO)


def invoice(actor: Actor, invoice_id: int, *, as_of: date) -> InvoiceDetail:
    """Return one issued document with its lines, payments, disputes and postings. Raises `NotFound`."""
    rows = _with_story(visible_invoices(actor).exclude(state=InvoiceState.DRAFT))
    found: Invoice = locks.one(
        rows.select_related("client", "contract", "receivable", "credits_invoice", "corrects_invoice"),
        invoice_id,
    )
    row = _row(actor, found, as_of)
    groups, taxes = line_groups(invoice_id)
    document = IssuedDocument.objects.visible_to(actor).filter(pk=invoice_id).first()
    frozen = from_json(bytes(document.content)) if document else None
    original = found.credits_invoice
    notes = list(Invoice.objects.filter(credits_invoice=found).order_by("pk"))
    corrected, corrects = found.corrections.order_by("pk").first(), found.corrects_invoice
    losses = _losses(actor, invoice_id)
    is_open_invoice = found.kind == InvoiceKind.INVOICE and found.state == InvoiceState.ISSUED
    return InvoiceDetail(
        row=row,
        groups=tuple(groups),
        taxes=tuple(taxes),
        service_start=found.service_start,
        service_end=found.service_end,
        note=found.note,
        po_number=frozen.purchase_order if frozen else "",
        journal_entry_id=found.journal_entry_id if actor.can(Permission.VIEW_LEDGER) else None,
        postings=_postings(actor, found.journal_entry_id),
        paid=_paid(actor, invoice_id),
        losses=losses,
        disputes=tuple(
            DisputeRow(each.pk, each.reason, each.opened_on, each.settled_on, each.outcome)
            for each in Dispute.objects.visible_to(actor).filter(invoice_id=invoice_id).order_by("-pk")
        ),
        content_hash=document.content_hash if document else "",
        is_verified=document is not None
        and frozen is not None
        and content_hash(frozen) == document.content_hash,
        not_electronic=problems_of(frozen) if frozen else (),
        credits=(original.pk, original.number) if original else None,
        credits_all=original is not None and original.gross == found.gross,
        credit_notes=tuple(
            CreditNote(note.pk, note.number, note.issued_on, note.gross, note.note) for note in notes
        ),
        corrects=(corrects.pk, str(corrects)) if corrects else None,
        corrected_by=(corrected.pk, str(corrected)) if corrected else None,
        log=_log(actor, invoice_id),
        may_credit=is_open_invoice and actor.can(Permission.CREDIT_INVOICE),
        may_record_payment=is_open_invoice and bool(row.open_amount) and actor.can(Permission.RECORD_PAYMENT),
        may_dispute=bool(row.open_amount)
        and row.state != "disputed"
        and actor.can(Permission.RECORD_PAYMENT),
        may_write_off=is_open_invoice and bool(row.open_amount) and actor.can(Permission.WRITE_OFF),
        may_reverse_write_off=sum(loss.amount for loss in losses) > 0 and actor.can(Permission.WRITE_OFF),
        discount=_still_off(found),
        discount_until=found.discount_until,
        early=_given(actor, invoice_id),
        deposit=deposit_of(actor, found) if row.open_amount else _ZERO,
        sees_work=actor.can(Permission.VIEW_BILLING),
    )


@dataclass(frozen=True, slots=True)
class CreditableLine:
    """A line of which something can be credited; `left` is net, with its adjustments."""

    line_id: int
    description: str
    left: Decimal
    quantity: Decimal
    unit: str
    rate: Decimal

    @property
    def of_quantity(self) -> str:
        """The quantity and rate in words, '' for what is charged as one."""
        return "" if self.quantity == 1 else f" of {self.quantity.normalize():f} {self.unit}"


def creditable(actor: Actor, invoice_id: int) -> list[CreditableLine]:
    """Return the lines of an issued invoice that are not credited whole yet, as printed. Raises `NotFound`."""
    row: Invoice = locks.one(visible_invoices(actor), invoice_id)
    billed = billed_lines(row)
    left = left_of(billed.values())
    words = dict(row.lines.values_list("pk", "description"))
    return [
        CreditableLine(pk, words[pk], left[pk], line.quantity, line.unit, line.rate)
        for pk, line in billed.items()
        if pk in left
    ]


def _still_off(row: Invoice) -> Decimal:
    """Return what paying early would still take off, whenever that is."""
    receivable = getattr(row, "receivable", None)
    if receivable is None or row.discount_until is None:
        return _ZERO
    return discount_at(row, receivable, row.discount_until)


def _given(actor: Actor, invoice_id: int) -> Decimal:
    """Return what was taken off for paying early."""
    rows = EarlyDiscount.objects.visible_to(actor).filter(invoice_id=invoice_id)
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or _ZERO


def _postings(actor: Actor, entry_id: int | None) -> tuple[Posted, ...]:
    """Return the sides of an entry, one row an account."""
    entry = JournalEntry.objects.visible_to(actor).filter(pk=entry_id).first() if entry_id else None
    if entry is None:
        return ()
    sides = (
        entry.postings.values_list("account__code", "account__name")
        .annotate(debits=Sum("debit"), credits=Sum("credit"))
        .order_by("account__code")
    )
    return tuple(Posted(*side) for side in sides)


def _paid(actor: Actor, invoice_id: int) -> tuple[PaidRow, ...]:
    rows = Allocation.objects.visible_to(actor).filter(invoice_id=invoice_id).select_related("payment__void")
    return tuple(
        PaidRow(
            row.payment_id, row.allocated_on, row.amount, row.payment.reference, row.payment.amount,
            row.journal_entry_id, hasattr(row.payment, "void"),
        )
        for row in rows.order_by("allocated_on", "pk")
    )  # fmt: skip


def _losses(actor: Actor, invoice_id: int) -> tuple[LossRow, ...]:
    rows = BadDebt.objects.visible_to(actor).filter(invoice_id=invoice_id).order_by("pk")
    return tuple(
        LossRow(row.written_off_on, row.amount, row.tax, row.reason, row.journal_entry_id) for row in rows
    )


def _log(actor: Actor, invoice_id: int) -> tuple[Happened, ...]:
    rows = ActionLog.objects.visible_to(actor).filter(
        subject=Invoice._meta.label_lower, subject_id=invoice_id
    )
    return tuple(
        Happened(row.at, row.actor_name, row.summary)
        for row in rows.order_by("-at", "-pk")[:50]
        if row.summary
    )
