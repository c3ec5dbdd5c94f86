"""Acts on WIP: defer, write up, split, transfer, and asking another person above the limit."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest
from django.db.models import Sum

from workledger.billing.actions.invoices import credit_invoice, issue_invoice
from workledger.billing.actions.moves import restore_items, split_item, transfer_items
from workledger.billing.actions.prebills import (
    drop_lines,
    hold_items,
    run_billing,
    write_down_items,
    write_down_line,
)
from workledger.billing.actions.requests import decide_adjustment, set_adjustment_limit, withdraw_adjustment
from workledger.billing.actions.wip import defer_items, end_deferral, write_up_items
from workledger.billing.models import (
    AdjustmentRequest,
    BillableItem,
    Deferral,
    Hold,
    Invoice,
    InvoiceLine,
    ItemChange,
    OpenItem,
    ReasonCode,
)
from workledger.billing.tests.test_cycle import balance
from workledger.contracts.events import LineTermsChanged, RatesChanged
from workledger.contracts.models import ContractLine, Rate
from workledger.core.access import DutyRule
from workledger.core.duties import switch_duty
from workledger.core.events import emit
from workledger.core.refusals import Forbidden, Refused
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World
from workledger.timesheets.approval import withdraw_approval

MARCH_2, MARCH_31 = date(2026, 3, 2), date(2026, 3, 31)
WHY: Any = {"reason_code": ReasonCode.GOODWILL}


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


@pytest.fixture
def one(world: World) -> int:
    """One open item: 8 h of Carl at 120."""
    approved(world.carl, world, world.build, MARCH_2, "8")
    return int(OpenItem.objects.get().pk)


def run(world: World, through: date = MARCH_31) -> list[Invoice]:
    made = run_billing(actor=world.fay.actor, through=through).invoices
    return list(Invoice.objects.filter(pk__in=[each.id for each in made]).order_by("contract__number"))


def amounts() -> list[D]:
    return list(OpenItem.objects.order_by("pk").values_list("amount", flat=True))


def split(world: World, item_id: int, **how: Any) -> list[int]:
    return split_item(actor=world.fay.actor, item_id=item_id, **WHY, **how)


def transfer(world: World, *item_ids: int, line: ContractLine, **how: Any) -> D:
    return transfer_items(
        actor=world.fay.actor, item_ids=list(item_ids), contract_line_id=line.pk, on=TODAY, **WHY, **how
    ).amount  # fmt: skip


# --- defer ------------------------------------------------------------------------------------------------


def test_deferred_work_waits_for_a_run_of_its_period(world: World, one: int) -> None:
    defer_items(actor=world.fay.actor, item_ids=[one], until=date(2026, 4, 1), **WHY)
    assert run(world) == []
    assert [invoice.net for invoice in run(world, date(2026, 4, 30))] == [D(960)]


def test_a_deferral_survives_a_dropped_pre_bill_and_can_be_moved_and_ended(world: World, one: int) -> None:
    defer_items(actor=world.fay.actor, item_ids=[one], until=date(2026, 4, 1), **WHY)
    (invoice,) = run(world, date(2026, 4, 30))
    drop_lines(actor=world.fay.actor, invoice_id=invoice.pk)
    assert OpenItem.objects.get().not_before == date(2026, 4, 1)
    defer_items(actor=world.fay.actor, item_ids=[one], until=date(2026, 5, 1), **WHY)
    assert run(world, date(2026, 4, 30)) == []
    end_deferral(actor=world.fay.actor, item_ids=[one])
    assert len(run(world)) == 1
    assert not Deferral.objects.filter(ended_at=None).exists()


def test_a_deferral_and_a_hold_survive_a_new_price(world: World, one: int) -> None:
    defer_items(actor=world.fay.actor, item_ids=[one], until=date(2026, 4, 1), **WHY)
    hold_items(actor=world.fay.actor, item_ids=[one], **WHY)
    Rate.objects.update(rate_per_hour=D(200))
    emit(RatesChanged(world.fay.actor, (world.acme_contract.pk,), MARCH_2))
    item = OpenItem.objects.get()
    assert (item.amount, item.is_held, item.not_before) == (D(1600), True, date(2026, 4, 1))


def test_deferring_to_no_later_day_is_refused(world: World, one: int) -> None:
    with pytest.raises(Refused) as refused:
        defer_items(actor=world.fay.actor, item_ids=[one], until=MARCH_2, **WHY)
    assert refused.value.codes == ("not_later",)


# --- write up ---------------------------------------------------------------------------------------------


def test_a_write_up_adds_value_and_the_bill_shows_it(world: World, one: int) -> None:
    write_up_items(actor=world.fay.actor, item_ids=[one], amount=D(40), on=TODAY, **WHY)
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D(-40)
    (invoice,) = run(world)
    assert [line.amount for line in invoice.lines.all()] == [D(960), D(40)]
    issue_invoice(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    assert balance(AccountRole.CONTRACT_POSITION) == D(0)


def test_work_under_a_hard_limit_is_written_up_no_further_than_it_was_priced(world: World, one: int) -> None:
    world.delivery.terms = {"cap": {"amount": "5000", "action": "hard"}}
    world.delivery.save()
    emit(LineTermsChanged(world.fay.actor, world.delivery.pk))
    (item,) = OpenItem.objects.all()
    write_down_items(actor=world.fay.actor, item_ids=[item.pk], amount=D(60), on=TODAY, **WHY)
    write_up_items(actor=world.fay.actor, item_ids=[item.pk], amount=D(60), on=TODAY, **WHY)
    with pytest.raises(Refused) as refused:
        write_up_items(actor=world.fay.actor, item_ids=[item.pk], amount=D(1), on=TODAY, **WHY)
    assert refused.value.codes == ("price_agreed",)


# --- split ------------------------------------------------------------------------------------------------


def test_a_part_by_hours_is_billed_alone(world: World, one: int) -> None:
    rest, part = split(world, one, seconds=3 * 3600)
    assert amounts() == [D(600), D(360)]  # 5 × 120, 3 × 120
    hold_items(actor=world.fay.actor, item_ids=[rest], **WHY)
    (invoice,) = run(world)
    assert invoice.net == D(360)
    assert balance(AccountRole.SERVICES_REVENUE) == D(-960)
    assert BillableItem.objects.filter(is_void=False).aggregate(s=Sum("worked_seconds"))["s"] == 8 * 3600
    assert BillableItem.objects.get(pk=part).part == 1


def test_a_part_by_amount_keeps_holds_deferrals_and_what_was_given_up(world: World, one: int) -> None:
    write_down_items(actor=world.fay.actor, item_ids=[one], amount=D(60), on=TODAY, **WHY)
    hold_items(actor=world.fay.actor, item_ids=[one], **WHY)
    defer_items(actor=world.fay.actor, item_ids=[one], until=date(2026, 4, 1), **WHY)
    split(world, one, amount=D(500))
    assert amounts() == [D(400), D(500)]
    assert set(OpenItem.objects.values_list("is_held", "not_before")) == {(True, date(2026, 4, 1))}
    assert Hold.objects.filter(released_at=None).count() == 2
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D(60)


def test_what_was_split_keeps_its_price_until_it_is_put_together(world: World, one: int) -> None:
    rest, part = split(world, one, seconds=3600)
    Rate.objects.update(rate_per_hour=D(200))
    emit(RatesChanged(world.fay.actor, (world.acme_contract.pk,), MARCH_2))
    assert amounts() == [D(840), D(120)]
    restore_items(actor=world.fay.actor, item_ids=[rest, part])
    assert amounts() == [D(1600)]  # 8 × 200, the rate of now
    assert not BillableItem.objects.get(is_void=False).is_split


def test_parts_are_split_again_and_put_together_step_by_step(world: World, one: int) -> None:
    _, part = split(world, one, seconds=3 * 3600)
    first, _ = split(world, part, seconds=3600)
    with pytest.raises(Refused) as refused:
        restore_items(actor=world.fay.actor, item_ids=[OpenItem.objects.exclude(pk=first).earliest("pk").pk])
    assert refused.value.codes == ("parts_elsewhere",)
    restore_items(actor=world.fay.actor, item_ids=[first])
    assert sorted(amounts()) == [D(360), D(600)]
    restore_items(actor=world.fay.actor, item_ids=[OpenItem.objects.latest("pk").pk])
    assert amounts() == [D(960)]


def test_a_split_on_a_limited_line_counts_as_taken(world: World, one: int) -> None:
    world.delivery.terms = {"cap": {"amount": "1000", "action": "hard"}}
    world.delivery.save()
    emit(LineTermsChanged(world.fay.actor, world.delivery.pk))
    split(world, OpenItem.objects.get().pk, seconds=4 * 3600)
    approved(world.carl, world, world.build, date(2026, 3, 10), "2")
    assert amounts() == [D(480), D(480), D(40)]  # 1,000 less 960
    assert BillableItem.objects.filter(is_void=False).aggregate(s=Sum("over_cap"))["s"] == D(200)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({}, "split_how"),
        ({"seconds": 3600, "amount": D(1)}, "split_how"),
        ({"seconds": 8 * 3600}, "seconds_not_possible"),
        ({"amount": D(960)}, "amount_not_possible"),
        ({"amount": D("0.001")}, "amount_not_possible"),
    ],
)
def test_impossible_splits_are_refused(world: World, one: int, how: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        split(world, one, **how)
    assert refused.value.codes == (code,)
    assert OpenItem.objects.get().pk == one


# --- transfer ---------------------------------------------------------------------------------------------


def test_transferred_work_is_priced_by_the_other_line_and_its_cost_follows(world: World, one: int) -> None:
    assert transfer(world, one, line=world.advisory) == D(960)
    item = BillableItem.objects.get(is_void=False)
    assert (item.client_id, item.task_id, item.amount) == (
        world.borealis.pk,
        world.advice.pk,
        D(1040),
    )  # 8 × 130
    for project, revenue, cost in ((world.atlas, 0, 0), (world.compass, -1040, 400)):
        assert balance(AccountRole.SERVICES_REVENUE, project_id=project.pk) == revenue
        assert balance(AccountRole.LABOUR_COST, project_id=project.pk) == cost
    (invoice,) = run(world)
    assert (invoice.client_id, invoice.net) == (world.borealis.pk, D(1040))


def test_a_transfer_is_taken_back(world: World, one: int) -> None:
    hold_items(actor=world.fay.actor, item_ids=[one], **WHY)
    transfer(world, one, line=world.advisory)
    assert OpenItem.objects.get().is_held
    restore_items(actor=world.fay.actor, item_ids=[OpenItem.objects.get().pk])
    item = BillableItem.objects.get(is_void=False)
    assert (item.contract_line_id, item.amount, item.change_id) == (world.delivery.pk, D(960), None)
    assert balance(AccountRole.LABOUR_COST, project_id=world.atlas.pk) == D(400)
    assert balance(AccountRole.LABOUR_COST, project_id=world.compass.pk) == D(0)
    assert ItemChange.objects.get().undone_at is not None


def test_a_part_is_transferred_and_the_rest_stays(world: World, one: int) -> None:
    _, part = split(world, one, seconds=2 * 3600)
    transfer(world, part, line=world.advisory)
    assert sorted(amounts()) == [D(260), D(720)]  # 2 × 130, 6 × 120
    assert balance(AccountRole.LABOUR_COST, project_id=world.compass.pk) == D(100)
    with pytest.raises(Refused, match="Not all of what"):
        restore_items(actor=world.fay.actor, item_ids=[OpenItem.objects.get(amount=720).pk])
    restore_items(actor=world.fay.actor, item_ids=[OpenItem.objects.get(amount=260).pk])
    restore_items(actor=world.fay.actor, item_ids=[OpenItem.objects.get(amount=720).pk])
    assert amounts() == [D(960)]


def test_withdrawn_time_takes_its_transfer_along(world: World) -> None:
    entry = approved(world.carl, world, world.build, MARCH_2, "8")
    _, part = split(world, OpenItem.objects.get().pk, seconds=2 * 3600)
    transfer(world, part, line=world.advisory)
    withdraw_approval(actor=world.pia.actor, line_id=entry.line_id, reason="Wrong day", on=TODAY)
    assert not OpenItem.objects.exists()
    for role in (AccountRole.LABOUR_COST, AccountRole.SERVICES_REVENUE):
        for project in (world.atlas, world.compass):
            assert balance(role, project_id=project.pk) == D(0)


def test_transferred_work_follows_the_rates_and_terms_of_its_new_line(world: World, one: int) -> None:
    transfer(world, one, line=world.advisory)
    Rate.objects.update(rate_per_hour=D(10))
    emit(RatesChanged(world.fay.actor, (world.borealis_contract.pk,), MARCH_2))
    assert amounts() == [D(80)]
    world.advisory.terms = {"cap": {"amount": "50", "action": "hard"}}
    world.advisory.save()
    emit(LineTermsChanged(world.fay.actor, world.advisory.pk))
    assert amounts() == [D(50)]
    assert BillableItem.objects.get(is_void=False).contract_line_id == world.advisory.pk


def test_transfers_that_make_no_sense_are_refused(world: World, one: int) -> None:
    for line, code in ((world.delivery, "same_line"), (world.audit, "")):
        if not code:
            Rate.objects.all().delete()
            code = "rate_missing"
        with pytest.raises(Refused) as refused:
            transfer(world, one, line=line)
        assert refused.value.codes == (code,)
    with pytest.raises(Refused) as refused:
        transfer(world, one, line=world.audit, task_id=world.advice.pk)
    assert refused.value.codes == ("task_of_other_contract",)
    assert OpenItem.objects.get().pk == one


# --- above the limit --------------------------------------------------------------------------------------


@pytest.fixture
def limit(world: World) -> None:
    """Above 100 euros another person decides."""
    set_adjustment_limit(actor=world.olivia.actor, entity_id=world.entity_id, amount=D(100))


def test_a_write_down_above_the_limit_waits_for_another_person(world: World, one: int, limit: None) -> None:
    given = write_down_items(actor=world.fay.actor, item_ids=[one], amount=D(101), on=TODAY, **WHY)
    assert (given.amount, amounts()) == (D(0), [D(960)])
    assert given.request_id is not None
    with pytest.raises(Refused) as refused:
        decide_adjustment(actor=world.fay.actor, request_id=given.request_id, approve=True)
    assert refused.value.codes == ("own_adjustment",)
    assert decide_adjustment(actor=world.olivia.actor, request_id=given.request_id, approve=True) == D(101)
    assert amounts() == [D(859)]
    with pytest.raises(Refused, match="approved already"):
        decide_adjustment(actor=world.olivia.actor, request_id=given.request_id, approve=False, note="No")


def test_up_to_the_limit_one_person_is_enough(world: World, one: int, limit: None) -> None:
    assert write_down_items(
        actor=world.fay.actor, item_ids=[one], amount=D(100), on=TODAY, **WHY
    ).amount == D(100)
    assert not AdjustmentRequest.objects.exists()


def test_each_kind_of_change_runs_as_it_was_asked_for(world: World, one: int, limit: None) -> None:
    actor, decider = world.fay.actor, world.olivia.actor
    up = write_up_items(actor=actor, item_ids=[one], amount=D(200), on=TODAY, **WHY)
    decide_adjustment(actor=decider, request_id=up.request_id or 0, approve=True)
    assert amounts() == [D(1160)]
    moved = transfer_items(actor=actor, item_ids=[one], contract_line_id=world.advisory.pk, on=TODAY, **WHY)
    decide_adjustment(actor=decider, request_id=moved.request_id or 0, approve=True)
    assert amounts() == [D(1040)]
    (invoice,) = run(world)
    line = InvoiceLine.objects.get(invoice=invoice)
    down = write_down_line(actor=actor, line_id=line.pk, amount=D(140), on=TODAY, **WHY)
    decide_adjustment(actor=decider, request_id=down.request_id or 0, approve=True)
    invoice.refresh_from_db()
    assert invoice.net == D(900)
    drop_lines(actor=actor, invoice_id=invoice.pk)
    off = write_down_items(actor=actor, item_ids=[OpenItem.objects.get().pk], amount=None, on=TODAY, **WHY)
    decide_adjustment(actor=decider, request_id=off.request_id or 0, approve=True)
    assert amounts() == []


def test_a_request_does_not_run_on_other_work_than_was_asked_for(world: World, one: int, limit: None) -> None:
    given = write_down_items(actor=world.fay.actor, item_ids=[one], amount=D(500), on=TODAY, **WHY)
    write_down_items(actor=world.fay.actor, item_ids=[one], amount=D(50), on=TODAY, **WHY)
    with pytest.raises(Refused) as refused:
        decide_adjustment(actor=world.olivia.actor, request_id=given.request_id or 0, approve=True)
    assert refused.value.codes == ("changed_meanwhile",)
    with pytest.raises(Refused) as refused:
        decide_adjustment(actor=world.olivia.actor, request_id=given.request_id or 0, approve=False)
    assert refused.value.codes == ("reason_missing",)
    decide_adjustment(
        actor=world.olivia.actor, request_id=given.request_id or 0, approve=False, note="Ask again"
    )
    assert amounts() == [D(910)]


def test_one_takes_back_what_one_asked_for_and_a_firm_of_one_decides_alone(world: World, one: int) -> None:
    set_adjustment_limit(actor=world.olivia.actor, entity_id=world.entity_id, amount=D(0))
    given = write_down_items(actor=world.olivia.actor, item_ids=[one], amount=D(1), on=TODAY, **WHY)
    with pytest.raises(Refused):
        withdraw_adjustment(actor=world.fay.actor, request_id=given.request_id or 0)
    withdraw_adjustment(actor=world.olivia.actor, request_id=given.request_id or 0)
    again = write_down_items(actor=world.olivia.actor, item_ids=[one], amount=D(1), on=TODAY, **WHY)
    switch_duty(
        actor=world.olivia.actor, rule=DutyRule.APPROVE_OWN_ADJUSTMENT, is_on=False, reason="One person"
    )
    decide_adjustment(actor=world.olivia.actor, request_id=again.request_id or 0, approve=True)
    assert amounts() == [D(959)]
    with pytest.raises(Forbidden):
        decide_adjustment(actor=world.pia.actor, request_id=again.request_id or 0, approve=True)


def test_a_credited_part_is_open_again_as_it_was(world: World, one: int) -> None:
    split(world, one, seconds=3600)
    (invoice,) = run(world)
    issue_invoice(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Wrong")
    assert amounts() == [D(840), D(120)]
