"""The transaction price given to the promises of a contract, by what each would cost alone.

Relative stand-alone selling price (606-10-32-31, IFRS 15.76). Where a promise has no observable price, three
estimates are allowed: what the market would pay, what it costs plus a margin, and, where its price is highly variable
or uncertain, what the others leave (606-10-32-34, IFRS 15.79). A discount or a variable amount that belongs to some of
the promises alone is given to those (606-10-32-37 and -40, IFRS 15.82 and 85). The parts sum to the price, to the cent.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from workledger.kernel.allocation import allocate
from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.derivation import Step, percent_words

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)


class Basis(StrEnum):
    """How a stand-alone selling price is known."""

    OBSERVABLE = "observable"
    ADJUSTED_MARKET = "adjusted_market"
    COST_PLUS_MARGIN = "cost_plus_margin"
    RESIDUAL = "residual"

    @property
    def label(self) -> str:
        """The basis as people read it."""
        return _LABELS[self]


_LABELS = {
    Basis.OBSERVABLE: "Observable price",
    Basis.ADJUSTED_MARKET: "Market price, adjusted",
    Basis.COST_PLUS_MARGIN: "Expected cost plus margin",
    Basis.RESIDUAL: "What the others leave",
}


class Promise(NamedTuple):
    """A promise and what its price alone is estimated from.

    `amount` is the observable price, the market's price, or the expected cost, in the contract's currency;
    `percent` the adjustment of the market's price (negative lowers it) or the margin on cost.
    """

    key: int
    basis: Basis
    amount: Decimal = _ZERO
    percent: Decimal = _ZERO


class Belonging(NamedTuple):
    """A part of the price that belongs to some promises alone: a discount is negative. Whole minor units."""

    amount: Decimal
    keys: tuple[int, ...]
    said: str


class Allocated(NamedTuple):
    """A promise's part of the transaction price, its stand-alone price, and why."""

    amount: Decimal
    stand_alone: Decimal
    steps: tuple[Step, ...]


class CannotAllocate(ValueError):
    """The promises do not say how to divide the price; the text says what is missing."""


def stand_alone_price(promise: Promise, currency: str) -> tuple[Decimal, Step]:
    """Return the price of a promise alone, and how it was found; a residual has none of its own (zero)."""
    name = promise.basis.label
    if promise.basis is Basis.RESIDUAL:
        return _ZERO, Step(name, "What the price leaves after the prices of the other promises.")
    price = round_amount(promise.amount * (_HUNDRED + promise.percent) / _HUNDRED, currency)
    words = money_words(promise.amount, currency)
    if promise.basis is Basis.OBSERVABLE or not promise.percent:
        return price, Step(name, f"{words}.")
    kind = "margin" if promise.basis is Basis.COST_PLUS_MARGIN else "adjustment"
    shown = f"{promise.percent.normalize():f} %"
    return price, Step(name, f"{words} with {shown} {kind} = {money_words(price, currency)}.")


def allocate_price(
    total: Decimal, promises: Sequence[Promise], currency: str, belonging: Sequence[Belonging] = ()
) -> dict[int, Allocated]:
    """Return each promise's part of `total`, which contains what belongs to some of them alone.

    Raises `CannotAllocate` without promises, with more than one residual, with a residual that would be negative,
    or where no promise that shares an amount has a price. `total` is a whole number of minor units.
    """
    if not promises:
        raise CannotAllocate("There is nothing to give the price to.")
    prices, steps = _prices(promises, currency)
    common = total - sum((part.amount for part in belonging), _ZERO)
    _add_residual(common, promises, prices, currency)
    amounts: dict[int, Decimal] = defaultdict(lambda: _ZERO)
    _share(common, prices.keys(), prices, currency, amounts)
    _explain_common(common, prices, amounts, steps, currency)
    for part in belonging:
        got: dict[int, Decimal] = defaultdict(lambda: _ZERO)
        _share(part.amount, part.keys, prices, currency, got)
        for key, amount in got.items():
            amounts[key] += amount
            words = f"{money_words(amount, currency)} of {money_words(part.amount, currency)}."
            steps[key].append(Step(part.said, words))
    return {key: Allocated(amounts[key], prices[key], tuple(steps[key])) for key in prices}


def _prices(promises: Sequence[Promise], currency: str) -> tuple[dict[int, Decimal], dict[int, list[Step]]]:
    prices, steps = {}, {}
    for promise in promises:
        prices[promise.key], step = stand_alone_price(promise, currency)
        steps[promise.key] = [step]
    return prices, steps


def _add_residual(
    common: Decimal, promises: Sequence[Promise], prices: dict[int, Decimal], currency: str
) -> None:
    """Set the price of the one promise that takes what the others leave."""
    residual = [promise.key for promise in promises if promise.basis is Basis.RESIDUAL]
    if not residual:
        return
    if len(residual) > 1:
        raise CannotAllocate("Only one promise can take what the others leave.")
    left = common - sum(prices.values(), _ZERO)
    if left < 0:
        words = money_words(-left, currency)
        raise CannotAllocate(
            f"The prices of the others exceed the price by {words}, so nothing is left. Estimate this one another way."
        )
    prices[residual[0]] = left


def _share(
    amount: Decimal,
    keys: Collection[int],
    prices: Mapping[int, Decimal],
    currency: str,
    into: dict[int, Decimal],
) -> None:
    """Divide an amount over promises by their prices alone."""
    if not amount:
        return
    wanted = list(keys)
    weights = [prices[key] for key in wanted]
    if not sum(weights, _ZERO):
        if len(wanted) != 1:
            raise CannotAllocate("No promise has a price of its own, so the price cannot be divided by it.")
        weights = [Decimal(1)]
    for key, part in zip(wanted, allocate(amount, weights, currency), strict=True):
        into[key] += part


def _explain_common(
    common: Decimal,
    prices: Mapping[int, Decimal],
    amounts: Mapping[int, Decimal],
    steps: Mapping[int, list[Step]],
    currency: str,
) -> None:
    whole = sum(prices.values(), _ZERO)
    for key, price in prices.items():
        share = price / whole if whole else Decimal(1)
        said = (
            f"{money_words(price, currency)} of {money_words(whole, currency)} alone is {percent_words(share)}:"
            f" {money_words(amounts.get(key, _ZERO), currency)} of {money_words(common, currency)}."
        )
        steps[key].append(Step("Part of the price", said))
