"""From approved time to invoice, credit and back: the acts, their postings, and what they refuse."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest
from django.db.models import F, Sum

from workledger.billing.actions.invoices import credit_invoice, issue_invoice
from workledger.billing.actions.prebills import (
    drop_lines,
    hold_items,
    release_items,
    run_billing,
    write_down_items,
    write_down_line,
)
from workledger.billing.documents import content_hash, from_json
from workledger.billing.models import (
    BillableItem,
    Invoice,
    InvoiceLine,
    IssuedDocument,
    OpenItem,
    ReasonCode,
    UnpricedItem,
)
from workledger.billing.queries import pdf
from workledger.contracts.events import RatesChanged
from workledger.contracts.models import Rate
from workledger.core.events import emit
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import BillingProfile
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole, Balance, Posting
from workledger.projects.events import TaskMappingChanged
from workledger.testing.time import approve_all, approved, book
from workledger.testing.world import TODAY, World
from workledger.timesheets.approval import approve_lines, withdraw_approval
from workledger.timesheets.models import LineState

MARCH_2, MARCH_3 = date(2026, 3, 2), date(2026, 3, 3)


def balance(role: AccountRole, **dimensions: int) -> D:
    """The debit balance of an account, from the balance table."""
    rows = Balance.objects.filter(account_id__in=_accounts(role), **dimensions)
    return rows.aggregate(total=Sum(F("debit") - F("credit")))["total"] or D(0)


def _accounts(role: AccountRole) -> list[int]:
    return list(Posting.objects.filter(account__role=role).values_list("account_id", flat=True).distinct())


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


def run(world: World, **options: Any) -> list[Invoice]:
    result = run_billing(actor=world.fay.actor, through=date(2026, 3, 31), **options)
    return list(
        Invoice.objects.filter(pk__in=[one.id for one in result.invoices]).order_by("contract__number")
    )


def test_approval_prices_work_and_posts_it(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    item = BillableItem.objects.get()
    assert (item.rate, item.amount) == (D(120), D(960))
    assert item.derivation is not None
    assert item.derivation.content["rule"] == "contract.role"
    assert balance(AccountRole.LABOUR_COST) == D(400)  # 8 h × 50
    assert balance(AccountRole.CONTRACT_POSITION, contract_id=world.acme_contract.pk) == D(960)
    assert balance(AccountRole.SERVICES_REVENUE) == D(-960)


def test_cost_stands_on_worked_and_price_on_billable_hours(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "4", billable="3")
    assert balance(AccountRole.LABOUR_COST) == D(200)  # 4 h × 50
    assert balance(AccountRole.SERVICES_REVENUE) == D(-360)  # 3 h × 120


def test_billable_zero_bills_nothing_and_still_costs(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "4.42", billable="0")
    assert not OpenItem.objects.exists()
    assert balance(AccountRole.LABOUR_COST) == D(221)  # 4.42 h × 50
    assert run(world) == []


def test_non_billable_task_makes_an_item_that_is_never_open(world: World) -> None:
    approved(world.carl, world, world.travel, MARCH_2, "2")
    assert BillableItem.objects.get().treatment == "non_billable"
    assert not OpenItem.objects.exists()


def test_hours_without_a_rate_are_listed_and_billed_once_there_is_one(world: World) -> None:
    Rate.objects.all().delete()
    approved(world.carl, world, world.build, MARCH_2, "8")
    assert UnpricedItem.objects.get().reason == "rate_missing"
    result = run_billing(actor=world.fay.actor, through=date(2026, 3, 31))
    assert [(one.kind, one.count) for one in result.exceptions] == [("rate_missing", 1)]
    Rate.objects.create(
        card=world.acme_contract.rate_cards.get(),
        valid_from=MARCH_2,
        rate_per_hour=D(100),
        role=world.consultant,
    )
    assert [invoice.net for invoice in run(world)] == [D(800)]
    assert not UnpricedItem.objects.exists()


def test_bill_run_makes_one_pre_bill_per_contract_and_issue_clears_the_position(world: World) -> None:
    book(world.carl, world.build, MARCH_2, "8")
    book(world.pia, world.build, MARCH_2, "2.5")
    book(world.carl, world.advice, MARCH_3, "4")
    approve_all(world)
    acme, borealis = run(world)
    assert (acme.net, acme.tax, acme.gross) == (D(1360), D("258.40"), D("1618.40"))  # 8×120 + 2.5×160, 19 %
    assert (borealis.net, borealis.tax) == (D(520), D(0))  # 4 × 130, reverse charge
    assert not OpenItem.objects.exists()
    number = issue_invoice(actor=world.fay.actor, invoice_id=acme.pk, issued_on=TODAY)
    assert number == "INV-2026-00001"
    assert balance(AccountRole.RECEIVABLE) == D("1618.40")
    assert balance(AccountRole.CONTRACT_POSITION, contract_id=world.acme_contract.pk) == D(0)
    assert balance(AccountRole.TAX_PAYABLE) == D("-258.40")


def test_printed_quantity_times_rate_is_printed_and_the_rest_is_posted_as_rounding(world: World) -> None:
    book(world.carl, world.build, MARCH_2, "0.8333")  # 50 minutes
    approve_all(world)
    (invoice,) = run(world)
    line = invoice.lines.get()
    assert (line.quantity, line.amount) == (D("0.83"), D("99.60"))  # 0.83 × 120
    assert line.rounding == D("-0.40")  # worth 100.00
    issue_invoice(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    assert balance(AccountRole.CONTRACT_POSITION, contract_id=world.acme_contract.pk) == D(0)
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D("0.40")


def test_the_same_run_twice_bills_nothing_twice(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    assert len(run(world)) == 1
    assert run(world) == []


def test_a_full_credit_is_the_exact_inverse_and_bills_again_the_same(world: World) -> None:
    book(world.carl, world.build, MARCH_2, "0.8333")
    book(world.pia, world.build, MARCH_3, "7")
    approve_all(world)
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    before = balance(AccountRole.SERVICES_REVENUE)
    number = credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Wrong address")
    assert number == "CN-2026-00001"
    for role in (AccountRole.RECEIVABLE, AccountRole.TAX_PAYABLE, AccountRole.BILLING_ADJUSTMENTS):
        assert balance(role) == D(0)
    assert balance(AccountRole.CONTRACT_POSITION) == -before
    (again,) = run(world, issue=True, issued_on=TODAY)
    assert again.number == "INV-2026-00002"
    same = ["net", "tax", "gross", "service_start", "service_end"]
    assert [getattr(again, name) for name in same] == [getattr(invoice, name) for name in same]


def test_an_issued_document_stays_as_it_is(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    first = pdf(world.fay.actor, invoice.pk, today=TODAY)
    BillingProfile.objects.update(tax_rate=D(7), paper="letter", language="de")
    Rate.objects.update(rate_per_hour=D(1))
    world.acme.name = "Acme Renamed"
    world.acme.save()
    frozen = IssuedDocument.objects.get()
    assert pdf(world.fay.actor, invoice.pk, today=date(2027, 1, 1)) == first
    assert content_hash(from_json(bytes(frozen.content))) == frozen.content_hash
    assert first.startswith(b"%PDF")


def test_held_work_stays_off_the_bill_until_released(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    ids = list(OpenItem.objects.values_list("pk", flat=True))
    hold_items(actor=world.fay.actor, item_ids=ids, reason_code=ReasonCode.NOT_AGREED)
    result = run_billing(actor=world.fay.actor, through=date(2026, 3, 31))
    assert result.invoices == []
    assert [one.kind for one in result.exceptions] == ["held"]
    release_items(actor=world.fay.actor, item_ids=ids)
    assert len(run(world)) == 1


def test_written_down_wip_shows_as_an_adjustment(world: World) -> None:
    book(world.carl, world.build, MARCH_2, "8")
    approve_all(world)
    ids = list(OpenItem.objects.values_list("pk", flat=True))
    write_down_items(
        actor=world.fay.actor, item_ids=ids, amount=D(60), reason_code=ReasonCode.GOODWILL, on=TODAY
    )
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    assert [line.amount for line in invoice.lines.all()] == [D(960), D(-60)]
    assert balance(AccountRole.CONTRACT_POSITION) == D(0)
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D(60)


def test_a_line_written_down_on_the_pre_bill_can_be_dropped_and_billed_again(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    (invoice,) = run(world)
    line = invoice.lines.get()
    for amount in (D(100), D(20)):
        write_down_line(
            actor=world.fay.actor, line_id=line.pk, amount=amount, reason_code=ReasonCode.QUALITY, on=TODAY
        )
    invoice.refresh_from_db()
    assert (invoice.net, invoice.lines.count()) == (D(840), 2)
    assert drop_lines(actor=world.fay.actor, invoice_id=invoice.pk) == 1
    assert not Invoice.objects.exists()
    assert OpenItem.objects.get().amount == D(840)
    (again,) = run(world, issue=True, issued_on=TODAY)
    assert again.net == D(840)
    assert balance(AccountRole.CONTRACT_POSITION) == D(0)


def test_write_off_takes_all_that_remains(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    ids = list(OpenItem.objects.values_list("pk", flat=True))
    write_down_items(
        actor=world.fay.actor, item_ids=ids, amount=None, reason_code=ReasonCode.UNCOLLECTABLE, on=TODAY
    )
    assert not OpenItem.objects.exists()
    assert balance(AccountRole.CONTRACT_POSITION) == D(0)


@pytest.mark.parametrize("amount", [D("-1"), D("960.01"), D("0.001")])
def test_impossible_write_downs_are_refused_and_change_nothing(world: World, amount: D) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    ids = list(OpenItem.objects.values_list("pk", flat=True))
    with pytest.raises(Refused) as refused:
        write_down_items(
            actor=world.fay.actor, item_ids=ids, amount=amount, reason_code=ReasonCode.GOODWILL, on=TODAY
        )
    assert refused.value.codes == ("amount_not_possible",)
    assert OpenItem.objects.get().amount == D(960)


def test_withdrawing_an_approval_takes_the_work_back(world: World) -> None:
    entry = approved(world.carl, world, world.build, MARCH_2, "8")
    withdraw_approval(actor=world.pia.actor, line_id=entry.line_id, reason="Wrong task", on=TODAY)
    entry.line.refresh_from_db()
    assert entry.line.state == LineState.OPEN
    assert not OpenItem.objects.exists()
    for role in (AccountRole.LABOUR_COST, AccountRole.CONTRACT_POSITION, AccountRole.SERVICES_REVENUE):
        assert balance(role) == D(0)


def test_billed_time_is_not_withdrawn(world: World) -> None:
    entry = approved(world.carl, world, world.build, MARCH_2, "8")
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    with pytest.raises(Refused, match=f"on invoice {invoice.number}"):
        withdraw_approval(actor=world.pia.actor, line_id=entry.line_id, reason="Wrong task", on=TODAY)


def test_who_approved_all_the_time_does_not_issue(world: World) -> None:
    entry = book(world.carl, world.build, MARCH_2, "8")
    approve_lines(actor=world.fay.actor, line_ids=[entry.line_id])
    (invoice,) = run(world)
    with pytest.raises(Refused) as refused:
        issue_invoice(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    assert refused.value.codes == ("approved_all_yourself",)
    assert issue_invoice(actor=world.olivia.actor, invoice_id=invoice.pk, issued_on=TODAY)


def test_a_consultant_does_not_bill(world: World) -> None:
    with pytest.raises(Forbidden):
        run_billing(actor=world.carl.actor, through=TODAY)
    assert not InvoiceLine.objects.exists()


def test_late_time_of_a_locked_month_posts_in_the_open_one_and_keeps_its_day(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 1, 20), "8")
    posting = Posting.objects.get(account__role=AccountRole.SERVICES_REVENUE)
    assert (posting.date, posting.service_date) == (date(2026, 2, 1), date(2026, 1, 20))


def test_a_raised_rate_prices_open_work_anew_and_leaves_billed_work_alone(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    approved(world.carl, world, world.workshops, MARCH_3, "8")
    rate = Rate.objects.get(card__contract=world.acme_contract, role=world.consultant)
    rate.rate_per_hour = D(130)
    rate.save()
    emit(RatesChanged(world.system, (world.acme_contract.pk,), MARCH_2))
    assert OpenItem.objects.get().amount == D(1040)  # 8 × 130
    invoice.refresh_from_db()
    assert invoice.net == D(960)


def test_a_task_mapped_to_another_line_bills_there(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    world.build.contract_line = world.support
    world.build.save()
    emit(TaskMappingChanged(world.system, world.build.pk))
    assert not OpenItem.objects.exists()
    assert balance(AccountRole.CONTRACT_POSITION) == D(0)
