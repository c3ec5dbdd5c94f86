"""Down payments on later invoices: what is left of them, and the lines that draw them down."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db.models import Case, F, Max, Sum, Value, When

from workledger.billing import wording
from workledger.billing.calc.drawing import OpenDownPayment, draws
from workledger.billing.models import Invoice, InvoiceKind, InvoiceLine, InvoiceState
from workledger.directory.models import BillingProfile

_ZERO = Decimal(0)
_SIGN = Case(When(invoice__kind=InvoiceKind.CREDIT_NOTE, then=Value(-1)), default=Value(1))


def left_of(invoice_ids: Collection[int]) -> dict[int, Decimal]:
    """Return what is left of down payments by id: their net less what pre-bills and invoices draw and notes credit."""
    rows = InvoiceLine.objects.filter(down_payment__in=invoice_ids).values_list("down_payment_id")
    return {pk: left or _ZERO for pk, left in rows.annotate(left=Sum(F("amount") * _SIGN)).order_by()}


def draw(invoices: Sequence[Invoice]) -> set[int]:
    """Draw the down payments of their contracts on new pre-bills, the oldest first; returns the pre-bills changed.

    The down payments are locked, so that two who bill at once do not draw the same money.
    """
    by_contract: dict[int, list[Invoice]] = defaultdict(list)
    found = Invoice.objects.filter(
        contract_id__in={row.contract_id for row in invoices}, draw_percent__isnull=False, kind=InvoiceKind.INVOICE,
        state=InvoiceState.ISSUED,
    )  # fmt: skip
    for row in found.order_by("issued_on", "pk").select_for_update():
        by_contract[row.contract_id].append(row)
    if not by_contract:
        return set()
    left = left_of([row.pk for rows in by_contract.values() for row in rows])
    changed = set()
    for invoice in invoices:
        rows = by_contract.get(invoice.contract_id, [])
        open_payments = [OpenDownPayment(row.pk, left[row.pk], row.draw_percent or _ZERO) for row in rows]
        for payment_id, amount in draws(invoice.net, open_payments, invoice.currency):
            set_line(invoice, next(row for row in rows if row.pk == payment_id), amount)
            left[payment_id] -= amount
            changed.add(invoice.pk)
    return changed


def set_line(invoice: Invoice, payment: Invoice, amount: Decimal) -> None:
    """Write, change or (at 0) take away the line by which a pre-bill draws a down payment."""
    existing = invoice.lines.filter(down_payment=payment)
    if not amount:
        existing.delete()
        return
    if existing.update(rate=-amount, amount=-amount):
        return
    of_payment = payment.lines.get()
    profile = BillingProfile.objects.filter(client_id=invoice.client_id).first()
    last = invoice.lines.aggregate(last=Max("position"))["last"] or 0
    InvoiceLine.objects.create(
        invoice=invoice, position=last + 1, contract_line_id=of_payment.contract_line_id, is_adjustment=True,
        description=wording.less_down_payment(profile.language if profile else "en", payment.number),
        quantity=1, unit="pc", rate=-amount, amount=-amount, tax_code=of_payment.tax_code,
        tax_rate=of_payment.tax_rate, tax_label=of_payment.tax_label, tax_vatex=of_payment.tax_vatex, down_payment=payment,
    )  # fmt: skip
