"""Plans simulated: what comes out period by period, with the arithmetic beside it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from workledger.billing.calc.simulation import (
    Act,
    ActKind,
    Plan,
    PlanLine,
    Simulation,
    assumed_acts,
    month_ends,
    simulate,
)
from workledger.billing.calc.taxes import EntityTax
from workledger.billing.calc.work import Worked
from workledger.contracts.calc import terms

D = Decimal
START = date(2026, 1, 1)
ENDS = month_ends(START, 3)
HOUR = 3600


def work(source: int, day: date, hours: str, rate: str | None = "100", person: int = 1) -> Worked:
    seconds = int(D(hours) * HOUR)
    return Worked(source, person, 1, 1, 1, None, day, seconds, None if rate is None else D(rate))


def line(
    works: list[Worked] | tuple[Worked, ...] = (), model: str = "time_and_materials", **document: Any
) -> PlanLine:
    return PlanLine("line", "Line", terms.parse(model, document), tuple(works))


def run(*lines: PlanLine, **options: Any) -> Simulation:
    known: dict[str, Any] = {
        "start": START,
        "end": None,
        "ends": ENDS,
        "tasks": {1: "Build"},
        "people": {1: "Ann", 2: "Bob"},
    }
    return simulate(Plan("EUR", lines=lines, **(known | options)))


def nets(simulation: Simulation) -> list[D | None]:
    return [period.invoice.net if period.invoice else None for period in simulation.periods]


JAN, FEB, MARCH = (date(2026, month, 10) for month in (1, 2, 3))


def test_month_ends() -> None:
    assert month_ends(date(2026, 1, 15), 2) == (date(2026, 1, 31), date(2026, 2, 28))


def test_each_period_bills_its_own_time_with_tax() -> None:
    found = run(line([work(1, JAN, "2"), work(2, MARCH, "1.5")]), entity_tax=EntityTax(percentage=D(19)))
    assert nets(found) == [200, None, 150]
    invoice = found.invoices[0]
    assert (invoice.tax, invoice.gross) == (D("38.00"), D("238.00"))
    assert [(row.description, row.quantity, row.rate) for row in invoice.lines] == [("Build", D(2), D(100))]


def test_work_before_the_first_period_counts_as_of_it_and_after_the_last_not_at_all() -> None:
    found = run(line([work(1, date(2025, 12, 30), "1"), work(2, date(2026, 4, 1), "1")]))
    assert nets(found) == [100, None, None]


def test_rates_by_role_fill_what_has_none() -> None:
    works = [work(1, JAN, "1", None), work(2, JAN, "1", "80")]
    priced = PlanLine("line", "Line", terms.parse("time_and_materials", {}), works, rates={1: D(120)})
    assert nets(run(priced))[0] == 200


def test_time_without_a_rate_is_named_and_on_no_invoice() -> None:
    found = run(line([work(1, JAN, "1", None), work(2, JAN, "1")]))
    assert found.unpriced == {1}
    assert nets(found)[0] == 100
    assert found.through.unpriced_seconds == HOUR


def test_a_cap_lets_through_what_it_holds_over_all_periods() -> None:
    works = [work(number, day, "3") for number, day in enumerate((JAN, FEB, MARCH))]
    found = run(line(works, cap={"amount": "500", "action": "hard"}))
    assert nets(found) == [300, 200, None]
    assert [period.through.over_cap for period in found.periods] == [0, 100, 400]
    assert [period.during.over_cap for period in found.periods] == [0, 100, 300]


def test_a_retainer_rolls_over_and_charges_what_is_over() -> None:
    works = [work(1, JAN, "4"), work(2, FEB, "18")]
    found = run(
        line(works, "retainer", fee="1000", included_hours="10", unused="roll_over", overage_rate="150")
    )
    # January leaves 6 h; February has 16 h and charges 2 h × 150
    assert nets(found) == [1000, 1300, 1000]
    (statement,) = found.periods[1].statements
    january, february = statement.periods
    assert (january.carried_out, february.carried_in, february.over) == (
        D(6 * HOUR),
        D(6 * HOUR),
        D(2 * HOUR),
    )
    (later,) = found.periods[2].statements
    assert later.periods[1].over == 2 * HOUR  # still told when it is on a bill
    assert later.balance == 10 * HOUR


def test_prepaid_blocks_are_bought_first_topped_up_and_drawn() -> None:
    works = [work(1, JAN, "6"), work(2, FEB, "6")]
    found = run(line(works, "prepaid", block_hours="10", price="900", tops_up=True))
    assert nets(found) == [900, 900, None]
    (statement,) = found.periods[-1].statements
    assert [(each.drawn, each.left) for each in statement.blocks] == [
        (D(10 * HOUR), D(0)),
        (D(2 * HOUR), D(8 * HOUR)),
    ]
    # drawn blocks are recognized by what was drawn of their price: 6/10, then the rest and 2/10 of the next
    assert [each.amount for period in found.periods for each in period.recognized] == [540, 540]


def test_a_block_covers_from_its_day_on_and_what_waited_before_waits() -> None:
    works = [work(1, JAN, "6"), work(2, FEB, "6"), work(3, MARCH, "1")]
    found = run(
        line(works, "prepaid", block_hours="5", price="500", beyond="hold"),
        acts=(Act("line", date(2026, 3, 1), ActKind.BLOCK), Act("line", date(2026, 3, 2), ActKind.BLOCK)),
    )
    assert [period.through.waiting for period in found.periods] == [100, 700, 700]


def test_a_minimum_is_trued_up_after_discount() -> None:
    found = run(line([work(1, JAN, "5")], discount={"percent": "10"}, minimum_charge={"amount": "600"}))
    assert nets(found) == [600, 600, 600]  # 450 + 150, then nothing but the minimum
    assert found.through.discount == 50


def test_billing_every_other_period_leaves_wip_between() -> None:
    works = [work(1, JAN, "1"), work(2, FEB, "2")]
    found = run(line(works), billed_on=frozenset(ENDS[1:]))
    assert nets(found) == [None, 300, None]
    assert [period.through.wip for period in found.periods] == [100, 0, 0]


def test_time_that_waits_for_a_bill_is_priced_with_what_comes_later() -> None:
    works = [work(1, JAN, "6"), work(2, FEB, "6")]
    capped = line(works, cap={"amount": "1000", "action": "hard"}, discount={"percent": "10"})
    found = run(capped, billed_on=frozenset(ENDS[1:]))
    assert [period.through.wip for period in found.periods] == [540, 0, 0]
    assert nets(found) == [None, 900, None]


def test_assumed_acts_accept_milestones_when_due_and_claim_progress_by_hours() -> None:
    milestones = PlanLine(
        "m", "M", terms.parse("milestone", {"milestones": [{"name": "Live", "amount": "50", "due": "2026-02-03"}, {"name": "Open", "amount": "9"}]})
    )  # fmt: skip
    progress = PlanLine(
        "p", "P", terms.parse("progress", {"value": "1000", "retainage_percent": "10"}),
        [work(1, JAN, "2"), work(2, FEB, "3")], budget_seconds=10 * HOUR,
    )  # fmt: skip
    found = run(milestones, progress, acts=assumed_acts((milestones, progress), ENDS))
    assert nets(found) == [180, 320, 0]  # 20 % less a tenth; 30 % less a tenth, and the milestone


def test_a_negative_invoice_is_not_issued() -> None:
    plan = PlanLine("p", "P", terms.parse("progress", {"value": "1000"}))
    acts = tuple(
        Act("p", end, ActKind.PROGRESS, percent=D(percent))
        for end, percent in zip(ENDS, (50, 40, 60), strict=True)
    )
    assert [invoice.is_issued for invoice in run(plan, acts=acts).invoices] == [True, False, True]


@pytest.mark.parametrize("many", [1, 12])
def test_a_long_simulation_is_that_of_its_parts(many: int) -> None:
    """Leaving out what cannot change any more changes nothing: the sum over twelve months is that of one."""
    days = [START + timedelta(days=day) for day in range(360)]
    works = [work(number, day, "1.25", person=number % 2 + 1) for number, day in enumerate(days)]
    ends = month_ends(START, 12) if many == 12 else (date(2026, 12, 31),)
    prepaid = line(works, "prepaid", block_hours="120", price="9000", tops_up=True)
    found = run(prepaid, ends=ends)
    assert (found.through.covered_seconds, found.through.wip) == (360 * 4500, D(0))
    assert sum(each.amount for period in found.periods for each in period.recognized) == D(
        "33750"
    )  # 450 h at 75
