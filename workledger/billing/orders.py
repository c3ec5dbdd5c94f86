"""Purchase orders of invoices: which one a pre-bill carries, what is used of each, and what issuing says to that."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db.models import Case, F, Q, Sum, Value, When

from workledger.billing.calc.limits import Limit, Reach, reach
from workledger.billing.models import Invoice, InvoiceKind, InvoiceState, PurchaseOrder
from workledger.core.door import warn
from workledger.core.refusals import Problems
from workledger.kernel.money import money_words

_ZERO = Decimal(0)
_SIGNED = F("net") * Case(When(kind=InvoiceKind.CREDIT_NOTE, then=Value(-1)), default=Value(1))


def used_of(order_ids: Collection[int]) -> dict[int, tuple[Decimal, Decimal]]:
    """Return what issued invoices less credit notes use of purchase orders, and what pre-bills would, by id. Net."""
    draft = Q(state=InvoiceState.DRAFT)
    rows = (
        Invoice.objects.filter(purchase_order__in=order_ids)
        .values_list("purchase_order_id")
        .annotate(used=Sum(_SIGNED, filter=~draft), drafted=Sum(_SIGNED, filter=draft))
        .order_by()
    )
    return {pk: (used or _ZERO, drafted or _ZERO) for pk, used, drafted in rows}


def assign(invoices: Sequence[Invoice]) -> None:
    """Give new pre-bills the purchase order that holds on the last day of their work.

    The contract's own go before the client's, those with room left before those without, the oldest first.
    """
    clients = {row.client_id for row in invoices}
    orders = list(PurchaseOrder.objects.filter(client_id__in=clients).order_by("valid_from", "pk"))
    if not orders:
        return
    used = used_of([order.pk for order in orders])
    chosen = []
    for invoice in invoices:
        fitting = [order for order in orders if fits(order, invoice)]
        if fitting:
            invoice.purchase_order = min(
                fitting, key=lambda order: (order.contract_id is None, not _has_room(order, used))
            )
            chosen.append(invoice)
    Invoice.objects.bulk_update(chosen, ["purchase_order"], batch_size=1000)


def fits(order: PurchaseOrder, invoice: Invoice) -> bool:
    """Tell whether an invoice may carry a purchase order."""
    return (
        order.client_id == invoice.client_id
        and order.contract_id in (None, invoice.contract_id)
        and order.currency == invoice.currency
        and order.valid_from <= invoice.service_end
        and (order.valid_to is None or invoice.service_end < order.valid_to)
    )


def _has_room(order: PurchaseOrder, used: dict[int, tuple[Decimal, Decimal]]) -> bool:
    return order.amount is None or sum(used.get(order.pk, (_ZERO, _ZERO))) < order.amount


def number_of(invoice: Invoice) -> str:
    """Return the number that an invoice prints: its purchase order's, or the contract's own."""
    return invoice.purchase_order.number if invoice.purchase_order else invoice.contract.po_number


def check_limits(invoices: Sequence[Invoice], problems: Problems) -> None:
    """Look at the limits of the purchase orders of invoices that are issued together; locks the orders.

    Adds po_limit_exceeded where a hard limit is passed; warns of po_limit_exceeded where another is, and of
    po_limit_near where one comes near.
    """
    by_order: dict[int, Decimal] = defaultdict(Decimal)
    for invoice in invoices:
        if invoice.purchase_order_id is not None:
            by_order[invoice.purchase_order_id] += invoice.net
    if not by_order:
        return
    used = used_of(by_order)
    for order in PurchaseOrder.objects.filter(pk__in=by_order).order_by("pk").select_for_update():
        so_far = used.get(order.pk, (_ZERO, _ZERO))[0]
        found = reach(Limit(order.amount, order.warn_percent), so_far, by_order[order.pk])
        if found is Reach.WITHIN or order.amount is None:
            continue
        after = money_words(abs(order.amount - so_far - by_order[order.pk]), order.currency)
        limit = f"Purchase order {order.number} covers {money_words(order.amount, order.currency)} net"
        if found is Reach.NEAR:
            warn(
                "po_limit_near",
                f"{limit}; after this {after} is left. Ask the client for the next one in time.",
            )
        elif order.is_hard:
            message = f"{limit}; this would be {after} more. Bill less, or carry another purchase order."
            problems.add("po_limit_exceeded", message, "purchase_order")
        else:
            warn("po_limit_exceeded", f"{limit}; this is {after} more. The client may send it back.")
