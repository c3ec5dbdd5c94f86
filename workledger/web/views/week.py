"""My week: the grid that is typed into, copy, submit, recall, and the timer in the top bar."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from workledger.close.queries import asked_of
from workledger.core.access import Permission
from workledger.core.refusals import NeedsConfirmation, Problem, Refused
from workledger.kernel.period import week_start
from workledger.kernel.quantity import seconds_of
from workledger.timesheets import actions, queries
from workledger.timesheets.models import LineState
from workledger.timesheets.queries import WeekGrid, WeekRow
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, json_body, page, refusal, today

TONES = {LineState.SUBMITTED: "info", LineState.REJECTED: "bad", LineState.APPROVED: "good"}
_WORDS = {LineState.SUBMITTED: "Submitted", LineState.REJECTED: "Sent back", LineState.APPROVED: "Approved"}
_WEEK = timedelta(weeks=1)


def person_of(request: ActingRequest) -> int:
    """Return whose time this is about: ?person=, else one's own. Refuses: not_a_person."""
    asked = request.POST.get("person", "") or request.GET.get("person", "")
    if asked.isascii() and asked.isdigit():
        return int(asked)
    if request.actor.person_id is None:
        message = "Your sign-in belongs to nobody of the directory, so there is no week. Ask an administrator to link it."
        raise Refused.because("not_a_person", message)
    return request.actor.person_id


def week_url(request: ActingRequest, monday: date, person_id: int) -> str:
    """Return the address of a person's week; one's own says no person."""
    own = person_id == request.actor.person_id
    return reverse("week-of", args=[monday]) + ("" if own else f"?person={person_id}")


@page(Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
@require_GET
def current(request: ActingRequest) -> HttpResponse:
    """This week."""
    return _page(request, week_start(today()))


@page(Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
@require_GET
def show(request: ActingRequest, monday: date) -> HttpResponse:
    """The week that holds a day."""
    return _page(request, week_start(monday))


def _page(request: ActingRequest, monday: date, problems: Iterable[Problem] = ()) -> HttpResponse:
    found = tuple(problems)
    person_id = person_of(request)
    grid = queries.week(request.actor, person_id, monday, today=today())
    own = "" if grid.is_own else f"?person={person_id}"
    beside = {problem.field: problem.message for problem in found if "|" in problem.field}
    state, tone = _state(grid)
    context = {
        "page_title": "My week" if grid.is_own else f"{grid.person}: week",
        "grid": grid,
        "days": [_Day(day.date, day.weekend, day.today, day.total, day.note) for day in grid.days],
        "rows": [_row(row, own, monday, beside) for row in grid.rows],
        "capacity": [day.capacity_seconds for day in grid.days],
        "own": own,
        "state": state,
        "tone": tone,
        "before": reverse("week-of", args=[monday - _WEEK]) + own,
        "after": reverse("week-of", args=[monday + _WEEK]) + own,
        "is_this_week": monday == week_start(today()),
        "sunday": monday + timedelta(days=6),
        "open_lines": grid.count(LineState.OPEN, LineState.REJECTED),
        "submitted_lines": grid.count(LineState.SUBMITTED),
        "sent_back": [row for row in grid.rows if row.state == LineState.REJECTED and not row.is_empty],
        "problems": [problem for problem in found if "|" not in problem.field],
        "beside": len(beside),
        "cells_url": reverse("week-cells") + own,
        "tasks_url": reverse("week-tasks") + own,
        "mark": formats.decimal_mark(),
        "locked": "" if grid.may_edit else "You may look at this week. Its owner, or Finance, changes it.",
        "asked": asked_of(request.actor, today()) if grid.is_own else [],
        "off": [day for day in grid.days if day.note and not day.weekend],
    }
    return render(request, "web/week/show.html", context, status=422 if found else 200)


@dataclass(frozen=True, slots=True)
class _Day:
    date: date
    weekend: bool
    today: bool
    total: int
    note: str


def _row(row: WeekRow, own: str, monday: date, beside: dict[str, str]) -> dict[str, Any]:
    href = f"{reverse('week-row', args=[monday, row.task_id])}{own}"
    return {
        "line": row.task_id,
        "task": row.task,
        "project": f"{row.project} · {row.client}",
        "href": "" if row.is_empty else href,
        "trail": "" if row.is_empty else href,
        "badge": "" if row.is_empty else _WORDS.get(row.state, ""),
        "tone": TONES.get(row.state, ""),
        "story": row.story,
        "total": row.total,
        "cells": [
            {
                "date": cell.date,
                "seconds": cell.seconds,
                "note": cell.note,
                "locked": cell.locked,
                "problem": beside.get(f"{row.task_id}|{cell.date.isoformat()}", ""),
            }
            for cell in row.cells
        ],
    }


def _state(grid: WeekGrid) -> tuple[str, str]:
    """Say in a word where the week stands."""
    filled = [row for row in grid.rows if not row.is_empty]
    approved = grid.count(LineState.APPROVED)
    if not filled:
        return "", ""
    if grid.count(LineState.REJECTED):
        return "Sent back", "bad"
    if approved == len(filled):
        return "Approved", "good"
    if grid.count(LineState.OPEN):
        return ("Open", "") if not approved else (f"{approved} of {len(filled)} approved", "info")
    return ("Submitted", "info") if not approved else (f"{approved} of {len(filled)} approved", "info")


@page(Permission.TRACK_TIME)
@require_POST
def save_cell(request: ActingRequest) -> HttpResponse:
    """Save a cell as typed: JSON task_id, date, hours or null, note, key, confirm."""
    body = json_body(request)
    task_id, day, seconds, note = _cell(body)
    options = replace(
        act_options(request),
        idempotency_key=str(body.get("key") or "")[:100],
        confirmed=frozenset(str(code) for code in body.get("confirm") or ()),
    )
    try:
        saved = actions.save_cell.using(options)(
            actor=request.actor,
            person_id=person_of(request),
            task_id=task_id,
            day=day,
            worked_seconds=seconds,
            note=note,
            on=today(),
        )
    except NeedsConfirmation as asked:
        # Someone approved the line while this page was open; the row's page asks for the confirmation.
        mend = "Reload the week and open the row to change it all the same."
        return refusal(
            request,
            NeedsConfirmation(replace(p, message=f"{p.message} {mend}") for p in asked.problems),
        )
    return JsonResponse(
        {
            "seconds": saved.seconds,
            "display": formats.hours(saved.seconds) if saved.seconds else "",
            "row_total": saved.row_total,
            "day_total": saved.day_total,
            "week_total": saved.week_total,
            "state": saved.state,
            "notice": saved.notice,
        }
    )


def _cell(body: dict[str, Any]) -> tuple[int, date, int | None, str | None]:
    """Read a cell's JSON. Refuses: cell_not_understood."""
    try:
        hours = body.get("hours")
        note = body.get("note")
        worked = None if hours in (None, "") else Decimal(str(hours))
        if worked is not None and not worked.is_finite():
            raise InvalidOperation
        return (
            int(body["task_id"]),
            date.fromisoformat(str(body["date"])),
            None if worked is None else seconds_of(min(max(worked, Decimal(-1)), Decimal(100))),
            None if note is None else str(note),
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        raise Refused.because(
            "cell_not_understood", "Send task_id, date as 2026-03-02 and hours as 1.5 or null.", "hours"
        )


@page(Permission.TRACK_TIME)
@require_GET
def tasks(request: ActingRequest) -> HttpResponse:
    """Open tasks for a new row, as the combobox asks for them."""
    found = queries.task_search(request.actor, request.GET.get("q", ""), person_of(request))
    items = [
        {"value": task.task_id, "label": task.task, "hint": f"{task.project} · {task.client}"}
        for task in found
    ]
    return JsonResponse({"items": items})


@page(Permission.TRACK_TIME)
@require_POST
def copy(request: ActingRequest, monday: date) -> HttpResponse:
    """Bring last week's rows, and its hours when asked."""
    person_id = person_of(request)
    with_hours = request.POST.get("with") == "hours"
    try:
        count = actions.copy_last_week.using(act_options(request))(
            actor=request.actor, person_id=person_id, monday=monday, with_hours=with_hours
        )
    except Refused as refused:
        return _page(request, week_start(monday), refused.problems)
    rows = "1 row" if count == 1 else f"{count} rows"
    messages.success(request, f"Copied {rows} with hours." if with_hours else f"Copied {rows}.")
    return redirect(week_url(request, week_start(monday), person_id))


@page(Permission.TRACK_TIME)
@require_POST
def submit(request: ActingRequest, monday: date) -> HttpResponse:
    """Submit the week for approval; a missing note stands beside its cell."""
    person_id = person_of(request)
    try:
        done = actions.submit_week.using(act_options(request))(
            actor=request.actor, person_id=person_id, monday=monday
        )
    except Refused as refused:
        return _page(request, week_start(monday), refused.problems)
    own = "" if person_id == request.actor.person_id else f"?person={person_id}"
    messages.success(
        request,
        f"Submitted {formats.hours(done.worked_seconds)} h for approval.",
        extra_tags=f"undo:{reverse('week-recall', args=[week_start(monday)])}{own}",
    )
    return redirect(week_url(request, week_start(monday), person_id))


@page(Permission.TRACK_TIME)
@require_POST
def recall(request: ActingRequest, monday: date) -> HttpResponse:
    """Take the submitted lines of the week back."""
    person_id = person_of(request)
    try:
        done = actions.recall_week.using(act_options(request))(
            actor=request.actor, person_id=person_id, monday=monday
        )
    except Refused as refused:
        return _page(request, week_start(monday), refused.problems)
    messages.success(
        request, f"Recalled {formats.hours(done.worked_seconds)} h. Change what you need, then submit again."
    )
    return redirect(week_url(request, week_start(monday), person_id))


@page(Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
@require_GET
def row(request: ActingRequest, monday: date, task_id: int) -> HttpResponse:
    """What a row is made of: its entries, each a link to its page."""
    monday = week_start(monday)
    person_id = person_of(request)
    entries = queries.cell_entries(request.actor, person_id, task_id, monday, monday + _WEEK)
    if not entries:
        raise Refused.because("nothing_booked", "Nothing is booked in this row.")
    first = entries[0].row
    worked = sum(entry.row.worked_seconds for entry in entries)
    billable = sum(entry.row.billable_seconds for entry in entries)
    trail = {
        "title": f"{first.task}, {formats.day(monday)} to {formats.day(monday + timedelta(days=6))}",
        "value": f"{formats.hours(worked)} h",
        "sentence": f"What {first.person} worked on {first.task} of {first.project} in this week."
        f" {formats.hours(billable)} h of it bill. {entries[0].why_locked or 'Open an entry to change it.'}",
        "rows_label": "Entries",
        "rows": [
            {
                "name": formats.day_short(entry.row.work_date),
                "note": entry.row.note,
                "value": formats.hours(entry.row.worked_seconds),
                "href": reverse("time_entry", args=[entry.row.entry_id]),
            }
            for entry in entries
        ],
        "more_url": f"{reverse('time-new')}?task={task_id}&day={monday.isoformat()}&person={person_id}",
        "more_label": "Add an entry",
    }
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


# --- the timer ------------------------------------------------------------------------------------------------------


@page()
@require_GET
def timer(request: ActingRequest) -> HttpResponse:
    """The timer's place in the top bar."""
    if request.actor.person_id is None or not request.actor.can(Permission.TRACK_TIME):
        return HttpResponse("")
    running = queries.running_timer(request.actor)
    ran = int((timezone.now() - running.started_at).total_seconds()) if running else 0
    return render(request, "web/week/timer.html", {"running": running, "ran": formats.clock(max(ran, 0))})


@page(Permission.TRACK_TIME)
@require_POST
def start_timer(request: ActingRequest) -> HttpResponse:
    """Start the timer on a task."""
    task = request.POST.get("timer_task", "")
    if not (task.isascii() and task.isdigit()):
        raise Refused.because("task_missing", "Choose a task for the timer from the list.", "timer_task")
    stopped = actions.start_timer.using(act_options(request))(
        actor=request.actor,
        task_id=int(task),
        at=timezone.localtime(),
        note=request.POST.get("timer_note", ""),
    )
    booked = f" {formats.clock(stopped.seconds)} h of the one before is booked." if stopped.seconds else ""
    messages.success(request, f"The timer runs.{booked}")
    return redirect(_back(request))


@page(Permission.TRACK_TIME)
@require_POST
def stop_timer(request: ActingRequest) -> HttpResponse:
    """Stop the timer and book its time; a warning is asked first."""
    try:
        stopped = actions.stop_timer.using(act_options(request))(actor=request.actor, at=timezone.localtime())
    except NeedsConfirmation as asked:
        context = {
            "page_title": "Timer",
            "warnings": asked.problems,
            "action": reverse("timer-stop"),
            "label": "Book it",
            "back": _back(request),
            "fields": [("next", _back(request))],
        }
        return render(request, "web/time/confirm.html", context, status=409)
    said = (
        f"Booked {formats.clock(stopped.seconds)} h."
        if stopped.seconds
        else "Less than half a minute: nothing is booked."
    )
    messages.success(request, said)
    return redirect(_back(request))


@page(Permission.TRACK_TIME)
@require_POST
def discard_timer(request: ActingRequest) -> HttpResponse:
    """Stop the timer and book nothing."""
    actions.discard_timer.using(act_options(request))(actor=request.actor)
    messages.success(request, "The timer is stopped and nothing is booked.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return where the person came from, within this site."""
    for address in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if address and url_has_allowed_host_and_scheme(
            address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return address
    return reverse("week")
