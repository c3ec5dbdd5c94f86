"""Vendors' bills: recorded, matched to approved time, paid."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.directory.actions import set_exchange_rate
from workledger.directory.models import Person
from workledger.expenses import actions, queries
from workledger.expenses.actions import BillInput, BillLineInput
from workledger.expenses.models import MatchedTime, VendorBill
from workledger.expenses.tests.test_reports import balances, holds
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World
from workledger.timesheets.approval import withdraw_approval

D = Decimal
MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)
DIFFERS = Options(confirmed=frozenset({"bill_differs"}))


@pytest.fixture(autouse=True)
def _carl_is_a_contractor(world: World) -> None:
    Person.objects.filter(pk=world.carl.person_id).update(is_contractor=True)


def bill(world: World, hours: int = 12, net: str = "600.00", **given: Any) -> int:
    """Record Carl's bill for a week: 12 h at 50 is 600 net, 114 tax."""
    tax = given.pop("tax", "114.00")
    line = BillLineInput(world.carl.person_id, MONDAY, FRIDAY, hours * 3600, D(net))
    wanted: dict[str, Any] = {
        "entity_id": world.entity_id, "vendor": "Carl & Partner", "number": "7", "bill_date": TODAY,
        "currency": "EUR", "amount": D(net) + D(tax), "tax_amount": D(tax), "lines": [line],
    } | given  # fmt: skip
    return actions.record_vendor_bill(actor=world.fay.actor, bill=BillInput(**wanted))


def week(world: World) -> None:
    """12 h of Carl, 8 on Atlas and 4 on Beacon, at 50 an hour."""
    approved(world.carl, world, world.build, MONDAY, "8")
    approved(world.carl, world, world.review, FRIDAY, "4")


def test_a_bill_that_agrees_takes_over_what_was_absorbed(world: World) -> None:
    week(world)
    bill_id = bill(world)
    page = queries.vendor_bill(world.fay.actor, bill_id)
    assert (page.approved_seconds, page.labour_cost, page.difference.is_none) == (12 * 3600, D(600), True)
    before = balances(world)
    assert before["labour_absorbed"] == D(-600)
    actions.match_vendor_bill(actor=world.fay.actor, bill_id=bill_id)
    after = balances(world)
    assert "labour_absorbed" not in after
    assert (after["labour_cost"], after["input_tax"], after["payable"]) == (D(600), D(114), D(-714))
    assert "project_expense" not in after
    assert MatchedTime.objects.count() == 2
    assert queries.vendor_bill(world.fay.actor, bill_id).approved_seconds == 12 * 3600
    holds()


def test_what_a_bill_has_more_is_shown_asked_about_and_spread(world: World) -> None:
    week(world)
    bill_id = bill(world, hours=14, net="690.00", tax="0.00")
    assert queries.vendor_bill(world.fay.actor, bill_id).difference == (2 * 3600, D(90))
    with pytest.raises(Refused, match="Say why it is accepted"):
        actions.match_vendor_bill(actor=world.fay.actor, bill_id=bill_id)
    with pytest.raises(NeedsConfirmation, match=r"billed 14.00 h, approved 12.00 h; 90.00 EUR more"):
        actions.match_vendor_bill(actor=world.fay.actor, bill_id=bill_id, reason="Agreed by phone")
    actions.match_vendor_bill.using(DIFFERS)(actor=world.fay.actor, bill_id=bill_id, reason="Agreed by phone")
    after = balances(world)
    # 400 of 600 on Atlas: 60 of 90; 200 of 600 on Beacon: 30
    assert (after["project_expense"], after["labour_cost"], after["payable"]) == (D(90), D(600), D(-690))
    holds()


def test_what_a_bill_has_less_lowers_the_cost(world: World) -> None:
    week(world)
    bill_id = bill(world, net="570.00", tax="0.00")
    actions.match_vendor_bill.using(DIFFERS)(actor=world.fay.actor, bill_id=bill_id, reason="Discount")
    assert balances(world)["project_expense"] == D(-30)
    holds()


def test_time_is_charged_once(world: World) -> None:
    week(world)
    actions.match_vendor_bill(actor=world.fay.actor, bill_id=bill(world))
    again = bill(world, number="8")
    assert queries.vendor_bill(world.fay.actor, again).approved_seconds == 0
    with pytest.raises(Refused, match="has no approved time from 2 Mar to 6 Mar 2026"):
        actions.match_vendor_bill(actor=world.fay.actor, bill_id=again, reason="?")


def test_a_line_of_one_project_takes_its_time_first(world: World) -> None:
    week(world)
    carl = world.carl.person_id
    lines = [
        BillLineInput(carl, MONDAY, FRIDAY, 8 * 3600, D(400)),
        BillLineInput(carl, MONDAY, FRIDAY, 4 * 3600, D(200), project_id=world.beacon.pk),
    ]
    bill_id = bill(world, lines=lines)
    page = queries.vendor_bill(world.fay.actor, bill_id)
    assert [line.approved_seconds // 3600 for line in page.lines] == [8, 4]


def test_matched_time_stays_as_it_is_until_the_match_is_taken_back(world: World) -> None:
    entry = approved(world.carl, world, world.build, MONDAY, "12")
    bill_id = bill(world)
    actions.match_vendor_bill(actor=world.fay.actor, bill_id=bill_id)
    with pytest.raises(Refused, match="on bill 7 of Carl & Partner"):
        withdraw_approval(actor=world.pia.actor, line_id=entry.line_id, reason="Wrong task", on=TODAY)
    actions.unmatch_vendor_bill(actor=world.fay.actor, bill_id=bill_id, reason="Wrong task")
    assert balances(world)["labour_absorbed"] == D(-600)
    assert "payable" not in balances(world)
    withdraw_approval(actor=world.pia.actor, line_id=entry.line_id, reason="Wrong task", on=TODAY)
    holds()
    actions.delete_vendor_bill(actor=world.fay.actor, bill_id=bill_id)
    assert not VendorBill.objects.exists()


def test_a_bill_in_another_currency_settles_with_a_difference(world: World) -> None:
    for day, rate in ((MONDAY, "0.95"), (date(2026, 3, 20), "0.97")):
        set_exchange_rate(actor=world.fay.actor, base="CHF", quote="EUR", day=day, rate=D(rate))
    week(world)
    bill_id = bill(world, net="600.00", tax="0.00", currency="CHF")
    actions.match_vendor_bill.using(DIFFERS)(actor=world.fay.actor, bill_id=bill_id, reason="As agreed")
    assert balances(world)["payable"] == D(-570)
    with pytest.raises(Refused, match="before its date"):
        actions.pay_vendor_bill(actor=world.fay.actor, bill_id=bill_id, paid_on=MONDAY)
    actions.pay_vendor_bill(actor=world.fay.actor, bill_id=bill_id, paid_on=date(2026, 3, 20))
    after = balances(world)
    assert (after["cash_clearing"], after["realized_fx"]) == (D(-582), D(12))
    assert "payable" not in after
    holds()
    with pytest.raises(Refused, match="This bill is paid"):
        actions.unmatch_vendor_bill(actor=world.fay.actor, bill_id=bill_id, reason="?")


def test_what_is_no_bill_is_refused(world: World) -> None:
    bill(world)
    pia = BillLineInput(world.pia.person_id, FRIDAY, MONDAY, 3600, D(600))
    for given, codes in (
        ({}, ("vendor_bill_once",)),
        ({"vendor": " ", "number": ""}, ("missing_vendor", "missing_number")),
        ({"number": "9", "lines": []}, ("no_lines",)),
        ({"number": "9", "lines": [pia]}, ("no_contractor", "bad_dates")),
        ({"number": "9", "amount": D(700)}, ("lines_differ",)),
        ({"number": "9", "currency": "SEK"}, ("exchange_rate_missing",)),
    ):
        with pytest.raises(Refused) as caught:
            bill(world, **given)
        assert caught.value.codes == codes
    assert VendorBill.objects.count() == 1


def test_only_finance_has_to_do_with_bills(world: World) -> None:
    week(world)
    bill_id = bill(world)
    with pytest.raises(Forbidden):
        actions.match_vendor_bill(actor=world.pia.actor, bill_id=bill_id)
    assert len(queries.vendor_bills(world.pia.actor)) == 1
    with pytest.raises(NotFound):
        queries.vendor_bill(world.carl.actor, bill_id)
