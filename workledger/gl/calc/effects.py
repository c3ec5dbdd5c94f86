"""What a document moves on the other side, account by account, in the books' currency.

This is what makes both sides comparable: whatever an entry of ours moves beyond the document that carries it (rounding, a
deposit, a difference of rates) is known exactly, and travels as a journal. So every account ties, whatever the document's
form allows it to say.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from workledger.gl.connector import Document, DocumentKind, Invoice, Journal, Payment

_ZERO = Decimal(0)

Place = tuple[str, str]
"""An account's code there, and the reference of a customer where the account is kept by customer ('' otherwise)."""
Moves = dict[Place, Decimal]
"""Debit less credit by place."""


@dataclass(frozen=True, slots=True)
class Charted:
    """Which account is kept by customer there: the one that receivables are on."""

    receivable: str

    def place(self, account: str, customer: str) -> Place:
        """Return where an amount of a customer stands."""
        return account, customer if account == self.receivable else ""


def effect_of(
    kind: DocumentKind, document: Document, charted: Charted, *, voids: Payment | None = None
) -> Moves:
    """Return what a document moves. `voids` is the payment that a void undoes."""
    moves: Moves = defaultdict(Decimal)
    match document:
        case Invoice():
            _invoice(moves, document, charted)
            if kind is DocumentKind.CREDIT_NOTE:
                return negated(moves)
        case Payment():
            _payment(moves, document, charted)
        case Journal():
            for line in document.lines:
                moves[charted.place(line.account, line.customer)] += line.debit - line.credit
        case _:
            if voids is not None:
                _payment(moves, voids, charted)
                return negated(moves)
    return without_zeros(moves)


def _invoice(moves: Moves, invoice: Invoice, charted: Charted) -> None:
    moves[charted.place(invoice.receivable_account, invoice.customer)] += invoice.functional_total
    for line in invoice.lines:
        value = line.amount if line.functional is None else line.functional
        moves[charted.place(line.account, invoice.customer)] -= value
    for tax in invoice.taxes:
        value = tax.amount if tax.functional is None else tax.functional
        moves[charted.place(tax.account, invoice.customer)] -= value


def _payment(moves: Moves, payment: Payment, charted: Charted) -> None:
    value = payment.amount if payment.functional is None else payment.functional
    moves[charted.place(payment.account, payment.customer)] += value
    moves[charted.place(payment.receivable_account, payment.customer)] -= value


def negated(moves: Mapping[Place, Decimal]) -> Moves:
    """Return the exact inverse."""
    return {place: -amount for place, amount in moves.items() if amount}


def without_zeros(moves: Mapping[Place, Decimal]) -> Moves:
    """Return the places that something moves."""
    return {place: amount for place, amount in moves.items() if amount}


def added(parts: Iterable[Mapping[Place, Decimal]]) -> Moves:
    """Return the sum of several."""
    total: Moves = defaultdict(Decimal)
    for part in parts:
        for place, amount in part.items():
            total[place] += amount
    return without_zeros(total)


def beyond(ours: Mapping[Place, Decimal], effect: Mapping[Place, Decimal]) -> Moves:
    """Return what entries of ours move beyond what the document says: it must travel as a journal."""
    return added([ours, negated(effect)])


def shared(total: Decimal, parts: Sequence[Decimal], quantum: Decimal) -> list[Decimal]:
    """Return `total` shared in proportion to `parts`, to the quantum, so that the shares sum to it.

    Each share is the difference of two rounded running sums. Where the parts sum to nothing the last takes all.
    """
    whole = sum(parts, _ZERO)
    if not parts:
        return []
    if not whole:
        return [*([_ZERO] * (len(parts) - 1)), total]
    found, running, before = [], _ZERO, _ZERO
    for part in parts:
        running += part
        reached = (total * running / whole).quantize(quantum, ROUND_HALF_UP)
        found.append(reached - before)
        before = reached
    found[-1] += total - before
    return found
