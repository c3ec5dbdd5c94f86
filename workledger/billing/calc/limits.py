"""How far a purchase order reaches."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Reach(StrEnum):
    """What an invoice does to the limit of its purchase order."""

    WITHIN = "within"
    NEAR = "near"
    BEYOND = "beyond"


class Limit(NamedTuple):
    """A purchase order's limit, net (None: none), and from which percentage of it on to warn."""

    amount: Decimal | None
    warn_percent: int


def reach(limit: Limit, used: Decimal, net: Decimal) -> Reach:
    """Say where invoices of `used` and another of `net` stand. An invoice that takes nothing never warns."""
    if limit.amount is None or net <= 0:
        return Reach.WITHIN
    if used + net > limit.amount:
        return Reach.BEYOND
    return Reach.NEAR if (used + net) * 100 > limit.amount * limit.warn_percent else Reach.WITHIN
