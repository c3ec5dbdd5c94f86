"""People: the list, a person with dated terms and time off, and the forms that change them."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from workledger.core import queries as core
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory import actions, queries
from workledger.directory.actions import AbsenceKind, NewTerms, PersonDetails, TimeOffDetails
from workledger.directory.queries import Choices, PeopleFilter, TermsRow
from workledger.kernel.period import week_start
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import cut, number_of

_STATES = (("coming", "Coming"), ("left", "Left"), ("all", "Everybody"))
_WORDS = {
    "current": ("Employed", "good"),
    "coming": ("Coming", "info"),
    "left": ("Left", ""),
    "none": ("No terms", "warn"),
}
_KINDS = (
    ("vacation", "Vacation"),
    ("sick", "Sick leave"),
    ("other", "Other leave"),
)
_SHARES = (("1", "Whole days"), ("0.5", "Half days"))


@page(Permission.VIEW_DIRECTORY)
def index(request: ActingRequest) -> HttpResponse:
    """Who works here."""
    asked = request.GET
    state = asked.get("state") or "current"
    wanted = PeopleFilter(
        words=asked.get("q", "").strip(),
        practice_id=number_of(asked.get("practice")),
        office_id=number_of(asked.get("office")),
        role_id=number_of(asked.get("role")),
        state="" if state == "all" else state,
        sort=asked.get("sort", "name"),
    )
    found = queries.people(request.actor, wanted, today())
    rows = cut(found, asked.get("cursor", ""))
    context = {
        "rows": rows,
        "states": _STATES,
        "choices": queries.choices(request.actor),
        "filtered": any(asked.get(name) for name in ("q", "practice", "office", "role", "state")),
        "shows_cost": request.actor.can(Permission.VIEW_COST),
        "may_add": request.actor.can(Permission.MANAGE_DIRECTORY),
    }
    return render(request, "web/people/index.html", context)


@page(Permission.VIEW_DIRECTORY, Permission.TRACK_TIME)
def show(request: ActingRequest, person_id: int) -> HttpResponse:
    """One person; everybody with a week of their own sees themselves."""
    found = queries.person_page(request.actor, person_id, today())
    context = {
        "person": found,
        "shows_cost": request.actor.can(Permission.VIEW_COST),
        "may_change": request.actor.can(Permission.MANAGE_DIRECTORY),
        "state_word": _WORDS[found.row.state][0],
        "state_tone": _WORDS[found.row.state][1],
        "may_see_log": request.actor.can(Permission.VIEW_LOG),
    }
    return render(request, "web/people/show.html", context)


@page(Permission.MANAGE_DIRECTORY)
def new(request: ActingRequest) -> HttpResponse:
    """Add a person with first terms."""
    choices = queries.choices(request.actor)
    form = Form((*_person_fields(request), *_terms_fields(request, choices)), _first_terms(choices))

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_person.using(options)(
            actor=request.actor, person=_person_of(values, values.get("user_id")), terms=_terms_of(values)
        )

    around = FormPage(
        title="New person",
        crumbs=(("People", reverse("people")),),
        act="Add person",
        done=lambda person_id: reverse("person", args=[person_id]),
        said="Added the person.",
    )
    return form_page(request, form, run, around)


@page(Permission.MANAGE_DIRECTORY)
def change(request: ActingRequest, person_id: int) -> HttpResponse:
    """Change who a person is."""
    found = queries.person_page(request.actor, person_id, today())
    shown = {
        "name": found.row.name,
        "email": found.row.email,
        "is_contractor": found.row.is_contractor,
        "user_id": found.user_id,
    }

    def run(values: Mapping[str, Any], options: Options) -> None:
        person = _person_of(values, values.get("user_id", found.user_id))
        actions.change_person.using(options)(actor=request.actor, person_id=person_id, person=person)

    around = _around(found, f"Change {found.row.name}", "Save", "Saved.")
    return form_page(request, Form(_person_fields(request), shown), run, around)


@page(Permission.MANAGE_DIRECTORY)
def terms(request: ActingRequest, person_id: int) -> HttpResponse:
    """Let new terms hold from a date."""
    found = queries.person_page(request.actor, person_id, today())
    choices = queries.choices(request.actor)
    form = Form(_terms_fields(request, choices, is_new=False), _next_terms(found.row.terms, choices))

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.change_terms.using(options)(
            actor=request.actor, person_id=person_id, terms=_terms_of(values)
        )

    around = _around(
        found,
        "New terms",
        "Save terms",
        "Saved the terms.",
        lead="The terms before end on the day before. Terms that start on the same day are replaced.",
    )
    return form_page(request, form, run, around)


@page(Permission.MANAGE_DIRECTORY)
def leave(request: ActingRequest, person_id: int) -> HttpResponse:
    """Let somebody leave."""
    found = queries.person_page(request.actor, person_id, today())
    fields = (Field("last_day", "Last day", "date", required=True, help="The last day of employment."),)

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.end_terms.using(options)(
            actor=request.actor, person_id=person_id, last_day=values["last_day"]
        )

    around = _around(
        found,
        f"{found.row.name} leaves",
        "End employment",
        "Ended the employment.",
        lead="Time already tracked stays. Whether they may still sign in is decided under Settings, Users.",
    )
    return form_page(request, Form(fields), run, around)


@page(Permission.MANAGE_DIRECTORY)
def time_off(request: ActingRequest, person_id: int) -> HttpResponse:
    """Record approved absence."""
    found = queries.person_page(request.actor, person_id, today())
    fields = (
        Field("kind", "Kind", "choice", required=True, options=_KINDS),
        Field("start", "First day", "date", required=True, row="days"),
        Field("last_day", "Last day", "date", row="days", help="Empty means one day."),
        Field("share", "Takes", "choice", required=True, options=_SHARES),
    )
    shown = {"kind": "vacation", "start": week_start(today()) + timedelta(weeks=1), "share": "1"}

    def run(values: Mapping[str, Any], options: Options) -> int:
        last: date = values["last_day"] or values["start"]
        absence = TimeOffDetails(
            person_id=person_id,
            start=values["start"],
            end=last + timedelta(days=1),
            kind=AbsenceKind(values["kind"]),
            share=Decimal(values["share"]),
        )
        return actions.set_time_off.using(options)(actor=request.actor, time_off=absence)

    around = _around(found, "Time off", "Record time off", "Recorded the time off.")
    return form_page(request, Form(fields, shown), run, around)


@require_POST
@page(Permission.MANAGE_DIRECTORY)
def remove_time_off(request: ActingRequest, person_id: int, time_off_id: int) -> HttpResponse:
    """Take back recorded absence."""
    actions.remove_time_off.using(act_options(request))(actor=request.actor, time_off_id=time_off_id)
    messages.success(request, "Took back the time off.")
    return redirect("person", person_id)


def _around(found: queries.PersonPage, title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    address = reverse("person", args=[found.row.id])
    return FormPage(
        title=title,
        crumbs=(("People", reverse("people")), (found.row.name, address)),
        act=act,
        done=address,
        said=said,
        lead=lead,
    )


def _person_fields(request: ActingRequest) -> tuple[Field, ...]:
    fields = (
        Field("name", "Name", required=True),
        Field("email", "Email", "email"),
        Field("is_contractor", "Contractor", "check", help="Works for the firm without being employed."),
    )
    if not request.actor.can(Permission.MANAGE_USERS):
        return fields
    users = tuple((row.id, row.name, row.email) for row in core.users(request.actor))
    return (
        *fields,
        Field("user_id", "Signs in as", "find_id", options=users, help="Whose week and approvals these are."),
    )


def _terms_fields(request: ActingRequest, choices: Choices, *, is_new: bool = True) -> tuple[Field, ...]:
    section = "First terms" if is_new else ""
    fields = (
        Field("start", "From", "date", required=True, section=section, row="when"),
        Field("weekly_hours", "Weekly hours", "number", required=True, unit="h", row="when"),
        Field("entity_id", "Legal entity", "id", required=True, options=choices.entities),
        Field("practice_id", "Practice", "id", options=choices.practices, empty="None", row="place"),
        Field(
            "office_id", "Office", "id", options=choices.offices, empty="None", row="place",
            help="Decides the public holidays.",
        ),
        Field("role_id", "Role", "id", options=choices.roles, empty="None", help="What they are billed as.", row="who"),
        Field("manager_id", "Manager", "find_id", options=choices.people, row="who"),
    )  # fmt: skip
    if not request.actor.can(Permission.MANAGE_COST):
        return fields
    words = "Per worked hour, in the entity's currency. " + (
        "Empty means not known yet." if is_new else "Empty keeps the rate so far."
    )
    return (*fields, Field("cost_rate", "Cost rate", "number", places=4, unit="per h", help=words))


def _first_terms(choices: Choices) -> dict[str, Any]:
    return {
        "start": today(),
        "weekly_hours": Decimal(40),
        "entity_id": choices.entities[0][0] if choices.entities else None,
        "office_id": choices.offices[0][0] if len(choices.offices) == 1 else None,
    }


def _next_terms(held: TermsRow | None, choices: Choices) -> dict[str, Any]:
    """Start from what holds now, without the cost: an empty rate keeps it."""
    if held is None:
        return _first_terms(choices)
    names = ("weekly_hours", "entity_id", "practice_id", "office_id", "role_id", "manager_id")
    return {name: getattr(held, name) for name in names}


def _person_of(values: Mapping[str, Any], user_id: int | None) -> PersonDetails:
    return PersonDetails(
        name=values["name"], email=values["email"], is_contractor=values["is_contractor"], user_id=user_id
    )


def _terms_of(values: Mapping[str, Any]) -> NewTerms:
    return NewTerms(
        start=values["start"],
        entity_id=values["entity_id"] or 0,
        practice_id=values["practice_id"],
        office_id=values["office_id"],
        role_id=values["role_id"],
        weekly_hours=values["weekly_hours"],
        cost_rate=values.get("cost_rate"),
        manager_id=values["manager_id"],
    )
