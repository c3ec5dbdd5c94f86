"""What people did over there: payments, payments and invoices cancelled, customers edited.

Every record in Tryton names who made it and who wrote it last. The connector calls as a user of its own; so what `send`
did is its user's, and everything else on its invoices and parties is somebody else's act. The cursor is a time of
Tryton's clock. A transaction that began before the last look may end after it, so a look reaches back a little, and the
key of a change says that it was taken already.

A payment is reported once it settles one of our invoices, whole: with what it leaves as the customer's credit. Money on
account that settles nothing yet is not ours to explain. A posted invoice cannot be edited in Tryton, so none is reported.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from workledger.gl.connector import Change, ChangeKind, Changes, Payment, Settled
from workledger.gl.connectors.tryton.books import Books
from workledger.gl.connectors.tryton.owed import lines_of, paid_by
from workledger.gl.connectors.tryton.parties import version_of
from workledger.gl.connectors.tryton.refs import (
    INVOICE,
    LINE,
    MOVE,
    PARTY,
    RECONCILIATION,
    number_of,
    payment_ref,
    ref,
)
from workledger.gl.connectors.tryton.wire import Domain, Record

OVERLAP = timedelta(minutes=5)
LEFT_OVER = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - Tryton's times are UTC without a zone
_ZERO = Decimal(0)
_MOVE_FIELDS = [
    "number",
    "date",
    "description",
    "origin",
    "create_uid",
    "create_uid.rec_name",
    "create_date",
    "write_date",
]


class _Seen(NamedTuple):
    at: datetime
    change: Change


def changes_since(books: Books, cursor: str) -> Changes:
    """Return what others did since the cursor, in order, and the next cursor. Raises Unreachable or Rejected."""
    before = datetime.fromisoformat(cursor) if cursor else _EPOCH
    look = _Look(books, max(before - OVERLAP, _EPOCH), before)
    found = [*look.payments(), *look.voids(), *look.cancelled_invoices(), *look.edited_customers()]
    seen = sorted(found, key=lambda one: one.at)
    look.sweep()
    return Changes([change for _, change in seen], look.newest.isoformat() if look.newest > _EPOCH else "")


@dataclass
class _Look:
    books: Books
    since: datetime
    newest: datetime

    # --- payments -----------------------------------------------------------------------------------

    def payments(self) -> list[_Seen]:
        """Return payments by others that settle our invoices, linked to them or reconciled with them."""
        moves = self._linked_moves() | self._reconciled_moves()
        return [seen for move in self._foreign_moves(moves) for seen in self._payments_of(move)]

    def _linked_moves(self) -> set[int]:
        """Return the moves of lines that count as paid on our invoices; a new one is a write to the invoice."""
        domain = [*self._of_ours, ("write_date", ">", self.since), ("payment_lines", "!=", None)]
        rows = self._find(INVOICE, domain, ["payment_lines", "write_date"])
        lines = sorted({line for row in rows for line in row["payment_lines"]})
        return {row["move"] for row in lines_of(self.books, [("id", "in", lines)])} if lines else set()

    def _reconciled_moves(self) -> set[int]:
        """Return the moves that others reconciled with the lines of our invoices."""
        made = [
            ("company", "=", self.books.company.id),
            ("create_uid", "!=", self._me),
            ("create_date", ">", self.since),
        ]
        groups = self._find(RECONCILIATION, made, ["create_date"])
        lines = (
            lines_of(self.books, [("reconciliation", "in", [row["id"] for row in groups])]) if groups else []
        )
        ours = self._our_invoices({row["move"] for row in lines})
        settled = {row["reconciliation"] for row in lines if row["move"] in ours}
        return {
            row["move"] for row in lines if row["reconciliation"] in settled and row["credit"] > row["debit"]
        }

    def _foreign_moves(self, ids: Iterable[int]) -> list[Record]:
        """Return posted moves of others that are neither an invoice's own entry nor cancel another move."""
        ids = sorted(ids)
        if not ids:
            return []
        entries = {row["move"] for row in self.books.wire.find(INVOICE, [("move", "in", ids)], ["move"])}
        domain = [("id", "in", ids), ("state", "=", "posted"), ("create_uid", "!=", self._me)]
        rows = self._find(MOVE, domain, _MOVE_FIELDS)
        return [
            row
            for row in rows
            if row["id"] not in entries and not (row["origin"] or "").startswith(f"{MOVE},")
        ]

    def _payments_of(self, move: Record) -> list[_Seen]:
        """Return one payment per customer whose receivable a move credits."""
        lines = lines_of(self.books, [("move", "=", move["id"])])
        owed = defaultdict(list)
        for row in lines:
            if row["party"] and self.books.is_receivable(row["account"]):
                owed[row["party"]].append(row)
        others = [row for row in lines if not self.books.is_receivable(row["account"])]
        if not others:
            return []
        money = max(others, key=lambda row: row["debit"] - row["credit"])
        found = [self._payment(move, party_id, rows, money) for party_id, rows in owed.items()]
        return [seen for seen in found if seen is not None]

    def _payment(self, move: Record, party_id: int, lines: list[Record], money: Record) -> _Seen | None:
        settles = self._settled(lines)
        functional = sum((row["credit"] - row["debit"] for row in lines), _ZERO)
        if not settles or functional <= 0:
            return None
        amount = sum((paid_by(row) for row in lines), _ZERO)
        currency = lines[0]["second_currency"]
        code = self.books.currency_code(currency) if currency else self.books.company.currency
        payment = Payment(
            customer=ref(PARTY, party_id),
            on=move["date"],
            currency=code,
            amount=amount,
            account=self.books.code_of(money["account"]),
            receivable_account=self.books.code_of(lines[0]["account"]),
            reference=move["description"] or move["number"],
            settles=settles,
            functional=functional if currency else None,
        )
        external_id = payment_ref(move["id"], party_id)
        said = f"{_who(move)} booked {amount:.2f} {code} received in {move['number']}"
        at = _written(move)
        return _Seen(
            at,
            Change(
                f"payment {external_id}",
                ChangeKind.PAYMENT,
                external_id,
                at.isoformat(),
                move["date"],
                said,
                payment,
            ),
        )

    def _settled(self, lines: list[Record]) -> list[Settled]:
        """Return what lines set against our invoices: by their link, else in order within their reconciliation."""
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        linked = {row["id"]: row["invoice_payment"] for row in lines if row["invoice_payment"]}
        ours = self._ours(linked.values())
        for row in lines:
            if linked.get(row["id"]) in ours:
                amounts[ref(INVOICE, linked[row["id"]])] += paid_by(row)
        groups = [row["reconciliation"] for row in lines if row["reconciliation"] and row["id"] not in linked]
        if groups:
            together = lines_of(self.books, [("reconciliation", "in", groups)])
            invoices = self._our_invoices({row["move"] for row in together})
            for row in lines:
                if row["id"] not in linked:
                    for invoice, amount in _spread(row, together, invoices):
                        amounts[invoice] += amount
        return [Settled(invoice, amount) for invoice, amount in sorted(amounts.items()) if amount > 0]

    # --- cancelled ----------------------------------------------------------------------------------

    def voids(self) -> list[_Seen]:
        """Return the payments whose move somebody cancelled by its opposite."""
        domain = [
            ("company", "=", self.books.company.id),
            ("create_uid", "!=", self._me),
            ("state", "=", "posted"),
            ("origin", "like", f"{MOVE},%"),
            ["OR", ("create_date", ">", self.since), ("write_date", ">", self.since)],
        ]
        moves = self._find(MOVE, domain, _MOVE_FIELDS)
        originals = {move["id"]: number_of(move["origin"], MOVE) for move in moves}
        if not moves:
            return []
        ids = sorted(set(originals.values()))
        entries = {row["move"] for row in self.books.wire.find(INVOICE, [("move", "in", ids)], ["move"])}
        parties = defaultdict(set)
        owed = [
            ("move", "in", ids),
            ("account.type.receivable", "=", True),
            ("party.create_uid", "=", self._me),
        ]
        for row in self.books.wire.find(LINE, owed, ["move", "party"]):
            if row["move"] not in entries:
                parties[row["move"]].add(row["party"])
        return [
            self._void(move, payment_ref(originals[move["id"]], party_id))
            for move in moves
            for party_id in sorted(parties[originals[move["id"]]])
        ]

    def _void(self, move: Record, external_id: str) -> _Seen:
        at = _written(move)
        said = f"{_who(move)} cancelled a payment by {move['number']}"
        key = f"void {external_id} by {ref(MOVE, move['id'])}"
        return _Seen(
            at, Change(key, ChangeKind.PAYMENT_VOIDED, external_id, at.isoformat(), move["date"], said)
        )

    def cancelled_invoices(self) -> list[_Seen]:
        """Return our invoices that somebody cancelled, or credited and so closed."""
        domain = [*self._of_ours, ("state", "=", "cancelled"), ("write_date", ">", self.since)]
        fields = ["number", "write_date", "write_uid.rec_name", "cancel_move.date"]
        seen = []
        for row in self._find(INVOICE, domain, fields):
            external_id, at = ref(INVOICE, row["id"]), row["write_date"]
            on = row["cancel_move."]["date"] if row.get("cancel_move.") else at.date()
            said = f"{row['write_uid.']['rec_name']} cancelled the invoice {row['number']}"
            change = Change(
                f"cancelled {external_id}", ChangeKind.INVOICE_VOIDED, external_id, at.isoformat(), on, said
            )
            seen.append(_Seen(at, change))
        return seen

    # --- customers ----------------------------------------------------------------------------------

    def edited_customers(self) -> list[_Seen]:
        """Return our parties that somebody edited: the party, or its address, number or e-mail."""
        edited: dict[int, Record] = {}
        fields = ["create_date", "write_date", "create_uid.rec_name", "write_uid.rec_name"]
        for row in self._find(PARTY, [("create_uid", "=", self._me), self._by_others()], fields):
            edited[row["id"]] = row
        for model in ("party.address", "party.identifier", "party.contact_mechanism"):
            domain = [("party.create_uid", "=", self._me), self._by_others()]
            for row in self._find(model, domain, [*fields, "party"]):
                edited.setdefault(row["party"], row)
        names = (
            {row["id"]: row["name"] for row in self.books.wire.read(PARTY, sorted(edited), ["name"])}
            if edited
            else {}
        )
        return [self._edited(party_id, names[party_id], row) for party_id, row in edited.items()]

    def _edited(self, party_id: int, name: str, row: Record) -> _Seen:
        at, version = _written(row), version_of(self.books.wire, party_id)
        external_id = ref(PARTY, party_id)
        who = (row.get("write_uid.") or row["create_uid."])["rec_name"]
        key = f"edited {external_id} {version}"
        said = f"{who} edited the customer {name}"
        return _Seen(at, Change(key, ChangeKind.CUSTOMER_EDITED, external_id, version, at.date(), said))

    # --- leftovers ----------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Delete old drafts of our own: what a broken connection left, when a later try had made the document already."""
        old = [*self._of_ours, ("state", "=", "draft"), ("create_date", "<", self.newest - LEFT_OVER)]
        for model in (INVOICE, MOVE):
            drafts = [row["id"] for row in self.books.wire.find(model, old, ["state"])]
            self.books.wire.delete(model, drafts)

    # --- shared -------------------------------------------------------------------------------------

    @property
    def _me(self) -> int:
        return self.books.wire.user_id

    @property
    def _of_ours(self) -> list[tuple[str, str, object]]:
        return [("company", "=", self.books.company.id), ("create_uid", "=", self._me)]

    def _find(self, model: str, domain: Domain, fields: list[str]) -> list[Record]:
        rows = self.books.wire.find(model, domain, fields)
        times = [_written(row) for row in rows if "create_date" in row or "write_date" in row]
        self.newest = max([self.newest, *times])
        return rows

    def _by_others(self) -> Domain:
        return [
            "OR",
            [("write_uid", "!=", self._me), ("write_date", ">", self.since)],
            [("write_date", "=", None), ("create_uid", "!=", self._me), ("create_date", ">", self.since)],
        ]

    def _ours(self, invoice_ids: Iterable[int]) -> set[int]:
        ids = sorted(set(invoice_ids))
        domain = [("id", "in", ids), ("create_uid", "=", self._me)]
        return {row["id"] for row in self.books.wire.find(INVOICE, domain, ["number"])} if ids else set()

    def _our_invoices(self, move_ids: Iterable[int]) -> dict[int, str]:
        """Return the references of our invoices by their move, among these moves; credit notes are none.

        What we sent as a move stands in the journal of invoices and has no origin.
        """
        ids = sorted(set(move_ids))
        if not ids:
            return {}
        rows = self.books.wire.find(INVOICE, [*self._of_ours, ("move", "in", ids)], ["move", "total_amount"])
        found = {row["move"]: ref(INVOICE, row["id"]) for row in rows if row["total_amount"] > 0}
        journal = self.books.journal(self.books.journal_codes.invoices)
        moves = [*self._of_ours, ("id", "in", ids), ("journal", "=", journal), ("origin", "=", None)]
        return found | {
            row["id"]: ref(MOVE, row["id"]) for row in self.books.wire.find(MOVE, moves, ["number"])
        }


def _spread(row: Record, together: list[Record], invoices: Mapping[int, str]) -> list[tuple[str, Decimal]]:
    """Return what a line pays of each of our invoices in its reconciliation, the first due first."""
    left = paid_by(row)
    found = []
    due = [
        line
        for line in together
        if line["move"] in invoices and line["reconciliation"] == row["reconciliation"]
    ]
    for line in sorted(due, key=lambda line: (line["maturity_date"] or line["date"], line["id"])):
        part = min(left, -paid_by(line))
        if part > 0:
            found.append((invoices[line["move"]], part))
            left -= part
    return found


def _written(row: Record) -> datetime:
    found: datetime = row.get("write_date") or row["create_date"]
    return found


def _who(row: Record) -> str:
    return str(row["create_uid."]["rec_name"])
