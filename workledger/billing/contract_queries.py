"""Reads of what hangs on a contract beside its work: down payments and purchase orders with what is left of them. Constant query counts."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from workledger.billing import drawing, orders
from workledger.billing.models import Invoice, InvoiceKind, InvoiceLine, InvoiceState, PurchaseOrder
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


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A purchase order: what it covers net (None: without limit), what invoices use, what pre-bills would use.

    `last_day` is its last day, None while it has none; `is_of_client` says that it covers all contracts of the client.
    """

    id: int
    number: str
    currency: str
    amount: Decimal | None
    used: Decimal
    drafted: Decimal
    valid_from: date
    last_day: date | None
    warn_percent: int
    is_hard: bool
    is_of_client: bool

    @property
    def left(self) -> Decimal | None:
        """What issued invoices have left of it, None without limit."""
        return None if self.amount is None else self.amount - self.used

    @property
    def state(self) -> str:
        """'ok', 'near' or 'over' its limit, by what is issued."""
        if self.amount is None or self.used * 100 <= self.amount * self.warn_percent:
            return "ok"
        return "over" if self.used > self.amount else "near"


def purchase_orders(actor: Actor, *, client_id: int, contract_id: int | None = None) -> list[OrderRow]:
    """Return a client's purchase orders; with a contract, those that its invoices can carry. The newest first."""
    rows = PurchaseOrder.objects.visible_to(actor).filter(client_id=client_id)
    if contract_id is not None:
        rows = rows.filter(Q(contract=None) | Q(contract_id=contract_id))
    found = list(rows.order_by("-valid_from", "-pk"))
    used = orders.used_of([row.pk for row in found]) if found else {}
    return [
        OrderRow(
            row.pk, row.number, row.currency, row.amount, *used.get(row.pk, (_ZERO, _ZERO)), row.valid_from,
            row.valid_to and row.valid_to - timedelta(days=1), row.warn_percent, row.is_hard, row.contract_id is None,
        )
        for row in found
    ]  # fmt: skip


def order_of(actor: Actor, invoice_id: int) -> int | None:
    """Return the purchase order that a document carries."""
    rows = Invoice.objects.visible_to(actor).filter(pk=invoice_id)
    return rows.values_list("purchase_order_id", flat=True).first()
