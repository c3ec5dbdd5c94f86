"""Reads of billing that actions and doors share: what a run billed, what keeps work off the bills, PDFs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet, Sum

from workledger.billing import taxing
from workledger.billing.calc.drafting import tax_groups
from workledger.billing.documents import NotElectronic, e_invoice, from_json, render_pdf, to_cii, to_ubl
from workledger.billing.freezing import documents
from workledger.billing.models import (
    BillableItem,
    Invoice,
    InvoiceState,
    IssuedDocument,
    IssuedPdf,
    OpenItem,
    UnpricedItem,
)
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Problem, Refused
from workledger.directory.models import BillingProfile
from workledger.kernel.money import money_words
from workledger.kernel.quantity import hours
from workledger.timesheets.models import LineState, TimeEntry

EInvoiceForm = Literal["ubl", "cii"]

_ZERO = Decimal(0)


class ElectronicFile(NamedTuple):
    """An electronic invoice to save: its file name and XML in UTF-8."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class BilledInvoice:
    """One pre-bill or invoice of a bill run; `number` is '' while it is a pre-bill."""

    id: int
    number: str
    client: str
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    lines: int


@dataclass(frozen=True, slots=True)
class BillException:
    """Something that keeps work off the bills: of which kind, how many entries, and what in words."""

    kind: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class BillRun:
    """What a bill run made, and what it could not bill and why."""

    invoices: list[BilledInvoice]
    exceptions: list[BillException] = field(default_factory=list)


def tax_and_gross(
    lines: Iterable[tuple[Decimal, str, Decimal]], currency: str, gross: Sequence[Decimal | None] = ()
) -> dict[str, Decimal]:
    """Return `tax` and `gross` of an invoice with these (amount, code, percentage) lines.

    `gross` is what each prints where prices contain tax, None for the others.
    """
    groups = tax_groups(list(lines), currency, gross)
    tax = sum((group.tax for group in groups), _ZERO)
    return {"tax": tax, "gross": sum((group.base for group in groups), _ZERO) + tax}


def billed(invoice_ids: Sequence[int]) -> list[BilledInvoice]:
    """Return these invoices as a bill run reports them, by client."""
    rows = (
        Invoice.objects.filter(pk__in=invoice_ids)
        .annotate(line_count=Count("lines"))
        .order_by("client__name", "number", "pk")
        .values_list("pk", "number", "client__name", "currency", "net", "tax", "gross", "line_count")
    )
    return [BilledInvoice(*row) for row in rows]


def bill_exceptions(actor: Actor, through: date, client_ids: Sequence[int] | None) -> list[BillException]:
    """Return what keeps work up to `through` off the bills: no rate, no tax rate, not approved, held, deferred, no PO."""
    chosen = Q() if client_ids is None else Q(client_id__in=client_ids)
    found: list[BillException] = []
    unpriced = UnpricedItem.objects.visible_to(actor).filter(chosen, service_date__lte=through)
    for reason, label in UnpricedItem._meta.get_field("reason").flatchoices:
        rows = unpriced.filter(reason=reason)
        figures = rows.aggregate(count=Count("pk"), seconds=Sum("billable_seconds"))
        if figures["count"]:
            names = rows.order_by("project__name").values_list("project__name", flat=True).distinct()[:5]
            detail = f"{label} for {hours(figures['seconds'])} h: {', '.join(names)}"
            found.append(BillException(reason, figures["count"], detail))
    billable = visible_open_items(actor).filter(chosen, is_held=False, service_date__lte=through)
    open_work = billable.values_list("contract_id", "item__contract_line_id").annotate(
        last=Max("service_date")
    )
    untaxed = taxing.untaxed(map(taxing.OpenWork._make, open_work))
    counts = Counter(billable.filter(contract_id__in=untaxed).values_list("contract_id", flat=True))
    found += [BillException("tax_rate_missing", counts[pk], why) for pk, why in untaxed.items()]
    waiting = TimeEntry.objects.visible_to(actor).filter(
        ~Q(line__state=LineState.APPROVED), work_date__lte=through, worked_seconds__gt=0,
        task__contract_line__model="time_and_materials",
    )  # fmt: skip
    if client_ids is not None:
        waiting = waiting.filter(task__project__client_id__in=client_ids)
    for state, label in ((LineState.SUBMITTED, "submitted and not approved"), (None, "not submitted")):
        entries = (
            waiting.filter(line__state=state) if state else waiting.exclude(line__state=LineState.SUBMITTED)
        )
        figures = entries.aggregate(count=Count("pk"), seconds=Sum("worked_seconds"))
        if figures["count"]:
            kind = "not_approved" if state else "not_submitted"
            found.append(BillException(kind, figures["count"], f"{hours(figures['seconds'])} h are {label}"))
    held = visible_open_items(actor).filter(chosen, is_held=True, service_date__lte=through)
    for row in held.values("currency").annotate(count=Count("pk"), value=Sum("amount")).order_by("currency"):
        found.append(
            BillException("held", row["count"], f"{money_words(row['value'], row['currency'])} is held")
        )
    later = visible_open_items(actor).filter(
        chosen, is_held=False, service_date__lte=through, not_before__gt=through
    )
    for row in later.values("currency").annotate(count=Count("pk"), value=Sum("amount")).order_by("currency"):
        found.append(
            BillException(
                "deferred", row["count"], f"{money_words(row['value'], row['currency'])} is deferred"
            )
        )
    without_po = BillingProfile.objects.filter(requires_po=True, client_id__in=Invoice.objects.filter(
        chosen, state="draft", contract__po_number="", purchase_order=None).values("client_id"))  # fmt: skip
    for profile in without_po.select_related("client"):
        detail = f"{profile.client.name} asks for a purchase order number on each invoice"
        found.append(BillException("po_number_missing", 1, detail))
    return found


def visible_open_items(actor: Actor) -> QuerySet[OpenItem]:
    """Return WIP that the actor may see: open items of visible billable items."""
    condition = BillableItem.visibility.condition(actor)
    if condition is None:
        return OpenItem.objects.none()
    rows = OpenItem.objects.all()
    return rows if actor.entity_ids is None else rows.filter(entity_id__in=actor.entity_ids)


def approved_only_by(user_id: int, invoice_ids: Sequence[int]) -> list[int]:
    """Return the pre-bills all of whose time this user alone approved."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.invoice_id FROM billing_invoicesource s JOIN billing_billableitem i ON i.id = s.item_id"
            " WHERE s.is_live AND s.line_id IN (SELECT id FROM billing_invoiceline WHERE invoice_id = ANY(%s))"
            " GROUP BY s.invoice_id HAVING bool_and(i.approved_by_id = %s)",
            [list(invoice_ids), user_id],
        )
        return [row[0] for row in cursor.fetchall()]


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """Return the documents the actor may see; pre-bills only with the permission to see billing."""
    rows: QuerySet[Invoice] = Invoice.objects.visible_to(actor)
    return rows if actor.can(Permission.VIEW_BILLING) else rows.exclude(state=InvoiceState.DRAFT)


def pdf(actor: Actor, invoice_id: int, *, today: date) -> bytes:
    """Return an invoice's PDF: the kept one, or made from the frozen document; a pre-bill's is a preview.

    Raises `NotFound`.
    """
    invoice = locks.one(
        visible_invoices(actor).select_related(
            "contract", "client", "corrects_invoice", "purchase_order", "layout"
        ),
        invoice_id,
    )
    kept = IssuedPdf.objects.filter(pk=invoice_id).values_list("content", flat=True).first()
    if kept is not None:
        return bytes(kept)
    frozen = IssuedDocument.objects.filter(pk=invoice_id).values_list("content", flat=True).first()
    if frozen is not None:
        return render_pdf(from_json(bytes(frozen)))
    return render_pdf(documents([invoice], numbers={}, issued_on=today, due_on={})[invoice_id])


def electronic(actor: Actor, invoice_id: int, form: EInvoiceForm) -> ElectronicFile:
    """Return an issued document as an electronic invoice by EN 16931: 'ubl' for Peppol, 'cii' as in Factur-X.

    Made from the frozen document, so the same document gives the same bytes. Refuses: not_found; not_electronic for each
    thing that the standard demands and the document lacks.
    """
    invoice = locks.one(visible_invoices(actor), invoice_id)
    frozen = IssuedDocument.objects.filter(pk=invoice_id).values_list("content", flat=True).first()
    if frozen is None:
        raise Refused.because("not_electronic", "A pre-bill is not an invoice yet. Issue it first.")
    try:
        found = e_invoice(from_json(bytes(frozen)))
    except NotElectronic as lacking:
        raise Refused(Problem("not_electronic", sentence) for sentence in lacking.problems)
    if form == "ubl":
        return ElectronicFile(f"{invoice.number}-ubl.xml", to_ubl(found))
    return ElectronicFile(f"{invoice.number}-factur-x.xml", to_cii(found))
