"""Invoices in the settings: payment terms, and which of them a client's or contract's invoices use."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.billing import choice_queries
from workledger.billing.actions.payment_terms import (
    TermsInput,
    add_payment_terms,
    change_payment_terms,
    choose_for_invoices,
)
from workledger.billing.models import PaymentTerms
from workledger.contracts.models import Contract
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory.models import Client
from workledger.web.acting import ActingRequest, page
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.views.settings import around_form, show

_TERMS_FIELDS = (
    Field("name", "Name", required=True, help="As people choose them."),
    Field("net_days", "Due after", "whole", required=True, unit="days", row="due"),
    Field("is_end_of_month", "Counted from the end of the month of issue", "check"),
    Field("discount_percent", "Early-payment discount", "number", places=3, unit="%", row="early",
          section="Paying early"),
    Field("discount_days", "When paid within", "whole", unit="days", row="early", help="Of the day of issue."),
    Field("reduces_tax", "The discount lowers the tax in proportion", "check", help="As in the EU; else the firm bears all of it."),
)  # fmt: skip


@page(Permission.MANAGE_SETTINGS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What invoices can use."""
    context = {"terms": choice_queries.payment_terms(request.actor)}
    return show(request, "web/settings/invoices.html", context)


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
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        choose_for_invoices.using(options)(
            actor=request.actor, client_id=client_id, contract_id=contract_id, terms_id=values["terms_id"]
        )

    around = FormPage(
        title="Invoices use",
        crumbs=crumbs,
        act="Save",
        done=crumbs[-1][1],
        said="Invoices issued from now on use it.",
        lead="A contract's choice goes before the client's. What can be chosen stands in the settings.",
    )
    return form_page(request, Form(fields, {"terms_id": chosen.terms_id}), run, around)
