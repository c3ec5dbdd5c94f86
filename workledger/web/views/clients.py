"""Clients: the list, a client with billing profile, contacts and what was agreed, and the forms that change them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from workledger.billing.models import Invoice
from workledger.contracts.models import Contract
from workledger.core import queries as core
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory import actions, queries
from workledger.directory.actions import BillingDetails, ClientDetails, ContactDetails
from workledger.directory.calc import eas
from workledger.directory.calc.countries import COUNTRIES
from workledger.directory.models import TaxTreatment
from workledger.directory.queries import ClientFilter, ClientPage
from workledger.projects.models import Project
from workledger.web.acting import ActingRequest, act_options, page
from workledger.web.context import address
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.options import COUNTRY_OPTIONS, CURRENCY_OPTIONS
from workledger.web.paging import cut

_MOST_LINKS = 8
_LANGUAGES = (("en", "English"), ("en-us", "English (US)"), ("de", "German"), ("fr", "French"), ("es", "Spanish"),
              ("it", "Italian"), ("nl", "Dutch"), ("sv", "Swedish"))  # fmt: skip
_KINDS = (("internal", "The firm's own"), ("all", "All"))


@page(Permission.VIEW_CLIENTS)
def index(request: ActingRequest) -> HttpResponse:
    """Whom the firm works for."""
    asked = request.GET
    kind = asked.get("kind") or "external"
    wanted = ClientFilter(
        words=asked.get("q", "").strip(),
        country=asked.get("country", ""),
        currency=asked.get("currency", ""),
        kind="" if kind == "all" else kind,
        sort=asked.get("sort", "name"),
    )
    everybody = queries.clients(request.actor, ClientFilter(kind=""))
    context = {
        "rows": cut(queries.clients(request.actor, wanted), asked.get("cursor", "")),
        "kinds": _KINDS,
        "countries": [
            (code, COUNTRIES.get(code, code)) for code in sorted({row.country for row in everybody} - {""})
        ],
        "currencies": [(code, code) for code in sorted({row.currency for row in everybody} - {""})],
        "filtered": any(asked.get(name) for name in ("q", "country", "currency", "kind")),
        "may_add": request.actor.can(Permission.MANAGE_CLIENTS) and request.actor.client_ids is None,
    }
    return render(request, "web/clients/index.html", context)


@page(Permission.VIEW_CLIENTS)
def show(request: ActingRequest, client_id: int) -> HttpResponse:
    """One client with everything that hangs on it."""
    found = queries.client_page(request.actor, client_id)
    context = {
        "client": found,
        "state_word": "Internal" if found.is_internal else "",
        "invoice_language": dict(_LANGUAGES).get(found.billing.language, found.billing.language)
        if found.billing
        else "",
        "may_change": request.actor.can(Permission.MANAGE_CLIENTS),
        "may_see_log": request.actor.can(Permission.VIEW_LOG),
        **_documents(request, client_id),
    }
    return render(request, "web/clients/show.html", context)


def _documents(request: ActingRequest, client_id: int) -> dict[str, Any]:
    """The newest contracts, projects and invoices that the reader may see, one more than are shown."""
    actor = request.actor
    contracts = Contract.objects.visible_to(actor).filter(client_id=client_id).order_by("-start", "-pk")
    projects = Project.objects.visible_to(actor).filter(client_id=client_id).order_by("state", "-pk")
    invoices = Invoice.objects.visible_to(actor).filter(client_id=client_id).order_by("-issued_on", "-pk")
    return {
        "contracts": list(contracts[: _MOST_LINKS + 1]),
        "projects": list(projects[: _MOST_LINKS + 1]),
        "invoices": list(invoices[: _MOST_LINKS + 1]),
        "most": _MOST_LINKS,
        "sees_contracts": actor.can(Permission.VIEW_CONTRACTS),
        "sees_projects": actor.can(Permission.VIEW_PROJECTS),
        "sees_invoices": actor.can(Permission.VIEW_INVOICES),
        "contracts_url": address("contracts"),
        "projects_url": address("projects"),
        "invoices_url": address("invoices"),
    }


@page(Permission.MANAGE_CLIENTS)
def new(request: ActingRequest) -> HttpResponse:
    """Add a client with its billing profile."""
    entities = queries.entities(request.actor)
    fields = _fields(request)
    shown = {
        "currency": entities[0].currency if entities else "EUR",
        "payment_terms_days": 30,
        "group_lines_by": "task",
        "attach_timesheet": True,
        "paper": "a4",
        "language": "en",
    }

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_client.using(options)(
            actor=request.actor, client=_client_of(values), billing=_billing_of(values)
        )

    around = FormPage(
        title="New client",
        crumbs=(("Clients", reverse("clients")),),
        act="Add client",
        done=lambda client_id: reverse("client", args=[client_id]),
        said="Added the client.",
    )
    return form_page(request, Form(fields, shown), run, around)


@page(Permission.MANAGE_CLIENTS)
def change(request: ActingRequest, client_id: int) -> HttpResponse:
    """Change a client and how it is billed."""
    found = queries.client_page(request.actor, client_id)
    fields = _fields(request)
    kept = found.billing.tax_code_id if found.billing else None
    shown = {
        each.name: getattr(found, each.name, None)
        if hasattr(found, each.name)
        else getattr(found.billing, each.name, None)
        for each in fields
    }

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_client.using(options)(
            actor=request.actor,
            client_id=client_id,
            client=_client_of(values),
            billing=_billing_of({"tax_code_id": kept, **values}),
        )

    around = _around(
        found, f"Change {found.name}", "Save", "Saved the client.", lead="Issued invoices stay as they are."
    )
    return form_page(request, Form(fields, shown), run, around)


@page(Permission.MANAGE_CLIENTS)
def new_contact(request: ActingRequest, client_id: int) -> HttpResponse:
    """Add a contact."""
    found = queries.client_page(request.actor, client_id)
    return _contact_form(request, found, None, {"is_billing_contact": not found.contacts})


@page(Permission.MANAGE_CLIENTS)
def change_contact(request: ActingRequest, client_id: int, contact_id: int) -> HttpResponse:
    """Change a contact."""
    found = queries.client_page(request.actor, client_id)
    row = queries.contact(request.actor, client_id, contact_id)
    shown = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return _contact_form(request, found, contact_id, shown)


@require_POST
@page(Permission.MANAGE_CLIENTS)
def remove_contact(request: ActingRequest, client_id: int, contact_id: int) -> HttpResponse:
    """Remove a contact."""
    actions.remove_contact.using(act_options(request))(actor=request.actor, contact_id=contact_id)
    messages.success(request, "Removed the contact.")
    return redirect("client", client_id)


def _contact_form(
    request: ActingRequest, found: ClientPage, contact_id: int | None, shown: Mapping[str, Any]
) -> HttpResponse:
    manages_users = request.actor.can(Permission.MANAGE_USERS)
    fields: tuple[Field, ...] = _CONTACT_FIELDS
    if manages_users:
        users = tuple((row.id, row.name, row.email) for row in core.users(request.actor))
        help_words = "Gives nothing by itself: the user also needs the role Client contact."
        fields = (*fields, Field("user_id", "Signs in as", "find_id", options=users, help=help_words))

    def run(values: Mapping[str, Any], options: Options) -> int:
        contact = ContactDetails(
            name=values["name"],
            email=values["email"],
            phone=values["phone"],
            position=values["position"],
            is_billing_contact=values["is_billing_contact"],
            user_id=values["user_id"] if manages_users else shown.get("user_id"),
        )
        return actions.save_contact.using(options)(
            actor=request.actor, client_id=found.id, contact=contact, contact_id=contact_id
        )

    title = f"Change {shown['name']}" if contact_id else "New contact"
    around = _around(found, title, "Save contact" if contact_id else "Add contact", "Saved the contact.")
    if contact_id:
        removal = ("Remove contact", reverse("client-contact-remove", args=[found.id, contact_id]))
        around = replace(around, removal=removal)
    return form_page(request, Form(fields, shown), run, around)


def _around(found: ClientPage, title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    home = reverse("client", args=[found.id])
    crumbs = (("Clients", reverse("clients")), (found.name, home))
    return FormPage(title=title, crumbs=crumbs, act=act, done=home, said=said, lead=lead)


_CONTACT_FIELDS = (
    Field("name", "Name", required=True),
    Field("position", "Position"),
    Field("email", "Email", "email", row="reach"),
    Field("phone", "Phone", row="reach"),
    Field("is_billing_contact", "Invoices go to this contact", "check"),
)
_FIELDS = (
    Field("name", "Name", required=True, help="As it stands on invoices."),
    Field("street", "Street and number", row="street"),
    Field("additional", "Building, floor or department", row="street"),
    Field("postcode", "Postcode", row="place"),
    Field("city", "City", row="place"),
    Field("subdivision", "State or region", row="where", help="Its short code, such as TX."),
    Field("country", "Country", "find", options=COUNTRY_OPTIONS, row="where"),
    Field("vat_id", "VAT id", help="With the country, such as DE123456788.", row="ids"),
    Field("register_number", "Number in the register", row="ids"),
    Field("industry", "Industry"),
    Field("is_internal", "The firm's own work", "check", help="An internal client is never billed."),
    Field(
        "currency", "Currency", "find", required=True, options=CURRENCY_OPTIONS, section="Billing", row="money",
        help="Of contracts and invoices that are made from now on.",
    ),
    Field("payment_terms_days", "Payment terms, days", "whole", required=True, row="money"),
    Field("tax_treatment", "Tax", "choice", options=tuple(TaxTreatment.choices), row="tax", empty="By the two countries"),
    Field("tax_rate", "Tax rate", "number", places=3, unit="%", row="tax", help="Empty takes the legal entity's rate."),
    Field("invoice_email", "Invoices by email to", "email", row="send"),
    Field("buyer_reference", "Buyer reference", row="send", help="What the client wants to read on every invoice."),
    Field("einvoice_scheme", "E-invoice scheme", "find", options=eas.OPTIONS, row="einvoice"),
    Field("einvoice_address", "E-invoice address", row="einvoice", help="Such as a Peppol id or Leitweg-ID."),
    Field(
        "group_lines_by", "Lines by", "choice", required=True, options=(("task", "Task"), ("person", "Person")),
        section="Invoice layout", row="layout",
    ),
    Field("paper", "Paper", "choice", required=True, options=(("a4", "A4"), ("letter", "US Letter")), row="layout"),
    Field("language", "Language", "choice", required=True, options=_LANGUAGES, row="layout"),
    Field("attach_timesheet", "Attach the timesheet", "check"),
    Field("requires_po", "A purchase order number is required", "check", help="Invoices without one are held back."),
)  # fmt: skip


def _fields(request: ActingRequest) -> tuple[Field, ...]:
    """The fields of a client; a tax code is asked where the legal entities have some."""
    codes = queries.tax_code_choices(request.actor)
    if not codes:
        return _FIELDS
    at = next(place for place, each in enumerate(_FIELDS) if each.name == "tax_rate") + 1
    code = Field(
        "tax_code_id", "Tax code", "id", options=codes, empty="None: taxed as above",
        help="It goes before both.",
    )  # fmt: skip
    return (*_FIELDS[:at], code, *_FIELDS[at:])


def _client_of(values: Mapping[str, Any]) -> ClientDetails:
    return ClientDetails(**{name: values[name] for name in ClientDetails.__dataclass_fields__})


def _billing_of(values: Mapping[str, Any]) -> BillingDetails:
    return BillingDetails(
        currency=values["currency"],
        payment_terms_days=values["payment_terms_days"],
        tax_treatment=TaxTreatment(values["tax_treatment"]) if values["tax_treatment"] else "",
        tax_rate=values["tax_rate"],
        requires_po=values["requires_po"],
        group_lines_by="person" if values["group_lines_by"] == "person" else "task",
        attach_timesheet=values["attach_timesheet"],
        paper="letter" if values["paper"] == "letter" else "a4",
        language=values["language"],
        invoice_email=values["invoice_email"],
        einvoice_scheme=values["einvoice_scheme"],
        einvoice_address=values["einvoice_address"],
        buyer_reference=values["buyer_reference"],
        tax_code_id=values.get("tax_code_id"),
    )
