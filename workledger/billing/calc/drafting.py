"""From open items to pre-bills: which items form a line, what the line prints, what it comes to.

Printed quantity × printed rate is the printed amount. Items of one line have one rate; what their own
rounding differs from the line's is the line's `rounding`. What was written down shows as a line of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from workledger.billing.calc.layouts import NO_WORD, GroupBy, Layout, Names, Word, word_of
from workledger.billing.calc.taxes import nets_of, tax_added
from workledger.contracts.calc.terms import Rounding, RoundingScope
from workledger.kernel.quantity import hours
from workledger.kernel.rounding import minor_quantum, round_seconds

_ZERO = Decimal(0)
_ONE = Decimal(1)


class OpenPiece(NamedTuple):
    """An open item as the drafting needs it.

    `amount` is what it charges, `remaining` what is left of that after discount and write-downs; `over_cap` is the value
    that lies beyond a cap; work wholly beyond one that is shown and taken off again has `item_id` 0, since it is not
    billed. `quantity` None means the hours of `seconds`. A charge has a description, and 0 for project, task and person.
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
    role_id: int = 0


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line to print, with the items it takes as (item id, remaining value).

    `description` is a charge's, or what a layout groups by; `why` says for an adjustment what took the amount away.
    `heading` is what a layout prints above it; `first` and `last` are the days of its work. Where prices contain tax,
    `gross` is what the line prints, quantity × rate, and `amount` is net of it; else it is None.
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
    gross: Decimal | None = None
    heading: str = ""
    first: date | None = None
    last: date | None = None


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


_Key = tuple[Word, int, int, int, int, Word, str, Decimal, int]
_NONE = Rounding()
_OF_THEIR_OWN = frozenset({"task", "person", "entry"})
"""What a line names by its task and person; a layout's other groups are named by their word."""


def draft_invoices(
    pieces: Iterable[OpenPiece],
    *,
    group_by: Mapping[int, str],
    rounding: Mapping[int, Rounding],
    currency: Mapping[int, str],
    layouts: Mapping[int, tuple[Layout, Names]] | None = None,
) -> list[DraftInvoice]:
    """Return one pre-bill per contract.

    `group_by` says 'task', 'person' or 'entry' by contract line, `rounding` how time rounds by contract line (of
    interest here: scope `invoice`), `currency` is the contract's. Order: contract line, project, task or person,
    then the dearer rate first, or for lines of one item each the day; what was written down of a line stands right
    after it. A contract with a layout goes by that instead: its headings in their order, below each the lines it asks
    for, work of another rate as a line of its own.
    """
    by_layout = layouts or {}
    groups: dict[int, dict[_Key, list[OpenPiece]]] = defaultdict(lambda: defaultdict(list))
    for piece in pieces:
        item_id, contract_id, line_id, project_id, task_id, person_id, _, _, rate = piece[:9]
        heading, words = NO_WORD, NO_WORD
        if contract_id in by_layout:
            layout, names = by_layout[contract_id]
            by = "entry" if piece.description else layout.line_by
            heading = word_of(layout.group_by, piece, names) if layout.group_by else NO_WORD
            if by not in _OF_THEIR_OWN:
                words, task_id, person_id = word_of(GroupBy(by), piece, names), 0, 0
        else:
            by = "entry" if piece.description else group_by.get(line_id, "task")
        key = (
            heading,
            line_id,
            project_id,
            0 if by == "person" else task_id,
            0 if by == "task" else person_id,
            words,
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
        heading, line_id, project_id, task_id, person_id, words, unit, minus_rate, single = key
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
        since, until = min(days), max(days)
        first, last = min(first, since), max(last, until)
        line = DraftLine(
            line_id, project_id or None, task_id or None, person_id or None, False, quantity, -minus_rate, amount,
            amount - priced - beyond, days[0] if single else None,
            [(piece.item_id, piece.remaining) for piece in pieces if piece.item_id], unit,
            words.said or pieces[0].description, "", None, heading.said, since, until,
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
        heading=line.heading,
    )


def described(line: DraftLine, tasks: Mapping[int, str], people: Mapping[int, str]) -> str:
    """Return what a line says: a charge's words, else its task, and the person where lines are by person."""
    parts = []
    if line.description:
        parts.append(line.description)
    elif line.task_id:
        parts.append(tasks[line.task_id])
    if line.person_id:
        parts.append(people[line.person_id])
    text = ", ".join(parts)
    if line.service_date is not None and not line.description:
        text = f"{text}, {line.service_date:%d %b %Y}"
    return (f"{line.why}: {text}" if text else line.why) if line.is_adjustment else text


def with_tax_inside(draft: DraftInvoice, taxes: Sequence[tuple[str, Decimal]], currency: str) -> DraftInvoice:
    """Return a draft whose prices contain the (category, percentage) tax of each line.

    Its lines print gross amounts and are worth their nets; what these differ from the items' own is rounding. What was
    written down of WIP is net, and prints with its tax.
    """
    gross = [
        tax_added(line.amount, percentage, currency) if line.is_adjustment else line.amount
        for line, (_, percentage) in zip(draft.lines, taxes, strict=True)
    ]
    nets = nets_of([(amount, *tax) for amount, tax in zip(gross, taxes, strict=True)], currency)
    lines = [
        replace(
            line,
            rate=printed if line.is_adjustment else line.rate,
            amount=net,
            rounding=net - (line.amount - line.rounding),
            gross=printed,
        )
        for line, printed, net in zip(draft.lines, gross, nets, strict=True)
    ]
    return replace(draft, lines=lines)


class TaxGroup(NamedTuple):
    """Tax of one code and rate over a whole invoice (EN 16931, BG-23)."""

    code: str
    rate: Decimal
    base: Decimal
    tax: Decimal


def tax_groups(
    lines: Sequence[tuple[Decimal, str, Decimal]], currency: str, gross: Sequence[Decimal | None] = ()
) -> list[TaxGroup]:
    """Return tax per code and rate over (amount, code, percentage) lines: base × rate, rounded once.

    Where the lines' prices contain tax, `gross` says what each prints, and tax is what these have more than the bases.
    """
    bases: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    inside: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    for at, (amount, code, rate) in enumerate(lines):
        bases[code, rate] += amount
        printed = gross[at] if gross else None
        if printed is not None:
            inside[code, rate] += printed - amount
    quantum = minor_quantum(currency)
    return [
        TaxGroup(code, rate, base, inside[code, rate])
        if (code, rate) in inside
        else TaxGroup(code, rate, base, (base * rate / 100).quantize(quantum, ROUND_HALF_UP))
        for (code, rate), base in sorted(bases.items())
    ]
