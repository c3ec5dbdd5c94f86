"""A rate that is known by way of others: the other way round, or by way of the euro."""

from decimal import ROUND_HALF_UP, Context, Decimal

VIA = "EUR"
_PLACES = 8
_EIGHT_DIGITS = Context(prec=_PLACES, rounding=ROUND_HALF_UP)


def rounded(rate: Decimal) -> Decimal:
    """Return a derived rate half-up at 8 decimal places, as rates are kept; below 1 at 8 significant digits.

    One Indonesian rupiah in euro at 8 places would be 0.00005882, right to a part in ten thousand only.
    """
    if rate < 1:
        return _EIGHT_DIGITS.plus(rate)
    return rate.quantize(Decimal(1).scaleb(-_PLACES), ROUND_HALF_UP)


def inverse(rate: Decimal) -> Decimal:
    """Return how many units of the base one unit of the quoted currency is worth, see `rounded`."""
    return rounded(1 / rate)


def crossed(from_euro_to_base: Decimal, from_euro_to_quote: Decimal) -> Decimal:
    """Return the rate of two currencies from what one euro is worth in each, see `rounded`.

    So the European Central Bank's reference rates give the rate of any two of their currencies.
    """
    return rounded(from_euro_to_quote / from_euro_to_base)
