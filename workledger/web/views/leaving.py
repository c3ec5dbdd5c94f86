"""The books leave the house: what would leave, the files, and what things are called on the other side."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Problem, Refused
from workledger.gl import actions, exporting, queries
from workledger.gl.actions import AxisChoice, Called
from workledger.gl.exporters import FORMS, Order
from workledger.gl.models import Axis
from workledger.ledger import queries as ledger
from workledger.ledger.dimensions import Dimension
from workledger.ledger.export import JournalGrain
from workledger.ledger.queries import PeriodRow
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of
from workledger.web.views.ledger import after, book_filter, days

_P = Permission
_DAY = timedelta(days=1)
_MOST_PERIODS = 36
_GRAINS = tuple((grain.value, str(grain.label)) for grain in JournalGrain)
_DIMENSIONS = tuple((each.value, each.label) for each in Dimension)


# --- what would leave ------------------------------------------------------------------------------------


@page(_P.VIEW_LEDGER)
@require_GET
def preview(request: ActingRequest) -> HttpResponse:
    """What would leave for a period, in the other side's words, with the way back to our entries."""
    actor, asked = request.actor, request.GET
    book = ledger.default_book(actor, number_of(asked.get("book")))
    periods = ledger.periods(actor, book.id)[:_MOST_PERIODS]
    start, end = _range(request, periods)
    form = FORMS.get(asked.get("form", ""))
    grain = _grain(request)
    found = queries.preview(
        actor, book.id, start, end, form=form if form and form.one_book else None, grain=grain
    )
    about = {
        "book": book.id, "since": start.isoformat(), "through": (end - _DAY).isoformat(), "grain": found.grain.value,
    }  # fmt: skip
    context = {
        "found": found,
        "journals": [(each, _entries_url(each, book.id)) for each in found.journals],
        "books": book_filter(actor),
        "periods": [(row.id, row.name) for row in periods],
        "period": next((row.id for row in periods if row.start == start and row.end == end), ""),
        "forms": [(each.name, each.label) for each in FORMS.values() if each.one_book],
        "form": form if form and form.one_book else None,
        "grains": _GRAINS,
        "chosen_grain": grain or "",
        "files": [
            (each, f"{reverse('journal-export', args=[each.name])}?{urlencode(about)}") for each in FORMS.values()
        ],
        "since": asked.get("since") and start,
        "through": asked.get("through") and end - _DAY,
        "filtered": bool(asked.keys() - {"book"}),
        "may_map": actor.can(_P.MANAGE_SYNC),
    }  # fmt: skip
    return render(request, "web/ledger/leaving.html", context)


def _entries_url(journal: queries.LeavingJournal, book_id: int) -> str:
    if journal.entry_id is not None:
        return reverse("entry", args=[journal.entry_id])
    since, through = journal.start.isoformat(), (journal.end - _DAY).isoformat()
    return f"{reverse('journal')}?{urlencode({'book': book_id, 'since': since, 'through': through})}"


def _range(request: ActingRequest, periods: list[PeriodRow]) -> tuple[date, date]:
    """Return the days asked for: since and through, else a period, else the last one that is over, else this month."""
    since, through = days(request)
    chosen = number_of(request.GET.get("period"))
    period = next((row for row in periods if row.id == chosen), None)
    period = period or next((row for row in periods if row.end <= today()), None)
    period = period or next((row for row in reversed(periods) if row.end > today()), None)
    first = period.start if period else today().replace(day=1)
    end = period.end if period else today() + _DAY
    return since or (min(first, through) if through else first), after(through) or (
        max(end, since + _DAY) if since else end
    )


def _grain(request: ActingRequest) -> JournalGrain | None:
    asked = request.GET.get("grain", "")
    return JournalGrain(asked) if asked in set(JournalGrain) else None


@page(_P.VIEW_LEDGER)
@require_GET
def journal_export(request: ActingRequest, form: str) -> HttpResponse:
    """The journal, or a part of it, as a file for another program, by way of the disk so that memory does not grow with it."""
    since, through = days(request)
    book_id = number_of(request.GET.get("book"))
    book_ids = (book_id,) if book_id is not None else None
    order = Order(book_ids, since, after(through), _grain(request) or JournalGrain.DETAIL)
    name = f"journal-{(through or today()).isoformat()}"
    file, name, kind = exporting.download(request.actor, exporting.form_of(form), order, name)
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)  # type: ignore[return-value]


# --- what things are called there ------------------------------------------------------------------------


@page(_P.VIEW_LEDGER)
@require_GET
def mapping(request: ActingRequest) -> HttpResponse:
    """What accounts, tax codes and dimensions of a book are called in the other general ledger."""
    found = queries.mapping_page(request.actor, number_of(request.GET.get("book")))
    groups: dict[str, list[queries.AccountRow]] = {}
    for row in found.accounts:
        groups.setdefault(row.kind, []).append(row)
    context = {
        "found": found,
        "groups": groups.items(),
        "books": book_filter(request.actor),
        "may_map": request.actor.can(_P.MANAGE_SYNC),
    }
    return render(request, "web/ledger/mapping.html", context)


@page(_P.MANAGE_SYNC)
def map_accounts(request: ActingRequest, book_id: int) -> HttpResponse:
    """Say what accounts are called there."""
    found = queries.mapping_page(request.actor, book_id)
    options = tuple((code, f"{code} {name}".strip()) for code, name in found.chart)
    kinds = groupby(found.accounts, key=lambda row: row.kind)
    fields = tuple(
        Field(
            f"account.{row.id}", f"{row.code} {row.name}", "find" if options else "text",
            options=options, section=kind, row=f"{kind} {place // 2}",
        )
        for kind, rows in kinds
        for place, row in enumerate(rows)
    )  # fmt: skip
    shown = {f"account.{row.id}": row.there for row in found.accounts if row.is_mapped}

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.map_accounts.using(options)(
            actor=request.actor, book_id=book_id, accounts=_called(values, "account.")
        )

    lead = "The account's code there, or for QuickBooks its full name, such as Income:Consulting. Empty: our own code."
    return form_page(
        request,
        Form(fields, shown),
        run,
        _around(found, "Accounts there", "Save", "The accounts are mapped.", lead),
    )


@page(_P.MANAGE_SYNC)
def map_taxes(request: ActingRequest, book_id: int) -> HttpResponse:
    """Say what tax codes are called there."""
    found = queries.mapping_page(request.actor, book_id)
    fields = tuple(Field(f"tax.{row.id}", row.name) for row in found.taxes)
    shown = {f"tax.{row.id}": row.there for row in found.taxes if row.is_mapped}

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.map_taxes.using(options)(actor=request.actor, book_id=book_id, taxes=_called(values, "tax."))

    lead = "What each tax is called there. Empty: by the name it has here."
    return form_page(
        request,
        Form(fields, shown),
        run,
        _around(found, "Tax codes there", "Save", "The tax codes are mapped.", lead),
    )


def _called(values: Mapping[str, Any], before: str) -> list[Called]:
    return [Called(int(name.removeprefix(before)), code) for name, code in values.items()]


_NAME_OF = {Axis.TRACKING_1: "tracking_1_name", Axis.TRACKING_2: "tracking_2_name"}
_AXIS_FIELDS = (
    Field("customer", "Customer or job", "choice", options=_DIMENSIONS, empty="nothing", section="QuickBooks", row="quickbooks"),
    Field("class", "Class", "choice", options=_DIMENSIONS, empty="nothing", row="quickbooks"),
    Field("tracking_1", "First tracking category", "choice", options=_DIMENSIONS, empty="nothing", section="Xero", row="first"),
    Field("tracking_1_name", "Its name there", row="first"),
    Field("tracking_2", "Second tracking category", "choice", options=_DIMENSIONS, empty="nothing", row="second"),
    Field("tracking_2_name", "Its name there", row="second"),
    Field(
        "analytic", "Analytic axes", "rows", section="Systems with analytic accounts", noun="Axis",
        columns=(
            Field("name", "The axis's name there"),
            Field("dimension", "Takes", "choice", options=_DIMENSIONS, default=Dimension.PROJECT.value),
        ),
    ),
)  # fmt: skip


@page(_P.MANAGE_SYNC)
def map_dimensions(request: ActingRequest, book_id: int) -> HttpResponse:
    """Say which dimension stands on which axis."""
    found = queries.mapping_page(request.actor, book_id)
    shown: dict[str, Any] = {"analytic": []}
    for row in found.axes:
        if row.axis == Axis.ANALYTIC:
            shown["analytic"].append({"name": row.name, "dimension": row.dimension.value})
        else:
            shown |= {row.axis.value: row.dimension.value, _NAME_OF.get(row.axis, ""): row.name}

    def run(values: Mapping[str, Any], options: Options) -> None:
        axes, places = _axes_of(values)
        try:
            actions.map_dimensions.using(options)(actor=request.actor, book_id=book_id, axes=axes)
        except Refused as refused:
            raise Refused([_placed(problem, places) for problem in refused.problems]) from None

    lead = "What a line is about there. Summaries keep apart what stands on an axis and sum over the rest."
    around = _around(found, "Dimensions there", "Save", "The dimensions are mapped.", lead)
    return form_page(request, Form(_AXIS_FIELDS, shown), run, around)


def _axes_of(values: Mapping[str, Any]) -> tuple[list[AxisChoice], list[tuple[str, str]]]:
    """Return the axes chosen, and for each the fields of its dimension and name."""
    axes, places = [], []
    for axis in (Axis.CUSTOMER, Axis.CLASS, Axis.TRACKING_1, Axis.TRACKING_2):
        if chosen := values[axis.value]:
            name = _NAME_OF.get(axis, "")
            axes.append(AxisChoice(axis, Dimension(chosen), values.get(name, "")))
            places.append((axis.value, name))
    for number, row in enumerate(values["analytic"]):
        axes.append(
            AxisChoice(Axis.ANALYTIC, Dimension(row.get("dimension", "project")), row.get("name", ""))
        )
        places.append((f"analytic.{number}.name", f"analytic.{number}.name"))
    return axes, places


def _placed(problem: Problem, places: list[tuple[str, str]]) -> Problem:
    _, number, part = problem.field.split(".")
    return replace(problem, field=places[int(number)][part == "name"])


@page(_P.MANAGE_SYNC)
def name_values(request: ActingRequest, mapping_id: int) -> HttpResponse:
    """Say what single clients, projects … are called on an axis."""
    found = queries.axis_page(request.actor, mapping_id)
    noun = found.axis.dimension_label
    field = Field(
        "values", f"Other names than here, by {noun.lower()}", "rows", noun=noun,
        columns=(Field("id", noun, "find_id", options=found.choices), Field("code", "Is called there")),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        rows = [Called(row.get("id") or 0, row.get("code", "")) for row in values["values"]]
        actions.name_values.using(options)(actor=request.actor, mapping_id=mapping_id, values=rows)

    around = FormPage(
        title=f"{noun} on {found.axis.name or found.axis.axis_label}",
        crumbs=(("Mapping", _mapping_url(found.book_id)),),
        act="Save",
        done=_mapping_url(found.book_id),
        said="The names are kept.",
        lead="Who is not listed goes by the name that stands here.",
    )
    shown = {"values": [{"id": identifier, "code": code} for identifier, code in found.chosen]}
    return form_page(request, Form((field,), shown), run, around)


@page(_P.MANAGE_SYNC)
def set_journals(request: ActingRequest, book_id: int) -> HttpResponse:
    """Say how fine journals leave."""
    found = queries.mapping_page(request.actor, book_id)
    fields = (
        Field("grain", "Journals leave", "choice", required=True, options=_GRAINS, help="Each export may say otherwise."),
        Field("no_tax", "The tax rate there that charges nothing", required=True, help="Its full name in Xero, such as No VAT."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.set_journals.using(options)(
            actor=request.actor, book_id=book_id, grain=JournalGrain(values["grain"] or found.grain), no_tax=values["no_tax"]
        )  # fmt: skip

    shown = {"grain": found.grain.value, "no_tax": found.no_tax}
    return form_page(
        request, Form(fields, shown), run, _around(found, "How journals leave", "Save", "Saved.")
    )


@page(_P.MANAGE_SYNC)
def import_chart(request: ActingRequest, book_id: int) -> HttpResponse:
    """Paste the other side's chart of accounts, or choose its file."""
    found = queries.mapping_page(request.actor, book_id)
    fields = (
        Field("file", "Its file", "file", accept=".csv,.txt,.tsv", help="The chart as Xero or QuickBooks export it, as CSV."),
        Field("content", "Or its lines", "lines", help="One account a line: code, name, type."),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.import_chart.using(options)(
            actor=request.actor, book_id=book_id, content=values["file"] or values["content"]
        )

    lead = "Then accounts are chosen from it, and a code that it does not have is refused. It replaces the one before."
    around = _around(
        found, "The chart there", "Take over", lambda count: f"{count:,} accounts are known.", lead
    )
    return form_page(request, Form(fields), run, around)


def _around(found: queries.MappingPage, title: str, act: str, said: Any, lead: str = "") -> FormPage:
    return FormPage(
        title=title,
        crumbs=(("Mapping", _mapping_url(found.book.id)),),
        act=act,
        done=_mapping_url(found.book.id),
        said=said,
        lead=f"{found.book.name}. {lead}".strip(),
    )


def _mapping_url(book_id: int) -> str:
    return f"{reverse('journal-mapping')}?book={book_id}"
