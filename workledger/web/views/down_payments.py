"""Down payments: asked for on the contract's page, their draw changed on a pre-bill."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from workledger.billing import contract_queries
from workledger.billing.actions.down_payments import DownPaymentTerms, request_down_payment, set_draw
from workledger.billing.models import Invoice
from workledger.contracts import queries as contracts
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page


@page(Permission.PREPARE_BILLING)
def new(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Draft a down-payment invoice."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> int:
        terms = DownPaymentTerms(
            amount=values["amount"], percent=values["percent"], contract_line_id=values["contract_line_id"],
            draw_percent=Decimal(100) if values["draw_percent"] is None else values["draw_percent"],
            description=values["description"],
        )  # fmt: skip
        return request_down_payment.using(options)(
            actor=request.actor, contract_id=contract_id, terms=terms, on=values["on"]
        )

    lines = tuple((line.id, line.name) for line in contract.lines)
    fields = (
        Field("amount", "Amount, net", "number", unit=contract.currency, row="amount"),
        Field("percent", "Or percentage of the price", "number", unit="%", row="amount"),
        Field("contract_line_id", "Line", "id", options=lines, empty="The whole contract", help="Its price and its tax."),
        Field("description", "For", help="Printed after 'Down payment:'. Empty prints the line or contract."),
        Field("draw_percent", "Each invoice draws at most", "number", unit="%", required=True, row="draw", help="Of its net."),
        Field("on", "Date", "date", required=True, row="draw"),
    )  # fmt: skip
    here = reverse("contract", args=[contract_id])
    around = FormPage(
        title="Ask for a down payment",
        crumbs=(("Contracts", reverse("contracts")), (contract.name, here)),
        act="Draft the invoice",
        done=lambda pk: reverse("prebill", args=[pk]),
        said="The down payment is drafted. Issue it when it stands.",
        lead="An invoice ahead of the work: taxed when it is issued, owed by the firm until work is billed against it. "
        "Later invoices of the contract take it off.",
    )
    return form_page(request, Form(fields, {"draw_percent": Decimal(100), "on": today()}), run, around)


@page(Permission.PREPARE_BILLING)
def draw(request: ActingRequest, invoice_id: int, down_payment_id: int) -> HttpResponse:
    """Change how much of a down payment a pre-bill draws."""
    bill: Invoice = locks.one(
        Invoice.objects.visible_to(request.actor).filter(state="draft").select_related("client"), invoice_id
    )
    rows = contract_queries.down_payments(request.actor, bill.contract_id, pre_bill_id=invoice_id)
    row = next((each for each in rows if each.invoice_id == down_payment_id), None)
    if row is None:
        raise locks.not_found(Invoice)

    def run(values: Mapping[str, Any], options: Options) -> Decimal:
        return set_draw.using(options)(
            actor=request.actor,
            invoice_id=invoice_id,
            down_payment_id=down_payment_id,
            amount=values["amount"],
        )

    back = reverse("prebill", args=[invoice_id])
    around = FormPage(
        title=f"Draw down payment {row.number}",
        crumbs=(("Pre-bills", reverse("prebills")), (bill.client.name, back)),
        act="Set the draw",
        done=back,
        said=lambda net: f"The pre-bill is {formats.money(net, bill.currency)} net now.",
        lead=f"{formats.money(row.left + row.drawn_here, row.currency)} net can be drawn. What is not drawn now stays for "
        "later invoices.",
    )
    field = Field("amount", "Take off", "number", required=True, unit=row.currency)
    return form_page(request, Form((field,), {"amount": row.drawn_here}), run, around)
