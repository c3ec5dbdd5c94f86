"""What holds over any contract's life, whatever happens to it and in whatever order it is told."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workledger.billing.actions.charges import charge_instalment
from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole
from workledger.revenue.actions import (
    complete_obligation,
    decide_modification,
    decide_progress,
    estimate_variable,
    modify_contract,
    record_progress,
    revise_estimate,
)
from workledger.revenue.calc.modification import Rest
from workledger.revenue.calc.variable import Estimation
from workledger.revenue.inputs import ChangeInput, DecisionInput, EstimateInput, ModificationInput
from workledger.revenue.models import (
    ContractModification,
    ModificationState,
    RecognitionEntry,
    VariableEstimate,
)
from workledger.testing.revenue import (
    START,
    balance,
    fixed_contract,
    obligation_of,
    ordered,
    repriced,
    run,
    task_of,
    undone,
)
from workledger.testing.time import approved
from workledger.testing.world import World

PRICE = 60_000
_AT_LEAST = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_FEW = settings(_AT_LEAST, max_examples=6)
Act = Callable[[World, ContractLine, date, int], Any]


def _estimate(world: World, line: ContractLine, day: date, size: int) -> None:
    revise_estimate(
        actor=world.pia.actor,
        obligation_id=obligation_of(line).pk,
        estimate=EstimateInput(from_day=day, seconds=size * 3600, cost=D(size * 50), reason="Anew"),
    )


def _work(world: World, line: ContractLine, day: date, size: int) -> None:
    approved(world.carl, world, task_of(world, line, f"Task {day} {size}"), day, str(1 + size % 12))


def _bonus(world: World, line: ContractLine, day: date, size: int) -> None:
    estimate_variable(
        actor=world.fay.actor, contract_id=line.contract_id, name=f"Bonus {size}", from_day=day,
        way=Estimation.EXPECTED_VALUE, outcomes=[(D(size * 10), D(50)), (D(0), D(50))], highly_probable=D(size),
        reason="Plan",
    )  # fmt: skip


def _progress(world: World, line: ContractLine, day: date, size: int) -> None:
    said = record_progress(
        actor=world.pia.actor,
        obligation_id=obligation_of(line).pk,
        on=day,
        value=D(size % 101),
        evidence="Seen",
    )
    decide_progress(actor=world.fay.actor, record_id=said, approve=True)


_ACTS: dict[RevenueMethod, list[Act]] = {
    RevenueMethod.STRAIGHT_LINE: [_bonus, _work],
    RevenueMethod.INPUT_HOURS: [_estimate, _work, _bonus],
    RevenueMethod.INPUT_COST: [_estimate, _work, _bonus],
    RevenueMethod.OUTPUT_PROGRESS: [_progress, _bonus, _work],
}
_steps = st.lists(
    st.tuples(st.integers(0, 2), st.dates(START, date(2026, 3, 31)), st.integers(10, 400)),
    min_size=1,
    max_size=5,
    unique_by=(lambda step: step[1], lambda step: step[2]),
)


def _contract(world: World, method: RevenueMethod) -> ContractLine:
    line = fixed_contract(world, method, price=PRICE, budget_seconds=300 * 3600)
    if method is RevenueMethod.INPUT_COST:
        _estimate(world, line, START, 300)
    return line


def _play(world: World, line: ContractLine, method: RevenueMethod, step: tuple[int, date, int]) -> None:
    acts = _ACTS[RevenueMethod(method)]
    acts[step[0] % len(acts)](world, line, step[1], step[2])


def _recognized() -> D:
    return RecognitionEntry.objects.aggregate(total=Sum("amount"))["total"] or D(0)


@pytest.mark.parametrize("method", _ACTS)
@_AT_LEAST
@given(steps=_steps, price=st.integers(10_000, 90_000), prospective=st.booleans())
def test_over_its_life_the_price_is_recognized_and_billed_and_the_position_ends_at_zero(
    world: World, method: RevenueMethod, steps: list[tuple[int, date, int]], price: int, prospective: bool
) -> None:
    with undone():
        line = _contract(world, method)
        for step in steps:
            _play(world, line, method, step)
        run(world, 2)
        changed = modify_contract(
            actor=world.fay.actor,
            contract_id=line.contract_id,
            modification=ModificationInput(
                from_day=date(2026, 4, 1), adds_distinct=False, at_stand_alone_price=False,
                rest=Rest.DISTINCT if prospective else Rest.NOT_DISTINCT,
                changes=(ChangeInput(obligation_id=obligation_of(line).pk, price=D(price)),), reason="Order",
            ),
        )  # fmt: skip
        assert changed.effects[0].price_after >= price
        run(world, 4)
        complete_obligation(
            actor=world.fay.actor, obligation_id=obligation_of(line).pk, on=date(2026, 7, 31), reason="Done"
        )
        run(world, 7)
        counted = sum(VariableEstimate.objects.values_list("included", flat=True), D(0))
        assert _recognized() == price + counted
        assert balance(world, AccountRole.CONTRACT_POSITION, contract_id=line.contract_id) == _recognized()
        _bill(world, line, _recognized())
        assert balance(world, AccountRole.CONTRACT_POSITION, contract_id=line.contract_id) == 0
        assert [result.line for result in run_checks() if not result.ok] == []


def _bill(world: World, line: ContractLine, whole: D) -> None:
    """Bill the whole price at once, as the contract's terms of then say."""
    terms = {"price": str(whole), "instalments": [{"name": "All", "percent": "100"}]}
    ContractLine.objects.filter(pk=line.pk).update(terms=line.terms | terms)
    charge_instalment(actor=world.fay.actor, line_id=line.pk, place=0, on=date(2026, 7, 31))
    (one,) = run_billing(
        actor=world.fay.actor, through=date(2026, 7, 31), contract_ids=[line.contract_id]
    ).invoices
    issue_invoice(actor=world.olivia.actor, invoice_id=one.id, issued_on=date(2026, 7, 31))


@pytest.mark.parametrize("method", _ACTS)
@_AT_LEAST
@given(steps=_steps, data=st.data())
def test_the_order_of_events_inside_open_periods_changes_nothing(
    world: World, method: RevenueMethod, steps: list[tuple[int, date, int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(steps))
    between = data.draw(st.sets(st.integers(0, len(steps) - 1)))
    with undone():
        line = _contract(world, method)
        for step in steps:
            _play(world, line, method, step)
        run(world, 3)
        told = _by_month()
    with undone():
        line = _contract(world, method)
        for place, step in enumerate(shuffled):
            _play(world, line, method, step)
            if place in between:
                run(world, 2 + place % 2)
        run(world, 3)
        assert _by_month() == told


def _by_month() -> dict[date, D]:
    rows = RecognitionEntry.objects.order_by().values_list("service_month").annotate(Sum("amount"))
    return {month: amount for month, amount in rows if amount}


_ANSWERS = {
    "separate": (True, True, Rest.DISTINCT),
    "prospective": (True, False, Rest.DISTINCT),
    "catch_up": (False, False, Rest.NOT_DISTINCT),
}


def _decide(world: World, answer: str) -> None:
    adds, at_alone, rest = _ANSWERS[answer]
    for row in ContractModification.objects.filter(state=ModificationState.WAITING):
        decide_modification(
            actor=world.fay.actor, modification_id=row.pk,
            decision=DecisionInput(adds_distinct=adds, at_stand_alone_price=at_alone, rest=rest),
        )  # fmt: skip


@pytest.mark.parametrize("answer", _ANSWERS)
@_FEW
@given(
    more=st.integers(1, 40_000),
    day=st.dates(date(2026, 2, 2), date(2026, 7, 1)),
    early=st.integers(2, 6),
    is_decided_first=st.booleans(),
)
def test_an_order_ends_at_its_price_whenever_it_is_decided(
    world: World, answer: str, more: int, day: date, early: int, is_decided_first: bool
) -> None:
    told = []
    for decides_first in (is_decided_first, not is_decided_first):
        with undone():
            line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=PRICE)
            ordered(world, line.contract_id, repriced(line, PRICE + more), from_day=day)
            if decides_first:
                _decide(world, answer)
            run(world, early)
            _decide(world, answer)
            run(world, 7)
            assert _recognized() == PRICE + more
            told.append(_by_month())
            _bill(world, line, _recognized())
            assert balance(world, AccountRole.CONTRACT_POSITION, contract_id=line.contract_id) == 0
            assert [result.line for result in run_checks() if not result.ok] == []
    assert told[0] == told[1]


def _issue(world: World, line: ContractLine, day: date) -> None:
    """Bill and issue all that a contract has through a day."""
    done = run_billing(actor=world.fay.actor, through=day, contract_ids=[line.contract_id])
    for one in done.invoices:
        issue_invoice(actor=world.olivia.actor, invoice_id=one.id, issued_on=day)


_weeks = st.lists(
    st.tuples(st.integers(0, 15), st.integers(1, 12)), min_size=1, max_size=5, unique_by=lambda week: week[0]
)


@pytest.mark.parametrize(
    ("model", "terms", "worth"),
    [
        (BillingModel.PREPAID, {"block_hours": "40", "price": "3999", "expires_after_months": 5}, 3_999),
        (BillingModel.RETAINER, {"fee": "997", "included_hours": "9", "unused": "roll_over"}, 6 * 997),
    ],
)
@_FEW
@given(weeks=_weeks, unused=st.integers(0, 90), early=st.integers(2, 6), data=st.data())
def test_prepaid_rights_end_at_what_was_paid_for_them(
    world: World,
    model: BillingModel,
    terms: dict[str, Any],
    worth: int,
    weeks: list[tuple[int, int]],
    unused: int,
    early: int,
    data: st.DataObject,
) -> None:
    told = []
    for order in (weeks, data.draw(st.permutations(weeks))):
        with undone():
            line = fixed_contract(
                world, RevenueMethod.RIGHTS_USED, model=model, terms=terms | {"overage_rate": "100"}
                if model is BillingModel.RETAINER else terms, price=0,
            )  # fmt: skip
            task = task_of(world, line)
            _issue(world, line, START)
            for place, (week, hours) in enumerate(order):
                approved(world.carl, world, task, date(2026, 2, 2) + timedelta(weeks=week), str(hours))
                if place == 1:
                    run(world, early)
            revise_estimate(
                actor=world.pia.actor, obligation_id=obligation_of(line).pk,
                estimate=EstimateInput(from_day=START, breakage_percent=D(unused), reason="Others"),
            )  # fmt: skip
            run(world, 7)
            told.append(_by_month())
            run(world, 8)
            complete_obligation(
                actor=world.fay.actor,
                obligation_id=obligation_of(line).pk,
                on=date(2026, 8, 1),
                reason="Over",
            )
            run(world, 8)
            assert _recognized() == worth
            _issue(world, line, date(2026, 8, 31))
            assert balance(world, AccountRole.CONTRACT_POSITION, contract_id=line.contract_id) == 0
            assert [result.line for result in run_checks() if not result.ok] == []
    assert told[0] == told[1]
