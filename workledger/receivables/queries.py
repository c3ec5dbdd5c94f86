"""Reads of receivables: ageing by client, a client's statement, deposits. Constant numbers of queries."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from workledger.billing.models import Invoice
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.directory.models import Client
from workledger.receivables.calc.ageing import BUCKETS, bucket_of
from workledger.receivables.models import Allocation, Dispute, Payment, Receivable

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ClientAgeing:
    """What a client owes in one currency, by bucket (`calc.ageing.BUCKETS`), with deposits not yet used."""

    client_id: int
    client: str
    currency: str
    buckets: tuple[Decimal, ...]
    invoices: int
    disputed: Decimal
    deposit: Decimal

    @property
    def total(self) -> Decimal:
        """All that is open."""
        return sum(self.buckets, _ZERO)

    @property
    def overdue(self) -> Decimal:
        """What is past its due date."""
        return self.total - self.buckets[0]


@dataclass(frozen=True, slots=True)
class CurrencyAgeing:
    """The rows of one currency with their totals."""

    currency: str
    rows: tuple[ClientAgeing, ...]
    buckets: tuple[Decimal, ...]
    deposit: Decimal

    @property
    def total(self) -> Decimal:
        """All that is open."""
        return sum(self.buckets, _ZERO)

    @property
    def overdue(self) -> Decimal:
        """What is past its due date."""
        return self.total - self.buckets[0]


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that is not fully paid."""

    invoice_id: int
    number: str
    contract: str
    issued_on: date
    due_on: date
    gross: Decimal
    open_amount: Decimal
    days_overdue: int
    bucket: str
    dispute_id: int | None
    dispute_reason: str


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment with what it paid."""

    payment_id: int
    received_on: date
    currency: str
    amount: Decimal
    reference: str
    journal_entry_id: int
    allocations: tuple[tuple[int, str, Decimal], ...]
    voided_on: date | None = None
    void_reason: str = ""

    @property
    def deposit(self) -> Decimal:
        """What no allocation uses; nothing of a voided payment."""
        if self.voided_on is not None:
            return _ZERO
        return self.amount - sum((amount for _, _, amount in self.allocations), _ZERO)


@dataclass(frozen=True, slots=True)
class Statement:
    """What stands between the firm and one client."""

    client_id: int
    client: str
    currency: str
    invoices: tuple[OpenInvoice, ...]
    payments: tuple[PaymentRow, ...]
    buckets: tuple[Decimal, ...]
    may_record: bool

    @property
    def total(self) -> Decimal:
        """All that is open."""
        return sum(self.buckets, _ZERO)

    @property
    def overdue(self) -> Decimal:
        """What is past its due date."""
        return self.total - self.buckets[0]

    @property
    def deposit(self) -> Decimal:
        """What was paid and pays no invoice yet."""
        return sum((payment.deposit for payment in self.payments), _ZERO)


def visible_receivables(actor: Actor) -> QuerySet[Receivable]:
    """Return receivables that the actor may see: those of visible invoices, with the permission."""
    rows = Receivable.objects.all()
    if not actor.can(Permission.VIEW_RECEIVABLES):
        return rows.none()
    if actor.entity_ids is not None:
        rows = rows.filter(entity_id__in=actor.entity_ids)
    if actor.client_ids is not None:
        rows = rows.filter(client_id__in=actor.client_ids)
    return rows


def ageing(actor: Actor, *, as_of: date, search: str = "") -> list[CurrencyAgeing]:
    """Return what clients owe now, by currency and client, aged at `as_of`; the largest first."""
    rows = visible_receivables(actor).filter(open_amount__gt=0)
    if search:
        rows = rows.filter(client__name__icontains=search)
    disputed = Dispute.objects.filter(invoice=OuterRef("pk"), settled_on=None).values("pk")[:1]
    sums: dict[tuple[str, int, str], list[Decimal]] = defaultdict(lambda: [_ZERO] * len(BUCKETS))
    contested: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
    count: dict[tuple[str, int, str], int] = defaultdict(int)
    for client_id, name, currency, due_on, amount, dispute in rows.values_list(
        "client_id", "client__name", "currency", "due_on", "open_amount", Subquery(disputed)
    ):
        key = currency, client_id, name
        sums[key][bucket_of(due_on, as_of)] += amount
        count[key] += 1
        contested[key] += amount if dispute else _ZERO
    deposits = _deposits(actor)
    by_currency: dict[str, list[ClientAgeing]] = defaultdict(list)
    for key, buckets in sums.items():
        currency, client_id, name = key
        deposit = deposits.get((currency, client_id), _ZERO)
        by_currency[currency].append(
            ClientAgeing(client_id, name, currency, tuple(buckets), count[key], contested[key], deposit)
        )
    return [
        CurrencyAgeing(
            currency,
            tuple(sorted(found, key=lambda row: (-row.total, row.client))),
            tuple(sum(column, _ZERO) for column in zip(*(row.buckets for row in found), strict=True)),
            sum((row.deposit for row in found), _ZERO),
        )
        for currency, found in sorted(by_currency.items())
    ]


def _deposits(actor: Actor) -> dict[tuple[str, int], Decimal]:
    """Return what was paid and pays no invoice yet, by currency and client."""
    allocated = (
        Allocation.objects.filter(payment=OuterRef("pk"))
        .values("payment")
        .annotate(total=Sum("amount"))
        .values("total")
    )
    payments = (
        Payment.objects.visible_to(actor)
        .filter(void=None)
        .annotate(left=F("amount") - Coalesce(Subquery(allocated), Value(_ZERO)))
    )
    found: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for currency, client_id, left in payments.exclude(left=0).values_list("currency", "client_id", "left"):
        found[currency, client_id] += left
    return found


def statement(actor: Actor, client_id: int, *, as_of: date) -> Statement:
    """Return one client's open invoices and payments, newest first. Raises `NotFound`."""
    client: Client = locks.one(Client.objects.visible_to(actor).select_related("billing_profile"), client_id)
    disputes = {
        dispute.invoice_id: dispute
        for dispute in Dispute.objects.filter(invoice__client=client, settled_on=None)
    }
    rows = visible_receivables(actor).filter(client_id=client_id, open_amount__gt=0)
    invoices, buckets = [], [_ZERO] * len(BUCKETS)
    for row in rows.select_related("invoice__contract").order_by("due_on", "pk"):
        at = bucket_of(row.due_on, as_of)
        buckets[at] += row.open_amount
        dispute = disputes.get(row.pk)
        invoices.append(
            OpenInvoice(
                row.pk, row.invoice.number, str(row.invoice.contract), row.issued_on, row.due_on, row.gross,
                row.open_amount, max((as_of - row.due_on).days, 0), BUCKETS[at].label,
                dispute.pk if dispute else None, dispute.reason if dispute else "",
            )
        )  # fmt: skip
    currency = rows.values_list("currency", flat=True).first()
    return Statement(
        client_id,
        client.name,
        currency or client.billing_profile.currency,
        tuple(invoices),
        tuple(_payments(actor, Q(client_id=client_id))),
        tuple(buckets),
        actor.can(Permission.RECORD_PAYMENT),
    )


def _payments(actor: Actor, chosen: Q) -> list[PaymentRow]:
    rows = Payment.objects.visible_to(actor).filter(chosen).select_related("void")
    payments = list(rows.order_by("-received_on", "-pk")[:200])
    paid: dict[int, list[tuple[int, str, Decimal]]] = defaultdict(list)
    sums = (
        Allocation.objects.filter(payment__in=payments)
        .values_list("payment_id", "invoice_id", "invoice__number")
        .annotate(total=Sum("amount"))
        .order_by("invoice_id")
    )
    for payment_id, invoice_id, number, total in sums:
        if total:
            paid[payment_id].append((invoice_id, number, total))
    return [
        PaymentRow(
            row.pk,
            row.received_on,
            row.currency,
            row.amount,
            row.reference,
            row.journal_entry_id,
            tuple(paid[row.pk]),
            *_void(row),
        )
        for row in payments
    ]


def _void(row: Payment) -> tuple[date | None, str]:
    """Return when a payment was voided, and why."""
    void = getattr(row, "void", None)
    return (void.voided_on, void.reason) if void else (None, "")


def payment(actor: Actor, payment_id: int) -> PaymentRow:
    """Return one payment with what it paid. Raises `NotFound`."""
    locks.one(Payment.objects.visible_to(actor), payment_id)
    return _payments(actor, Q(pk=payment_id))[0]


def payer_of(actor: Actor, payment_id: int) -> tuple[int, str]:
    """Return id and name of the client who paid. Raises `NotFound`."""
    row: Payment = locks.one(Payment.objects.visible_to(actor).select_related("client"), payment_id)
    return row.client_id, row.client.name


def open_invoices_of(actor: Actor, payment_id: int) -> list[tuple[int, str, Decimal]]:
    """Return the invoices a payment's deposit could pay: open, of the same client and currency."""
    row: Payment = locks.one(Payment.objects.visible_to(actor), payment_id)
    rows = visible_receivables(actor).filter(
        client_id=row.client_id, currency=row.currency, open_amount__gt=0
    )
    return list(rows.order_by("due_on").values_list("pk", "invoice__number", "open_amount"))


def dispute(actor: Actor, dispute_id: int) -> Dispute:
    """Return one dispute. Raises `NotFound`."""
    found: Dispute = locks.one(Dispute.objects.visible_to(actor).select_related("invoice"), dispute_id)
    return found


def invoice_of(actor: Actor, invoice_id: int) -> Invoice:
    """Return an invoice that the actor may see. Raises `NotFound`."""
    found: Invoice = locks.one(Invoice.objects.visible_to(actor).select_related("client"), invoice_id)
    return found


def deposit_of(actor: Actor, invoice: Invoice) -> Decimal:
    """Return what the client of an invoice paid its entity in its currency that pays no invoice yet."""
    payments = Payment.objects.visible_to(actor).filter(
        client_id=invoice.client_id, entity_id=invoice.entity_id, currency=invoice.currency, void=None
    )
    paid = payments.aggregate(total=Sum("amount"))["total"] or _ZERO
    used = Allocation.objects.filter(payment__in=payments).aggregate(total=Sum("amount"))["total"] or _ZERO
    return paid - used
