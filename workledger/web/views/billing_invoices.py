"""Invoices: the list with its filters and export, one invoice with all that hangs on it, its PDF, credit, payment."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from workledger.billing import page_queries as billing
from workledger.billing import queries as billing_queries
from workledger.billing.actions.invoices import credit_invoice, credit_lines
from workledger.billing.actions.rebills import Rebilled, credit_and_rebill
from workledger.billing.crediting import CreditPart
from workledger.billing.documents import DocumentError, InvalidDocument
from workledger.billing.models import Invoice, ReasonCode
from workledger.billing.queries import EInvoiceForm
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import NotFound, Refused
from workledger.kernel.period import month_of
from workledger.receivables import page_queries as queries
from workledger.receivables.actions import record_payment
from workledger.receivables.page_queries import InvoiceFilters
from workledger.web import formats, sheets
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of
from workledger.web.trails import trail_url
from workledger.web.views.billing_chosen import bill_trail, taxes_in_words

_CRUMB = ("Invoices", "invoices")
_DAY = timedelta(days=1)
_MONTHS_BACK = 18
_HEAD = (
    "Number",
    "Kind",
    "Client",
    "Contract",
    "Issued",
    "Due",
    "Currency",
    "Net",
    "Tax",
    "Gross",
    "Open",
    "State",
)


def _filters(asked: Mapping[str, str]) -> InvoiceFilters:
    start, end = _days_of(asked.get("period", ""))
    return InvoiceFilters(
        as_of=today(),
        state=asked.get("state", ""),
        client_id=number_of(asked.get("client")),
        start=start,
        end=end,
        text=asked.get("q", "").strip()[:100],
    )


def _days_of(period: str) -> tuple[date | None, date | None]:
    """Return the first and last day of '2026-03' or '2026'; of anything else none."""
    try:
        if len(period) == 4:
            return date(int(period), 1, 1), date(int(period), 12, 31)
        month = month_of(date.fromisoformat(f"{period}-01"))
    except ValueError:
        return None, None
    return month.start, month.end - _DAY


def _periods(day: date) -> list[tuple[str, str]]:
    years = [(f"{day.year - back}", f"{day.year - back}") for back in range(3)]
    months = []
    start = day.replace(day=1)
    for _ in range(_MONTHS_BACK):
        months.append((f"{start:%Y-%m}", f"{start:%B %Y}"))
        start = month_of(start - _DAY).start
    return years + months


def _bare(request: ActingRequest) -> str:
    asked = request.GET.copy()
    asked.pop("cursor", None)
    return asked.urlencode()


@page(Permission.VIEW_INVOICES)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Issued invoices and credit notes."""
    found = queries.invoices(request.actor, _filters(request.GET), request.GET.get("cursor", ""))
    words = _bare(request)
    sees_open = found.sees_open
    context = {
        "found": found,
        "asked": request.GET,
        "periods": _periods(today()),
        "clients": queries.invoice_clients(request.actor),
        "states": queries.STATES if sees_open else [pair for pair in queries.STATES if pair[0] in ("credited", "credit_note")],
        "filtered": any(request.GET.get(name) for name in ("state", "client", "period", "q")),
        "csv": f"{reverse('invoices-export', args=['csv'])}?{words}",
        "xlsx": f"{reverse('invoices-export', args=['xlsx'])}?{words}",
        "total_trail": f"{reverse('invoices-total')}?{words}",
        "may_prepare": request.actor.can(Permission.PREPARE_BILLING),
    }  # fmt: skip
    return render(request, "web/invoices/index.html", context)


@page(Permission.VIEW_INVOICES)
@require_GET
def total(request: ActingRequest) -> HttpResponse:
    """What the sums of the list are made of."""
    found = queries.invoices(request.actor, _filters(request.GET), limit=20)
    wanted = request.GET.get("currency", "")
    sums = next((each for each in found.sums if not wanted or each.currency == wanted), None)
    formula, value = [], formats.ZERO
    if sums is not None:
        value = formats.money(sums.gross, sums.currency)
        formula = [
            {"sign": "", "label": "Net", "value": formats.money(sums.net, sums.currency)},
            {"sign": "+", "label": "Tax", "value": formats.money(sums.tax, sums.currency)},
            {"sign": "=", "label": "Gross", "value": value},
        ]
        if found.sees_open:
            settled = sums.gross - sums.open_amount
            formula += [
                {
                    "sign": "\N{MINUS SIGN}",
                    "label": "Paid or credited",
                    "value": formats.money(settled, sums.currency),
                },
                {"sign": "=", "label": "Open", "value": formats.money(sums.open_amount, sums.currency)},
            ]
    trail = {
        "title": "Documents of this list",
        "value": value,
        "sentence": f"The {found.count:,} invoices and credit notes that the list is narrowed to; credit notes count against.",
        "formula": formula,
        "rows_label": "Newest documents",
        "rows": [
            {
                "name": row.number,
                "note": f"{row.client}, {formats.day(row.issued_on)}",
                "value": formats.money(row.gross, row.currency),
                "href": reverse("invoice", args=[row.id]),
            }
            for row in found.rows
        ],
        "more_url": f"{reverse('invoices')}?{_bare(request)}",
        "more_label": "All of them",
    }  # fmt: skip
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


@page(Permission.VIEW_INVOICES)
@require_GET
def export(request: ActingRequest, kind: str) -> HttpResponse:
    """All that the filters ask for, as CSV or Excel."""
    rows = queries.export_invoices(request.actor, _filters(request.GET))
    name = f"invoices-{today().isoformat()}"
    answer = {"csv": sheets.csv_answer, "xlsx": sheets.xlsx_answer}.get(kind)
    if answer is None:
        raise NotFound.because("not_found", "The list is exported as CSV or XLSX.")
    return answer(name, _HEAD, _cells(rows))


def _cells(rows: Iterator[queries.InvoiceRow]) -> Iterator[tuple[sheets.Cell, ...]]:
    for row in rows:
        kind = "Credit note" if row.kind == "credit_note" else "Invoice"
        yield (
            row.number, kind, row.client, row.contract, row.issued_on, row.due_on, row.currency, row.net, row.tax,
            row.gross, row.open_amount, row.state_label,
        )  # fmt: skip


@page(Permission.VIEW_INVOICES)
@require_GET
def show(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """One invoice or credit note; a pre-bill has a page of its own."""
    actor = request.actor
    row = locks.one(billing_queries.visible_invoices(actor), invoice_id)
    if row.state == "draft":
        return redirect("prebill", invoice_id)
    found = queries.invoice(actor, invoice_id, as_of=today())
    context = {
        "invoice": found,
        "row": found.row,
        "taxes": taxes_in_words(found.taxes),
        "total_trail": reverse("invoice-total", args=[invoice_id]),
        "printed_net": abs(found.row.net),
        "printed_gross": abs(found.row.gross),
        "entry_url": _entry_url(found.journal_entry_id),
        "payments": [(paid, _entry_url(paid.journal_entry_id)) for paid in found.paid],
        "losses": [(loss, _entry_url(loss.journal_entry_id)) for loss in found.losses],
        "may_void": actor.can(Permission.RECORD_PAYMENT),
        "sees_clients": actor.can(Permission.VIEW_CLIENTS),
        "sees_contracts": actor.can(Permission.VIEW_CONTRACTS),
        "ar_trail": trail_url("ar", client=found.row.client_id, currency=found.row.currency)
        if found.row.open_amount is not None
        else "",
    }
    return render(request, "web/invoices/show.html", context)


@page(Permission.VIEW_INVOICES)
@require_GET
def one_total(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """What one document comes to, as printed."""
    found = queries.invoice(request.actor, invoice_id, as_of=today())
    row = found.row
    verb = "gives back to" if row.kind == "credit_note" else "asks of"
    sentence = f"What {row.number} {verb} {row.client}, tax included."
    sums = abs(row.net), abs(row.gross)
    trail = bill_trail(row.number, sentence, row.currency, sums, found.groups, found.taxes)
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


def _entry_url(entry_id: int | None) -> str:
    """Return the page of a journal entry, '' where there is none."""
    try:
        return reverse("entry", args=[entry_id]) if entry_id else ""
    except NoReverseMatch:
        return ""


@page(Permission.VIEW_INVOICES)
@require_GET
def pdf(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """The PDF of an invoice or credit note, or the preview of a pre-bill."""
    row: Invoice = locks.one(billing_queries.visible_invoices(request.actor), invoice_id)
    try:
        content = billing_queries.pdf(request.actor, invoice_id, today=today())
    except (DocumentError, InvalidDocument) as error:
        raise Refused.because("document_not_set", f"The document cannot be set: {error}") from error
    answer = HttpResponse(content, content_type="application/pdf")
    kind = "attachment" if "download" in request.GET else "inline"
    name = row.number or f"pre-bill-{row.pk}"
    answer["Content-Disposition"] = f'{kind}; filename="{name}.pdf"'
    answer["Cache-Control"] = "private, no-cache"
    return answer


@page(Permission.VIEW_INVOICES)
@require_GET
def electronic(request: ActingRequest, invoice_id: int, form: EInvoiceForm) -> HttpResponse:
    """An issued document as an electronic invoice, to save."""
    found = billing_queries.electronic(request.actor, invoice_id, form)
    answer = HttpResponse(found.content, content_type="application/xml")
    answer["Content-Disposition"] = f'attachment; filename="{found.name}"'
    answer["Cache-Control"] = "private, no-cache"
    return answer


@page(Permission.VIEW_BILLING)
@require_GET
def entries(request: ActingRequest, invoice_id: int, line_id: int) -> HttpResponse:
    """The entries behind a printed line: rows for the table, or a page of their own."""
    found = billing.line_entries(request.actor, invoice_id, line_id)
    context = {"entries": found, "invoice_id": invoice_id}
    if getattr(request, "htmx", False):
        return render(request, "web/invoices/entries.html", context)
    return render(request, "web/invoices/entries_page.html", context)


@page(Permission.CREDIT_INVOICE)
def credit(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Credit all that is left of an invoice."""
    found = queries.invoice(request.actor, invoice_id, as_of=today())
    row = found.row

    def run(values: Mapping[str, Any], options: Options) -> str:
        return credit_invoice.using(options)(
            actor=request.actor, invoice_id=invoice_id, on=values["on"], reason=values["reason"]
        )

    left = formats.money(found.left, row.currency)
    around = FormPage(
        title=f"Credit {row.number}",
        crumbs=_crumbs(row),
        act="Credit in full",
        done=reverse("invoice", args=[invoice_id]),
        said=f"Credited {row.number} in full. Its work is WIP again.",
        lead=f"A credit note over {left} takes back {'what is left' if found.credit_notes else 'all'} of it: its lines, "
        f"its postings. The work can be billed again.{_paid_back(found)}",
    )
    return form_page(request, Form(_CREDIT_FIELDS, {"on": today()}), run, around)


_CREDIT_FIELDS: tuple[Field, ...] = (
    Field("reason", "Reason", "lines", required=True, help="The credit note prints it."),
    Field("on", "Date", "date", required=True),
)


def _crumbs(row: queries.InvoiceRow) -> tuple[tuple[str, str], ...]:
    return (_CRUMB[0], reverse(_CRUMB[1])), (row.number, reverse("invoice", args=[row.id]))


def _paid_back(found: queries.InvoiceDetail, *, in_full: bool = True) -> str:
    if not found.paid_total:
        return ""
    paid = f"{formats.money(found.paid_total, found.row.currency)} paid on it"
    what = paid if in_full else f"What exceeds the rest of the {paid}"
    return f" {what} becomes a deposit of {found.row.client}."


@page(Permission.CREDIT_INVOICE)
def credit_parts(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Credit chosen lines of an invoice, or parts of them."""
    found = queries.invoice(request.actor, invoice_id, as_of=today())
    row = found.row
    lines = queries.creditable(request.actor, invoice_id)
    amounts = tuple(
        Field(
            f"part-{line.line_id}", line.description, "number", unit=row.currency, section="Amounts to credit, net",
            help=f"{formats.money(line.left, row.currency)} is left{line.of_quantity}.",
        )
        for line in lines
    )  # fmt: skip
    code = Field(
        "reason_code", "Why parts are given up", "choice", options=billing.REASONS, section="Credit note",
        help="A line credited whole can be billed again. The value of a part is given up.",
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> str:
        asked = [(line.line_id, values[f"part-{line.line_id}"]) for line in lines]
        return credit_lines.using(options)(
            actor=request.actor, invoice_id=invoice_id,
            parts=[CreditPart(line_id, amount) for line_id, amount in asked if amount is not None],
            on=values["on"], reason=values["reason"], reason_code=ReasonCode(values["reason_code"]),
        )  # fmt: skip

    around = FormPage(
        title=f"Credit lines of {row.number}",
        crumbs=_crumbs(row),
        act="Credit these amounts",
        done=reverse("invoice", args=[invoice_id]),
        said=lambda number: f"{number} credits a part of {row.number}.",
        lead=f"Give all that is left of a line, and its work is WIP again. Give less, and that much of its value is "
        f"given up. Tax follows.{_paid_back(found, in_full=False)}",
    )
    form = Form((*amounts, code, *_CREDIT_FIELDS), {"on": today(), "reason_code": ReasonCode.OTHER.value})
    return form_page(request, form, run, around)


@page(Permission.CREDIT_INVOICE)
def rebill(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Credit an invoice and bill its work anew, in one act."""
    found = queries.invoice(request.actor, invoice_id, as_of=today())
    row = found.row

    def run(values: Mapping[str, Any], options: Options) -> Rebilled:
        return credit_and_rebill.using(options)(
            actor=request.actor, invoice_id=invoice_id, on=values["on"], reason=values["reason"],
            issue=values.get("issue", False),
        )  # fmt: skip

    fields: tuple[Field, ...] = _CREDIT_FIELDS
    if request.actor.can(Permission.ISSUE_INVOICE):
        fields = (*fields, Field("issue", "Issue the new invoice at once", "check"))
    around = FormPage(
        title=f"Credit and rebill {row.number}",
        crumbs=_crumbs(row),
        act="Credit and rebill",
        done=lambda made: reverse("invoice" if made.number else "prebill", args=[made.invoice_id]),
        said=lambda made: (
            f"{made.credit_note} credits {row.number}. "
            + (f"{made.number} bills its work anew." if made.number else "This pre-bill bills its work anew.")
        ),
        lead=f"A credit note over {formats.money(found.left, row.currency)} takes back all of it. Its work is priced at "
        f"the rates and terms of now and drafted as a new invoice, which says that it corrects {row.number}.{_paid_back(found)}",
    )
    return form_page(request, Form(fields, {"on": today()}), run, around)


def _early(found: queries.InvoiceDetail) -> str:
    """Say what paying early settles it with."""
    if not found.discount or found.discount_until is None or not found.row.open_amount:
        return ""
    pays = formats.money(found.row.open_amount - found.discount, found.row.currency)
    return f" Received by {formats.day(found.discount_until)}, {pays} settles it."


@page(Permission.RECORD_PAYMENT)
def payment(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Record money received for an invoice."""
    found = queries.invoice(request.actor, invoice_id, as_of=today())
    row = found.row
    fields = (
        Field("amount", "Amount", "number", required=True, unit=row.currency, row="amount"),
        Field("on", "Received on", "date", required=True, row="amount"),
        Field("reference", "Reference", help="What the bank statement says."),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        record_payment.using(options)(
            actor=request.actor, invoice_id=invoice_id, amount=values["amount"], on=values["on"],
            reference=values["reference"],
        )  # fmt: skip

    around = FormPage(
        title="Record a payment",
        crumbs=((_CRUMB[0], reverse(_CRUMB[1])), (row.number, reverse("invoice", args=[invoice_id]))),
        act="Record payment",
        done=reverse("invoice", args=[invoice_id]),
        said=f"The payment of {row.number} is recorded and posted.",
        lead=f"{row.client} owes {formats.money(row.open_amount or Decimal(0), row.currency)} on {row.number}.{_early(found)}",
    )
    shown = {"amount": row.open_amount, "on": today(), "reference": ""}
    return form_page(request, Form(fields, shown), run, around)
