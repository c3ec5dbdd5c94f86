"""Expenses: the list, the form of one, its receipts, what looks like a duplicate."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Problem, Refused
from workledger.directory.calc.countries import COUNTRIES
from workledger.expenses import actions, files, queries
from workledger.expenses.actions import ExpenseInput, ReceiptInput
from workledger.expenses.calc.amounts import CategoryKind, DistanceUnit
from workledger.expenses.models import ExpenseState
from workledger.expenses.queries import ExpenseDetail, ExpenseFilters, ExpenseRow, FormChoices
from workledger.kernel.period import month_of
from workledger.projects import queries as projects
from workledger.timesheets import queries as timesheets
from workledger.web import attachments, formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import BoundField, Field, Form
from workledger.web.options import COUNTRY_OPTIONS, CURRENCY_OPTIONS
from workledger.web.paging import number_of
from workledger.web.sheets import Cell, csv_answer
from workledger.web.views.expense_parts import TONES, by_currency, expense_trail, parts, summed, trail_answer

_P = Permission
_MONTHS_BACK = 12
_DUPLICATES_SINCE = timedelta(days=365)
_ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf"


# --- list ------------------------------------------------------------------------------------------------


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_GET
def listing(request: ActingRequest) -> HttpResponse:
    """One's own expenses, those to submit first; everybody's for who sees all."""
    actor, asked = request.actor, request.GET
    filters = _filters(request)
    loose: tuple[ExpenseRow, ...] = ()
    if filters.mine and actor.person_id is not None and not _is_narrowed(asked):
        loose = queries.loose_expenses(actor, actor.person_id, looked_at=today())
        filters = replace(filters, on_report=True)
    on = "on=reports&" if loose else ""
    found = queries.expenses(actor, filters, first_row=number_of(asked.get("cursor")) or 0, looked_at=today())
    address = _without_cursor(asked)
    context = {
        "parts": parts(request),
        "found": found,
        "loose": loose,
        "loose_sum": summed(by_currency((row.home_currency, row.home_amount) for row in loose)),
        "total": summed(found.total),
        "billable": summed(found.billable),
        "report_name": f"{today():%B %Y}",
        "choices": timesheets.entry_choices(actor),
        "categories": [(row.category_id, row.name) for row in queries.categories(actor)],
        "periods": _periods(today()),
        "states": ExpenseState.choices,
        "asked": asked,
        "whose": "mine" if filters.mine else "all",
        "sees_all": actor.can(_P.VIEW_ALL_EXPENSES),
        "may_track": actor.can(_P.TRACK_EXPENSES) and _may_have(request),
        "is_filtered": _is_narrowed(asked),
        "tones": TONES,
        "export": f"{reverse('expenses-export')}?{address}",
        "trail": f"{reverse('expenses-total')}?{on}{address}",
        "loose_trail": f"{reverse('expenses-total')}?on=none&{address}",
    }
    return render(request, "web/expenses/list.html", context)


def _may_have(request: ActingRequest) -> bool:
    """Whether there is anybody for whom this actor may enter expenses."""
    return request.actor.person_id is not None or request.actor.can(_P.MANAGE_EXPENSES)


def _is_narrowed(asked: QueryDict) -> bool:
    return any(value for name, value in asked.items() if name not in ("cursor", "whose", "on"))


def _without_cursor(asked: QueryDict) -> str:
    kept = asked.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


def _filters(request: ActingRequest) -> ExpenseFilters:
    actor, asked = request.actor, request.GET
    own = actor.person_id is not None and actor.can(_P.TRACK_EXPENSES)
    on_report = {"reports": True, "none": False}.get(asked.get("on", ""))
    first, last = _range(asked.get("period", ""), today())
    return ExpenseFilters(
        mine=(own and asked.get("whose", "mine") != "all") or not actor.can(_P.VIEW_ALL_EXPENSES),
        first=first,
        last=last,
        person_id=number_of(asked.get("person")),
        client_id=number_of(asked.get("client")),
        project_id=number_of(asked.get("project")),
        category_id=number_of(asked.get("category")),
        state=asked.get("state", "") if asked.get("state", "") in ExpenseState.values else "",
        billable={"yes": True, "no": False}.get(asked.get("billable", "")),
        on_report=on_report,
        text=asked.get("q", "")[:200],
    )


def _range(period: str, day: date) -> tuple[date | None, date | None]:
    """Return the first and last day of 'month' or '2026-03'; anything else is all time."""
    try:
        month = month_of(day if period == "month" else date.fromisoformat(f"{period}-01"))
    except ValueError:
        return None, None
    return month.start, month.end - timedelta(days=1)


def _periods(day: date) -> list[tuple[str, str]]:
    found = [("month", "This month")]
    start = day.replace(day=1)
    for _ in range(_MONTHS_BACK):
        start = (start - timedelta(days=1)).replace(day=1)
        found.append((f"{start:%Y-%m}", f"{start:%B %Y}"))
    return found


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_GET
def total(request: ActingRequest) -> HttpResponse:
    """What the sums above the list are made of."""
    found = queries.expenses(request.actor, _filters(request), looked_at=today(), limit=20)
    billable = dict(found.billable)
    rest = [(currency, amount - billable[currency]) for currency, amount in found.total]
    return trail_answer(
        request,
        {
            "title": "Expenses of this list",
            "value": summed(found.total),
            "sentence": f"The gross, in the currency of the books, of the {found.count:,} expenses that the list is narrowed"
            " to.",
            "formula": [
                {"sign": "", "label": "Billable", "value": summed(found.billable)},
                {"sign": "+", "label": "Not billable", "value": summed(rest)},
                {"sign": "=", "label": "Spent", "value": summed(found.total)},
            ],
            "rows_label": "Newest expenses",
            "rows": [
                {
                    "name": f"{formats.day_short(row.work_date)}, {row.what}",
                    "note": f"{row.person}, {row.project}",
                    "value": formats.money(row.home_amount, row.home_currency),
                    "href": reverse("expense", args=[row.expense_id]),
                }
                for row in found.rows
            ],
            "more_url": f"{reverse('expenses')}?{_without_cursor(request.GET)}",
            "more_label": "All expenses",
        },
    )


_HEAD = (
    "Date", "Person", "Client", "Project", "Task", "Category", "Vendor", "Description", "Currency", "Amount", "Tax",
    "Home currency", "Home amount", "Input tax", "Billable", "State", "Report",
)  # fmt: skip


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_GET
def export(request: ActingRequest) -> HttpResponse:
    """All that the filters ask for, as CSV."""
    rows = queries.export_expenses(request.actor, _filters(request))
    return csv_answer(f"expenses-{today().isoformat()}", _HEAD, map(_cells, rows))


def _cells(row: ExpenseRow) -> tuple[Cell, ...]:
    return (
        row.work_date, row.person, row.client, row.project, row.task, row.category, row.vendor, row.description,
        row.currency, row.amount, row.tax_amount, row.home_currency, row.home_amount, row.input_tax,
        "yes" if row.is_billable else "no", row.state_label, row.report,
    )  # fmt: skip


@page(_P.VIEW_ALL_EXPENSES)
@require_GET
def duplicates(request: ActingRequest) -> HttpResponse:
    """Expenses of the last year that look like another."""
    since = today() - _DUPLICATES_SINCE
    rows = queries.duplicates(request.actor, since=since)
    context = {"parts": parts(request), "rows": rows, "since": since}
    return render(request, "web/expenses/duplicates.html", context)


# --- one -------------------------------------------------------------------------------------------------


class _ExpenseForm(Form):
    """A form whose files are kept by the act, not read as text; its fields stand by name in the page."""

    def _file(self, each: Field, request: HttpRequest) -> str:
        sent = request.FILES.get(each.name)
        return (sent.name or "") if sent is not None else ""

    @property
    def by_name(self) -> dict[str, BoundField]:
        """The fields by name."""
        return {each.name: self._bound(each) for each in self.fields}


def _fields(choices: FormChoices, *, may_choose_person: bool) -> tuple[Field, ...]:
    fields = (
        Field("category_id", "Category", "id", required=True, options=choices.categories),
        Field("work_date", "Day", "date", required=True),
        Field("amount", "Amount", "number", places=3, required=True, help="What was paid, tax included."),
        Field("currency", "Currency", "choice", options=CURRENCY_OPTIONS),
        Field("tax_amount", "Tax in it", "number", places=3, help="As the receipt shows it."),
        Field("distance", "Distance", "number", required=True),
        Field(
            "distance_unit", "Unit", "choice", options=tuple((unit.value, f"{unit.label}s") for unit in DistanceUnit)
        ),
        Field("country", "Country", "find", required=True, options=COUNTRY_OPTIONS),
        Field("full_days", "Whole days", "whole"),
        Field("partial_days", "Parts of days", "whole", help="Days of coming and going."),
        Field("project_id", "Project", "find_id", required=True, options=choices.projects),
        Field("task_id", "Task", "id"),
        Field("vendor", "Vendor", help="Whom you paid."),
        Field("description", "What for", help="May stand on the invoice."),
        Field(
            "is_billable",
            "Billable",
            "choice",
            options=(("yes", "Billable"), ("no", "Not billable")),
            empty="As the category says",
        ),
        Field("photo", "Take a picture", "file", accept="image/*"),
        Field("receipt", "Receipt", "file", accept=_ACCEPTED, help="JPEG, PNG, WebP or PDF, at most 10 MB."),
    )  # fmt: skip
    if len(choices.people) > 1 and may_choose_person:
        return (Field("person_id", "Person", "find_id", required=True, options=choices.people), *fields)
    return fields


_OF_KIND = {
    CategoryKind.RECEIPT: ("amount", "currency", "tax_amount"),
    CategoryKind.MILEAGE: ("distance", "distance_unit", "country"),
    CategoryKind.PER_DIEM: ("country", "full_days", "partial_days"),
}
_ALL_OF_KINDS = frozenset(name for names in _OF_KIND.values() for name in names)


def _asked_of(fields: tuple[Field, ...], kind: CategoryKind, *, has_task: bool) -> tuple[Field, ...]:
    """Ask for what this kind needs; what only others need is let be. A task brings its project."""
    let_be = {each.name for each in fields if each.name in _ALL_OF_KINDS - {*_OF_KIND[kind]}}
    if has_task:
        let_be.add("project_id")
    return tuple(
        replace(each, required=False, options=() if each.kind == "find" else each.options)
        if each.name in let_be
        else each
        for each in fields
    )


@page(_P.TRACK_EXPENSES)
@require_http_methods(["GET", "POST"])
def new(request: ActingRequest) -> HttpResponse:
    """Enter an expense."""
    if not _may_have(request):
        message = (
            "You are not in the directory as a person, so there is nobody who spent it. Ask an administrator."
        )
        raise Refused.because("no_person", message)
    asked = request.GET
    choices = queries.form_choices(request.actor, request.actor.person_id or 0, today())
    first = choices.categories[0][0] if choices.categories else None
    initial: dict[str, Any] = {
        "category_id": number_of(asked.get("category")) or first,
        "work_date": _typed_day(asked.get("day")) or today(),
        "project_id": number_of(asked.get("project")),
        "task_id": number_of(asked.get("task")),
        "currency": choices.currency,
        "country": choices.country,
        "person_id": request.actor.person_id,
    }
    return _edit(request, choices, initial, None)


def _typed_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_http_methods(["GET", "POST"])
def show(request: ActingRequest, expense_id: int) -> HttpResponse:
    """One expense: its form while it may change, with its receipts and what to look at."""
    detail = queries.expense(request.actor, expense_id, looked_at=today())
    if request.method == "GET" and request.headers.get("HX-Request"):
        return trail_answer(request, expense_trail(detail))
    may_write = request.actor.can(_P.TRACK_EXPENSES) and (
        detail.is_own or request.actor.can(_P.MANAGE_EXPENSES)
    )
    if not may_write or detail.why_locked:
        if request.method == "POST":
            raise Refused.because(detail.row.state, detail.why_locked or "Only its person may change this.")
        return render(request, "web/expenses/show.html", _around(request, detail))
    choices = queries.form_choices(request.actor, detail.row.person_id, detail.row.work_date, keep=detail)
    row = detail.row
    initial: dict[str, Any] = {
        "category_id": detail.category_id,
        "work_date": row.work_date,
        "amount": row.amount,
        "currency": row.currency,
        "tax_amount": row.tax_amount or None,
        "distance": detail.distance,
        "distance_unit": detail.distance_unit,
        "country": detail.country or choices.country,
        "full_days": detail.full_days or None,
        "partial_days": detail.partial_days or None,
        "project_id": row.project_id,
        "task_id": detail.task_id,
        "vendor": row.vendor,
        "description": row.description,
        "is_billable": "yes" if row.is_billable else "no",
    }
    return _edit(request, choices, initial, detail)


def _edit(
    request: ActingRequest, choices: FormChoices, initial: Mapping[str, Any], detail: ExpenseDetail | None
) -> HttpResponse:
    kinds = {category_id: CategoryKind(kind) for category_id, _, kind in choices.categories}
    posted = request.POST if request.method == "POST" else None
    chosen = number_of(posted.get("category_id")) if posted is not None else initial["category_id"]
    kind = kinds.get(chosen or 0, CategoryKind.RECEIPT)
    has_task = posted is not None and number_of(posted.get("task_id")) is not None
    fields = _asked_of(_fields(choices, may_choose_person=detail is None), kind, has_task=has_task)
    form = _ExpenseForm(fields, initial)
    status = 200
    if posted is not None:

        def run(values: Mapping[str, Any], options: Options) -> object:
            return _save(request, values, options, kind, detail)

        is_done, result = form.submit(request, run)
        if is_done:
            return _saved(request, cast("int", result))
        status = 409 if form.warnings else 422
    bound = form.by_name
    task_id = number_of(bound["task_id"].text)
    context = {
        **_around(request, detail),
        "form": form,
        "f": bound,
        "kind": kind,
        "categories": choices.categories,
        "task_words": timesheets.task_words(request.actor, task_id) if task_id else "",
        "countries": COUNTRY_OPTIONS,
        "country_words": COUNTRIES.get(bound["country"].text, ""),
        "cancel": reverse("expenses"),
    }
    return render(request, "web/expenses/edit.html", context, status=status)


def _around(request: ActingRequest, detail: ExpenseDetail | None) -> dict[str, Any]:
    return {
        "page_title": detail.row.what if detail else "New expense",
        "detail": detail,
        "row": detail.row if detail else None,
        "tone": TONES[ExpenseState(detail.row.state)] if detail else "",
        "trail": expense_trail(detail) if detail else None,
        "sees_contracts": request.actor.can(_P.VIEW_CONTRACTS),
    }


def _save(
    request: ActingRequest,
    values: Mapping[str, Any],
    options: Options,
    kind: CategoryKind,
    detail: ExpenseDetail | None,
) -> int:
    """Keep what was uploaded, then save all of it in one act; a file that is none is told with everything else."""
    problems: list[Problem] = []
    receipts = []
    project_id = values["project_id"] or _project_of(values["task_id"])
    with ExitStack() as stack:
        for name in ("photo", "receipt"):
            upload = request.FILES.get(name)
            if upload is None or upload.file is None:
                continue
            try:
                kept = stack.enter_context(files.RECEIPTS.kept(cast("BinaryIO", upload.file)))
            except Refused as refused:
                problems += [replace(problem, field=name) for problem in refused.problems]
            else:
                receipts.append(ReceiptInput(kept, upload.name or "receipt"))
        given = _input(values, kind, project_id)
        tried = replace(options, dry_run=True) if problems else options
        try:
            if detail is None:
                expense_id = actions.add_expense.using(tried)(
                    actor=request.actor,
                    person_id=values.get("person_id") or request.actor.person_id or 0,
                    expense=given,
                    on=today(),
                    receipts=receipts,
                )
            else:
                expense_id = detail.row.expense_id
                actions.change_expense.using(tried)(
                    actor=request.actor, expense_id=expense_id, expense=given, on=today(), receipts=receipts
                )
        except Refused as refused:
            if not problems:
                raise
            raise Refused([*refused.problems, *problems]) from None
    if problems:
        raise Refused(problems)
    return expense_id


def _project_of(task_id: object) -> int:
    """Return the project of a task that was chosen without one, 0 for none."""
    facts = projects.task_facts([task_id]) if isinstance(task_id, int) else {}
    return next((fact.project_id for fact in facts.values()), 0)


def _input(values: Mapping[str, Any], kind: CategoryKind, project_id: int) -> ExpenseInput:
    return ExpenseInput(
        category_id=values["category_id"] or 0,
        project_id=project_id,
        work_date=values["work_date"],
        task_id=values["task_id"] if isinstance(values["task_id"], int) else None,
        vendor=values["vendor"],
        description=values["description"],
        amount=values["amount"],
        currency=values["currency"],
        tax_amount=values["tax_amount"] or Decimal(0),
        is_billable={"yes": True, "no": False}.get(values["is_billable"]),
        country=values["country"] if kind is not CategoryKind.RECEIPT else "",
        distance=values["distance"],
        distance_unit=DistanceUnit(values["distance_unit"] or DistanceUnit.KILOMETRE),
        full_days=values["full_days"] or 0,
        partial_days=values["partial_days"] or 0,
    )


def _saved(request: ActingRequest, expense_id: int) -> HttpResponse:
    detail = queries.expense(request.actor, expense_id, looked_at=today())
    row = detail.row
    messages.success(request, f"Saved {formats.money(row.amount, row.currency)}, {row.what}.")
    if request.POST.get("then") == "another":
        again = f"?day={row.work_date.isoformat()}&project={row.project_id}&category={detail.category_id}"
        return redirect(
            reverse("expense-new") + again + (f"&task={detail.task_id}" if detail.task_id else "")
        )
    if row.report_id is not None:
        return redirect("expense-report", row.report_id)
    return redirect("expenses")


@page(_P.TRACK_EXPENSES)
@require_POST
def delete(request: ActingRequest, expense_id: int) -> HttpResponse:
    """Delete an expense."""
    row = queries.expense(request.actor, expense_id, looked_at=today()).row
    actions.delete_expense.using(act_options(request))(actor=request.actor, expense_id=expense_id)
    messages.success(request, f"Deleted {formats.money(row.amount, row.currency)}, {row.what}.")
    return redirect("expense-report", row.report_id) if row.report_id else redirect("expenses")


# --- receipts --------------------------------------------------------------------------------------------


@page(_P.TRACK_EXPENSES, _P.VIEW_ALL_EXPENSES)
@require_GET
def receipt(request: ActingRequest, receipt_id: int) -> HttpResponse:
    """The file of a receipt, as what its content is, and unable to do anything."""
    found = queries.receipt(request.actor, receipt_id)
    return attachments.answer(files.RECEIPTS, found.file, found.file_name, found.media_type)


@page(_P.TRACK_EXPENSES)
@require_POST
def remove_receipt(request: ActingRequest, receipt_id: int) -> HttpResponse:
    """Take a receipt off its expense."""
    found = queries.receipt(request.actor, receipt_id)
    actions.remove_receipt.using(act_options(request))(actor=request.actor, receipt_id=receipt_id)
    messages.success(request, f"Removed {found.file_name}.")
    return redirect("expense", found.expense_id)
