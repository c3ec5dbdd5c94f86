"""Receivables: ageing by client, a client's statement, deposits and disputes."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.directory.calc.countries import CURRENCIES
from workledger.directory.models import LegalEntity
from workledger.receivables import actions, queries
from workledger.receivables.calc.ageing import BUCKETS
from workledger.receivables.page_queries import InvoiceDetail
from workledger.receivables.page_queries import invoice as invoice_detail
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


@page(Permission.RECORD_PAYMENT)
def deposit(request: ActingRequest, client_id: int) -> HttpResponse:
    """Record money that a client pays on account."""
    statement = queries.statement(request.actor, client_id, as_of=today())
    entities = tuple(
        (row.pk, row.name) for row in LegalEntity.objects.visible_to(request.actor).order_by("name")
    )
    fields = (
        Field("amount", "Amount", "number", required=True, row="amount"),
        Field(
            "currency",
            "Currency",
            "find",
            required=True,
            options=tuple((code, code) for code in sorted(CURRENCIES)),
            row="amount",
        ),
        Field("entity_id", "Received by", "id", required=True, options=entities),
        Field("on", "Received on", "date", required=True, row="said"),
        Field("reference", "Reference", help="What the bank statement says.", row="said"),
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.record_deposit.using(options)(
            actor=request.actor, client_id=client_id, entity_id=values["entity_id"] or 0,
            currency=values["currency"], amount=values["amount"], on=values["on"], reference=values["reference"],
        )  # fmt: skip

    around = FormPage(
        title="Payment on account",
        crumbs=(
            (_CRUMB[0], reverse(_CRUMB[1])),
            (statement.client, reverse("receivables-client", args=[client_id])),
        ),
        act="Record the payment",
        done=reverse("receivables-client", args=[client_id]),
        said=f"The payment is recorded as a deposit of {statement.client}.",
        lead="Money for no invoice yet. It stays as the client's deposit until it is set against one.",
    )
    initial = {
        "currency": statement.currency,
        "on": today(),
        "entity_id": entities[0][0] if entities else None,
    }
    return form_page(request, Form(fields, initial), run, around)


@page(Permission.RECORD_PAYMENT)
def use_deposits(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Set the client's deposits against an invoice."""
    invoice = queries.invoice_of(request.actor, invoice_id)
    held = queries.deposit_of(request.actor, invoice)

    def run(values: Mapping[str, Any], options: Options) -> Any:
        return actions.apply_deposits.using(options)(
            actor=request.actor, invoice_id=invoice_id, on=values["on"]
        )

    back = reverse("invoice", args=[invoice_id])
    around = FormPage(
        title=f"Use deposits for {invoice.number}",
        crumbs=(("Invoices", reverse("invoices")), (invoice.number, back)),
        act="Use deposits",
        done=back,
        said=lambda done: (
            f"{formats.money(done, invoice.currency)} of deposits is set against {invoice.number}."
        ),
        lead=f"{invoice.client.name} paid {formats.money(held, invoice.currency)} that is set against no invoice yet. "
        "The oldest is used first.",
    )
    return form_page(request, Form((Field("on", "On", "date", required=True),), {"on": today()}), run, around)


@page(Permission.RECORD_PAYMENT)
def void(request: ActingRequest, payment_id: int) -> HttpResponse:
    """Undo a payment that turned out not to be one."""
    payment = queries.payment(request.actor, payment_id)
    client_id, client = queries.payer_of(request.actor, payment_id)
    fields = (
        Field("reason", "Reason", "lines", required=True, help="The log and the journal keep it."),
        Field("on", "Date", "date", required=True, help="When the bank took the money back."),
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.void_payment.using(options)(
            actor=request.actor, payment_id=payment_id, on=values["on"], reason=values["reason"]
        )

    pays = ", ".join(number for _, number, _ in payment.allocations)
    opened = f" {pays} will be open again." if pays else ""
    kept = formats.money(payment.deposit, payment.currency)
    around = FormPage(
        title="Void a payment",
        crumbs=((_CRUMB[0], reverse(_CRUMB[1])), (client, reverse("receivables-client", args=[client_id]))),
        act="Void the payment",
        done=reverse("receivables-client", args=[client_id]),
        said=f"The payment is voided.{opened.replace('will be', 'is')}",
        lead=f"{formats.money(payment.amount, payment.currency)} of {formats.day(payment.received_on)}, such as a cheque "
        f"that bounced. All that it posted is reversed.{opened}"
        + (f" The deposit of {kept} is gone." if payment.deposit else ""),
    )
    return form_page(request, Form(fields, {"on": today()}), run, around)


def _invoice_crumbs(found: InvoiceDetail) -> tuple[tuple[str, str], ...]:
    return ("Invoices", reverse("invoices")), (found.row.number, reverse("invoice", args=[found.row.id]))


@page(Permission.WRITE_OFF)
def write_off(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Give up what is open of an invoice, or a part of it."""
    found = invoice_detail(request.actor, invoice_id, as_of=today())
    row = found.row
    fields = (
        Field("amount", "Amount, with tax", "number", required=True, unit=row.currency, row="amount"),
        Field("on", "Date", "date", required=True, row="amount"),
        Field(
            "tax_relief", "The tax in it is relieved", "check",
            help="Where the law gives the tax of a bad debt back, its share is taken out of Tax payable.",
        ),
        Field("reason", "Reason", "lines", required=True),
    )  # fmt: skip

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.write_off_debt.using(options)(
            actor=request.actor, invoice_id=invoice_id, amount=values["amount"], on=values["on"],
            reason=values["reason"], tax_relief=values["tax_relief"],
        )  # fmt: skip

    around = FormPage(
        title=f"Write {row.number} off",
        crumbs=_invoice_crumbs(found),
        act="Write off",
        done=reverse("invoice", args=[invoice_id]),
        said=f"Written off. It can be taken back on {row.number} if {row.client} pays after all.",
        lead=f"{row.client} owes {formats.money(row.open_amount or 0, row.currency)} and will not pay. What is given up is a "
        "bad debt expense; the revenue stays. Was the work not owed? Then credit the invoice.",
    )
    return form_page(request, Form(fields, {"amount": row.open_amount, "on": today()}), run, around)


@page(Permission.WRITE_OFF)
def reverse_write_off(request: ActingRequest, invoice_id: int) -> HttpResponse:
    """Have an invoice owed again."""
    found = invoice_detail(request.actor, invoice_id, as_of=today())
    row = found.row
    fields = (
        Field("amount", "Amount, with tax", "number", required=True, unit=row.currency, row="amount"),
        Field("on", "Date", "date", required=True, row="amount"),
        Field("reason", "Reason", "lines", required=True),
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.reverse_write_off.using(options)(
            actor=request.actor, invoice_id=invoice_id, amount=values["amount"], on=values["on"],
            reason=values["reason"],
        )  # fmt: skip

    around = FormPage(
        title=f"Take the write-off of {row.number} back",
        crumbs=_invoice_crumbs(found),
        act="Take back",
        done=reverse("invoice", args=[invoice_id]),
        said=f"{row.number} is owed again. Record the payment on it.",
        lead=f"{formats.money(found.lost, row.currency)} of it is written off. Taken back, it is owed and can be paid.",
    )
    return form_page(request, Form(fields, {"amount": found.lost, "on": today()}), run, around)
