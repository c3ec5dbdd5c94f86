"""When an invoice is due, and what paying it early saves."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)


class Terms(NamedTuple):
    """Payment terms: days after issue (or after the end of its month), and a percentage off within so many days."""

    net_days: int
    is_end_of_month: bool = False
    discount_percent: Decimal | None = None
    discount_days: int | None = None
    reduces_tax: bool = True


class Due(NamedTuple):
    """The due date of an invoice, and what may be taken off its gross until which day (None: nothing)."""

    due_on: date
    discount: Decimal = _ZERO
    discount_until: date | None = None


def due(terms: Terms, issued_on: date, gross: Decimal, currency: str) -> Due:
    """Return when an invoice of `gross` is due and what paying early saves, both half-up to the cent.

    At the end of the month counts the days from the last day of the month of issue.
    """
    start = issued_on
    if terms.is_end_of_month:
        start = issued_on.replace(day=monthrange(issued_on.year, issued_on.month)[1])
    due_on = start + timedelta(days=terms.net_days)
    if not terms.discount_percent or terms.discount_days is None or gross <= 0:
        return Due(due_on)
    discount = (gross * terms.discount_percent / 100).quantize(minor_quantum(currency), ROUND_HALF_UP)
    return Due(due_on, discount, issued_on + timedelta(days=terms.discount_days))


def tax_part(discount: Decimal, gross: Decimal, tax: Decimal, currency: str) -> Decimal:
    """Return the tax within a discount on an invoice, in proportion to its gross."""
    if not gross:
        return _ZERO
    return (discount * tax / gross).quantize(minor_quantum(currency), ROUND_HALF_UP)
