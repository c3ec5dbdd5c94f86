"""Contracts: the list, a contract with its lines and rates, 'why this rate?', and the forms that change them."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.contracts import actions, queries
from workledger.contracts.inputs import ContractInput, LineInput
from workledger.contracts.models import BillingModel, ContractLine, ContractState, RevenueMethod, TaskType
from workledger.contracts.queries import ContractPage, LineRow
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory import queries as directory
from workledger.directory.calc.countries import CURRENCIES
from workledger.kernel.quantity import seconds_of
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import cut, number_of
from workledger.web.views.charges import charging
from workledger.web.views.dates import after

TONES = {ContractState.ACTIVE: "good", ContractState.DRAFT: "info", ContractState.CLOSED: ""}


@page(Permission.VIEW_CONTRACTS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What was agreed with whom."""
    asked = request.GET
    rows = queries.list_contracts(
        request.actor,
        state=asked.get("state", "") if asked.get("state", "") in ContractState.values else "",
        client_id=number_of(asked.get("client")),
        search=asked.get("q", "").strip()[:100],
    )
    rows = _sorted(rows, asked.get("sort", ""))
    context = {
        "rows": cut(rows, asked.get("cursor", "")),
        "states": ContractState.choices,
        "clients": [(row.id, row.name) for row in directory.clients(request.actor, _EVERY_CLIENT)],
        "tones": TONES,
        "filtered": any(asked.get(name) for name in ("q", "state", "client")),
        "may_add": request.actor.can(Permission.MANAGE_CONTRACTS),
    }
    return render(request, "web/contracts/index.html", context)


_EVERY_CLIENT = directory.ClientFilter(kind="")
_SORTS = {
    "name": lambda row: row.name.casefold(),
    "number": lambda row: row.number,
    "client": lambda row: row.client.casefold(),
    "start": lambda row: row.start,
    "end": lambda row: row.last_day or date.max,
    "hours": lambda row: row.budget_seconds or 0,
    "amount": lambda row: (row.currency, row.budget_amount or 0),
}


def _sorted(rows: list[queries.ContractRow], sort: str) -> list[queries.ContractRow]:
    key = _SORTS.get(sort.removeprefix("-"))
    return sorted(rows, key=key, reverse=sort.startswith("-")) if key else rows


@page(Permission.VIEW_CONTRACTS)
@require_GET
def show(request: ActingRequest, contract_id: int) -> HttpResponse:
    """One contract with its lines, and the rates that price its work."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    people = directory.choices(request.actor).people
    context = {
        "contract": found,
        "tone": TONES[found.state],
        "may_change": request.actor.can(Permission.MANAGE_CONTRACTS),
        "may_rate": request.actor.can(Permission.PROPOSE_RATES),
        "sees_revenue": request.actor.can(Permission.VIEW_REVENUE),
        "people": [(pk, name, "") for pk, name in people],
        "lines": [(line.id, line.name) for line in found.lines],
        "task_types": list(
            TaskType.objects.visible_to(request.actor).order_by("name").values_list("pk", "name")
        ),
        "today": today(),
        "own_card": next((card for card in found.cards if card.level == "contract"), None),
        **charging(request, found),
    }
    return render(request, "web/contracts/show.html", context)


@page(Permission.VIEW_CONTRACTS)
@require_GET
def why(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Why an hour has its rate: a trail, or the answer below the question on the contract's page."""
    htmx = getattr(request, "htmx", None)
    if htmx and htmx.target == "rate-answer":
        try:
            context = {"trail": _why(request, contract_id)}
        except Refused as refused:
            context = {"trail": {"value": "", "sentence": str(refused)}}
        return render(request, "web/contracts/rate_answer.html", context)
    template = "web/partials/trail.html" if htmx else "web/trail.html"
    return render(request, template, {"trail": _why(request, contract_id)})


def _why(request: ActingRequest, contract_id: int) -> dict[str, Any]:
    asked = request.GET
    line_id, person_id = number_of(asked.get("line")), number_of(asked.get("person"))
    if line_id is None or person_id is None:
        message = "Choose a line and a person, then ask again."
        raise Refused.because("not_chosen", message, "person" if line_id else "line")
    try:
        day = parse_date(asked.get("day", ""), today=today()) or today()
    except NotUnderstood as error:
        raise Refused.because("day_not_understood", str(error), "day") from None
    found = queries.why_rate(request.actor, line_id, person_id, number_of(asked.get("task_type")), day)
    if found.contract_id != contract_id:
        raise locks.not_found(ContractLine)
    content = found.content
    as_what = " as ".join(word for word in (found.person, found.role) if word)
    on_what = f"{found.line}, {found.task_type}" if found.task_type else found.line
    steps: list[dict[str, str]] = []
    if content["rate"]:
        steps.append(_step(content, "The most specific rate that matches.", "won"))
    steps += [_step(loser, loser["reason"], "lost") for loser in content["losers"]]
    steps += [_step(late, late["reason"], "skipped") for late in found.out_of_date]
    price = formats.money(Decimal(content["rate"]), content["currency"]) if content["rate"] else ""
    return {
        "title": "Why this rate?",
        "value": f"{price} per hour" if price else "No rate",
        "sentence": f"{as_what} on {on_what}, {formats.day(day)}. {content['sentence']}",
        "steps": steps,
        "more_url": reverse("contract", args=[found.contract_id]),
        "more_label": "The contract's rates",
        "basis": "The first matching rule wins. Equal matches are refused when they are saved.",
    }


def _step(rate: Mapping[str, Any], why_so: str, state: str) -> dict[str, str]:
    label = str(rate["rule_label"])
    return {"what": label[:1].upper() + label[1:], "why": why_so, "result": rate["rate"], "state": state}


@page(Permission.MANAGE_CONTRACTS)
def new(request: ActingRequest) -> HttpResponse:
    """Draft a contract."""
    entities = directory.entities(request.actor)
    shown = {
        "start": today(),
        "entity_id": entities[0].id if len(entities) == 1 else None,
        "client_id": number_of(request.GET.get("client")),
    }

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.save_contract.using(options)(actor=request.actor, contract=_contract_of(values))

    around = FormPage(
        title="New contract",
        crumbs=(("Contracts", reverse("contracts")),),
        act="Draft contract",
        done=lambda contract_id: reverse("contract", args=[contract_id]),
        said="Drafted the contract. Add its lines, then activate it.",
        lead="A contract starts as a draft: work is billed once it is active.",
    )
    return form_page(request, Form(_contract_fields(request), shown), run, around)


@page(Permission.MANAGE_CONTRACTS)
def change(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Change a contract."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    shown = {each.name: getattr(found, each.name, None) for each in _contract_fields(request)} | {
        "end": found.last_day
    }

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.save_contract.using(options)(
            actor=request.actor, contract=_contract_of(values), contract_id=contract_id
        )

    around = _around(found, "Change contract", "Save", "Saved the contract.")
    return form_page(request, Form(_contract_fields(request), shown), run, around)


@page(Permission.MANAGE_CONTRACTS)
@require_POST
def activate(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Activate a contract, or open a closed one again."""
    actions.activate_contract.using(act_options(request))(actor=request.actor, contract_id=contract_id)
    messages.success(request, "The contract is active.")
    return redirect("contract", contract_id)


@page(Permission.MANAGE_CONTRACTS)
def close(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Close a contract after its last day."""
    found = queries.contract_page(request.actor, contract_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.close_contract.using(options)(
            actor=request.actor, contract_id=contract_id, last_day=values["last_day"]
        )

    fields = (Field("last_day", "Last day", "date", required=True),)
    lead = "Work up to that day is still approved and billed. It can be opened again."
    around = _around(found, "Close contract", "Close contract", "Closed the contract.", lead=lead)
    return form_page(request, Form(fields, {"last_day": found.last_day or today()}), run, around)


@page(Permission.MANAGE_CONTRACTS)
def new_line(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Add a line of a billing model."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    model = _model(request.GET.get("model", ""))

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_line.using(options)(
            actor=request.actor, contract_id=contract_id, line=_line_of(model, values)
        )

    return _line_form(request, found, None, model, run)


@page(Permission.MANAGE_CONTRACTS)
def change_line(request: ActingRequest, contract_id: int, line_id: int) -> HttpResponse:
    """Change a line."""
    found = queries.contract_page(request.actor, contract_id, today=today())
    line = queries.line_of(found, line_id)
    fixed = found.state == ContractState.ACTIVE or "model" not in request.GET
    model = line.model if fixed else _model(request.GET["model"])

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.change_line.using(options)(
            actor=request.actor, line_id=line_id, line=_line_of(model, values, line)
        )

    return _line_form(request, found, line, model, run)


def _around(found: ContractPage, title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    home = reverse("contract", args=[found.id])
    crumbs = (("Contracts", reverse("contracts")), (found.name, home))
    return FormPage(title=title, crumbs=crumbs, act=act, done=home, said=said, lead=lead)


def _contract_fields(request: ActingRequest) -> tuple[Field, ...]:
    choices = directory.choices(request.actor)
    clients = directory.clients(request.actor, _EVERY_CLIENT)
    return (
        Field("name", "Name", required=True, help="Such as 'Claims portal, phase 2'."),
        Field("client_id", "Client", "find_id", required=True, options=tuple((c.id, c.name, c.industry) for c in clients)),
        Field("entity_id", "Legal entity", "id", required=True, options=choices.entities, row="who"),
        Field("number", "Number", row="who", help="Empty takes the next number."),
        Field("start", "First day", "date", required=True, row="dates"),
        Field("end", "Last day", "date", row="dates"),
        Field(
            "currency", "Currency", "find", options=tuple((code, code) for code in sorted(CURRENCIES)), row="money",
            help="Empty takes the client's.",
        ),
        Field("payment_terms_days", "Payment terms, days", "whole", row="money", help="Empty takes the client's."),
        Field("po_number", "Purchase order"),
        Field("requires_notes", "Every entry needs a note", "check", help="Entries without one are flagged at approval."),
    )  # fmt: skip


def _contract_of(values: Mapping[str, Any]) -> ContractInput:
    return ContractInput(
        client_id=values["client_id"] or 0,
        entity_id=values["entity_id"] or 0,
        name=values["name"],
        start=values["start"],
        number=values["number"],
        currency=values["currency"],
        end=after(values["end"]),
        po_number=values["po_number"],
        payment_terms_days=values["payment_terms_days"],
        requires_notes=values["requires_notes"],
    )


def _model(name: str) -> BillingModel:
    return BillingModel(name) if name in BillingModel.values else BillingModel.TIME_AND_MATERIALS


def _line_form(
    request: ActingRequest, found: ContractPage, line: LineRow | None, model: BillingModel, run: Any
) -> HttpResponse:
    shown: dict[str, Any] = {
        "revenue_method": None,
        "terms.rounding.method": "none",
        "terms.rounding.step_minutes": 15,
        "terms.prorates": True,
        "terms.expenses.is_charged": True,
    }
    if line is not None:
        shown |= {
            "name": line.name,
            "budget_hours": Decimal(line.budget_seconds) / 3600 if line.budget_seconds is not None else None,
            "budget_amount": line.budget_amount,
            "revenue_method": line.revenue_method.value,
            "tax_code_id": line.tax_code_id,
            **(_flat(line.document) if line.model == model else {}),
        }
    fields = _line_fields(model, found.currency)
    codes = directory.tax_code_choices(request.actor, found.entity_id)
    if codes and model != BillingModel.NON_BILLABLE:
        empty = "As the client is taxed"
        fields = (*fields, Field("tax_code_id", "Tax code", "id", options=codes, empty=empty, section="Tax"))
    if line is None:
        around = _around(found, "New line", "Add line", "Added the line.")
    else:
        around = _around(found, f"Change {line.name}", "Save line", "Saved the line.", lead=_LINE_LEAD)
    now = line.model if line else BillingModel.TIME_AND_MATERIALS
    choosable = line is None or found.state != ContractState.ACTIVE
    around = FormPage(
        title=around.title,
        crumbs=around.crumbs,
        act=around.act,
        done=around.done,
        said=around.said,
        lead=around.lead,
        template="web/contracts/line_form.html",
        context={
            "model": model,
            "models": [pair for pair in BillingModel.choices if pair[0] != now] if choosable else [],
            "model_now": BillingModel(now).label,
        },
    )
    return form_page(request, Form(fields, shown), run, around)


_LINE_LEAD = "What is on an issued invoice stays as it is."
_METHODS = (
    ("none", "None"),
    ("nearest", "To the nearest step"),
    ("up", "Up to the next step"),
    ("down", "Down to the step before"),
)
_SCOPES = (("entry", "Each entry"), ("task_day", "Each task's day"), ("invoice", "Each line of the invoice"))
_TIME_FIELDS = (
    Field("terms.rounding.method", "Round time", "choice", required=True, options=_METHODS, section="Time", row="rounding"),
    Field("terms.rounding.step_minutes", "Step, minutes", "whole", row="rounding"),
    Field("terms.rounding.scope", "Applies to", "choice", options=_SCOPES, required=True, row="scope"),
    Field(
        "terms.group_lines_by", "Invoice lines by", "choice", row="scope", empty="As the client's billing profile says",
        options=(("task", "Task"), ("person", "Person"), ("entry", "Entry")),
    ),
    Field("terms.requires_notes", "Every entry needs a note", "check"),
)  # fmt: skip
_TIMING = (("advance", "In advance"), ("arrears", "In arrears"))
_CAP_ACTIONS = (("notify", "Tell, and bill on"), ("hard", "Bill nothing beyond it"))
_MULTIPLIERS_HELP = "One a line: weekend, holiday or overtime; factor; for overtime, after how many hours. Such as 'overtime; 1.25; 8'."


def _money(name: str, label: str, unit: str, **about: Any) -> Field:
    return Field(f"terms.{name}", label, "number", places=4, unit=unit, **about)


def _line_fields(model: BillingModel, currency: str) -> tuple[Field, ...]:
    """Return the fields of a line: what every line has, then the terms of its model."""
    basis = (
        Field("name", "Name of the line", required=True, help="Stands on the invoice."),
        Field("budget_hours", "Budget", "number", unit="h", row="budget"),
        Field("budget_amount", "Budget", "number", places=4, unit=currency, row="budget"),
    )
    methods = tuple(RevenueMethod.choices)
    usual = Field(
        "revenue_method", "Revenue is recognized", "choice", options=methods, empty="As the model usually is"
    )
    charged = (
        _money("cap.amount", "Cap", currency, section="Limits", row="cap"),
        Field("terms.cap.hours", "or", "number", unit="h", row="cap"),
        Field("terms.cap.action", "When it is reached", "choice", row="cap_action", options=_CAP_ACTIONS),
        Field("terms.cap.tolerance_percent", "Tolerance", "number", unit="%", row="cap_action"),
        _money("minimum_charge.amount", "At least, per month", currency, row="least"),
        Field("terms.discount.percent", "Discount", "number", unit="%", row="least"),
        Field("terms.multipliers", "Hours that cost more", "lines", help=_MULTIPLIERS_HELP),
    )
    terms: dict[BillingModel, tuple[Field, ...]] = {
        BillingModel.TIME_AND_MATERIALS: (
            *_TIME_FIELDS,
            *charged,
        ),
        BillingModel.NON_BILLABLE: (Field("terms.requires_notes", "Every entry needs a note", "check"),),
        BillingModel.FIXED_FEE: (
            _money("price", "Price", currency, required=True, section="Fixed fee"),
            Field("terms.instalments", "Instalments", "lines", help="One a line: name; amount or percentage; day. Such as 'Start; 40%; 2026-04-01'."),
        ),
        BillingModel.MILESTONE: (
            Field("terms.milestones", "Milestones", "lines", section="Milestones", help="One a line: name; amount; day. Such as 'Go live; 12000; 2026-06-30'."),
        ),
        BillingModel.RETAINER: (
            _money("fee", "Fee per period", currency, required=True, section="Retainer", row="fee"),
            Field("terms.period_months", "Period, months", "whole", row="fee"),
            Field("terms.timing", "Due", "choice", options=_TIMING, required=True, row="included"),
            Field("terms.included_hours", "Included", "number", unit="h", row="included"),
            _money("overage_rate", "Rate beyond that", currency, row="over"),
            Field("terms.unused", "What is unused", "choice", required=True, options=(("expire", "Expires"), ("roll_over", "Rolls over")), row="over"),
            Field("terms.roll_over_periods", "Rolls over for periods", "whole", row="limits"),
            Field("terms.roll_over_hours", "and at most", "number", unit="h", row="limits"),
            _money("included_amount", "Or money is included instead of hours", currency),
            Field("terms.carries_deficit", "What is over is taken from the next period", "check"),
            Field("terms.prorates", "A period cut short pays its days", "check"),
            *_TIME_FIELDS,
        ),
        BillingModel.RECURRING: (
            _money("fee", "Fee per period", currency, required=True, section="Recurring fee", row="fee"),
            Field("terms.period_months", "Period, months", "whole", row="fee"),
            Field("terms.timing", "Due", "choice", options=_TIMING, required=True, row="rise"),
            Field("terms.escalation_percent", "Rises each year by", "number", unit="%", row="rise"),
            Field("terms.index_values", "or as an index rises", "lines", help="One a line: day; value. Such as '2026-01-01; 121.4'."),
            Field("terms.renews", "Renews by itself", "check"),
            Field("terms.prorates", "A period cut short pays its days", "check"),
        ),
        BillingModel.PREPAID: (
            _money("price", "Price of the block", currency, required=True, section="Prepaid block", row="block"),
            Field("terms.block_hours", "Hours in the block", "number", unit="h", row="block"),
            _money("block_amount", "or money in the block", currency, row="block"),
            Field("terms.expires_after_months", "Expires after months", "whole", row="runs"),
            Field("terms.low_balance_percent", "Is low below", "number", unit="%", row="runs"),
            Field("terms.beyond", "Time beyond it", "choice", required=True, options=(("charge", "Is charged by the rate cards"), ("hold", "Waits for the next block"))),
            Field("terms.tops_up", "Tops up by itself", "check"),
            *_TIME_FIELDS,
        ),
        BillingModel.PROGRESS: (
            _money("value", "Contract value", currency, required=True, section="Progress", row="value"),
            Field("terms.measure", "Measured by", "choice", required=True, row="value", options=(
                ("hours", "Hours"), ("cost", "Cost"), ("milestones", "Milestones"), ("units", "Units"), ("manual", "By hand, with evidence"))),
            Field("terms.retainage_percent", "Retainage", "number", unit="%"),
        ),
        BillingModel.UNIT: (
            Field("terms.unit", "Unit", required=True, help="Such as 'test case'.", section="Units"),
            Field("terms.tiers", "Prices", "lines", required=True, help="One a line: from quantity; price. Such as '0; 5.00'."),
            Field("terms.by_volume", "The whole quantity takes the price of the tier it reaches", "check"),
        ),
        BillingModel.BLENDED: (
            _money("rate_per_hour", "Rate for every hour", currency, required=True, section="Blended rate"),
            *_TIME_FIELDS,
            *charged,
        ),
        BillingModel.DAY_RATE: (
            _money("rate_per_day", "Rate per day", currency, required=True, section="Day rate"),
            Field("terms.bands", "Hours become days", "lines", help="One a line: up to hours; days. Such as '4; 0.5'."),
            *charged,
        ),
    }  # fmt: skip
    if model == BillingModel.NON_BILLABLE:
        return (*basis, *terms[model])
    rebilled = (
        Field("terms.expenses.is_charged", "Billable expenses are charged", "check", section="Expenses"),
        Field("terms.expenses.markup_percent", "with a markup of", "number", unit="%"),
    )
    return (*basis, usual, *terms[model], *rebilled)


def _line_of(model: BillingModel, values: Mapping[str, Any], line: LineRow | None = None) -> LineInput:
    hours = values["budget_hours"]
    method = values.get("revenue_method") or ""
    return LineInput(
        name=values["name"],
        model=model,
        terms=_document(values, line.document if line is not None and line.model == model else {}),
        revenue_method=RevenueMethod(method) if method in RevenueMethod.values else None,
        budget_seconds=seconds_of(hours) if hours is not None else None,
        budget_amount=values["budget_amount"],
        tax_code_id=values.get("tax_code_id", line.tax_code_id if line is not None else None),
    )


_LISTS = {
    "instalments": ("name", "amount", "due"),
    "milestones": ("name", "amount", "due"),
    "tiers": ("from_quantity", "price"),
    "multipliers": ("kind", "factor", "over_hours"),
    "index_values": ("day", "value"),
    "bands": ("up_to_hours", "days"),
}
_NEEDS_ONE = {"cap": ("amount", "hours"), "minimum_charge": ("amount",)}
"""Parts of terms that are there once one of these is said."""


def _document(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms that were typed, over what the form does not ask; an empty field takes the model's default."""
    document: dict[str, Any] = deepcopy(dict(kept))
    for name, value in values.items():
        if not name.startswith("terms."):
            continue
        *parents, last = name.split(".")[1:]
        place = document
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                place[parent] = {}
            place = place[parent]
        place.pop(last, None)
        if value not in (None, ""):
            place[last] = _rows(last, value) if last in _LISTS else value
    for name, needed in _NEEDS_ONE.items():
        if name in document and not any((document[name] or {}).get(each) for each in needed):
            del document[name]
    return document


def _rows(name: str, text: str) -> list[dict[str, str]]:
    """Read 'name; amount; day' lines; what does not fit is named by the action."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split(";")]
        if not any(cells):
            continue
        row = {key: cell for key, cell in zip(_LISTS[name], cells, strict=False) if cell}
        if row.get("amount", "").endswith("%"):
            row["percent"] = row.pop("amount").removesuffix("%").strip()
        rows.append(row)
    return rows


def _flat(document: Mapping[str, Any], path: str = "terms") -> dict[str, Any]:
    """Return a kept document as the fields of its form."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        place = f"{path}.{name}"
        if isinstance(value, dict):
            flat |= _flat(value, place)
        elif name in _LISTS and isinstance(value, list):
            flat[place] = "\n".join(_row_text(name, row) for row in value)
        else:
            flat[place] = value
    return flat


def _row_text(name: str, row: Mapping[str, Any]) -> str:
    cells = [str(row.get(key) or "") for key in _LISTS[name]]
    if row.get("percent"):
        cells[1] = f"{row['percent']}%"
    return "; ".join(cells).rstrip("; ")
