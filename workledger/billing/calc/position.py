"""What a change of a contract's position settles of it, where contract and books have different currencies.

A position is held at a carrying amount: what its debits and credits were worth in the books on their days. A change to
the other side settles it in whole or in part. What is settled leaves at its carrying amount, shared by amount (the
weighted average); the difference to what the change is worth on its own day is a realized exchange difference.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

_ZERO = Decimal(0)


class Held(NamedTuple):
    """Debits less credits: in the contract's currency, and what they are worth in the books."""

    amount: Decimal
    value: Decimal


def realized(held: Held, change: Held, quantum: Decimal) -> Decimal:
    """Return what a change adds to the position in the books alone: negative is a loss.

    500 held at 625 and billed at 600 leave 25 too much: -25.
    """
    if not held.amount or not change.amount or (held.amount > 0) == (change.amount > 0):
        return _ZERO
    settled = min(abs(held.amount), abs(change.amount))
    carried = held.value * settled / abs(held.amount)
    given = change.value * settled / abs(change.amount)
    return -(carried + given).quantize(quantum, ROUND_HALF_UP)
