"""From approved work to invoices: WIP, holds, write-downs, bill runs, pre-bills, issue, credit, PDFs."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from workledger.api import listing
from workledger.api.edge import actor_of, require, today
from workledger.api.paging import Cut
from workledger.api.routes import LIMIT, ROUTER, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.billing import (
    choice_queries,
    contract_queries,
    queries,
    reviewing,
    schedule_queries,
    statements,
)
from workledger.billing.actions import (
    bill_lines,
    charges,
    down_payments,
    invoices,
    items,
    layouts,
    moves,
    payment_terms,
    prebills,
    purchase_orders,
    rebills,
    requests,
    reviews,
    schedules,
    wip,
)
from workledger.billing.models import Invoice, InvoiceKind, InvoiceState
from workledger.core import locks
from workledger.core.access import Permission

_WIP, _INVOICES, _CHARGES = "Billing", "Invoices", "Charges"
_VIEW = Permission.VIEW_BILLING

_OPEN = shown(listing.OpenItemListed, "OpenItem")
_UNPRICED = shown(listing.UnpricedListed, "UnpricedItem")
shown(listing.HoldListed, "Hold")
shown(listing.DeferralListed, "Deferral")
shown(listing.ChangeListed, "ItemChange")
shown(listing.WriteDownListed, "WriteDown")
shown(listing.BillListed, "BillOfItem")
_ITEM = shown(listing.BillableItemShown, "BillableItem")
_EXCEPTION = shown(queries.BillException)
_INVOICE = shown(listing.InvoiceListed, "Invoice")
_LINE = shown(listing.InvoiceLineListed, "InvoiceLine")
_WHOLE = shown(listing.InvoiceShown, "InvoiceWithLines")
_SOURCE = shown(listing.SourceListed, "InvoiceSource")


@read("/open-items", page_of(_OPEN), _VIEW, tag=_WIP, name="list_open_items", summary="List work in progress")
def list_open_items(
    request: HttpRequest,
    client_id: Id | None = None,
    contract_id: Id | None = None,
    project_id: Id | None = None,
    person_id: Id | None = None,
    through: Day | None = None,
    currency: Words | None = None,
    is_held: bool | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[listing.OpenItemListed]:
    """Approved, priced work on no pre-bill or invoice, oldest first."""
    filters: dict[str, Any] = {
        "client_id": client_id,
        "contract_id": contract_id,
        "project_id": project_id,
        "item__person_id": person_id,
        "service_date__lte": through,
        "currency": currency,
        "is_held": is_held,
    }
    return listing.open_items(actor_of(request), filters, cursor, limit)


@read(
    "/billable-items/{item_id}",
    _ITEM,
    _VIEW,
    tag=_WIP,
    name="get_billable_item",
    summary="Get a billable item",
)
def get_item(request: HttpRequest, item_id: Id) -> listing.BillableItemShown:
    """A billable item with why its rate is what it is, holds, write-downs and bills."""
    return listing.billable_item(actor_of(request), item_id)


@read(
    "/unpriced-items",
    page_of(_UNPRICED),
    _VIEW,
    tag=_WIP,
    name="list_unpriced_items",
    summary="List work without a price",
)
def list_unpriced(
    request: HttpRequest,
    client_id: Id | None = None,
    project_id: Id | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[listing.UnpricedListed]:
    """Approved billable work without a rate or exchange rate, oldest first: it blocks until it can be priced."""
    filters = {"client_id": client_id, "project_id": project_id}
    return listing.unpriced(actor_of(request), filters, cursor, limit)


@read(
    "/bill-exceptions", list_of(_EXCEPTION), _VIEW,
    tag=_WIP, name="list_bill_exceptions", summary="List what keeps work off the bills",
)  # fmt: skip
def list_exceptions(
    request: HttpRequest, through: Day | None = None, client_id: Id | None = None
) -> list[queries.BillException]:
    """What keeps work up to a day off the bills: no rate, not approved, held, no purchase order."""
    chosen = None if client_id is None else [client_id]
    return queries.bill_exceptions(actor_of(request), through or today(), chosen)


_TODAY = {"on": today}
act("POST", "/open-items/hold", prebills.hold_items, tag=_WIP, gives="items")
act("POST", "/open-items/release", prebills.release_items, tag=_WIP, gives="items")
act("POST", "/open-items/write-down", prebills.write_down_items, tag=_WIP, edge=_TODAY)
act("POST", "/open-items/write-up", wip.write_up_items, tag=_WIP, edge=_TODAY)
act("POST", "/open-items/defer", wip.defer_items, tag=_WIP, gives="items")
act("POST", "/open-items/end-deferral", wip.end_deferral, tag=_WIP, gives="items")
act("POST", "/open-items/{item_id}/split", moves.split_item, tag=_WIP, gives="items")
act("POST", "/open-items/transfer", moves.transfer_items, tag=_WIP, edge=_TODAY)
act("POST", "/open-items/restore", moves.restore_items, tag=_WIP, gives="items")
act("PUT", "/adjustment-limits/{entity_id}", requests.set_adjustment_limit, tag=_WIP)
act("POST", "/adjustment-requests/{request_id}/decide", requests.decide_adjustment, tag=_WIP, gives="amount")
act("POST", "/adjustment-requests/{request_id}/withdraw", requests.withdraw_adjustment, tag=_WIP)
act("POST", "/unpriced-items/price", items.price_unpriced, tag=_WIP)
act("POST", "/bill-runs", prebills.run_billing, tag=_WIP)


@read(
    "/invoices",
    page_of(_INVOICE),
    Permission.VIEW_INVOICES,
    tag=_INVOICES,
    name="list_invoices",
    summary="List invoices",
)
def list_invoices(
    request: HttpRequest,
    state: InvoiceState | None = None,
    kind: InvoiceKind | None = None,
    client_id: Id | None = None,
    contract_id: Id | None = None,
    number: Words | None = None,
    issued_from: Day | None = None,
    issued_through: Day | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[listing.InvoiceListed]:
    """Invoices, credit notes and (state 'draft') pre-bills, newest first."""
    filters = {
        "state": state,
        "kind": kind,
        "client_id": client_id,
        "contract_id": contract_id,
        "number": number,
        "issued_on__gte": issued_from,
        "issued_on__lte": issued_through,
    }
    return listing.invoices(actor_of(request), filters, cursor, limit)


@read(
    "/invoices/{invoice_id}",
    _WHOLE,
    Permission.VIEW_INVOICES,
    tag=_INVOICES,
    name="get_invoice",
    summary="Get an invoice",
)
def get_invoice(request: HttpRequest, invoice_id: Id) -> listing.InvoiceShown:
    """An invoice, credit note or pre-bill with its lines."""
    return listing.invoice(actor_of(request), invoice_id)


@read(
    "/invoices/{invoice_id}/lines", list_of(_LINE), Permission.VIEW_INVOICES,
    tag=_INVOICES, name="list_invoice_lines", summary="List an invoice's lines",
)  # fmt: skip
def list_lines(request: HttpRequest, invoice_id: Id) -> tuple[listing.InvoiceLineListed, ...]:
    """The printed lines in their order."""
    return listing.invoice(actor_of(request), invoice_id).lines


@read(
    "/invoices/{invoice_id}/lines/{line_id}/sources", page_of(_SOURCE), _VIEW,
    tag=_INVOICES, name="list_line_sources", summary="List the work behind a line",
)  # fmt: skip
def list_sources(
    request: HttpRequest, invoice_id: Id, line_id: Id, cursor: Cursor = "", limit: Limit = LIMIT
) -> Cut[listing.SourceListed]:
    """The billable items that a line bills; `source_id` is the time entry."""
    return listing.line_sources(actor_of(request), invoice_id, line_id, cursor, limit)


@ROUTER.get(
    "/invoices/{invoice_id}/pdf",
    tags=[_INVOICES],
    operation_id="get_invoice_pdf",
    summary="Get an invoice's PDF",
    openapi_extra={
        "x-permissions": [str(Permission.VIEW_INVOICES)],
        "responses": {
            200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
        },
    },
)
def get_pdf(request: HttpRequest, invoice_id: Id) -> HttpResponse:
    """The issued document, or the preview of a pre-bill."""
    actor = actor_of(request)
    require(actor, (Permission.VIEW_INVOICES,))
    row = locks.one(queries.visible_invoices(actor), invoice_id)
    content = queries.pdf(actor, invoice_id, today=today())
    name = row.number or f"pre-bill-{row.pk}"
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )


@ROUTER.get(
    "/invoices/{invoice_id}/e-invoice",
    tags=[_INVOICES],
    operation_id="get_e_invoice",
    summary="Get an invoice as an electronic invoice",
    openapi_extra={
        "x-permissions": [str(Permission.VIEW_INVOICES)],
        "responses": {
            200: {"content": {"application/xml": {"schema": {"type": "string", "format": "binary"}}}}
        },
    },
)
def get_e_invoice(request: HttpRequest, invoice_id: Id, form: queries.EInvoiceForm = "ubl") -> HttpResponse:
    """The issued document by EN 16931: `ubl` is UBL 2.1 for Peppol, `cii` the XML of Factur-X.

    Refused with `not_electronic` for each thing that the standard demands and the document lacks.
    """
    actor = actor_of(request)
    require(actor, (Permission.VIEW_INVOICES,))
    found = queries.electronic(actor, invoice_id, form)
    return HttpResponse(
        found.content,
        content_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{found.name}"'},
    )


_ISSUED_TODAY = {"issued_on": today}
act(
    "POST",
    "/invoices/{invoice_id}/issue",
    invoices.issue_invoice,
    tag=_INVOICES,
    edge=_ISSUED_TODAY,
    gives="number",
)
act("POST", "/invoices/issue", invoices.issue_invoices, tag=_INVOICES, edge=_ISSUED_TODAY, gives="numbers")
act(
    "POST",
    "/invoices/{invoice_id}/credit",
    invoices.credit_invoice,
    tag=_INVOICES,
    edge=_TODAY,
    gives="number",
)
act(
    "POST",
    "/invoices/{invoice_id}/credit-lines",
    invoices.credit_lines,
    tag=_INVOICES,
    edge=_TODAY,
    gives="number",
)
act("POST", "/invoices/{invoice_id}/rebill", rebills.credit_and_rebill, tag=_INVOICES, edge=_TODAY)
act("POST", "/pre-bills/{invoice_id}/drop", prebills.drop_lines, tag=_INVOICES, gives="items")
act("PUT", "/pre-bills/{invoice_id}/note", prebills.note_pre_bill, tag=_INVOICES)
act(
    "POST",
    "/invoice-lines/{line_id}/write-down",
    prebills.write_down_line,
    tag=_INVOICES,
    edge=_TODAY,
)


# --- reviews and schedules ----------------------------------------------------------------------------------

_REVIEW = shown(reviewing.ReviewShown, "PreBillReview")
_COMMENT = shown(reviewing.CommentShown, "PreBillComment")
_SCHEDULE = shown(schedule_queries.ScheduleRow, "BillSchedule")
_REVIEWS = "Reviews"


@read("/pre-bills/{invoice_id}/reviews", list_of(_REVIEW), _VIEW, tag=_REVIEWS, name="list_pre_bill_reviews",
      summary="List a pre-bill's reviews")  # fmt: skip
def list_reviews(request: HttpRequest, invoice_id: Id) -> list[reviewing.ReviewShown]:
    """Who reviews a pre-bill, what they said, and whether it still holds."""
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor_of(request)), invoice_id)
    return reviewing.reviews_of([invoice.pk]).get(invoice.pk, [])


@read("/pre-bills/{invoice_id}/comments", list_of(_COMMENT), _VIEW, tag=_REVIEWS, name="list_pre_bill_comments",
      summary="List a pre-bill's comments")  # fmt: skip
def list_comments(request: HttpRequest, invoice_id: Id) -> list[reviewing.CommentShown]:
    """What was said of a pre-bill, oldest first."""
    invoice: Invoice = locks.one(Invoice.objects.visible_to(actor_of(request)), invoice_id)
    return reviewing.comments_of(invoice.pk)


@read("/bill-schedules", list_of(_SCHEDULE), _VIEW, tag=_REVIEWS, name="list_bill_schedules",
      summary="List bill schedules")  # fmt: skip
def list_schedules(request: HttpRequest) -> list[schedule_queries.ScheduleRow]:
    """The days on which pre-bills make themselves."""
    return schedule_queries.schedules(actor_of(request), today())


act("POST", "/pre-bills/reviews", reviews.request_reviews, tag=_REVIEWS, gives="reviews")
act("POST", "/pre-bills/approve", reviews.approve_pre_bills, tag=_REVIEWS, gives="reviews")
act("POST", "/pre-bills/{invoice_id}/send-back", reviews.send_back_pre_bill, tag=_REVIEWS)
act("POST", "/pre-bills/{invoice_id}/comments", reviews.comment_pre_bill, tag=_REVIEWS, gives="id")
act("POST", "/bill-schedules", schedules.save_schedule, tag=_REVIEWS, edge=_TODAY, gives="id")
act("DELETE", "/bill-schedules/{schedule_id}", schedules.remove_schedule, tag=_REVIEWS)
act("POST", "/bill-schedules/run", schedules.run_schedules, tag=_REVIEWS, edge=_TODAY, gives="pre_bills")
act("PUT", "/invoice-lines/{line_id}/description", bill_lines.describe_line, tag=_REVIEWS)
act("POST", "/pre-bills/{invoice_id}/join-lines", bill_lines.join_lines, tag=_REVIEWS, gives="id")
act("POST", "/invoice-lines/{line_id}/part", bill_lines.part_line, tag=_REVIEWS, gives="id")


# --- caps ---------------------------------------------------------------------------------------------------

_CAP = shown(listing.CapListed, "CapUse")


@read("/caps", list_of(_CAP), _VIEW, tag=_WIP, name="list_caps", summary="List how far caps are used")
def list_caps(request: HttpRequest, contract_id: Id | None = None) -> list[listing.CapListed]:
    """Caps of active contracts, their phases and lines, the fullest first; or those of one contract."""
    return listing.caps(actor_of(request), contract_id)


# --- down payments ------------------------------------------------------------------------------------------

_DOWN_PAYMENT = shown(contract_queries.DownPayment)


@read("/contracts/{contract_id}/down-payments", list_of(_DOWN_PAYMENT), _VIEW, tag=_INVOICES, name="list_down_payments",
      summary="List a contract's down payments")  # fmt: skip
def list_down_payments(request: HttpRequest, contract_id: Id) -> list[contract_queries.DownPayment]:
    """Down payments, the oldest first, with what is left of each."""
    return contract_queries.down_payments(actor_of(request), contract_id)


act("POST", "/contracts/{contract_id}/down-payments", down_payments.request_down_payment, tag=_INVOICES,
    edge=_TODAY, gives="id")  # fmt: skip
act(
    "PUT",
    "/pre-bills/{invoice_id}/draws/{down_payment_id}",
    down_payments.set_draw,
    tag=_INVOICES,
    gives="net",
)


# --- purchase orders ----------------------------------------------------------------------------------------

_ORDER = shown(contract_queries.OrderRow, "PurchaseOrder", also=("left", "state"))


@read("/clients/{client_id}/purchase-orders", list_of(_ORDER), Permission.VIEW_CONTRACTS, tag=_INVOICES,
      name="list_purchase_orders", summary="List a client's purchase orders")  # fmt: skip
def list_purchase_orders(
    request: HttpRequest, client_id: Id, contract_id: Id | None = None
) -> list[contract_queries.OrderRow]:
    """Purchase orders, the newest first, with what is used and left; with `contract_id` those its invoices can carry."""
    return contract_queries.purchase_orders(actor_of(request), client_id=client_id, contract_id=contract_id)


act(
    "POST",
    "/clients/{client_id}/purchase-orders",
    purchase_orders.add_purchase_order,
    tag=_INVOICES,
    gives="id",
)
act("PUT", "/purchase-orders/{purchase_order_id}", purchase_orders.change_purchase_order, tag=_INVOICES)
act("PUT", "/pre-bills/{invoice_id}/purchase-order", purchase_orders.choose_purchase_order, tag=_INVOICES)


# --- what invoices use --------------------------------------------------------------------------------------

_TERMS = shown(choice_queries.TermsRow, "PaymentTerms")


@read("/payment-terms", list_of(_TERMS), Permission.VIEW_CLIENTS, tag=_INVOICES, name="list_payment_terms",
      summary="List payment terms")  # fmt: skip
def list_payment_terms(request: HttpRequest) -> list[choice_queries.TermsRow]:
    """Payment terms that clients and contracts can use, by name."""
    return choice_queries.payment_terms(actor_of(request))


_LAYOUT = shown(choice_queries.LayoutRow, "InvoiceLayout")


@read("/invoice-layouts", list_of(_LAYOUT), Permission.VIEW_CLIENTS, tag=_INVOICES, name="list_invoice_layouts",
      summary="List invoice layouts")  # fmt: skip
def list_layouts(request: HttpRequest) -> list[choice_queries.LayoutRow]:
    """Layouts that clients and contracts can use, by name."""
    return choice_queries.layouts(actor_of(request))


act("POST", "/invoice-layouts", layouts.add_layout, tag=_INVOICES, gives="id")
act("PUT", "/invoice-layouts/{layout_id}", layouts.change_layout, tag=_INVOICES)
act("POST", "/payment-terms", payment_terms.add_payment_terms, tag=_INVOICES, gives="id")
act("PUT", "/payment-terms/{payment_terms_id}", payment_terms.change_payment_terms, tag=_INVOICES)
act("PUT", "/clients/{client_id}/invoice-choice", payment_terms.choose_for_invoices, tag=_INVOICES)


# --- charges ------------------------------------------------------------------------------------------------

_CHARGE = shown(statements.ChargeRow, "Charge")
_TO_CHARGE = shown(statements.ToCharge)
shown(statements.StatementPeriod)
shown(statements.StatementBlock)
_STATEMENT = shown(statements.Statement, "LineStatement")


@read("/contracts/{contract_id}/charges", list_of(_CHARGE), _VIEW, tag=_CHARGES, name="list_charges",
      summary="List a contract's charges")  # fmt: skip
def list_charges(request: HttpRequest, contract_id: Id) -> list[statements.ChargeRow]:
    """Fees, instalments, milestones, units, progress and blocks that were charged, newest first."""
    return statements.charges(actor_of(request), contract_id)


@read("/contracts/{contract_id}/to-charge", list_of(_TO_CHARGE), _VIEW, tag=_CHARGES, name="list_to_charge",
      summary="List what can be charged")  # fmt: skip
def list_to_charge(request: HttpRequest, contract_id: Id) -> list[statements.ToCharge]:
    """What people can still charge on a contract by an act."""
    return statements.to_charge(actor_of(request), contract_id)


@read("/contract-lines/{line_id}/statement", _STATEMENT, Permission.VIEW_CONTRACTS, tag=_CHARGES,
      name="get_line_statement", summary="Get a retainer's or block's statement")  # fmt: skip
def get_statement(request: HttpRequest, line_id: Id, through: Day | None = None) -> statements.Statement:
    """What a retainer or prepaid line included, what was used, rolled over, expired and is over."""
    return statements.statement(actor_of(request), line_id, through or today())


act("POST", "/contract-lines/{line_id}/instalments/{place}/charge", charges.charge_instalment, tag=_CHARGES,
    edge=_TODAY, gives="id")  # fmt: skip
act("POST", "/contract-lines/{line_id}/units", charges.record_units, tag=_CHARGES, gives="ids")
act(
    "POST",
    "/contract-lines/{line_id}/progress",
    charges.record_progress,
    tag=_CHARGES,
    edge=_TODAY,
    gives="ids",
)
act("POST", "/contract-lines/{line_id}/retainage/release", charges.release_retainage, tag=_CHARGES,
    edge=_TODAY, gives="id")  # fmt: skip
act("POST", "/contract-lines/{line_id}/blocks", charges.buy_block, tag=_CHARGES, edge=_TODAY, gives="id")
act("POST", "/charges/{charge_id}/withdraw", charges.withdraw_charge, tag=_CHARGES, edge=_TODAY)
