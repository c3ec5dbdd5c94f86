"""What the books stand on: periods with their states, and the chart of accounts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.ledger import actions, laying, queries
from workledger.ledger.calc.periods import Pattern, PeriodKind, YearEnd
from workledger.ledger.models import AccountKind, PeriodState
from workledger.web.acting import ActingRequest, act_options, page
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of
from workledger.web.views.ledger import book_filter

_P = Permission
_MONTHS = tuple((month, f"{date(2000, month, 1):%B}") for month in range(1, 13))
_WEEKDAYS = tuple((day, f"{date(2001, 1, 1 + day):%A}") for day in range(7))
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
        "pattern": laying.latest_pattern(book.id),
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


@page(_P.MANAGE_PERIODS)
def period_pattern(request: ActingRequest) -> HttpResponse:
    """Lay the periods of a book by another pattern from a day on."""
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    held = laying.latest_pattern(book.id)
    fields = (
        Field("kind", "Periods are", "choice", required=True, options=tuple((kind.value, kind.label) for kind in PeriodKind)),
        Field("year_starts_in", "The year starts in", "id", required=True, options=_MONTHS, row="year", help="It ends in the month before."),
        Field("week_ends_on", "A week ends on", "id", options=_WEEKDAYS, row="week", when="kind=4-4-5|4-5-4|5-4-4"),
        Field("year_end", "The year ends on", "choice", options=tuple((end.value, end.label) for end in YearEnd), row="week",
              when="kind=4-4-5|4-5-4|5-4-4", help="Of these weekdays. A 53rd week, where needed, is in the last period."),
        Field("from_day", "From", "date", required=True, help="The first day of a period that holds no postings yet."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        weekday = held.week_ends_on if values["week_ends_on"] is None else values["week_ends_on"]
        pattern = Pattern(
            PeriodKind(values["kind"] or held.kind), values["year_starts_in"] or 1, weekday,
            YearEnd(values["year_end"] or held.year_end),
        )  # fmt: skip
        return laying.set_period_pattern.using(options)(
            actor=request.actor, book_id=book.id, pattern=pattern, from_day=values["from_day"] or date.min
        )

    initial = {
        "kind": held.kind, "year_starts_in": held.year_starts_in, "week_ends_on": held.week_ends_on,
        "year_end": held.year_end,
    }  # fmt: skip
    around = FormPage(
        title="Pattern of periods",
        crumbs=(("Periods", f"{reverse('periods')}?book={book.id}"),),
        act="Lay the periods anew",
        done=f"{reverse('periods')}?book={book.id}",
        said=lambda count: f"Laid {count} periods." if count else "Add the periods now, one by one.",
        lead=f"{book.name} has {held.words[0].lower()}{held.words[1:]}. Periods with postings keep their days.",
    )
    return form_page(request, Form(fields, initial), run, around)


@page(_P.MANAGE_PERIODS)
def new_periods(request: ActingRequest) -> HttpResponse:
    """Add custom periods after the last one."""
    book = queries.default_book(request.actor, number_of(request.GET.get("book")))
    columns = (Field("last_day", "Last day", "date", required=True), Field("name", "Name"))
    fields = (Field("periods", "Periods", "rows", columns=columns, noun="period", help="Each starts where the one before ends. A name may be left out."),)  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        rows = values["periods"]
        return laying.add_periods.using(options)(
            actor=request.actor,
            book_id=book.id,
            last_days=[row["last_day"] for row in rows if row.get("last_day")],
            names=[row.get("name", "") for row in rows if row.get("last_day")],
        )

    around = FormPage(
        title="Add periods",
        crumbs=(("Periods", f"{reverse('periods')}?book={book.id}"),),
        act="Add",
        done=f"{reverse('periods')}?book={book.id}",
        said=lambda count: f"Added {count} period{'' if count == 1 else 's'}.",
    )
    return form_page(request, Form(fields, {}), run, around)


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
