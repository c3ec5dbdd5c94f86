"""How much of a down payment an invoice draws."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)


class OpenDownPayment(NamedTuple):
    """An issued down payment: what is left of it (net), and the percentage of an invoice's net that it may pay."""

    invoice_id: int
    left: Decimal
    percent: Decimal


def draws(net: Decimal, open_payments: Iterable[OpenDownPayment], currency: str) -> list[tuple[int, Decimal]]:
    """Return what an invoice draws of each down payment, the first one first, as (invoice id, amount).

    None goes below zero, each pays at most its share of the net, and all together never more than the net.
    """
    rest = net
    drawn = []
    for each in open_payments:
        share = (net * each.percent / 100).quantize(minor_quantum(currency), ROUND_HALF_UP)
        amount = min(each.left, share, rest)
        if amount > _ZERO:
            drawn.append((each.invoice_id, amount))
            rest -= amount
    return drawn
