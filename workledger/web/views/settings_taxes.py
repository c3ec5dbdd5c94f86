"""Tax codes in the settings: the list by legal entity, a new one, what it prints, another rate from a day on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpResponse

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory import actions, queries
from workledger.directory.actions import TaxCodeDetails
from workledger.directory.calc import vatex
from workledger.directory.models import TaxTreatment
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.views.settings import around_form, show

_DETAIL_FIELDS = (
    Field("name", "Name", required=True, help="As people choose it."),
    Field("label", "Printed as", help="On invoices, such as VAT or Sales tax.", row="printed"),
    Field("exemption_reason", "Why no tax is charged", help="Printed behind it.", row="printed"),
    Field(
        "vatex_code", "The same for e-invoices", "find", options=vatex.OPTIONS,
        help="By the European code list, such as VATEX-EU-132-1I for training.",
    ),
    Field("subdivision", "For clients in the state or province", row="place", help="Its short code, such as NY."),
    Field("locality", "and the city", row="place", help="Empty is the whole of it."),
    Field("is_default", "Charged unless a client or contract line says otherwise", "check"),
)  # fmt: skip
_RATE_FIELDS = (
    Field("percentage", "Rate", "number", places=3, unit="%", row="rate"),
    Field("start", "From", "date", row="rate", help="It holds until a later one."),
)


@page(Permission.MANAGE_SETTINGS)
def index(request: ActingRequest) -> HttpResponse:
    """How sales are taxed, by legal entity."""
    rows = queries.tax_codes(request.actor, today())
    several = len({row.entity_id for row in rows}) > 1
    return show(request, "web/settings/taxes.html", {"rows": rows, "several": several})


@page(Permission.MANAGE_SETTINGS)
def new(request: ActingRequest) -> HttpResponse:
    """Add a tax code to a legal entity."""
    entities = queries.choices(request.actor).entities
    fields = (
        Field("entity_id", "Legal entity", "id", required=True, options=entities),
        Field("category", "Kind", "choice", required=True, options=tuple(TaxTreatment.choices)),
        *_DETAIL_FIELDS,
        *_RATE_FIELDS,
    )
    shown = {
        "entity_id": entities[0][0] if entities else None,
        "category": TaxTreatment.STANDARD.value,
        "start": today(),
    }

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_tax_code.using(options)(
            actor=request.actor,
            entity_id=values["entity_id"],
            category=TaxTreatment(values["category"]),
            code=_details_of(values),
            percentage=values["percentage"],
            start=values["start"],
        )

    return form_page(
        request, Form(fields, shown), run, _around("New tax code", "Add code", "Added the tax code.")
    )


@page(Permission.MANAGE_SETTINGS)
def change(request: ActingRequest, tax_code_id: int) -> HttpResponse:
    """Change what a tax code is called and prints."""
    found = queries.tax_code(request.actor, tax_code_id, today())
    shown = {name: getattr(found, name) for name in TaxCodeDetails.__dataclass_fields__}

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_tax_code.using(options)(
            actor=request.actor, tax_code_id=tax_code_id, code=_details_of(values)
        )

    around = _around(
        found.name, "Save", "Saved the tax code.", lead=f"{found.category_name}, {found.entity}."
    )
    return form_page(request, Form(_DETAIL_FIELDS, shown), run, around)


@page(Permission.MANAGE_SETTINGS)
def rate(request: ActingRequest, tax_code_id: int) -> HttpResponse:
    """Charge another rate from a day on."""
    found = queries.tax_code(request.actor, tax_code_id, today())
    fields = tuple(_needed(each) for each in _RATE_FIELDS)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_tax_rate.using(options)(
            actor=request.actor,
            tax_code_id=tax_code_id,
            percentage=values["percentage"],
            start=values["start"],
        )

    lead = "Pre-bills that are there keep their rate: drop them and bill again. Issued invoices stay as they are."
    around = _around(f"New rate of {found.name}", "Set rate", "Set the rate.", lead=lead)
    return form_page(request, Form(fields, {"start": today()}), run, around)


def _needed(each: Field) -> Field:
    return replace(each, required=True)


def _around(title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    return around_form("Tax codes", "settings-taxes", title, act, said, lead=lead)


def _details_of(values: Mapping[str, Any]) -> TaxCodeDetails:
    return TaxCodeDetails(**{name: values[name] for name in TaxCodeDetails.__dataclass_fields__})
