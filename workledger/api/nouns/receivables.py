"""Money in: payments, receivables with their ageing, statements, disputes."""

from django.http import HttpRequest

from workledger.api import listing
from workledger.api.edge import actor_of, today
from workledger.api.paging import Cut
from workledger.api.routes import LIMIT, Cursor, Limit, act, read
from workledger.api.wire import Day, Id, Words, list_of, page_of, shown
from workledger.core.access import Permission
from workledger.receivables import actions, queries

_TAG = "Receivables"
_VIEW = Permission.VIEW_RECEIVABLES

shown(queries.ClientAgeing, also=("total", "overdue"))
_AGEING = shown(queries.CurrencyAgeing, also=("total", "overdue"))
shown(queries.OpenInvoice)
_PAYMENT = shown(
    queries.PaymentRow, "PaymentWithAllocations",
    also=("deposit",), named={"allocations": ("invoice_id", "number", "amount")},
)  # fmt: skip
_STATEMENT = shown(queries.Statement, also=("total", "overdue", "deposit"))
_RECEIVABLE = shown(listing.ReceivableListed, "Receivable")
_LISTED = shown(listing.PaymentListed, "Payment")
_DISPUTE = shown(listing.DisputeListed, "Dispute")


@read(
    "/receivables", page_of(_RECEIVABLE), _VIEW, tag=_TAG, name="list_receivables", summary="List receivables"
)
def list_receivables(
    request: HttpRequest,
    client_id: Id | None = None,
    currency: Words | None = None,
    due_through: Day | None = None,
    only_open: bool = True,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[listing.ReceivableListed]:
    """What is owed on issued invoices, by due date."""
    filters = {"client_id": client_id, "currency": currency, "due_on__lte": due_through}
    return listing.receivables(actor_of(request), filters, cursor, limit, only_open=only_open)


@read("/receivables/ageing", list_of(_AGEING), _VIEW, tag=_TAG, name="get_ageing", summary="Get the ageing")
def get_ageing(
    request: HttpRequest, as_of: Day | None = None, words: Words = ""
) -> list[queries.CurrencyAgeing]:
    """What clients owe by currency and client: not due, then 30-day buckets past the due date."""
    return queries.ageing(actor_of(request), as_of=as_of or today(), search=words)


@read(
    "/clients/{client_id}/statement",
    _STATEMENT,
    _VIEW,
    tag=_TAG,
    name="get_statement",
    summary="Get a statement",
)
def get_statement(request: HttpRequest, client_id: Id, as_of: Day | None = None) -> queries.Statement:
    """A client's open invoices and its payments."""
    return queries.statement(actor_of(request), client_id, as_of=as_of or today())


@read("/payments", page_of(_LISTED), _VIEW, tag=_TAG, name="list_payments", summary="List payments")
def list_payments(
    request: HttpRequest,
    client_id: Id | None = None,
    received_from: Day | None = None,
    received_through: Day | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[listing.PaymentListed]:
    """Payments, newest first."""
    filters = {
        "client_id": client_id,
        "received_on__gte": received_from,
        "received_on__lte": received_through,
    }
    return listing.payments(actor_of(request), filters, cursor, limit)


@read("/payments/{payment_id}", _PAYMENT, _VIEW, tag=_TAG, name="get_payment", summary="Get a payment")
def get_payment(request: HttpRequest, payment_id: Id) -> queries.PaymentRow:
    """A payment with what it paid; what no allocation uses is a deposit."""
    return queries.payment(actor_of(request), payment_id)


_TODAY = {"on": today}
act("POST", "/invoices/{invoice_id}/payments", actions.record_payment, tag=_TAG, edge=_TODAY)
act("POST", "/payments/{payment_id}/allocations", actions.allocate_deposit, tag=_TAG, edge=_TODAY)


@read("/disputes", page_of(_DISPUTE), _VIEW, tag=_TAG, name="list_disputes", summary="List disputes")
def list_disputes(
    request: HttpRequest,
    invoice_id: Id | None = None,
    is_open: bool | None = None,
    cursor: Cursor = "",
    limit: Limit = LIMIT,
) -> Cut[listing.DisputeListed]:
    """Invoices that clients contest, newest first."""
    return listing.disputes(actor_of(request), invoice_id, is_open, cursor, limit)


act("POST", "/invoices/{invoice_id}/disputes", actions.open_dispute, tag=_TAG, edge=_TODAY, gives="id")
act("POST", "/disputes/{dispute_id}/settle", actions.settle_dispute, tag=_TAG, edge=_TODAY)
act("POST", "/clients/{client_id}/deposits", actions.record_deposit, tag=_TAG, edge={"on": today}, gives="id")
act(
    "POST",
    "/invoices/{invoice_id}/deposits",
    actions.apply_deposits,
    tag=_TAG,
    edge={"on": today},
    gives="amount",
)
act(
    "POST",
    "/payments/{payment_id}/void",
    actions.void_payment,
    tag=_TAG,
    edge=_TODAY,
    gives="journal_entry_id",
)
act("POST", "/invoices/{invoice_id}/bad-debts", actions.write_off_debt, tag=_TAG, edge=_TODAY, gives="id")
act(
    "POST",
    "/invoices/{invoice_id}/bad-debts/reverse",
    actions.reverse_write_off,
    tag=_TAG,
    edge=_TODAY,
    gives="id",
)
