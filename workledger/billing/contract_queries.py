"""Reads of what hangs on a contract beside its work: down payments with what is left of them. Constant query counts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from workledger.billing import drawing
from workledger.billing.models import Invoice, InvoiceKind, InvoiceLine, InvoiceState
from workledger.core.access import Actor

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DownPayment:
    """A down payment of a contract: its net, what of it invoices draw or notes credit, and what is left.

    `drawn_here` is what the pre-bill in question draws. `issued_on` is None while it is a pre-bill itself.
    """

    invoice_id: int
    number: str
    issued_on: date | None
    currency: str
    net: Decimal
    used: Decimal
    left: Decimal
    draw_percent: Decimal
    drawn_here: Decimal = _ZERO


def down_payments(actor: Actor, contract_id: int, *, pre_bill_id: int | None = None) -> list[DownPayment]:
    """Return a contract's down payments, the oldest first; for a pre-bill only those that it draws or could draw."""
    rows = Invoice.objects.visible_to(actor).filter(
        contract_id=contract_id, draw_percent__isnull=False, kind=InvoiceKind.INVOICE
    )
    if pre_bill_id is not None:
        rows = rows.exclude(state=InvoiceState.DRAFT)
    found = list(rows.order_by("issued_on", "pk"))
    left = drawing.left_of([row.pk for row in found]) if found else {}
    here = dict(
        InvoiceLine.objects.filter(invoice=pre_bill_id, down_payment__in=found)
        .values_list("down_payment_id")
        .annotate(total=Sum("amount"))
        .order_by()
        if found
        else ()
    )
    listed = [
        DownPayment(
            row.pk, str(row), row.issued_on, row.currency, row.net, row.net - left[row.pk], left[row.pk],
            row.draw_percent or _ZERO, -here.get(row.pk, _ZERO),
        )
        for row in found
    ]  # fmt: skip
    return [row for row in listed if pre_bill_id is None or row.left or row.drawn_here]
