"""Why an amount is what it is: the steps that led to it, in words."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

_CENTI = Decimal("0.01")


class Step(NamedTuple):
    """What one step did, for 'why this amount?'."""

    name: str
    said: str


def percent_words(share: Decimal) -> str:
    """Return a share of one as people read it, at two decimals: '51.22 %'."""
    return f"{(share * 100).quantize(_CENTI, ROUND_HALF_UP):f} %"
