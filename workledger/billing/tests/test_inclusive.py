"""A contract whose prices contain tax, from approved time to the credited e-invoice."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.actions.charges import charge_due
from workledger.billing.actions.invoices import credit_invoice, issue_invoice
from workledger.billing.actions.prebills import run_billing, write_down_items, write_down_line
from workledger.billing.documents import from_json
from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl
from workledger.billing.models import (
    BillableItem,
    Invoice,
    InvoiceLine,
    IssuedDocument,
    OpenItem,
    ReasonCode,
    Treatment,
)
from workledger.billing.queries import electronic
from workledger.billing.writing import NewItem, Work, net_items
from workledger.contracts.actions import save_contract
from workledger.contracts.inputs import ContractInput
from workledger.contracts.models import BillingModel, Contract, ContractLine
from workledger.core.refusals import Refused
from workledger.directory.models import LegalEntity
from workledger.ledger.checks import run_checks
from workledger.ledger.models import Posting
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

MARCH_2, MARCH = date(2026, 3, 2), date(2026, 3, 31)


@pytest.fixture
def inclusive(world: World) -> World:
    """Acme's contract, whose rates of 120 and 160 an hour contain 19 %."""
    Contract.objects.filter(pk=world.acme_contract.pk).update(prices_include_tax=True)
    return world


def billed(world: World) -> Invoice:
    run_billing(actor=world.fay.actor, through=MARCH)
    return Invoice.objects.get(contract=world.acme_contract, state="draft")


def sums(invoice: Invoice) -> tuple[str, ...]:
    invoice.refresh_from_db()
    return tuple(f"{value:.2f}" for value in (invoice.net, invoice.tax, invoice.gross))


def lines(invoice: Invoice) -> list[tuple[str, ...]]:
    rows = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    return [
        tuple(f"{value:.2f}" for value in (row.quantity, row.rate, row.gross_amount or 0, row.amount))
        for row in rows
    ]


def test_wip_and_revenue_are_net_and_the_invoice_prints_what_was_agreed(inclusive: World) -> None:
    approved(inclusive.carl, inclusive, inclusive.build, MARCH_2, "8")
    item = BillableItem.objects.get()
    assert item.rate == 120
    assert (item.amount, item.included_tax) == (Decimal("806.72"), Decimal(19))  # 960 / 1.19
    assert OpenItem.objects.get().amount == Decimal("806.72")
    revenue = Posting.objects.get(account__role="services_revenue")
    assert revenue.credit == Decimal("806.72")
    invoice = billed(inclusive)
    assert sums(invoice) == ("806.72", "153.28", "960.00")
    assert lines(invoice) == [("8.00", "120.00", "960.00", "806.72")]
    issue_invoice(actor=inclusive.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    document = from_json(bytes(IssuedDocument.objects.get(invoice=invoice).content))
    (line,) = document.lines
    assert (line.rate, line.amount, line.net) == (Decimal(120), Decimal(960), Decimal("806.72"))
    assert document.notes == "Prices include tax."
    assert all(check.ok for check in run_checks())


def test_its_e_invoice_and_credit_note_are_net_and_valid(inclusive: World) -> None:
    approved(inclusive.carl, inclusive, inclusive.build, MARCH_2, "7.25")
    approved(inclusive.pia, inclusive, inclusive.workshops, MARCH_2, "0.5")
    invoice = billed(inclusive)
    issue_invoice(actor=inclusive.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    credit_invoice(actor=inclusive.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Wrong hours")
    for each in (invoice, Invoice.objects.get(credits_invoice=invoice)):
        ubl = electronic(inclusive.fay.actor, each.pk, "ubl").content
        assert problems_of_ubl(ubl) == []
        assert problems_of_cii(electronic(inclusive.fay.actor, each.pk, "cii").content) == []
        assert f'<cbc:TaxInclusiveAmount currencyID="EUR">{invoice.gross:.2f}<'.encode() in ubl
    assert all(check.ok for check in run_checks())


def test_what_is_written_down_shows_with_its_tax(inclusive: World) -> None:
    approved(inclusive.carl, inclusive, inclusive.build, MARCH_2, "8")
    write_down_items(
        actor=inclusive.fay.actor, item_ids=[BillableItem.objects.get().pk], amount=Decimal(100),
        reason_code=ReasonCode.OTHER, on=TODAY,
    )  # fmt: skip
    invoice = billed(inclusive)
    assert lines(invoice) == [
        ("8.00", "120.00", "960.00", "806.72"),
        ("1.00", "-119.00", "-119.00", "-100.00"),
    ]
    line_id = InvoiceLine.objects.get(invoice=invoice, is_adjustment=False).pk
    for _ in range(2):
        write_down_line(
            actor=inclusive.fay.actor,
            line_id=line_id,
            amount=Decimal("10.01"),
            reason_code=ReasonCode.OTHER,
            on=TODAY,
        )
    assert sums(invoice) == ("686.71", "130.47", "817.18")  # 960 - 119 - 2 x 11.91; / 1.19 = 686.7058
    issue_invoice(actor=inclusive.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    assert all(check.ok for check in run_checks())


def test_a_fee_contains_tax_too(inclusive: World) -> None:
    ContractLine.objects.create(
        contract=inclusive.acme_contract, position=9, name="Setup", model=BillingModel.FIXED_FEE,
        revenue_method="as_invoiced",
        terms={"model": "fixed_fee", "version": 1, "price": "1190.00",
               "instalments": [{"name": "All", "due": "2026-03-10", "percent": "100"}]},
    )  # fmt: skip
    charge_due(inclusive.system, MARCH, None, None)
    assert [f"{row.amount:.2f}" for row in BillableItem.objects.all()] == ["1000.00"]
    assert sums(billed(inclusive)) == ("1000.00", "190.00", "1190.00")


def test_tax_comes_on_top_of_rebilled_cost(inclusive: World) -> None:
    work = Work(
        "expense", 1, inclusive.entity_id, inclusive.acme.pk, inclusive.acme_contract.pk,
        inclusive.build.contract_line_id, inclusive.atlas.pk, None, inclusive.carl.person_id, None, 0, 0, MARCH_2, 0, 0, None,
    )  # fmt: skip
    cost = Decimal("100.00")
    (item,) = net_items([NewItem(work, 0, Treatment.CHARGED, "EUR", cost, cost, cost, quantity=Decimal(1))])
    assert (item.rate, item.amount, item.recognized) == (Decimal("119.00"), cost, cost)
    assert net_items([item]) == [item]


def test_a_cap_is_what_was_agreed(inclusive: World) -> None:
    line = inclusive.build.contract_line
    assert line is not None
    line.terms = {"model": "time_and_materials", "version": 1, "cap": {"amount": "1000.00", "action": "hard"}}
    line.save()
    approved(inclusive.carl, inclusive, inclusive.build, MARCH_2, "8")
    invoice = billed(inclusive)
    assert sums(invoice)[2] == "960.00"
    approved(inclusive.carl, inclusive, inclusive.build, date(2026, 3, 9), "1")
    second = billed_again(inclusive, invoice)
    assert sums(second)[2] == "40.00"  # 1000 less 960
    assert all(check.ok for check in run_checks())


def billed_again(world: World, first: Invoice) -> Invoice:
    issue_invoice(actor=world.fay.actor, invoice_id=first.pk, issued_on=TODAY)
    return billed(world)


def test_a_contract_takes_the_entity_s_default_and_keeps_it_once_active(world: World) -> None:
    given = ContractInput(client_id=world.acme.pk, entity_id=world.entity_id, name="New", start=MARCH_2)
    assert not Contract.objects.get(
        pk=save_contract(actor=world.fay.actor, contract=given)
    ).prices_include_tax
    LegalEntity.objects.update(prices_include_tax=True)
    assert Contract.objects.get(pk=save_contract(actor=world.fay.actor, contract=given)).prices_include_tax
    fixed = ContractInput(
        client_id=world.acme.pk, entity_id=world.entity_id, name="Atlas", start=world.acme_contract.start,
        currency="EUR", prices_include_tax=True,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        save_contract(actor=world.fay.actor, contract=fixed, contract_id=world.acme_contract.pk)
    assert refused.value.codes == ("fixed_once_active",)
