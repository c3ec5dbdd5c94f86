"""The close of a period: where each stands, one period's checklist with its acts, and the lock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.close import actions, queries
from workledger.close.queries import Checklist, StepRow
from workledger.close.steps import StepKind
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import NotFound
from workledger.ledger import actions as ledger
from workledger.ledger import queries as books
from workledger.ledger.models import PeriodState
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of
from workledger.web.views.ledger import book_filter

_P = Permission


@dataclass(frozen=True, slots=True)
class Found:
    """One thing a step found, with its address."""

    label: str
    detail: str
    href: str


@dataclass(frozen=True, slots=True)
class Line:
    """A step as the page shows it: `state` is done, note, to_do or open; `act` the words and address of its act.

    `posts` says that the act is sent at once rather than opened.
    """

    row: StepRow
    state: str
    href: str
    items: tuple[Found, ...]
    rest: int
    act: str
    act_href: str
    posts: bool
    is_late: bool


@page(_P.VIEW_LEDGER, _P.MANAGE_PERIODS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """The periods of a book that have begun, newest first, with how far their close is."""
    book = books.default_book(request.actor, number_of(request.GET.get("book")))
    rows = queries.periods(request.actor, book.id, today())
    open_ones = [row for row in rows if row.state != PeriodState.LOCKED]
    context = {
        "book": book,
        "books": book_filter(request.actor),
        "rows": rows,
        "next": open_ones[-1] if open_ones else None,
        "open_count": len(open_ones),
        "last": next((row for row in rows if row.state == PeriodState.LOCKED), None),
    }
    return render(request, "web/close/index.html", context)


@page(_P.VIEW_LEDGER, _P.MANAGE_PERIODS)
@require_GET
def show(request: ActingRequest, period_id: int) -> HttpResponse:
    """One period's checklist as the books stand now, with its acts and its history."""
    day = today()
    found = queries.checklist(request.actor, period_id, day)
    may = request.actor.can(_P.MANAGE_PERIODS)
    context = {
        "list": found,
        "period": found.period,
        "lines": [_line(found, row, day, may=may) for row in found.steps],
        "may_change": may,
        "is_locked": found.period.state == PeriodState.LOCKED,
        "is_over": found.period.end <= day,
        "days_since": (day - found.period.last_day).days,
    }
    return render(request, "web/close/period.html", context)


def _line(found: Checklist, row: StepRow, day: date, *, may: bool) -> Line:
    period_id = found.period.id
    finding = row.finding
    act, act_href, posts = _act(period_id, row) if may and not row.is_done else ("", "", False)
    return Line(
        row=row,
        state=_state(row),
        href=_address(finding.url_name, finding.url_args, finding.query)
        if finding.sentence
        else _address(row.url_name, (), row.url_query),
        items=tuple(
            Found(item.label, item.detail, _address(item.url_name, item.url_args, {}))
            for item in finding.items
        ),
        rest=max(finding.count - len(finding.items), 0) if finding.items else 0,
        act=act,
        act_href=act_href,
        posts=posts,
        is_late=not row.is_done and row.due_on is not None and row.due_on < day,
    )


def _state(row: StepRow) -> str:
    if row.is_done:
        return "done"
    if not row.blocks:
        return "note"
    return "open" if row.kind is StepKind.CHECK else "to_do"


def _act(period_id: int, row: StepRow) -> tuple[str, str, bool]:
    """Return the words and address of the act that a step offers, and whether it is sent at once."""
    finding = row.finding
    if row.key == "time_missing":
        return "Remind", reverse("close-remind", args=[period_id]), True
    if row.key == "soft_close":
        return "Soft-close", reverse("close-soft-close", args=[period_id]), True
    if row.key == "books_tie":
        return "Check now", reverse("close-books-check", args=[period_id]), True
    if row.kind is StepKind.CONFIRM:
        return "Sign off", reverse("close-step-done", args=[period_id, row.key]), True
    href = _address(row.url_name, (period_id,), {}) or _address(
        row.url_name, (), row.url_query or finding.query
    )
    return ("Preview", href, False) if href else ("", "", False)


def _address(name: str, args: tuple[object, ...], query: Mapping[str, str]) -> str:
    """Return a page's address, '' when the installation has none of that name."""
    if not name:
        return ""
    try:
        found = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    return f"{found}?{urlencode(query)}" if query else found


# --- acts ------------------------------------------------------------------------------------------------


@page(_P.MANAGE_PERIODS)
@require_POST
def start(request: ActingRequest, period_id: int) -> HttpResponse:
    """Give the steps the owners they usually have."""
    made = actions.start_close.using(act_options(request))(actor=request.actor, period_id=period_id)
    messages.success(request, f"{made} steps have the owners and due days they usually have." if made else "The close is under way already.")  # fmt: skip
    return redirect("close-period", period_id)


@page(_P.MANAGE_PERIODS)
@require_POST
def soft_close(request: ActingRequest, period_id: int) -> HttpResponse:
    """Leave the period to Finance."""
    ledger.set_period_state.using(act_options(request))(
        actor=request.actor, period_id=period_id, state=PeriodState.SOFT_CLOSED, reason="Period end"
    )
    messages.success(request, "Soft-closed: from now on only Finance posts into it.")
    return redirect("close-period", period_id)


@page(_P.MANAGE_PERIODS)
@require_POST
def send_reminders(request: ActingRequest, period_id: int) -> HttpResponse:
    """Remind whoever is missing time."""
    sent = actions.remind.using(act_options(request))(actor=request.actor, period_id=period_id, on=today())
    count = len(sent.people)
    if count:
        words = sent.people[0] if count == 1 else f"{count} people"
        messages.success(request, f"Reminded {words}. It stands on their Home and week.")
    else:
        messages.info(request, "Everybody who is behind was reminded today already.")
    return redirect("close-period", period_id)


@page(_P.MANAGE_PERIODS)
@require_POST
def tie(request: ActingRequest, period_id: int) -> HttpResponse:
    """Check that the books tie."""
    said = actions.check_books.using(act_options(request))(actor=request.actor, period_id=period_id)
    messages.success(request, said)
    return redirect("close-period", period_id)


@page(_P.MANAGE_PERIODS)
@require_POST
def reopen(request: ActingRequest, period_id: int, key: str) -> HttpResponse:
    """Take a sign-off back."""
    actions.reopen_step.using(act_options(request))(actor=request.actor, period_id=period_id, key=key)
    messages.success(request, "The step is open again.")
    return redirect("close-period", period_id)


# --- forms -----------------------------------------------------------------------------------------------


def _step(found: Checklist, key: str) -> StepRow:
    row = next((each for each in found.steps if each.key == key), None)
    if row is None:
        raise NotFound.because("not_found", "A close has no such step.")
    return row


def _around(found: Checklist, **words: Any) -> FormPage:
    back = reverse("close-period", args=[found.period.id])
    return FormPage(crumbs=(("Close", reverse("close")), (found.period.name, back)), done=back, **words)


@page(_P.MANAGE_PERIODS)
def sign_off(request: ActingRequest, period_id: int, key: str) -> HttpResponse:
    """Sign a step off, with a note where something stays open."""
    found = queries.checklist(request.actor, period_id, today())
    row = _step(found, key)
    fields = (
        Field(
            "note", "Note", "lines", required=not row.is_clear and row.kind is not StepKind.CONFIRM,
            help="Stays on record with your name and the time. The step opens again once it finds more.",
        ),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.complete_step.using(options)(
            actor=request.actor, period_id=period_id, key=key, on=today(), note=values["note"]
        )

    around = _around(
        found, title=f"Sign off: {row.title}", act="Sign off", said=f"'{row.title}' is signed off.",
        lead=row.finding.sentence or row.help,
    )  # fmt: skip
    return form_page(request, Form(fields, {"note": row.note}), run, around)


@page(_P.MANAGE_PERIODS)
def owner(request: ActingRequest, period_id: int, key: str) -> HttpResponse:
    """Give a step to somebody, with a day it is due."""
    found = queries.checklist(request.actor, period_id, today())
    row = _step(found, key)
    fields = (
        Field("owner_id", "Owner", "id", options=tuple(queries.people_to_own(request.actor)), empty="Nobody"),
        Field("due_on", "Due on", "date"),
        Field("always", "Each period from now on", "check", help="Later periods are given the same owner, and the same days after their end."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.assign_step.using(options)(
            actor=request.actor, period_id=period_id, key=key, owner_id=values["owner_id"],
            due_on=values["due_on"], always=values["always"],
        )  # fmt: skip

    around = _around(found, title=f"Who does: {row.title}", act="Save", said=f"'{row.title}' has its owner.")
    initial = {"owner_id": row.owner_id, "due_on": row.due_on, "always": False}
    return form_page(request, Form(fields, initial), run, around)


@page(_P.MANAGE_PERIODS)
def lock(request: ActingRequest, period_id: int) -> HttpResponse:
    """Lock the period; with a reason while steps are open."""
    found = queries.checklist(request.actor, period_id, today())
    stand = found.blocking
    fields = (
        Field(
            "reason", "Why it is locked now", "lines", required=bool(stand),
            help="Stays on record." if stand else "Stays on record; it may be left out.",
        ),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.lock_period.using(options)(
            actor=request.actor, period_id=period_id, on=today(), reason=values["reason"]
        )

    if stand:
        titles = "; ".join(row.title for row in stand)
        lead = (
            f"{formats.number(len(stand), 0)} {'step is' if len(stand) == 1 else 'steps are'} open: {titles}."
        )
    else:
        lead = "Every step is done. Nothing posts into a locked period; another person reopens it, with a reason."
    around = _around(
        found, title=f"Lock {found.period.name}", act=f"Lock {found.period.name}", lead=lead,
        said=f"{found.period.name} is locked.",
    )  # fmt: skip
    return form_page(request, Form(fields, {}), run, around)
