"""What change orders do to approved work: over-cap value is released, rates price it anew, ended lines charge no more."""

from datetime import date
from typing import Any

from workledger.billing.actions import prebills
from workledger.billing.models import BillableItem, Charge
from workledger.contracts import actions, amendments
from workledger.contracts.inputs import LineInput, OrderInput
from workledger.contracts.models import BillingModel
from workledger.core.access import Actor
from workledger.ledger.checks import run_checks
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

MARCH = date(2026, 3, 31)


def order(world: World, *changes: dict[str, Any], accepts: Actor | None = None) -> amendments.OrderPage:
    given = OrderInput(title="More", effective_from=TODAY, changes=list(changes))
    contract_id = world.acme_contract.pk
    order_id = actions.draft_order(actor=world.pia.actor, contract_id=contract_id, order=given, on=TODAY)
    actions.submit_order(actor=world.pia.actor, order_id=order_id, on=TODAY)
    actions.approve_order(actor=world.fay.actor, order_id=order_id, on=TODAY)
    shown = amendments.order_page(world.fay.actor, order_id)
    if accepts is not None:
        actions.accept_order(actor=accepts, order_id=order_id, on=TODAY)
    return shown


def capped(amount: str) -> dict[str, Any]:
    return {"cap": {"amount": amount, "action": "hard"}}


def values() -> tuple[int, int]:
    items = list(BillableItem.objects.filter(is_void=False))
    return int(sum(row.amount for row in items)), int(sum(row.over_cap for row in items))


def test_a_raised_cap_says_what_it_releases_and_the_clients_acceptance_releases_it(world: World) -> None:
    line = LineInput(name="Delivery", model=BillingModel.TIME_AND_MATERIALS, terms=capped("1000"))
    actions.change_line(actor=world.fay.actor, line_id=world.delivery.pk, line=line)
    for day in (2, 9):  # 2 days of 5 hours at 120 are 1,200
        approved(world.carl, world, world.build, date(2026, 3, day), "5")
    assert values() == (1000, 200)
    change = {"kind": "change_line", "line_id": world.delivery.pk, "terms": capped("1100")}
    [release] = order(world, change).releases
    assert (release.line, *map(int, release[1:])) == ("Delivery", 1000, 1100, 200, 100)
    assert values() == (1000, 200)
    order_id = amendments.orders_of(world.cleo.actor)[0].id
    actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)
    assert values() == (1100, 100)
    assert all(result.ok for result in run_checks())


def test_an_agreed_rate_prices_open_work_from_its_day_on(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 3, 2), "5")
    approved(world.carl, world, world.build, TODAY, "5")
    change = {"kind": "set_rate", "role_id": world.consultant.pk, "rate_per_hour": "130"}
    [release] = order(world, change, accepts=world.cleo.actor).releases
    assert [int(each) for each in release[1:3]] == [1200, 1250]
    assert values() == (1250, 0)


def test_an_ended_retainer_charges_its_share_and_no_more(world: World) -> None:
    care = LineInput(name="Care", model=BillingModel.RETAINER, terms={"fee": "3100", "timing": "arrears"})
    line_id = actions.add_line(actor=world.fay.actor, contract_id=world.acme_contract.pk, line=care)
    order(world, {"kind": "end_line", "line_id": line_id}, accepts=world.cleo.actor)
    prebills.run_billing(
        actor=world.system, through=date(2026, 5, 31), contract_ids=[world.acme_contract.pk], issue=False,
        issued_on=MARCH,
    )  # fmt: skip
    fees = Charge.objects.filter(contract_line_id=line_id).order_by("due_on")
    # 15 of 31 days of March
    assert list(fees.values_list("amount", flat=True)) == [3100, 3100, 1500]
