"""What a person decides about a document of the outbox: send it again, wait, leave it out."""

from decimal import Decimal
from typing import Any

from django.db.models import Func, Value
from django.db.models.fields import CharField

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.refusals import Problems
from workledger.gl.calc import wire
from workledger.gl.calc.effects import beyond, effect_of
from workledger.gl.connector import DocumentKind
from workledger.gl.sync import documents, journals, queueing
from workledger.gl.sync.documents import BookView, Made
from workledger.gl.sync.models import ExternalId, Outgoing, OutgoingState
from workledger.gl.sync.waking import wake
from workledger.ledger.models import JournalEntry

_S = OutgoingState
_OPEN = (_S.QUEUED, _S.FAILED, _S.REJECTED, _S.HELD)


def _row(actor: Actor, outgoing_id: int) -> Outgoing:
    rows = Outgoing.objects.visible_to(actor).select_related("connection")
    return locks.for_update(rows, outgoing_id)


@action("gl.retry_document", needs=Permission.MANAGE_SYNC)
def retry_document(*, actor: Actor, outgoing_id: int) -> None:
    """Send a document again, or one that was held or left out after all.

    One that was refused, held or left out was not made there, so it is written anew from our rows and today's mapping; one
    that got no answer stays exactly as it is, because it may have been made.
    Refuses: not_found, sent_already, being_sent, nothing_to_send.
    """
    row = _row(actor, outgoing_id)
    problems = Problems()
    problems.check(row.state != _S.SENT, "sent_already", f"{row.title} is there already.")
    problems.check(row.state != _S.SENDING, "being_sent", f"{row.title} is being sent now.")
    linked = ExternalId.objects.filter(connection=row.connection, ref=row.ref).exists()
    problems.check(
        not (row.state == _S.SKIPPED and linked and row.kind != DocumentKind.CUSTOMER),
        "sent_already", f"{row.title} is linked to a document that is there.",
    )  # fmt: skip
    problems.refuse()
    if row.state in (_S.REJECTED, _S.HELD, _S.SKIPPED) and not row.is_unsure:
        _write_anew(row)
    problems.check(
        row.kind != DocumentKind.JOURNAL or row.payload["lines"],
        "nothing_to_send", f"Nothing is left to send of {row.title}.",
    )  # fmt: skip
    problems.refuse()
    row.state, row.next_attempt_at, row.reason = _S.QUEUED, None, ""
    row.save()
    wake(row.connection_id)
    record(row, f"{row.title} is to be sent again")


def _write_anew(row: Outgoing) -> None:
    """Freeze a document anew from our rows, with today's mapping."""
    view = queueing.view_of(row.connection)
    if row.kind == DocumentKind.JOURNAL:
        fresh = journals.journal_row(
            row.connection,
            view,
            row.ref,
            row.on,
            row.payload["description"],
            journals.rebuild(row, view),
        )
        _take_over(row, fresh)
        return
    made = _made(row, view)
    if made is None:
        return
    fresh = queueing.outgoing_of(
        row.connection, row.ref, made, effect_of(made.kind, made.document, view.charted)
    )
    _take_over(row, fresh)
    if row.beyond_in_id is None:
        entry_ids = list(row.entries.values_list("entry_id", flat=True))
        moved = documents.moved_by(entry_ids)
        ours = documents.moves_of(view, [side for sides in moved.values() for side in sides])
        row.beyond = queueing.to_rows(beyond(ours, queueing.from_rows(row.effect)))


def _take_over(row: Outgoing, fresh: Outgoing) -> None:
    row.payload, row.payload_hash = fresh.payload, fresh.payload_hash
    row.effect, row.needs, row.title = fresh.effect, fresh.needs, fresh.title


def _made(row: Outgoing, view: BookView) -> Made | None:
    """Return a document made anew; None for a void, which names no account."""
    pk = wire.local_id(row.ref)
    match DocumentKind(row.kind):
        case DocumentKind.CUSTOMER:
            customer = documents.customers([pk])[pk]
            return Made(DocumentKind.CUSTOMER, customer, customer.name, pk, Decimal(0), ())
        case DocumentKind.INVOICE | DocumentKind.CREDIT_NOTE:
            return dict(documents.invoices(view, [pk]))[pk]
        case DocumentKind.PAYMENT:
            made = dict(documents.payments(view, [pk]))[pk]
        case DocumentKind.WRITE_OFF:
            amount = row.amount or Decimal(0)
            entry = JournalEntry.objects.get(pk=pk)
            made = documents.write_off(view, entry.source_id or 0, amount, entry)
        case _:
            return None
    return queueing.settling(made, set(row.needs))


@action("gl.hold_document", needs=Permission.MANAGE_SYNC)
def hold_document(*, actor: Actor, outgoing_id: int, reason: str) -> None:
    """Keep a document back until it is sent by hand. What depends on it waits too.

    Refuses: not_found, reason_missing, not_waiting.
    """
    row = _row(actor, outgoing_id)
    _refuse_unless_open(row, reason)
    row.state, row.reason, row.next_attempt_at = _S.HELD, reason.strip(), None
    row.save(update_fields=["state", "reason", "next_attempt_at"])
    record(row, f"{row.title} is held: {reason.strip()}")


def _refuse_unless_open(row: Outgoing, reason: str) -> None:
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why.", "reason")
    problems.check(
        row.state in _OPEN,
        "not_waiting",
        f"{row.title} is {row.get_state_display().lower()}; it does not wait.",
    )
    problems.refuse()


@action("gl.skip_document", needs=Permission.MANAGE_SYNC)
def skip_document(*, actor: Actor, outgoing_id: int, reason: str, external_id: str = "") -> None:
    """Leave a document out: it stands there already as `external_id`, or it shall not be there.

    What settles or credits a document that is left out without an id is sent without pointing at it; a customer's documents
    wait until the customer is there.
    Refuses: not_found, reason_missing, not_waiting. Warns: may_be_there.
    """
    row = _row(actor, outgoing_id)
    _refuse_unless_open(row, reason)
    if row.is_unsure and not external_id.strip():
        warn(
            "may_be_there",
            f"{row.title} got no answer, so it may have been made there. Look before you leave it out.",
        )
    row.state, row.reason, row.next_attempt_at = _S.SKIPPED, reason.strip(), None
    row.save(update_fields=["state", "reason", "next_attempt_at"])
    if external_id.strip():
        link(row, external_id.strip())
    elif row.kind != DocumentKind.CUSTOMER and row.kind != DocumentKind.PAYMENT:
        free_of(row)
    record(row, f"{row.title} is left out: {reason.strip()}")


def link(row: Outgoing, external_id: str, version: str = "", label: str = "") -> None:
    """Note as what a document stands there."""
    ExternalId.objects.update_or_create(
        connection=row.connection,
        ref=row.ref,
        defaults={"external_id": external_id, "version": version, "label": label},
    )


def free_of(row: Outgoing) -> None:
    """Let what points at a document go without it."""
    without: Any = Func("needs", Value(row.ref, output_field=CharField()), function="array_remove")
    waiting = Outgoing.objects.filter(connection=row.connection, needs__contains=[row.ref])
    waiting.exclude(state=_S.SENT).update(needs=without)
