"""Rounding: half-up to a currency's minor unit, and time to a step.

Half-up is what invoices use everywhere (EN 16931 leaves the method to the seller; half away from
zero is the commercial custom), so a credit is the exact mirror of its invoice.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

# ISO 4217 minor units that differ from two.
_MINOR_UNITS = {
    "BHD": 3, "BIF": 0, "CLF": 4, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0,
    "KMF": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "UYI": 0,
    "UYW": 4, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip
_QUANTA = {places: Decimal(1).scaleb(-places) for places in range(9)}


def minor_units(currency: str) -> int:
    """Return the number of decimals a currency is settled in (ISO 4217)."""
    return _MINOR_UNITS.get(currency, 2)


def minor_quantum(currency: str) -> Decimal:
    """Return the smallest payable amount of a currency, such as 0.01."""
    return _QUANTA[minor_units(currency)]


def half_up(value: Decimal, places: int) -> Decimal:
    """Round half away from zero to `places` decimals."""
    return value.quantize(_QUANTA[places], ROUND_HALF_UP)


def round_amount(value: Decimal, currency: str) -> Decimal:
    """Round an amount half-up to the currency's minor unit."""
    return value.quantize(minor_quantum(currency), ROUND_HALF_UP)


class TimeRounding(StrEnum):
    """How billable time is brought to a step; worked time is never rewritten."""

    NONE = "none"
    NEAREST = "nearest"
    UP = "up"
    DOWN = "down"


_TIME_MODES = {
    TimeRounding.NEAREST: ROUND_HALF_UP,
    TimeRounding.UP: ROUND_CEILING,
    TimeRounding.DOWN: ROUND_FLOOR,
}


def round_seconds(seconds: int, method: TimeRounding, step_minutes: int) -> int:
    """Bring a duration in seconds to a multiple of `step_minutes`.

    Raises ValueError for a step below one minute when a method is given.
    """
    if method is TimeRounding.NONE:
        return seconds
    if step_minutes < 1:
        raise ValueError("a rounding step is at least one minute")
    step = step_minutes * 60
    steps = (Decimal(seconds) / step).to_integral_value(_TIME_MODES[method])
    return int(steps) * step
