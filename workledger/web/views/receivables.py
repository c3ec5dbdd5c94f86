"""Receivables: ageing by client, a client's statement, deposits and disputes."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.receivables import actions, queries
from workledger.receivables.calc.ageing import BUCKETS
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forms import Field, Form, FormPage, form_page

_CRUMB = ("Receivables", "receivables")


@page(Permission.VIEW_RECEIVABLES)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """What clients owe, by client and age."""
    search = request.GET.get("q", "").strip()[:100]
    groups = queries.ageing(request.actor, as_of=today(), search=search)
    context = {"groups": groups, "buckets": BUCKETS, "filtered": bool(search)}
    return render(request, "web/receivables/index.html", context)


@page(Permission.VIEW_RECEIVABLES)
@require_GET
def show(request: ActingRequest, client_id: int) -> HttpResponse:
    """What one client owes and has paid."""
    statement = queries.statement(request.actor, client_id, as_of=today())
    aged = list(zip(BUCKETS, statement.buckets, strict=True))
    return render(request, "web/receivables/show.html", {"statement": statement, "aged": aged})


@page(Permission.RECORD_PAYMENT)
def allocate(request: ActingRequest, payment_id: int) -> HttpResponse:
    """Set a deposit against an open invoice."""
    payment = queries.payment(request.actor, payment_id)
    options = tuple(
        (pk, number, f"{formats.money(amount, payment.currency)} open")
        for pk, number, amount in queries.open_invoices_of(request.actor, payment_id)
    )
    fields = (
        Field("invoice_id", "Invoice", "id", required=True, options=options),
        Field("amount", "Amount", "number", required=True, unit=payment.currency, row="amount"),
        Field("on", "On", "date", required=True, row="amount"),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.allocate_deposit.using(options)(
            actor=request.actor,
            payment_id=payment_id,
            invoice_id=values["invoice_id"],
            amount=values["amount"],
            on=values["on"],
        )

    around = FormPage(
        title="Use a deposit",
        crumbs=((_CRUMB[0], reverse(_CRUMB[1])),),
        act="Allocate",
        done=reverse("receivables"),
        said="The deposit pays the invoice now.",
        lead=f"{formats.money(payment.deposit, payment.currency)} of this payment pays no invoice yet.",
    )
    shown = {"amount": payment.deposit, "on": today(), "invoice_id": options[0][0] if options else None}
    return form_page(request, Form(fields, shown), run, around)


@page(Permission.RECORD_PAYMENT)
def new_dispute(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Note that a client contests an invoice."""
    invoice = queries.invoice_of(request.actor, invoice_id)
    fields = (
        Field("reason", "What the client contests", "lines", required=True),
        Field("on", "Since", "date", required=True),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.open_dispute.using(options)(
            actor=request.actor, invoice_id=invoice_id, reason=values["reason"], on=values["on"]
        )

    around = FormPage(
        title=f"Dispute of {invoice.number}",
        crumbs=(
            (_CRUMB[0], reverse(_CRUMB[1])),
            (invoice.client.name, reverse("receivables-client", args=[invoice.client_id])),
        ),
        act="Note the dispute",
        done=reverse("receivables-client", args=[invoice.client_id]),
        said=f"{invoice.number} is marked as disputed.",
        lead="While it is open, the invoice stands apart and nobody is reminded of it.",
    )
    return form_page(request, Form(fields, {"on": today()}), run, around)


@page(Permission.RECORD_PAYMENT)
def settle(request: ActingRequest, dispute_id: int) -> HttpResponse:
    """Close a dispute with its outcome."""
    dispute = queries.dispute(request.actor, dispute_id)
    client_id = dispute.invoice.client_id
    fields = (
        Field("outcome", "How it ended", "lines", required=True),
        Field("on", "Settled on", "date", required=True),
    )

    def run(values: Mapping[str, Any], options: Options) -> None:
        actions.settle_dispute.using(options)(
            actor=request.actor, dispute_id=dispute_id, outcome=values["outcome"], on=values["on"]
        )

    around = FormPage(
        title=f"Settle the dispute of {dispute.invoice.number}",
        crumbs=((_CRUMB[0], reverse(_CRUMB[1])),),
        act="Settle",
        done=reverse("receivables-client", args=[client_id]),
        said="The dispute is settled.",
        lead=f"Contested since {formats.day(dispute.opened_on)}: {dispute.reason}",
    )
    return form_page(request, Form(fields, {"on": today()}), run, around)
