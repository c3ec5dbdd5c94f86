"""Prepaid rights: earned as they are used, with what will stay unused; options on later work at a discount."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest

from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole
from workledger.revenue.actions import exercise_option, revise_estimate, set_obligations
from workledger.revenue.calc.timeline import Method
from workledger.revenue.inputs import EstimateInput, ObligationInput, OptionInput
from workledger.revenue.models import ObligationVersion, PerformanceObligation, RecognitionEntry
from workledger.revenue.queries import contract_revenue
from workledger.testing.revenue import START, balance, fixed_contract, obligation_of, run, task_of
from workledger.testing.time import approved
from workledger.testing.world import World

REVENUE, POSITION = AccountRole.SERVICES_REVENUE, AccountRole.CONTRACT_POSITION


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


def months() -> list[Any]:
    rows = RecognitionEntry.objects.order_by("service_month", "pk").values_list("service_month", "amount")
    return [(month.month, amount) for month, amount in rows]


def retainer(world: World, **terms: object) -> ContractLine:
    """A retainer of 1,000 a month with ten hours, which roll over."""
    agreed = {"fee": "1000", "included_hours": "10", "unused": "roll_over", "overage_rate": "120"} | terms
    return fixed_contract(
        world, RevenueMethod.RIGHTS_USED, model=BillingModel.RETAINER, terms=agreed, price=0, name="Care"
    )


def prepaid(world: World, **terms: object) -> ContractLine:
    """Forty hours for 4,000."""
    agreed = {"block_hours": "40", "price": "4000"} | terms
    return fixed_contract(
        world, RevenueMethod.RIGHTS_USED, model=BillingModel.PREPAID, terms=agreed, price=0, name="Block"
    )


def billed(world: World, through: date) -> None:
    for one in run_billing(actor=world.fay.actor, through=through).invoices:
        issue_invoice(actor=world.olivia.actor, invoice_id=one.id, issued_on=through)


def unused(world: World, line: ContractLine, percent: int, day: date = START) -> None:
    revise_estimate(
        actor=world.pia.actor, obligation_id=obligation_of(line).pk,
        estimate=EstimateInput(from_day=day, breakage_percent=D(percent), reason="As in other years"),
    )  # fmt: skip


def test_hours_that_roll_over_are_earned_when_they_are_used_and_time_beyond_at_once(world: World) -> None:
    line = retainer(world)
    task = task_of(world, line)
    approved(world.carl, world, task, date(2026, 2, 10), "6")
    approved(world.carl, world, task, date(2026, 3, 10), "8")
    approved(world.carl, world, task, date(2026, 3, 17), "8")
    billed(world, date(2026, 3, 31))
    run(world, 3)
    assert months() == [(2, 600), (3, 1_400)]  # 4 hours wait until March; March uses 14
    assert balance(world, REVENUE) == -2_240  # and 2 hours over at 120
    assert balance(world, POSITION) == 0


def test_what_rolled_over_is_earned_when_it_expires(world: World) -> None:
    line = retainer(world, roll_over_periods=1)
    approved(world.carl, world, task_of(world, line), date(2026, 2, 10), "6")
    run(world, 4)
    assert months() == [(2, 600), (3, 400), (4, 1_000)]


def test_what_will_not_be_used_is_earned_with_what_is(world: World) -> None:
    line = prepaid(world, expires_after_months=3)
    billed(world, date(2026, 2, 1))
    unused(world, line, 20)
    approved(world.carl, world, task_of(world, line), date(2026, 2, 10), "8")
    run(world, 2)
    assert months() == [(2, 1_000)]  # 8 of 32 hours that will be used
    assert balance(world, POSITION) == -3_000
    unused(world, line, 50, date(2026, 3, 1))
    run(world, 3)
    assert months()[1:] == [(3, 600)]  # 8 of 20 is 1,600
    billed(world, date(2026, 4, 30))
    run(world, 4)
    assert balance(world, REVENUE) == -4_000
    assert balance(world, POSITION) == 0


def test_without_an_expectation_what_is_unused_waits_until_it_expires(world: World) -> None:
    line = prepaid(world, expires_after_months=3)
    billed(world, date(2026, 2, 1))
    approved(world.carl, world, task_of(world, line), date(2026, 2, 10), "8")
    run(world, 4)
    assert months() == [(2, 800), (4, 3_200)]
    (shown,) = contract_revenue(world.fay.actor, line.contract_id, date(2026, 3, 31)).obligations
    assert [shown.price, shown.earned, shown.remaining] == [4_000, 800, 3_200]


def test_only_what_is_prepaid_gives_rights(world: World) -> None:
    with pytest.raises(Refused) as refused:
        fixed_contract(world, RevenueMethod.RIGHTS_USED)
    assert refused.value.codes == ("rights_missing",)
    with pytest.raises(Refused) as refused:
        unused(world, fixed_contract(world, RevenueMethod.STRAIGHT_LINE, name="Other"), 10)
    assert refused.value.codes == ("measured_otherwise",)


def with_option(world: World) -> tuple[ContractLine, PerformanceObligation]:
    """100 for a service and an option on 50 at 40 % instead of 10 %, 80 % likely: worth 12 alone."""
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=100, activate=False)
    set_obligations(
        actor=world.fay.actor, contract_id=line.contract_id,
        obligations=[
            ObligationInput(name="Service", line_ids=(line.pk,), method=Method.POINT_IN_TIME, basis_amount=D(100)),
            ObligationInput(
                name="Voucher", line_ids=(line.pk,), method=Method.POINT_IN_TIME, expires=date(2026, 5, 1),
                option=OptionInput(
                    purchase=D(50), discount_percent=D(40), usual_percent=D(10), likely_percent=D(80)
                ),
            ),
        ],
    )  # fmt: skip
    line.contract.state = "active"
    line.contract.save(update_fields=["state"])
    return line, PerformanceObligation.objects.get(name="Voucher")


def test_an_option_that_is_not_used_is_earned_when_it_expires(world: World) -> None:
    _, option = with_option(world)
    version = ObligationVersion.objects.get(obligation=option)
    assert version.price == D("10.71")  # 100 × 12 / 112
    assert version.steps[0][0] == "Option"
    run(world, 3)
    assert months() == []
    run(world, 4)
    assert months() == [(4, D("10.71"))]


def test_a_used_option_is_earned_with_the_work_that_it_bought(world: World) -> None:
    _, option = with_option(world)
    into = PerformanceObligation.objects.get(name="Service")

    def use(into_id: int, on: date) -> None:
        exercise_option(
            actor=world.fay.actor, obligation_id=option.pk, into_id=into_id, on=on, reason="Voucher 7"
        )

    with pytest.raises(Refused) as refused:
        use(0, date(2026, 5, 1))
    assert set(refused.value.codes) == {"option_expired", "no_such_obligation"}
    use(into.pk, date(2026, 4, 1))
    run(world, 5)
    assert months() == []
    prices = ObligationVersion.objects.order_by("pk").values_list("obligation__name", "price")
    assert list(prices)[-2:] == [("Voucher", D(0)), ("Service", D(100))]


def test_an_option_says_by_when_it_is_used(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, activate=False)
    with pytest.raises(Refused) as refused:
        set_obligations(
            actor=world.fay.actor, contract_id=line.contract_id,
            obligations=[
                ObligationInput(
                    name="Voucher", line_ids=(line.pk,), method=Method.STRAIGHT_LINE,
                    option=OptionInput(purchase=D(50), discount_percent=D(140)),
                )
            ],
        )  # fmt: skip
    assert set(refused.value.codes) == {"option_without_end", "percent_out_of_range"}


def test_a_fee_that_rolls_over_deserves_a_look_while_it_is_revenue_at_once(world: World) -> None:
    line = fixed_contract(
        world, RevenueMethod.AS_INVOICED, model=BillingModel.RETAINER, price=0, name="Care",
        terms={"fee": "1000", "included_hours": "10", "unused": "roll_over"},
    )  # fmt: skip
    (note,) = contract_revenue(world.fay.actor, line.contract_id, START).notes
    assert note.startswith("What Care leaves unused rolls over")
