"""Approval by exception: clean lines in one gesture, flagged ones with their reasons."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.refusals import Forbidden, NotFound, Problem, Refused
from workledger.timesheets import actions, approval, queries
from workledger.timesheets.models import TimesheetLine
from workledger.timesheets.queries import LineToDecide, PersonWeek
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.views.expense_parts import approval_tabs

_NOTE, _NOTES = 80, 3  # characters of a note, and how many notes, a row shows


@page(Permission.APPROVE_TIME, Permission.APPROVE_ALL_TIME)
@require_GET
def board(request: ActingRequest) -> HttpResponse:
    """All that waits for a decision."""
    return _page(request)


def _page(request: ActingRequest, problems: tuple[Problem, ...] = ()) -> HttpResponse:
    found = queries.to_approve(request.actor)
    missing = queries.missing_time(request.actor, today() - timedelta(days=1))
    context = {
        "page_title": "Approvals",
        "tabs": approval_tabs(request),
        "board": found,
        "flagged": [_group(week, week.flagged) for week in found.weeks if week.flagged],
        "clean": [_group(week, week.clean) for week in found.weeks if week.clean],
        "clean_seconds": sum(line.worked_seconds for line in found.clean),
        "missing": missing,
        "missing_people": len({row.person_id for row in missing}),
        "missing_seconds": sum(row.missing_seconds for row in missing),
        "problems": problems,
        "chosen": frozenset(request.POST.getlist("ids")),
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "web/approvals/board.html", context, status=422 if problems else 200)


def _group(week: PersonWeek, lines: tuple[LineToDecide, ...]) -> dict[str, Any]:
    return {
        "person": week.person,
        "href": f"{reverse('week-of', args=[week.week])}?person={week.person_id}",
        "week": week.week,
        "worked": sum(line.worked_seconds for line in lines),
        "lines": [_Row.of(line) for line in lines],
    }


@dataclass(frozen=True, slots=True)
class _Row:
    """A line as its row shows it. Hundreds stand on the page: written here, they take half the time of the template."""

    id: str
    line: LineToDecide
    href: str
    notes: str
    billable: str
    worked: str

    @classmethod
    def of(cls, line: LineToDecide) -> Self:
        return cls(
            id=str(line.line_id),
            line=line,
            href=reverse("approval-line", args=[line.line_id]),
            notes="; ".join(
                note if len(note) <= _NOTE else f"{note[: _NOTE - 1]}…" for _, note in line.notes[:_NOTES]
            ),
            billable=formats.hours(line.billable_seconds),
            worked=formats.hours(line.worked_seconds),
        )


@page(Permission.APPROVE_TIME, Permission.APPROVE_ALL_TIME)
@require_POST
def decide(request: ActingRequest) -> HttpResponse:
    """Approve or send back the lines that were chosen."""
    line_ids = [int(pk) for pk in request.POST.getlist("ids") if pk.isascii() and pk.isdigit()]
    options = act_options(request)
    try:
        if not line_ids:
            raise Refused.because("nothing_chosen", "Choose at least one line.")
        if request.POST.get("act") == "reject":
            reason = request.POST.get("reason", "")
            count = actions.reject_lines.using(options)(actor=request.actor, line_ids=line_ids, reason=reason)
            said = f"Sent back {_lines(count)}: {reason.strip()}"
        else:
            done = approval.approve_lines.using(options)(actor=request.actor, line_ids=line_ids)
            said = f"Approved {_lines(done.lines)}, {formats.hours(done.worked_seconds)} h."
            if done.without_cost_rate:
                said += (
                    f" {done.without_cost_rate} entries have no cost rate yet and cost nothing until they do."
                )
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        return _page(request, refused.problems)
    messages.success(request, said)
    return redirect("approvals")


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


_TOTALS = {
    "waiting": ("Waiting for a decision", "The worked hours of all submitted lines that you may decide on."),
    "billable": (
        "Billable, waiting",
        "Of the hours that wait, those that bill: as said on the entry, else as worked where the contract line bills.",
    ),
    "clean": ("Clean", "The worked hours of the lines without a flag."),
    "missing": (
        "Missing in four weeks",
        "Expected hours (contracted, less public holidays and time off) less the hours booked, in each of the last four"
        " full weeks; more than expected counts as none missing.",
    ),
}


@page(Permission.APPROVE_TIME, Permission.APPROVE_ALL_TIME)
@require_GET
def total(request: ActingRequest, what: str) -> HttpResponse:
    """What a figure above the lines is made of, by person."""
    if what not in _TOTALS:
        raise NotFound.because("not_found", "There is no such figure.")
    title, sentence = _TOTALS[what]
    by_person: dict[str, int] = defaultdict(int)
    if what == "missing":
        for row in queries.missing_time(request.actor, today() - timedelta(days=1)):
            by_person[row.person] += row.missing_seconds
    else:
        for week in queries.to_approve(request.actor).weeks:
            lines = week.clean if what == "clean" else week.lines
            by_person[week.person] += sum(
                each.billable_seconds if what == "billable" else each.worked_seconds for each in lines
            )
    rows = sorted(by_person.items(), key=lambda pair: (-pair[1], pair[0]))
    trail = {
        "title": title,
        "value": f"{formats.hours(sum(by_person.values()))} h",
        "sentence": sentence,
        "rows_label": "By person",
        "rows": [{"name": name, "value": formats.hours(seconds)} for name, seconds in rows if seconds],
        "more_url": reverse("approvals"),
        "more_label": "All lines",
    }
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


@page(Permission.APPROVE_TIME, Permission.APPROVE_ALL_TIME)
@require_GET
def line(request: ActingRequest, line_id: int) -> HttpResponse:
    """What a line is made of, with its flags."""
    found = locks.one(queries.lines_to_decide(request.actor), line_id)
    trail = _trail(request, found)
    template = "web/partials/trail.html" if request.headers.get("HX-Request") else "web/trail.html"
    return render(request, template, {"trail": trail})


def _trail(request: ActingRequest, found: TimesheetLine) -> dict[str, Any]:
    entries = queries.cell_entries(
        request.actor, found.person_id, found.task_id, found.week, found.week + timedelta(days=7)
    )
    flags = queries.flags_of([found.pk]).get(found.pk, ())
    worked = sum(entry.row.worked_seconds for entry in entries)
    billable = sum(entry.row.billable_seconds for entry in entries)
    first = entries[0].row if entries else None
    reasons = " ".join(flag.sentence for flag in flags)
    return {
        "title": f"{first.person}: {first.task}" if first else "Nothing booked",
        "value": f"{formats.hours(worked)} h",
        "sentence": f"Worked in the week of {formats.day(found.week)}. {reasons or 'Nothing to look at: the line is clean.'}",
        "formula": [
            {"sign": "", "label": "Billable", "value": formats.hours(billable)},
            {"sign": "+", "label": "Not billable", "value": formats.hours(worked - billable)},
            {"sign": "=", "label": "Worked", "value": formats.hours(worked)},
        ],
        "rows_label": "Entries",
        "rows": [
            {
                "name": formats.day_short(entry.row.work_date),
                "note": entry.row.note or "No note",
                "value": formats.hours(entry.row.worked_seconds),
                "href": reverse("time_entry", args=[entry.row.entry_id]),
            }
            for entry in entries
        ],
        "more_url": f"{reverse('week-of', args=[found.week])}?person={found.person_id}",
        "more_label": "The whole week",
    }
