"""Reads that only the API has: documents and sub-ledger rows as flat lists, in pages."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet

from workledger.api.paging import Cut, keyset
from workledger.billing.caps import cap_uses
from workledger.billing.models import (
    BillableItem,
    Deferral,
    Hold,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceSource,
    InvoiceState,
    IssuedDocument,
    ItemChange,
    OpenItem,
    Treatment,
    UnpricedItem,
    WriteDown,
)
from workledger.billing.queries import visible_invoices, visible_open_items
from workledger.contracts.calc.terms import CapAction
from workledger.contracts.models import TaskType
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.directory.models import TimeOff
from workledger.receivables.models import Dispute, Payment, Receivable
from workledger.receivables.queries import visible_receivables

# --- time off and task types ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TimeOffListed:
    """Absence over [start, end); `kind` says no more than 'away' to who need not know."""

    id: int
    person_id: int
    person: str
    start: date
    end: date
    kind: str
    share: Decimal


def time_off(
    actor: Actor,
    person_id: int | None,
    start: date | None,
    end: date | None,
    cursor: str,
    limit: int,
) -> Cut[TimeOffListed]:
    """Return absence that touches the half-open [start, end), earliest first."""
    rows = TimeOff.objects.visible_to(actor).select_related("person")
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    if start is not None:
        rows = rows.filter(end__gt=start)
    if end is not None:
        rows = rows.filter(start__lt=end)
    found = keyset(rows, ("start", "id"), (date, int), cursor, limit)
    says_all = actor.can(Permission.MANAGE_DIRECTORY)
    return Cut(
        [
            TimeOffListed(
                row.pk,
                row.person_id,
                row.person.name,
                row.start,
                row.end,
                row.kind if says_all or row.person_id == actor.person_id else "away",
                row.share,
            )
            for row in found.items
        ],
        found.next_cursor,
    )


@dataclass(frozen=True, slots=True)
class TaskTypeListed:
    """A kind of work that rates can be for."""

    id: int
    name: str


def task_types(actor: Actor) -> list[TaskTypeListed]:
    """Return the task types by name."""
    rows = TaskType.objects.visible_to(actor).order_by("name")
    return [TaskTypeListed(*row) for row in rows.values_list("pk", "name")]


# --- work in progress -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenItemListed:
    """Approved, priced work on no pre-bill or invoice. `amount` is what remains of `priced_amount` after write-downs."""

    id: int
    entity_id: int
    client_id: int
    client: str
    contract_id: int
    contract_line_id: int | None
    project_id: int | None
    project: str
    task_id: int | None
    task: str
    person_id: int | None
    person: str
    service_date: date
    billable_seconds: int
    currency: str
    rate: Decimal | None
    priced_amount: Decimal
    amount: Decimal
    is_held: bool
    not_before: date | None
    is_split: bool


_ITEM_NAMES = ("item__client", "item__project", "item__task", "item__person")


def open_items(actor: Actor, filters: dict[str, Any], cursor: str, limit: int) -> Cut[OpenItemListed]:
    """Return WIP, oldest work first. `filters` are conditions on open items; None is no condition."""
    rows = visible_open_items(actor).filter(**_given(filters)).select_related(*_ITEM_NAMES)
    found = keyset(rows, ("service_date", "item_id"), (date, int), cursor, limit)
    return Cut([_open_item(row) for row in found.items], found.next_cursor)


def _given(filters: dict[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in filters.items() if value is not None}


def _open_item(row: OpenItem) -> OpenItemListed:
    item = row.item
    return OpenItemListed(
        id=row.item_id,
        entity_id=row.entity_id,
        client_id=row.client_id,
        client=item.client.name,
        contract_id=row.contract_id,
        contract_line_id=item.contract_line_id,
        project_id=item.project_id,
        project=item.project_name,
        task_id=item.task_id,
        task=item.task_name,
        person_id=item.person_id,
        person=item.person_name,
        service_date=row.service_date,
        billable_seconds=row.billable_seconds,
        currency=row.currency,
        rate=item.rate,
        priced_amount=item.amount,
        amount=row.amount,
        is_held=row.is_held,
        not_before=row.not_before,
        is_split=item.is_split,
    )


@dataclass(frozen=True, slots=True)
class UnpricedListed:
    """Approved billable work that cannot be priced yet, and why."""

    id: int
    reason: str
    source_kind: str
    source_id: int
    client_id: int
    client: str
    project_id: int
    project: str
    task_id: int
    task: str
    person_id: int
    person: str
    service_date: date
    billable_seconds: int


def unpriced(actor: Actor, filters: dict[str, Any], cursor: str, limit: int) -> Cut[UnpricedListed]:
    """Return work without a price, oldest first."""
    rows = UnpricedItem.objects.visible_to(actor).filter(**_given(filters))
    rows = rows.select_related("client", "project", "task", "person")
    found = keyset(rows, ("service_date", "id"), (date, int), cursor, limit)
    return Cut(
        [
            UnpricedListed(
                row.pk, row.reason, row.source_kind, row.source_id, row.client_id, row.client.name, row.project_id,
                row.project.name, row.task_id, row.task.name, row.person_id, row.person.name, row.service_date,
                row.billable_seconds,
            )
            for row in found.items
        ],
        found.next_cursor,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class HoldListed:
    """When and why an item was kept off the bills; `released_at` is null while it is."""

    reason_code: str
    note: str
    placed_at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeferralListed:
    """Until when and why an item is left for later bills; `ended_at` is null while it is."""

    until: date
    reason_code: str
    note: str
    placed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChangeListed:
    """The split or transfer by which an item came to be, and the item it was made of."""

    id: int
    kind: str
    from_item_id: int
    from_client_id: int
    from_contract_line_id: int | None
    reason_code: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WriteDownListed:
    """Value given up on an item; a write-up adds value and is negative."""

    amount: Decimal
    is_write_off: bool
    is_write_up: bool
    reason_code: str
    note: str
    at: datetime
    journal_entry_id: int


@dataclass(frozen=True, slots=True)
class BillListed:
    """A pre-bill or invoice that an item is or was on."""

    invoice_id: int
    number: str
    line_id: int
    amount: Decimal
    is_live: bool


@dataclass(frozen=True, slots=True)
class BillableItemShown:
    """A billable item with its story. `why` is the rate's derivation: which rule won, which lost, and why."""

    id: int
    source_kind: str
    source_id: int
    client_id: int
    contract_id: int | None
    contract_line_id: int | None
    project_id: int | None
    task_id: int | None
    person_id: int | None
    service_date: date
    worked_seconds: int
    billable_seconds: int
    currency: str
    treatment: Treatment
    rate: Decimal | None
    amount: Decimal
    over_cap: Decimal
    discount: Decimal
    is_void: bool
    journal_entry_id: int | None
    why: dict[str, Any] | None
    is_split: bool
    change: ChangeListed | None
    holds: tuple[HoldListed, ...]
    deferrals: tuple[DeferralListed, ...]
    write_downs: tuple[WriteDownListed, ...]
    bills: tuple[BillListed, ...]


def _change(change: ItemChange) -> ChangeListed:
    was = change.item
    return ChangeListed(
        change.pk, change.kind, was.pk, was.client_id, was.contract_line_id, change.reason_code, change.note, change.at
    )  # fmt: skip


def billable_item(actor: Actor, item_id: int) -> BillableItemShown:
    """Return one billable item. Raises `NotFound`."""
    item = locks.one(
        BillableItem.objects.visible_to(actor).select_related("derivation", "change__item"), item_id
    )
    holds = Hold.objects.filter(item=item).order_by("pk")
    deferrals = Deferral.objects.filter(item=item).order_by("pk")
    downs = WriteDown.objects.filter(item=item).order_by("pk")
    bills = InvoiceSource.objects.filter(item=item).order_by("pk")
    return BillableItemShown(
        id=item.pk,
        source_kind=item.source_kind,
        source_id=item.source_id,
        client_id=item.client_id,
        contract_id=item.contract_id,
        contract_line_id=item.contract_line_id,
        project_id=item.project_id,
        task_id=item.task_id,
        person_id=item.person_id,
        service_date=item.service_date,
        worked_seconds=item.worked_seconds,
        billable_seconds=item.billable_seconds,
        currency=item.currency,
        treatment=Treatment(item.treatment),
        rate=item.rate,
        amount=item.amount,
        over_cap=item.over_cap,
        discount=item.discount,
        is_void=item.is_void,
        journal_entry_id=item.journal_entry_id,
        why=item.derivation.content if item.derivation else None,
        is_split=item.is_split,
        change=_change(item.change) if item.change else None,
        deferrals=tuple(
            DeferralListed(*row)
            for row in deferrals.values_list("until", "reason_code", "note", "placed_at", "ended_at")
        ),
        holds=tuple(
            HoldListed(*row) for row in holds.values_list("reason_code", "note", "placed_at", "released_at")
        ),
        write_downs=tuple(
            WriteDownListed(*row)
            for row in downs.values_list(
                "amount", "is_write_off", "is_write_up", "reason_code", "note", "at", "journal_entry_id"
            )
        ),
        bills=tuple(
            BillListed(*row)
            for row in bills.values_list("invoice_id", "invoice__number", "line_id", "amount", "is_live")
        ),
    )


# --- invoices ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvoiceListed:
    """A pre-bill (state 'draft', no number), an invoice or a credit note. `open_amount` is null before issue."""

    id: int
    kind: InvoiceKind
    state: InvoiceState
    number: str
    entity_id: int
    client_id: int
    client: str
    contract_id: int
    contract: str
    currency: str
    through: date
    service_start: date
    service_end: date
    issued_on: date | None
    due_on: date | None
    net: Decimal
    tax: Decimal
    gross: Decimal
    open_amount: Decimal | None
    note: str
    credits_invoice_id: int | None
    corrects_invoice_id: int | None


@dataclass(frozen=True, slots=True)
class InvoiceLineListed:
    """A printed line: quantity × rate = amount. `tax_rate` is a percentage.

    Where prices contain tax it is quantity × rate = `gross_amount`, and `amount` is net of it; else that is null.
    """

    id: int
    position: int
    description: str
    contract_line_id: int
    project_id: int | None
    task_id: int | None
    person_id: int | None
    is_adjustment: bool
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    tax_code: str
    tax_rate: Decimal
    gross_amount: Decimal | None


@dataclass(frozen=True, slots=True)
class InvoiceShown:
    """An invoice with its lines. `content_hash` is the SHA-256 of the frozen document, '' before issue."""

    invoice: InvoiceListed
    lines: tuple[InvoiceLineListed, ...]
    content_hash: str
    journal_entry_id: int | None
    credit_note_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SourceListed:
    """Work behind an invoice line."""

    item_id: int
    source_kind: str
    source_id: int
    person_id: int | None
    person: str
    task_id: int | None
    task: str
    service_date: date
    billable_seconds: int
    rate: Decimal | None
    amount: Decimal
    is_live: bool


def invoices(actor: Actor, filters: dict[str, Any], cursor: str, limit: int) -> Cut[InvoiceListed]:
    """Return documents, newest first."""
    rows = visible_invoices(actor).filter(**_given(filters))
    found = keyset(_with_names(rows), ("-id",), (int,), cursor, limit)
    return Cut([_invoice(row) for row in found.items], found.next_cursor)


def _with_names(rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return rows.select_related("client", "contract").annotate(left=F("receivable__open_amount"))


def _invoice(row: Any) -> InvoiceListed:
    return InvoiceListed(
        id=row.pk,
        kind=InvoiceKind(row.kind),
        state=InvoiceState(row.state),
        number=row.number,
        entity_id=row.entity_id,
        client_id=row.client_id,
        client=row.client.name,
        contract_id=row.contract_id,
        contract=str(row.contract),
        currency=row.currency,
        through=row.through,
        service_start=row.service_start,
        service_end=row.service_end,
        issued_on=row.issued_on,
        due_on=row.due_on,
        net=row.net,
        tax=row.tax,
        gross=row.gross,
        open_amount=row.left,
        note=row.note,
        credits_invoice_id=row.credits_invoice_id,
        corrects_invoice_id=row.corrects_invoice_id,
    )


_LINE = (
    "pk", "position", "description", "contract_line_id", "project_id", "task_id", "person_id", "is_adjustment",
    "quantity", "unit", "rate", "amount", "tax_code", "tax_rate",
    "gross_amount",
)  # fmt: skip


def invoice(actor: Actor, invoice_id: int) -> InvoiceShown:
    """Return one document with its lines. Raises `NotFound`."""
    row = locks.one(_with_names(visible_invoices(actor)), invoice_id)
    lines = InvoiceLine.objects.filter(invoice=row).order_by("position", "pk").values_list(*_LINE)
    content_hash = IssuedDocument.objects.filter(pk=row.pk).values_list("content_hash", flat=True).first()
    notes = Invoice.objects.filter(credits_invoice=row).order_by("pk").values_list("pk", flat=True)
    return InvoiceShown(
        invoice=_invoice(row),
        lines=tuple(InvoiceLineListed(*line) for line in lines),
        content_hash=content_hash or "",
        journal_entry_id=row.journal_entry_id,
        credit_note_ids=tuple(notes),
    )


def line_sources(actor: Actor, invoice_id: int, line_id: int, cursor: str, limit: int) -> Cut[SourceListed]:
    """Return the work behind a line, in the order it was taken. Raises `NotFound`."""
    document = locks.one(visible_invoices(actor), invoice_id)
    line = locks.one(InvoiceLine.objects.filter(invoice=document), line_id)
    rows = InvoiceSource.objects.filter(line=line).select_related("item__person", "item__task")
    found = keyset(rows, ("id",), (int,), cursor, limit)
    return Cut(
        [
            SourceListed(
                row.item_id, row.item.source_kind, row.item.source_id, row.item.person_id, row.item.person_name,
                row.item.task_id, row.item.task_name, row.item.service_date, row.item.billable_seconds, row.item.rate,
                row.amount, row.is_live,
            )
            for row in found.items
        ],
        found.next_cursor,
    )  # fmt: skip


# --- receivables ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReceivableListed:
    """What is owed on an issued invoice."""

    invoice_id: int
    number: str
    client_id: int
    client: str
    currency: str
    issued_on: date
    due_on: date
    gross: Decimal
    open_amount: Decimal


@dataclass(frozen=True, slots=True)
class PaymentListed:
    """Money received from a client; `voided_on` is set where it turned out not to be."""

    id: int
    client_id: int
    client: str
    received_on: date
    currency: str
    amount: Decimal
    reference: str
    journal_entry_id: int
    voided_on: date | None


@dataclass(frozen=True, slots=True)
class DisputeListed:
    """An invoice that a client contests; `settled_on` is null while it does."""

    id: int
    invoice_id: int
    number: str
    reason: str
    opened_on: date
    settled_on: date | None
    outcome: str


def receivables(
    actor: Actor, filters: dict[str, Any], cursor: str, limit: int, *, only_open: bool
) -> Cut[ReceivableListed]:
    """Return receivables by due date."""
    rows: QuerySet[Receivable] = visible_receivables(actor).filter(**_given(filters))
    if only_open:
        rows = rows.filter(open_amount__gt=0)
    found = keyset(
        rows.select_related("invoice", "client"), ("due_on", "invoice_id"), (date, int), cursor, limit
    )
    return Cut(
        [
            ReceivableListed(
                row.pk, row.invoice.number, row.client_id, row.client.name, row.currency, row.issued_on, row.due_on,
                row.gross, row.open_amount,
            )
            for row in found.items
        ],
        found.next_cursor,
    )  # fmt: skip


def payments(actor: Actor, filters: dict[str, Any], cursor: str, limit: int) -> Cut[PaymentListed]:
    """Return payments, newest first."""
    rows = Payment.objects.visible_to(actor).filter(**_given(filters)).select_related("client", "void")
    found = keyset(rows, ("-received_on", "-id"), (date, int), cursor, limit)
    return Cut(
        [
            PaymentListed(
                row.pk, row.client_id, row.client.name, row.received_on, row.currency, row.amount, row.reference,
                row.journal_entry_id, row.void.voided_on if hasattr(row, "void") else None,
            )
            for row in found.items
        ],
        found.next_cursor,
    )  # fmt: skip


def disputes(
    actor: Actor, invoice_id: int | None, is_open: bool | None, cursor: str, limit: int
) -> Cut[DisputeListed]:
    """Return disputes, newest first."""
    rows = Dispute.objects.visible_to(actor).select_related("invoice")
    if invoice_id is not None:
        rows = rows.filter(invoice_id=invoice_id)
    if is_open is not None:
        rows = rows.filter(settled_on__isnull=is_open)
    found = keyset(rows, ("-id",), (int,), cursor, limit)
    return Cut([_dispute(row) for row in found.items], found.next_cursor)


def _dispute(row: Dispute) -> DisputeListed:
    return DisputeListed(
        row.pk, row.invoice_id, row.invoice.number, row.reason, row.opened_on, row.settled_on, row.outcome
    )


@dataclass(frozen=True, slots=True)
class CapListed:
    """How far a cap is used: money in the contract's currency, or hours where `is_in_hours`; `over` is value not billed."""

    contract_id: int
    of: str
    action: CapAction
    is_in_hours: bool
    limit: Decimal
    used: Decimal
    over: Decimal
    percent: int
    currency: str


def caps(actor: Actor, contract_id: int | None) -> list[CapListed]:
    """Return the caps of active contracts, or of one, the fullest first."""
    return [
        CapListed(
            use.contract.pk, use.of, use.cap.action, use.cap.hours is not None, use.limit, use.used, use.over, use.percent,
            use.contract.currency,
        )
        for use in cap_uses(actor, None if contract_id is None else [contract_id])
    ]  # fmt: skip
