"""Every billing model from time and acts to invoices and books."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from workledger.billing import caps
from workledger.billing.actions import charges, invoices, milestones, prebills
from workledger.billing.models import BillableItem, Charge, Invoice, OpenItem, UnpricedItem
from workledger.billing.settling import draw_of, lines
from workledger.contracts import actions as contracts
from workledger.contracts.inputs import ContractInput, LineInput
from workledger.contracts.models import BillingModel, ContractLine, Rate
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.projects import actions as projects
from workledger.projects.inputs import PhaseInput, TaskInput
from workledger.projects.models import Task
from workledger.testing.time import approve_all, approved, book
from workledger.testing.world import World
from workledger.timesheets import approval

D = Decimal
MARCH = date(2026, 3, 31)


def agree(world: World, model: str, **terms: Any) -> ContractLine:
    """Make the Delivery line of Acme one of this model; its contract runs from 1 February 2026."""
    contract = world.acme_contract
    contract.start = date(2026, 2, 1)
    contract.save()
    line = world.delivery
    line.model = BillingModel(model)
    line.terms = terms
    line.save()
    return line


def bill(world: World, through: date = MARCH, *, issue: bool = True) -> list[Invoice]:
    """Run billing for Acme's contract; returns the documents."""
    run = prebills.run_billing(
        actor=world.system,
        through=through,
        contract_ids=[world.acme_contract.pk],
        issue=issue,
        issued_on=through,
    )
    return list(Invoice.objects.filter(pk__in=[each.id for each in run.invoices]))


def printed(invoice: Invoice) -> list[tuple[Any, ...]]:
    """Return the lines as they print."""
    rows = invoice.lines.order_by("position").values_list("description", "quantity", "unit", "rate", "amount")
    return list(rows)


def broken() -> list[str]:
    return [result.name for result in run_checks() if not result.ok]


@pytest.fixture(autouse=True)
def _books_hold(request: pytest.FixtureRequest, world: World) -> Any:
    yield
    assert broken() == []


def work(world: World, day: int, hours: str, month: int = 3, **facts: Any) -> None:
    approved(facts.pop("who", world.carl), world, world.build, date(2026, month, day), hours, **facts)


# --- time and materials -------------------------------------------------------------------------------------


def test_a_hard_cap_bills_to_the_cent_and_keeps_the_rest_visible(world: World) -> None:
    agree(world, "time_and_materials", cap={"amount": "1000", "action": "hard"})
    work(world, 2, "5")
    work(world, 9, "5")
    [invoice] = bill(world)
    assert invoice.net == 1000
    assert printed(invoice)[-1][0].startswith("Beyond the agreed limit")
    work(world, 16, "2")
    assert bill(world) == []
    assert {item.over_cap for item in BillableItem.objects.filter(is_void=False)} == {0, 200, 240}


def test_raising_the_cap_frees_what_lay_beyond_and_no_bill_changes(world: World) -> None:
    line = agree(world, "time_and_materials", cap={"hours": "6", "action": "hard"})
    work(world, 2, "5")
    work(world, 9, "5")
    assert [invoice.net for invoice in bill(world)] == [720]
    contracts.change_line(
        actor=world.olivia.actor, line_id=line.pk,
        line=LineInput(name="Delivery", model=BillingModel.TIME_AND_MATERIALS, terms={"cap": {"hours": "8", "action": "hard"}}),
    )  # fmt: skip
    assert [invoice.net for invoice in bill(world)] == [240]


def test_the_order_of_approval_does_not_change_what_is_billed(world: World) -> None:
    agree(world, "time_and_materials", cap={"amount": "500", "action": "hard"})
    late = book(world.pia, world.build, date(2026, 3, 16), "2")  # 160 an hour
    early = book(world.carl, world.build, date(2026, 3, 2), "3")
    for entry in (late, early):
        approval.approve_lines(actor=world.system, line_ids=[entry.line_id])
    open_amounts = dict(OpenItem.objects.values_list("item__source_id", "amount"))
    assert open_amounts == {early.pk: 360, late.pk: 140}


def test_withdrawn_time_frees_its_place_under_the_cap(world: World) -> None:
    agree(world, "time_and_materials", cap={"amount": "600", "action": "hard"})
    first = approved(world.carl, world, world.build, date(2026, 3, 2), "5")
    work(world, 9, "5")
    approval.withdraw_approval(actor=world.pia.actor, line_id=first.line_id, reason="Wrong", on=MARCH)
    assert list(OpenItem.objects.values_list("amount", flat=True)) == [600]


def test_a_weekend_costs_more_and_a_discount_less(world: World) -> None:
    agree(
        world,
        "time_and_materials",
        multipliers=[{"kind": "weekend", "factor": "1.5"}],
        discount={"percent": "10"},
    )
    for day in (6, 7):
        book(world.carl, world.build, date(2026, 3, day), "2")
    approve_all(world)
    [invoice] = bill(world)
    assert [line[3:] for line in printed(invoice)] == [(180, 360), (-36, -36), (120, 240), (-24, -24)]
    assert invoice.net == 540


def test_a_minimum_is_trued_up_when_its_period_is_over(world: World) -> None:
    agree(world, "time_and_materials", minimum_charge={"amount": "1000"})
    work(world, 2, "5")
    assert [invoice.net for invoice in bill(world, date(2026, 3, 30))] == [
        1000 + 600
    ]  # all of February is missing
    [invoice] = bill(world)
    assert printed(invoice) == [("Minimum, March 2026", 1, "pc", 400, 400)]
    assert bill(world) == []


# --- prices of their own ------------------------------------------------------------------------------------


def test_a_fixed_fee_bills_its_instalments_and_its_time_is_covered(world: World) -> None:
    parts = [
        {"name": "Start", "percent": "40", "due": "2026-02-01"}, {"name": "End", "percent": "60"},
    ]  # fmt: skip
    line = agree(world, "fixed_fee", price="10000", instalments=parts)
    work(world, 2, "8")
    assert [invoice.net for invoice in bill(world)] == [4000]
    charges.charge_instalment(actor=world.fay.actor, line_id=line.pk, place=1, on=MARCH)
    with pytest.raises(Refused, match="charged already"):
        charges.charge_instalment(actor=world.fay.actor, line_id=line.pk, place=1, on=MARCH)
    assert [invoice.net for invoice in bill(world)] == [6000]
    assert BillableItem.objects.get(source_kind="time").treatment == "covered"


def test_a_milestone_is_charged_when_it_is_accepted_and_reopened_with_its_charge(world: World) -> None:
    line = agree(world, "milestone", milestones=[{"name": "Design", "amount": "3000"}])
    assert bill(world) == []
    accept: Any = {"actor": world.pia.actor, "line_id": line.pk, "key": "0", "on": date(2026, 3, 10)}
    charge_id = milestones.accept_milestone(
        **accept, accepted_by="Cleo Contact", evidence="Signed on 10 March"
    )
    charges.withdraw_charge(actor=world.fay.actor, charge_id=charge_id, reason="Disputed", on=MARCH)
    assert not Charge.objects.exists()
    charge_id = milestones.accept_milestone(**accept, accepted_by="Cleo Contact")
    [invoice] = bill(world)
    assert printed(invoice) == [("Design", 1, "pc", 3000, 3000)]
    with pytest.raises(Refused, match="on invoice"):
        charges.withdraw_charge(actor=world.fay.actor, charge_id=charge_id, reason="Disputed", on=MARCH)


def test_a_recurring_fee_is_billed_once_each_period_and_again_after_a_credit(world: World) -> None:
    agree(world, "recurring", fee="500")
    [invoice] = bill(world)
    assert [line[0] for line in printed(invoice)] == ["February 2026", "March 2026"]
    assert bill(world) == []
    invoices.credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=MARCH, reason="Wrong address")
    [again] = bill(world)
    assert printed(again) == printed(invoice)


def test_units_are_charged_by_tiers(world: World) -> None:
    tiers = [{"from_quantity": "0", "price": "10"}, {"from_quantity": "100", "price": "8"}]
    line = agree(world, "unit", unit="device", tiers=tiers)
    charges.record_units(
        actor=world.pia.actor, line_id=line.pk, start=date(2026, 3, 1), end=date(2026, 4, 1), quantity=D(150)
    )
    [invoice] = bill(world)
    assert [row[1:] for row in printed(invoice)] == [(100, "pc", 10, 1000), (50, "pc", 8, 400)]


def test_progress_is_claimed_less_what_was_and_its_retainage_released(world: World) -> None:
    line = agree(world, "progress", value="100000", retainage_percent="10", measure="manual")
    record: Any = {"actor": world.pia.actor, "line_id": line.pk}
    charges.record_progress(**record, on=date(2026, 3, 1), percent=D(30), evidence="Survey")
    assert [invoice.net for invoice in bill(world, date(2026, 3, 1))] == [27000]
    charges.record_progress(**record, on=date(2026, 3, 20), percent=D(50), evidence="Survey")
    charges.release_retainage(actor=world.fay.actor, line_id=line.pk, on=MARCH)
    assert [invoice.net for invoice in bill(world)] == [20000 - 2000 + 5000]
    with pytest.raises(Refused, match=r"0\.00 EUR are retained"):
        charges.release_retainage(actor=world.fay.actor, line_id=line.pk, on=MARCH)


# --- retainer and prepaid -----------------------------------------------------------------------------------


def test_a_retainer_bills_its_fee_and_what_lies_over_it(world: World) -> None:
    line = agree(world, "retainer", fee="5000", included_hours="20", overage_rate="200")
    for day in (2, 9, 16):
        work(world, day, "8.5")
    [invoice] = bill(world)
    assert invoice.net == 2 * 5000 + D("5.5") * 200
    allowance = draw_of(lines([line.pk])[line.pk], MARCH).allowance
    assert allowance is not None
    assert [(int(month.used), int(month.over)) for month in allowance.statement(MARCH)] == [
        (0, 0),
        (72000, 0),
    ]


def test_late_time_of_a_billed_retainer_month_charges_only_what_is_new(world: World) -> None:
    agree(world, "retainer", fee="5000", included_hours="5", overage_rate="200")
    work(world, 9, "8")
    assert [invoice.net for invoice in bill(world)] == [10600]
    work(world, 2, "1")
    assert [invoice.net for invoice in bill(world)] == [200]


def test_prepaid_time_is_recognized_as_it_is_drawn_and_what_expires_too(world: World) -> None:
    line = agree(world, "prepaid", block_hours="10", price="1000", expires_after_months=1, beyond="charge")
    work(world, 9, "4", month=2)
    [invoice] = bill(world, date(2026, 2, 28))
    assert invoice.net == 1000
    drawn: Any = BillableItem.objects.get(source_kind="time", is_void=False)
    assert (drawn.treatment, drawn.recognized, drawn.amount) == ("covered", 400, 0)
    assert bill(world) == []
    lapsed: Any = BillableItem.objects.get(description="Prepaid and expired unused")
    assert (lapsed.recognized, lapsed.amount, lapsed.contract_line_id) == (600, 0, line.pk)


def test_a_block_is_topped_up_when_it_runs_out(world: World) -> None:
    agree(world, "prepaid", block_hours="10", price="1000", tops_up=True)
    work(world, 9, "6", month=2)
    work(world, 16, "6", month=2)
    [invoice] = bill(world, date(2026, 2, 28))
    assert invoice.net == 2000
    assert not OpenItem.objects.exists()


def test_time_beyond_a_block_waits_for_the_next_one_where_that_is_agreed(world: World) -> None:
    line = agree(world, "prepaid", block_hours="5", price="500", beyond="hold")
    work(world, 2, "8")
    assert [invoice.net for invoice in bill(world)] == [500]
    assert BillableItem.objects.filter(treatment="waits", is_void=False).exists()
    charges.buy_block(actor=world.fay.actor, line_id=line.pk, on=date(2026, 3, 1))
    assert not BillableItem.objects.filter(treatment="waits", is_void=False).exists()


# --- days, one rate, what lacks a rate ----------------------------------------------------------------------


def test_days_and_blended_hours(world: World) -> None:
    agree(world, "day_rate", rate_per_day="1000")
    for day, hours in ((2, "4"), (3, "4.5")):
        book(world.carl, world.build, date(2026, 3, day), hours)
    approve_all(world)
    [invoice] = bill(world)
    assert [row[1:] for row in printed(invoice)] == [(D("1.5"), "d", 1000, 1500)]


def test_one_rate_for_every_hour(world: World) -> None:
    agree(world, "blended", rate_per_hour="130")
    work(world, 2, "4")
    work(world, 3, "4", who=world.pia)
    [invoice] = bill(world)
    assert [row[1:] for row in printed(invoice)] == [(8, "h", 130, 1040)]


def test_overage_without_a_rate_waits_and_is_listed(world: World) -> None:
    agree(world, "retainer", fee="100", included_hours="1")
    Rate.objects.update(state="withdrawn")
    entry = book(world.carl, world.build, date(2026, 3, 2), "3")
    approve_all(world)
    assert UnpricedItem.objects.get().source_id == entry.pk
    Rate.objects.update(state="approved")
    assert [invoice.net for invoice in bill(world)] == [200 + 240]


def test_several_models_make_one_invoice(world: World) -> None:
    agree(world, "time_and_materials")
    position = 5
    for name, model, terms in (
        ("Care", "retainer", {"fee": "1000"}),
        ("Go-live", "milestone", {"milestones": [{"name": "Go-live", "amount": "2500"}]}),
    ):
        position += 1
        ContractLine.objects.create(
            contract=world.acme_contract, name=name, model=model, terms=terms, position=position
        )
    work(world, 2, "5")
    golive = ContractLine.objects.get(name="Go-live")
    milestones.accept_milestone(
        actor=world.pia.actor, line_id=golive.pk, key="0", on=date(2026, 3, 20), accepted_by="Cleo"
    )
    [invoice] = bill(world)
    assert invoice.net == 600 + 2 * 1000 + 2500
    assert {name for name, *_ in printed(invoice)} == {
        "Build",
        "Retainer, February 2026",
        "Retainer, March 2026",
        "Go-live",
    }


# --- caps over several lines --------------------------------------------------------------------------------


def cap_contract(world: World, **cap: Any) -> None:
    """Set the cap of Acme's contract through the act that its page uses."""
    row = world.acme_contract
    row.refresh_from_db()
    contracts.save_contract(
        actor=world.system,
        contract_id=row.pk,
        contract=ContractInput(
            client_id=row.client_id, entity_id=row.entity_id, name=row.name, number=row.number,
            currency=row.currency, start=row.start, end=row.end, cap=cap or None,
        ),
    )  # fmt: skip


def second_task(world: World, phase_id: int | None = None) -> Task:
    """Return a task of the same project on a line of its own, T&M as the first."""
    line_id = contracts.add_line(
        actor=world.system,
        contract_id=world.acme_contract.pk,
        line=LineInput(name="More", model=BillingModel.TIME_AND_MATERIALS),
    )
    task_id = projects.add_task(
        actor=world.system,
        project_id=world.build.project_id,
        task=TaskInput(name="More", contract_line_id=line_id, phase_id=phase_id),
    )
    return Task.objects.get(pk=task_id)


def charged_and_over() -> list[Decimal]:
    sums = BillableItem.objects.filter(is_void=False).aggregate(amount=Sum("amount"), over=Sum("over_cap"))
    return [sums["amount"], sums["over"]]


def test_the_contracts_cap_counts_every_line_whatever_the_order_of_approval(world: World) -> None:
    """120 an hour: 600 on one line, 600 before it on another; 1,000 are billed, raising it bills the rest."""
    agree(world, "time_and_materials")
    more = second_task(world)
    cap_contract(world, amount="1000", action="hard")
    work(world, 9, "5")
    approved(world.carl, world, more, date(2026, 3, 2), "5")
    assert charged_and_over() == [1000, 200]
    early = BillableItem.objects.get(is_void=False, task=more)
    assert [early.amount, early.over_cap] == [600, 0]
    [invoice] = bill(world)
    assert invoice.net == 1000
    [use] = caps.cap_uses(world.system)
    assert [use.of, use.used, use.limit, use.over, use.percent] == ["Contract", 1200, 1000, 200, 120]
    work(world, 16, "1")
    assert bill(world) == []
    cap_contract(world)
    assert charged_and_over() == [1320, 0]


def test_a_phases_cap_counts_the_time_of_its_tasks(world: World) -> None:
    agree(world, "time_and_materials")
    phase_id = projects.add_phase(
        actor=world.system,
        project_id=world.build.project_id,
        phase=PhaseInput(name="Design", cap={"hours": "3", "action": "hard"}),
    )
    work(world, 2, "5")
    approved(world.carl, world, second_task(world, phase_id), date(2026, 3, 3), "5")
    assert charged_and_over() == [960, 240]
    projects.change_phase(actor=world.system, phase_id=phase_id, phase=PhaseInput(name="Design"))
    assert charged_and_over() == [1200, 0]


def test_what_lies_beyond_is_shown_once_and_taken_off_where_the_cap_says_so(world: World) -> None:
    agree(world, "time_and_materials", cap={"amount": "1000", "action": "hard", "shows_beyond": True})
    work(world, 2, "5")
    work(world, 9, "5")
    work(world, 16, "2")
    [invoice] = bill(world)
    assert [line[1:] for line in printed(invoice)] == [
        (D("12.0000"), "h", D("120.0000"), D("1440.0000")),
        (D("1.0000"), "pc", D("-440.0000"), D("-440.0000")),
    ]
    assert invoice.net == 1000


def test_a_cap_that_does_not_fit_is_refused_at_its_field(world: World) -> None:
    with pytest.raises(Refused) as refused:
        cap_contract(world, action="hard")
    assert [(each.code, each.field) for each in refused.value.problems] == [
        ("terms_do_not_fit", "cap.amount")
    ]


def test_a_raised_cap_charges_what_it_kept_of_an_entry_that_is_billed(world: World) -> None:
    """600 + 600 under 1,000: 200 stay. At 1,100 a hundred follow, then the other; credits go in the other order."""
    line = agree(world, "time_and_materials", cap={"amount": "1000", "action": "hard"})
    work(world, 2, "5")
    work(world, 9, "5")
    [first] = bill(world)
    for limit, net in ((1100, 100), (5000, 100)):
        contracts.change_line(
            actor=world.system, line_id=line.pk,
            line=LineInput(
                name=line.name, model=BillingModel.TIME_AND_MATERIALS, terms={"cap": {"amount": str(limit), "action": "hard"}}
            ),
        )  # fmt: skip
        [last] = bill(world)
        assert [last.net, *charged_and_over()] == [net, min(limit, 1200), max(0, 1200 - limit)]
    with pytest.raises(Refused, match="released of this work"):
        invoices.credit_invoice(actor=world.system, invoice_id=first.pk, on=MARCH, reason="Wrong rate")
    for invoice in Invoice.objects.filter(state="issued").order_by("-pk"):
        invoices.credit_invoice(actor=world.system, invoice_id=invoice.pk, on=MARCH, reason="Wrong rate")
    work(world, 16, "1")
    assert charged_and_over() == [1320, 0]
