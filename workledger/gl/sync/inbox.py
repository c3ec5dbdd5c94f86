"""What becomes of a change on the other side: found out here, in one place, for taking it and for trying again.

A payment on an invoice of ours, all of it open here and its day in an open period, is taken over. Anything else is a
conflict, with its reason and what may be done about it. Nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from django.db import transaction

from workledger.billing.models import Invoice
from workledger.core.access import Actor
from workledger.core.refusals import NeedsConfirmation, Refused
from workledger.directory.models import Client
from workledger.gl.calc import wire
from workledger.gl.calc.effects import beyond, effect_of
from workledger.gl.connector import Change, ChangeKind, DocumentKind, Payment
from workledger.gl.sync import queueing
from workledger.gl.sync.documents import BookView
from workledger.gl.sync.models import Connection, ExternalId, Outgoing, OutgoingState
from workledger.kernel.money import money_words
from workledger.ledger.models import AccountRole, Period, PeriodState
from workledger.receivables.actions import (
    allocate_deposit,
    open_of,
    record_deposit,
    record_payment,
    void_payment,
)
from workledger.receivables.models import Payment as PaymentRow

_ZERO = Decimal(0)


class Choice(StrEnum):
    """What a person may do about a conflict."""

    RECORD = "record"
    LINK = "link"
    AGAIN = "again"
    CREDIT = "credit"
    SEND = "send"
    KEEP = "keep"

    @property
    def label(self) -> str:
        """The choice as people read it."""
        return _CHOICES[self]


_CHOICES = {
    Choice.RECORD: "Record it here, the rest as a deposit",
    Choice.LINK: "It is a payment that is here already",
    Choice.AGAIN: "Try again",
    Choice.CREDIT: "Credit the invoice here",
    Choice.SEND: "Send ours again",
    Choice.KEEP: "Keep both as they are, and note why",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made of a change: `code` '' when nothing is left to decide."""

    state: str
    said: str
    code: str = ""
    choices: tuple[Choice, ...] = ()
    ref: str = ""
    client_id: int = 0


def _conflict(code: str, said: str, *choices: Choice, ref: str = "", client_id: int = 0) -> Outcome:
    return Outcome("conflict", said, code, (*choices, Choice.KEEP), ref, client_id)


def consider(actor: Actor, connection: Connection, change: Change, *, with_rest: bool = False) -> Outcome:
    """Take a change over where that is plain; else say why not. `with_rest`: what no invoice takes becomes a deposit."""
    match change.kind:
        case ChangeKind.PAYMENT:
            return _payment(actor, connection, change, with_rest=with_rest)
        case ChangeKind.PAYMENT_VOIDED:
            return _voided(actor, connection, change)
        case ChangeKind.INVOICE_VOIDED:
            return _of_invoice(connection, change, "invoice_voided", (Choice.CREDIT, Choice.SEND))
        case ChangeKind.INVOICE_EDITED:
            return _of_invoice(connection, change, "invoice_edited", (Choice.CREDIT,))
        case _:
            return _of_customer(connection, change)


def ref_of(connection: Connection, external_id: str, *kinds: str) -> str:
    """Return our reference of a thing there; '' for one that is not ours."""
    rows = ExternalId.objects.filter(connection=connection, external_id=external_id).order_by("pk")
    return next((ref for ref in rows.values_list("ref", flat=True) if ref.partition(":")[0] in kinds), "")


# --- a payment there ------------------------------------------------------------------------------------


def _payment(actor: Actor, connection: Connection, change: Change, *, with_rest: bool) -> Outcome:
    known = ref_of(connection, change.external_id, "payment")
    if known:
        return Outcome("matched", "This payment came from here.", ref=known)
    payment = change.payment
    if payment is None:
        return _conflict("no_amount", "The other side did not say what was paid.", Choice.AGAIN)
    client_id = wire.local_id(ref_of(connection, payment.customer, "customer"))
    if not Client.objects.filter(pk=client_id).exists():
        said = "It is of a customer that does not come from here."
        return _conflict("customer_unknown", said, Choice.AGAIN)
    parts, strange = _parts(connection, payment)
    problem = _obstacle(connection, payment, parts, client_id)
    if problem is None and not with_rest:
        problem = _too_much(connection, payment, parts, client_id)
    if problem is not None:
        return replace(problem, client_id=client_id)
    rest = payment.amount - sum((amount for _, amount in parts), _ZERO)
    if (rest or strange) and not with_rest:
        return replace(_rest(connection, payment, rest, strange, client_id), client_id=client_id)
    try:
        with transaction.atomic():
            payment_id = _record(actor, connection, payment, parts, client_id)
            adopt(connection, change, payment, payment_id)
    except NeedsConfirmation as asked:
        return _conflict("overpayment", str(asked), Choice.RECORD, Choice.AGAIN, client_id=client_id)
    except Refused as refused:
        return _conflict(refused.codes[0], str(refused), Choice.AGAIN, client_id=client_id)
    said = f"Recorded {money_words(payment.amount, payment.currency)}."
    return Outcome("applied", said, ref=wire.payment_ref(payment_id), client_id=client_id)


def _parts(connection: Connection, payment: Payment) -> tuple[list[tuple[Invoice, Decimal]], int]:
    """Return which invoices of ours a payment settles with how much, and how many it settles that are not ours."""
    refs = {part.invoice: ref_of(connection, part.invoice, "invoice") for part in payment.settles}
    rows = Invoice.objects.in_bulk([wire.local_id(ref) for ref in refs.values() if ref])
    found: list[tuple[Invoice, Decimal]] = []
    for part in payment.settles:
        row = rows.get(wire.local_id(refs[part.invoice]))
        if row is not None:
            found.append((row, part.amount))
    return found, len(payment.settles) - len(found)


def _obstacle(
    connection: Connection, payment: Payment, parts: Sequence[tuple[Invoice, Decimal]], client_id: int
) -> Outcome | None:
    """Return why a payment cannot be taken over as it is; None where it can."""
    if payment.on < connection.starts_on:
        said = (
            f"It is dated before {connection.starts_on:%-d %B %Y}, from when on both sides are kept in step."
        )
        return _conflict("before_start", said, Choice.AGAIN)
    closed = Period.objects.filter(
        book_id=connection.book_id, start__lte=payment.on, end__gt=payment.on
    ).exclude(state=PeriodState.OPEN)
    period = closed.first()
    if period is not None:
        said = f"{period.name} is {period.get_state_display().lower()} here. Reopen it, or give the payment another day there."
        return _conflict("period_closed", said, Choice.AGAIN)
    for invoice, _ in parts:
        if invoice.client_id != client_id or invoice.currency != payment.currency:
            said = f"{invoice.number} is in {invoice.currency} and of another customer, or the payment in {payment.currency}."
            return _conflict("does_not_fit", said, Choice.AGAIN)
    return None


def _too_much(
    connection: Connection, payment: Payment, parts: Sequence[tuple[Invoice, Decimal]], client_id: int
) -> Outcome | None:
    """Return which invoice has less open than the payment settles; None where all have enough."""
    open_amounts = open_of([invoice.pk for invoice, _ in parts])
    for invoice, amount in parts:
        if amount > open_amounts.get(invoice.pk, _ZERO):
            return _overpaid(connection, payment, invoice, open_amounts.get(invoice.pk, _ZERO), client_id)
    return None


def _overpaid(
    connection: Connection, payment: Payment, invoice: Invoice, still_open: Decimal, client_id: int
) -> Outcome:
    said = f"{invoice.number} has {money_words(still_open, invoice.currency)} open here."
    twin = _twin(connection, payment, client_id)
    if twin is not None:
        said += f" {twin.title} of {twin.on:%-d %b %Y} is the same amount: if it is the same money, say so."
        return _conflict("overpayment", said, Choice.LINK, Choice.RECORD, Choice.AGAIN, ref=twin.ref)
    return _conflict("overpayment", said, Choice.RECORD, Choice.AGAIN)


def _rest(connection: Connection, payment: Payment, rest: Decimal, strange: int, client_id: int) -> Outcome:
    twin = _twin(connection, payment, client_id)
    said = f"{money_words(rest, payment.currency)} of it settles no invoice."
    if strange:
        said = f"It settles {strange} invoices that do not come from here."
    if twin is not None:
        return _conflict("overpayment", said, Choice.LINK, Choice.RECORD, Choice.AGAIN, ref=twin.ref)
    return _conflict("overpayment", said, Choice.RECORD, Choice.AGAIN)


def _twin(connection: Connection, payment: Payment, client_id: int) -> Outgoing | None:
    """Return a payment of ours that may be the same money and is not there yet."""
    rows = Outgoing.objects.filter(
        connection=connection, kind=DocumentKind.PAYMENT, client_id=client_id, currency=payment.currency,
        amount=payment.amount,
    )  # fmt: skip
    return rows.exclude(state__in=[OutgoingState.SENT, OutgoingState.SENDING]).order_by("pk").first()


def _record(
    actor: Actor,
    connection: Connection,
    payment: Payment,
    parts: Sequence[tuple[Invoice, Decimal]],
    client_id: int,
) -> int:
    """Record a payment here with what it settles; returns its id."""
    left = open_of([invoice.pk for invoice, _ in parts])
    if len(parts) == 1 and parts[0][1] == payment.amount <= left.get(parts[0][0].pk, _ZERO):
        received = record_payment(
            actor=actor, invoice_id=parts[0][0].pk, amount=payment.amount, on=payment.on,
            reference=payment.reference,
        )  # fmt: skip
        return received.payment_id
    payment_id = record_deposit(
        actor=actor, client_id=client_id, entity_id=connection.book_id, currency=payment.currency,
        amount=payment.amount, on=payment.on, reference=payment.reference,
    )  # fmt: skip
    for invoice, amount in parts:
        used = min(amount, left.get(invoice.pk, _ZERO))
        if used:
            allocate_deposit(
                actor=actor, payment_id=payment_id, invoice_id=invoice.pk, amount=used, on=payment.on
            )
    return int(payment_id)


def adopt(connection: Connection, change: Change, payment: Payment, payment_id: int) -> None:
    """Note a payment that was made there as sent, in the transaction that records it: it never goes back.

    The money stands there on the account that they chose. Where that is not ours, the tie-out allows for it.
    """
    view = queueing.view_of(connection)
    queueing.queue_payments(connection, view, [payment_id])
    row = Outgoing.objects.get(connection=connection, ref=wire.payment_ref(payment_id))
    made = wire.from_payload(DocumentKind.PAYMENT, row.payload)
    assert isinstance(made, Payment)
    theirs = replace(
        made,
        account=payment.account or made.account,
        receivable_account=payment.receivable_account or made.receivable_account,
        functional=payment.functional or made.functional,
    )
    row.payload = wire.to_payload(theirs)
    row.payload_hash = wire.payload_hash(row.payload)
    _move_cash(view, row, theirs)
    row.state, row.sent_at, row.reason = OutgoingState.SENT, queueing.now(), "Recorded there first."
    row.save()
    ExternalId.objects.create(
        connection=connection, ref=row.ref, external_id=change.external_id, version=change.version,
        label=change.said[:200],
    )  # fmt: skip


def _move_cash(view: BookView, row: Outgoing, theirs: Payment) -> None:
    """Split what entries move beyond the payment: what is on their own bank account stays there, the rest is a journal."""
    effect = effect_of(DocumentKind.PAYMENT, theirs, view.charted)
    before = queueing.from_rows(row.effect)
    ours = beyond(queueing.from_rows(row.beyond), {place: -amount for place, amount in before.items()})
    left = beyond(ours, effect)
    clearing = view.role(AccountRole.CASH_CLEARING)
    row.effect = queueing.to_rows(effect)
    if row.beyond_in_id is not None:
        left = queueing.from_rows(row.beyond)  # a journal has it; another bank account changes nothing of it
    if theirs.account == clearing:
        row.beyond = queueing.to_rows(left)
        return
    value = theirs.amount if theirs.functional is None else theirs.functional
    kept = {(clearing, ""): value, view.charted.place(theirs.account, theirs.customer): -value}
    row.kept_there = queueing.to_rows(kept)
    if row.beyond_in_id is None:
        row.beyond = queueing.to_rows(beyond(left, kept))


# --- undone there -----------------------------------------------------------------------------------------


def _voided(actor: Actor, connection: Connection, change: Change) -> Outcome:
    ref = ref_of(connection, change.external_id, "payment")
    payment = PaymentRow.objects.filter(pk=wire.local_id(ref)).first()
    if payment is None:
        said = "A payment that does not come from here was voided."
        return _conflict("payment_unknown", said, Choice.AGAIN)
    if Outgoing.objects.filter(connection=connection, ref=wire.void_ref(payment.pk)).exists():
        return Outcome("matched", "It was voided here too.", ref=ref, client_id=payment.client_id)
    try:
        with transaction.atomic():
            void_payment(
                actor=actor, payment_id=payment.pk, on=change.on, reason=change.said or "Voided there"
            )
            _adopt_void(connection, change, payment)
    except Refused as refused:
        return _conflict(refused.codes[0], str(refused), Choice.AGAIN, ref=ref, client_id=payment.client_id)
    return Outcome("applied", "Voided here too.", ref=ref, client_id=payment.client_id)


def _adopt_void(connection: Connection, change: Change, payment: PaymentRow) -> None:
    """Note the undoing of a payment that was made there as sent."""
    view = queueing.view_of(connection)
    queueing.queue_void(connection, view, payment.pk, change.on, change.said)
    row = Outgoing.objects.get(connection=connection, ref=wire.void_ref(payment.pk))
    row.state, row.sent_at, row.reason = OutgoingState.SENT, queueing.now(), "Voided there first."
    row.save(update_fields=["state", "sent_at", "reason"])
    ExternalId.objects.create(
        connection=connection, ref=row.ref, external_id=change.key[:100], version=change.version
    )


# --- what only a person can decide --------------------------------------------------------------------------


def _of_invoice(connection: Connection, change: Change, code: str, choices: tuple[Choice, ...]) -> Outcome:
    ref = ref_of(connection, change.external_id, "invoice")
    row = Invoice.objects.filter(pk=wire.local_id(ref)).first()
    if row is None:
        return _conflict("invoice_unknown", "It is about an invoice that does not come from here.")
    verb = "voided" if code == "invoice_voided" else "changed"
    ours = f"{row.number} of {row.issued_on:%-d %b %Y} over {money_words(row.gross, row.currency)}"
    said = f"{ours} was {verb} there: {change.said}. Here it stands as it was issued."
    possible = choices if row.kind == "invoice" and row.state == "issued" else choices[1:]
    return _conflict(code, said, *possible, ref=ref, client_id=row.client_id)


def _of_customer(connection: Connection, change: Change) -> Outcome:
    ref = ref_of(connection, change.external_id, "customer")
    if not ref:
        return Outcome("matched", "A customer that does not come from here.")
    said = f"The customer was changed there: {change.said}. Change the client here too, or send ours again."
    return _conflict("customer_edited", said, Choice.SEND, ref=ref, client_id=wire.local_id(ref))
