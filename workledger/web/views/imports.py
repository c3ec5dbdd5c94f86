"""Imports: the list, a new file, its preview with control totals, and the acts that commit, discard and undo it."""

from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from workledger.connect import actions, files, queries
from workledger.connect.calc.formats import BY_NAME, FormatName
from workledger.connect.calc.opening import UnreadableFile, recognized
from workledger.connect.inputs import TimeFile
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory import queries as directory
from workledger.web import formats
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, FormPage, UploadForm, form_page
from workledger.web.inputs import NotUnderstood, parse_money
from workledger.web.paging import cut
from workledger.web.sheets import csv_answer

TONES = {"staged": "info", "committed": "good", "undone": ""}
_SOURCES = tuple((name, each.label if name != "csv" else "Plain CSV") for name, each in BY_NAME.items())
_ORDERS = (("day_first", "Day first (31/03/2024)"), ("month_first", "Month first (03/31/2024)"))
_MARKS = ((".", "Dot (1.5)"), (",", "Comma (1,5)"))
_SHOWN = 50


@page(Permission.IMPORT_DATA)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What was imported, latest first."""
    rows = cut(queries.imports(request.actor), request.GET.get("cursor", ""))
    return render(
        request, "web/imports/index.html", {"rows": [(row, TONES[row.state]) for row in rows], "cut": rows}
    )


@page(Permission.IMPORT_DATA)
def new(request: ActingRequest) -> HttpResponse:
    """Upload a file to be staged."""
    entities = directory.choices(request.actor).entities
    form = UploadForm(
        _upload_fields(entities), {"source": "", "entity_id": entities[0][0] if entities else None}
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        upload = request.FILES.get("file")
        if upload is None or upload.file is None:
            raise Refused.because("file_missing", "Choose the file that the tool exported.", "file")
        with files.kept(cast(BinaryIO, upload.file)) as kept:
            file = TimeFile(
                kept=kept,
                name=upload.name or "hours.csv",
                source=values["source"] or _recognized(kept),
                entity_id=values.get("entity_id"),
                date_order=values["date_order"] or None,
                decimal_mark=values["decimal_mark"] or None,
                person=values["person"],
                project=values["project"],
                currency=values["currency"],
                bills_invoiced=values["bills_invoiced"],
            )
            return actions.stage_import.using(options)(
                actor=request.actor, file=file, default_rate=values["default_rate"]
            )

    around = FormPage(
        title="Import time",
        lead="Nothing is booked yet: the next page shows what the file holds and what would be created.",
        crumbs=(("Imports", reverse("imports")),),
        act="Read the file",
        done=lambda batch_id: reverse("import", args=[batch_id]),
        said="Read the file. Look at the totals, then import it.",
    )
    return form_page(request, form, run, around)


@page(Permission.IMPORT_DATA)
@require_GET
def show(request: ActingRequest, batch_id: int) -> HttpResponse:
    """One import: its preview while it is staged, what came of it afterwards."""
    return _show(request, batch_id)


@page(Permission.IMPORT_DATA)
@require_GET
def refused(request: ActingRequest, batch_id: int) -> HttpResponse:
    """The rows that were not booked, as a file."""
    found = queries.import_page(request.actor, batch_id)
    return csv_answer(f"refused-{batch_id}", ("line", "reason"), found.refused)


@require_POST
@page(Permission.IMPORT_DATA)
def commit(request: ActingRequest, batch_id: int) -> HttpResponse:
    """Book a staged file."""
    typed = request.POST.get("default_rate", "")
    try:
        rate = parse_money(typed, places=4, decimal_mark=formats.decimal_mark())
        done = actions.commit_import.using(act_options(request))(
            actor=request.actor,
            batch_id=batch_id,
            on=today(),
            approved="approved" in request.POST,
            default_rate=rate,
        )
    except NotUnderstood as error:
        return _show(request, batch_id, problem=str(error), typed=typed, status=422)
    except NotFound:
        raise
    except Refused as error:
        status = 403 if isinstance(error, Forbidden) else 422
        return _show(request, batch_id, problem=str(error), typed=typed, status=status)
    messages.success(request, f"Imported {done.created:,} entries.")
    return redirect("import", batch_id)


@require_POST
@page(Permission.IMPORT_DATA)
def discard(request: ActingRequest, batch_id: int) -> HttpResponse:
    """Drop a staged file."""
    actions.discard_import.using(act_options(request))(actor=request.actor, batch_id=batch_id)
    messages.success(request, "Discarded the file. Nothing was booked.")
    return redirect("imports")


@require_POST
@page(Permission.IMPORT_DATA)
def undo(request: ActingRequest, batch_id: int) -> HttpResponse:
    """Take an import back."""
    try:
        done = actions.undo_import.using(act_options(request))(
            actor=request.actor, batch_id=batch_id, on=today()
        )
    except NotFound:
        raise
    except Refused as error:
        status = 403 if isinstance(error, Forbidden) else 422
        return _show(request, batch_id, problem=str(error), status=status)
    messages.success(request, f"Took back {done.entries:,} entries.")
    return redirect("import", batch_id)


def _show(
    request: ActingRequest, batch_id: int, *, problem: str = "", typed: str = "", status: int = 200
) -> HttpResponse:
    found = queries.import_page(request.actor, batch_id)
    may = request.actor.can
    rate = found.default_rate
    context = {
        "found": found,
        "tone": TONES[found.row.state],
        "problem": problem,
        "default_rate": typed
        or (f"{rate.normalize():f}".replace(".", formats.decimal_mark()) if rate is not None else ""),
        "may_approve": may(Permission.APPROVE_TIME) or may(Permission.APPROVE_ALL_TIME),
        "refused": found.refused[:_SHOWN],
        "refused_more": max(found.row.refused - _SHOWN, 0),
        "people": found.by_person[:_SHOWN],
        "projects": found.by_project[:_SHOWN],
        "people_more": max(len(found.by_person) - _SHOWN, 0),
        "projects_more": max(len(found.by_project) - _SHOWN, 0),
    }
    return render(request, "web/imports/show.html", context, status=status)


def _recognized(kept: str) -> FormatName:
    """Return whose export a kept file is; one that cannot be read is refused by the act, with its reason."""
    with files.opened(kept) as file:
        try:
            return recognized(file)
        except UnreadableFile:
            return "csv"


def _upload_fields(entities: tuple[tuple[Any, ...], ...]) -> tuple[Field, ...]:
    several = (
        (
            Field(
                "entity_id", "Legal entity", "id", required=True, options=entities, help="Whose work this is."
            ),
        )
        if len(entities) > 1
        else ()
    )
    return (
        Field("source", "From", "choice", options=_SOURCES, empty="Recognize it from the file", help="The tool that exported it."),
        Field(
            "file", "File", "file", required=True, accept=".csv,text/csv",
            help="The detailed time export, as CSV. A summary is not enough: it has no days.",
        ),
        *several,
        Field(
            "default_rate", "Default rate", "number", places=4, unit="per h",
            help="For work for which the file states no rate. Empty: such work waits for a rate before it can be billed.",
        ),
        Field(
            "date_order", "Dates such as 03/04/2024", "choice", options=_ORDERS, empty="As the file shows",
            section="How to read it", row="form",
        ),
        Field("decimal_mark", "Decimal mark", "choice", options=_MARKS, empty="As the file shows", row="form"),
        Field("person", "Time without a person is of", help="For exports of one's own time.", row="lacking"),
        Field("project", "Time without a project goes to", help="Otherwise such rows are refused.", row="lacking"),
        Field("currency", "Currency", help="Of amounts for which the file names none, such as EUR."),
        Field(
            "bills_invoiced", "Bill again what the other tool has billed", "check",
            help="Otherwise such entries are kept as worked and not billed here.",
        ),
    )  # fmt: skip
