"""What receivables do when billing tells them something."""

from workledger.billing.events import InvoiceCredited, InvoicesIssued
from workledger.core.events import subscribe
from workledger.receivables import actions
from workledger.receivables import checks as checks

subscribe(InvoicesIssued, actions.on_invoices_issued)
subscribe(InvoiceCredited, actions.on_invoice_credited)
