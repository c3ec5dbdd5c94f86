"""What receivables do when billing tells them something."""

from workledger.billing.events import InvoiceCredited, InvoicesIssued
from workledger.core.events import subscribe
from workledger.receivables import actions

subscribe(InvoicesIssued, actions.on_invoices_issued)
subscribe(InvoiceCredited, actions.on_invoice_credited)
