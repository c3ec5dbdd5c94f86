"""What a person makes of a conflict."""

from datetime import date

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.models import Invoice
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.gl.calc import wire
from workledger.gl.connector import ChangeKind
from workledger.gl.sync import inbox, queueing
from workledger.gl.sync.actions import deciding, taking
from workledger.gl.sync.inbox import Choice
from workledger.gl.sync.models import ExternalId, Incoming, IncomingState, Outgoing, OutgoingState
from workledger.gl.sync.waking import wake


@action("gl.resolve_change", needs=Permission.MANAGE_SYNC)
def resolve_change(*, actor: Actor, incoming_id: int, choice: Choice, reason: str, on: date) -> str:
    """Settle a conflict in one of the ways it offers; returns what was done. `on` dates what that makes here.

    Refuses: not_found, reason_missing, not_open, choice_not_possible, still_in_conflict, what the act here refuses.
    """
    row = _open_row(actor, incoming_id, reason)
    if choice not in row.choices:
        raise Refused.because("choice_not_possible", "Choose one of what this conflict offers.", "choice")
    choice = Choice(choice)
    match choice:
        case Choice.AGAIN | Choice.RECORD:
            done = _consider_again(actor, row, with_rest=choice is Choice.RECORD)
        case Choice.LINK:
            done = _link(row)
        case Choice.CREDIT:
            done = _credit(actor, row, reason, on)
        case Choice.SEND:
            done = _send_again(row)
        case _:
            done = "Both sides stay as they are."
    return _settle(actor, row, f"{done} {reason.strip()}", "resolved")


@action("gl.dismiss_change", needs=Permission.MANAGE_SYNC)
def dismiss_change(*, actor: Actor, incoming_id: int, reason: str) -> None:
    """Set a conflict aside without doing anything about it. Refuses: not_found, reason_missing, not_open."""
    row = _open_row(actor, incoming_id, reason)
    row.state = IncomingState.DISMISSED
    _settle(actor, row, reason.strip(), "set aside")


def _open_row(actor: Actor, incoming_id: int, reason: str) -> Incoming:
    rows = Incoming.objects.visible_to(actor).select_related("connection")
    row: Incoming = locks.for_update(rows, incoming_id)
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why.", "reason")
    problems.check(row.state == IncomingState.CONFLICT, "not_open", "This was settled already.")
    problems.refuse()
    return row


def _settle(actor: Actor, row: Incoming, said: str, verb: str) -> str:
    if row.state == IncomingState.CONFLICT:
        row.state = IncomingState.APPLIED
    row.resolution, row.resolved_at, row.resolved_by_id = said, queueing.now(), actor.user_id
    row.save()
    record(row, f"{row.said}: {verb}. {said}")
    return said


def _consider_again(actor: Actor, row: Incoming, *, with_rest: bool) -> str:
    change = taking.CHANGES.validate_python(row.change)
    outcome = inbox.consider(actor, row.connection, change, with_rest=with_rest)
    if outcome.code:
        raise Refused.because("still_in_conflict", outcome.said)
    taking.apply(row, outcome)
    return outcome.said


def _link(row: Incoming) -> str:
    """Take a payment of ours that is not there yet for the one that was made there."""
    change = taking.CHANGES.validate_python(row.change)
    ours = Outgoing.objects.select_for_update(of=("self",)).get(connection=row.connection, ref=row.ref)
    if ours.state in (OutgoingState.SENT, OutgoingState.SENDING) or change.payment is None:
        raise Refused.because(
            "choice_not_possible", f"{ours.title} was sent meanwhile. There are two there now."
        )
    inbox.adopt(row.connection, change, change.payment, wire.local_id(row.ref))
    return f"It is {ours.title}."


def _credit(actor: Actor, row: Incoming, reason: str, on: date) -> str:
    """Credit the invoice here. Where it was voided there, the credit note is its undoing and is not sent."""
    invoice_id = wire.local_id(row.ref)
    number = credit_invoice(actor=actor, invoice_id=invoice_id, on=on, reason=reason)
    if row.kind == ChangeKind.INVOICE_VOIDED:
        note = Invoice.objects.get(credits_invoice_id=invoice_id, number=number)
        view = queueing.view_of(row.connection)
        queueing.queue_invoices(row.connection, view, [note.pk])
        sent = Outgoing.objects.get(connection=row.connection, ref=wire.invoice_ref(note.pk))
        sent.state, sent.sent_at, sent.reason = OutgoingState.SENT, queueing.now(), "Voided there first."
        sent.save(update_fields=["state", "sent_at", "reason"])
        deciding.link(sent, f"{row.change['external_id']}#void"[:100])
    return f"Credited with {number}."


def _send_again(row: Incoming) -> str:
    """Send a document or customer of ours again: a document under a new key, because the old one names what was voided."""
    ours = Outgoing.objects.select_for_update(of=("self",)).get(connection=row.connection, ref=row.ref)
    if row.kind == ChangeKind.INVOICE_VOIDED:
        ExternalId.objects.filter(connection=row.connection, ref=row.ref).delete()
        ours.key = f"{queueing.key_of(row.connection, row.ref)}-after-{row.pk}"
    ours.state, ours.next_attempt_at, ours.attempts = OutgoingState.QUEUED, None, 0
    ours.save(update_fields=["state", "next_attempt_at", "attempts", "key"])
    wake(row.connection_id)
    return f"{ours.title} is sent again."
