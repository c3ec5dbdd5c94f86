"""The sync with a general ledger: connections, the outbox, the inbox, tie-outs."""

from typing import Any

from django.http import HttpRequest

from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut, keyset
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Id, Words, list_of, page_of, shown
from workledger.core.access import Permission
from workledger.gl.sync import actions, queries

_TAG = "General ledger"
_VIEW = Permission.VIEW_LEDGER

_CONNECTION = shown(queries.ConnectionRow, "LedgerConnection")
_DOCUMENT = shown(queries.DocumentRow, "OutgoingDocument")
shown(queries.Need, "DocumentNeed")
shown(queries.PayloadFact)
shown(queries.PayloadLine)
shown(queries.Happened, "DocumentEvent")
_DETAIL = shown(queries.DocumentDetail, "OutgoingDocumentDetail")
shown(queries.PossibleChoice)
_CHANGE = shown(queries.ChangeRow, "IncomingChange")
_LISTED = shown(queries.TieOutListed, "TieOut")
shown(queries.TieOutLine)
_TIE_OUT = shown(queries.TieOutDetail)


@read("/ledger-connections", list_of(_CONNECTION), _VIEW, tag=_TAG, name="list_ledger_connections",
      summary="List connections to general ledgers")  # fmt: skip
def list_connections(request: HttpRequest) -> list[queries.ConnectionRow]:
    """The general ledgers that are kept in step, with how they are."""
    return queries.connections(actor_of(request))


@read("/ledger-connections/{connection_id}/documents", page_of(_DOCUMENT), _VIEW, tag=_TAG,
      name="list_outgoing_documents", summary="List documents of the outbox")  # fmt: skip
def list_documents(
    request: HttpRequest,
    connection_id: Id,
    state: Words = "",
    kind: Words = "",
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[queries.DocumentRow]:
    """Documents for the other side, in the order in which they were queued. State `open` is all that is not there yet."""
    queries.connection(actor_of(request), connection_id)
    rows = queries.visible_documents(actor_of(request), connection_id, state=state, kind=kind)
    found = keyset(rows, ("id",), (int,), cursor, limit)
    return Cut(queries.document_rows(found.items), found.next_cursor)


@read("/outgoing-documents/{outgoing_id}", _DETAIL, _VIEW, tag=_TAG, name="get_outgoing_document",
      summary="Get a document of the outbox")  # fmt: skip
def get_document(request: HttpRequest, outgoing_id: Id) -> queries.DocumentDetail:
    """What a document says, what it depends on, as what it stands there, and what happened to it."""
    return queries.document(actor_of(request), outgoing_id)


@read("/ledger-connections/{connection_id}/changes", page_of(_CHANGE), _VIEW, tag=_TAG,
      name="list_incoming_changes", summary="List changes on the other side")  # fmt: skip
def list_changes(
    request: HttpRequest, connection_id: Id, state: Words = "", cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[queries.ChangeRow]:
    """What people did there, newest first, and what was made of it. State `conflict` is what waits for a person."""
    queries.connection(actor_of(request), connection_id)
    rows = queries.visible_changes(actor_of(request), connection_id, state)
    found: Cut[Any] = keyset(rows, ("-id",), (int,), cursor, limit)
    return Cut(queries.change_rows(found.items), found.next_cursor)


@read("/ledger-connections/{connection_id}/tie-outs", page_of(_LISTED), _VIEW, tag=_TAG, name="list_tie_outs",
      summary="List tie-outs")  # fmt: skip
def list_tie_outs(
    request: HttpRequest, connection_id: Id, cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[queries.TieOutListed]:
    """Comparisons of both sides, newest first."""
    queries.connection(actor_of(request), connection_id)
    found = keyset(
        queries.visible_tie_outs(actor_of(request), connection_id), ("-id",), (int,), cursor, limit
    )
    return Cut([queries.listed(row) for row in found.items], found.next_cursor)


@read("/tie-outs/{tie_out_id}", _TIE_OUT, _VIEW, tag=_TAG, name="get_tie_out", summary="Get a tie-out")
def get_tie_out(request: HttpRequest, tie_out_id: Id) -> queries.TieOutDetail:
    """Both sides by account and customer, differences first, with what is on its way and what was not taken over."""
    return queries.tie_out(actor_of(request), tie_out_id)


act("POST", "/entities/{book_id}/ledger-connections", actions.connect_ledger, tag=_TAG, gives="id")
act("PUT", "/ledger-connections/{connection_id}", actions.change_connection, tag=_TAG)
act("PUT", "/ledger-connections/{connection_id}/switch", actions.switch_connection, tag=_TAG)
act("POST", "/ledger-connections/{connection_id}/deliveries", actions.request_delivery, tag=_TAG)
act("POST", "/ledger-connections/{connection_id}/journals", actions.queue_journals, tag=_TAG,
    edge={"through": today}, gives="count")  # fmt: skip
act("POST", "/outgoing-documents/{outgoing_id}/retry", actions.retry_document, tag=_TAG)
act("POST", "/outgoing-documents/{outgoing_id}/hold", actions.hold_document, tag=_TAG)
act("POST", "/outgoing-documents/{outgoing_id}/omission", actions.skip_document, tag=_TAG)
act("POST", "/incoming-changes/{incoming_id}/resolution", actions.resolve_change, tag=_TAG,
    edge={"on": today}, gives="said")  # fmt: skip
act("POST", "/incoming-changes/{incoming_id}/dismissal", actions.dismiss_change, tag=_TAG)
