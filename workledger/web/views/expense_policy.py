"""The firm's expense policy: categories, mileage rates, per diems."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory import queries as directory
from workledger.directory.calc.countries import COUNTRIES
from workledger.expenses import actions, queries
from workledger.expenses.actions import CategoryInput
from workledger.expenses.calc.amounts import CategoryKind, DistanceUnit
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.options import COUNTRY_OPTIONS
from workledger.web.views.expense_parts import parts

_P = Permission


@page(_P.MANAGE_EXPENSES)
@require_GET
def show(request: ActingRequest) -> HttpResponse:
    """Categories and rates."""
    context = {
        "parts": parts(request),
        "categories": queries.categories(request.actor),
        "mileage": [
            (row, COUNTRIES.get(row.country, row.country)) for row in queries.mileage_rates(request.actor)
        ],
        "per_diem": [
            (row, COUNTRIES.get(row.country, row.country)) for row in queries.per_diem_rates(request.actor)
        ],
        "entities": len(directory.choices(request.actor).entities),
    }
    return render(request, "web/expenses/policy.html", context)


@page(_P.MANAGE_EXPENSES)
@require_POST
def usual(request: ActingRequest) -> HttpResponse:
    """Start with the usual categories."""
    count = actions.add_usual_categories.using(act_options(request))(actor=request.actor)
    messages.success(
        request, f"Added {count} categories. Look at each: limits and taxes are yours to decide."
    )
    return redirect("expenses-policy")


def _around(title: str, act: str, said: str, lead: str = "") -> FormPage:
    return FormPage(
        title=title,
        crumbs=(("Expenses", reverse("expenses")), ("Policy", reverse("expenses-policy"))),
        act=act,
        done=reverse("expenses-policy"),
        said=said,
        lead=lead,
    )


_CATEGORY = (
    Field("name", "Name", required=True),
    Field(
        "kind",
        "Paid by",
        "choice",
        required=True,
        options=tuple((kind.value, kind.label) for kind in CategoryKind),
        help="A receipt has an amount; drives and travel days are paid by rate.",
    ),
    Field(
        "receipt_over", "Receipt needed over", "number", row="limits", help="0: always. Empty: never."
    ),
    Field("most_per_item", "Most for one", "number", row="limits", help="What is above is shown to the approver."),
    Field("is_rebillable", "Billable to the client unless said otherwise", "check"),
    Field("reclaims_tax", "Its tax is reclaimed as input tax", "check", help="Else it is part of the project's cost."),
    Field("is_open", "In use", "check", help="What is not in use is not offered any more."),
)  # fmt: skip


@page(_P.MANAGE_EXPENSES)
def category(request: ActingRequest, category_id: int | None = None) -> HttpResponse:
    """Add or change a category."""
    shown: dict[str, Any] = {
        "kind": CategoryKind.RECEIPT,
        "is_rebillable": True,
        "reclaims_tax": True,
        "is_open": True,
    }
    title = "New category"
    if category_id is not None:
        row = queries.category(request.actor, category_id)
        title = row.name
        shown = {each.name: getattr(row, each.name) for each in _CATEGORY}

    def run(values: Mapping[str, Any], options: Options) -> object:
        given = CategoryInput(**{**values, "kind": CategoryKind(values["kind"] or CategoryKind.RECEIPT)})
        if category_id is None:
            return actions.add_category.using(options)(actor=request.actor, category=given)
        return actions.change_category.using(options)(
            actor=request.actor, category_id=category_id, category=given
        )

    around = _around(
        title,
        "Save" if category_id else "Add category",
        "Saved the category.",
        "It holds for expenses saved from now on.",
    )
    return form_page(request, Form(_CATEGORY, shown), run, around)


def _place(request: ActingRequest) -> tuple[tuple[Field, ...], dict[str, Any]]:
    entities = directory.choices(request.actor).entities
    fields = (
        Field("entity_id", "Legal entity", "id", required=True, options=entities, help="Whose people it pays, in its currency."),
        Field("country", "Country", "find", required=True, options=COUNTRY_OPTIONS, help="Where they drive or stay."),
    )  # fmt: skip
    first = entities[0][0] if entities else None
    country = next((row.country for row in directory.entities(request.actor) if row.id == first), "")
    return fields, {"entity_id": first, "country": country, "valid_from": today().replace(month=1, day=1)}


@page(_P.MANAGE_EXPENSES)
def mileage(request: ActingRequest) -> HttpResponse:
    """Set a mileage rate."""
    place, shown = _place(request)
    fields = (
        *place,
        Field(
            "unit", "Per", "choice", required=True, options=tuple((unit.value, unit.label) for unit in DistanceUnit), row="rate",
        ),
        Field("rate", "Rate", "number", required=True, places=4, row="rate"),
        Field("valid_from", "From", "date", required=True, help="It holds until a later one."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.set_mileage_rate.using(options)(
            actor=request.actor, **{**values, "unit": DistanceUnit(values["unit"] or "km")}
        )

    around = _around(
        "New mileage rate", "Set rate", "Set the rate.", "Drives that are saved keep the rate they were saved with."
    )  # fmt: skip
    return form_page(request, Form(fields, shown | {"unit": "km"}), run, around)


@page(_P.MANAGE_EXPENSES)
def per_diem(request: ActingRequest) -> HttpResponse:
    """Set per diems of a country."""
    place, shown = _place(request)
    fields = (
        *place,
        Field("full_day", "Whole day", "number", required=True, row="rate"),
        Field("partial_day", "Part of a day", "number", required=True, row="rate", help="Days of coming and going."),
        Field("valid_from", "From", "date", required=True, help="They hold until later ones."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> object:
        return actions.set_per_diem_rate.using(options)(actor=request.actor, **values)

    around = _around(
        "New per diems", "Set per diems", "Set the per diems.", "Trips that are saved keep what they were saved with."
    )  # fmt: skip
    return form_page(request, Form(fields, shown), run, around)
