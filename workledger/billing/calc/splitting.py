"""One item cut in two: by its time or by its value, and no cent lost.

What an item charges, what lies over a cap, what was agreed away, what was written down or up and what was posted as
revenue are cut by the same share. The second part is rounded, the first keeps the rest.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)
_ONE = Decimal(1)
_FINEST = Decimal("0.0001")


class Part(NamedTuple):
    """An item, or a part of it, as far as a cut must know it.

    `seconds` is its billable time, `approved_seconds` that before all steps. `quantity` None means the hours of
    `seconds`. `written_down` and `written_up` are what people gave up and added, both not negative; the agreed
    `discount` stands beside them.
    """

    seconds: int
    approved_seconds: int
    quantity: Decimal | None
    unit: str
    rate: Decimal
    amount: Decimal
    over_cap: Decimal
    discount: Decimal
    recognized: Decimal
    written_down: Decimal
    written_up: Decimal

    @property
    def remaining(self) -> Decimal:
        """What is left to bill."""
        return self.amount - self.discount - self.written_down + self.written_up


def split_by_time(part: Part, seconds: int, currency: str) -> tuple[Part, Part]:
    """Cut `seconds` (more than 0, less than all) off an item of time."""
    share = Decimal(seconds) / part.seconds
    return _cut(part, share, seconds, _share(part.amount, share, currency), currency)


def split_by_value(part: Part, value: Decimal, currency: str) -> tuple[Part, Part]:
    """Cut what is worth `value` (more than 0, less than what remains) off an item; its time follows the value."""
    share = value / part.remaining
    taken = _share(part.discount, share, currency) + _share(part.written_down, share, currency)
    added = _share(part.written_up, share, currency)
    seconds = int((part.seconds * share).to_integral_value(ROUND_HALF_UP))
    return _cut(part, share, seconds, value + taken - added, currency)


def _share(whole: Decimal, share: Decimal, currency: str) -> Decimal:
    return (whole * share).quantize(minor_quantum(currency), ROUND_HALF_UP)


def _cut(part: Part, share: Decimal, seconds: int, amount: Decimal, currency: str) -> tuple[Part, Part]:
    is_all_revenue = part.recognized == part.amount
    second = part._replace(
        seconds=seconds,
        approved_seconds=int((part.approved_seconds * share).to_integral_value(ROUND_HALF_UP)),
        amount=amount,
        over_cap=_share(part.over_cap, share, currency),
        discount=_share(part.discount, share, currency),
        recognized=amount if is_all_revenue else _share(part.recognized, share, currency),
        written_down=_share(part.written_down, share, currency),
        written_up=_share(part.written_up, share, currency),
    )
    first = part._replace(
        seconds=part.seconds - second.seconds,
        approved_seconds=part.approved_seconds - second.approved_seconds,
        amount=part.amount - second.amount,
        over_cap=part.over_cap - second.over_cap,
        discount=part.discount - second.discount,
        recognized=part.recognized - second.recognized,
        written_down=part.written_down - second.written_down,
        written_up=part.written_up - second.written_up,
    )
    if part.quantity is None:
        return first, second
    return _counted(first, second, part.quantity, share, currency)


def _counted(
    first: Part, second: Part, quantity: Decimal, share: Decimal, currency: str
) -> tuple[Part, Part]:
    """Give both parts their quantity at the same rate, or one of each at its own value where that does not come out."""
    cut = (quantity * share).quantize(_FINEST, ROUND_HALF_UP)
    comes_out = quantity != _ONE and all(
        _comes_to(part, count, currency) for part, count in ((first, quantity - cut), (second, cut))
    )
    if comes_out or second.unit != "pc":
        return first._replace(quantity=quantity - cut), second._replace(quantity=cut)
    return (
        first._replace(quantity=_ONE, rate=first.amount + first.over_cap),
        second._replace(quantity=_ONE, rate=second.amount + second.over_cap),
    )


def _comes_to(part: Part, quantity: Decimal, currency: str) -> bool:
    printed = (quantity * part.rate).quantize(minor_quantum(currency), ROUND_HALF_UP)
    return printed == part.amount + part.over_cap
