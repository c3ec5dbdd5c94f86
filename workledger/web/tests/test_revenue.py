"""Pages of revenue: a contract's obligations, the forms that change what is believed, runs and reports."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workledger.contracts.models import BillingModel, ContractLine, RevenueMethod
from workledger.revenue.actions import record_progress
from workledger.revenue.calc.timeline import Method
from workledger.revenue.models import (
    ContractModification,
    ObligationEstimate,
    ObligationVersion,
    PerformanceObligation,
    ProgressRecord,
    RecognitionEntry,
    RecognitionRun,
    VariableEstimate,
)
from workledger.testing.revenue import fixed_contract, obligation_of, ordered, repriced, run, task_of
from workledger.testing.time import approved
from workledger.testing.world import TODAY, Somebody, World

Browser = Callable[[Somebody], Client]


@pytest.fixture(autouse=True)
def _today(set_today: Callable[[date], None]) -> None:
    set_today(TODAY)


@pytest.fixture
def fay(world: World, browser_of: Browser) -> Client:
    return browser_of(world.fay)


def page(client: Client, name: str, *args: int, **asked: object) -> str:
    answer = client.get(reverse(name, args=args), asked)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_contract_says_what_it_earned_and_why(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    run(world, 2)
    shown = page(fay, "contract-revenue", line.contract_id, as_of="28.2.2026")
    assert "2,800.00" in shown
    assert "Still" not in shown
    why = page(fay, "contract-revenue-why", line.contract_id, obligation_of(line).pk, day="2026-02-28")
    assert "28.00 of 181.00 days" in why
    assert "606-10-25-31" in why


def test_a_contract_of_as_invoiced_lines_says_so(world: World, fay: Client) -> None:
    assert "Revenue follows the work" in page(fay, "contract-revenue", world.acme_contract.pk)


def test_an_obligation_of_another_contract_has_no_why_here(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    address = reverse("contract-revenue-why", args=[world.acme_contract.pk, obligation_of(line).pk])
    assert fay.get(address).status_code == 404


def test_the_price_is_divided_by_a_form(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, activate=False)
    address = reverse("contract-obligations", args=[line.contract_id])
    sent = {
        "name_0": "Build", "line_ids_0": str(line.pk), "method_0": "output_progress", "basis_0": "observable",
        "basis_amount_0": "45000",
    }  # fmt: skip
    assert fay.get(address).status_code == 200
    answer = fay.post(address, sent | {"line_ids_0": ""})
    assert answer.status_code == 422
    assert "Choose the contract lines it holds." in answer.content.decode()
    assert fay.post(address, sent).status_code == 302
    assert obligation_of(line).method == Method.OUTPUT_PROGRESS


def test_a_modification_shows_its_effect_before_it_is_recorded(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    address = reverse("contract-modification", args=[line.contract_id])
    sent = {"from_day": "1.3.2026", "reason": "Order 1", "rest": "not_distinct", "price_0": "36200"}
    shown = fay.post(address, sent).content.decode()
    assert "Cumulative catch-up" in shown
    assert "2,900.00" in shown  # 29 days so far at 100 more a day
    assert ObligationVersion.objects.count() == 1
    assert fay.post(address, sent | {"do": "record"}).status_code == 302
    assert ObligationVersion.objects.count() == 2


def test_what_does_not_fit_a_modification_stands_beside_its_field(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    address = reverse("contract-modification", args=[line.contract_id])
    answer = fay.post(address, {"from_day": "1.3.2026", "reason": "x", "rest": "some", "price_0": "1"})
    assert answer.status_code == 422
    assert "Say whether what remains of Build is distinct" in answer.content.decode()


def test_hours_are_estimated_by_a_form(world: World, browser_of: Browser) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS)
    address = reverse("contract-obligation-estimate", args=[line.contract_id, obligation_of(line).pk])
    answer = browser_of(world.pia).post(address, {"from_day": "1.3.2026", "hours": "120", "reason": "Plan"})
    assert answer.status_code == 302
    assert ObligationEstimate.objects.get().seconds == 120 * 3600


def test_progress_is_recorded_by_one_and_approved_by_another(
    world: World, fay: Client, browser_of: Browser
) -> None:
    line = fixed_contract(world, RevenueMethod.OUTPUT_PROGRESS)
    address = reverse("contract-obligation-progress", args=[line.contract_id, obligation_of(line).pk])
    sent = {"on": "10.3.2026", "value": "25", "evidence": "Signed report"}
    assert browser_of(world.pia).post(address, sent).status_code == 302
    assert "Waits for approval" in page(fay, "contract-revenue", line.contract_id)
    record = ProgressRecord.objects.get()
    fay.post(reverse("contract-progress-approve", args=[line.contract_id, record.pk]))
    record.refresh_from_db()
    assert record.state == "approved"


def test_progress_is_declined_with_a_reason(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.OUTPUT_PROGRESS)
    pk = record_progress(
        actor=world.pia.actor, obligation_id=obligation_of(line).pk, on=TODAY, value=Decimal(1), evidence="x"
    )
    address = reverse("contract-progress-decline", args=[line.contract_id, pk])
    assert fay.post(address, {"reason": ""}).status_code == 422
    assert fay.post(address, {"reason": "No report"}).status_code == 302


def test_an_uncertain_amount_is_estimated_by_a_form(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.OUTPUT_PROGRESS)
    sent = {
        "name": "Bonus", "from_day": "1.3.2026", "way": "expected_value", "amount_0": "1000", "probability_0": "60",
        "amount_1": "0", "probability_1": "40", "highly_probable": "250", "reason": "History",
    }  # fmt: skip
    assert fay.post(reverse("contract-uncertain", args=[line.contract_id]), sent).status_code == 302
    made = VariableEstimate.objects.get()
    assert [made.estimate, made.included] == [600, 250]
    assert "held back" in page(fay, "contract-revenue", line.contract_id)


def test_an_obligation_is_fulfilled_and_reopened(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    address = reverse("contract-obligation-completion", args=[line.contract_id, obligation_of(line).pk])
    fay.post(address, {"on": "10.3.2026", "reason": "Accepted"})
    assert obligation_of(line).completed_on == date(2026, 3, 10)
    fay.post(address, {"on": "", "reason": "Reopened"})
    assert obligation_of(line).completed_on is None


def test_a_dry_run_is_read_and_then_posted(world: World, fay: Client) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    fixed_contract(world, RevenueMethod.INPUT_COST, name="Plant")
    shown = page(fay, "revenue", month="2026-02")
    assert "28.00 of 181.00 days" in shown
    assert "Estimate what it costs in all." in shown
    assert not RecognitionEntry.objects.exists()
    answer = fay.post(reverse("revenue-run-new"), {"entity": world.entity_id, "month": "2026-02"})
    assert answer["Location"] == reverse("revenue-run", args=[RecognitionRun.objects.get().pk])
    assert "2,800.00" in page(fay, "revenue-run", RecognitionRun.objects.get().pk)
    again = fay.post(reverse("revenue-run-new"), {"entity": world.entity_id, "month": "2026-02"})
    assert again["Location"].startswith(reverse("revenue"))
    assert "Nothing new through February 2026" in page(fay, "revenue", month="2026-02")


def test_positions_roll_forward_and_tie_to_the_books(world: World, fay: Client) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    approved(world.carl, world, world.build, date(2026, 2, 10), "8")
    run(world, 2)
    shown = str(
        fay.get(
            reverse("finance_report", args=["contract-positions"]),
            {"from": "1.2.2026", "through": "28.2.2026"},
        ).content
    )
    assert "2,800.00" in shown
    assert "3,760.00" in shown  # with 960.00 of Carl's day


def test_what_remains_stands_by_time_band(world: World, fay: Client) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    shown = page(fay, "revenue-remaining", as_of="31.3.2026")
    assert "12,200.00" in shown  # 122 of 181 days
    assert "9,100.00" in shown  # April to June


def test_who_only_reads_sees_no_dry_run(world: World, browser_of: Browser) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    pia = browser_of(world.pia)
    assert "Dry run" not in page(pia, "revenue", month="2026-02")
    assert "Record a modification" not in page(pia, "contract-revenue", line.contract_id)


@pytest.mark.parametrize(
    ("name", "needs_contract"),
    [("contract-revenue", True), ("revenue-remaining", False)],
)
def test_more_obligations_ask_no_more_queries(
    world: World, fay: Client, name: str, needs_contract: bool
) -> None:
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, budget_seconds=360_000)
    task_of(world, line)
    run(world, 2)
    args = [line.contract_id] if needs_contract else []

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page(fay, name, *args)
        return len(captured)

    asked()
    few = asked()
    for place in range(3):
        _another(line, place)
        fixed_contract(world, RevenueMethod.STRAIGHT_LINE, name=f"More {place}")
    run(world, 2)
    assert asked() == few


def _another(line: ContractLine, place: int) -> None:
    row = PerformanceObligation.objects.create(
        contract=line.contract, position=place + 5, name=f"Part {place}", method=Method.OUTPUT_PROGRESS
    )
    ObligationVersion.objects.create(obligation=row, from_day=date(2026, 2, 1), price=Decimal(100))


def test_a_change_order_is_decided_with_its_amounts_filled_in(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    ordered(world, line.contract_id, repriced(line, 36_200))
    row = ContractModification.objects.get()
    assert "CO-1" in page(fay, "revenue")
    assert "CO-1" in page(fay, "contract-revenue", line.contract_id)
    assert "of contracts to decide for revenue" in page(fay, "home")
    assert "for revenue" in page(fay, "inbox")
    address = reverse("contract-modification-decide", args=[line.contract_id, row.pk])
    assert 'value="36200' in fay.get(address).content.decode()
    sent = {"from_day": "1.4.2026", "rest": "not_distinct", "price_0": "36200"}
    shown = fay.post(address, sent).content.decode()
    assert "Cumulative catch-up" in shown
    assert "6,000.00" in shown  # 60 days so far at 100 more a day
    assert ObligationVersion.objects.count() == 1
    assert fay.post(address, sent | {"do": "record"}).status_code == 302
    assert ObligationVersion.objects.latest("pk").reason == "CO-1 More of it"
    assert fay.get(address).status_code == 404


def test_a_change_that_is_no_revenue_is_left_with_a_reason(world: World, fay: Client) -> None:
    line = fixed_contract(world, RevenueMethod.STRAIGHT_LINE)
    ordered(world, line.contract_id, repriced(line, 70_000))
    row = ContractModification.objects.get()
    address = reverse("contract-modification-dismiss", args=[line.contract_id, row.pk])
    assert fay.post(address, {"reason": ""}).status_code == 422
    assert fay.post(address, {"reason": "Billed elsewhere"}).status_code == 302
    assert "Modifications to decide" not in page(fay, "revenue")


def test_an_option_financing_and_a_discount_of_one_are_set_by_the_form_and_stand_there_again(
    world: World, fay: Client
) -> None:
    line = fixed_contract(world, RevenueMethod.POINT_IN_TIME, price=12_000, activate=False)
    address = reverse("contract-obligations", args=[line.contract_id])
    sent = {
        "name_0": "Plant", "line_ids_0": str(line.pk), "method_0": "point_in_time", "basis_0": "observable",
        "basis_amount_0": "12000", "expected_end_0": "30.6.2026", "transfer_0": "1.2.2026", "annual_0": "5",
        "financed_0": "Bank", "payments_0.0.day": "1.2.2029", "payments_0.0.amount": "1000",
        "name_1": "Voucher", "line_ids_1": str(line.pk), "method_1": "point_in_time", "basis_1": "observable",
        "expires_1": "30.6.2026", "purchase_1": "10000", "discount_1": "30", "usual_1": "10", "likely_1": "150",
        "belonging.0.amount": "-2000", "belonging.0.names": "Voucher", "belonging.0.reason": "Launch",
    }  # fmt: skip
    answer = fay.post(address, sent)
    assert answer.status_code == 422
    assert "Use 0 to 100 %." in answer.content.decode()
    answer = fay.post(address, sent | {"likely_1": "50"})
    assert "The payments come to" in answer.content.decode()
    # 14,000 by 12,000 and 1,000 (20 % beyond the usual of 10,000, half likely), less 2,000 of the voucher alone
    answer = fay.post(address, sent | {"likely_1": "50", "payments_0.0.amount": "12923.08"})
    assert answer.status_code == 302
    prices = dict(ObligationVersion.objects.values_list("obligation__name", "price"))
    assert prices["Voucher"] == Decimal("-923.08")
    assert prices["Plant"] == Decimal("11161.95")  # 12,923.08 at 5 % over 1,096 days
    shown = fay.get(address).content.decode()
    for said in ("Launch", "Bank", "30 Jun 2026", "12923.08"):
        assert said in shown


def test_what_stays_unused_and_a_used_option_are_said_by_forms(
    world: World, fay: Client, browser_of: Browser
) -> None:
    line = fixed_contract(
        world, RevenueMethod.RIGHTS_USED, model=BillingModel.PREPAID, price=0, name="Block",
        terms={"block_hours": "40", "price": "4000"},
    )  # fmt: skip
    assert "Unused" in page(browser_of(world.pia), "contract-revenue", line.contract_id)
    address = reverse("contract-obligation-estimate", args=[line.contract_id, obligation_of(line).pk])
    sent = {"from_day": "1.3.2026", "breakage_percent": "10", "reason": "Other years"}
    assert browser_of(world.pia).post(address, sent).status_code == 302
    assert ObligationEstimate.objects.get().breakage_percent == 10
    PerformanceObligation.objects.update(method=Method.POINT_IN_TIME, expires=date(2026, 7, 1))
    assert "Used" in page(fay, "contract-revenue", line.contract_id)
    address = reverse("contract-option-exercise", args=[line.contract_id, obligation_of(line).pk])
    assert fay.get(address).status_code == 200
    assert fay.post(address, {"on": "1.3.2026", "reason": "x", "into_id": ""}).status_code == 422
