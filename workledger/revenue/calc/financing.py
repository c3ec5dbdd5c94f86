"""Price and time: what a client pays long before or after the work is partly interest.

A significant financing component is taken out of the price (606-10-32-15, IFRS 15.60): revenue is what a client would
have paid in cash at the transfer, the difference is interest over the time between. There is none where a year or less
lies between (606-10-32-18, IFRS 15.63), where the client chooses the time, where most of the price hangs on something
outside both, or where the time has another reason, such as protection that the work gets done (606-10-32-17).
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from typing import NamedTuple

from workledger.kernel.money import money_words
from workledger.kernel.period import months
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.derivation import Step

_ZERO = Decimal(0)
_ONE = Decimal(1)
_HUNDRED = Decimal(100)
_YEAR = 365
_DAY = timedelta(days=1)
_DIGITS = 34


class Timing(StrEnum):
    """Why payment and work lie apart."""

    FINANCING = "financing"
    PROTECTION = "protection"
    CLIENT_CHOOSES = "client_chooses"
    OUTSIDE_CONTROL = "outside_control"
    OTHER = "other"


_REASONS = {
    Timing.PROTECTION: "Part of the price is held back, or paid ahead, to make sure that the other side performs.",
    Timing.CLIENT_CHOOSES: "The client paid ahead and chooses when the work is done.",
    Timing.OUTSIDE_CONTROL: "Most of the price hangs on something that neither side controls.",
    Timing.OTHER: "The time between has a reason other than financing.",
}


class Financing(NamedTuple):
    """Whether the price contains financing, and why."""

    is_significant: bool
    said: str
    source: str


def decide(*, timing: Timing, paid_on: date, transferred_on: date, uses_expedient: bool = True) -> Financing:
    """Return whether a significant financing component is taken out of the price."""
    if timing is not Timing.FINANCING:
        return Financing(False, _REASONS[timing], "ASC 606-10-32-17, IFRS 15.62")
    days = abs((transferred_on - paid_on).days)
    if uses_expedient and days <= _YEAR:
        said = f"{days} days lie between payment and work: a year or less, so it is left in the price."
        return Financing(False, said, "ASC 606-10-32-18, IFRS 15.63")
    return Financing(True, f"{days} days lie between payment and work.", "ASC 606-10-32-15, IFRS 15.60")


class Payment(NamedTuple):
    """An amount that the client pays on a day."""

    day: date
    amount: Decimal


def cash_price(
    payments: Sequence[Payment], transfer: date, annual_percent: Decimal, currency: str
) -> tuple[Decimal, Step]:
    """Return what the payments are worth on the day of transfer, which is the revenue, and why."""
    worth = sum(
        (payment.amount * growth(annual_percent, (transfer - payment.day).days) for payment in payments),
        _ZERO,
    )
    price = round_amount(worth, currency)
    nominal = sum((payment.amount for payment in payments), _ZERO)
    said = (
        f"{money_words(nominal, currency)} at {annual_percent.normalize():f} % a year is worth"
        f" {money_words(price, currency)} on {transfer:%d %b %Y}."
    )
    return price, Step("Financing", said)


def growth(annual_percent: Decimal, days: int) -> Decimal:
    """Return what one becomes after so many days (before, where negative), compounded yearly over 365 days."""
    with localcontext() as context:
        context.prec, context.rounding = _DIGITS, ROUND_HALF_EVEN
        return (_ONE + annual_percent / _HUNDRED) ** (Decimal(days) / _YEAR)


class Interest(NamedTuple):
    """A month's interest: positive is earned (paid in arrears), negative is owed (paid ahead)."""

    month: date
    amount: Decimal
    to_date: Decimal


def interest(
    payments: Sequence[Payment], transfer: date, annual_percent: Decimal, currency: str, through: date
) -> Iterator[Interest]:
    """Yield each calendar month's interest through a day: all of it is the payments less the cash price.

    Accrued to date is the growth of what is owed either way, so the months sum to the whole, to the cent.
    """
    first = min([transfer, *(payment.day for payment in payments)])
    before = _ZERO
    for month in months(first, through + _DAY):
        end = min(month.end, through + _DAY)
        to_date = round_amount(_accrued(payments, transfer, annual_percent, end), currency)
        yield Interest(month.start, to_date - before, to_date)
        before = to_date


def _accrued(payments: Sequence[Payment], transfer: date, annual_percent: Decimal, end: date) -> Decimal:
    """Return interest accrued by the start of a day: what each payment grew between itself and the transfer."""
    total = _ZERO
    for payment in payments:
        if payment.day >= transfer:  # in arrears: the cash price grows to the payment
            worth = payment.amount * growth(annual_percent, (transfer - payment.day).days)
            days = min(max((end - transfer).days, 0), (payment.day - transfer).days)
            total += worth * (growth(annual_percent, days) - _ONE)
        else:  # ahead: what was paid grows until the work is done
            days = min(max((end - payment.day).days, 0), (transfer - payment.day).days)
            total -= payment.amount * (growth(annual_percent, days) - _ONE)
    return total
