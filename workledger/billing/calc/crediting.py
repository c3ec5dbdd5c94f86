"""What a credit note takes back of an invoice: chosen lines, a part of a line, or all that is left.

All credit notes of an invoice together never exceed it, line by line, and the one that takes the rest leaves exactly
nothing: amounts per line, tax per code and rate, and the value in the book's currency are each what is credited now
in total less what was credited before. So a cent that rounding moved into one note is missing from the next.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.billing.calc.drafting import TaxGroup
from workledger.kernel.rounding import minor_quantum

_ZERO = Decimal(0)
_ONE = Decimal(1)


class BilledLine(NamedTuple):
    """A line of an issued invoice with what earlier credit notes took of its amount.

    `belongs_to` is the line that an adjustment corrects (0: it stands for itself): the two are credited together.
    `is_done` says that a credit note took its rest.
    """

    line_id: int
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    rounding: Decimal
    tax_code: str
    tax_rate: Decimal
    credited: Decimal = _ZERO
    belongs_to: int = 0
    is_done: bool = False

    @property
    def left(self) -> Decimal:
        """What can still be credited."""
        return self.amount - self.credited

    @property
    def main_id(self) -> int:
        """The line that it is credited with."""
        return self.belongs_to or self.line_id


class CreditedLine(NamedTuple):
    """A line of a credit note: printed quantity × rate is the amount. `is_whole`: nothing of the line is left."""

    line_id: int
    quantity: Decimal
    unit: str
    rate: Decimal
    amount: Decimal
    rounding: Decimal
    tax_code: str
    tax_rate: Decimal
    is_whole: bool


def part_by_quantity(line: BilledLine, quantity: Decimal, currency: str) -> Decimal:
    """Return the amount that a part of a line's quantity comes to."""
    return (quantity * line.rate).quantize(minor_quantum(currency), ROUND_HALF_UP)


def left_of(lines: Iterable[BilledLine]) -> dict[int, Decimal]:
    """Return what is left of each line together with its adjustments, by line; lines that are done are left out."""
    left: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        if not line.is_done:
            left[line.main_id] += line.left
    return dict(left)


def credit_lines(
    lines: Sequence[BilledLine], parts: Mapping[int, Decimal | None], currency: str
) -> list[CreditedLine]:
    """Return the credit note's lines for parts (amount by line id; None is all that is left), in the invoice's order.

    Who takes all that is left of a line takes its adjustments and its rounding as well.
    """
    left = left_of(lines)
    credited = []
    for line in lines:
        if line.main_id not in parts or line.is_done:
            continue
        part = parts[line.main_id]
        if part is None or part == left[line.main_id]:
            credited.append(_credited(line, line.left, currency, is_whole=True))
        elif not line.belongs_to:
            credited.append(_credited(line, part, currency, is_whole=False))
    return credited


def _credited(line: BilledLine, amount: Decimal, currency: str, *, is_whole: bool) -> CreditedLine:
    quantity, unit, rate = _printed(line, amount, currency)
    rounding = line.rounding if is_whole else _ZERO
    return CreditedLine(
        line.line_id, quantity, unit, rate, amount, rounding, line.tax_code, line.tax_rate, is_whole
    )


def _printed(line: BilledLine, amount: Decimal, currency: str) -> tuple[Decimal, str, Decimal]:
    """Return quantity, unit and rate to print: the line's own where they give the amount, else one at the amount."""
    if amount == line.amount:
        return line.quantity, line.unit, line.rate
    if line.rate:
        quantity = (amount / line.rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
        if part_by_quantity(line, quantity, currency) == amount:
            return quantity, line.unit, line.rate
    return _ONE, "pc", amount


def credit_taxes(
    now: Iterable[tuple[Decimal, str, Decimal]],
    before: Iterable[tuple[Decimal, str, Decimal]],
    currency: str,
) -> list[TaxGroup]:
    """Return the tax of a credit note from its (amount, code, percentage) lines and those credited before it."""
    quantum = minor_quantum(currency)
    earlier: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for amount, code, rate in before:
        earlier[code, rate] += amount
    bases: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for amount, code, rate in now:
        bases[code, rate] += amount

    def tax(base: Decimal, rate: Decimal) -> Decimal:
        return (base * rate / 100).quantize(quantum, ROUND_HALF_UP)

    return [
        TaxGroup(code, rate, base, tax(earlier[code, rate] + base, rate) - tax(earlier[code, rate], rate))
        for (code, rate), base in sorted(bases.items())
    ]


def share_of_value(
    value: Decimal, whole: Decimal, before: Decimal, after: Decimal, quantum: Decimal
) -> Decimal:
    """Return what of a value in the book's currency goes when the part credited grows from `before` to `after`.

    All shares of one whole sum to the value exactly.
    """
    if not whole:
        return _ZERO

    def until(part: Decimal) -> Decimal:
        return (value * part / whole).quantize(quantum, ROUND_HALF_UP)

    return until(after) - until(before)
