"""The books: trial balance, journal, entries, account activity, periods."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.ledger import actions, queries
from workledger.ledger.dimensions import labels
from workledger.ledger.models import PeriodState
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of
from workledger.web.trails import page_url

_STATES = tuple((state.value, str(state.label)) for state in PeriodState)
_DOCUMENTS = {"time": "time", "invoice": "invoice"}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


@page(Permission.VIEW_LEDGER)
@require_GET
def trial_balance(request: ActingRequest) -> HttpResponse:
    """Every account's balance at the end of a day."""
    as_of = _day(request.GET.get("as_of")) or today()
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    context = {
        "balance": queries.trial_balance(request.actor, book.id, as_of),
        "as_of": as_of,
        "books": [(each.id, each.name) for each in queries.books(request.actor)],
    }
    return render(request, "web/ledger/trial_balance.html", context)


@page(Permission.VIEW_LEDGER)
@require_GET
def account(request: ActingRequest, account_id: int) -> HttpResponse:
    """What moved on an account, newest first, with its running balance."""
    asked = request.GET
    found = queries.account_activity(
        request.actor,
        account_id,
        start=_day(asked.get("start")),
        end=_day(asked.get("end")),
        after=queries.Cursor.parse(asked.get("cursor", "")),
    )
    about: dict[Any, set[int]] = {}
    for row in found.rows:
        for dimension, pk in row.dimensions.items():
            about.setdefault(dimension, set()).add(pk)
    names = {dimension: labels(request.actor, dimension, pks) for dimension, pks in about.items()}
    rows = [
        (row, ", ".join(names[dimension].get(pk, "") for dimension, pk in list(row.dimensions.items())[:3]))
        for row in found.rows
    ]
    context = {
        "activity": found,
        "rows": rows,
        "next": str(found.next or ""),
        "start": asked.get("start", ""),
    }
    return render(request, "web/ledger/account.html", context)


@page(Permission.VIEW_LEDGER)
@require_GET
def journal(request: ActingRequest) -> HttpResponse:
    """Journal entries, newest first."""
    asked = request.GET
    book = queries.default_book(request.actor, number_of(asked.get("book")))
    found = queries.journal(
        request.actor,
        book.id,
        start=_day(asked.get("start")),
        end=_day(asked.get("end")),
        kind=asked.get("kind", ""),
        after=queries.Cursor.parse(asked.get("cursor", "")),
    )
    context = {"journal": found, "next": str(found.next or ""), "filtered": bool(asked.get("kind"))}
    return render(request, "web/ledger/journal.html", context)


@page(Permission.VIEW_LEDGER)
@require_GET
def entry(request: ActingRequest, entry_id: int) -> HttpResponse:
    """One journal entry with its postings and the act behind it."""
    found = queries.entry(request.actor, entry_id)
    kind, pk = found.entry.source_kind, found.entry.source_id
    document = page_url(_DOCUMENTS[kind], pk) if kind in _DOCUMENTS and pk else ""
    return render(
        request, "web/ledger/entry.html", {"found": found, "entry": found.entry, "document": document}
    )


@page(Permission.VIEW_LEDGER, Permission.MANAGE_PERIODS)
@require_GET
def periods(request: ActingRequest) -> HttpResponse:
    """The periods of a book with their states."""
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    context = {
        "book": book,
        "rows": queries.periods(request.actor, book.id),
        "may_change": request.actor.can(Permission.MANAGE_PERIODS),
    }
    return render(request, "web/ledger/periods.html", context)


@page(Permission.MANAGE_PERIODS)
def period_state(request: ActingRequest, period_id: int) -> HttpResponse:
    """Open, soft-close or lock a period."""

    def act(values: Mapping[str, Any], options: Options) -> None:
        actions.set_period_state.using(options)(
            actor=request.actor,
            period_id=period_id,
            state=PeriodState(values["state"] or PeriodState.OPEN),
            reason=values["reason"],
        )

    fields = (
        Field("state", "State", "choice", required=True, options=_STATES),
        Field("reason", "Reason", help="Asked when a locked period is opened again."),
    )
    around = FormPage(
        title="State of a period",
        crumbs=(("Periods", reverse("periods")),),
        act="Save",
        done=reverse("periods"),
        said="Saved the period's state.",
        lead="Soft-closed takes postings from Finance only; locked takes none. Late work then lands in the next open one.",
    )
    return form_page(request, Form(fields), act, around)
