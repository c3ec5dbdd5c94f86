"""Quantities with their unit, and hours as whole seconds.

Time is kept as whole seconds: a clock export (01:00:01) and a decimal of two places (0.01 h = 36 s)
are then both exact. What is printed is hours with two decimals, and what is printed is what is billed.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from workledger.kernel.money import exact

_HOUR = Decimal(3600)
_CENTI = Decimal("0.01")


class Unit(StrEnum):
    """What a quantity counts."""

    HOUR = "h"
    DAY = "d"
    PIECE = "pc"
    MONTH = "mo"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of one unit. Adding two units raises ValueError."""

    value: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", exact(self.value))

    def __add__(self, other: "Quantity") -> "Quantity":
        if other.unit is not self.unit:
            raise ValueError(f"{self.unit} meets {other.unit}")
        return Quantity(self.value + other.value, self.unit)

    def __neg__(self) -> "Quantity":
        return Quantity(-self.value, self.unit)


def hours(seconds: int) -> Decimal:
    """Return seconds as hours at two decimals, half-up: the quantity that is printed and billed."""
    return (Decimal(seconds) / _HOUR).quantize(_CENTI, ROUND_HALF_UP)


def seconds_of(hours_worked: Decimal) -> int:
    """Return decimal hours as whole seconds, half-up."""
    return int((exact(hours_worked) * _HOUR).to_integral_value(ROUND_HALF_UP))
