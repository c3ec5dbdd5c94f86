"""Writes of what is believed of obligations: what they will take, how far they are, what uncertain amounts will be."""

from datetime import date
from decimal import Decimal

from workledger.contracts import checks
from workledger.contracts.models import Contract, ContractState
from workledger.core import locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.refusals import Problems
from workledger.kernel.money import money_words
from workledger.kernel.quantity import hours
from workledger.revenue.calc.timeline import Done, Method
from workledger.revenue.calc.variable import BadOutcomes, Estimation, Outcome, count
from workledger.revenue.facts import done_on
from workledger.revenue.inputs import EstimateInput
from workledger.revenue.models import (
    ObligationEstimate,
    PerformanceObligation,
    ProgressRecord,
    ProgressState,
    VariableElement,
    VariableEstimate,
)

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_UNUSED = (Method.RIGHTS_USED, Method.OUTPUT_UNITS)
_BY_OUTPUT = (
    Method.OUTPUT_MILESTONES,
    Method.OUTPUT_UNITS,
    Method.OUTPUT_PROGRESS,
    Method.POINT_IN_TIME,
)


@action("revenue.revise_estimate", needs=Permission.MANAGE_PROJECTS)
def revise_estimate(*, actor: Actor, obligation_id: int, estimate: EstimateInput) -> int:
    """Say what an obligation is expected to take from a day on, and why; return the estimate's id.

    What is still to come is added to what was done through that day. Revenue catches up in the month of that day; earlier
    months stay as they were believed. Refuses: not_found, obligation_complete, estimate_missing, given_twice,
    measured_otherwise, percent_out_of_range, reason_missing, materials_too_large, materials_in_other_currency, and amounts that do not fit.
    """
    row = locks.for_update(
        PerformanceObligation.objects.visible_to(actor).select_related("contract__entity__book"),
        obligation_id,
    )
    problems = Problems()
    _check_open(problems, row)
    _check_estimate(problems, row, estimate)
    problems.refuse()
    done = _done_through(row, estimate.from_day)
    seconds = (
        estimate.seconds if estimate.seconds_to_come is None else done.seconds + estimate.seconds_to_come
    )
    cost = estimate.cost if estimate.cost_to_come is None else done.cost + estimate.cost_to_come
    last = row.estimates.filter(from_day__lte=estimate.from_day).order_by("-from_day", "-pk").first()
    before = last or ObligationEstimate()
    seconds = before.seconds if seconds is None else seconds
    cost = before.cost if cost is None else cost
    unused = estimate.breakage_percent
    unused = before.breakage_percent if unused is None else unused
    materials = before.materials if estimate.materials is None else estimate.materials
    delivered = before.delivered if estimate.delivered is None else estimate.delivered
    problems.check(
        materials <= (cost or _ZERO) and delivered <= materials,
        "materials_too_large",
        "Materials are a part of the cost, and no more of them is delivered than there is.",
        "materials",
    )
    problems.refuse()
    made = ObligationEstimate.objects.create(
        obligation=row, from_day=estimate.from_day, seconds=seconds, cost=cost, materials=materials,
        delivered=delivered, breakage_percent=unused, reason=estimate.reason.strip(), estimated_by_id=actor.user_id,
    )  # fmt: skip
    record(made, f"Estimated {row.name} from {estimate.from_day:%Y-%m-%d}: {_words(made)}. {made.reason}")
    return int(made.pk)


def _check_open(problems: Problems, row: PerformanceObligation) -> None:
    problems.check(
        row.completed_on is None,
        "obligation_complete",
        f"{row.name} is fulfilled: nothing is left to estimate.",
    )


def _check_estimate(problems: Problems, row: PerformanceObligation, estimate: EstimateInput) -> None:
    given = (
        estimate.seconds, estimate.seconds_to_come, estimate.cost, estimate.cost_to_come, estimate.breakage_percent,
    )  # fmt: skip
    problems.check(
        any(value is not None for value in given), "estimate_missing",
        "Say what it takes: hours, cost, or both.", "seconds",
    )  # fmt: skip
    if estimate.breakage_percent is not None:
        problems.check(
            row.method in _UNUSED, "measured_otherwise",
            f"{row.name} gives no rights that could stay unused.", "breakage_percent",
        )  # fmt: skip
        problems.check(
            _ZERO <= estimate.breakage_percent < _HUNDRED, "percent_out_of_range", "Use 0 % to less than 100 %.",
            "breakage_percent",
        )  # fmt: skip
    problems.check(
        estimate.seconds is None or estimate.seconds_to_come is None, "given_twice",
        "Give the hours in all or still to come, one of them.", "seconds",
    )  # fmt: skip
    problems.check(
        estimate.cost is None or estimate.cost_to_come is None, "given_twice",
        "Give the cost in all or still to come, one of them.", "cost",
    )  # fmt: skip
    checks.seconds(problems, estimate.seconds, "seconds")
    checks.seconds(problems, estimate.seconds_to_come, "seconds_to_come")
    for name in ("cost", "cost_to_come", "materials", "delivered"):
        checks.amount(problems, getattr(estimate, name), name)
    checks.text(problems, estimate.reason, "reason", most=500)
    problems.check(
        not estimate.materials or row.contract.currency == row.contract.entity.book.currency,
        "materials_in_other_currency",
        "Materials are kept apart only where the contract is in the currency of the books.",
        "materials",
    )


def _done_through(row: PerformanceObligation, day: date) -> Done:
    """Return hours and cost through a day over all lines of an obligation."""
    lines = list(row.lines.values_list("contract_line_id", flat=True))
    seconds, cost = 0, _ZERO
    for series in done_on(lines, lines).values():
        through = [done for done in series if done.day <= day]
        if through:
            seconds, cost = seconds + through[-1].seconds, cost + through[-1].cost
    return Done(day, seconds, cost)


def _words(row: ObligationEstimate) -> str:
    parts = []
    if row.seconds is not None:
        parts.append(f"{hours(row.seconds):,.2f} hours")
    if row.breakage_percent is not None:
        parts.append(f"{row.breakage_percent.normalize():f} % unused")
    if row.cost is not None:
        parts.append(f"{row.cost:,.2f} cost")
    return ", ".join(parts)


@action("revenue.record_progress", needs=Permission.MANAGE_PROJECTS)
def record_progress(*, actor: Actor, obligation_id: int, on: date, value: Decimal, evidence: str) -> int:
    """Say what was reached by a day, all in all, and what shows it; return the record's id. It counts once approved.

    `value` is percent for progress and point in time (100: handed over), else units or worth of milestones. Whoever may
    manage revenue approves; nobody approves their own (a rule that a firm may switch off). Refuses: not_found,
    obligation_complete, measured_otherwise, evidence_missing, value_out_of_range.
    """
    row = locks.for_update(PerformanceObligation.objects.visible_to(actor), obligation_id)
    problems = Problems()
    _check_open(problems, row)
    by_share = row.method in (Method.OUTPUT_PROGRESS, Method.POINT_IN_TIME)
    problems.check(
        row.method in _BY_OUTPUT, "measured_otherwise",
        f"{row.name} is measured by {row.get_method_display().lower()}: its progress follows from that.",
    )  # fmt: skip
    checks.text(problems, evidence, "evidence", most=2000)
    checks.amount(problems, value, "value")
    problems.check(
        not by_share or value <= _HUNDRED, "value_out_of_range", "Progress is from 0 to 100 percent.", "value"
    )
    problems.refuse()
    made = ProgressRecord.objects.create(
        obligation=row, on=on, value=value, evidence=evidence.strip(), recorded_by_id=actor.user_id
    )
    record(made, f"Recorded progress of {row.name} by {on:%Y-%m-%d}: {value.normalize():f}")
    return int(made.pk)


@action("revenue.decide_progress", needs=Permission.MANAGE_REVENUE)
def decide_progress(*, actor: Actor, record_id: int, approve: bool, reason: str = "") -> None:
    """Approve a statement of progress, so that it counts, or decline it with a reason.

    Refuses: not_found, already_decided, own_progress, reason_missing.
    """
    row = locks.for_update(ProgressRecord.objects.visible_to(actor), record_id)
    problems = Problems()
    problems.check(
        row.state == ProgressState.PROPOSED, "already_decided", "This progress was decided on already."
    )
    own = row.recorded_by_id is not None and row.recorded_by_id == actor.user_id
    problems.check(
        not (own and approve and duty_applies(DutyRule.APPROVE_OWN_PROGRESS)),
        "own_progress",
        f"{DutyRule.APPROVE_OWN_PROGRESS.sentence} Ask another person.",
    )
    problems.check(approve or reason.strip(), "reason_missing", "Say why the progress is declined.", "reason")
    problems.refuse()
    row.state = ProgressState.APPROVED if approve else ProgressState.DECLINED
    row.decided_by_id, row.decision_reason = actor.user_id, reason.strip()[:500]
    row.save(update_fields=["state", "decided_by", "decision_reason"])
    record(row, f"{'Approved' if approve else 'Declined'} progress by {row.on:%Y-%m-%d}")


@action("revenue.estimate_variable", needs=Permission.MANAGE_REVENUE)
def estimate_variable(
    *,
    actor: Actor,
    contract_id: int,
    name: str,
    from_day: date,
    way: Estimation,
    outcomes: list[tuple[Decimal, Decimal]],
    reason: str,
    highly_probable: Decimal | None = None,
    obligation_id: int | None = None,
) -> int:
    """Estimate an uncertain part of a contract's price from a day on; return the estimate's id.

    `outcomes` are (amount, probability in percent); `highly_probable` is what will in all likelihood stay, None for all
    of it. The same name again estimates it anew. `obligation_id` is the obligation it belongs to; None shares it by
    prices alone. Refuses: not_found, contract_closed, name_missing, reason_missing, no_such_obligation, bad_outcomes.
    """
    contract = locks.for_update(Contract.objects.visible_to(actor), contract_id)
    problems = Problems()
    problems.check(
        contract.state != ContractState.CLOSED, "contract_closed", f"Contract {contract} is closed."
    )
    kept = checks.text(problems, name, "name")
    checks.text(problems, reason, "reason", most=500)
    if obligation_id is not None:
        problems.check(
            PerformanceObligation.objects.filter(contract=contract, pk=obligation_id).exists(),
            "no_such_obligation", "The contract has no such obligation.", "obligation_id",
        )  # fmt: skip
    problems.refuse()
    try:
        counted = count([Outcome(*each) for each in outcomes], way, contract.currency, highly_probable)
    except BadOutcomes as bad:
        problems.add("bad_outcomes", str(bad), "outcomes")
        problems.refuse()
        raise
    element, _ = VariableElement.objects.get_or_create(
        contract=contract, name=kept, defaults={"obligation_id": obligation_id}
    )
    made = VariableEstimate.objects.create(
        element=element, from_day=from_day, way=way,
        outcomes=[[str(amount), str(probability)] for amount, probability in outcomes],
        highly_probable=highly_probable, estimate=counted.estimate, included=counted.included, reason=reason.strip(),
        estimated_by_id=actor.user_id,
    )  # fmt: skip
    words = money_words(counted.included, contract.currency)
    record(made, f"Estimated {kept} of contract {contract.number}: {words} counts from {from_day:%Y-%m-%d}")
    return int(made.pk)
