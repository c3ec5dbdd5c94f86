"""Account moves that carry a key: made as a draft in one call, posted in the next, then set against invoices.

Only posting changes the books, and it names one draft. So when a line breaks, whatever the call that nobody waits for any
more still makes is at worst a draft without effect; the next try posts the oldest draft with the key and deletes others.
"""

from collections.abc import Container, Sequence

from workledger.gl.connector import DocumentKind, Journal, Payment, Receipt, Rejected, Void
from workledger.gl.connectors.tryton.books import Books
from workledger.gl.connectors.tryton.owed import (
    find_owed,
    free,
    line_origin,
    lines_of,
    reconcile,
    settle,
    unreconcile,
)
from workledger.gl.connectors.tryton.refs import MOVE, PARTY, number_of, payment_of, payment_ref, ref
from workledger.gl.connectors.tryton.values import Entry, Money, journal_line, payment_lines, reversed_line
from workledger.gl.connectors.tryton.wire import Domain, Record

# --- what is sent ---------------------------------------------------------------------------------------


def send_payment(books: Books, payment: Payment, kind: DocumentKind, key: str) -> Receipt:
    """Make the move of a payment or write-off, post it, and set its parts against the invoices they settle."""
    party_id = number_of(payment.customer, PARTY)
    move = find_keyed(books, key)
    if move is None:
        move = _make_payment(books, payment, kind, key, party_id)
    posted = post(books, move)
    settle(books, posted["id"])
    return Receipt(payment_ref(posted["id"], party_id), version_of(posted), posted["number"])


def send_void(books: Books, void: Void, key: str) -> Receipt:
    """Cancel a payment: post its opposite on the day, free the invoices, and set the two against each other.

    A payment that somebody there has cancelled already stays as it is.
    """
    move_id, party_id = payment_of(void.payment)
    move = find_keyed(books, key) or _cancelling(books, move_id)
    if move is None:
        move = _make_void(books, void, key, move_id, party_id)
    posted = post(books, move)
    _set_off(books, move_id, posted["id"])
    return Receipt(payment_ref(posted["id"], party_id), version_of(posted), posted["number"])


def send_journal(books: Books, journal: Journal, key: str) -> Receipt:
    """Make and post a move in the journal for everything else."""
    move = find_keyed(books, key)
    if move is None:
        rows = []
        for line in journal.lines:
            party_id = number_of(line.customer, PARTY) if line.customer else None
            money = money_of(books, line.currency or books.company.currency)
            rows.append(
                journal_line(line, account=books.account(line.account), money=money, party_id=party_id)
            )
        head = Entry(
            books.company.id,
            books.journal(books.journal_codes.journals),
            books.period(journal.on),
            journal.on,
            keyed(journal.description, key),
        )
        move = create(books, head.with_lines(rows))
    posted = post(books, move)
    return Receipt(ref(MOVE, posted["id"]), version_of(posted), posted["number"])


def _make_payment(books: Books, payment: Payment, kind: DocumentKind, key: str, party_id: int) -> Record:
    receivable = books.account(payment.receivable_account)
    codes = books.journal_codes
    write_off = kind is DocumentKind.WRITE_OFF
    rows = payment_lines(
        payment,
        money=money_of(books, payment.currency),
        party_id=party_id,
        account=books.account(payment.account),
        receivable=receivable,
        settled_lines=_open_lines(books, payment),
    )
    head = Entry(
        books.company.id,
        books.journal(codes.write_offs if write_off else codes.payments),
        books.period(payment.on),
        payment.on,
        keyed(f"{'Write-off' if write_off else 'Payment'} {payment.reference}".strip(), key),
    )
    return create(books, head.with_lines(rows))


def _open_lines(books: Books, payment: Payment) -> dict[str, int]:
    """Return the line to pay of each invoice, by its reference, after making sure that enough of it is open there."""
    owed = find_owed(books, [part.invoice for part in payment.settles])
    for part in payment.settles:
        invoice = owed[part.invoice]
        if invoice.open < part.amount:
            raise Rejected(
                f"Of the invoice {invoice.number} only {invoice.open:.2f} {payment.currency} is open in Tryton, and "
                f"{part.amount:.2f} would be set against it. Take in what was paid there, or free the invoice there."
            )
    return {reference: invoice.lines[0] for reference, invoice in owed.items()}


def _make_void(books: Books, void: Void, key: str, move_id: int, party_id: int) -> Record:
    lines = lines_of(books, [("move", "=", move_id)])
    parties = {row["party"] for row in lines if row["party"]}
    if parties - {party_id}:
        raise Rejected("This payment is part of a deposit of several customers. Cancel it in Tryton.")
    original = books.wire.read(MOVE, [move_id], ["journal", "number"])[0]
    text = f"Void of {original['number']}" + (f": {void.reason}" if void.reason else "")
    head = Entry(
        books.company.id,
        original["journal"],
        books.period(void.on),
        void.on,
        keyed(text, key),
        ref(MOVE, move_id),
    )
    return create(books, head.with_lines([reversed_line(row) for row in lines]))


def _cancelling(books: Books, move_id: int) -> Record | None:
    """Return the move by which somebody there has cancelled this one."""
    rows = _moves(books, [("origin", "=", ref(MOVE, move_id)), ("state", "=", "posted")])
    return rows[0] if rows else None


# --- keys, drafts and posting ---------------------------------------------------------------------------


def keyed(text: str, key: str) -> str:
    """Return a move's description with its key."""
    return f"{text} [{key}]"


def find_keyed(books: Books, key: str) -> Record | None:
    """Return the move with a key: the posted one, else the oldest draft. Any other draft with it is deleted."""
    return keep_one(books, MOVE, _moves(books, [like_key(key)]))


def like_key(key: str) -> tuple[str, str, str]:
    """Return the clause that finds a description with a key."""
    escaped = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return ("description", "like", f"%[{escaped}]")


def keep_one(
    books: Books, model: str, rows: Sequence[Record], *, drafts: Container[str] = frozenset({"draft"})
) -> Record | None:
    """Return the record that counts, and delete drafts that a broken connection left beside it."""
    ordered = sorted(rows, key=lambda row: (row["state"] in drafts, row["id"]))
    books.wire.delete(model, [row["id"] for row in ordered[1:] if row["state"] in drafts])
    return ordered[0] if ordered else None


def create(books: Books, values: Record) -> Record:
    """Make a draft and return it as it was found."""
    return {"id": books.wire.create(MOVE, values), "state": "draft"}


def post(books: Books, move: Record) -> Record:
    """Post a move that is not posted yet, and return it with its number."""
    if move["state"] == "draft":
        books.wire.call("model.account.move.post", [move["id"]])
    return books.wire.read(MOVE, [move["id"]], ["number", "date", "write_date", "create_date"])[0]


def version_of(row: Record) -> str:
    """Return when a record was last written, as its version."""
    return str((row["write_date"] or row["create_date"]).isoformat())


def money_of(books: Books, currency: str) -> Money:
    """Return how a currency stands to the company's."""
    return Money(currency, books.company.currency, books.currency(currency))


def _set_off(books: Books, move_id: int, cancel_id: int) -> None:
    """Free what a cancelled move had settled, and reconcile it with the move that cancels it. Safe to repeat."""
    lines = lines_of(books, [("move", "in", [move_id, cancel_id]), ("account.reconcile", "=", True)])
    original = [row for row in lines if row["move"] == move_id]
    opposite = {line_origin(row): row for row in lines if row["move"] == cancel_id}
    done = {row["reconciliation"] for row in opposite.values() if row["reconciliation"]}
    waiting = [row for row in original if not row["reconciliation"] or row["reconciliation"] not in done]
    unreconcile(books, waiting)
    free(books, waiting)
    for row in waiting:
        reconcile(books, [{**row, "reconciliation": None}, opposite[row["id"]]])


def _moves(books: Books, domain: Domain) -> list[Record]:
    fields = ["state", "number", "date", "write_date", "create_date"]
    return books.wire.find(MOVE, [("company", "=", books.company.id), *domain], fields)
