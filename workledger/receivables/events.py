"""What receivables tell the floors above."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.core.access import Actor
from workledger.core.events import Event


@dataclass(frozen=True, slots=True)
class PaymentRecorded(Event):
    """Money of a client was received; what of it was set against invoices is in its allocations."""

    actor: Actor
    payment_id: int


@dataclass(frozen=True, slots=True)
class PaymentVoided(Event):
    """A payment turned out not to be one (a bounced cheque, a returned debit): all of it was undone on a day."""

    actor: Actor
    payment_id: int
    on: date


@dataclass(frozen=True, slots=True)
class DebtWrittenOff(Event):
    """What a client owed on an invoice, in its currency and with tax, was given up as a bad debt."""

    actor: Actor
    invoice_id: int
    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class WriteOffReversed(Event):
    """What was given up of an invoice as a bad debt, in its currency and with tax, is owed again."""

    actor: Actor
    invoice_id: int
    on: date
    amount: Decimal
