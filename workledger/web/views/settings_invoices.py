"""Invoices in the settings: layouts with a live preview, payment terms, and what a client's or contract's invoices use."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.billing import choice_queries
from workledger.billing.actions.layouts import LayoutInput, add_layout, change_layout, fill
from workledger.billing.actions.payment_terms import (
    TermsInput,
    add_payment_terms,
    change_payment_terms,
    choose_for_invoices,
)
from workledger.billing.documents.locales import NUMBER_FORMATS
from workledger.billing.layout_preview import sample_pdf
from workledger.billing.models import InvoiceLayout, PaymentTerms
from workledger.contracts.models import Contract
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Problems
from workledger.directory.models import Client
from workledger.web.acting import ActingRequest, page
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.views.settings import around_form, show

_TERMS_FIELDS = (
    Field("name", "Name", required=True, help="As people choose them."),
    Field("net_days", "Due after, days", "whole", required=True, row="due"),
    Field("is_end_of_month", "Counted from the end of the month of issue", "check"),
    Field("discount_percent", "Early-payment discount", "number", places=3, unit="%", row="early",
          section="Paying early"),
    Field("discount_days", "When paid within, days", "whole", row="early", help="Of the day of issue."),
    Field("reduces_tax", "The discount lowers the tax in proportion", "check", help="As in the EU; else the firm bears all of it."),
)  # fmt: skip


@page(Permission.MANAGE_SETTINGS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What invoices can use."""
    layouts = [
        (row, _GROUP_WORDS.get(row.group_by, ""), _GROUP_WORDS[row.line_by])
        for row in choice_queries.layouts(request.actor)
    ]
    context = {"terms": choice_queries.payment_terms(request.actor), "layouts": layouts}
    return show(request, "web/settings/invoices.html", context)


_GROUP_WORDS = {
    "line": "Contract line", "phase": "Phase", "task": "Task", "role": "Role", "person": "Person", "week": "Week",
    "entry": "Entry",
}  # fmt: skip
_LAYOUT_FIELDS = (
    Field("name", "Name", required=True, help="As people choose it."),
    Field("group_by", "Headings", "choice", options=tuple(pair for pair in _GROUP_WORDS.items() if pair[0] != "entry"),
          empty="None", row="groups", section="Lines"),
    Field("line_by", "A line for each", "choice", required=True, options=tuple(_GROUP_WORDS.items()), row="groups",
          help="Work of another rate is a line of its own."),
    Field("has_subtotals", "A subtotal below each heading", "check"),
    Field("columns", "Columns", "many", options=(("dates", "Dates"), ("quantity", "Quantity"), ("unit", "Unit"),
          ("rate", "Rate"), ("tax", "Tax")), help="Beside description and amount. None chosen shows the usual ones."),
    Field("number_format", "Numbers", "choice", options=tuple((each, each) for each in NUMBER_FORMATS),
          empty="As the client's language has it", section="Page", row="page"),
    Field("attaches", "Timesheet", "choice", required=True, row="page",
          options=(("client", "As the client has it"), ("always", "Always appended"), ("never", "Never appended"))),
    Field("attaches_receipts", "Append the receipts of expenses", "check",
          help="Pictures as pages, PDFs attached to the file."),
    Field("opening", "Text above the lines", help="Such as what the work was for."),
    Field("closing", "Text below the lines", "lines"),
)  # fmt: skip


def _layout_of(values: Mapping[str, Any]) -> LayoutInput:
    return LayoutInput(**{
        name: values[name] for name in LayoutInput.__dataclass_fields__ if name != "columns"
    }, columns=tuple(values["columns"]))  # fmt: skip


def _layout_around(title: str, act: str, said: str, src: str) -> FormPage:
    around = _around(title, act, said)
    return replace(around, template="web/settings/layout.html", context={"preview": src})


@page(Permission.MANAGE_SETTINGS)
def new_layout(request: ActingRequest) -> HttpResponse:
    """Add a layout, seen as it is chosen."""

    def run(values: Mapping[str, Any], options: Options) -> int:
        return add_layout.using(options)(actor=request.actor, layout=_layout_of(values))

    shown = {"line_by": "task", "group_by": "line", "has_subtotals": True, "attaches": "client"}
    around = _layout_around("New layout", "Add layout", "Added the layout.", _preview_url(shown))
    return form_page(request, Form(_LAYOUT_FIELDS, shown), run, around)


@page(Permission.MANAGE_SETTINGS)
def layout(request: ActingRequest, layout_id: int) -> HttpResponse:
    """Change a layout, seen as it is changed."""
    row: InvoiceLayout = locks.one(InvoiceLayout.objects.visible_to(request.actor), layout_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        change_layout.using(options)(actor=request.actor, layout_id=layout_id, layout=_layout_of(values))

    shown = {name: getattr(row, name) for name in LayoutInput.__dataclass_fields__}
    said = "Saved the layout. Pre-bills keep their lines until they are drafted anew."
    around = _layout_around(row.name, "Save", said, _preview_url(shown))
    return form_page(request, Form(_LAYOUT_FIELDS, shown), run, around)


def _preview_url(shown: Mapping[str, Any]) -> str:
    asked = {name: value for name, value in shown.items() if name != "name" and value not in ("", False)}
    return f"{reverse('settings-layout-preview')}?{urlencode(asked, doseq=True)}"


@page(Permission.MANAGE_SETTINGS)
@require_GET
def preview_frame(request: ActingRequest) -> HttpResponse:
    """The frame of the preview, for what the form says now."""
    asked = request.GET.copy()
    for name in ("name", "csrfmiddlewaretoken"):
        asked.pop(name, None)
    src = f"{reverse('settings-layout-preview')}?{asked.urlencode()}"
    return render(request, "web/settings/layout_preview.html", {"preview": src})


@page(Permission.MANAGE_SETTINGS)
@require_GET
def preview(request: ActingRequest) -> HttpResponse:
    """Sample work in the layout that is asked for, as a PDF."""
    asked = request.GET
    chosen = LayoutInput(
        name="Preview", group_by=asked.get("group_by", ""), line_by=asked.get("line_by", "task"),
        has_subtotals="has_subtotals" in asked, columns=tuple(asked.getlist("columns")),
        number_format=asked.get("number_format", ""), attaches=asked.get("attaches", "client"),
        attaches_receipts=False, opening=asked.get("opening", ""), closing=asked.get("closing", ""),
    )  # fmt: skip
    content = sample_pdf(request.actor, fill(InvoiceLayout(), chosen, Problems()), "en")
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="preview.pdf"'
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _around(title: str, act: str, said: str) -> FormPage:
    return around_form("Invoices", "settings-invoices", title, act, said)


def _terms_of(values: Mapping[str, Any]) -> TermsInput:
    days = values["net_days"]
    return TermsInput(
        name=values["name"], net_days=-1 if days is None else days, is_end_of_month=values["is_end_of_month"],
        discount_percent=values["discount_percent"], discount_days=values["discount_days"],
        reduces_tax=values["reduces_tax"],
    )  # fmt: skip


@page(Permission.MANAGE_SETTINGS)
def new_terms(request: ActingRequest) -> HttpResponse:
    """Add payment terms."""

    def run(values: Mapping[str, Any], options: Options) -> int:
        return add_payment_terms.using(options)(actor=request.actor, terms=_terms_of(values))

    around = _around("New payment terms", "Add terms", "Added the payment terms.")
    return form_page(request, Form(_TERMS_FIELDS, {"net_days": 30, "reduces_tax": True}), run, around)


@page(Permission.MANAGE_SETTINGS)
def terms(request: ActingRequest, terms_id: int) -> HttpResponse:
    """Change payment terms."""
    row: PaymentTerms = locks.one(PaymentTerms.objects.visible_to(request.actor), terms_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        change_payment_terms.using(options)(
            actor=request.actor, payment_terms_id=terms_id, terms=_terms_of(values)
        )

    shown = {name: getattr(row, name) for name in TermsInput.__dataclass_fields__}
    return form_page(
        request, Form(_TERMS_FIELDS, shown), run, _around(row.name, "Save", "Saved the payment terms.")
    )


@page(Permission.MANAGE_CONTRACTS)
def of_client(request: ActingRequest, client_id: int) -> HttpResponse:
    """Choose what a client's invoices use."""
    client: Client = locks.one(Client.objects.visible_to(request.actor), client_id)
    back = (client.name, reverse("client", args=[client_id]))
    return _choose(request, client_id, None, (("Clients", reverse("clients")), back))


@page(Permission.MANAGE_CONTRACTS)
def of_contract(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Choose what a contract's invoices use."""
    contract: Contract = locks.one(Contract.objects.visible_to(request.actor), contract_id)
    back = (contract.name, reverse("contract", args=[contract_id]))
    return _choose(request, contract.client_id, contract_id, (("Contracts", reverse("contracts")), back))


def _choose(
    request: ActingRequest, client_id: int, contract_id: int | None, crumbs: tuple[tuple[str, str], ...]
) -> HttpResponse:
    chosen = choice_queries.chosen(request.actor, client_id, contract_id)
    otherwise = "As the client" if contract_id else "The client's days"
    fields = (
        Field(
            "terms_id", "Payment terms", "id", empty=otherwise,
            options=tuple((row.id, row.name) for row in choice_queries.payment_terms(request.actor)),
        ),
        Field(
            "layout_id", "Layout", "id", empty="As the client" if contract_id else "The usual one",
            options=tuple((row.id, row.name) for row in choice_queries.layouts(request.actor)),
        ),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        choose_for_invoices.using(options)(
            actor=request.actor, client_id=client_id, contract_id=contract_id, terms_id=values["terms_id"],
            layout_id=values["layout_id"],
        )  # fmt: skip

    around = FormPage(
        title="Invoices use",
        crumbs=crumbs,
        act="Save",
        done=crumbs[-1][1],
        said="Invoices drafted and issued from now on use it.",
        lead="A contract's choice goes before the client's. What can be chosen stands in the settings.",
    )
    return form_page(
        request, Form(fields, {"terms_id": chosen.terms_id, "layout_id": chosen.layout_id}), run, around
    )
