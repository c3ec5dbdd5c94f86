"""Rate cards: the list, a card with its dated rates, and the acts that propose, approve, end and raise them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.contracts import actions, queries
from workledger.contracts.effects import effect_of
from workledger.contracts.inputs import RateCardInput, RateInput, RatesSaved
from workledger.contracts.models import RateState, TaskType
from workledger.contracts.queries import CardPage, RateStep, RateTrack
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory import queries as directory
from workledger.directory.calc.countries import CURRENCIES
from workledger.directory.queries import ClientFilter
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import cut, number_of
from workledger.web.rate_timeline import timeline

_LEVELS = (("entity", "Legal entity"), ("client", "Client"), ("contract", "Contract"))
_EVERY_CLIENT = ClientFilter(kind="")


@page(Permission.VIEW_CONTRACTS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Prices by whose they are."""
    asked = request.GET
    rows = queries.list_cards(
        request.actor, today=today(), level=asked.get("level", ""), search=asked.get("q", "").strip()[:100]
    )
    context = {
        "rows": cut(rows, asked.get("cursor", "")),
        "levels": _LEVELS,
        "filtered": any(asked.get(name) for name in ("q", "level")),
        "may_add": request.actor.can(Permission.MANAGE_CONTRACTS),
        "waiting": queries.rates_waiting(request.actor),
    }
    return render(request, "web/rate_cards/index.html", context)


@page(Permission.VIEW_CONTRACTS)
@require_GET
def show(request: ActingRequest, card_id: int) -> HttpResponse:
    """One card with its rates, and what waits for approval."""
    card = queries.card_page(request.actor, card_id, today=today())
    context = {
        "card": card,
        "timeline": timeline(card, today()),
        "may_propose": request.actor.can(Permission.PROPOSE_RATES),
        "may_approve": request.actor.can(Permission.APPROVE_RATES),
        "may_change": request.actor.can(Permission.MANAGE_CONTRACTS),
        "user_id": request.actor.user_id,
    }
    return render(request, "web/rate_cards/show.html", context)


@page(Permission.VIEW_CONTRACTS)
@require_GET
def steps(request: ActingRequest, card_id: int, rate_id: int) -> HttpResponse:
    """How a rate came to be what it is: a trail of its dated steps."""
    card = queries.card_page(request.actor, card_id, today=today())
    track, step = queries.step_of(card, rate_id)
    trail = {
        "title": track.label,
        "value": f"{formats.money(step.rate_per_hour, card.currency)} per hour",
        "sentence": f"On {card.name} since {formats.day(step.valid_from)}. Rule: {track.rule_label}.",
        "basis": "A rate holds from its first day until the next one starts. Issued invoices keep theirs.",
        "more_url": reverse("rate_card", args=[card.id]),
        "more_label": "The rate card",
    }
    context = {
        "trail": trail,
        "trail_template": "web/rate_cards/steps.html",
        "steps": rate_steps(track),
        "card": card,
        "acts": _acts(request, card, track, step),
    }
    template = context["trail_template"] if getattr(request, "htmx", False) else "web/trail.html"
    return render(request, str(template), context)


def _acts(
    request: ActingRequest, card: CardPage, track: RateTrack, step: RateStep
) -> list[tuple[str, str, str]]:
    """Return what the reader can do about a rate: words, address, icon."""
    may_propose, may_approve = (
        request.actor.can(each) for each in (Permission.PROPOSE_RATES, Permission.APPROVE_RATES)
    )
    here = [card.id, step.id]
    if step.state == RateState.PROPOSED:
        own = step.proposed_by_id == request.actor.user_id
        decline = ("Take back" if own else "Decline", reverse("rate_card-rate-decline", args=here), "x")
        approve = ("See what it changes", reverse("rate_card-rate-approve", args=here), "check")
        return [approve] * may_approve + [decline] * (may_approve or own)
    if step != track.latest:
        return []
    following = f"{reverse('rate_card-rate-new', args=[card.id])}?replaces={step.id}"
    found = [("New rate from a day", following, "pencil")] * may_propose
    if may_approve and step.last_day is None:
        found.append(("End it", reverse("rate_card-rate-end", args=here), "calendar-x"))
    return found


def rate_steps(track: RateTrack) -> list[RateStep]:
    """Return a track's steps, newest first, as a timeline shows them."""
    return track.steps[::-1]


@page(Permission.MANAGE_CONTRACTS)
def new(request: ActingRequest) -> HttpResponse:
    """Open a rate card."""
    clients = directory.clients(request.actor, _EVERY_CLIENT)
    contracts = queries.list_contracts(request.actor)
    contract_id = number_of(request.GET.get("contract"))
    contract = next((row for row in contracts if row.id == contract_id), None)
    fields = (
        Field("name", "Name", required=True, help="Such as 'Standard 2026' or 'Atlas prices'."),
        Field("currency", "Currency", "find", required=True, options=tuple((code, code) for code in sorted(CURRENCIES))),
        Field("contract_id", "Contract", "find_id", options=tuple((c.id, f"{c.number} {c.name}", c.client) for c in contracts),
              section="Whose prices", help="One of the three."),
        Field("client_id", "or client", "find_id", options=tuple((c.id, c.name, c.industry) for c in clients)),
        Field("entity_id", "or legal entity", "id", options=directory.choices(request.actor).entities),
    )  # fmt: skip
    shown = {
        "contract_id": contract.id if contract else None,
        "currency": contract.currency if contract else "",
        "name": f"{contract.name} prices" if contract else "",
        "client_id": number_of(request.GET.get("client")),
    }

    def run(values: Mapping[str, Any], options: Options) -> int:
        card = RateCardInput(
            name=values["name"],
            currency=values["currency"],
            entity_id=values["entity_id"],
            client_id=values["client_id"],
            contract_id=values["contract_id"],
        )
        return actions.create_rate_card.using(options)(actor=request.actor, card=card)

    around = FormPage(
        title="New rate card",
        crumbs=(("Rate cards", reverse("rate_cards")),),
        act="Open rate card",
        done=lambda card_id: reverse("rate_card", args=[card_id]),
        said="Opened the rate card. Add its rates.",
        lead="The contract's card comes before the client's, and the client's before the entity's.",
    )
    return form_page(request, Form(fields, shown), run, around)


@page(Permission.MANAGE_CONTRACTS)
def rename(request: ActingRequest, card_id: int) -> HttpResponse:
    """Give a card another name."""
    card = queries.card_page(request.actor, card_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.rename_rate_card.using(options)(actor=request.actor, card_id=card_id, name=values["name"])

    around = _around(card, "Rename rate card", "Save", "Saved the name.")
    return form_page(request, Form((Field("name", "Name", required=True),), {"name": card.name}), run, around)


@page(Permission.PROPOSE_RATES)
def new_rate(request: ActingRequest, card_id: int) -> HttpResponse:
    """Add a rate, or the next rate of somebody: the one named by ?replaces= ends where it starts."""
    card = queries.card_page(request.actor, card_id, today=today())
    replaces_id = number_of(request.GET.get("replaces"))
    found = queries.step_of(card, replaces_id) if replaces_id else None
    track, old = found or (None, None)
    keys = () if track else _key_fields(request, card)
    fields = (
        *keys,
        Field("rate_per_hour", "Rate per hour", "number", places=4, unit=card.currency, required=True, row="rate"),
        Field("valid_from", "First day", "date", required=True, row="dates"),
        Field("valid_to", "Last day", "date", row="dates", help="Empty holds until another rate replaces it."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> RatesSaved:
        line, person, task_type, role = (
            track.keys
            if track
            else (
                values.get("contract_line_id"),
                values["person_id"],
                values["task_type_id"],
                values["role_id"],
            )
        )
        last = values["valid_to"]
        rate = RateInput(
            card_id=card_id,
            rate_per_hour=values["rate_per_hour"],
            valid_from=values["valid_from"],
            valid_to=last + timedelta(days=1) if last else None,
            contract_line_id=line,
            person_id=person,
            task_type_id=task_type,
            role_id=role,
            replaces_id=old.id if old else None,
        )
        return actions.set_rate.using(options)(actor=request.actor, rate=rate)

    shown = {
        "valid_from": today() if old else None,
        "rate_per_hour": old.rate_per_hour if old else None,
        "valid_to": old.last_day if old else None,
    }
    title = f"Next rate: {track.label}" if track else "New rate"
    lead = ""
    if old:
        now = formats.money(old.rate_per_hour, card.currency)
        lead = f"Replaces {now} per hour, which holds from {formats.day(old.valid_from)}."
    alone = actions.approves_alone(request.actor)
    act = "Set rate" if alone else "Propose rate"
    said = "Set the rate." if alone else "Proposed the rate. A colleague who approves rates decides."
    around = _around(card, title, act, said, lead=lead)
    return form_page(request, Form(fields, shown), run, around)


@page(Permission.PROPOSE_RATES)
def raise_all(request: ActingRequest, card_id: int) -> HttpResponse:
    """Raise every rate of a card by a percentage from a day."""
    card = queries.card_page(request.actor, card_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> RatesSaved:
        return actions.raise_rates.using(options)(
            actor=request.actor, card_id=card_id, percent=values["percent"], from_day=values["from_day"]
        )

    fields = (
        Field("percent", "Raise by", "number", unit="%", required=True, row="rise", help="Negative lowers."),
        Field("from_day", "From", "date", required=True, row="rise"),
    )
    held = sum(track.now is not None for track in card.tracks)
    lead = (
        f"Rates that hold today: {held}. Each is raised half-up to the cent; what is invoiced stays as it is."
    )
    alone = actions.approves_alone(request.actor)
    said = "Raised the rates." if alone else "Proposed the new rates. A colleague who approves rates decides."
    around = _around(card, "Raise rates", "Raise rates" if alone else "Propose new rates", said, lead=lead)
    following = today().replace(month=1, day=1, year=today().year + 1)
    return form_page(request, Form(fields, {"percent": Decimal(3), "from_day": following}), run, around)


@page(Permission.APPROVE_RATES)
def approve_rate(request: ActingRequest, card_id: int, rate_id: int) -> HttpResponse:
    """Approve a proposed rate."""
    card = queries.card_page(request.actor, card_id, today=today())
    track, step = queries.step_of(card, rate_id)

    def run(_values: Mapping[str, Any], options: Options) -> None:
        actions.approve_rate.using(options)(actor=request.actor, rate_id=rate_id)

    around = replace(
        _around(card, "Approve rate", "Approve rate", "Approved the rate.", lead=_words(card, track, step)),
        template="web/rate_cards/approve.html",
        context={
            "effect": effect_of(request.actor, rate_id),
            "card": card,
            "step": step,
            "may_decide": step.proposed_by_id != request.actor.user_id
            or actions.approves_alone(request.actor),
        },
    )
    return form_page(request, Form(()), run, around)


@page(Permission.PROPOSE_RATES)
def decline_rate(request: ActingRequest, card_id: int, rate_id: int) -> HttpResponse:
    """Decline a proposed rate with a reason."""
    card = queries.card_page(request.actor, card_id, today=today())
    track, step = queries.step_of(card, rate_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.decline_rate.using(options)(actor=request.actor, rate_id=rate_id, reason=values["reason"])

    fields = (Field("reason", "Reason", "lines", required=True),)
    around = _around(
        card, "Decline rate", "Decline rate", "Declined the rate.", lead=_words(card, track, step)
    )
    return form_page(request, Form(fields), run, around)


@page(Permission.APPROVE_RATES)
def end_rate(request: ActingRequest, card_id: int, rate_id: int) -> HttpResponse:
    """End a rate after its last day."""
    card = queries.card_page(request.actor, card_id, today=today())
    track, step = queries.step_of(card, rate_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        last = values["ends_on"]
        actions.end_rate.using(options)(
            actor=request.actor, rate_id=rate_id, ends_on=last + timedelta(days=1)
        )

    fields = (Field("ends_on", "Last day", "date", required=True),)
    lead = f"{_words(card, track, step)} After its last day the next matching rule prices the work."
    around = _around(card, "End rate", "End rate", "Ended the rate.", lead=lead)
    return form_page(request, Form(fields, {"ends_on": today()}), run, around)


def _words(card: CardPage, track: RateTrack, step: RateStep) -> str:
    price = formats.money(step.rate_per_hour, card.currency)
    by = f", proposed by {step.proposed_by}" if step.state == RateState.PROPOSED and step.proposed_by else ""
    return f"{track.label}: {price} per hour from {formats.day(step.valid_from)}{by}."


def _around(card: CardPage, title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    home = reverse("rate_card", args=[card.id])
    crumbs = (("Rate cards", reverse("rate_cards")), (card.name, home))
    return FormPage(title=title, crumbs=crumbs, act=act, done=home, said=said, lead=lead)


def _key_fields(request: ActingRequest, card: CardPage) -> tuple[Field, ...]:
    """Return the fields that say whom and what a rate is for; lines only on a contract's card."""
    choices = directory.choices(request.actor)
    types = tuple(TaskType.objects.visible_to(request.actor).order_by("name").values_list("pk", "name"))
    fields: tuple[Field, ...] = (
        Field("role_id", "Role", "find_id", options=choices.roles, section="For", row="who"),
        Field("person_id", "Person", "find_id", options=choices.people, row="who"),
        Field("task_type_id", "Task type", "find_id", options=types, row="what",
              help="What is left empty matches all. The most specific rate wins."),
    )  # fmt: skip
    if card.contract_id is not None:
        contract = queries.contract_page(request.actor, card.contract_id, today=today())
        lines = tuple((line.id, line.name) for line in contract.lines)
        fields = (
            *fields,
            Field("contract_line_id", "Contract line", "id", options=lines, empty="Every line", row="what"),
        )
    return fields
