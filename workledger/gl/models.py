"""Tables of the way to a general ledger."""

from workledger.gl.sync.models import (
    CarriedEntry,
    Connection,
    ExternalId,
    Incoming,
    Outgoing,
    TieOut,
    TieOutRow,
)

__all__ = ["CarriedEntry", "Connection", "ExternalId", "Incoming", "Outgoing", "TieOut", "TieOutRow"]
