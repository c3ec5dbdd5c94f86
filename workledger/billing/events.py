"""What billing tells the floors above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.core.access import Actor
from workledger.core.events import Event


class IssuedInvoice(NamedTuple):
    """An issued invoice as receivables need it; amounts in its currency."""

    invoice_id: int
    number: str
    entity_id: int
    client_id: int
    currency: str
    issued_on: date
    due_on: date
    gross: Decimal


@dataclass(frozen=True, slots=True)
class InvoicesIssued(Event):
    """Invoices were issued and posted."""

    actor: Actor
    invoices: Sequence[IssuedInvoice]


@dataclass(frozen=True, slots=True)
class InvoiceCredited(Event):
    """An invoice was credited, in full or in part: `gross` is the credit note's. What was paid beyond the rest is the
    client's again.
    """

    actor: Actor
    invoice_id: int
    credit_note_id: int
    on: date
    gross: Decimal
