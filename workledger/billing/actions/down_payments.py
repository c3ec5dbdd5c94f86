"""Down payments: asked for ahead of work, drawn down by the later invoices of the contract.

A down payment is an invoice of its own, taxed when it is issued. It credits the contract position, so it is a contract
liability until work is recognized against it, and never revenue by itself.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from workledger.billing import drawing, orders, queries, wording
from workledger.billing.actions.invoices import retotal
from workledger.billing.models import Invoice, InvoiceKind, InvoiceLine, InvoiceState
from workledger.billing.taxing import Taxes
from workledger.contracts.models import Contract, ContractLine, ContractState
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import BillingProfile
from workledger.kernel.money import money_words
from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class DownPaymentTerms:
    """What a down payment asks for: an amount, or a percentage of the line's price (of all lines', where no line is named).

    `draw_percent` is how much of the net of each later invoice it pays at most.
    """

    amount: Decimal | None = None
    percent: Decimal | None = None
    contract_line_id: int | None = None
    draw_percent: Decimal = _HUNDRED
    description: str = ""


@action("billing.request_down_payment", needs=Permission.PREPARE_BILLING)
def request_down_payment(*, actor: Actor, contract_id: int, terms: DownPaymentTerms, on: date) -> int:
    """Draft a down-payment invoice of a contract; returns its id. It is issued, paid and credited like any other.

    Refuses: not_found, contract_not_active, line_unknown, amount_or_percent, no_price, amount_not_possible,
    percent_not_possible, prices_with_tax, tax_rate_missing.
    """
    contract: Contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    lines = list(contract.lines.order_by("position", "pk"))
    line = next((row for row in lines if row.pk == terms.contract_line_id), None)
    amount = _amount(contract, lines, line, terms)
    line = line or next((row for row in lines if row.is_billable), lines[0])
    profile = BillingProfile.objects.filter(client_id=contract.client_id).first()
    tax = Taxes([contract], {contract.client_id: profile} if profile else {}).on(contract.pk, line.pk, on)
    invoice = Invoice.objects.create(
        entity_id=contract.entity_id, client_id=contract.client_id, contract=contract, currency=contract.currency,
        through=on, service_start=on, service_end=on, net=amount, draw_percent=terms.draw_percent,
        **queries.tax_and_gross([(amount, tax.category, tax.percentage)], contract.currency),
    )  # fmt: skip
    orders.assign([invoice])
    what = terms.description.strip() or (line.name if terms.contract_line_id else contract.name)
    InvoiceLine.objects.create(
        invoice=invoice, position=1, contract_line=line, down_payment=invoice, quantity=1, unit="pc", rate=amount,
        description=wording.down_payment(profile.language if profile else "en", what)[:400], amount=amount,
        tax_code=tax.category, tax_rate=tax.percentage, tax_label=tax.label,
        tax_vatex=tax.vatex,
    )  # fmt: skip
    record(
        invoice, f"Drafted a down payment of {money_words(amount, contract.currency)} on {contract.number}"
    )
    return int(invoice.pk)


def _amount(
    contract: Contract, lines: list[ContractLine], line: ContractLine | None, terms: DownPaymentTerms
) -> Decimal:
    """Return the net that is asked for; refuses what cannot be."""
    problems = Problems()
    problems.check(
        contract.state == ContractState.ACTIVE and lines,
        "contract_not_active", "A down payment is asked for on an active contract that has a line.",
    )  # fmt: skip
    problems.check(
        not contract.prices_include_tax,
        "prices_with_tax", "Down payments are asked for on contracts whose prices are without tax.",
    )  # fmt: skip
    problems.check(
        line or terms.contract_line_id is None,
        "line_unknown", "Choose a line of this contract.", "contract_line_id",
    )  # fmt: skip
    problems.check(
        _ZERO < terms.draw_percent <= _HUNDRED,
        "percent_not_possible", "An invoice draws more than 0 and at most 100 percent.", "draw_percent",
    )  # fmt: skip
    problems.check(
        (terms.amount is None) != (terms.percent is None),
        "amount_or_percent", "Give an amount or a percentage, one of the two.", "amount",
    )  # fmt: skip
    problems.check(
        terms.percent is None or _ZERO < terms.percent <= _HUNDRED,
        "percent_not_possible", "Ask for more than 0 and at most 100 percent.", "percent",
    )  # fmt: skip
    quantum = minor_quantum(contract.currency)
    problems.check(
        terms.amount is None or (terms.amount > 0 and terms.amount % quantum == 0),
        "amount_not_possible", f"Ask for more than zero in {contract.currency}, to the cent.", "amount",
    )  # fmt: skip
    problems.refuse()
    if terms.amount is not None:
        return terms.amount
    price = sum((row.price or row.budget_amount or _ZERO for row in ([line] if line else lines)), _ZERO)
    if not price:
        message = "There is no price or budget to take a percentage of. Give an amount."
        raise Refused.because("no_price", message, "percent")
    return (price * (terms.percent or _ZERO) / 100).quantize(quantum, ROUND_HALF_UP)


@action("billing.set_draw", needs=Permission.PREPARE_BILLING)
def set_draw(*, actor: Actor, invoice_id: int, down_payment_id: int, amount: Decimal) -> Decimal:
    """Set how much of a down payment a pre-bill draws (0: nothing); returns the pre-bill's new net.

    Refuses: not_found, not_a_pre_bill, amount_not_possible.
    """
    payments = Invoice.objects.visible_to(actor).filter(
        draw_percent__isnull=False, kind=InvoiceKind.INVOICE, state=InvoiceState.ISSUED
    )
    payment: Invoice = locks.for_update(payments, down_payment_id)
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    if (
        invoice.state != InvoiceState.DRAFT
        or invoice.is_down_payment
        or invoice.contract_id != payment.contract_id
    ):
        message = "A down payment is drawn by a pre-bill of the same contract."
        raise Refused.because("not_a_pre_bill", message)
    now = -sum(invoice.lines.filter(down_payment=payment).values_list("amount", flat=True), _ZERO)
    most = min(drawing.left_of([payment.pk])[payment.pk] + now, invoice.net + now)
    if not _ZERO <= amount <= most or amount % minor_quantum(invoice.currency):
        message = f"Draw from 0 to {money_words(max(most, _ZERO), invoice.currency)}."
        raise Refused.because("amount_not_possible", message, "amount")
    drawing.set_line(invoice, payment, amount)
    retotal(invoice)
    record(invoice, f"{invoice} draws {money_words(amount, invoice.currency)} of {payment.number}")
    return invoice.net
