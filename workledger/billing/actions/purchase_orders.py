"""Purchase orders: kept with their limit and days, and carried by invoices."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.billing import orders
from workledger.billing.models import Invoice, InvoiceState, PurchaseOrder
from workledger.contracts.models import Contract
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import Client
from workledger.kernel.rounding import minor_quantum

_MOST_LETTERS = 60


@dataclass(frozen=True, slots=True)
class OrderInput:
    """A purchase order as the client gave it. `valid_to` is the first day after it; an empty `currency` is the
    contract's, or the client's. Without `amount` it has no limit.
    """

    number: str
    valid_from: date
    valid_to: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    warn_percent: int = 80
    is_hard: bool = False


@action("billing.add_purchase_order", needs=Permission.MANAGE_CONTRACTS)
def add_purchase_order(
    *, actor: Actor, client_id: int, order: OrderInput, contract_id: int | None = None
) -> int:
    """Keep a purchase order of a client, of one contract or (None) of all; returns its id.

    Pre-bills drafted from now on carry it. Refuses: not_found, other_client, number_missing, number_too_long,
    amount_not_possible, percent_not_possible, purchase_order_number_once, purchase_order_ends_after_start.
    """
    client: Client = locks.one(Client.objects.visible_to(actor).select_related("billing_profile"), client_id)
    contract: Contract | None = None
    if contract_id is not None:
        contract = locks.one(Contract.objects.visible_to(actor), contract_id)
        if contract.client_id != client.pk:
            message = "The contract is of another client. Choose one of this client's."
            raise Refused.because("other_client", message, "contract_id")
    profile = getattr(client, "billing_profile", None)
    currency = order.currency or (contract.currency if contract else profile.currency if profile else "")
    row = PurchaseOrder(client=client, contract=contract, currency=currency)
    _fill(row, order)
    record(row, f"Added purchase order {row.number} of {client.name}")
    return int(row.pk)


@action("billing.change_purchase_order", needs=Permission.MANAGE_CONTRACTS)
def change_purchase_order(*, actor: Actor, purchase_order_id: int, order: OrderInput) -> None:
    """Change a purchase order; issued invoices stay as they are. Its currency stays.

    Refuses: not_found, number_missing, number_too_long, amount_not_possible, percent_not_possible,
    purchase_order_number_once, purchase_order_ends_after_start.
    """
    row: PurchaseOrder = locks.for_update(PurchaseOrder.objects.visible_to(actor), purchase_order_id)
    _fill(row, order)
    record(row, f"Changed purchase order {row.number}")


def _fill(row: PurchaseOrder, order: OrderInput) -> None:
    number = order.number.strip()
    problems = Problems()
    problems.check(number, "number_missing", "Give the number as the client wrote it.", "number")
    problems.check(
        len(number) <= _MOST_LETTERS, "number_too_long", "A number has at most 60 letters.", "number"
    )
    problems.check(
        order.amount is None or (order.amount > 0 and order.amount % minor_quantum(row.currency) == 0),
        "amount_not_possible", "Give a limit of more than zero, to the cent, or none.", "amount",
    )  # fmt: skip
    problems.check(
        1 <= order.warn_percent <= 100,
        "percent_not_possible", "Warn from 1 to 100 percent of the limit.", "warn_percent",
    )  # fmt: skip
    problems.check(
        order.valid_to is None or order.valid_to > order.valid_from,
        "purchase_order_ends_after_start", "A purchase order ends after it starts.", "valid_to",
    )  # fmt: skip
    problems.refuse()
    row.number, row.amount, row.is_hard, row.warn_percent = (
        number,
        order.amount,
        order.is_hard,
        order.warn_percent,
    )
    row.valid_from, row.valid_to = order.valid_from, order.valid_to
    row.save()


@action("billing.choose_purchase_order", needs=Permission.PREPARE_BILLING)
def choose_purchase_order(*, actor: Actor, invoice_id: int, purchase_order_id: int | None) -> None:
    """Say which purchase order a pre-bill carries (None: none, the contract's own number is printed).

    Refuses: not_found, not_a_pre_bill, order_does_not_fit.
    """
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    if invoice.state != InvoiceState.DRAFT:
        message = f"{invoice.number} is issued and never changes. Credit and rebill it instead."
        raise Refused.because("not_a_pre_bill", message)
    order: PurchaseOrder | None = None
    if purchase_order_id is not None:
        order = locks.one(PurchaseOrder.objects.visible_to(actor), purchase_order_id)
        if not orders.fits(order, invoice):
            message = (
                "Choose a purchase order of this client and currency that holds on the last day of the work."
            )
            raise Refused.because("order_does_not_fit", message, "purchase_order_id")
    invoice.purchase_order = order
    invoice.save(update_fields=["purchase_order"])
    record(
        invoice,
        f"{invoice} carries purchase order {order.number}"
        if order
        else f"{invoice} carries no purchase order",
    )
