"""Expense reports: put together, submitted, decided by exception, paid out."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Problem, Refused
from workledger.expenses import actions, queries
from workledger.expenses.models import ExpenseState
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.views.expense_parts import TONES, approval_tabs, by_currency, parts, summed, trail_answer

_P = Permission


def _ids(request: ActingRequest) -> list[int]:
    return [int(pk) for pk in request.POST.getlist("ids") if pk.isascii() and pk.isdigit() and len(pk) < 18]


# --- list and putting together ---------------------------------------------------------------------------


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_GET
def listing(request: ActingRequest) -> HttpResponse:
    """Reports, newest first: one's own, or everybody's for who sees all."""
    actor, asked = request.actor, request.GET
    own = actor.person_id is not None and actor.can(_P.TRACK_EXPENSES)
    mine = (own and asked.get("whose") != "all") or not actor.can(_P.VIEW_ALL_EXPENSES)
    rows = queries.reports(
        actor, person_id=(actor.person_id or 0) if mine else None, state=asked.get("state", "")
    )
    context = {
        "parts": parts(request),
        "rows": [(row, TONES[row.state]) for row in rows],
        "whose": "mine" if mine else "all",
        "sees_all": actor.can(_P.VIEW_ALL_EXPENSES),
        "states": ExpenseState.choices,
        "asked": asked,
        "is_filtered": bool(asked.get("state")),
    }
    return render(request, "web/expenses/reports.html", context)


@page(_P.TRACK_EXPENSES)
@require_POST
def new(request: ActingRequest) -> HttpResponse:
    """Put the chosen expenses on a new report, and go there to submit it."""
    report_id = actions.create_report.using(act_options(request))(
        actor=request.actor,
        person_id=request.actor.person_id or 0,
        name=request.POST.get("name", "") or f"{today():%B %Y}",
        expense_ids=_ids(request),
    )
    if request.POST.get("act") == "submit":
        return _done(request, report_id, "submit")
    messages.success(request, "Put them on a report. Submit it once it is complete.")
    return redirect("expense-report", report_id)


@page(_P.TRACK_EXPENSES)
@require_POST
def change(request: ActingRequest, report_id: int) -> HttpResponse:
    """Rename a report, add expenses to it, or take some off."""
    found = queries.report(request.actor, report_id, looked_at=today())
    on_it = [row.expense_id for row in found.expenses]
    chosen, act_name = _ids(request), request.POST.get("act", "")
    wanted = {
        "add": [*on_it, *(pk for pk in chosen if pk not in on_it)],
        "drop": [pk for pk in on_it if pk not in chosen],
    }.get(act_name, on_it)
    name = request.POST.get("name", found.name) if act_name == "rename" else found.name
    try:
        actions.save_report.using(act_options(request))(
            actor=request.actor, report_id=report_id, name=name, expense_ids=wanted
        )
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        return _page(request, report_id, problems=refused.problems)
    said = {"add": "Added to the report.", "drop": "Taken off the report."}.get(
        act_name, "Renamed the report."
    )
    messages.success(request, said)
    return redirect("expense-report", report_id)


# --- one -------------------------------------------------------------------------------------------------


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_GET
def show(request: ActingRequest, report_id: int) -> HttpResponse:
    """One report: its expenses, what to look at, its story; in the panel, what it comes to."""
    if request.headers.get("HX-Request"):
        return trail_answer(request, _trail(queries.report(request.actor, report_id, looked_at=today())))
    return _page(request, report_id)


def _trail(found: queries.ReportPage) -> dict[str, Any]:
    """What a report comes to: gross, input tax, cost, and the expenses it is made of."""
    currency = found.currency
    formula = [
        {"sign": "", "label": "Gross, owed to the person", "value": formats.money(found.owed, currency)}
    ]
    if found.input_tax:
        formula.append({"sign": "−", "label": "Input tax", "value": formats.money(found.input_tax, currency)})
    formula.append(
        {"sign": "=", "label": "Cost of the projects", "value": formats.money(found.cost, currency)}
    )
    return {
        "title": found.name,
        "value": formats.money(found.owed, currency),
        "sentence": f"What {found.person} spent for {found.entity}, tax included. {formats.money(found.billable, currency)}"
        " of it is billable.",
        "formula": formula,
        "rows_label": "Expenses",
        "rows": [
            {
                "name": f"{formats.day_short(row.work_date)}, {row.what}",
                "note": row.project,
                "value": formats.money(row.home_amount, row.home_currency),
                "href": reverse("expense", args=[row.expense_id]),
            }
            for row in found.expenses
        ],
        "more_url": reverse("expense-report", args=[found.report_id]),
        "more_label": "Open the report",
        "basis": str(found.state.label),
    }


def _page(
    request: ActingRequest,
    report_id: int,
    *,
    problems: tuple[Problem, ...] = (),
    warnings: tuple[Problem, ...] = (),
    pending: str = "",
) -> HttpResponse:
    found = queries.report(request.actor, report_id, looked_at=today())
    context = {
        "report": found,
        "tone": TONES[found.state],
        "problems": problems,
        "warnings": warnings,
        "pending": pending,
        "dialog": pending if problems else "",
        "reason": request.POST.get("reason", ""),
        "may_pay": request.actor.can(_P.MANAGE_EXPENSES),
        "today": formats.day(today()),
        "decisions": [(each, _MARKS[each.decision]) for each in found.decisions],
    }
    status = 409 if warnings else 422 if problems else 200
    return render(request, "web/expenses/report.html", context, status=status)


_MARKS = {
    "submitted": ("send", ""),
    "recalled": ("undo-2", ""),
    "approved": ("circle-check", "good"),
    "rejected": ("corner-up-left", "warn"),
    "withdrawn": ("undo-2", "warn"),
    "reimbursed": ("banknote", "good"),
    "undone": ("undo-2", "warn"),
}
_SAID = {
    "submit": "Submitted the report for approval.",
    "recall": "Recalled the report. It can be changed again.",
    "approve": "Approved the report. It is in the books.",
    "reject": "Sent the report back.",
    "withdraw": "Took the approval back. The report is a draft again.",
    "pay": "Marked the report as reimbursed.",
    "unpay": "Took the reimbursement back.",
    "delete": "Took the report apart. Its expenses are still there.",
}


@page(_P.TRACK_EXPENSES, _P.APPROVE_EXPENSES, _P.MANAGE_EXPENSES)
@require_POST
def act(request: ActingRequest, report_id: int) -> HttpResponse:
    """Submit, recall, approve, send back, withdraw, pay out or take apart a report."""
    return _done(request, report_id, request.POST.get("act", ""))


def _done(request: ActingRequest, report_id: int, name: str) -> HttpResponse:
    if name not in _SAID:
        raise NotFound.because("not_found", "There is no such act.")
    try:
        _ACTS[name](request, report_id, act_options(request))
    except NeedsConfirmation as asked:
        return _page(request, report_id, warnings=asked.problems, pending=name)
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        return _page(request, report_id, problems=refused.problems, pending=name)
    messages.success(request, _SAID[name])
    return redirect("expenses-reports") if name == "delete" else redirect("expense-report", report_id)


def _reason(request: ActingRequest) -> str:
    return request.POST.get("reason", "")


def _pay_one(request: ActingRequest, report_id: int, options: Options) -> None:
    actions.mark_reimbursed.using(options)(
        actor=request.actor,
        report_ids=[report_id],
        paid_on=_paid_on(request),
        reference=request.POST.get("reference", ""),
    )


def _unpay(request: ActingRequest, report_id: int, options: Options) -> None:
    found = queries.report(request.actor, report_id, looked_at=today())
    if found.reimbursement_id is None:
        raise Refused.because("not_reimbursed", "This report is not paid out.")
    actions.undo_reimbursement.using(options)(
        actor=request.actor, reimbursement_id=found.reimbursement_id, reason=_reason(request), on=today()
    )


def _paid_on(request: ActingRequest) -> Any:
    try:
        day = parse_date(request.POST.get("paid_on", ""), today=today())
    except NotUnderstood as error:
        raise Refused.because("bad_day", str(error), "paid_on") from None
    return day or today()


_ACTS: Mapping[str, Any] = {
    "submit": lambda request, pk, options: actions.submit_report.using(options)(
        actor=request.actor, report_id=pk
    ),
    "recall": lambda request, pk, options: actions.recall_report.using(options)(
        actor=request.actor, report_id=pk
    ),
    "approve": lambda request, pk, options: actions.approve_reports.using(options)(
        actor=request.actor, report_ids=[pk]
    ),
    "reject": lambda request, pk, options: actions.reject_reports.using(options)(
        actor=request.actor, report_ids=[pk], reason=_reason(request)
    ),
    "withdraw": lambda request, pk, options: actions.withdraw_approval.using(options)(
        actor=request.actor, report_id=pk, reason=_reason(request), on=today()
    ),
    "delete": lambda request, pk, options: actions.delete_report.using(options)(
        actor=request.actor, report_id=pk
    ),
    "pay": _pay_one,
    "unpay": _unpay,
}


# --- approval by exception -------------------------------------------------------------------------------


@page(_P.APPROVE_EXPENSES)
@require_GET
def board(request: ActingRequest) -> HttpResponse:
    """All reports that wait for a decision: those to look at with the reason, the clean ones in one gesture."""
    return _board(request)


def _board(request: ActingRequest, problems: tuple[Problem, ...] = ()) -> HttpResponse:
    found = queries.to_approve(request.actor, looked_at=today())
    context = {
        "tabs": approval_tabs(request),
        "board": found,
        "waiting": summed(by_currency((row.currency, row.amount) for row in found.reports)),
        "clean_sum": summed(by_currency((row.currency, row.amount) for row in found.clean)),
        "billable": summed(by_currency((row.currency, row.billable) for row in found.reports)),
        "problems": problems,
        "chosen": frozenset(request.POST.getlist("ids")),
        "reason": _reason(request),
    }
    return render(request, "web/expenses/board.html", context, status=422 if problems else 200)


_TOTALS = {
    "waiting": ("Waiting for a decision", "The gross of all submitted reports that you may decide on."),
    "billable": (
        "Billable, waiting",
        "Of the reports that wait, the gross of the expenses that are billed to clients.",
    ),
    "clean": ("Clean", "The gross of the reports without a flag."),
}


@page(_P.APPROVE_EXPENSES)
@require_GET
def total(request: ActingRequest, what: str) -> HttpResponse:
    """What a figure above the reports is made of."""
    if what not in _TOTALS:
        raise NotFound.because("not_found", "There is no such figure.")
    title, sentence = _TOTALS[what]
    found = queries.to_approve(request.actor, looked_at=today())
    rows = [
        (report, report.billable if what == "billable" else report.amount)
        for report in (found.clean if what == "clean" else found.reports)
    ]
    return trail_answer(
        request,
        {
            "title": title,
            "value": summed(by_currency((report.currency, amount) for report, amount in rows)),
            "sentence": sentence,
            "rows_label": "Reports",
            "rows": [
                {
                    "name": report.person,
                    "note": report.name,
                    "value": formats.money(amount, report.currency),
                    "href": reverse("expense-report", args=[report.report_id]),
                }
                for report, amount in rows
            ],
            "more_url": reverse("approvals-expenses"),
            "more_label": "All reports",
        },
    )


@page(_P.APPROVE_EXPENSES)
@require_POST
def decide(request: ActingRequest) -> HttpResponse:
    """Approve or send back the reports that were chosen."""
    ids, options = _ids(request), act_options(request)
    try:
        if request.POST.get("act") == "reject":
            count = actions.reject_reports.using(options)(
                actor=request.actor, report_ids=ids, reason=_reason(request)
            )
            said = f"Sent back {_reports(count)}: {_reason(request).strip()}"
        else:
            done = actions.approve_reports.using(options)(actor=request.actor, report_ids=ids)
            said = f"Approved {_reports(done.reports)}, {summed(sorted(done.owed.items()))}."
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        return _board(request, refused.problems)
    messages.success(request, said)
    return redirect("approvals-expenses")


def _reports(count: int) -> str:
    return "1 report" if count == 1 else f"{count} reports"


# --- paying out ------------------------------------------------------------------------------------------


@page(_P.MANAGE_EXPENSES)
@require_GET
def owed(request: ActingRequest) -> HttpResponse:
    """What is owed to people, by person."""
    if request.headers.get("HX-Request"):
        return _owed_trail(request)
    return _owed(request)


def _owed_trail(request: ActingRequest) -> HttpResponse:
    rows = queries.owed(request.actor)
    trail = {
        "title": "Owed to people",
        "value": summed(by_currency((row.currency, row.amount) for row in rows)),
        "sentence": "The gross of approved expense reports that are not paid out. It equals what the payable account holds"
        " for people.",
        "rows_label": "By person",
        "rows": [
            {"name": row.person, "note": row.entity, "value": formats.money(row.amount, row.currency)}
            for row in rows
        ],
        "more_url": reverse("expenses-owed"),
        "more_label": "All reports to pay",
    }
    return trail_answer(request, trail)


def _owed(request: ActingRequest, problems: tuple[Problem, ...] = ()) -> HttpResponse:
    rows = queries.owed(request.actor)
    context = {
        "parts": parts(request),
        "rows": rows,
        "total": summed(by_currency((row.currency, row.amount) for row in rows)),
        "people": len({row.person_id for row in rows}),
        "reports": sum(len(row.reports) for row in rows),
        "problems": problems,
        "paid_on": request.POST.get("paid_on", "") or formats.day(today()),
        "reference": request.POST.get("reference", ""),
        "chosen": frozenset(request.POST.getlist("ids")),
    }
    return render(request, "web/expenses/owed.html", context, status=422 if problems else 200)


@page(_P.MANAGE_EXPENSES)
@require_POST
def pay(request: ActingRequest) -> HttpResponse:
    """Mark the chosen reports as reimbursed."""
    ids = _ids(request)
    try:
        made = actions.mark_reimbursed.using(act_options(request))(
            actor=request.actor,
            report_ids=ids,
            paid_on=_paid_on(request),
            reference=request.POST.get("reference", ""),
        )
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        return _owed(request, refused.problems)
    people = "1 person" if len(made) == 1 else f"{len(made)} people"
    messages.success(request, f"Reimbursed {_reports(len(ids))} of {people}.")
    return redirect("expenses-owed")


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_GET
def reimbursement(request: ActingRequest, reimbursement_id: int) -> HttpResponse:
    """Go from a posting of a reimbursement to the report it paid."""
    report_id = queries.reimbursement(request.actor, reimbursement_id)
    return redirect("expense-report", report_id) if report_id else redirect("expenses-reports")
