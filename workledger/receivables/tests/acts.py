"""Short ways to an issued invoice and to what is open of it."""

from datetime import date
from decimal import Decimal

from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice
from workledger.receivables.models import Receivable
from workledger.testing.world import TODAY, World


def issued(world: World) -> Invoice:
    """Bill and issue all that is open."""
    done = run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    return Invoice.objects.get(pk=done.invoices[0].id)


def still_open(invoice: Invoice) -> Decimal:
    """What is open of an invoice."""
    return Receivable.objects.get(pk=invoice.pk).open_amount
