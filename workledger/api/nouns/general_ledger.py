"""The way to another general ledger: what things are called there, what would leave, and the files."""

from django.http import FileResponse, HttpRequest

from workledger.api.edge import actor_of, require
from workledger.api.routes import LIMIT, ROUTER, Limit, act, read
from workledger.api.wire import Day, Id, Words, shown
from workledger.core.access import Permission
from workledger.gl import actions, exporting, queries
from workledger.gl.exporters import Order
from workledger.ledger.export import JournalGrain

_TAG = "General ledger"
_VIEW = Permission.VIEW_LEDGER

shown(queries.AccountRow, "MappedAccount")
shown(queries.TaxRow, "MappedTax")
shown(queries.AxisRow, "MappedDimension")
_MAPPING = shown(queries.MappingPage, "LedgerMapping", also=("unmapped",), named={"chart": ("code", "name")})
_AXIS = shown(queries.AxisPage, "DimensionNames", named={"chosen": ("id", "code"), "choices": ("id", "name")})
shown(queries.LeavingLine, "JournalLinePreview")
shown(queries.LeavingJournal, "JournalPreview")
shown(queries.Source, "AccountBehind")
shown(queries.LeavingAccount, "AccountPreview", also=("balance",))
_PREVIEW = shown(queries.Preview, "PostingPreview", also=("debit", "more"))


@read(
    "/books/{book_id}/mapping",
    _MAPPING,
    _VIEW,
    tag=_TAG,
    name="get_ledger_mapping",
    summary="Get the mapping",
)
def get_mapping(request: HttpRequest, book_id: Id) -> queries.MappingPage:
    """What accounts, tax codes and dimensions of a book are called in the other general ledger."""
    return queries.mapping_page(actor_of(request), book_id)


@read("/mapped-dimensions/{mapping_id}", _AXIS, _VIEW, tag=_TAG, name="get_dimension_names",
      summary="Get the names on an axis")  # fmt: skip
def get_axis(request: HttpRequest, mapping_id: Id) -> queries.AxisPage:
    """The names that single clients, projects … have on an axis of the other side, and everything that may have one."""
    return queries.axis_page(actor_of(request), mapping_id)


@read("/books/{book_id}/posting-preview", _PREVIEW, _VIEW, tag=_TAG, name="preview_postings",
      summary="Preview what would leave")  # fmt: skip
def preview_postings(
    request: HttpRequest,
    book_id: Id,
    start: Day,
    end: Day,
    form: Words = "",
    grain: JournalGrain | None = None,
    limit: Limit = LIMIT,
) -> queries.Preview:
    """What would leave in the half-open [start, end): totals by account there, the first journals, what nobody mapped.

    `form` shows it as that file format carries it: iif or xero.
    """
    chosen = exporting.form_of(form) if form else None
    return queries.preview(actor_of(request), book_id, start, end, form=chosen, grain=grain, limit=limit)


@ROUTER.get(
    "/books/{book_id}/journal-file",
    tags=[_TAG],
    operation_id="get_journal_file",
    summary="Get the journal as a file",
    openapi_extra={
        "x-permissions": [str(_VIEW)],
        "responses": {
            200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
        },
    },
)
def get_journal_file(
    request: HttpRequest,
    book_id: Id,
    form: Words,
    start: Day | None = None,
    end: Day | None = None,
    grain: JournalGrain | None = None,
) -> FileResponse:
    """The entries dated in the half-open [start, end) for another program: hledger, beancount, csv, iif or xero.

    Where one file cannot hold them, a ZIP archive of several. The grain is the book's own unless one is given.
    """
    actor = actor_of(request)
    require(actor, (_VIEW,))
    order = Order((book_id,), start, end, grain or exporting.usual_grain((book_id,)))
    file, name, kind = exporting.download(actor, exporting.form_of(form), order, "journal")
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


act("PUT", "/books/{book_id}/mapping/chart", actions.import_chart, tag=_TAG, gives="accounts")
act("PUT", "/books/{book_id}/mapping/accounts", actions.map_accounts, tag=_TAG)
act("PUT", "/books/{book_id}/mapping/taxes", actions.map_taxes, tag=_TAG)
act("PUT", "/books/{book_id}/mapping/dimensions", actions.map_dimensions, tag=_TAG)
act("PUT", "/mapped-dimensions/{mapping_id}", actions.name_values, tag=_TAG)
act("PUT", "/books/{book_id}/mapping/journals", actions.set_journals, tag=_TAG)
