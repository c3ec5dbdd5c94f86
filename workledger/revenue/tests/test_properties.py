"""What holds over any contract's life, whatever happens to it and in whatever order it is told."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workledger.billing.actions.charges import charge_instalment
from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.contracts.models import ContractLine, RevenueMethod
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole
from workledger.revenue.actions import (
    complete_obligation,
    decide_progress,
    estimate_variable,
    modify_contract,
    record_progress,
    revise_estimate,
)
from workledger.revenue.calc.modification import Rest
from workledger.revenue.calc.variable import Estimation
from workledger.revenue.inputs import ChangeInput, EstimateInput, ModificationInput
from workledger.revenue.models import RecognitionEntry, VariableEstimate
from workledger.testing.revenue import (
    START,
    balance,
    fixed_contract,
    obligation_of,
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
