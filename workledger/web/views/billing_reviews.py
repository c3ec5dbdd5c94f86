"""Reviews of pre-bills, edits of their lines, and the days on which they make themselves."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.billing import page_queries, schedule_queries
from workledger.billing.actions import bill_lines, reviews, schedules
from workledger.billing.actions.schedules import ScheduleInput
from workledger.billing.models import BillEvery
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory import queries as directory
from workledger.directory.queries import ClientFilter
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.views.billing_chosen import Done, chosen_ids, say

_CRUMB = ("Pre-bills", "prebills")
_P = Permission


def counted(number: int, one: str) -> str:
    """Return a count with its noun: '1 pre-bill', '3 pre-bills'."""
    return f"{number} {one}{'' if number == 1 else 's'}"


# --- reviews ------------------------------------------------------------------------------------------------


@page(_P.PREPARE_BILLING)
@require_POST
def request_all(request: ActingRequest) -> HttpResponse:
    """Ask the managers for a review of chosen pre-bills."""
    count = reviews.request_reviews.using(act_options(request))(
        actor=request.actor, invoice_ids=_chosen(request)
    )
    say(request, Done(f"Asked for {counted(count, 'review')}."))
    return redirect("prebills")


@page(_P.PREPARE_BILLING)
@require_POST
def approve_all(request: ActingRequest) -> HttpResponse:
    """Approve chosen pre-bills as they are."""
    ids = _chosen(request)
    reviews.approve_pre_bills.using(act_options(request))(actor=request.actor, invoice_ids=ids)
    say(request, Done(f"Approved {counted(len(ids), 'pre-bill')}."))
    return redirect("prebills")


def _chosen(request: ActingRequest) -> list[int]:
    ids = chosen_ids(request)
    if not ids:
        raise Refused.because("nothing_chosen", "Choose at least one pre-bill.")
    return ids


@page(_P.PREPARE_BILLING)
def ask(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Ask for a review: the managers, or one person."""
    found = page_queries.pre_bill(request.actor, invoice_id)
    people = tuple((pk, name, "") for pk, name in directory.choices(request.actor).people)
    fields = (
        Field("reviewer_id", "Reviewer", "find_id", options=people,
              help="Leave it empty for the managers of the projects on it."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        return reviews.request_reviews.using(options)(
            actor=request.actor, invoice_ids=[invoice_id], reviewer_id=values["reviewer_id"]
        )

    around = _around(
        invoice_id, found.client, "Ask for a review", "Ask", "Asked. It is issued once all approve it."
    )
    return form_page(request, Form(fields), run, around)


@page(_P.PREPARE_BILLING)
@require_POST
def approve(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Approve one pre-bill as it is."""
    reviews.approve_pre_bills.using(act_options(request))(actor=request.actor, invoice_ids=[invoice_id])
    say(request, Done("Approved as it is now. A later change asks for your review again."))
    return redirect("prebill", invoice_id)


@page(_P.VIEW_BILLING)
@require_POST
def comment(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Say something about a pre-bill; with act 'back' it is sent back."""
    text = request.POST.get("comment", "")
    if request.POST.get("act") == "back":
        reviews.send_back_pre_bill.using(act_options(request))(
            actor=request.actor, invoice_id=invoice_id, comment=text
        )
        say(request, Done("Sent back with your comment."))
    else:
        reviews.comment_pre_bill.using(act_options(request))(
            actor=request.actor, invoice_id=invoice_id, comment=text
        )
    return redirect("prebill", invoice_id)


# --- lines --------------------------------------------------------------------------------------------------


@page(_P.PREPARE_BILLING)
def reword(request: ActingRequest, invoice_id: int, line_id: int) -> HttpResponse:
    """Change what a line says."""
    bill, line = page_queries.pre_bill_line(request.actor, invoice_id, line_id)

    def run(values: Mapping[str, Any], options: Options) -> None:
        bill_lines.describe_line.using(options)(
            actor=request.actor, line_id=line_id, description=values["description"]
        )

    field = Field("description", "The line says", "lines", required=True)
    around = _around(invoice_id, bill.client, "Reword a line", "Save", "The line says that now.")
    return form_page(request, Form((field,), {"description": line.description}), run, around)


@page(_P.PREPARE_BILLING)
def part(request: ActingRequest, invoice_id: int, line_id: int) -> HttpResponse:
    """Move chosen work of a line to a line of its own."""
    bill, line = page_queries.pre_bill_line(request.actor, invoice_id, line_id)
    if request.method == "POST":
        bill_lines.part_line.using(act_options(request))(
            actor=request.actor, line_id=line_id, item_ids=chosen_ids(request),
            description=request.POST.get("description", ""),
        )  # fmt: skip
        say(request, Done("The work stands on a line of its own."))
        return redirect("prebill", invoice_id)
    context = {
        "bill": bill,
        "line": line,
        "entries": page_queries.line_entries(request.actor, invoice_id, line_id),
    }
    return render(request, "web/prebills/part.html", context)


def join(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Make one line of the chosen ones."""
    bill_lines.join_lines.using(act_options(request))(
        actor=request.actor, invoice_id=invoice_id, line_ids=chosen_ids(request)
    )
    say(request, Done("The lines are one now. Reword it if it should say something else."))
    return redirect("prebill", invoice_id)


def _around(invoice_id: int, client: str, title: str, act: str, said: str) -> FormPage:
    here = reverse("prebill", args=[invoice_id])
    crumbs = ((_CRUMB[0], reverse(_CRUMB[1])), (client, here))
    return FormPage(title=title, crumbs=crumbs, act=act, done=here, said=said)


# --- schedules ----------------------------------------------------------------------------------------------


@page(_P.VIEW_BILLING)
@require_GET
def schedule_list(request: ActingRequest) -> HttpResponse:
    """The days on which pre-bills make themselves."""
    context = {
        "rows": schedule_queries.schedules(request.actor, today()),
        "may_prepare": request.actor.can(_P.PREPARE_BILLING),
    }
    return render(request, "web/prebills/schedules.html", context)


@page(_P.PREPARE_BILLING)
def schedule(request: ActingRequest, schedule_id: int | None = None) -> HttpResponse:
    """Set a schedule."""
    shown: Mapping[str, Any] = {"every": BillEvery.MONTH.value, "day": 1, "asks_review": True, "is_on": True}
    if schedule_id is not None:
        shown = schedule_queries.schedule(request.actor, schedule_id)
    clients = directory.clients(request.actor, ClientFilter(kind=""))
    fields = (
        Field("entity_id", "Legal entity", "id", required=True, options=directory.choices(request.actor).entities),
        Field("client_id", "Client", "find_id", options=tuple((c.id, c.name, c.industry) for c in clients),
              help="Leave it empty for all clients that have no schedule of their own."),
        Field("every", "When", "choice", required=True, options=tuple(BillEvery.choices), section="Days"),
        Field("day", "Day", "whole", required=True, help="Of the month 1 to 28, of the week 1 (Monday) to 7."),
        Field("asks_review", "The managers of the projects review what is made", "check", section="Then"),
        Field("is_on", "It is on", "check"),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        return schedules.save_schedule.using(options)(
            actor=request.actor,
            schedule_id=schedule_id,
            on=today(),
            schedule=ScheduleInput(
                entity_id=values["entity_id"] or 0, client_id=values["client_id"], every=BillEvery(values["every"]),
                day=values["day"] or 0, asks_review=values["asks_review"], is_on=values["is_on"],
            ),
        )  # fmt: skip

    home = reverse("prebill-schedules")
    title = "New schedule" if schedule_id is None else "Change the schedule"
    crumbs = ((_CRUMB[0], reverse(_CRUMB[1])), ("Schedules", home))
    around = FormPage(title=title, crumbs=crumbs, act="Save", done=home, said="Saved the schedule.")
    return form_page(request, Form(fields, dict(shown)), run, around)


@page(_P.PREPARE_BILLING)
@require_POST
def remove_schedule(request: ActingRequest, schedule_id: int) -> HttpResponse:
    """Remove a schedule."""
    schedules.remove_schedule.using(act_options(request))(actor=request.actor, schedule_id=schedule_id)
    say(request, Done("Removed the schedule. Pre-bills that it made stay."))
    return redirect("prebill-schedules")
