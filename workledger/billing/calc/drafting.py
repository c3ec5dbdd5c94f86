"""From open items to pre-bills: which items form a line, what the line prints, what it comes to.

Printed quantity × printed rate is the printed amount. Items of one line have one rate; what their own
rounding differs from the line's is the line's `rounding`. What was written down shows as a line of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.contracts.calc.terms import Rounding, RoundingScope
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import minor_quantum, round_seconds

_ZERO = Decimal(0)
_ONE = Decimal(1)


class OpenPiece(NamedTuple):
    """An open item as the drafting needs it. `amount` is its priced value, `remaining` what is left of it."""

    item_id: int
    contract_id: int
    contract_line_id: int
    project_id: int
    task_id: int
    person_id: int
    service_date: date
    seconds: int
    rate: Decimal
    amount: Decimal
    remaining: Decimal


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line to print, with the items it takes as (item id, remaining value)."""

    contract_line_id: int
    project_id: int
    task_id: int | None
    person_id: int | None
    is_adjustment: bool
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    rounding: Decimal
    service_date: date | None
    sources: list[tuple[int, Decimal]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DraftInvoice:
    """A pre-bill of one contract: lines in printing order, and the days its work spans."""

    contract_id: int
    service_start: date
    service_end: date
    lines: list[DraftLine]

    @property
    def net(self) -> Decimal:
        """The sum of the lines."""
        return sum((line.amount for line in self.lines), _ZERO)


_Key = tuple[int, int, int, int, Decimal, int]
_NONE = Rounding()


def draft_invoices(
    pieces: Iterable[OpenPiece],
    *,
    group_by: Mapping[int, str],
    rounding: Mapping[int, Rounding],
    currency: Mapping[int, str],
) -> list[DraftInvoice]:
    """Return one pre-bill per contract.

    `group_by` says 'task', 'person' or 'entry' by contract line, `rounding` how time rounds by contract line (of
    interest here: scope `invoice`), `currency` is the contract's. Order: contract line, project, task or person,
    rate; what was written down of a line stands right after it.
    """
    groups: dict[int, dict[_Key, list[OpenPiece]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        item_id, contract_id, line_id, project_id, task_id, person_id, _, _, rate, _, _ = piece
        by = group_by.get(line_id, "task")
        key = (
            line_id,
            project_id,
            0 if by == "person" else task_id,
            0 if by == "task" else person_id,
            -rate,
            item_id if by == "entry" else 0,
        )
        groups[contract_id][key].append(piece)
    return [
        _invoice(contract_id, groups[contract_id], rounding, currency[contract_id])
        for contract_id in sorted(groups)
    ]


def _invoice(
    contract_id: int, groups: Mapping[_Key, list[OpenPiece]], rounding: Mapping[int, Rounding], currency: str
) -> DraftInvoice:
    quantum = minor_quantum(currency)
    lines: list[DraftLine] = []
    first, last = date.max, date.min
    for key in sorted(groups):
        pieces = groups[key]
        line_id, project_id, task_id, person_id, minus_rate, single = key
        how = rounding.get(line_id, _NONE)
        seconds = sum([piece.seconds for piece in pieces])
        if how.scope is RoundingScope.INVOICE:
            seconds = round_seconds(seconds, how.method, how.step_minutes)
        quantity = hours(seconds)
        amount = (quantity * -minus_rate).quantize(quantum, ROUND_HALF_UP)
        priced = sum([piece.amount for piece in pieces], _ZERO)
        remaining = sum([piece.remaining for piece in pieces], _ZERO)
        days = [piece.service_date for piece in pieces]
        first, last = min(first, *days), max(last, *days)
        line = DraftLine(
            line_id, project_id, task_id or None, person_id or None, False, quantity, -minus_rate, amount,
            amount - priced, days[0] if single else None, [(piece.item_id, piece.remaining) for piece in pieces],
        )  # fmt: skip
        lines.append(line)
        if remaining != priced:
            lines.append(adjustment_line(line, remaining - priced))
    return DraftInvoice(contract_id, first, last, lines)


def adjustment_line(line: DraftLine, change: Decimal) -> DraftLine:
    """Return the line that shows what was written down of another: quantity 1 at a negative rate."""
    return DraftLine(
        line.contract_line_id,
        line.project_id,
        line.task_id,
        line.person_id,
        True,
        _ONE,
        change,
        change,
        _ZERO,
        None,
    )


class TaxGroup(NamedTuple):
    """Tax of one code and rate over a whole invoice (EN 16931, BG-23)."""

    code: str
    rate: Decimal
    base: Decimal
    tax: Decimal


def tax_groups(lines: Sequence[tuple[Decimal, str, Decimal]], currency: str) -> list[TaxGroup]:
    """Return tax per code and rate over (amount, code, percentage) lines: base × rate, rounded once."""
    bases: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for amount, code, rate in lines:
        bases[code, rate] += amount
    quantum = minor_quantum(currency)
    return [
        TaxGroup(code, rate, base, (base * rate / 100).quantize(quantum, ROUND_HALF_UP))
        for (code, rate), base in sorted(bases.items())
    ]
