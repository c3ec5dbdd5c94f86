"""What the books stand on: periods with their states, and the chart of accounts."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.ledger import actions, queries
from workledger.ledger.models import AccountKind, PeriodState
from workledger.web.acting import ActingRequest, act_options, page
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of
from workledger.web.views.ledger import book_filter

_P = Permission
_KINDS = tuple((kind.value, str(kind.label)) for kind in AccountKind)


# --- periods ---------------------------------------------------------------------------------------------


@page(_P.VIEW_LEDGER, _P.MANAGE_PERIODS)
@require_GET
def periods(request: ActingRequest) -> HttpResponse:
    """The periods of a book with their states."""
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    context = {
        "book": book,
        "books": book_filter(request.actor),
        "rows": queries.periods(request.actor, book.id),
        "may_change": request.actor.can(_P.MANAGE_PERIODS),
    }
    return render(request, "web/ledger/periods.html", context)


@page(_P.MANAGE_PERIODS)
def period_state(request: ActingRequest, period_id: int) -> HttpResponse:
    """Open, soft-close, lock or reopen a period."""
    period = queries.period(request.actor, period_id)
    others = tuple((state.value, str(state.label)) for state in PeriodState if state != period.state)
    fields = (
        Field("state", "It becomes", "choice", required=True, options=others),
        Field(
            "reason", "Why", "lines", help="Stays on record. A locked period is reopened with a reason only."
        ),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.set_period_state.using(options)(
            actor=request.actor,
            period_id=period_id,
            state=PeriodState(values["state"] or period.state),
            reason=values["reason"],
        )

    around = FormPage(
        title=f"{period.name} is {period.state.label.lower()}",
        crumbs=(("Periods", reverse("periods")),),
        act="Change its state",
        done=reverse("periods"),
        said=f"{period.name} has its new state.",
        lead="A soft-closed period takes postings of Finance only, a locked one none; late work lands in the next open one.",
    )
    return form_page(request, Form(fields, {"state": request.GET.get("to", "")}), run, around)


# --- chart of accounts -----------------------------------------------------------------------------------


@page(_P.VIEW_LEDGER)
@require_GET
def chart(request: ActingRequest) -> HttpResponse:
    """The chart of accounts of a book."""
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    lines = queries.accounts(request.actor, book.id)
    context = {
        "book": book,
        "books": book_filter(request.actor),
        "groups": [
            (kind, found) for kind in AccountKind if (found := [line for line in lines if line.kind == kind])
        ],
        "may_change": request.actor.can(_P.POST_JOURNAL),
    }
    return render(request, "web/ledger/chart.html", context)


@page(_P.POST_JOURNAL)
def new_account(request: ActingRequest) -> HttpResponse:
    """Add an account."""
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    fields = (
        Field("code", "Code", required=True, row="name", help="Orders the chart, such as 6500."),
        Field("name", "Name", required=True, row="name"),
        Field("kind", "Stands under", "choice", required=True, options=_KINDS),
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.add_account.using(options)(
            actor=request.actor,
            book_id=book.id,
            code=values["code"],
            name=values["name"],
            kind=AccountKind(values["kind"]),
        )

    around = FormPage(
        title="New account",
        crumbs=(("Accounts", reverse("accounts")),),
        act="Add",
        done=f"{reverse('accounts')}?book={book.id}",
        said="The account is in the chart.",
        lead=f"In the books of {book.name}, for journals posted by hand.",
    )
    return form_page(request, Form(fields, {"kind": AccountKind.EXPENSE.value}), run, around)


@page(_P.POST_JOURNAL)
def change_account(request: ActingRequest, account_id: int) -> HttpResponse:
    """Rename or renumber an account."""
    account = queries.account(request.actor, account_id)
    fields = (
        Field("code", "Code", required=True, row="name"),
        Field("name", "Name", required=True, row="name"),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.rename_account.using(options)(
            actor=request.actor, account_id=account_id, code=values["code"], name=values["name"]
        )

    closing = "Close this account" if account.is_open else "Open this account again"
    around = FormPage(
        title=f"{account.code} {account.name}",
        crumbs=(("Accounts", reverse("accounts")),),
        act="Save",
        done=f"{reverse('accounts')}?book={account.book_id}",
        said="The account has its new name.",
        lead="What was posted to it stays where it is.",
        removal=None if account.role else (closing, reverse("account-closure", args=[account_id])),
    )
    return form_page(request, Form(fields, {"code": account.code, "name": account.name}), run, around)


@require_POST
@page(_P.POST_JOURNAL)
def close_account(request: ActingRequest, account_id: int) -> HttpResponse:
    """Close an account to new postings, or open a closed one again."""
    account = queries.account(request.actor, account_id)
    actions.close_account.using(act_options(request))(
        actor=request.actor, account_id=account_id, is_open=not account.is_open
    )
    done = "closed" if account.is_open else "open again"
    messages.success(request, f"{account.code} {account.name} is {done}.")
    return redirect(f"{reverse('accounts')}?book={account.book_id}")
