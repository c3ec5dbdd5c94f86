"""Options that a client paid for, and rights that will not be used.

An option on a discount that the client would not get otherwise is a promise (606-10-55-42, IFRS 15.B40): alone it is
worth the discount beyond what anybody gets, times how likely it is used. What a client paid ahead and is expected not
to use is recognized in proportion to what is used; where that cannot be expected, only once use has become remote
(606-10-55-48, IFRS 15.B46).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from workledger.billing.calc.draws import Allowance, Block, Blocks, fee_periods, retainer_fee
from workledger.contracts.calc import terms
from workledger.kernel.money import money_words
from workledger.kernel.rounding import round_amount
from workledger.revenue.calc.derivation import Step, percent_words

_ZERO = Decimal(0)
_ONE = Decimal(1)
_HUNDRED = Decimal(100)
_DAY = timedelta(days=1)


class Lot(NamedTuple):
    """Rights that a fee or block gave on a day: their price, how many, and how many may still be used (same unit)."""

    day: date
    price: Decimal
    size: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class LineRights:
    """The prepaid rights of a contract line and what was drawn of them, by day. Half-open [start, end).

    `fees` are what periods of a retainer were charged, by their first day; others cost what the terms say. What a fee or
    block gave counts as used when it expires.
    """

    document: terms.Retainer | terms.Prepaid
    start: date
    end: date | None
    currency: str
    blocks: Sequence[Block] = ()
    fees: Mapping[date, Decimal] | None = None
    draws: Sequence[tuple[date, Decimal]] = ()

    def lots(self, day: date) -> list[Lot]:
        """Return what was granted through a day, and what of it may be used after that day."""
        draws = [each for each in self.draws if each[0] <= day]
        if isinstance(self.document, terms.Prepaid):
            return self._blocks(self.document, draws, day)
        return self._periods(self.document, draws, day)

    def _blocks(self, document: terms.Prepaid, draws: Sequence[tuple[date, Decimal]], day: date) -> list[Lot]:
        held = Blocks(document, [block for block in self.blocks if block.bought <= day], self.currency)
        for on, amount in draws:
            held.draw(on, amount)
        return [
            Lot(each.block.bought, each.block.price, each.block.size, each.left)
            for each in held.left(day + _DAY)
        ]

    def _periods(
        self, document: terms.Retainer, draws: Sequence[tuple[date, Decimal]], day: date
    ) -> list[Lot]:
        if day < self.start:
            return []
        allowance = Allowance(document, self.start, self.end, day, self.currency)
        for on, amount in draws:
            allowance.draw(on, amount)
        shares = fee_periods(self.start, self.end, document.period_months, day)
        fees = self.fees or {}
        return [
            Lot(
                period.days.start,
                fees.get(period.days.start, retainer_fee(document, each.share, self.currency)),
                period.included,
                left,
            )
            for (period, left), each in zip(allowance.lots(day), shares, strict=False)
        ]


def earned_of(lot: Lot, breakage_percent: Decimal | None, currency: str) -> Decimal:
    """Return what of a lot's price is earned: by what was used of what is expected to be used.

    `breakage_percent` of it is expected to stay unused; None where that cannot be expected.
    """
    share, _ = used_share(lot.size - lot.left, lot.size, breakage_percent, is_over=not lot.left)
    return round_amount(lot.price * share, currency)


def material_right_price(
    purchase: Decimal,
    discount_percent: Decimal,
    usual_percent: Decimal,
    likely_percent: Decimal,
    currency: str,
) -> tuple[Decimal, Step]:
    """Return what an option is worth alone, for use as a stand-alone price, and why.

    `purchase` is what a client who uses it buys on average; `usual_percent` the discount that anybody gets.
    """
    beyond = max(discount_percent - usual_percent, _ZERO)
    price = round_amount(purchase * beyond / _HUNDRED * likely_percent / _HUNDRED, currency)
    said = (
        f"{money_words(purchase, currency)} × {beyond.normalize():f} % beyond the usual discount"
        f" × {likely_percent.normalize():f} % likely to be used = {money_words(price, currency)}."
    )
    return price, Step("Option", said)


def used_share(
    used: Decimal, granted: Decimal, breakage_percent: Decimal | None, *, is_over: bool = False
) -> tuple[Decimal, Step]:
    """Return the share of prepaid rights that is earned: of what is expected to be used, or of all of it.

    `breakage_percent` None means that unused rights cannot be expected; they are earned once `is_over` (expired).
    """
    if is_over:
        return _ONE, Step("Expired", "No right is left to use.")
    expected = granted * (_HUNDRED - (breakage_percent or _ZERO)) / _HUNDRED
    share = min(used / expected, _ONE) if expected > 0 else _ONE
    said = f"{used:,.2f} of {expected:,.2f} expected to be used is {percent_words(share)}."
    return share, Step("Used", said)


def breakage(
    price: Decimal, used: Decimal, granted: Decimal, breakage_percent: Decimal | None, currency: str,
    *, is_over: bool = False,
) -> tuple[Decimal, tuple[Step, ...]]:  # fmt: skip
    """Return what of the price is earned to date, the part that breaks among it, and why."""
    share, step = used_share(used, granted, breakage_percent, is_over=is_over)
    amount = round_amount(price * share, currency)
    bare = round_amount(price * min(used / granted, _ONE), currency) if granted else amount
    broken = Step("Breakage", f"{money_words(amount - bare, currency)} of it is for rights not used.")
    return amount, (step, broken) if amount != bare else (step,)
