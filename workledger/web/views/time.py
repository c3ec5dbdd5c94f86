"""Time entries: the list with its filters and export, one entry, adding, changing, deleting."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workledger.core.access import Permission
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Problem, Refused
from workledger.kernel.period import month_of, week_start
from workledger.timesheets import actions, approval, queries
from workledger.timesheets.actions import EntryInput
from workledger.timesheets.models import LineState
from workledger.timesheets.queries import EntryDetail, EntryFilters, EntryRow
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.inputs import NotUnderstood, parse_date, parse_hours
from workledger.web.views.week import TONES, person_of, week_url

_MONTHS_BACK = 12
_MARKS = ("=", "+", "-", "@", "\t", "\r")


@page(Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
@require_GET
def listing(request: ActingRequest) -> HttpResponse:
    """Entries, newest first, of this month when nothing else is asked."""
    filters = _filters(request.GET)
    found = queries.entries(request.actor, filters, request.GET.get("cursor", ""))
    choices = queries.entry_choices(request.actor)
    asked = request.GET.copy()
    asked.pop("cursor", None)
    context = {
        "page_title": "Time",
        "page": found,
        "choices": choices,
        "periods": _periods(today()),
        "states": LineState.choices,
        "asked": request.GET,
        "period": request.GET.get("period", "month"),
        "is_filtered": any(value for name, value in asked.items()),
        "export": f"{reverse('time-export')}?{asked.urlencode()}",
        "trail": f"{reverse('time-total')}?{asked.urlencode()}",
        "non_billable": found.worked_seconds - found.billable_seconds,
        "share": _share(found.billable_seconds, found.worked_seconds),
    }
    return render(request, "web/time/list.html", context)


def _share(part: int, whole: int) -> str:
    return f"{formats.number(round(100 * part / whole), 0, zero='0')}% of worked" if whole else ""


def _filters(asked: QueryDict) -> EntryFilters:
    start, end = _range(asked.get("period", "month"), today())
    return EntryFilters(
        start=start,
        end=end,
        person_id=_id(asked, "person"),
        client_id=_id(asked, "client"),
        project_id=_id(asked, "project"),
        task_id=_id(asked, "task"),
        state=asked.get("state", "") if asked.get("state", "") in LineState.values else "",
        billable={"yes": True, "no": False}.get(asked.get("billable", "")),
        text=asked.get("q", "")[:200],
    )


def _id(asked: QueryDict, name: str) -> int | None:
    text = asked.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _range(period: str, day: date) -> tuple[date | None, date | None]:
    """Return the first and last day of 'month', 'week', 'all', '2026-03' or '2026-03-02..2026-03-08'."""
    if period == "all":
        return None, None
    if period == "week":
        return week_start(day), week_start(day) + timedelta(days=6)
    try:
        if ".." in period:
            first, last = period.split("..", 1)
            return date.fromisoformat(first), date.fromisoformat(last)
        month = month_of(day if period == "month" else date.fromisoformat(f"{period}-01"))
    except ValueError:
        month = month_of(day)
    return month.start, month.end - timedelta(days=1)


def _periods(day: date) -> list[tuple[str, str]]:
    found = [("month", "This month"), ("week", "This week")]
    start = day.replace(day=1)
    for _ in range(_MONTHS_BACK):
        start = (start - timedelta(days=1)).replace(day=1)
        found.append((f"{start:%Y-%m}", f"{start:%B %Y}"))
    return [*found, ("all", "All time")]


@page(Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
@require_GET
def total(request: ActingRequest) -> HttpResponse:
    """What the sums above the list are made of."""
    found = queries.entries(request.actor, _filters(request.GET), limit=20)
    asked = request.GET.copy()
    asked.pop("cursor", None)
    trail = {
        "title": "Hours of this list",
        "value": f"{formats.hours(found.worked_seconds)} h",
        "sentence": f"The worked hours of the {formats.number(found.count, 0, zero='0')} entries that the list is narrowed to."
        " Billable is what was said to bill, or as worked where nothing else was said and the contract line bills.",
        "formula": [
            {"sign": "", "label": "Billable", "value": formats.hours(found.billable_seconds)},
            {"sign": "+", "label": "Not billable", "value": formats.hours(found.worked_seconds - found.billable_seconds)},
            {"sign": "=", "label": "Worked", "value": formats.hours(found.worked_seconds)},
        ],
        "rows_label": "Newest entries",
        "rows": [
            {
                "name": f"{formats.day_short(row.work_date)}, {row.person}",
                "note": f"{row.task}, {row.project}",
                "value": formats.hours(row.worked_seconds),
                "href": reverse("time_entry", args=[row.entry_id]),
            }
            for row in found.rows
        ],
        "more_url": f"{reverse('time')}?{asked.urlencode()}",
        "more_label": "All entries",
    }  # fmt: skip
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


@page(Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
@require_GET
def export(request: ActingRequest) -> HttpResponse:
    """All that the filters ask for, as CSV."""
    rows = queries.export_entries(request.actor, _filters(request.GET))
    answer = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="time-{today().isoformat()}.csv"'
    return cast("HttpResponse", answer)


class _Echo:
    """A file that gives each line back."""

    def write(self, line: str) -> str:
        """Return what is written."""
        return line


def _csv(rows: Iterator[EntryRow]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    head = ("Date", "Person", "Client", "Project", "Task", "Hours", "Billable hours", "State", "Note")
    yield "\ufeff" + str(writer.writerow(head))
    for row in rows:
        texts = (row.person, row.client, row.project, row.task)
        hours = (f"{row.worked_seconds / 3600:.2f}", f"{row.billable_seconds / 3600:.2f}")
        note = (_harmless(row.note),)
        line = (row.work_date.isoformat(), *map(_harmless, texts), *hours, row.state_label, *note)
        yield str(writer.writerow(line))


def _harmless(text: str) -> str:
    """A spreadsheet takes a text that starts so for a formula."""
    return f"'{text}" if text.startswith(_MARKS) else text


@dataclass(frozen=True, slots=True)
class _Typed:
    """What stands in the form, as typed."""

    task: str
    task_words: str
    day: str
    hours: str
    billable: str
    note: str


@page(Permission.TRACK_TIME, Permission.VIEW_ALL_TIME)
@require_http_methods(["GET", "POST"])
def show(request: ActingRequest, entry_id: int) -> HttpResponse:
    """One entry: what it is, why it is locked, and its form."""
    detail = queries.entry(request.actor, entry_id)
    back = week_url(request, detail.week, detail.row.person_id)
    if request.method == "GET" and request.headers.get("HX-Request"):
        return render(request, "web/partials/trail.html", {"trail": _entry_trail(detail)})
    typed = _typed(request.POST) if request.method == "POST" else _stored(detail)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            entry = _input(typed)
            actions.change_entry.using(act_options(request))(
                actor=request.actor, entry_id=entry_id, entry=entry, on=today()
            )
        except NeedsConfirmation as asked:
            warnings = asked.problems
        except (Forbidden, NotFound):
            raise
        except Refused as refused:
            problems = refused.problems
        else:
            messages.success(request, f"Saved {formats.hours(entry.worked_seconds)} h.")
            return redirect(back)
    may_change = detail.row.person_id == request.actor.person_id or request.actor.can(
        Permission.EDIT_ALL_TIME
    )
    context = {
        "page_title": f"{detail.row.task}, {formats.day_short(detail.row.work_date)}",
        "detail": detail,
        "row": detail.row,
        "week_url": back,
        "tone": TONES.get(LineState(detail.row.state), ""),
        "may_change": may_change and request.actor.can(Permission.TRACK_TIME),
        "is_locked": bool(detail.why_locked) and not detail.voids_approval,
        "may_withdraw": detail.voids_approval and (may_change or request.actor.can(Permission.APPROVE_TIME)),
        **_form(typed, problems, warnings, request.path),
    }
    status = 409 if warnings else 422 if problems else 200
    return render(request, "web/time/entry.html", context, status=status)


def _entry_trail(detail: EntryDetail) -> dict[str, Any]:
    row = detail.row
    said = (
        "as worked, where the contract line bills"
        if detail.billable_input is None
        else "as said on the entry"
    )
    return {
        "title": f"{row.task}, {formats.day_short(row.work_date)}",
        "value": f"{formats.hours(row.worked_seconds)} h",
        "sentence": f"What {row.person} worked on {row.task} of {row.project} for {row.client}. It bills {said}."
        f" {detail.why_locked}",
        "formula": [
            {"sign": "", "label": "Billable", "value": formats.hours(row.billable_seconds)},
            {
                "sign": "+",
                "label": "Not billable",
                "value": formats.hours(row.worked_seconds - row.billable_seconds),
            },
            {"sign": "=", "label": "Worked", "value": formats.hours(row.worked_seconds)},
        ],
        "rows_label": "Note" if row.note else "",
        "rows": [{"name": row.note}] if row.note else [],
        "more_url": reverse("time_entry", args=[row.entry_id]),
        "more_label": "Open the entry",
        "basis": row.state_label,
    }


@page(Permission.TRACK_TIME)
@require_http_methods(["GET", "POST"])
def new(request: ActingRequest) -> HttpResponse:
    """Add an entry beside what stands in the cell."""
    person_id = person_of(request)
    typed = _typed(request.POST) if request.method == "POST" else _empty(request)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    if request.method == "POST":
        try:
            entry = _input(typed)
            actions.add_entry.using(act_options(request))(
                actor=request.actor, person_id=person_id, entry=entry, on=today()
            )
        except NeedsConfirmation as asked:
            warnings = asked.problems
        except (Forbidden, NotFound):
            raise
        except Refused as refused:
            problems = refused.problems
        else:
            messages.success(request, f"Added {formats.hours(entry.worked_seconds)} h.")
            return redirect(week_url(request, week_start(entry.day), person_id))
    context = {
        "page_title": "New entry",
        "person_id": person_id,
        "week_url": week_url(request, week_start(today()), person_id),
        "may_change": True,
        **_form(typed, problems, warnings, request.path),
    }
    return render(request, "web/time/new.html", context, status=409 if warnings else 422 if problems else 200)


def _form(
    typed: _Typed, problems: tuple[Problem, ...], warnings: tuple[Problem, ...], action: str
) -> dict[str, Any]:
    errors: dict[str, str] = {}
    for problem in problems:
        errors.setdefault(problem.field, problem.message)
    return {
        "typed": typed,
        "problems": problems,
        "errors": errors,
        "warnings": warnings,
        "action": action,
    }


def _stored(detail: EntryDetail) -> _Typed:
    return _Typed(
        task=str(detail.row.task_id),
        task_words=f"{detail.row.task} · {detail.row.project}",
        day=formats.day(detail.row.work_date),
        hours=formats.hours(detail.row.worked_seconds) if detail.row.worked_seconds else "0",
        billable="" if detail.billable_input is None else f"{detail.billable_input / 3600:.2f}",
        note=detail.row.note,
    )


def _empty(request: ActingRequest) -> _Typed:
    task = request.GET.get("task", "")
    day = request.GET.get("day", today().isoformat())
    words = ""
    if task.isascii() and task.isdigit():
        words = queries.task_words(request.actor, int(task))
    return _Typed(task if words else "", words, day, "", "", "")


def _typed(sent: QueryDict) -> _Typed:
    return _Typed(
        task=sent.get("task_id", ""),
        task_words=sent.get("task_words", ""),
        day=sent.get("day", ""),
        hours=sent.get("hours", ""),
        billable=sent.get("billable", ""),
        note=sent.get("note", "").replace("\r\n", "\n"),
    )


def _input(typed: _Typed) -> EntryInput:
    """Understand what was typed. Refuses with every field that is not understood."""
    problems: list[Problem] = []

    def read(name: str, reader: Any, missing: str) -> Any:
        try:
            value = reader()
        except NotUnderstood as error:
            problems.append(Problem("not_understood", str(error), name))
            return None
        if value is None and missing:
            problems.append(Problem("missing", missing, name))
        return value

    task = int(typed.task) if typed.task.isascii() and typed.task.isdigit() else None
    if task is None:
        problems.append(Problem("missing", "Choose a task from the list.", "task_id"))
    day = read("day", lambda: parse_date(typed.day, today=today()), "Say on which day.")
    hours = read("hours", lambda: parse_hours(typed.hours), "Say how long: 1.5, 1:30 or 90m.")
    billable = read("billable", lambda: parse_hours(typed.billable), "")
    if problems:
        raise Refused(problems)
    assert task is not None
    return EntryInput(task_id=task, day=day, worked_seconds=hours, billable_seconds=billable, note=typed.note)


@page(Permission.TRACK_TIME)
@require_POST
def delete(request: ActingRequest, entry_id: int) -> HttpResponse:
    """Delete an entry; a warning is asked first."""
    detail = queries.entry(request.actor, entry_id)
    try:
        actions.delete_entry.using(act_options(request))(actor=request.actor, entry_id=entry_id, on=today())
    except NeedsConfirmation as asked:
        context = {
            "page_title": detail.row.task,
            "warnings": asked.problems,
            "action": request.path,
            "label": "Delete it",
            "back": reverse("time_entry", args=[entry_id]),
        }
        return render(request, "web/time/confirm.html", context, status=409)
    messages.success(request, f"Deleted {formats.hours(detail.row.worked_seconds)} h on {detail.row.task}.")
    return redirect(week_url(request, detail.week, detail.row.person_id))


@page(Permission.TRACK_TIME, Permission.APPROVE_TIME, Permission.APPROVE_ALL_TIME)
@require_POST
def withdraw(request: ActingRequest, line_id: int) -> HttpResponse:
    """Take an approval back, with the reason."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise Refused.because("reason_missing", "Say why the approval is taken back.", "reason")
    approval.withdraw_approval.using(act_options(request))(
        actor=request.actor, line_id=line_id, reason=reason, on=today()
    )
    messages.success(request, "The approval is taken back. The line is open again.")
    back = request.POST.get("next", "")
    return redirect(back if back.startswith("/time/") else reverse("time"))
