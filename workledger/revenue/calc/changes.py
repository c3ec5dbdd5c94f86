"""What two versions of a contract differ in as far as recognized revenue goes: prices, totals and ends of its lines."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.contracts.calc import terms
from workledger.contracts.calc.agreement import AgreedLine, Agreement
from workledger.kernel.allocation import allocate
from workledger.revenue.calc.pricing import stated_price, stated_total

_ZERO = Decimal(0)


class Stated(NamedTuple):
    """What a line comes to, by its terms: price, whole output, and the day after its last; None where it does not say."""

    price: Decimal | None
    total: Decimal | None
    end: date | None


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line before and after a change; `before` is None where the change adds it."""

    line_id: int
    name: str
    before: Stated | None
    after: Stated

    @property
    def price(self) -> Decimal:
        """What its price moved by."""
        return (self.after.price or _ZERO) - ((self.before.price if self.before else None) or _ZERO)

    @property
    def total(self) -> Decimal:
        """What its whole output moved by."""
        return (self.after.total or _ZERO) - ((self.before.total if self.before else None) or _ZERO)

    @property
    def end(self) -> date | None:
        """Its new end where that moved."""
        return self.after.end if self.before is not None and self.before.end != self.after.end else None


def stated(agreed: Agreement, line: AgreedLine) -> Stated:
    """Return what a line of a contract's document comes to."""
    document = terms.parse(line.model, line.terms)
    end = line.end if agreed.end is None else min(line.end or agreed.end, agreed.end)
    price = stated_price(document, agreed.start, end, agreed.currency, line.price, line.budget_amount)
    return Stated(price, stated_total(document), end)


def line_changes(before: Agreement, after: Agreement, left_out: Collection[str]) -> list[LineChange]:
    """Return the lines whose price, whole output or end differ, and added ones.

    Lines whose revenue method is one of `left_out` do not count.
    """
    found = []
    for line in after.lines:
        if line.revenue_method in left_out:
            continue
        old = before.line(line.id)
        was = None if old is None or old.revenue_method in left_out else stated(before, old)
        now = stated(after, line)
        if was != now:
            found.append(LineChange(line.id, line.name, was, now))
    return found


class Moved(NamedTuple):
    """What changes of lines come to for one obligation: by how much its price and total move, and its new end."""

    price: Decimal
    total: Decimal
    end: date | None


def moved(
    changes: Collection[LineChange], weights: Mapping[int, Mapping[int, Decimal]], currency: str
) -> dict[int, Moved]:
    """Return what changes of lines that were there before come to, by obligation.

    `weights` gives, by line, its obligations with their prices alone: a line that is split divides its change by them.
    """
    found: dict[int, Moved] = {}
    for change in changes:
        if change.before is None or not weights.get(change.line_id):
            continue
        held = weights[change.line_id]
        shares = list(held.values()) if sum(held.values(), _ZERO) else [Decimal(1)] * len(held)
        prices = allocate(change.price, shares, currency)
        for obligation_id, price in zip(held, prices, strict=True):
            so_far = found.get(obligation_id, Moved(_ZERO, _ZERO, None))
            total = change.total if len(held) == 1 else _ZERO
            found[obligation_id] = Moved(so_far.price + price, so_far.total + total, change.end or so_far.end)
    return found
