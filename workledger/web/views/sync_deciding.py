"""What a person does about the sync: send, compare, hold, leave out, settle a conflict."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.gl.sync import actions, delivery, queries
from workledger.gl.sync.inbox import Choice
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.inputs import NotUnderstood, parse_date

_P = Permission
_SYNC = "General ledger sync"


def _back(connection_id: int) -> HttpResponse:
    return redirect("sync-outbox", connection_id)


@page(_P.MANAGE_SYNC)
@require_POST
def deliver(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Send what waits now."""
    actions.request_delivery.using(act_options(request))(actor=request.actor, connection_id=connection_id)
    messages.success(request, "Sending starts now.")
    return _back(connection_id)


@page(_P.MANAGE_SYNC)
@require_POST
def journals(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Queue journals of what no document carries, through today."""
    made = actions.queue_journals.using(act_options(request))(
        actor=request.actor, connection_id=connection_id, through=today()
    )
    messages.success(request, f"Queued {made} journals." if made != 1 else "Queued a journal.")
    return _back(connection_id)


@page(_P.MANAGE_SYNC)
@require_POST
def pull(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Ask what people did on the other side."""
    done = delivery.pull(request.actor, connection_id, timezone.now())
    if done.said:
        messages.error(request, done.said)
    else:
        messages.success(request, f"{done.taken or 'No'} new changes there.")
    return redirect("sync-inbox", connection_id)


@page(_P.MANAGE_SYNC)
@require_POST
def check(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Try whether the other side is reached."""
    try:
        messages.success(request, f"Reached: {delivery.check(request.actor, connection_id)}")
    except Refused as refused:
        messages.error(request, str(refused))
    return _back(connection_id)


@page(_P.MANAGE_SYNC)
@require_POST
def compare(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Compare both sides at the end of a day."""
    try:
        as_of = parse_date(request.POST.get("as_of", ""), today=today()) or today()
    except NotUnderstood as error:
        raise Refused.because("bad_day", str(error), "as_of") from None
    return redirect("sync-tie-out", delivery.tie_out(request.actor, connection_id, as_of))


# --- documents --------------------------------------------------------------------------------------------


@page(_P.MANAGE_SYNC)
@require_POST
def retry(request: ActingRequest, outgoing_id: int) -> HttpResponse:
    """Send a document again."""
    actions.retry_document.using(act_options(request))(actor=request.actor, outgoing_id=outgoing_id)
    messages.success(request, "It is sent again.")
    return redirect("sync-document", outgoing_id)


@page(_P.MANAGE_SYNC)
def hold(request: ActingRequest, outgoing_id: int) -> HttpResponse:
    """Keep a document back."""

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.hold_document.using(options)(
            actor=request.actor, outgoing_id=outgoing_id, reason=values["reason"]
        )

    fields = (Field("reason", "Why", "lines", required=True),)
    lead = "It is not sent until somebody sends it by hand. What depends on it waits too."
    return _about_document(request, outgoing_id, ("Hold", lead, "It is held."), fields, run)


@page(_P.MANAGE_SYNC)
def skip(request: ActingRequest, outgoing_id: int) -> HttpResponse:
    """Leave a document out."""

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.skip_document.using(options)(
            actor=request.actor, outgoing_id=outgoing_id, reason=values["reason"], external_id=values["external_id"]
        )  # fmt: skip

    fields = (
        Field("reason", "Why", "lines", required=True),
        Field("external_id", "Its id there", help="If somebody entered it there by hand. Empty: it shall not be there."),
    )  # fmt: skip
    lead = "It is never sent. Without an id there, the tie-out shows what it leaves missing."
    return _about_document(request, outgoing_id, ("Leave out", lead, "It is left out."), fields, run)


def _about_document(
    request: ActingRequest,
    outgoing_id: int,
    words: tuple[str, str, str],
    fields: tuple[Field, ...],
    run: Callable[[Mapping[str, Any], Options], object],
) -> HttpResponse:
    found = queries.document(request.actor, outgoing_id)
    connection = queries.connection(request.actor, found.row.connection_id)
    act, lead, said = words
    here = reverse("sync-document", args=[outgoing_id])
    around = FormPage(
        title=f"{act}: {found.row.title}",
        crumbs=(
            (_SYNC, reverse("sync")),
            (connection.name, reverse("sync-outbox", args=[connection.id])),
            (found.row.title, here),
        ),
        act=act,
        done=here,
        said=said,
        lead=lead,
    )
    return form_page(request, Form(fields), run, around)


# --- conflicts --------------------------------------------------------------------------------------------


@page(_P.MANAGE_SYNC)
def resolve(request: ActingRequest, incoming_id: int) -> HttpResponse:
    """A change on the other side: what differs, and what may be done about it."""
    found = queries.change(request.actor, incoming_id)
    connection = queries.connection(request.actor, found.connection_id)
    options = tuple((each.value, each.label) for each in found.choices)
    fields = (
        Field("choice", "What to do", "choice", required=True, options=options),
        Field("reason", "Why", "lines", required=True),
        Field("on", "Dated", "date", required=True, when="choice=credit", help="The day of the credit note."),
    )

    def run(values: Mapping[str, Any], options: Options) -> str:
        return actions.resolve_change.using(options)(
            actor=request.actor,
            incoming_id=incoming_id,
            choice=Choice(values["choice"]),
            reason=values["reason"],
            on=values["on"] or date.max,
        )

    back = reverse("sync-inbox", args=[connection.id])
    around = FormPage(
        title=found.said,
        crumbs=((_SYNC, reverse("sync")), (connection.name, back)),
        act="Settle",
        done=back,
        said=str,
        template="web/sync/change.html",
        context={"change": found, "connection": connection},
    )
    initial = {"choice": options[0][0] if options else "", "on": today()}
    return form_page(request, Form(fields, initial), run, around)


@page(_P.MANAGE_SYNC)
def dismiss(request: ActingRequest, incoming_id: int) -> HttpResponse:
    """Set a conflict aside."""
    found = queries.change(request.actor, incoming_id)
    back = reverse("sync-inbox", args=[found.connection_id])

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.dismiss_change.using(options)(
            actor=request.actor, incoming_id=incoming_id, reason=values["reason"]
        )

    around = FormPage(
        title="Set aside",
        crumbs=((_SYNC, reverse("sync")), (found.said, reverse("sync-change", args=[incoming_id]))),
        act="Set aside",
        done=back,
        said="It is set aside.",
        lead=f"{found.said}. Nothing is changed here or there; the reason stays on record.",
    )
    return form_page(request, Form((Field("reason", "Why", "lines", required=True),)), run, around)
