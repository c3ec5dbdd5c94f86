"""Imports of time: upload and stage a file, look at it, commit it, discard it, undo it."""

from decimal import Decimal
from typing import BinaryIO, cast

from django.http import HttpRequest
from ninja import Status, UploadedFile
from ninja.params.functions import File, Form
from pydantic import BaseModel

from workledger.api import wire
from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut, cut
from workledger.api.routes import LIMIT, ROUTED, ROUTER, Cursor, Limit, act, read
from workledger.api.wire import Id, page_of, shown
from workledger.connect import actions, files, inputs, queries
from workledger.connect.calc.formats import FormatName
from workledger.connect.calc.values import DateOrder, DecimalMark
from workledger.core.access import Permission

_TAG = "Imports"
_ROW = shown(queries.ImportRow, "Import")
shown(queries.Sum, "ImportSum")
shown(queries.Naming, "ImportNaming")
_PAGE = shown(
    queries.ImportPage, "ImportWithPreview",
    also=("bookable",), named={"values": ("currency", "amount"), "refused": ("line", "reason")},
)  # fmt: skip
_ID = wire.strict_model("StagedImport", {"id": (int, ...)})


@read(
    "/imports", page_of(_ROW), Permission.IMPORT_DATA, tag=_TAG, name="list_imports", summary="List imports"
)
def list_imports(request: HttpRequest, cursor: Cursor = "", limit: Limit = LIMIT) -> Cut[queries.ImportRow]:
    """Imports, latest first."""
    return cut(queries.imports(actor_of(request)), lambda row: (row.id,), cursor, limit, descends=True)


@read(
    "/imports/{batch_id}", _PAGE, Permission.IMPORT_DATA, tag=_TAG, name="get_import", summary="Get an import"
)
def get_import(request: HttpRequest, batch_id: Id) -> queries.ImportPage:
    """An import with its control totals, how its names were matched, and each refused line with the reason."""
    return queries.import_page(actor_of(request), batch_id)


class HowToRead(BaseModel):
    """What the file is and how to read what it leaves open (docs/importing.md)."""

    source: FormatName
    entity_id: Id | None = None
    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    person: wire.Words = ""
    project: wire.Words = ""
    currency: wire.Words = ""
    bills_invoiced: bool = False
    default_rate: wire.AmountIn | None = None


_FILE, _HOW = File(...), Form(...)


@ROUTER.post(
    "/imports",
    response={201: _ID},
    tags=[_TAG],
    operation_id="connect_stage_import",
    summary="Stage import",
    openapi_extra={"x-action": "connect.stage_import", "x-permissions": [str(Permission.IMPORT_DATA)]},
)
def stage_import(
    request: HttpRequest,
    file: UploadedFile = _FILE,
    how: HowToRead = _HOW,
) -> Status[dict[str, int]]:
    """Upload a time export and read it, without booking anything: preview it, then commit it."""
    with files.kept(cast("BinaryIO", file.file)) as kept:
        described = inputs.TimeFile(
            kept,
            (file.name or "file")[:200],
            how.source,
            how.entity_id,
            how.date_order,
            how.decimal_mark,
            how.person,
            how.project,
            how.currency,
            how.bills_invoiced,
        )
        rate = None if how.default_rate is None else Decimal(how.default_rate)
        batch = actions.stage_import(actor=actor_of(request), file=described, default_rate=rate)
    return Status(201, {"id": batch})


ROUTED["connect.stage_import"] = ["POST /imports"]
act("POST", "/imports/{batch_id}/commit", actions.commit_import, tag=_TAG, own={"on": today})
act("POST", "/imports/{batch_id}/discard", actions.discard_import, tag=_TAG)
act("POST", "/imports/{batch_id}/undo", actions.undo_import, tag=_TAG, own={"on": today})
