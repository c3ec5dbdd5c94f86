"""The editor of a contract line: its way of billing as cards, its terms as a form, its next invoices beside it."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from workledger.billing.previewing import Assumed, preview_line
from workledger.contracts import actions, queries
from workledger.contracts.calc import wording
from workledger.contracts.inputs import LineInput
from workledger.contracts.models import BillingModel, ContractState, RevenueMethod, TaskType
from workledger.contracts.queries import ContractPage, LineRow, RateTrack
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory import queries as directory
from workledger.kernel.quantity import seconds_of
from workledger.projects.models import Project
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.line_cards import card_groups, card_of
from workledger.web.line_fields import Choices, document_of, initial, line_fields
from workledger.web.paging import number_of

_LEAD = "What is on an issued invoice stays as it is."
_PRICED_BY_CARDS = (BillingModel.TIME_AND_MATERIALS, BillingModel.RETAINER, BillingModel.PREPAID)
_HOURS = Field("assumed_hours", "Hours a month", "number", unit="h")
_ASSUMES: Mapping[BillingModel, Field] = {
    BillingModel.UNIT: Field("assumed_units", "Units a month", "number", places=4),
    BillingModel.PROGRESS: Field("assumed_percent", "Progress a month", "number", unit="%"),
}
_NO_TIME = (
    BillingModel.FIXED_FEE,
    BillingModel.MILESTONE,
    BillingModel.RECURRING,
    BillingModel.NON_BILLABLE,
    BillingModel.UNIT,
)


@page(Permission.MANAGE_CONTRACTS)
def new_line(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Add a line: choose how it bills, then its terms."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    asked = request.GET.get("model", "")
    if request.method == "GET" and asked not in BillingModel.values:
        return _choose(request, found, None)
    model = model_of(asked)

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_line.using(options)(
            actor=request.actor, contract_id=contract_id, line=line_input(model, values)
        )

    return _line_form(request, found, None, model, run)


@page(Permission.MANAGE_CONTRACTS)
def change_line(request: ActingRequest, contract_id: int, line_id: int) -> HttpResponse:
    """Change a line; on a draft also how it bills."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    line = queries.line_of(found, line_id)
    is_free = found.state != ContractState.ACTIVE
    if request.method == "GET" and is_free and "choose" in request.GET:
        return _choose(request, found, line)
    model = model_of(request.GET["model"]) if is_free and "model" in request.GET else line.model

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_line.using(options)(
            actor=request.actor, line_id=line_id, line=line_input(model, values, line)
        )

    return _line_form(request, found, line, model, run)


def model_of(name: str) -> BillingModel:
    """Return the billing model of this name, time and materials for any other."""
    return BillingModel(name) if name in BillingModel.values else BillingModel.TIME_AND_MATERIALS


def _choose(request: ActingRequest, found: ContractPage, line: LineRow | None) -> HttpResponse:
    address = _address(found, line)
    context = {
        "contract": found,
        "line": line,
        "groups": card_groups(),
        "now": line.model if line else None,
        "address": address,
        "title": f"How is {line.name} billed?" if line else "New line",
    }
    return render(request, "web/contracts/line_cards.html", context)


def _address(found: ContractPage, line: LineRow | None) -> str:
    if line is None:
        return reverse("contract-line-new", args=[found.id])
    return reverse("contract-line", args=[found.id, line.id])


def _line_form(
    request: ActingRequest, found: ContractPage, line: LineRow | None, model: BillingModel, run: Any
) -> HttpResponse:
    fields = line_fields(model, choices_of(request, found))
    may_choose = line is None or found.state != ContractState.ACTIVE
    address = _address(found, line)
    home = reverse("contract", args=[found.id])
    around = FormPage(
        title=f"Change {line.name}" if line else "New line",
        crumbs=(("Contracts", reverse("contracts")), (found.name, home)),
        act="Save line" if line else "Add line",
        done=home,
        said="Saved the line." if line else "Added the line.",
        lead=_LEAD if line else "",
        template="web/contracts/line_form.html",
        context={
            "contract": found,
            "card": card_of(model),
            "choose": (f"{address}?choose=1" if line else address) if may_choose else "",
            "preview": f"{reverse('contract-line-preview', args=[found.id])}?model={model}&line={line.id if line else ''}",
            "assumed": _assumed_fields(found, model),
        },
    )
    return form_page(request, Form(fields, shown_line(fields, line, model)), run, around)


def shown_line(fields: tuple[Field, ...], line: LineRow | None, model: BillingModel) -> dict[str, Any]:
    """Return what stands in the fields of a line, or of a new one."""
    if line is None:
        return initial(fields, model, None)
    hours = Decimal(line.budget_seconds) / 3600 if line.budget_seconds is not None else None
    return initial(fields, model, line.document if line.model == model else None) | {
        "name": line.name,
        "budget_hours": hours,
        "budget_amount": line.budget_amount,
        "revenue_method": line.revenue_method.value,
        "tax_code_id": line.tax_code_id,
    }


def choices_of(request: ActingRequest, found: ContractPage) -> Choices:
    """Return what the fields of a contract's lines offer."""
    types = TaskType.objects.visible_to(request.actor).order_by("name").values_list("pk", "name")
    projects = Project.objects.visible_to(request.actor).filter(contract_id=found.id).order_by("name")
    return Choices(
        found.currency,
        roles=tuple(directory.choices(request.actor).roles),
        task_types=tuple(types),
        projects=tuple(projects.values_list("pk", "name")),
        tax_codes=tuple(directory.tax_code_choices(request.actor, found.entity_id)),
    )


def line_input(model: BillingModel, values: Mapping[str, Any], line: LineRow | None = None) -> LineInput:
    """Return a line as it was typed, over what the form of a kept line does not ask."""
    hours = values["budget_hours"]
    method = values.get("revenue_method") or ""
    return LineInput(
        name=values["name"],
        model=model,
        terms=document_of(values, line.document if line is not None and line.model == model else {}),
        revenue_method=RevenueMethod(method) if method in RevenueMethod.values else None,
        price=line.price if line is not None else None,
        budget_seconds=seconds_of(hours) if hours is not None else None,
        budget_amount=values["budget_amount"],
        tax_code_id=values.get("tax_code_id", line.tax_code_id if line is not None else None),
    )


# --- the preview --------------------------------------------------------------------------------------------


def _assumed_fields(found: ContractPage, model: BillingModel) -> list[tuple[Field, str, str]]:
    """Return what the preview of a model takes for granted: the field, what stands in it, and where that is from."""
    asked = []
    if model in _ASSUMES:
        asked.append((_ASSUMES[model], "10" if model == BillingModel.PROGRESS else "100", ""))
    if model not in _NO_TIME:
        asked.insert(0, (_HOURS, "40", ""))
    if model in _PRICED_BY_CARDS:
        rate, whose = _first_rate(found)
        field = Field("assumed_rate", "At a rate of", "number", places=4, unit=found.currency)
        asked.append((field, formats.number(rate, 2) if rate is not None else "", whose))
    return asked


def _first_rate(found: ContractPage) -> tuple[Decimal | None, str]:
    """Return the rate of the first role on the nearest card, else of anybody, and whose it is."""
    held: list[tuple[RateTrack, Decimal]] = []
    for card in found.cards:
        for track in card.tracks:
            step = track.now or track.latest
            if step is not None:
                held.append((track, step.rate_per_hour))
    chosen = next((each for each in held if each[0].role), held[0] if held else None)
    return (
        (chosen[1], f"{chosen[0].label}'s, of the rate card")
        if chosen
        else (None, "No rate card prices it yet")
    )


@page(Permission.MANAGE_CONTRACTS)
@require_POST
def preview(request: ActingRequest, contract_id: int) -> HttpResponse:
    """The next three invoices of a line as it stands in its form. Nothing is written."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    model = model_of(request.GET.get("model", ""))
    assumed = tuple(field for field, _, _ in _assumed_fields(found, model))
    is_running = found.state == ContractState.ACTIVE and number_of(request.GET.get("line")) is not None
    named, *others = line_fields(model, choices_of(request, found))
    form = Form((replace(named, required=False), *others, *assumed))
    context: dict[str, Any] = {"contract": found, "alone": len(found.lines) > 1, "card": card_of(model)}

    def run(values: Mapping[str, Any], _: Options) -> None:
        line = line_input(model, values)
        context["preview"] = preview_line(
            request.actor, contract_id, line, _assumed(values), today=today(), is_running=is_running
        )

    is_understood, _ = form.submit(request, run)
    if is_understood:
        shown = context["preview"]
        context["sentence"] = wording.sentence(
            shown.terms, lambda amount: formats.money(amount, found.currency)
        )
        context["total"] = sum((each.net for each in shown.invoices), Decimal(0))
    else:
        context["waits"] = _waiting(form)
    return render(request, "web/contracts/line_preview.html", context)


def _waiting(form: Form) -> list[tuple[str, str]]:
    """Return what the preview waits for: the field's label and what is wrong with it."""
    labels = {field.name: field.label for field in form.fields}
    found: list[tuple[str, str]] = []
    for place, message in form.errors.items():
        label = next(
            (words for name, words in labels.items() if place == name or place.startswith(f"{name}.")), ""
        )
        if not any(label == known for known, _ in found):
            found.append((label, message))
    return found + [("", problem.message) for problem in form.loose]


def _assumed(values: Mapping[str, Any]) -> Assumed:
    return Assumed(
        seconds=seconds_of(min(values.get("assumed_hours") or Decimal(0), Decimal(2000))),
        rate_per_hour=values.get("assumed_rate"),
        units=values.get("assumed_units") or Decimal(0),
        progress_percent=values.get("assumed_percent") or Decimal(0),
    )
