"""Journals as they leave: lines summed by what the other side can tell apart, balanced, in an order that never changes.

    journal("17", date(2026, 3, 2), "Invoice INV-1", [Line("1100", Decimal(119)), Line("4000", Decimal(-119))])

Two lines on the same account for the same customer and dimensions are one line there; what nets to nothing is none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_ZERO = Decimal(0)


class Unbalanced(ValueError):
    """A journal's debits and credits differ: something was left out of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A side in the books' currency, debit positive: account, customer and (axis, name) pairs in the other side's words."""

    account: str
    amount: Decimal
    customer: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    is_receivable: bool = False

    @property
    def debit(self) -> Decimal:
        """The amount where it is a debit, else 0."""
        return max(self.amount, _ZERO)

    @property
    def credit(self) -> Decimal:
        """The amount, positive, where it is a credit, else 0."""
        return max(-self.amount, _ZERO)


@dataclass(frozen=True, slots=True)
class Journal:
    """A balanced journal. `id` names it for good: our entry's number, or book and day of a summary."""

    id: str
    on: date
    description: str
    lines: tuple[Line, ...]
    entry_id: int | None = None

    @property
    def total(self) -> Decimal:
        """The sum of its debits, which is that of its credits."""
        return sum((line.debit for line in self.lines), _ZERO)


def journal(
    identifier: str, on: date, description: str, lines: Iterable[Line], *, entry_id: int | None = None
) -> Journal | None:
    """Return the journal of these lines, or None where all of it nets to nothing. Raises `Unbalanced`.

    Receivables stand first, then the lines in the order in which their account, customer and dimensions first appear.
    """
    sums: dict[tuple[str, str, tuple[tuple[str, str], ...], bool], Decimal] = {}
    total = _ZERO
    for line in lines:
        key = (line.account, line.customer, line.dimensions, line.is_receivable)
        sums[key] = sums.get(key, _ZERO) + line.amount
        total += line.amount
    if total:
        raise Unbalanced(f"the journal {identifier} is out by {total}")
    found = [Line(key[0], amount, *key[1:]) for key, amount in sums.items() if amount]
    found.sort(key=lambda line: not line.is_receivable)
    return Journal(identifier, on, description, tuple(found), entry_id) if found else None
