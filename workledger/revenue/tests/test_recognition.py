"""From an agreed line to revenue in the books: the acts, their postings, and what they refuse."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.charges import charge_instalment
from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.milestones import accept_milestone
from workledger.billing.actions.prebills import run_billing, write_down_line
from workledger.billing.models import Invoice, InvoiceLine, ReasonCode
from workledger.contracts.actions.agreements import change_line
from workledger.contracts.inputs import LineInput
from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory.models import ExchangeRate
from workledger.ledger.actions import set_period_state
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole, PeriodState, Posting
from workledger.revenue.actions import (
    complete_obligation,
    decide_progress,
    estimate_variable,
    modify_contract,
    recognize,
    record_progress,
    revise_estimate,
    set_obligations,
)
from workledger.revenue.calc.allocation import Basis
from workledger.revenue.calc.modification import Kind, Rest
from workledger.revenue.calc.timeline import Method
from workledger.revenue.calc.variable import Estimation
from workledger.revenue.inputs import (
    BelongingInput,
    ChangeInput,
    EstimateInput,
    FinancingInput,
    ModificationInput,
    ObligationInput,
)
from workledger.revenue.models import (
    LossProvision,
    ObligationVersion,
    PerformanceObligation,
    RecognitionEntry,
    RecognitionRun,
)
from workledger.testing.revenue import END, START, balance, fixed_contract, obligation_of, run, task_of
from workledger.testing.time import approved
from workledger.testing.world import World

REVENUE, POSITION = AccountRole.SERVICES_REVENUE, AccountRole.CONTRACT_POSITION


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


def months() -> list[tuple[int, D]]:
    rows = RecognitionEntry.objects.order_by("service_month", "pk").values_list("service_month", "amount")
    return [(month.month, amount) for month, amount in rows]


# --- obligations of lines -----------------------------------------------------------------------------------


def test_each_line_becomes_an_obligation_at_its_price(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    version = ObligationVersion.objects.get(obligation=obligation_of(line))
    assert [version.price, version.start, version.end] == [60_000, START, END]


def test_a_line_that_is_invoiced_as_it_is_earned_has_none(world: World) -> None:
    fixed_contract(world, RevenueMethod.AS_INVOICED)
    assert not PerformanceObligation.objects.exists()


def test_a_line_without_price_or_end_is_refused_when_it_is_agreed(world: World) -> None:
    with pytest.raises(Refused) as refused:
        fixed_contract(
            world, RevenueMethod.INPUT_HOURS, price=0, model=BillingModel.TIME_AND_MATERIALS, terms={}
        )
    assert refused.value.codes == ("line_price_missing",)
    world.acme_contract.end = None
    with pytest.raises(Refused) as refused:
        change_line(
            actor=world.fay.actor,
            line_id=world.delivery.pk,
            line=LineInput(
                name="Delivery", model=BillingModel.TIME_AND_MATERIALS, price=D(5_000),
                revenue_method=RevenueMethod.STRAIGHT_LINE,
            ),
        )  # fmt: skip
    assert refused.value.codes == ("term_missing",)


def test_work_that_is_revenue_already_keeps_its_line_as_invoiced(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    with pytest.raises(Refused) as refused:
        change_line(
            actor=world.fay.actor,
            line_id=world.delivery.pk,
            line=LineInput(
                name="Delivery", model=BillingModel.TIME_AND_MATERIALS, price=D(5_000),
                revenue_method=RevenueMethod.INPUT_HOURS,
            ),
        )  # fmt: skip
    assert refused.value.codes == ("already_recognized",)


def test_a_method_changes_until_revenue_is_there(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)

    def to(method: RevenueMethod) -> None:
        change_line(
            actor=world.fay.actor,
            line_id=line.pk,
            line=LineInput(
                name="Build", model=BillingModel.FIXED_FEE, terms=line.terms, revenue_method=method
            ),
        )

    to(RevenueMethod.OUTPUT_PROGRESS)
    assert obligation_of(line).method == Method.OUTPUT_PROGRESS
    to(RevenueMethod.AS_INVOICED)
    assert not PerformanceObligation.objects.exists()
    to(RevenueMethod.STRAIGHT_LINE)
    run(world, 2)
    with pytest.raises(Refused) as refused:
        to(RevenueMethod.AS_INVOICED)
    assert refused.value.codes == ("already_recognized",)


def test_time_on_a_line_with_a_price_is_billed_without_being_revenue(world: World) -> None:
    line = fixed_contract(
        world, RevenueMethod.INPUT_HOURS, model=BillingModel.TIME_AND_MATERIALS, terms={}, price=12_000,
        budget_seconds=100 * 3600,
    )  # fmt: skip
    approved(world.carl, world, task_of(world, line), date(2026, 3, 2), "10")
    assert balance(world, POSITION) == 0
    run(world, 3)
    assert balance(world, REVENUE) == -1_200  # 10 of 100 hours
    (invoice,) = Invoice.objects.filter(
        pk__in=[one.id for one in run_billing(actor=world.fay.actor, through=date(2026, 3, 31)).invoices]
    )
    assert invoice.net == 1_100


# --- set by hand --------------------------------------------------------------------------------------------


def two_lines(world: World) -> tuple[ContractLine, ContractLine]:
    """A draft contract with two fixed-fee lines of 60,000 and 40,000."""
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, activate=False)
    other = ContractLine.objects.create(
        contract=line.contract, position=2, name="Training", model=BillingModel.FIXED_FEE,
        terms={"price": "40000"}, revenue_method=RevenueMethod.POINT_IN_TIME,
    )  # fmt: skip
    return line, other


def test_the_price_is_divided_by_prices_alone_and_a_discount_goes_where_it_belongs(world: World) -> None:
    line, other = two_lines(world)
    set_obligations(
        actor=world.fay.actor,
        contract_id=line.contract_id,
        obligations=[
            ObligationInput(
                name="Build", line_ids=(line.pk,), method=Method.STRAIGHT_LINE, basis_amount=D(80_000)
            ),
            ObligationInput(
                name="Training", line_ids=(other.pk,), method=Method.POINT_IN_TIME,
                basis=Basis.COST_PLUS_MARGIN, basis_amount=D(24_000), basis_percent=D(25),
            ),
        ],
        belonging=(BelongingInput(amount=D(-10_000), names=("Build",), reason="Discount on the build"),),
    )  # fmt: skip
    prices = dict(ObligationVersion.objects.values_list("obligation__name", "price"))
    assert prices == {"Build": D(70_000), "Training": D(30_000)}  # 110,000 × 80/110 less 10,000; × 30/110


def test_lines_are_bundled_and_split(world: World) -> None:
    line, other = two_lines(world)
    set_obligations(
        actor=world.fay.actor,
        contract_id=line.contract_id,
        obligations=[
            ObligationInput(
                name="All",
                line_ids=(line.pk, other.pk),
                method=Method.OUTPUT_PROGRESS,
                basis_amount=D(90_000),
            ),
            ObligationInput(
                name="Licence", line_ids=(line.pk,), method=Method.POINT_IN_TIME, basis=Basis.RESIDUAL
            ),
        ],
    )
    assert sum(ObligationVersion.objects.values_list("price", flat=True)) == 100_000
    ids = dict(PerformanceObligation.objects.values_list("name", "pk"))
    ContractLine.objects.filter(pk=line.pk).update(revenue_method=RevenueMethod.OUTPUT_PROGRESS)
    said = record_progress(
        actor=world.pia.actor, obligation_id=ids["All"], on=date(2026, 3, 31), value=D(10), evidence="Report"
    )
    decide_progress(actor=world.fay.actor, record_id=said, approve=True)
    type(line.contract).objects.filter(pk=line.contract_id).update(state="active")
    run(world, 3)
    assert balance(world, REVENUE, contract_line_id=line.pk) == -5_400  # 9,000 by 60 : 40
    assert balance(world, REVENUE, contract_line_id=other.pk) == -3_600


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"name": " "}, {"obligations.0.name_missing"}),
        ({"line_ids": ()}, {"line_missing", "line_not_covered"}),
        ({"line_ids": (1,)}, {"no_such_line", "line_not_covered"}),
        ({"method": Method.OUTPUT_UNITS}, {"total_missing"}),
        ({"basis": Basis.OBSERVABLE, "basis_amount": D(-1)}, {"obligations.0.basis_amount_negative"}),
    ],
)
def test_obligations_that_do_not_fit_are_refused(
    world: World, change: dict[str, object], codes: set[str]
) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, activate=False)
    given: dict[str, object] = {"name": "Build", "line_ids": (line.pk,), "method": Method.STRAIGHT_LINE}
    with pytest.raises(Refused) as refused:
        set_obligations(
            actor=world.fay.actor,
            contract_id=line.contract_id,
            obligations=[ObligationInput(**(given | change))],  # type: ignore[arg-type]
        )
    assert set(refused.value.codes) == codes


def test_hours_of_a_split_line_cannot_be_told_apart(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, activate=False)
    parts = [
        ObligationInput(name=name, line_ids=(line.pk,), method=Method.INPUT_HOURS, basis_amount=D(10))
        for name in ("One", "Two")
    ]
    with pytest.raises(Refused) as refused:
        set_obligations(actor=world.fay.actor, contract_id=line.contract_id, obligations=parts)
    assert set(refused.value.codes) == {"split_by_input"}


# --- runs ---------------------------------------------------------------------------------------------------


def test_a_straight_line_is_posted_month_by_month_and_once(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    task_of(world, line)
    run(world, 3)
    assert months() == [(2, D(2_800)), (3, D(3_100))]  # 100 a day
    assert balance(world, POSITION, contract_id=line.contract_id) == 5_900
    assert balance(world, REVENUE, project_id=line.contract.pk) == 0
    again = run(world, 3)
    assert [again.run_id, again.entries] == [None, []]
    assert RecognitionRun.objects.count() == 1


def test_revenue_stands_on_the_project_of_the_line(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    task = task_of(world, line)
    run(world, 2)
    posting = Posting.objects.get(account__role=REVENUE, source_kind="obligation")
    assert [posting.project_id, posting.practice_id] == [task.project_id, world.practice.pk]


def test_a_dry_run_says_every_entry_and_leaves_nothing(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    dry = recognize.using(Options(dry_run=True))(
        actor=world.fay.actor, entity_id=world.entity_id, month=date(2026, 2, 1)
    )
    (entry,) = dry.entries
    assert [entry.amount, entry.to_date, entry.price, entry.obligation] == [2_800, 2_800, 18_100, "Build"]
    assert entry.steps == [
        ("Time", "28.00 of 181.00 days, from 01 Feb 2026 to 31 Jul 2026."),
        ("Earned", "18,100.00 EUR × 15.47 % = 2,800.00 EUR; 2,800.00 EUR of 18,100.00 EUR to date."),
    ]
    assert not RecognitionEntry.objects.exists()
    assert balance(world, POSITION, contract_id=line.contract_id) == 0


def test_hours_are_measured_by_the_estimate_of_their_month(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, budget_seconds=50 * 3600)
    task = task_of(world, line)
    approved(world.carl, world, task, date(2026, 2, 10), "10")
    run(world, 2)
    revise_estimate(
        actor=world.pia.actor,
        obligation_id=obligation_of(line).pk,
        estimate=EstimateInput(
            from_day=date(2026, 3, 1), seconds_to_come=90 * 3600, reason="Scope was deeper"
        ),
    )
    approved(world.carl, world, task, date(2026, 3, 10), "15")
    run(world, 3)
    # 10 of 50 hours; then 25 of 100 hours are 15,000.
    assert months() == [(2, D(12_000)), (3, D(3_000))]


def test_late_hours_of_a_locked_month_land_in_the_open_one_and_keep_their_month(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, budget_seconds=100 * 3600)
    task = task_of(world, line)
    approved(world.carl, world, task, date(2026, 2, 10), "20")
    run(world, 2)
    set_period_state(
        actor=world.fay.actor, period_id=world.period(2).pk, state=PeriodState.LOCKED, reason="Closed"
    )
    approved(world.carl, world, task, date(2026, 2, 27), "10")
    run(world, 3)
    assert months() == [(2, D(12_000)), (2, D(6_000))]
    late = Posting.objects.filter(account__role=REVENUE, source_kind="obligation").order_by("-pk")[0]
    assert [late.date, late.service_date] == [date(2026, 3, 1), date(2026, 2, 28)]


def test_cost_without_an_estimate_is_left_out_and_said(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_COST)
    result = run(world, 3)
    assert [(one.contract, one.message) for one in result.left_out] == [
        (line.contract.number, "Estimate what it costs in all.")
    ]


def test_materials_are_earned_at_cost(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_COST, price=10_000)
    task = task_of(world, line)
    approved(world.carl, world, task, date(2026, 2, 10), "20")  # 1,000 of cost
    revise_estimate(
        actor=world.pia.actor,
        obligation_id=obligation_of(line).pk,
        estimate=EstimateInput(
            from_day=START, cost=D(5_000), materials=D(3_000), delivered=D(600), reason="Budget"
        ),
    )
    run(world, 2)
    # (10,000 - 3,000) × (1,000 - 600) / (5,000 - 3,000) + 600
    assert months() == [(2, D(2_000))]


def test_accepted_milestones_are_output(world: World) -> None:
    parts = [{"name": "Design", "amount": "20000"}, {"name": "Launch", "amount": "40000"}]
    line = fixed_contract(
        world, RevenueMethod.OUTPUT_MILESTONES, model=BillingModel.MILESTONE, terms={"milestones": parts}
    )
    accept_milestone(
        actor=world.pia.actor, line_id=line.pk, key="0", on=date(2026, 3, 5), accepted_by="Cleo Contact"
    )
    run(world, 3)
    assert months() == [(3, D(20_000))]


def test_progress_counts_once_another_person_approved_it(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.OUTPUT_PROGRESS)
    said = record_progress(
        actor=world.fay.actor,
        obligation_id=obligation_of(line).pk,
        on=date(2026, 3, 20),
        value=D(25),
        evidence="Review",
    )
    run(world, 3)
    assert months() == []
    with pytest.raises(Refused) as refused:
        decide_progress(actor=world.fay.actor, record_id=said, approve=True)
    assert refused.value.codes == ("own_progress",)
    decide_progress(actor=world.olivia.actor, record_id=said, approve=True)
    run(world, 3)
    assert months() == [(3, D(15_000))]


def test_declined_progress_needs_a_reason_and_counts_for_nothing(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.OUTPUT_PROGRESS)
    said = record_progress(
        actor=world.pia.actor,
        obligation_id=obligation_of(line).pk,
        on=date(2026, 3, 20),
        value=D(25),
        evidence="Review",
    )
    with pytest.raises(Refused) as refused:
        decide_progress(actor=world.fay.actor, record_id=said, approve=False)
    assert refused.value.codes == ("reason_missing",)
    decide_progress(actor=world.fay.actor, record_id=said, approve=False, reason="Not reviewed")
    run(world, 3)
    assert months() == []


def test_a_bonus_counts_as_far_as_it_will_stay_and_catches_up(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.OUTPUT_PROGRESS)
    obligation = obligation_of(line)
    said = record_progress(
        actor=world.pia.actor,
        obligation_id=obligation.pk,
        on=date(2026, 2, 20),
        value=D(50),
        evidence="Review",
    )
    decide_progress(actor=world.fay.actor, record_id=said, approve=True)

    def bonus(day: date, stays: int | None) -> None:
        estimate_variable(
            actor=world.fay.actor, contract_id=line.contract_id, name="Early finish", from_day=day,
            way=Estimation.MOST_LIKELY, outcomes=[(D(10_000), D(70)), (D(0), D(30))], reason="Plan",
            highly_probable=None if stays is None else D(stays),
        )  # fmt: skip

    bonus(START, 0)
    run(world, 2)
    bonus(date(2026, 3, 10), None)
    run(world, 3)
    assert months() == [(2, D(30_000)), (3, D(5_000))]


def test_a_modification_is_previewed_and_posted_as_decided(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, budget_seconds=20 * 3600)
    approved(world.carl, world, task_of(world, line), date(2026, 2, 10), "10")
    run(world, 2)
    modification = ModificationInput(
        from_day=date(2026, 3, 1), adds_distinct=False, at_stand_alone_price=False, rest=Rest.NOT_DISTINCT,
        changes=(ChangeInput(obligation_id=obligation_of(line).pk, price=D(80_000)),), reason="Change order 1",
    )  # fmt: skip
    revise_estimate(
        actor=world.pia.actor, obligation_id=obligation_of(line).pk,
        estimate=EstimateInput(from_day=date(2026, 3, 1), seconds=25 * 3600, reason="Change order 1"),
    )  # fmt: skip
    preview = modify_contract.using(Options(dry_run=True))(
        actor=world.fay.actor, contract_id=line.contract_id, modification=modification
    )
    assert preview.kind is Kind.CATCH_UP
    assert [one.at_once for one in preview.effects] == [
        8_000
    ]  # 40 % of 80,000, where 40 % of 60,000 is 24,000
    assert ObligationVersion.objects.count() == 1
    modify_contract(actor=world.fay.actor, contract_id=line.contract_id, modification=modification)
    run(world, 3)
    assert months() == [
        (2, D(30_000)),
        (3, D(-6_000)),
        (3, D(8_000)),
    ]  # less by the estimate, more by the order


def test_added_work_at_its_own_price_stands_apart(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    found = modify_contract(
        actor=world.fay.actor,
        contract_id=line.contract_id,
        modification=ModificationInput(
            from_day=date(2026, 3, 1), adds_distinct=True, at_stand_alone_price=True, rest=Rest.DISTINCT,
            added=(
                ObligationInput(
                    name="More", line_ids=(line.pk,), method=Method.POINT_IN_TIME, price=D(5_000)
                ),
            ),
            reason="Change order 2",
        ),
    )  # fmt: skip
    assert found.kind is Kind.SEPARATE
    run(world, 3)
    assert months() == [(2, D(2_800)), (3, D(3_100))]


def test_what_is_earned_and_billed_meets_at_the_end(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    charge_instalment(actor=world.fay.actor, line_id=line.pk, place=0, on=date(2026, 2, 1))
    (one,) = run_billing(actor=world.fay.actor, through=date(2026, 2, 28)).invoices
    issue_invoice(actor=world.fay.actor, invoice_id=one.id, issued_on=date(2026, 2, 28))
    run(world, 2)
    assert balance(world, POSITION, contract_id=line.contract_id) < 0  # deferred revenue
    run(world, 12)
    assert balance(world, POSITION, contract_id=line.contract_id) == 0
    assert balance(world, REVENUE) == -60_000


def test_a_write_down_takes_of_the_position_what_it_takes_of_the_bill(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    charge_instalment(actor=world.fay.actor, line_id=line.pk, place=0, on=date(2026, 2, 1))
    (one,) = run_billing(actor=world.fay.actor, through=date(2026, 2, 28)).invoices
    (row,) = InvoiceLine.objects.filter(invoice_id=one.id)
    write_down_line(
        actor=world.fay.actor, line_id=row.pk, amount=D(500), reason_code=ReasonCode.GOODWILL, note="Late",
        on=date(2026, 2, 28),
    )  # fmt: skip
    issue_invoice(actor=world.fay.actor, invoice_id=one.id, issued_on=date(2026, 2, 28))
    run(world, 12)
    assert balance(world, POSITION, contract_id=line.contract_id) == 0


def test_what_is_fulfilled_early_is_earned_in_full(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    complete_obligation(
        actor=world.fay.actor,
        obligation_id=obligation_of(line).pk,
        on=date(2026, 3, 10),
        reason="Client stopped",
    )
    run(world, 3)
    assert sum(amount for _, amount in months()) == 60_000


def test_a_loss_is_provided_for_when_it_is_known(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_COST, price=1_000)
    task = task_of(world, line)
    revise_estimate(
        actor=world.pia.actor, obligation_id=obligation_of(line).pk,
        estimate=EstimateInput(from_day=START, cost=D(1_500), reason="Harder than thought"),
    )  # fmt: skip
    run(world, 2)
    assert balance(world, AccountRole.LOSS_PROVISION) == -500
    approved(world.carl, world, task, date(2026, 3, 10), "15")  # 750 of 1,500
    run(world, 3)
    assert balance(world, AccountRole.LOSS_PROVISION) == -250
    approved(world.carl, world, task, date(2026, 4, 10), "15")
    run(world, 4)
    assert balance(world, AccountRole.LOSS_PROVISION) == 0
    assert [row.stands for row in LossProvision.objects.order_by("pk")] == [500, 250, 0]


def test_what_is_paid_years_ahead_earns_its_interest_too(world: World) -> None:
    line = fixed_contract(world, RevenueMethod.POINT_IN_TIME, price=4_000, activate=False)
    transfer = date(2028, 2, 1)
    (pk,) = set_obligations(
        actor=world.fay.actor,
        contract_id=line.contract_id,
        obligations=[
            ObligationInput(
                name="Build", line_ids=(line.pk,), method=Method.POINT_IN_TIME,
                financing=FinancingInput(
                    transfer=transfer, annual_percent=D(6), payments=((START, D(4_000)),), reason="Paid ahead"
                ),
            )
        ],
    )  # fmt: skip
    type(line.contract).objects.filter(pk=line.contract_id).update(state="active")
    complete_obligation(actor=world.fay.actor, obligation_id=pk, on=transfer, reason="Handed over")
    run(world, 2, 2028)
    assert balance(world, REVENUE) == D("-4494.40")
    assert balance(world, AccountRole.CONTRACT_INTEREST) == D("494.40")
    assert balance(world, POSITION, contract_id=line.contract_id) == 4_000


def test_revenue_in_another_currency_stands_in_the_books_currency_too(world: World) -> None:
    ExchangeRate.objects.create(base="USD", quote="EUR", day=date(2026, 1, 1), rate=D("0.9"))
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100, currency="USD")
    run(world, 2)
    posting = Posting.objects.get(account__role=REVENUE, contract_id=line.contract_id)
    assert [posting.credit, posting.functional_credit] == [2_800, 2_520]


def test_a_currency_without_a_rate_is_left_out_and_said(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, currency="CHF")
    assert [one.message for one in run(world, 2).left_out] == [
        "There is no exchange rate from CHF. Add one first."
    ]


def test_who_may_not_recognize_is_refused(world: World) -> None:
    with pytest.raises(Refused):
        recognize(actor=world.pia.actor, entity_id=world.entity_id, month=START)
