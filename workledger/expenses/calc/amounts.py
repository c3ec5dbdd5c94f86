"""What an expense comes to: drives, travel days, tax, and the entity's currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeVar

from workledger.kernel.rounding import round_amount

_ZERO = Decimal(0)


class CategoryKind(StrEnum):
    """How the amount of an expense comes about."""

    RECEIPT = "receipt"
    MILEAGE = "mileage"
    PER_DIEM = "per_diem"

    @property
    def label(self) -> str:
        """The kind as people read it."""
        return _KINDS[self]


_KINDS = {
    CategoryKind.RECEIPT: "Receipt",
    CategoryKind.MILEAGE: "Mileage",
    CategoryKind.PER_DIEM: "Per diem",
}


class DistanceUnit(StrEnum):
    """What a drive is measured in."""

    KILOMETRE = "km"
    MILE = "mi"

    @property
    def label(self) -> str:
        """The unit as people read it."""
        return "Kilometre" if self is DistanceUnit.KILOMETRE else "Mile"


class DatedRate(NamedTuple):
    """A rate from a day on; `partial` is what a part of a day is paid (per diems), else 0."""

    valid_from: date
    rate: Decimal
    partial: Decimal = _ZERO


R = TypeVar("R", bound=DatedRate)


def rate_on(rates: Iterable[R], day: date) -> R | None:
    """Return the rate that holds on a day: the one that began last. None before the first."""
    begun = [rate for rate in rates if rate.valid_from <= day]
    return max(begun, key=lambda rate: rate.valid_from, default=None)


def mileage(distance: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Return distance × rate, half-up to the currency's minor unit."""
    return round_amount(distance * rate, currency)


def per_diem(full_days: int, partial_days: int, rate: DatedRate, currency: str) -> Decimal:
    """Return what whole and partial days of travel are paid, half-up to the currency's minor unit."""
    return round_amount(full_days * rate.rate + partial_days * rate.partial, currency)


@dataclass(frozen=True, slots=True)
class Booked:
    """An expense in the entity's currency: gross, the input tax in it, and the net that is the project's cost."""

    gross: Decimal
    input_tax: Decimal

    @property
    def net(self) -> Decimal:
        """Gross less the tax that is reclaimed."""
        return self.gross - self.input_tax


def booked(
    gross: Decimal, tax: Decimal, *, exchange_rate: Decimal, currency: str, reclaims_tax: bool
) -> Booked:
    """Convert gross and tax at `exchange_rate` into `currency`, half-up; tax that is not reclaimed is cost."""
    return Booked(
        round_amount(gross * exchange_rate, currency),
        round_amount(tax * exchange_rate, currency) if reclaims_tax else _ZERO,
    )
