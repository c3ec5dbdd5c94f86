"""Contracts: the list, a contract with its lines and rates, 'why this rate?', and the forms that change them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.billing import contract_queries
from workledger.contracts import actions, queries
from workledger.contracts.calc import terms, wording
from workledger.contracts.inputs import ContractInput
from workledger.contracts.models import ContractLine, ContractState, TaskType
from workledger.contracts.queries import ContractPage
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory import queries as directory
from workledger.directory.calc.countries import CURRENCIES
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import cut, number_of
from workledger.web.views.amending import amending
from workledger.web.views.caps import cap_fields, cap_of, cap_shown, caps_shown
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
        "said": [_said(line, found.currency) for line in found.lines],
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
        "caps": caps_shown(request, contract_id),
        "purchase_orders": contract_queries.purchase_orders(
            request.actor, client_id=found.client_id, contract_id=contract_id
        ),
        **charging(request, found),
        **amending(request, found.id),
    }
    return render(request, "web/contracts/show.html", context)


def _said(line: queries.LineRow, currency: str) -> tuple[queries.LineRow, str, list[terms.TermFact]]:
    """Return a line with its terms as a sentence, and what else they say."""
    read = terms.parse(line.model, line.document)
    sentence = wording.sentence(read, lambda amount: formats.money(amount, currency))
    return line, sentence, terms.side_facts(read)


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
        "prices_include_tax": bool(entities) and all(row.prices_include_tax for row in entities),
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
        "end": found.last_day,
        **cap_shown(found.cap),
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
    found = queries.contract_page(request.actor, contract_id, today=today())

    def run(_values: Mapping[str, Any], options: Options) -> None:
        actions.activate_contract.using(options)(actor=request.actor, contract_id=contract_id)

    around = _around(found, "Activate contract", "Activate", "The contract is active.")
    return form_page(request, Form(()), run, around)


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
        *cap_fields("", "For the time of all its lines together, in the contract's currency."),
        Field("prices_include_tax", "Prices include tax", "check", help="Rates, fees and limits. It stays once the contract is active."),
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
        cap=cap_of(values),
        prices_include_tax=values["prices_include_tax"],
    )
