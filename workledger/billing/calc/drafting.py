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
    """An open item as the drafting needs it.

    `amount` is what it charges, `remaining` what is left of that after discount and write-downs; `over_cap` is the value
    that lies beyond a cap. `quantity` None means the hours of `seconds`. A charge has a description, and 0 for project,
    task and person.
    """

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
    over_cap: Decimal = _ZERO
    discount: Decimal = _ZERO
    quantity: Decimal | None = None
    unit: str = "h"
    description: str = ""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line to print, with the items it takes as (item id, remaining value).

    `description` is a charge's; `why` says for an adjustment what took the amount away.
    """

    contract_line_id: int
    project_id: int | None
    task_id: int | None
    person_id: int | None
    is_adjustment: bool
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    rounding: Decimal
    service_date: date | None
    sources: list[tuple[int, Decimal]] = field(default_factory=list)
    unit: str = "h"
    description: str = ""
    why: str = ""


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


_Key = tuple[int, int, int, int, str, Decimal, int]
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
    then the dearer rate first, or for lines of one item each the day; what was written down of a line stands right
    after it.
    """
    groups: dict[int, dict[_Key, list[OpenPiece]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        item_id, contract_id, line_id, project_id, task_id, person_id, _, _, rate = piece[:9]
        by = "entry" if piece.description else group_by.get(line_id, "task")
        key = (
            line_id,
            project_id,
            0 if by == "person" else task_id,
            0 if by == "task" else person_id,
            piece.unit,
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
    for key in sorted(groups, key=lambda each: _place(each, groups[each])):
        pieces = groups[key]
        line_id, project_id, task_id, person_id, unit, minus_rate, single = key
        how = rounding.get(line_id, _NONE)
        seconds = sum([piece.seconds for piece in pieces])
        if how.scope is RoundingScope.INVOICE:
            seconds = round_seconds(seconds, how.method, how.step_minutes)
        quantity = (
            hours(seconds) if unit == "h" else sum([piece.quantity or _ZERO for piece in pieces], _ZERO)
        )
        amount = (quantity * -minus_rate).quantize(quantum, ROUND_HALF_UP)
        priced = sum([piece.amount for piece in pieces], _ZERO)
        remaining = sum([piece.remaining for piece in pieces], _ZERO)
        beyond = sum([piece.over_cap for piece in pieces], _ZERO)
        days = [piece.service_date for piece in pieces]
        first, last = min(first, *days), max(last, *days)
        line = DraftLine(
            line_id, project_id or None, task_id or None, person_id or None, False, quantity, -minus_rate, amount,
            amount - priced - beyond, days[0] if single else None,
            [(piece.item_id, piece.remaining) for piece in pieces], unit, pieces[0].description,
        )  # fmt: skip
        lines.append(line)
        if remaining != priced + beyond:
            lines.append(adjustment_line(line, remaining - priced - beyond, _why(pieces)))
    return DraftInvoice(contract_id, first, last, lines)


def _place(key: _Key, pieces: Sequence[OpenPiece]) -> tuple[object, ...]:
    """Return where a line stands: a fee of January before that of February, whichever is dearer."""
    *work, minus_rate, single = key
    day = pieces[0].service_date if single else date.min
    return (*work, day, _ZERO if single else minus_rate, single)


def _why(pieces: Sequence[OpenPiece]) -> str:
    """Return what took value away, where it was one thing."""
    reasons = set()
    for piece in pieces:
        if piece.over_cap:
            reasons.add("Beyond the agreed limit")
        if piece.discount:
            reasons.add("Discount")
        if piece.remaining != piece.amount - piece.discount:
            reasons.add("Adjustment")
    return reasons.pop() if len(reasons) == 1 else "Adjustment"


def adjustment_line(line: DraftLine, change: Decimal, why: str = "Adjustment") -> DraftLine:
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
        unit="pc",
        description=line.description,
        why=why,
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
