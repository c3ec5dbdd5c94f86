"""How pre-bills and invoices are taxed by dated tax codes."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.documents import e_invoice, from_json
from workledger.billing.models import Invoice, InvoiceLine, IssuedDocument
from workledger.contracts.actions import change_line
from workledger.contracts.inputs import LineInput
from workledger.contracts.models import BillingModel, ContractLine, Rate, RateCard
from workledger.core.refusals import Refused
from workledger.directory.actions import TaxCodeDetails, add_tax_code, change_tax_rate
from workledger.directory.models import BillingProfile, ExchangeRate, TaxRate, TaxTreatment
from workledger.ledger.checks import run_checks
from workledger.projects.models import Task
from workledger.testing.time import approved
from workledger.testing.world import World

MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 1)
DAY = date(2026, 3, 2)


def code_of(
    world: World, name: str, rate: str | None = None, *, category: str = "S", is_default: bool = False
) -> int:
    return add_tax_code(
        actor=world.olivia.actor,
        entity_id=world.entity_id,
        category=TaxTreatment(category),
        code=TaxCodeDetails(
            name, name, "" if rate else "because", "VATEX-EU-132-1I" if category == "E" else "", is_default
        ),
        percentage=Decimal(rate) if rate else None,
        start=date(2026, 1, 1) if rate else None,
    )


def billed(world: World, through: date = MARCH) -> Invoice:
    run_billing(actor=world.fay.actor, through=through)
    return Invoice.objects.get(contract=world.acme_contract)


def sums(invoice: Invoice) -> tuple[object, ...]:
    return invoice.net, invoice.tax, invoice.gross


def tax_lines(invoice: Invoice) -> list[tuple[object, ...]]:
    rows = InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    return list(rows.values_list("tax_code", "tax_rate", "tax_label"))


def set_code(task: Task, code_id: int) -> None:
    assert task.contract_line is not None
    task.contract_line.tax_code_id = code_id
    task.contract_line.save()


def test_without_codes_the_entity_s_rate_is_charged_as_ever(world: World) -> None:
    approved(world.carl, world, world.build, DAY, "8")
    invoice = billed(world)
    assert sums(invoice) == (960, Decimal("182.40"), Decimal("1142.40"))
    assert tax_lines(invoice) == [("S", 19, "")]


@pytest.mark.parametrize(
    ("day", "tax"),
    [(MARCH, Decimal("182.40")), (APRIL, Decimal("153.60"))],  # 19 % and 16 % of 960
)
def test_the_default_code_charges_what_holds_on_the_last_day_of_service(
    world: World, day: date, tax: Decimal
) -> None:
    code_id = code_of(world, "USt.", "19", is_default=True)
    change_tax_rate(actor=world.olivia.actor, tax_code_id=code_id, percentage=Decimal(16), start=APRIL)
    approved(world.carl, world, world.build, day, "8")
    assert sums(billed(world, day)) == (960, tax, 960 + tax)


def test_an_invoice_that_is_issued_before_the_service_ends_is_taxed_as_of_its_issue(world: World) -> None:
    code_id = code_of(world, "USt.", "19", is_default=True)
    change_tax_rate(actor=world.olivia.actor, tax_code_id=code_id, percentage=Decimal(16), start=APRIL)
    approved(world.carl, world, world.build, APRIL, "8")
    invoice = billed(world, APRIL)
    assert invoice.tax == Decimal("153.60")
    issue_invoice(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=MARCH)
    invoice.refresh_from_db()
    assert sums(invoice) == (960, Decimal("182.40"), Decimal("1142.40"))
    assert tax_lines(invoice) == [("S", 19, "USt.")]


def test_two_rates_on_one_invoice_and_one_line_without_tax(world: World) -> None:
    code_of(world, "USt.", "19", is_default=True)
    other = ContractLine.objects.create(
        contract=world.acme_contract, position=9, name="Books", model=BillingModel.TIME_AND_MATERIALS,
        revenue_method="as_invoiced", tax_code_id=code_of(world, "Reduced", "7"),
    )  # fmt: skip
    world.workshops.contract_line = other
    world.workshops.save()
    approved(world.carl, world, world.build, DAY, "8")
    approved(world.carl, world, world.workshops, date(2026, 3, 3), "1")
    invoice = billed(world)
    assert sorted(tax_lines(invoice)) == [("S", 7, "Reduced"), ("S", 19, "USt.")]
    assert sums(invoice) == (1080, Decimal("190.80"), Decimal("1270.80"))  # 182.40 + 8.40
    issue_invoice(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=MARCH)
    content = bytes(IssuedDocument.objects.get(invoice=invoice).content).decode()
    assert '"label":"Reduced"' in content.replace(" ", "")
    assert all(check.ok for check in run_checks())


def test_the_line_goes_before_the_client_and_prints_why_nothing_is_charged(world: World) -> None:
    BillingProfile.objects.filter(client=world.acme).update(tax_code_id=code_of(world, "Sales tax", "8.875"))
    approved(world.carl, world, world.build, DAY, "8")
    invoice = billed(world)
    assert sums(invoice) == (960, Decimal("85.20"), Decimal("1045.20"))  # 8.875 % of 960
    set_code(world.build, code_of(world, "Exempt", category="E"))
    approved(world.carl, world, world.build, date(2026, 3, 9), "1")
    run_billing(actor=world.fay.actor, through=MARCH)
    second = Invoice.objects.filter(contract=world.acme_contract).latest("pk")
    assert tax_lines(second) == [("E", 0, "Exempt: because")]
    assert sums(second) == (120, 0, 120)
    issue_invoice(actor=world.fay.actor, invoice_id=second.pk, issued_on=MARCH)
    document = from_json(bytes(IssuedDocument.objects.get(invoice=second).content))
    (part,) = e_invoice(document).breakdown
    assert part.exemption == ("Exempt: because", "VATEX-EU-132-1I")


def test_yen_are_taxed_without_decimals(world: World) -> None:
    world.acme_contract.currency = "JPY"
    world.acme_contract.save()
    RateCard.objects.filter(contract=world.acme_contract).update(currency="JPY")
    Rate.objects.filter(card__contract=world.acme_contract).update(rate_per_hour=12_345)
    ExchangeRate.objects.create(base="EUR", quote="JPY", day=date(2026, 1, 1), rate=160)
    code_of(world, "Consumption tax", "10", is_default=True)
    approved(world.carl, world, world.build, DAY, "1")
    assert sums(billed(world)) == (12_345, 1_235, 13_580)  # 1234.5, half up


def test_a_code_without_a_rate_on_the_day_leaves_its_contract_alone_out(world: World) -> None:
    code_id = code_of(world, "Late", "19")
    set_code(world.build, code_id)
    TaxRate.objects.filter(code_id=code_id).update(start=APRIL)
    approved(world.carl, world, world.build, DAY, "8")
    approved(world.pia, world, world.advice, DAY, "2")
    run = run_billing(actor=world.fay.actor, through=MARCH)
    assert [row.client for row in run.invoices] == [world.borealis.name]
    (left,) = [row for row in run.exceptions if row.kind == "tax_rate_missing"]
    assert left.count == 1
    assert (
        f"Contract {world.acme_contract.number}: The tax code Late has no rate on 2026-03-02" in left.detail
    )
    TaxRate.objects.filter(code_id=code_id).update(start=DAY)
    again = run_billing(actor=world.fay.actor, through=MARCH)
    assert ([row.client for row in again.invoices], again.exceptions) == ([world.acme.name], [])


def test_a_contract_line_takes_a_code_of_its_own_entity_only(world: World) -> None:
    line = world.build.contract_line
    assert line is not None
    given = LineInput(name=line.name, model=BillingModel(line.model), tax_code_id=0)
    with pytest.raises(Refused) as refused:
        change_line(actor=world.fay.actor, line_id=line.pk, line=given)
    assert refused.value.codes == ("unknown_tax_code",)
