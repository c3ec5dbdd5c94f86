"""Purchase orders: kept on the contract's page, carried by pre-bills."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from workledger.billing import contract_queries
from workledger.billing.actions.purchase_orders import (
    OrderInput,
    add_purchase_order,
    change_purchase_order,
    choose_purchase_order,
)
from workledger.billing.models import PurchaseOrder
from workledger.contracts import queries as contracts
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.web.acting import ActingRequest, act_options, page, today
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import number_of
from workledger.web.views.billing_chosen import Done, say
from workledger.web.views.dates import after

_DAY = timedelta(days=1)


def _fields(currency: str) -> tuple[Field, ...]:
    return (
        Field(
            "number",
            "Number",
            required=True,
            help="As the client wrote it; invoices and e-invoices carry it.",
        ),
        Field("valid_from", "First day", "date", required=True, row="days"),
        Field("last", "Last day", "date", row="days", help="Empty while it has no end."),
        Field("amount", "Covers, net", "number", unit=currency, row="limit", help="Empty for no limit."),
        Field("warn_percent", "Warn from, % of it", "whole", required=True, row="limit"),
        Field("is_hard", "Refuse to issue beyond it", "check", help="Otherwise a person confirms."),
    )


def _read(values: Mapping[str, Any]) -> OrderInput:
    return OrderInput(
        number=values["number"], valid_from=values["valid_from"] or date.min, valid_to=after(values["last"]),
        amount=values["amount"], warn_percent=values["warn_percent"] or 0, is_hard=values["is_hard"],
    )  # fmt: skip


@page(Permission.MANAGE_CONTRACTS)
def new(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Keep a purchase order of a contract, or of all the client's contracts."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())

    def run(values: Mapping[str, Any], options: Options) -> int:
        return add_purchase_order.using(options)(
            actor=request.actor, client_id=contract.client_id, order=_read(values),
            contract_id=None if values["for_client"] else contract_id,
        )  # fmt: skip

    here = reverse("contract", args=[contract_id])
    around = FormPage(
        title="New purchase order",
        crumbs=(("Contracts", reverse("contracts")), (contract.name, here)),
        act="Add the purchase order",
        done=here,
        said="The purchase order is added. Pre-bills drafted from now on carry it.",
    )
    whole = Field("for_client", f"It covers every contract of {contract.client}", "check")
    initial = {"valid_from": contract.start, "warn_percent": 80}
    return form_page(request, Form((*_fields(contract.currency), whole), initial), run, around)


@page(Permission.MANAGE_CONTRACTS)
def change(request: ActingRequest, contract_id: int, order_id: int) -> HttpResponse:
    """Change a purchase order."""
    contract = contracts.contract_page(request.actor, contract_id, today=today())
    row: PurchaseOrder = locks.one(
        PurchaseOrder.objects.visible_to(request.actor).filter(client_id=contract.client_id), order_id
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        change_purchase_order.using(options)(
            actor=request.actor, purchase_order_id=order_id, order=_read(values)
        )

    here = reverse("contract", args=[contract_id])
    around = FormPage(
        title=f"Purchase order {row.number}",
        crumbs=(("Contracts", reverse("contracts")), (contract.name, here)),
        act="Save",
        done=here,
        said="The purchase order is saved. Issued invoices stay as they are.",
    )
    initial = {
        "number": row.number, "valid_from": row.valid_from, "last": row.valid_to and row.valid_to - _DAY,
        "amount": row.amount, "warn_percent": row.warn_percent, "is_hard": row.is_hard,
    }  # fmt: skip
    return form_page(request, Form(_fields(row.currency), initial), run, around)


@page(Permission.PREPARE_BILLING)
@require_POST
def choose(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Say which purchase order a pre-bill carries."""
    choose_purchase_order.using(act_options(request))(
        actor=request.actor, invoice_id=invoice_id,
        purchase_order_id=number_of(request.POST.get("purchase_order_id")),
    )  # fmt: skip
    say(request, Done("The purchase order is set; the preview shows it."))
    return redirect("prebill", invoice_id)


def ordering(request: ActingRequest, invoice_id: int, client_id: int, contract_id: int) -> dict[str, Any]:
    """Return what a pre-bill's page shows of purchase orders."""
    rows = contract_queries.purchase_orders(request.actor, client_id=client_id, contract_id=contract_id)
    carried = contract_queries.order_of(request.actor, invoice_id) if rows else None
    return {
        "orders": [(row.id, row.number) for row in rows],
        "order": next((row for row in rows if row.id == carried), None),
    }
