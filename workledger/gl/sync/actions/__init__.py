"""Every write of the sync: connections, sending, what a person decides, what came back, comparing."""

from workledger.gl.sync.actions.connecting import change_connection, connect_ledger, switch_connection
from workledger.gl.sync.actions.deciding import hold_document, retry_document, skip_document
from workledger.gl.sync.actions.journals import queue_journals
from workledger.gl.sync.actions.resolving import dismiss_change, resolve_change
from workledger.gl.sync.actions.sending import note_failed, note_sent, request_delivery, start_sending
from workledger.gl.sync.actions.taking import note_asked, take_change
from workledger.gl.sync.actions.tying import note_tie_out

__all__ = [
    "change_connection",
    "connect_ledger",
    "dismiss_change",
    "hold_document",
    "note_asked",
    "note_failed",
    "note_sent",
    "note_tie_out",
    "queue_journals",
    "request_delivery",
    "resolve_change",
    "retry_document",
    "skip_document",
    "start_sending",
    "switch_connection",
    "take_change",
]
