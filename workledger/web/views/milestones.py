"""Milestones: which wait for whom, one with its story and evidence, and the acts of both sides."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.billing import milestones as queries
from workledger.billing.actions import milestones
from workledger.billing.files import MILESTONE_FILES
from workledger.billing.milestones import PLANNED, MilestonePage
from workledger.billing.models import MilestoneStepKind
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.web import attachments, formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, UploadForm, form_page
from workledger.web.paging import cut
from workledger.web.views.amending import MILESTONE_TONES

_P = Permission
_STATES = ((PLANNED, "Planned"), *MilestoneStepKind.choices)
_MARKS = {
    "requested": ("send", "accent"), "accepted": ("check", "good"), "disputed": ("triangle-alert", "warn"),
    "reopened": ("undo-2", ""),
}  # fmt: skip


@page(_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Milestones of active contracts by their days; to a contact those that acceptance was asked for."""
    state = request.GET.get("state", "")
    found = cut(queries.milestones(request.actor, state=state), request.GET.get("cursor", ""))
    context = {
        "cut": found,
        "rows": [(row, MILESTONE_TONES.get(row.state, "")) for row in found],
        "states": _STATES,
        "state": state,
        "sees_contracts": request.actor.can(_P.VIEW_CONTRACTS),
        "today": today(),
    }
    return render(request, "web/contracts/milestones.html", context)


@page(_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT)
@require_GET
def show(request: ActingRequest, line_id: int, key: str) -> HttpResponse:
    """One milestone with what happened to it and what shows it."""
    found = queries.milestone(request.actor, line_id, key)
    context = {
        "found": found,
        "row": found.row,
        "tone": MILESTONE_TONES.get(found.row.state, ""),
        "events": [(each, *_MARKS[each.kind.value]) for each in found.events],
        "sees_contracts": request.actor.can(_P.VIEW_CONTRACTS),
        "sees_bills": request.actor.can(_P.VIEW_INVOICES),
        "may_act": request.actor.can(_P.MANAGE_PROJECTS),
    }
    return render(request, "web/contracts/milestone.html", context)


_ON = Field("on", "On", "date", required=True)
_FILE = Field(
    "file", "Evidence", "file", accept=attachments.ACCEPTED, help="JPEG, PNG, WebP or PDF, at most 10 MB."
)


def _around(found: MilestonePage, title: str, act: str, said: str, *, lead: str = "") -> FormPage:
    row = found.row
    home = reverse("milestone", args=[row.line_id, row.key])
    amount = formats.money(row.amount, row.currency)
    crumbs = (("Milestones", reverse("milestones")), (row.name, home))
    return FormPage(
        title=title, crumbs=crumbs, act=act, done=home, said=said, lead=lead or f"{row.name}, {amount}"
    )


def _who(found: MilestonePage, word: str, name: str) -> tuple[Field, ...]:
    contacts = tuple(found.contacts)
    return (
        Field("contact_id", word, "id", options=contacts, empty="Nobody of the contacts", row="who"),
        Field(name, "or by name", row="who", help="For somebody who is no contact."),
    )


@page(_P.MANAGE_PROJECTS)
def request_acceptance(request: ActingRequest, line_id: int, key: str) -> HttpResponse:
    """Ask somebody at the client to accept a milestone."""
    found = queries.milestone(request.actor, line_id, key)
    fields = (
        *_who(found, "Who is asked", "acceptor"),
        _ON,
        Field("note", "Note", "lines", help="Where to look, what to try."),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        milestones.request_acceptance.using(options)(
            actor=request.actor, line_id=line_id, key=key, on=values["on"], contact_id=values["contact_id"],
            acceptor=values["acceptor"], note=values["note"],
        )  # fmt: skip

    around = _around(found, "Request acceptance", "Request acceptance", "Asked for acceptance.")
    return form_page(request, Form(fields, {"on": today()}), run, around)


@page(_P.MANAGE_PROJECTS, _P.ANSWER_AS_CLIENT)
def accept(request: ActingRequest, line_id: int, key: str) -> HttpResponse:
    """Accept a milestone as the contact who was asked, or record who accepted it."""
    found = queries.milestone(request.actor, line_id, key)
    if not request.actor.can(_P.MANAGE_PROJECTS):
        return _accept_as_client(request, found)
    fields = (
        *_who(found, "Accepted by", "accepted_by"),
        _ON,
        Field("evidence", "What shows it", "lines"),
        _FILE,
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        with attachments.uploaded(request, MILESTONE_FILES) as (kept, file_name):
            milestones.accept_milestone.using(options)(
                actor=request.actor, line_id=line_id, key=key, on=values["on"], contact_id=values["contact_id"],
                accepted_by=values["accepted_by"], evidence=values["evidence"], kept=kept, file_name=file_name,
            )  # fmt: skip

    said = "Accepted and charged. It is billed with the next run."
    around = _around(found, "Record the acceptance", "Record acceptance", said)
    return form_page(request, UploadForm(fields, {"on": today()}), run, around)


def _accept_as_client(request: ActingRequest, found: MilestonePage) -> HttpResponse:
    def run(values: Mapping[str, Any], options: Options) -> None:
        milestones.accept_as_client.using(options)(
            actor=request.actor, line_id=found.row.line_id, key=found.row.key, on=today(), note=values["note"]
        )

    around = _around(found, "Accept the milestone", "Accept", "Thank you: the milestone is accepted.")
    return form_page(request, Form((Field("note", "Note", "lines"),)), run, around)


@page(_P.MANAGE_PROJECTS, _P.ANSWER_AS_CLIENT)
def dispute(request: ActingRequest, line_id: int, key: str) -> HttpResponse:
    """Dispute a milestone as the contact who was asked, or record who disputes it."""
    found = queries.milestone(request.actor, line_id, key)
    is_staff = request.actor.can(_P.MANAGE_PROJECTS)
    why = Field("reason", "What is missing", "lines", required=True)
    fields = (*_who(found, "Disputed by", "disputed_by"), _ON, why) if is_staff else (why,)

    def run(values: Mapping[str, Any], options: Options) -> None:
        at: dict[str, Any] = {
            "actor": request.actor,
            "line_id": line_id,
            "key": key,
            "reason": values["reason"],
        }
        if is_staff:
            milestones.dispute_milestone.using(options)(
                **at, on=values["on"], contact_id=values["contact_id"], disputed_by=values["disputed_by"]
            )
        else:
            milestones.dispute_as_client.using(options)(**at, on=today())

    said = "Noted. The milestone is not accepted before acceptance is requested again."
    around = _around(found, "Dispute the milestone", "Dispute", said)
    return form_page(request, Form(fields, {"on": today()}), run, around)


@page(_P.MANAGE_PROJECTS)
def reopen(request: ActingRequest, line_id: int, key: str) -> HttpResponse:
    """Take an acceptance back."""
    found = queries.milestone(request.actor, line_id, key)

    def run(values: Mapping[str, Any], options: Options) -> None:
        milestones.reopen_milestone.using(options)(
            actor=request.actor, line_id=line_id, key=key, on=values["on"], reason=values["reason"]
        )

    fields = (_ON, Field("reason", "Why", "lines", required=True))
    lead = "Its charge is taken back. What is on an invoice is credited first."
    around = _around(found, "Reopen the milestone", "Reopen", "The milestone is open again.", lead=lead)
    return form_page(request, Form(fields, {"on": today()}), run, around)


@page(_P.MANAGE_PROJECTS)
def attach(request: ActingRequest, line_id: int, key: str) -> HttpResponse:
    """Attach evidence to a milestone."""
    found = queries.milestone(request.actor, line_id, key)

    def run(_values: Mapping[str, Any], options: Options) -> None:
        with attachments.uploaded(request, MILESTONE_FILES) as (kept, file_name):
            if not kept:
                raise Refused.because("file_missing", "Choose the file first.", "file")
            milestones.attach_evidence.using(options)(
                actor=request.actor, line_id=line_id, key=key, on=today(), kept=kept, file_name=file_name
            )

    around = _around(
        found, "Attach evidence", "Attach", "Attached the evidence.", lead="The client sees it too."
    )
    return form_page(request, UploadForm((_FILE,)), run, around)


@page(_P.VIEW_CONTRACTS, _P.ANSWER_AS_CLIENT)
@require_GET
def file(request: ActingRequest, file_id: int) -> HttpResponse:
    """A file of a milestone."""
    found = queries.evidence(request.actor, file_id)
    return attachments.answer(MILESTONE_FILES, found.file, found.file_name, found.media_type)
