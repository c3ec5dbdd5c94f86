"""What the pages and the API read of the sync."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.models import ActionLog
from workledger.directory.models import Client
from workledger.gl import registry
from workledger.gl.calc.health import Health, Standing, health_of
from workledger.gl.connector import DocumentKind
from workledger.gl.sync.delivery import needs_something
from workledger.gl.sync.inbox import Choice
from workledger.gl.sync.models import (
    UNSENT,
    Connection,
    ExternalId,
    Incoming,
    IncomingState,
    Outgoing,
    OutgoingState,
    TieOut,
    TieOutRow,
)

_ZERO = Decimal(0)
_S = OutgoingState
_WAITING = (_S.QUEUED, _S.SENDING, _S.FAILED)
KIND_WORDS = {
    DocumentKind.CUSTOMER: "Customer",
    DocumentKind.INVOICE: "Invoice",
    DocumentKind.CREDIT_NOTE: "Credit note",
    DocumentKind.PAYMENT: "Payment",
    DocumentKind.PAYMENT_VOID: "Void",
    DocumentKind.WRITE_OFF: "Write-off",
    DocumentKind.JOURNAL: "Journal",
}
TONES = {
    _S.QUEUED: "info", _S.SENDING: "info", _S.SENT: "good", _S.FAILED: "warn", _S.REJECTED: "bad", _S.HELD: "warn",
    _S.SKIPPED: "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection with how it is. Counts are of documents: on their way, refused, held; and open conflicts."""

    id: int
    name: str
    connector: str
    book_id: int
    book: str
    currency: str
    starts_on: date
    is_on: bool
    waiting: int
    rejected: int
    held: int
    conflicts: int
    sentence: str
    tone: str
    reached_at: datetime | None
    asked_at: datetime | None
    failing_since: datetime | None
    tied_on: date | None
    difference: Decimal

    @property
    def on_their_way(self) -> int:
        """How many documents the other side does not have."""
        return self.waiting + self.rejected + self.held

    @property
    def to_decide(self) -> int:
        """How many documents and changes need a person."""
        return self.rejected + self.conflicts


def connections(actor: Actor) -> list[ConnectionRow]:
    """Return the connections that the actor sees, with how they are. Four reads."""
    rows = list(Connection.objects.visible_to(actor).select_related("book"))
    ids = [row.pk for row in rows]
    states: dict[int, dict[str, int]] = defaultdict(dict)
    unsent = Outgoing.objects.filter(connection__in=ids).exclude(state__in=[_S.SENT, _S.SKIPPED])
    for pk, state, count in (
        unsent.values_list("connection_id", "state").annotate(count=Count("pk")).order_by()
    ):
        states[pk][state] = count
    conflicts = dict(
        Incoming.objects.filter(connection__in=ids, state=IncomingState.CONFLICT)
        .values_list("connection_id")
        .annotate(count=Count("pk"))
        .order_by()
    )
    tied = {
        tie.connection_id: tie
        for tie in TieOut.objects.filter(connection__in=ids)
        .order_by("connection_id", "-as_of", "-pk")
        .distinct("connection_id")
    }
    return [_row(row, states[row.pk], conflicts.get(row.pk, 0), tied.get(row.pk)) for row in rows]


def _row(row: Connection, states: Mapping[str, int], conflicts: int, tied: TieOut | None) -> ConnectionRow:
    waiting = sum(states.get(state, 0) for state in _WAITING)
    health: Health = health_of(
        Standing(
            row.is_on, waiting, states.get(_S.REJECTED, 0), states.get(_S.HELD, 0), conflicts, row.last_error,
            tied.as_of if tied else None, tied.difference if tied else _ZERO,
        )
    )  # fmt: skip
    return ConnectionRow(
        row.pk, row.name, registry.label_of(row.connector), row.book_id, row.book.name, row.book.currency,
        row.starts_on, row.is_on, waiting, states.get(_S.REJECTED, 0), states.get(_S.HELD, 0), conflicts,
        health.sentence, health.tone, row.reached_at, row.asked_at, row.failing_since,
        tied.as_of if tied else None, tied.difference if tied else _ZERO,
    )  # fmt: skip


def connection(actor: Actor, connection_id: int) -> ConnectionRow:
    """Return one connection. Refuses: not_found."""
    found = next((row for row in connections(actor) if row.id == connection_id), None)
    if found is None:
        raise locks.not_found(Connection)
    return found


# --- the outbox -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document of the outbox. `note` says what a person wants to know of its state."""

    id: int
    connection_id: int
    kind: str
    kind_words: str
    title: str
    on: date
    currency: str
    amount: Decimal | None
    state: str
    state_words: str
    tone: str
    attempts: int
    next_attempt_at: datetime | None
    sent_at: datetime | None
    note: str


def visible_documents(
    actor: Actor, connection_id: int | None, *, state: str = "", kind: str = "", words: str = ""
) -> QuerySet[Outgoing]:
    """Return documents, filtered. `state` may be 'open': all that wait or need a person."""
    rows = Outgoing.objects.visible_to(actor)
    if connection_id is not None:
        rows = rows.filter(connection_id=connection_id)
    if state == "open":
        rows = rows.filter(state__in=UNSENT)
    elif state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if words.strip():
        rows = rows.filter(title__icontains=words.strip())
    return rows.annotate(is_waiting=needs_something()).defer("payload", "effect", "beyond", "kept_there")


def document_rows(rows: Iterable[Outgoing]) -> list[DocumentRow]:
    """Return documents as lists show them."""
    return [_document(row) for row in rows]


def _document(row: Any) -> DocumentRow:
    state = OutgoingState(row.state)
    return DocumentRow(
        row.pk, row.connection_id, row.kind, KIND_WORDS[DocumentKind(row.kind)], row.title, row.on,
        row.currency, row.amount or None, row.state, state.label, TONES[state], row.attempts, row.next_attempt_at,
        row.sent_at, _note(row),
    )  # fmt: skip


def _note(row: Any) -> str:
    if row.state in (_S.HELD, _S.SKIPPED, _S.SENT) and row.reason:
        return str(row.reason)
    if row.state in (_S.REJECTED, _S.FAILED):
        return str(row.last_error)
    if row.state == _S.QUEUED and row.is_waiting:
        return "Waits for what it depends on."
    return ""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that must be there before a document: our document, or what stands for it there."""

    title: str
    outgoing_id: int | None
    state_words: str
    external_id: str


@dataclass(frozen=True, slots=True)
class PayloadFact:
    """A field of a payload: text, a day, or an amount in the currency that `value` names."""

    label: str
    value: str
    amount: Decimal | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class PayloadLine:
    """A line of a payload. A journal's has debit and credit, an invoice's an amount."""

    account: str
    description: str
    debit: Decimal | None = None
    credit: Decimal | None = None
    amount: Decimal | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of a document's history."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    """A document with what it says, in words and as it is stored, and its history. Without the permission to see cost a
    journal's payload is left out.
    """

    row: DocumentRow
    key: str
    payload_hash: str
    external_id: str
    label: str
    version: str
    is_unsure: bool
    facts: Sequence[PayloadFact]
    lines: Sequence[PayloadLine]
    payload: dict[str, Any]
    needs: Sequence[Need]
    history: Sequence[Happened]
    entry_ids: Sequence[int]
    entry_count: int


_MOST_ENTRIES = 50
_SHOWN_FACTS = {
    "number": "Number", "name": "Name", "country": "Country", "vat_number": "VAT number", "email": "Email",
    "issued_on": "Issued on", "posted_on": "Posted on", "due_on": "Due on", "on": "Dated",
    "receivable_account": "Receivable account", "account": "Account", "reference": "Reference", "reason": "Reason",
    "total": "Total", "amount": "Amount", "functional_total": "In the books", "currency": "Currency",
    "description": "Description",
}  # fmt: skip


def document(actor: Actor, outgoing_id: int) -> DocumentDetail:
    """Return one document. Refuses: not_found."""
    rows = Outgoing.objects.visible_to(actor).select_related("connection__book")
    row: Any = locks.one(rows.annotate(is_waiting=needs_something()), outgoing_id)
    sees = row.kind != DocumentKind.JOURNAL or actor.can(Permission.VIEW_COST)
    payload: dict[str, Any] = row.payload if sees else {}
    there = ExternalId.objects.filter(connection=row.connection, ref=row.ref).first()
    needs = _needs(row)
    names = {need_ref: need.title for need_ref, need in needs.items()}
    entries = row.entries.order_by("entry_id").values_list("entry_id", flat=True)
    return DocumentDetail(
        row=_document(row),
        key=row.key,
        payload_hash=row.payload_hash,
        external_id=there.external_id if there else "",
        label=there.label if there else "",
        version=there.version if there else "",
        is_unsure=row.is_unsure,
        facts=_facts(payload, names, row.connection.book.currency),
        lines=_lines(payload, names),
        payload=payload,
        needs=list(needs.values()),
        history=_history(actor, row),
        entry_ids=list(entries[:_MOST_ENTRIES]),
        entry_count=entries.count(),
    )


def _needs(row: Outgoing) -> dict[str, Need]:
    there = {
        each.ref: each for each in ExternalId.objects.filter(connection=row.connection, ref__in=row.needs)
    }
    ours = {each.ref: each for each in Outgoing.objects.filter(connection=row.connection, ref__in=row.needs)}
    return {
        ref: Need(
            ours[ref].title if ref in ours else ref,
            ours[ref].pk if ref in ours else None,
            OutgoingState(ours[ref].state).label if ref in ours else "",
            there[ref].external_id if ref in there else "",
        )
        for ref in row.needs
    }


def _facts(payload: Mapping[str, Any], names: Mapping[str, str], home: str) -> list[PayloadFact]:
    found = [
        _fact(label, field, payload, home) for field, label in _SHOWN_FACTS.items() if payload.get(field)
    ]
    for field, label in (("customer", "Customer"), ("credits", "Credits"), ("payment", "Undoes")):
        if payload.get(field):
            found.insert(0, PayloadFact(label, names.get(payload[field], payload[field])))
    if payload.get("address"):
        found.append(PayloadFact("Address", ", ".join(payload["address"])))
    return found


def _fact(label: str, field: str, payload: Mapping[str, Any], home: str) -> PayloadFact:
    value = str(payload[field])
    if field in ("total", "amount"):
        return PayloadFact(label, payload["currency"], amount=Decimal(value))
    if field == "functional_total":
        return PayloadFact(label, home, amount=Decimal(value))
    if field in ("on", "issued_on", "posted_on", "due_on"):
        return PayloadFact(label, value, day=date.fromisoformat(value))
    return PayloadFact(label, value)


def _lines(payload: Mapping[str, Any], names: Mapping[str, str]) -> list[PayloadLine]:
    found = []
    for line in payload.get("lines", ()):
        about = [f"{axis}: {name}" for axis, name in line.get("dimensions", {}).items()]
        if line.get("customer"):
            about.insert(0, names.get(line["customer"], line["customer"]))
        if line.get("tax"):
            about.append(f"tax {line['tax']}")
        said = ", ".join(about)
        if "debit" in line:
            debit, credit = Decimal(line["debit"]), Decimal(line["credit"])
            found.append(
                PayloadLine(line["account"], line["description"], debit or None, credit or None, about=said)
            )
        else:
            amount = Decimal(line["amount"])
            found.append(PayloadLine(line["account"], line["description"], amount=amount, about=said))
    for tax in payload.get("taxes", ()):
        found.append(
            PayloadLine(
                tax["account"],
                f"Tax {tax['tax']}".strip(),
                amount=Decimal(tax["amount"]),
                about=f"on {tax['base']}",
            )
        )
    for part in payload.get("settles", ()):
        title = names.get(part["invoice"], part["invoice"])
        found.append(PayloadLine("", f"Settles {title}", amount=Decimal(part["amount"])))
    return found


def _history(actor: Actor, row: Outgoing) -> list[Happened]:
    if not actor.can(Permission.VIEW_LOG):
        return []
    rows = ActionLog.objects.filter(subject="gl.outgoing", subject_id=row.pk).order_by("-pk")[:_MOST_ENTRIES]
    return [Happened(each.at, each.actor_name, each.summary) for each in rows]


# --- the inbox --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PossibleChoice:
    """One way to settle a conflict."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change on the other side and what became of it."""

    id: int
    connection_id: int
    kind: str
    on: date
    said: str
    client_id: int
    client: str
    ref: str
    external_id: str
    state: str
    state_words: str
    code: str
    problem: str
    choices: Sequence[PossibleChoice]
    resolution: str
    taken_at: datetime
    resolved_at: datetime | None
    resolved_by: str


def visible_changes(actor: Actor, connection_id: int | None, state: str = "") -> QuerySet[Incoming]:
    """Return changes, filtered."""
    rows = Incoming.objects.visible_to(actor).select_related("resolved_by")
    if connection_id is not None:
        rows = rows.filter(connection_id=connection_id)
    return rows.filter(state=state) if state else rows


def change_rows(rows: Iterable[Incoming]) -> list[ChangeRow]:
    """Return changes as lists show them."""
    found = list(rows)
    names = dict(Client.objects.filter(pk__in={row.client_id for row in found}).values_list("pk", "name"))
    return [
        ChangeRow(
            row.pk, row.connection_id, row.kind, row.on, row.said, row.client_id, names.get(row.client_id, ""),
            row.ref, str(row.change.get("external_id", "")), row.state, IncomingState(row.state).label, row.code,
            row.problem, [PossibleChoice(each, Choice(each).label) for each in row.choices], row.resolution,
            row.taken_at, row.resolved_at, str(row.resolved_by) if row.resolved_by else "",
        )
        for row in found
    ]  # fmt: skip


def change(actor: Actor, incoming_id: int) -> ChangeRow:
    """Return one change. Refuses: not_found."""
    row = locks.one(Incoming.objects.visible_to(actor).select_related("resolved_by"), incoming_id)
    return change_rows([row])[0]


# --- tie-outs ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TieOutListed:
    """A tie-out: how many accounts and customers were compared, what waits and what nothing explains (sums of absolute
    amounts).
    """

    id: int
    connection_id: int
    as_of: date
    at: datetime
    places: int
    waiting: Decimal
    difference: Decimal


@dataclass(frozen=True, slots=True)
class TieOutLine:
    """An account, and where it is kept so a customer, on both sides. `unexplained` = ours - theirs - waiting."""

    account: str
    account_name: str
    client_id: int
    name: str
    ours: Decimal
    theirs: Decimal
    waiting: Decimal
    unexplained: Decimal


@dataclass(frozen=True, slots=True)
class TieOutDetail:
    """A tie-out with its rows; `on_their_way` are documents of its days that the other side does not have now, `changes`
    what people did there up to then that was not taken over.
    """

    tie_out: TieOutListed
    currency: str
    rows: Sequence[TieOutLine]
    on_their_way: Sequence[DocumentRow]
    changes: Sequence[ChangeRow]


def visible_tie_outs(actor: Actor, connection_id: int) -> QuerySet[TieOut]:
    """Return the tie-outs of a connection."""
    return TieOut.objects.visible_to(actor).filter(connection_id=connection_id)


def listed(tie: TieOut) -> TieOutListed:
    """Return a tie-out as lists show it."""
    return TieOutListed(tie.pk, tie.connection_id, tie.as_of, tie.at, tie.places, tie.waiting, tie.difference)


def tie_out(actor: Actor, tie_out_id: int) -> TieOutDetail:
    """Return one tie-out, differences first. Refuses: not_found."""
    rows = TieOut.objects.visible_to(actor).select_related("connection__book")
    tie = locks.one(rows, tie_out_id)
    lines = sorted(
        TieOutRow.objects.filter(tie_out=tie),
        key=lambda row: (not row.unexplained, row.ours == row.theirs, row.account, row.name),
    )
    unsent = (
        visible_documents(actor, tie.connection_id, state="open").filter(on__lte=tie.as_of).order_by("pk")
    )
    not_taken = Q(state__in=[IncomingState.CONFLICT, IncomingState.DISMISSED]) | Q(
        state=IncomingState.APPLIED, code__gt=""
    )
    changes = visible_changes(actor, tie.connection_id).filter(not_taken, on__lte=tie.as_of)
    return TieOutDetail(
        listed(tie),
        tie.connection.book.currency,
        [
            TieOutLine(
                row.account,
                row.account_name,
                row.client_id,
                row.name,
                row.ours,
                row.theirs,
                row.waiting,
                row.unexplained,
            )
            for row in lines
        ],
        document_rows(unsent[:_MOST_ENTRIES]),
        change_rows(changes.order_by("-pk")[:_MOST_ENTRIES]),
    )


# --- for the close ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SyncFinding:
    """What is open between a book and its general ledgers up to a day; `count` 0 is 'in step'."""

    count: int
    sentence: str
    connection_id: int | None


def sync_finding(actor: Actor, book_id: int, through: date) -> SyncFinding:
    """Return what a close has to know: documents up to a day that are not there, conflicts, and an untied tie-out."""
    found = [row for row in connections(actor) if row.book_id == book_id]
    if not found:
        return SyncFinding(0, "These books have no general ledger on the other side.", None)
    ids = [row.id for row in found]
    unsent = Outgoing.objects.filter(connection__in=ids, state__in=UNSENT, on__lte=through).count()
    conflicts = Incoming.objects.filter(
        connection__in=ids, state=IncomingState.CONFLICT, on__lte=through
    ).count()
    untied = sum(bool(row.difference) or row.tied_on is None or row.tied_on < through for row in found)
    parts = []
    if unsent:
        parts.append(f"{unsent} documents are not there yet")
    if conflicts:
        parts.append(f"{conflicts} changes there need a decision")
    if untied:
        parts.append("both sides were not tied out since")
    sentence = ", ".join(parts).capitalize() + "." if parts else "Both sides are in step."
    return SyncFinding(unsent + conflicts + untied, sentence, ids[0])
