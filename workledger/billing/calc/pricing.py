"""The price of approved time: billable time rounded in its scope, then hours × rate.

Scopes `entry` and `task_day` round billable time here; scope `invoice` leaves it to the invoice line. Worked
time is never rewritten. An item is worth its exact hours × rate at the minor unit; the line that bills it
prints rounded hours × rate, and the difference is the line's rounding.
"""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.contracts.calc.terms import Rounding, RoundingScope
from workledger.kernel.rounding import TimeRounding, minor_quantum, round_seconds

_HOUR = Decimal(3600)


class TimePiece(NamedTuple):
    """Billable time of one entry, as far as rounding must know it."""

    entry_id: int
    person_id: int
    task_id: int
    day: date
    seconds: int


def rounded_seconds(pieces: Sequence[TimePiece], terms: Rounding) -> dict[int, int]:
    """Return billable seconds by entry after rounding in the line's scope.

    In scope `task_day` the sum of a person's day on a task is rounded and the difference falls on the last
    entry of that day that has time. Scope `invoice` leaves entries as they are: the invoice line rounds.
    """
    if terms.method is TimeRounding.NONE or terms.scope is RoundingScope.INVOICE:
        return {piece.entry_id: piece.seconds for piece in pieces}
    if terms.scope is RoundingScope.ENTRY:
        return {
            piece.entry_id: round_seconds(piece.seconds, terms.method, terms.step_minutes) for piece in pieces
        }
    result = {piece.entry_id: piece.seconds for piece in pieces}
    days: dict[tuple[int, int, date], list[TimePiece]] = {}
    for piece in pieces:
        days.setdefault((piece.person_id, piece.task_id, piece.day), []).append(piece)
    for same_day in days.values():
        total = sum(piece.seconds for piece in same_day)
        change = round_seconds(total, terms.method, terms.step_minutes) - total
        for piece in sorted(same_day, key=lambda one: (one.seconds > 0, one.entry_id), reverse=True):
            taken = max(change, -piece.seconds)
            result[piece.entry_id] += taken
            change -= taken
            if not change:
                break
    return result


def time_amount(seconds: int, rate: Decimal, currency: str) -> Decimal:
    """Return exact hours × rate, half-up to the currency's minor unit."""
    return (seconds * rate / _HOUR).quantize(minor_quantum(currency), ROUND_HALF_UP)
