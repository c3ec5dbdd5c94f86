"""What customers owe over there by documents of ours, and how payments and credit notes are set against it.

A document in the books' own currency is an account.invoice, which keeps the lines that pay it. One in a foreign currency
is an account.move; what pays it says so by its origin, the line of the move that it settles.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workledger.gl.connectors.tryton.books import Books
from workledger.gl.connectors.tryton.refs import INVOICE, LINE, MOVE, number_of, ref
from workledger.gl.connectors.tryton.wire import Domain, Record

_LINE_FIELDS = [
    "account",
    "party",
    "debit",
    "credit",
    "second_currency",
    "amount_second_currency",
    "description",
    "origin",
    "reconciliation",
    "invoice_payment",
    "maturity_date",
    "date",
    "move",
]
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Owed:
    """An invoice there: its reference, its number here, its lines on the receivable, and what is open of it.

    `invoice_id` is 0 where it is a move only.
    """

    reference: str
    number: str
    invoice_id: int
    lines: Sequence[int]
    open: Decimal


def lines_of(books: Books, domain: Domain) -> list[Record]:
    """Return move lines with all that settling and reversing need."""
    return books.wire.find(LINE, domain, _LINE_FIELDS)


def paid_by(row: Record) -> Decimal:
    """Return what a line takes off a receivable, in the line's own currency."""
    amount = row["amount_second_currency"]
    return Decimal(row["credit"] - row["debit"] if amount is None else -amount)


def line_origin(row: Record) -> int:
    """Return the line that a line names as its origin, or 0."""
    origin = row["origin"] or ""
    return number_of(origin, LINE) if origin.startswith(f"{LINE},") else 0


def find_owed(books: Books, references: Iterable[str]) -> dict[str, Owed]:
    """Return what is owed by invoices, by their references. Raises Rejected where one is none."""
    wanted = set(references)
    as_invoice = {number_of(text, INVOICE) for text in wanted if text.startswith(f"{INVOICE},")}
    as_move = {number_of(text, MOVE) for text in wanted if not text.startswith(f"{INVOICE},")}
    found = [*_of_invoices(books, sorted(as_invoice)), *_of_moves(books, sorted(as_move))]
    return {owed.reference: owed for owed in found}


def _of_invoices(books: Books, ids: Sequence[int]) -> list[Owed]:
    fields = ["reference", "amount_to_pay", "lines_to_pay"]
    rows = books.wire.read(INVOICE, ids, fields) if ids else []
    return [
        Owed(ref(INVOICE, row["id"]), row["reference"], row["id"], row["lines_to_pay"], row["amount_to_pay"])
        for row in rows
    ]


def _of_moves(books: Books, ids: Sequence[int]) -> list[Owed]:
    if not ids:
        return []
    lines = lines_of(books, [("move", "in", ids), ("account.type.receivable", "=", True)])
    paying = defaultdict(list)
    for row in lines_of(books, [("origin", "in", [ref(LINE, row["id"]) for row in lines])]):
        paying[line_origin(row)].append(row)
    by_move = defaultdict(list)
    for row in lines:
        by_move[row["move"]].append(row)
    return [
        Owed(
            ref(MOVE, move_id),
            rows[0]["description"],
            0,
            [row["id"] for row in rows],
            -sum((_open(row, paying[row["id"]]) for row in rows), _ZERO),
        )
        for move_id, rows in by_move.items()
    ]


def _open(line: Record, paying: Sequence[Record]) -> Decimal:
    if line["reconciliation"]:
        return _ZERO
    return paid_by(line) + sum((paid_by(row) for row in paying if not row["reconciliation"]), _ZERO)


def is_settled_by_others(books: Books, owed: Owed) -> bool:
    """Say whether somebody else's line pays or credits an invoice."""
    due = lines_of(books, [("id", "in", list(owed.lines))])
    groups = [row["reconciliation"] for row in due if row["reconciliation"]]
    paying = [
        "OR",
        ("origin", "in", [ref(LINE, row["id"]) for row in due]),
        *([("reconciliation", "in", groups)] if groups else []),
        *([("invoice_payment", "=", owed.invoice_id)] if owed.invoice_id else []),
    ]
    by_others = [paying, ("move.create_uid", "!=", books.wire.user_id)]
    return bool(books.wire.find(LINE, by_others, ["move"], limit=1))


def settle(books: Books, move_id: int) -> None:
    """Set the lines of a posted move against the invoices whose lines they name as their origin. Safe to repeat."""
    rows = lines_of(books, [("move", "=", move_id), ("origin", "like", f"{LINE},%")])
    waiting = [row for row in rows if not row["reconciliation"]]
    if not waiting:
        return
    due = {row["id"]: row for row in lines_of(books, [("id", "in", [line_origin(row) for row in waiting])])}
    found = books.wire.find(INVOICE, [("move", "in", [row["move"] for row in due.values()])], ["move"])
    invoices = {row["move"]: row["id"] for row in found}
    by_due = defaultdict(list)
    for row in waiting:
        by_due[line_origin(row)].append(row)
    for line_id, parts in by_due.items():
        invoice_id = invoices.get(due[line_id]["move"])
        if invoice_id:
            add_to_invoice(books, invoice_id, parts)
        else:
            paying = lines_of(books, [("origin", "=", ref(LINE, line_id))])
            reconcile(books, [due[line_id], *paying])


def add_to_invoice(books: Books, invoice_id: int, lines: Sequence[Record]) -> None:
    """Count lines as paid on an invoice, and reconcile it when nothing is left open."""
    invoice = books.wire.read(INVOICE, [invoice_id], ["lines_to_pay", "payment_lines"])[0]
    due = lines_of(books, [("id", "in", invoice["lines_to_pay"])])
    counted = lines_of(books, [("id", "in", invoice["payment_lines"])])
    unlinked = [row["id"] for row in lines if not row["invoice_payment"]]
    gone = _cancelled(due, counted)
    if unlinked or gone:
        values = {"payment_lines": [("remove", gone), ("add", unlinked)]}
        books.wire.write(INVOICE, [invoice_id], values)
    paying = [row for row in counted if row["id"] not in gone] + [
        row for row in lines if row["id"] in unlinked
    ]
    reconcile(books, [*due, *paying])


def _cancelled(due: Sequence[Record], counted: Sequence[Record]) -> list[int]:
    """Return lines that are counted on an invoice and reconciled with something else.

    Whoever cancels a payment over there leaves its line counted, and Tryton then refuses the next payment as too much.
    """
    groups = {row["reconciliation"] for row in due}
    return [row["id"] for row in counted if row["reconciliation"] and row["reconciliation"] not in groups]


def reconcile(books: Books, lines: Sequence[Record]) -> None:
    """Reconcile those lines that are open, if they add up to nothing; else leave them as they are."""
    waiting = [row for row in lines if not row["reconciliation"]]
    if (
        not waiting
        or sum((row["debit"] - row["credit"] for row in waiting), _ZERO)
        or sum(map(paid_by, waiting))
    ):
        return
    books.wire.run_wizard("account.move.reconcile_lines", "start", LINE, [row["id"] for row in waiting])


def unreconcile(books: Books, lines: Sequence[Record]) -> None:
    """Open lines again, with all that they were reconciled with."""
    closed = [row["id"] for row in lines if row["reconciliation"]]
    if closed:
        books.wire.run_wizard("account.move.unreconcile_lines", "unreconcile", LINE, closed)


def free(books: Books, lines: Sequence[Record]) -> None:
    """Take lines off the invoices they are counted on."""
    linked = defaultdict(list)
    for row in lines:
        if row["invoice_payment"]:
            linked[row["invoice_payment"]].append(row["id"])
    for invoice_id, ids in linked.items():
        books.wire.write(INVOICE, [invoice_id], {"payment_lines": [("remove", ids)]})
