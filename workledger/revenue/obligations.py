"""Building obligations from contract lines: by default one for each line, at the price that its terms state."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Max

from workledger.billing.models import BillableItem
from workledger.contracts.calc import terms
from workledger.contracts.models import Contract, ContractLine, RevenueMethod
from workledger.core.refusals import Problems
from workledger.revenue.calc.pricing import gives_rights, rolls_over, stated_price, stated_total
from workledger.revenue.calc.timeline import Method
from workledger.revenue.models import (
    ObligationEstimate,
    ObligationLine,
    ObligationVersion,
    PerformanceObligation,
    RecognitionEntry,
)

_ZERO = Decimal(0)
NOT_HERE = (RevenueMethod.AS_INVOICED, RevenueMethod.NONE)
"""Methods whose revenue billing posts, or nobody."""
BY_INPUT = (Method.INPUT_HOURS, Method.INPUT_COST)
BY_TOTAL = (Method.OUTPUT_UNITS, Method.OUTPUT_MILESTONES)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A contract line with what its terms say of its price and its whole output; None where they do not."""

    row: ContractLine
    price: Decimal | None
    total: Decimal | None
    gives_rights: bool
    rolls_over: bool

    @classmethod
    def of(cls, row: ContractLine) -> "PricedLine":
        """Read a line with its contract."""
        document, contract = terms.parse(row.model, row.terms), row.contract
        price = stated_price(
            document, contract.start, contract.end, contract.currency, row.price, row.budget_amount
        )
        return cls(row, price, stated_total(document), gives_rights(document), rolls_over(document))


def priced_lines(contract_ids: Collection[int]) -> dict[int, PricedLine]:
    """Return the lines of contracts, in order, with their prices."""
    rows = ContractLine.objects.filter(contract__in=contract_ids).select_related("contract")
    return {row.pk: PricedLine.of(row) for row in rows.order_by("contract_id", "position", "pk")}


def follow_lines(contract_ids: Collection[int]) -> None:
    """Make the default obligations of agreed lines that have none, and let go of lines that are recognized as invoiced.

    Refuses: already_recognized, line_price_missing, rights_missing, term_missing.
    """
    lines = priced_lines(contract_ids)
    held: dict[int, list[ObligationLine]] = {}
    for row in ObligationLine.objects.filter(contract_line__in=lines).select_related("obligation"):
        held.setdefault(row.contract_line_id, []).append(row)
    problems = Problems()
    _let_go(problems, lines, held)
    new = [line for pk, line in lines.items() if line.row.revenue_method not in NOT_HERE and pk not in held]
    _check_not_invoiced(problems, new)
    for line in new:
        _check_default(problems, line)
    problems.refuse()
    _follow_methods(lines, held)
    _make_defaults(new)


def _let_go(
    problems: Problems, lines: Mapping[int, PricedLine], held: Mapping[int, list[ObligationLine]]
) -> None:
    """Drop the obligations of lines that billing recognizes from now on, or whose method changed once revenue is there."""
    touched = {
        row.obligation_id: row
        for pk, rows in held.items()
        for row in rows
        if lines[pk].row.revenue_method != row.obligation.method
        and (lines[pk].row.revenue_method in NOT_HERE or len(rows) == 1)
    }
    recognized = set(
        RecognitionEntry.objects.filter(obligation__in=touched)
        .order_by()
        .values_list("obligation_id", flat=True)
        .distinct()
    )
    for obligation_id, row in touched.items():
        name = lines[row.contract_line_id].row.name
        problems.check(
            obligation_id not in recognized,
            "already_recognized",
            f"Revenue of line {name} is recognized already, so its method stays. Add another line instead.",
            "revenue_method",
        )
    gone = [
        row.obligation_id
        for row in touched.values()
        if lines[row.contract_line_id].row.revenue_method in NOT_HERE
    ]
    if gone and not problems.found:
        PerformanceObligation.objects.filter(pk__in=gone).delete()


def _follow_methods(lines: Mapping[int, PricedLine], held: Mapping[int, list[ObligationLine]]) -> None:
    """Measure a line's only obligation as the line says, where the line alone is in it."""
    counts: dict[int, int] = {}
    for rows in held.values():
        for row in rows:
            counts[row.obligation_id] = counts.get(row.obligation_id, 0) + 1
    for pk, rows in held.items():
        method = lines[pk].row.revenue_method
        if method in NOT_HERE or len(rows) != 1 or counts[rows[0].obligation_id] != 1:
            continue
        if rows[0].obligation.method != method:
            PerformanceObligation.objects.filter(pk=rows[0].obligation_id).update(method=method)


def _check_not_invoiced(problems: Problems, lines: Iterable[PricedLine]) -> None:
    """Refuse lines whose work is revenue already, as invoiced: it would be counted twice."""
    ids = {line.row.pk: line for line in lines}
    earned = (
        BillableItem.objects.filter(contract_line__in=ids, is_void=False)
        .exclude(recognized=0)
        .exclude(source_kind="expense")
        .order_by()
        .values_list("contract_line_id", flat=True)
        .distinct()
    )
    for pk in earned:
        problems.add(
            "already_recognized",
            f"Work on line {ids[pk].row.name} is recognized as invoiced already. Add another line for another method.",
            "revenue_method",
        )


def _check_default(problems: Problems, line: PricedLine) -> None:
    name = line.row.name
    problems.check(
        line.price is not None or line.row.revenue_method == RevenueMethod.RIGHTS_USED,
        "line_price_missing",
        f"Say what line {name} comes to in all, as its price or budget: its revenue is recognized over that.",
        "price",
    )
    problems.check(
        line.row.revenue_method != RevenueMethod.RIGHTS_USED or line.gives_rights,
        "rights_missing",
        f"Line {name} gives no hours or money to be used: only retainers and prepaid blocks do. Choose another method.",
        "revenue_method",
    )
    if line.row.revenue_method == RevenueMethod.STRAIGHT_LINE:
        problems.check(
            line.row.contract.end is not None,
            "term_missing",
            f"Line {name} is recognized over time. Give the contract an end, or set the line's obligation with its own dates.",
            "revenue_method",
        )


def _make_defaults(lines: Iterable[PricedLine]) -> None:
    wanted = list(lines)
    if not wanted:
        return
    contracts = {line.row.contract_id for line in wanted}
    last = dict(
        PerformanceObligation.objects.filter(contract__in=contracts)
        .order_by()
        .values_list("contract_id")
        .annotate(Max("position"))
    )
    taken = set(
        PerformanceObligation.objects.filter(contract__in=contracts).values_list("contract_id", "name")
    )
    rows = []
    for line in wanted:
        contract_id = line.row.contract_id
        last[contract_id] = last.get(contract_id, 0) + 1
        rows.append(
            PerformanceObligation(
                contract_id=contract_id, position=last[contract_id], name=_free_name(line.row.name, contract_id, taken),
                method=line.row.revenue_method, basis_amount=line.price or _ZERO, stand_alone=line.price or _ZERO,
            )
        )  # fmt: skip
    made = PerformanceObligation.objects.bulk_create(rows)
    pairs = list(zip(made, wanted, strict=True))
    ObligationLine.objects.bulk_create(
        ObligationLine(obligation=row, contract_line=line.row, weight=line.price or _ZERO)
        for row, line in pairs
    )
    ObligationVersion.objects.bulk_create(_first_version(row, line) for row, line in pairs)
    ObligationEstimate.objects.bulk_create(
        ObligationEstimate(
            obligation=row, from_day=line.row.contract.start, seconds=line.row.budget_seconds,
            reason="Budget of the contract line",
        )
        for row, line in pairs
        if line.row.budget_seconds
    )  # fmt: skip


def _first_version(row: PerformanceObligation, line: PricedLine) -> ObligationVersion:
    contract = line.row.contract
    runs = contract.end is not None and row.method == Method.STRAIGHT_LINE
    return ObligationVersion(
        obligation=row, from_day=contract.start, price=line.price or _ZERO, total=line.total,
        start=contract.start if runs else None, end=contract.end if runs else None,
        reason="As the contract line states",
    )  # fmt: skip


def _free_name(name: str, contract_id: int, taken: set[tuple[int, str]]) -> str:
    found, number = name, 1
    while (contract_id, found) in taken:
        number += 1
        found = f"{name[:190]} ({number})"
    taken.add((contract_id, found))
    return found


def term(contract: Contract, start: date | None, end: date | None) -> tuple[date | None, date | None]:
    """Return from when to when an obligation runs: as given, else as the contract does; both or none."""
    begins, ends = start or contract.start, end or contract.end
    return (begins, ends) if ends is not None else (None, None)
