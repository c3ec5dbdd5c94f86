"""Every write of receivables: payments and their undoing, bad debts, disputes, and what billing's documents mean."""

from workledger.receivables.actions.bad_debts import reverse_write_off, write_off_debt
from workledger.receivables.actions.disputes import open_dispute, settle_dispute
from workledger.receivables.actions.following import on_invoice_credited, on_invoices_issued
from workledger.receivables.actions.payments import (
    Received,
    allocate_deposit,
    apply_deposits,
    record_deposit,
    record_payment,
)
from workledger.receivables.actions.settling import discount_at, open_of
from workledger.receivables.actions.voiding import void_payment

__all__ = [
    "Received",
    "allocate_deposit",
    "apply_deposits",
    "discount_at",
    "on_invoice_credited",
    "on_invoices_issued",
    "open_dispute",
    "open_of",
    "record_deposit",
    "record_payment",
    "reverse_write_off",
    "settle_dispute",
    "void_payment",
    "write_off_debt",
]
