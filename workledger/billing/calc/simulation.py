"""Terms of a contract and time in; invoices, WIP, over cap and statements out, period by period.

`simulate` bills a plan as the product bills a contract, with the same functions: `fees` for what falls due, `engine`
for time, `drafting` for invoice lines, `taxes` for tax. It takes all time of a period as approved by its end.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from workledger.billing.calc.drafting import DraftInvoice, OpenPiece, described, draft_invoices, tax_groups
from workledger.billing.calc.plans import (
    Act,
    ActKind,
    Figures,
    LineFigures,
    LineStatement,
    Plan,
    PlanLine,
    Recognized,
    SimulatedInvoice,
    SimulatedLine,
    SimulatedPeriod,
    Simulation,
)
from workledger.billing.calc.running import RunningLine
from workledger.billing.calc.running_time import Together
from workledger.billing.calc.taxes import tax_of, tax_point
from workledger.contracts.calc import terms
from workledger.kernel.period import Period, month_of

__all__ = [
    "Act", "ActKind", "Figures", "LineFigures", "LineStatement", "Plan", "PlanLine", "Recognized",
    "SimulatedInvoice", "SimulatedLine", "SimulatedPeriod", "Simulation", "assumed_acts", "month_ends", "simulate",
]  # fmt: skip

_ZERO = Decimal(0)
_DAY = timedelta(days=1)


def month_ends(start: date, count: int) -> tuple[date, ...]:
    """Return the last days of so many months, beginning with that of `start`."""
    ends = []
    for _ in range(count):
        start = month_of(start).end
        ends.append(start - _DAY)
    return tuple(ends)


def assumed_acts(lines: Sequence[PlanLine], ends: Sequence[date]) -> tuple[Act, ...]:
    """Return what people do if all goes as agreed.

    Milestones are accepted when they are due; progress by hours is claimed at the end of each period.
    """
    return tuple(sorted(_assumed(lines, ends), key=lambda act: act.on))


def _assumed(lines: Sequence[PlanLine], ends: Sequence[date]) -> Iterator[Act]:
    for line in lines:
        if isinstance(line.document, terms.Milestones):
            for place, part in enumerate(line.document.milestones):
                if part.due is not None:
                    yield Act(line.key, part.due, ActKind.MILESTONE, place)
        if isinstance(line.document, terms.Progress) and line.budget_seconds:
            for end in ends:
                yield Act(line.key, end, ActKind.PROGRESS)


def simulate(plan: Plan) -> Simulation:
    """Bill a plan and return what comes out, period by period. Raises `NoTaxRate` where a tax code has no percentage."""
    shared = Together(plan)
    together = shared if shared.is_needed else None
    lines = [RunningLine(plan, line, number, together) for number, line in enumerate(plan.lines, start=1)]
    by_key = {line.line.key: line for line in lines}
    acts = sorted(plan.acts, key=lambda act: act.on)
    periods = []
    first = min(plan.start, plan.ends[0]) if plan.ends else plan.start
    for end in plan.ends:
        due = [act for act in acts if act.on <= end]
        acts = acts[len(due) :]
        waiting = [line.time.take(end) for line in lines]
        if together is not None and any(waiting):
            together.price()
        for act in due:
            by_key[act.line].act(act)
        is_billed = plan.billed_on is None or end in plan.billed_on
        periods.append(_period(plan, lines, Period(first, end + _DAY), is_billed=is_billed))
        first = end + _DAY
    unpriced = frozenset[int]().union(*(line.time.unpriced for line in lines))
    return Simulation(plan, tuple(periods), unpriced)


def _period(plan: Plan, lines: Sequence[RunningLine], days: Period, *, is_billed: bool) -> SimulatedPeriod:
    through = days.end - _DAY
    if is_billed:
        for line in lines:
            line.charge(through)
    statements = [line.statement(through) for line in lines]
    invoice = _billed(plan, lines, through) if is_billed else None
    figures = [(line.line.key, *line.figures()) for line in lines]
    recognized = [each for line in lines for each in line.recognized()]
    return SimulatedPeriod(
        days,
        invoice,
        tuple(LineFigures(*each) for each in figures),
        tuple(each for each in statements if each is not None),
        tuple(recognized),
    )


def _billed(plan: Plan, lines: Sequence[RunningLine], through: date) -> SimulatedInvoice | None:
    """Let a bill run take what is open, and return the invoice if anything is."""
    pieces: list[OpenPiece] = []
    for line in lines:
        pieces += line.open_pieces(len(pieces) + 1)
    drafts = draft_invoices(
        pieces,
        group_by={number: _grouping(plan, line.line) for number, line in enumerate(lines, start=1)},
        rounding={
            number: terms.rounding_of(line.line.document) for number, line in enumerate(lines, start=1)
        },
        currency={1: plan.currency},
    )
    invoice = _invoice(plan, drafts[0], through) if drafts else None
    nets: dict[str, Decimal] = defaultdict(Decimal)
    for each in invoice.lines if invoice else ():
        nets[each.line] += each.amount
    for line in lines:
        line.bill(nets[line.line.key])
    return invoice


def _grouping(plan: Plan, line: PlanLine) -> str:
    own = getattr(line.document, "group_lines_by", None)
    return str(own.value) if own else plan.group_lines_by


def _invoice(plan: Plan, draft: DraftInvoice, issued_on: date) -> SimulatedInvoice:
    point = tax_point(draft.service_end, issued_on)
    taxes = [tax_of(line.tax_code, plan.client_tax, plan.entity_tax, point) for line in plan.lines]
    lines = tuple(
        SimulatedLine(
            plan.lines[line.contract_line_id - 1].key, described(line, plan.tasks, plan.people), line.quantity,
            line.unit, line.rate, line.amount, line.rounding, line.is_adjustment,
            taxes[line.contract_line_id - 1], line.project_id, line.task_id, line.person_id,
        )
        for line in draft.lines
    )  # fmt: skip
    groups = tax_groups(
        [(line.amount, line.tax.category, line.tax.percentage) for line in lines], plan.currency
    )
    return SimulatedInvoice(
        issued_on,
        draft.service_start,
        draft.service_end,
        lines,
        tuple(groups),
        draft.net,
        sum((group.tax for group in groups), _ZERO),
    )
