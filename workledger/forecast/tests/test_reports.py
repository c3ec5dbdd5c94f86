"""Reports over the forecast of the named firm: exact, and tied to the books."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.billing.actions.charges import charge_instalment
from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice
from workledger.contracts.actions.agreements import close_contract
from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.core.refusals import Forbidden, NotFound
from workledger.directory.models import ExchangeRate
from workledger.forecast import queries, reports
from workledger.forecast.actions import freeze
from workledger.forecast.calc.bridge import BridgeStepKind
from workledger.forecast.calc.schedule import ForecastKind
from workledger.forecast.outlook import forecast
from workledger.ledger.models import AccountRole
from workledger.revenue.actions import estimate_variable
from workledger.revenue.calc.remaining import edges_after, usual_edges
from workledger.revenue.calc.variable import Estimation
from workledger.testing.revenue import balance, fixed_contract, run
from workledger.testing.time import approved
from workledger.testing.world import World

D = Decimal
MARCH_END = date(2026, 3, 31)


def frozen(world: World, name: str = "Plan", as_of: date = MARCH_END) -> int:
    return freeze(actor=world.fay.actor, entity_id=world.entity_id, as_of=as_of, name=name, reason="")


def test_recognized_is_services_revenue_of_the_books(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    approved(world.carl, world, world.build, date(2026, 2, 10), "8")
    approved(world.carl, world, world.advice, date(2026, 3, 30), "5")
    run(world, 3)
    found = queries.now(world.fay.actor, world.entity_id, date(2026, 12, 31))
    assert found.total(ForecastKind.RECOGNIZED) == -balance(world, AccountRole.SERVICES_REVENUE)
    middle = queries.now(world.fay.actor, world.entity_id, date(2026, 3, 29))
    assert middle.total(ForecastKind.RECOGNIZED) == 960 + 2_800  # March is posted on its last day


def test_backlog_is_contracted_less_recognized(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    ContractLine.objects.filter(pk=world.delivery.pk).update(budget_amount=D(50_000))
    approved(world.carl, world, world.build, date(2026, 3, 10), "8")
    approved(world.carl, world, world.advice, date(2026, 3, 10), "10")  # without a limit: no backlog
    run(world, 3)
    found = queries.backlog(world.fay.actor, world.entity_id, MARCH_END)
    rows = {row.contract.split(" ", 1)[1]: row for row in found.rows}
    build, atlas = rows["Build"], rows["Atlas programme"]
    assert [build.contracted, build.recognized, build.backlog, build.next_year] == [
        18_100,
        5_900,
        12_200,
        12_200,
    ]
    # at 960 a month for twelve months
    assert [atlas.backlog, atlas.next_year, atlas.unscheduled] == [49_040, 11_520, 37_520]
    assert found.totals.backlog == 61_240
    # 12,200 and 11,520 of what is forecast, with 1,300 a month of advice
    assert found.coverage == D(23_720) / (23_720 + 15_600)
    assert found.months == D(61_240) * 12 / (5_900 + 960 + 1_300)


def test_a_closed_contract_has_no_backlog(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    close_contract(actor=world.fay.actor, contract_id=line.contract_id, last_day=MARCH_END)
    assert queries.backlog(world.fay.actor, world.entity_id, MARCH_END).rows == []


def remaining(world: World, **given: Any) -> reports.Remaining:
    return queries.remaining_obligations(
        world.fay.actor, world.entity_id, MARCH_END, usual_edges(MARCH_END), **given
    )


def test_remaining_obligations_and_the_practical_expedients(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    ContractLine.objects.filter(pk=world.delivery.pk).update(budget_amount=D(1_960))
    approved(world.carl, world, world.build, date(2026, 3, 10), "8")
    usual = remaining(world)
    assert [[row.total, row.may_be_left_out] for row in usual.rows] == [[12_200, True]]
    assert usual.rows[0].amounts == [9_100, 3_100, 0, 0, 0]
    assert [[row.name, row.amount] for row in usual.left_out] == [["Delivery", 1_000]]
    assert "606-10-50-14(b)" in usual.left_out[0].reason
    without = remaining(world, leaves_short=True)
    assert without.rows == []
    assert {row.name for row in without.left_out} == {"Build", "Delivery"}
    both = remaining(world, leaves_invoiced=False)
    assert sorted(row.total for row in both.rows) == [1_000, 12_200]
    assert sum(both.functional, D(0)) == 13_200


def test_bands_are_chosen(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    edges = edges_after(MARCH_END, [1, 2])
    assert edges == [date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)]
    found = queries.remaining_obligations(world.fay.actor, world.entity_id, MARCH_END, edges)
    assert found.rows[0].amounts == [3_000, 3_100, 6_100, 0]
    with pytest.raises(ValueError, match="a month long"):
        edges_after(MARCH_END, [0])


def test_what_is_constrained_stands_beside(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    estimate_variable(
        actor=world.fay.actor, contract_id=line.contract_id, name="Bonus", from_day=date(2026, 2, 1),
        way=Estimation.MOST_LIKELY, outcomes=[(D(5_000), D(60)), (D(0), D(40))], reason="Plan",
        highly_probable=D(2_000),
    )  # fmt: skip
    found = remaining(world)
    (row,) = [row for row in found.left_out if "Constrained" in row.reason]
    assert [row.name, row.amount] == ["Bonus", 3_000]
    item = queries.now(world.fay.actor, world.entity_id, MARCH_END, line.contract_id).items[0]
    assert [item.price, item.uncertain, item.total(*ForecastKind)] == [20_100, 2_000, 20_100]


# --- deferred revenue ---------------------------------------------------------------------------------------


def billed(world: World, line: ContractLine, on: date) -> None:
    """Charge the line's only instalment and issue its invoice."""
    charge_instalment(actor=world.fay.actor, line_id=line.pk, place=0, on=on)
    run_billing(actor=world.fay.actor, through=on, contract_ids=[line.contract_id])
    pre_bill = Invoice.objects.get(contract=line.contract_id, state="draft")
    issue_invoice(actor=world.fay.actor, invoice_id=pre_bill.pk, issued_on=on)


def test_deferred_revenue_unwinds_and_ties_to_the_ledger(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    billed(world, line, date(2026, 2, 2))
    run(world, 3)
    approved(world.carl, world, world.build, date(2026, 3, 10), "8")  # an asset of another contract
    found = queries.deferred_revenue(world.fay.actor, world.entity_id, MARCH_END)
    (row,) = found.rows
    assert row.opening == 12_200
    assert row.released == [3_000, 3_100, 3_000, 3_100, *[0] * 8]
    assert found.totals.opening == -balance(world, AccountRole.CONTRACT_POSITION, contract_id=row.contract_id)
    assert [[each.opening, each.recognized, each.closing] for each in found.months[:2]] == [
        [12_200, 3_000, 9_200], [9_200, 3_100, 6_100]
    ]  # fmt: skip
    assert found.current == 12_200


def test_what_is_still_to_be_billed_becomes_a_liability(world: World) -> None:
    parts = [{"name": "Most", "percent": "60", "due": "2026-04-07"}, {"name": "Rest", "percent": "40"}]
    fixed_contract(
        world, RevenueMethod.STRAIGHT_LINE, price=18_100, terms={"price": "18100", "instalments": parts}
    )
    run(world, 3)
    found = queries.deferred_revenue(world.fay.actor, world.entity_id, MARCH_END)
    assert found.rows == []
    april, may = found.months[:2]
    # 5,900 were earned and not billed; 10,860 is billed, 3,000 and 3,100 are earned
    assert [april.billed, april.recognized, april.to_asset, april.closing] == [10_860, 3_000, -5_900, 1_960]
    assert [may.opening, may.recognized, may.to_asset, may.closing] == [1_960, 3_100, 1_140, 0]
    assert [found.months[-1].month, found.months[-1].billed] == [None, 7_240]


def test_a_liability_keeps_its_rate(world: World) -> None:
    ExchangeRate.objects.create(base="USD", quote="EUR", day=date(2026, 1, 1), rate=D("0.9"))
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100, currency="USD")
    billed(world, line, date(2026, 2, 2))
    run(world, 3)
    ExchangeRate.objects.create(base="USD", quote="EUR", day=MARCH_END, rate=D("0.5"))
    (row,) = queries.deferred_revenue(world.fay.actor, world.entity_id, MARCH_END).rows
    assert row.opening == 10_980  # 12,200 × 0.9
    assert [row.released[0], sum(row.released, D(0))] == [2_700, 10_980]


# --- bridge -------------------------------------------------------------------------------------------------


def test_the_bridge_from_a_frozen_version_to_now(world: World) -> None:
    build = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    gone = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=36_200, name="Gone")
    run(world, 3)
    opening = frozen(world)
    added = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=1_810, name="Added")
    close_contract(actor=world.fay.actor, contract_id=gone.contract_id, last_day=MARCH_END)
    approved(world.carl, world, world.build, date(2026, 4, 10), "8")
    run(world, 4)
    found = queries.compare(world.fay.actor, opening, None, date(2026, 4, 30))
    bridge = found.bridge
    assert bridge.opening + sum((step.amount for step in bridge.steps), D(0)) == bridge.closing
    steps = {step.step: step for step in bridge.steps}
    assert steps[BridgeStepKind.NEW].amount == 1_810
    assert {move.contract_id for move in steps[BridgeStepKind.NEW].moves} == {added.contract_id}
    # the run of April still posts its month of the closed contract; the rest is lost
    assert steps[BridgeStepKind.ENDED].moves[0].contract_id == gone.contract_id
    assert steps[BridgeStepKind.ENDED].amount + steps[BridgeStepKind.ACTUAL].amount == 960 - (
        36_200 - found_of(world, gone)
    )
    assert steps[BridgeStepKind.FX].amount == steps[BridgeStepKind.CHANGED].amount == 0
    assert build.contract_id not in {move.contract_id for step in bridge.steps for move in step.moves}


def found_of(world: World, line: ContractLine) -> Decimal:
    items = queries.now(world.fay.actor, world.entity_id, date(2026, 4, 30), line.contract_id).items
    return sum((item.total(ForecastKind.RECOGNIZED) for item in items), D(0))


def test_two_frozen_versions_read_back_as_they_were(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    before = forecast(world.entity, MARCH_END, world.fay.actor)
    first, last = frozen(world, "A"), frozen(world, "B")
    row, after = queries.version(world.fay.actor, first)
    assert [row.name, after.items] == ["A", before.items]
    bridge = queries.compare(world.fay.actor, first, last, MARCH_END).bridge
    assert bridge.opening == bridge.closing == 18_100
    assert not any(step.moves for step in bridge.steps)
    found = {each.name: each for each in queries.versions(world.fay.actor, world.entity_id)}
    assert [found["A"].contracted, found["A"].is_of_close] == [18_100, False]


def test_who_may_not_see_revenue_sees_no_forecast(world: World) -> None:
    with pytest.raises(Forbidden):
        queries.now(world.carl.actor, world.entity_id, MARCH_END)
    assert queries.versions(world.carl.actor, world.entity_id) == []


def test_a_version_that_is_not_there(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    assert frozen(world)
    with pytest.raises(NotFound):
        queries.version(world.fay.actor, 999_999)


def test_more_contracts_ask_no_more_queries(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            found = queries.now(world.fay.actor, world.entity_id, MARCH_END)
            reports.month_table(found, date(2026, 1, 1), 6)
        return len(captured)

    fixed_contract(world, RevenueMethod.INPUT_HOURS, budget_seconds=360_000)
    fixed_contract(
        world,
        RevenueMethod.AS_INVOICED,
        name="Fees",
        price=0,
        model=BillingModel.RECURRING,
        terms={"fee": "5"},
    )
    few = asked()
    for place in range(3):
        fixed_contract(world, RevenueMethod.STRAIGHT_LINE, name=f"More {place}")
    assert asked() == few
