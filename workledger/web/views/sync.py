"""The sync with a general ledger: how it is, what is on its way, what came back, what ties."""

import json
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.gl import registry
from workledger.gl.sync import queries
from workledger.gl.sync.models import IncomingState, OutgoingState
from workledger.web.acting import ActingRequest, page, today
from workledger.web.paging import PAGE_ROWS, Cut, number_of

_P = Permission
_ALL = "all"
_STATES = [("open", "Not there yet"), (_ALL, "All"), *OutgoingState.choices]
_KINDS = [(kind.value, words) for kind, words in queries.KIND_WORDS.items()]


@page(_P.VIEW_LEDGER)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """The general ledgers that are connected, and how they are."""
    context = {
        "rows": queries.connections(request.actor),
        "may": request.actor.can(_P.MANAGE_SYNC),
        "kinds": [kind.label for kind in registry.kinds()],
    }
    return render(request, "web/sync/index.html", context)


def _around(request: ActingRequest, connection_id: int) -> dict[str, Any]:
    return {
        "connection": queries.connection(request.actor, connection_id),
        "may": request.actor.can(_P.MANAGE_SYNC),
        "today": today(),
    }


@page(_P.VIEW_LEDGER)
@require_GET
def outbox(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Documents on their way, and those that are there."""
    asked = request.GET
    state = asked.get("state", "") or "open"
    rows = queries.visible_documents(
        request.actor,
        connection_id,
        state="" if state == _ALL else state,
        kind=asked.get("kind", ""),
        words=asked.get("q", ""),
    )
    # What a person must mend comes first while the queue is read in the order in which it goes; the rest newest first.
    ordered = rows.order_by("pk") if state == "open" else rows.order_by("-pk")
    context = {
        **_around(request, connection_id),
        "cut": _cut(ordered, asked.get("cursor", "")),
        "state": state,
        "states": _STATES[1:],
        "kinds": _KINDS,
        "is_filtered": any(asked.get(name) for name in ("state", "kind", "q")),
    }
    return render(request, "web/sync/outbox.html", context)


def _cut(rows: Any, cursor: str) -> Cut[queries.DocumentRow]:
    """Return a page of documents; a long queue is not read whole."""
    total = rows.count()
    first = min(number_of(cursor) or 0, max(total - 1, 0))
    shown = queries.document_rows(rows[first : first + PAGE_ROWS])
    last = first + len(shown)
    return Cut(
        rows=shown,
        next=str(last) if last < total else "",
        previous=str(max(first - PAGE_ROWS, 0)) if first else "",
        words=f"{first + 1}\N{EN DASH}{last} of {total:,}" if total > PAGE_ROWS else "",
        total=total,
    )


@page(_P.VIEW_LEDGER)
@require_GET
def document(request: ActingRequest, outgoing_id: int) -> HttpResponse:
    """One document: what it says, what it waits for, and what became of it."""
    found = queries.document(request.actor, outgoing_id)
    state = found.row.state
    context = {
        **_around(request, found.row.connection_id),
        "found": found,
        "json": json.dumps(found.payload, indent=2, ensure_ascii=False) if found.payload else "",
        "may_retry": state not in (OutgoingState.SENT, OutgoingState.SENDING, OutgoingState.QUEUED),
        "may_wait": state in (OutgoingState.QUEUED, OutgoingState.FAILED, OutgoingState.REJECTED, OutgoingState.HELD),
        "has_debits": any(line.debit or line.credit for line in found.lines),
    }  # fmt: skip
    return render(request, "web/sync/document.html", context)


@page(_P.VIEW_LEDGER)
@require_GET
def inbox(request: ActingRequest, connection_id: int) -> HttpResponse:
    """What people did on the other side, and what was made of it."""
    state = request.GET.get("state", "") or IncomingState.CONFLICT.value
    rows = queries.visible_changes(request.actor, connection_id, "" if state == _ALL else state)
    context = {
        **_around(request, connection_id),
        "rows": queries.change_rows(rows.order_by("-pk")[:PAGE_ROWS]),
        "state": state,
        "states": [
            (_ALL, "All"),
            *((each.value, each.label) for each in IncomingState if each != "conflict"),
        ],
    }
    return render(request, "web/sync/inbox.html", context)


@page(_P.VIEW_LEDGER)
@require_GET
def tie_outs(request: ActingRequest, connection_id: int) -> HttpResponse:
    """Comparisons of both sides, newest first."""
    rows = queries.visible_tie_outs(request.actor, connection_id).order_by("-as_of", "-pk")[:PAGE_ROWS]
    context = {**_around(request, connection_id), "rows": [queries.listed(row) for row in rows]}
    return render(request, "web/sync/tie_outs.html", context)


@page(_P.VIEW_LEDGER)
@require_GET
def tie_out(request: ActingRequest, tie_out_id: int) -> HttpResponse:
    """Both sides by account and customer, differences first."""
    found = queries.tie_out(request.actor, tie_out_id)
    context = {
        **_around(request, found.tie_out.connection_id),
        "found": found,
        "back": reverse("sync-tie-outs", args=[found.tie_out.connection_id]),
        "untied": sum(bool(row.unexplained) for row in found.rows),
    }
    return render(request, "web/sync/tie_out.html", context)
