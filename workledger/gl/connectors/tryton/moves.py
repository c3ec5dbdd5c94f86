"""Account moves that carry a key: made as a draft in one call, posted in the next, then set against invoices.

Only posting changes the books, and it names one draft. A draft found under a key is what an earlier try left; it may be of
an older mapping, so it is deleted and made again. Whatever a call that nobody waits for any more still makes is then at
worst a draft without effect, which the next look for changes sweeps away.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from workledger.gl.connector import DocumentKind, Journal, Payment, Receipt, Rejected, Unreachable, Void
from workledger.gl.connectors.tryton.books import Books
from workledger.gl.connectors.tryton.owed import (
    Owed,
    find_owed,
    free,
    is_settled_by_others,
    line_origin,
    lines_of,
    reconcile,
    settle,
    unreconcile,
)
from workledger.gl.connectors.tryton.refs import MOVE, PARTY, number_of, payment_of, payment_ref, ref
from workledger.gl.connectors.tryton.values import Entry, Money, journal_line, payment_lines, reversed_line
from workledger.gl.connectors.tryton.wire import Domain, Record

_FIELDS = ["state", "number", "date", "write_date", "create_date"]


# --- what is sent ---------------------------------------------------------------------------------------


def send_payment(books: Books, payment: Payment, kind: DocumentKind, key: str) -> Receipt:
    """Make the move of a payment or write-off, post it, and set its parts against the invoices they settle."""
    party_id = number_of(payment.customer, PARTY)
    posted = find_posted(books, key) or _make_payment(books, payment, kind, key, party_id)
    settle(books, posted["id"])
    return Receipt(payment_ref(posted["id"], party_id), version_of(posted), posted["number"])


def send_void(books: Books, void: Void, key: str) -> Receipt:
    """Cancel a payment: post its opposite on the day, free the invoices, and set the two against each other.

    A payment that somebody there has cancelled already stays as it is.
    """
    move_id, party_id = payment_of(void.payment)
    posted = find_posted(books, key) or _cancelling(books, move_id)
    if posted is None:
        posted = _make_void(books, void, key, move_id, party_id)
    _set_off(books, move_id, posted["id"])
    return Receipt(payment_ref(posted["id"], party_id), version_of(posted), posted["number"])


def send_journal(books: Books, journal: Journal, key: str) -> Receipt:
    """Make and post a move in the journal for everything else."""
    posted = find_posted(books, key)
    if posted is None:
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
        posted = make(books, head.with_lines(rows))
    return Receipt(ref(MOVE, posted["id"]), version_of(posted), posted["number"])


def _make_payment(books: Books, payment: Payment, kind: DocumentKind, key: str, party_id: int) -> Record:
    receivable = books.account(payment.receivable_account)
    codes = books.journal_codes
    write_off = kind is DocumentKind.WRITE_OFF
    owed = find_owed(books, [part.invoice for part in payment.settles])
    rows = payment_lines(
        _fitting(books, payment, owed),
        money=money_of(books, payment.currency),
        party_id=party_id,
        account=books.account(payment.account),
        receivable=receivable,
        settled_lines={reference: invoice.lines[0] for reference, invoice in owed.items()},
    )
    head = Entry(
        books.company.id,
        books.journal(codes.write_offs if write_off else codes.payments),
        books.period(payment.on),
        payment.on,
        keyed(f"{'Write-off' if write_off else 'Payment'} {payment.reference}".strip(), key),
    )
    return make(books, head.with_lines(rows))


def _fitting(books: Books, payment: Payment, owed: Mapping[str, Owed]) -> Payment:
    """Return a payment that settles no more than is open there; the rest is the customer's credit.

    That is so where a credit note of ours was first. Where somebody there has paid or credited, it may be the same money:
    a person must look.
    """
    fitting = []
    for part in payment.settles:
        invoice = owed[part.invoice]
        if invoice.open < part.amount and is_settled_by_others(books, invoice):
            raise Rejected(
                f"Of the invoice {invoice.number} only {invoice.open:.2f} {payment.currency} is open in Tryton, and "
                f"{part.amount:.2f} would be set against it. Take in what was paid there, or free the invoice there."
            )
        amount = max(min(part.amount, invoice.open), Decimal(0))
        fitting += [replace(part, amount=amount)] if amount else []
    return replace(payment, settles=fitting)


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
    return make(books, head.with_lines([reversed_line(row) for row in lines]))


def _cancelling(books: Books, move_id: int) -> Record | None:
    """Return the move by which somebody there has cancelled this one."""
    rows = books.wire.find(MOVE, [("origin", "=", ref(MOVE, move_id)), ("state", "=", "posted")], _FIELDS)
    return rows[0] if rows else None


# --- keys, drafts and posting ---------------------------------------------------------------------------


def keyed(text: str, key: str) -> str:
    """Return a move's description with its key."""
    return f"{text} [{key}]"


def like_key(key: str) -> tuple[str, str, str]:
    """Return the clause that finds a description with a key."""
    escaped = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return ("description", "like", f"%[{escaped}]")


def find_posted(books: Books, key: str) -> Record | None:
    """Return the posted move with a key, if there is one; drafts with it are deleted."""
    return find_made(books, MOVE, [like_key(key)], _FIELDS)


def find_made(books: Books, model: str, domain: Domain, fields: Sequence[str]) -> Record | None:
    """Return the record that an earlier try made whole, and delete drafts that it left."""
    rows = books.wire.find(model, [("company", "=", books.company.id), *domain], fields)
    drafts = [row["id"] for row in rows if row["state"] == "draft"]
    try:
        books.wire.delete(model, drafts)
    except Rejected:  # one was posted in the meantime, by the try that nobody waited for
        rows = books.wire.read(model, [row["id"] for row in rows], fields)
        if all(row["state"] == "draft" for row in rows):
            raise
    made = [row for row in rows if row["state"] != "draft"]
    return made[0] if made else None


def make(books: Books, values: Record) -> Record:
    """Make a move and post it; returns it with its number. A draft that Tryton does not post is deleted again."""
    move_id = books.wire.create(MOVE, values)
    post(books, MOVE, move_id)
    return books.wire.read(MOVE, [move_id], _FIELDS)[0]


def post(books: Books, model: str, record_id: int) -> None:
    """Post a draft. Where Tryton refuses, nothing stays there."""
    try:
        books.wire.call(f"model.{model}.post", [record_id])
    except Rejected:
        with suppress(Rejected, Unreachable):
            books.wire.delete(model, [record_id])
        raise


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
