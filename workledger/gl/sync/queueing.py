"""Documents into the outbox, in the transaction of the act that made them: all of it happened, or nothing.

Each function is safe to call again: a reference queues once. An entry that a document carries is linked to it; what the
entry moves beyond the document waits for the next journal (`gl.calc.effects`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database

from workledger.gl.calc import wire
from workledger.gl.calc.effects import Charted, Moves, beyond, effect_of, negated
from workledger.gl.connector import Customer, Document, DocumentKind, Invoice, Journal, Payment, Void
from workledger.gl.sync import documents
from workledger.gl.sync.documents import BookView, Made
from workledger.gl.sync.models import CarriedEntry, Connection, ExternalId, Outgoing, OutgoingState
from workledger.ledger.models import AccountRole, JournalEntry
from workledger.receivables.models import Allocation, EarlyDiscount
from workledger.receivables.models import Payment as PaymentRow

_BATCH = 2000


def connections_of(book_id: int) -> list[Connection]:
    """Return the connections of a book."""
    return list(Connection.objects.filter(book_id=book_id).order_by("pk"))


def key_of(connection: Connection, ref: str) -> str:
    """Return the key under which the other side finds what was made of a reference."""
    return f"{connection.key_prefix}-{ref.replace(':', '-')}"


# --- moves as they are kept -------------------------------------------------------------------------------


def to_rows(moves: Mapping[tuple[str, str], Decimal]) -> list[list[str]]:
    """Return moves as JSON: [account, customer's reference, amount]."""
    return [[account, customer, str(amount)] for (account, customer), amount in sorted(moves.items())]


def from_rows(rows: Iterable[Sequence[str]]) -> Moves:
    """Return moves that were kept as JSON."""
    return {(account, customer): Decimal(amount) for account, customer, amount in rows}


# --- queueing ---------------------------------------------------------------------------------------------


def day_of(document: Document) -> date | None:
    """Return the day in the books of a document; None for a customer."""
    match document:
        case Invoice():
            return document.posted_on or document.issued_on
        case Payment() | Void() | Journal():
            return document.on
        case _:
            return None


def outgoing_of(connection: Connection, ref: str, made: Made, effect: Moves) -> Outgoing:
    """Return the row of a document, not saved yet."""
    payload = wire.to_payload(made.document)
    return Outgoing(
        connection=connection,
        kind=made.kind,
        ref=ref,
        title=made.title[:200],
        on=day_of(made.document) or connection.starts_on,
        client_id=made.client_id,
        currency=getattr(made.document, "currency", ""),
        amount=made.amount,
        payload=payload,
        payload_hash=wire.payload_hash(payload),
        key=key_of(connection, ref),
        needs=wire.needs_of(made.document),
        effect=to_rows(effect),
    )


def queue_customers(connection: Connection, client_ids: Collection[int]) -> int:
    """Queue clients that are not there yet, and those edited since; returns how many of both."""
    wanted = {wire.customer_ref(pk): pk for pk in client_ids if pk}
    known = {
        row.ref: row
        for row in Outgoing.objects.filter(connection=connection, ref__in=wanted).defer("effect", "beyond")
    }
    found = documents.customers(wanted.values())
    new, edited = [], []
    for ref, client_id in sorted(wanted.items(), key=lambda pair: pair[1]):
        customer = found.get(client_id)
        if customer is None:
            continue
        row = known.get(ref)
        if row is None:
            made = Made(DocumentKind.CUSTOMER, customer, customer.name, client_id, Decimal(0), ())
            new.append(outgoing_of(connection, ref, made, {}))
        elif _is_edited(row, customer):
            edited.append(row)
    Outgoing.objects.bulk_create(new, ignore_conflicts=True)
    Outgoing.objects.bulk_update(
        edited, ["payload", "payload_hash", "title", "state", "attempts", "next_attempt_at"]
    )
    return len(new) + len(edited)


_BY_PERSON = {OutgoingState.HELD, OutgoingState.SKIPPED, OutgoingState.SENDING}


def _is_edited(row: Outgoing, customer: Customer) -> bool:
    """Bring a customer's row up to date; tell whether anything changed. What a person decided of it stays."""
    payload = wire.to_payload(customer)
    digest = wire.payload_hash(payload)
    if digest == row.payload_hash or row.state in _BY_PERSON:
        return False
    row.payload, row.payload_hash, row.title = payload, digest, customer.name
    row.state, row.attempts, row.next_attempt_at = OutgoingState.QUEUED, 0, None
    return True


def enqueue(
    connection: Connection,
    view: BookView,
    made: Iterable[tuple[str, Made]],
    *,
    voids: Mapping[str, Payment] | None = None,
) -> list[Outgoing]:
    """Queue documents by reference, in order; returns those that were not queued before."""
    wanted = {ref: each for ref, each in made if (day_of(each.document) or date.max) >= connection.starts_on}
    present = set(
        Outgoing.objects.filter(connection=connection, ref__in=list(wanted)).values_list("ref", flat=True)
    )
    new = {ref: each for ref, each in wanted.items() if ref not in present}
    if not new:
        return []
    queue_customers(connection, {each.client_id for each in new.values()})
    entry_ids = {entry_id for each in new.values() for entry_id in each.entry_ids}
    carried = set(
        CarriedEntry.objects.filter(connection=connection, entry_id__in=entry_ids).values_list(
            "entry_id", flat=True
        )
    )
    moved = documents.moved_by(entry_ids - carried)
    rows, links = [], []
    for ref, each in new.items():
        effect = effect_of(each.kind, each.document, view.charted, voids=(voids or {}).get(ref))
        row = outgoing_of(connection, ref, each, effect)
        free = [entry_id for entry_id in each.entry_ids if entry_id not in carried]
        ours = documents.moves_of(view, [side for entry_id in free for side in moved.get(entry_id, ())])
        row.beyond = to_rows(beyond(ours, effect))
        rows.append(row)
        links += [(row, entry_id) for entry_id in free]
        carried.update(free)
    Outgoing.objects.bulk_create(rows, batch_size=_BATCH)
    CarriedEntry.objects.bulk_create(
        [CarriedEntry(connection=connection, outgoing=row, entry_id=entry_id) for row, entry_id in links],
        batch_size=_BATCH,
    )
    return rows


def queue_invoices(connection: Connection, view: BookView, invoice_ids: Collection[int]) -> list[Outgoing]:
    """Queue issued invoices and credit notes."""
    found = documents.invoices(view, invoice_ids)
    return enqueue(connection, view, ((wire.invoice_ref(pk), made) for pk, made in found))


def queue_payments(connection: Connection, view: BookView, payment_ids: Collection[int]) -> list[Outgoing]:
    """Queue payments with what of them was set against invoices. A later allocation goes by journal."""
    found = list(documents.payments(view, payment_ids))
    present = set(
        ExternalId.objects.filter(connection=connection).filter(
            ref__in=[part.invoice for _, made in found for part in _settles(made)]
        ).values_list("ref", flat=True)
    ) | set(
        Outgoing.objects.filter(
            connection=connection, ref__in=[part.invoice for _, made in found for part in _settles(made)]
        ).exclude(state=OutgoingState.SKIPPED).values_list("ref", flat=True)
    )  # fmt: skip
    return enqueue(connection, view, ((wire.payment_ref(pk), settling(made, present)) for pk, made in found))


def _settles(made: Made) -> Sequence[Any]:
    return made.document.settles if isinstance(made.document, Payment) else ()


def settling(made: Made, there: Collection[str]) -> Made:
    """Return a payment that settles only invoices that the other side has or will have."""
    assert isinstance(made.document, Payment)
    parts = [part for part in made.document.settles if part.invoice in there]
    if len(parts) == len(made.document.settles):
        return made
    kept = {name: getattr(made.document, name) for name in Payment.__slots__}
    return made._replace(document=Payment(**{**kept, "settles": parts}))


def queue_void(
    connection: Connection, view: BookView, payment_id: int, on: date, reason: str
) -> list[Outgoing]:
    """Queue the undoing of a payment that was queued; one that the other side never had needs none."""
    paid = Outgoing.objects.filter(connection=connection, ref=wire.payment_ref(payment_id)).first()
    if paid is None or (paid.state == OutgoingState.SKIPPED and not _is_there(connection, paid.ref)):
        return []
    payment = wire.from_payload(DocumentKind.PAYMENT, paid.payload)
    assert isinstance(payment, Payment)
    entries = _entries_of_void(payment_id)
    ref = wire.void_ref(payment_id)
    days = dict(JournalEntry.objects.filter(pk__in=entries).values_list("pk", "date"))
    day = max(days.values(), default=on)
    made = Made(
        DocumentKind.PAYMENT_VOID,
        Void(wire.payment_ref(payment_id), day, reason),
        f"Void: {paid.title}"[:200],
        paid.client_id,
        payment.amount,
        entries,
    )
    rows = enqueue(connection, view, [(ref, made)], voids={ref: payment})
    for row in rows:
        row.currency = payment.currency
        row.kept_there = to_rows(negated(from_rows(paid.kept_there)))
        if paid.kept_there:
            row.beyond = to_rows(beyond(from_rows(row.beyond), from_rows(row.kept_there)))
        row.save(update_fields=["currency", "kept_there", "beyond"])
    return rows


def _is_there(connection: Connection, ref: str) -> bool:
    return ExternalId.objects.filter(connection=connection, ref=ref).exists()


def _entries_of_void(payment_id: int) -> list[int]:
    """Return the entries that undid a payment: of its money, its allocations, its discounts."""
    taken_back = {"payment_id": payment_id, "amount__lt": 0}
    money = PaymentRow.objects.values("journal_entry_id").filter(pk=payment_id)
    found = set(JournalEntry.objects.filter(reverses_id__in=money).values_list("pk", flat=True))
    found.update(Allocation.objects.filter(**taken_back).values_list("journal_entry_id", flat=True))
    found.update(EarlyDiscount.objects.filter(**taken_back).values_list("journal_entry_id", flat=True))
    return sorted(found)


def queue_write_off(
    connection: Connection, view: BookView, invoice_id: int, amount: Decimal, entry: JournalEntry
) -> list[Outgoing]:
    """Queue a debt that was written off in an entry, once per entry."""
    ref = f"write_off:{entry.pk}"
    made = documents.write_off(view, invoice_id, amount, entry)
    there = {wire.invoice_ref(invoice_id)} & set(
        Outgoing.objects.filter(connection=connection, ref=wire.invoice_ref(invoice_id)).values_list(
            "ref", flat=True
        )
    )
    return enqueue(connection, view, [(ref, settling(made, there))])


def entry_of_write_off(invoice_id: int) -> JournalEntry | None:
    """Return the newest entry that debited Bad debt expense for an invoice."""
    newest: JournalEntry | None = (
        JournalEntry.objects.filter(
            source_kind="invoice",
            source_id=invoice_id,
            postings__account__role=AccountRole.BAD_DEBT,
            postings__functional_debit__gt=0,
        )
        .order_by("-pk")
        .first()
    )
    return newest


def view_of(connection: Connection) -> BookView:
    """Load how a connection's book is called there."""
    return documents.book_view(connection.book_id)


def charted_of(connection: Connection) -> Charted:
    """Return which account is kept by customer there."""
    return view_of(connection).charted


def now() -> datetime:
    """Return the time of the transaction, by the database."""
    with database.cursor() as cursor:
        cursor.execute("SELECT now()")
        found: datetime = cursor.fetchone()[0]
        return found
