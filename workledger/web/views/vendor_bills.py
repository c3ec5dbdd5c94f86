"""Vendors' bills for subcontractors' time: recorded, matched to approved time, paid."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Problem, Refused
from workledger.directory import queries as directory
from workledger.directory.queries import PeopleFilter
from workledger.expenses import actions, queries
from workledger.expenses.actions import BillInput, BillLineInput
from workledger.expenses.models import VendorBillState
from workledger.kernel.quantity import seconds_of
from workledger.timesheets import queries as timesheets
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.options import CURRENCY_OPTIONS
from workledger.web.paging import cut
from workledger.web.views.expense_parts import BILL_TONES, parts, summed, trail_answer

_P = Permission
_LINES = 4


@page(_P.VIEW_ALL_EXPENSES)
@require_GET
def listing(request: ActingRequest) -> HttpResponse:
    """Bills, newest first."""
    state = request.GET.get("state", "")
    rows = cut(queries.vendor_bills(request.actor, state=state), request.GET.get("cursor", ""))
    context = {
        "parts": parts(request),
        "cut": rows,
        "rows": [(row, BILL_TONES[row.state]) for row in rows],
        "states": VendorBillState.choices,
        "state": state,
        "may_record": request.actor.can(_P.MANAGE_EXPENSES),
    }
    return render(request, "web/expenses/bills.html", context)


def _fields(request: ActingRequest) -> tuple[Field, ...]:
    entities = directory.choices(request.actor).entities
    contractors = tuple(
        (row.id, row.name)
        for row in directory.people(request.actor, PeopleFilter(state=""), today())
        if row.is_contractor
    )
    projects = timesheets.entry_choices(request.actor).projects
    head = (
        Field("vendor", "Vendor", required=True, row="who"),
        Field("number", "Number", required=True, row="who"),
        Field("bill_date", "Date", "date", required=True, row="when"),
        Field("entity_id", "Billed to", "id", required=True, options=entities, row="when"),
        Field("amount", "Amount", "number", required=True, places=3, row="money", help="Tax included."),
        Field("tax_amount", "Tax in it", "number", places=3, row="money"),
        Field("currency", "Currency", "choice", required=True, options=CURRENCY_OPTIONS, row="money"),
        Field("reclaims_tax", "Its tax is reclaimed as input tax", "check"),
    )  # fmt: skip
    lines = [
        field
        for number in range(1, _LINES + 1)
        for field in (
            Field(
                f"lines.{number}.person_id", "Contractor", "find_id", options=contractors, row=f"who{number}",
                section="Whose time it charges" if number == 1 else f"Contractor {number}",
                required=number == 1,
            ),
            Field(f"lines.{number}.project_id", "Only on project", "find_id", options=projects, row=f"who{number}"),
            Field(f"lines.{number}.start", "From", "date", row=f"when{number}", required=number == 1),
            Field(f"lines.{number}.last_day", "Through", "date", row=f"when{number}", required=number == 1),
            Field(f"lines.{number}.hours", "Hours", "number", row=f"money{number}", unit="h", required=number == 1),
            Field(
                f"lines.{number}.amount", "Amount without tax", "number", places=3, row=f"money{number}",
                required=number == 1,
            ),
        )
    ]  # fmt: skip
    return (*head, *lines)


@page(_P.MANAGE_EXPENSES)
def new(request: ActingRequest) -> HttpResponse:
    """Record a bill."""
    fields = _fields(request)
    entities = directory.entities(request.actor)
    initial: dict[str, Any] = {"bill_date": today(), "reclaims_tax": True}
    if entities:
        initial |= {"entity_id": entities[0].id, "currency": entities[0].currency}

    def run(values: Mapping[str, Any], options: Options) -> int:
        bill = BillInput(
            entity_id=values["entity_id"] or 0,
            vendor=values["vendor"],
            number=values["number"],
            bill_date=values["bill_date"],
            currency=values["currency"],
            amount=values["amount"] or Decimal(0),
            tax_amount=values["tax_amount"] or Decimal(0),
            reclaims_tax=values["reclaims_tax"],
            lines=_lines(values),
        )
        return actions.record_vendor_bill.using(options)(actor=request.actor, bill=bill)

    around = FormPage(
        title="New vendor's bill",
        lead="Nothing is posted yet: the next page shows it beside the approved time.",
        crumbs=(("Expenses", reverse("expenses")), ("Vendors' bills", reverse("expenses-bills"))),
        act="Record bill",
        done=lambda bill_id: reverse("vendor_bill", args=[bill_id]),
        said="Recorded the bill. Compare it with the time, then match it.",
        template="web/expenses/bill_form.html",
    )
    return form_page(request, Form(fields, initial), run, around)


def _lines(values: Mapping[str, Any]) -> list[BillLineInput]:
    """Return the lines that have anything in them; what is missing in one is said beside its field."""
    found, problems = [], []
    for number in range(1, _LINES + 1):
        line = {name: values[f"lines.{number}.{name}"] for name in _OF_LINE}
        if number > 1 and not any(line.values()):
            continue
        problems += [
            Problem("missing", f"{_OF_LINE[name]} is needed here.", f"lines.{number}.{name}")
            for name, value in line.items()
            if value in (None, "") and name != "project_id"
        ]
        if not problems:
            found.append(
                BillLineInput(
                    person_id=line["person_id"],
                    start=line["start"],
                    last_day=line["last_day"],
                    seconds=seconds_of(line["hours"]),
                    amount=line["amount"],
                    project_id=line["project_id"] or None,
                )
            )
    if problems:
        raise Refused(problems)
    return found


_OF_LINE = {
    "person_id": "Contractor", "project_id": "Project", "start": "From", "last_day": "Through", "hours": "Hours",
    "amount": "Amount",
}  # fmt: skip


@page(_P.VIEW_ALL_EXPENSES)
@require_GET
def show(request: ActingRequest, bill_id: int) -> HttpResponse:
    """A bill beside the approved time it charges; in the panel, what its difference is made of."""
    if request.headers.get("HX-Request"):
        return trail_answer(request, _trail(queries.vendor_bill(request.actor, bill_id)))
    return _page(request, bill_id)


def _trail(bill: queries.BillPage) -> dict[str, Any]:
    row, home = bill.row, bill.row.home_currency
    return {
        "title": f"{row.vendor} {row.number}",
        "value": formats.money(row.amount, row.currency),
        "sentence": f"Billed are {formats.hours(bill.billed_seconds)} h, approved {formats.hours(bill.approved_seconds)} h."
        " The labour cost is what the approved time was posted at, hours by cost rate; the difference is project expense"
        " once the bill is matched.",
        "formula": [
            {"sign": "", "label": "Billed without tax", "value": formats.money(bill.net, home)},
            {"sign": "−", "label": "Labour cost of the time", "value": formats.money(bill.labour_cost, home)},
            {"sign": "=", "label": "Difference", "value": formats.money(bill.difference.amount, home)},
        ],
        "rows_label": "Lines",
        "rows": [
            {
                "name": line.person,
                "note": f"{formats.day(line.start)} to {formats.day(line.last_day)}, {formats.hours(line.seconds)} h",
                "value": formats.money(line.home_amount, home),
            }
            for line in bill.lines
        ],
        "more_url": reverse("vendor_bill", args=[row.bill_id]),
        "more_label": "Open the bill",
        "basis": str(row.state.label),
    }


def _page(
    request: ActingRequest,
    bill_id: int,
    *,
    problems: tuple[Problem, ...] = (),
    warnings: tuple[Problem, ...] = (),
    pending: str = "",
) -> HttpResponse:
    found = queries.vendor_bill(request.actor, bill_id)
    context = {
        "bill": found,
        "row": found.row,
        "tone": BILL_TONES[found.row.state],
        "problems": problems,
        "warnings": warnings,
        "dialog": pending,
        "reason": request.POST.get("reason", ""),
        "paid_on": request.POST.get("paid_on", "") or formats.day(today()),
        "may_act": request.actor.can(_P.MANAGE_EXPENSES),
        "gross": summed([(found.row.currency, found.row.amount)]),
    }
    status = 409 if warnings else 422 if problems else 200
    return render(request, "web/expenses/bill.html", context, status=status)


_SAID = {
    "match": "Matched the bill. It is in the books.",
    "unmatch": "Took the match back.",
    "pay": "Marked the bill as paid.",
    "delete": "Deleted the bill.",
}


@page(_P.MANAGE_EXPENSES)
@require_POST
def act(request: ActingRequest, bill_id: int) -> HttpResponse:
    """Match a bill, take the match back, pay or delete it."""
    name = request.POST.get("act", "")
    if name not in _SAID:
        raise NotFound.because("not_found", "There is no such act.")
    try:
        _run(request, bill_id, name)
    except NeedsConfirmation as asked:
        return _page(request, bill_id, warnings=asked.problems, pending=name)
    except (Forbidden, NotFound):
        raise
    except Refused as refused:
        return _page(request, bill_id, problems=refused.problems, pending=name)
    messages.success(request, _SAID[name])
    return redirect("expenses-bills") if name == "delete" else redirect("vendor_bill", bill_id)


def _run(request: ActingRequest, bill_id: int, name: str) -> None:
    actor, options, reason = request.actor, act_options(request), request.POST.get("reason", "")
    match name:
        case "match":
            actions.match_vendor_bill.using(options)(actor=actor, bill_id=bill_id, reason=reason)
        case "unmatch":
            actions.unmatch_vendor_bill.using(options)(actor=actor, bill_id=bill_id, reason=reason)
        case "pay":
            try:
                day = parse_date(request.POST.get("paid_on", ""), today=today())
            except NotUnderstood as error:
                raise Refused.because("bad_day", str(error), "paid_on") from None
            actions.pay_vendor_bill.using(options)(actor=actor, bill_id=bill_id, paid_on=day or today())
        case _:
            actions.delete_vendor_bill.using(options)(actor=actor, bill_id=bill_id)
