"""What the demo firm spends and agrees beside time: the same twice, in every state, with receipts that open."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.contracts.calc import terms
from workledger.demo.calc.deals import plan_deals
from workledger.demo.calc.firm import generate
from workledger.demo.calc.records import DemoFirm
from workledger.demo.calc.spending import APPROVED, DRAFT, REIMBURSED, SUBMITTED, plan_spending, receipt_pdf

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def firm() -> DemoFirm:
    return generate(people=20, months=8, today=TODAY)


def test_the_same_firm_spends_the_same(firm: DemoFirm) -> None:
    assert plan_spending(firm) == plan_spending(firm)
    assert plan_spending(firm) != plan_spending(firm, seed=2)


def test_reports_stand_in_every_state_and_some_expenses_are_forgotten(firm: DemoFirm) -> None:
    reports = plan_spending(firm)
    assert {report.state for report in reports} == {DRAFT, SUBMITTED, APPROVED, REIMBURSED}
    spent = [each for report in reports for each in report.expenses]
    assert any(each.is_forgotten for each in spent)
    assert all(each.day <= TODAY for each in spent)
    assert all(each.tax < (each.amount or 1) for each in spent)


def test_deals_are_of_each_kind_and_their_terms_hold(firm: DemoFirm) -> None:
    deals = plan_deals(firm)
    assert [deal.model for deal in deals] == ["retainer", "prepaid", "fixed_fee", "milestone", "recurring"]
    for deal in deals:
        terms.parse(deal.model, deal.terms)
        assert all(day.weekday() == 2 and deal.starts_on <= day <= TODAY for day, _ in deal.worked)


def test_a_firm_of_one_month_has_deals_too() -> None:
    small = generate(people=3, months=1, today=date(2026, 1, 1))
    assert len(plan_deals(small)) == 5
    assert plan_spending(small) == plan_spending(small)


def test_a_receipt_is_a_pdf_and_the_same_twice() -> None:
    made = receipt_pdf("Hotel am Markt", "One night", TODAY, Decimal("119.90"), "EUR")
    assert made == receipt_pdf("Hotel am Markt", "One night", TODAY, Decimal("119.90"), "EUR")
    assert made.startswith(b"%PDF-1.4")
    assert b"119.90 EUR" in made
    at = int(made.rsplit(b"startxref\n", 1)[1].split()[0])
    assert made[at:].startswith(b"xref")
