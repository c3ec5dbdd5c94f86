"""Who earned revenue that no person's name stands on: the people who worked on it in the same period, by their hours.

A recognition run posts revenue on a contract line and its projects, not on people. To tell it by person, the revenue of a line and
project that was posted in a period is divided by the hours that were posted on that line and project in that same period.
Both come from postings alone, so the months that are locked never move. Where nobody worked it stays nobody's.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from workledger.kernel.allocation import allocate
from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)


class Worked(NamedTuple):
    """Time of one person for a practice, in seconds."""

    person_id: int
    practice_id: int
    seconds: Decimal


class Part(NamedTuple):
    """What one person earned of it, and for which practice; 0 is nobody, none."""

    person_id: int
    practice_id: int
    amount: Decimal


def attribute(amount: Decimal, worked: Iterable[Worked], currency: str) -> Sequence[Part]:
    """Divide an amount by hours, to the minor unit; the parts sum to the whole.

    People whose time was all taken back again count for nothing. A remainder below the minor unit stays nobody's.
    """
    counted = sorted(each for each in worked if each.seconds > 0)
    whole = amount - amount % minor_quantum(currency)
    if not counted or not whole:
        return [Part(0, 0, amount)]
    shares = allocate(whole, [each.seconds for each in counted], currency)
    parts = [
        Part(each.person_id, each.practice_id, share) for each, share in zip(counted, shares, strict=True)
    ]
    return [*parts, Part(0, 0, amount - whole)] if amount != whole else parts
