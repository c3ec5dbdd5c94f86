"""Early-payment discounts: taken in time, not taken late, taken back by a credit note."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.invoices import credit_invoice, credit_lines
from workledger.billing.actions.payment_terms import (
    TermsInput,
    add_payment_terms,
    change_payment_terms,
    choose_for_invoices,
)
from workledger.billing.actions.prebills import run_billing
from workledger.billing.crediting import CreditPart
from workledger.billing.documents import e_invoice, from_json, to_cii, to_ubl
from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl
from workledger.billing.models import Invoice, IssuedDocument, PaymentTerms
from workledger.billing.tests.test_cycle import balance
from workledger.core.refusals import Refused
from workledger.directory.models import BillingProfile
from workledger.ledger.models import AccountRole
from workledger.receivables.actions import record_payment
from workledger.receivables.models import EarlyDiscount, Receivable
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

IN_TIME, LATE = date(2026, 3, 26), date(2026, 3, 27)  # ten days from 16 March


@pytest.fixture
def invoice(world: World) -> Invoice:
    """8 h × 120, 19 %: 1,142.40 gross, 2 % or 22.85 off within ten days."""
    terms = add_payment_terms(
        actor=world.olivia.actor,
        terms=TermsInput("30 days, 2 % in 10", 30, discount_percent=D(2), discount_days=10),
    )
    choose_for_invoices(actor=world.olivia.actor, client_id=world.acme.pk, terms_id=terms)
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    done = run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    return Invoice.objects.get(pk=done.invoices[0].id)


def pay(world: World, invoice: Invoice, amount: str, on: date) -> D:
    record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(amount), on=on)
    return Receivable.objects.get(pk=invoice.pk).open_amount


def test_paid_in_time_the_rest_is_given_with_its_tax(world: World, invoice: Invoice) -> None:
    assert pay(world, invoice, "1119.55", IN_TIME) == D(0)
    given = EarlyDiscount.objects.get()
    assert (given.amount, given.tax) == (D("22.85"), D("3.65"))  # 22.85 × 182.40 / 1,142.40
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D("19.20")
    assert balance(AccountRole.TAX_PAYABLE) == D("-178.75")
    assert balance(AccountRole.RECEIVABLE) == D(0)


def test_two_payments_in_time_share_one_discount(world: World, invoice: Invoice) -> None:
    assert pay(world, invoice, "500", IN_TIME) == D("642.40")
    assert pay(world, invoice, "619.55", IN_TIME) == D(0)


@pytest.mark.parametrize(("amount", "on"), [("1119.55", LATE), ("1119.54", IN_TIME)])
def test_late_or_short_the_rest_stays_open(world: World, invoice: Invoice, amount: str, on: date) -> None:
    assert pay(world, invoice, amount, on) == D("1142.40") - D(amount)
    assert not EarlyDiscount.objects.exists()


def test_where_tax_stays_the_firm_bears_all(world: World, invoice: Invoice) -> None:
    Invoice.objects.filter(pk=invoice.pk).update(discount_reduces_tax=False)
    pay(world, invoice, "1119.55", IN_TIME)
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D("22.85")
    assert balance(AccountRole.TAX_PAYABLE) == D("-182.40")


def test_credit_notes_take_the_discount_back(world: World, invoice: Invoice) -> None:
    pay(world, invoice, "1119.55", IN_TIME)
    line = invoice.lines.get()
    credit_lines(
        actor=world.fay.actor, invoice_id=invoice.pk, parts=[CreditPart(line.pk, D(480))], on=IN_TIME, reason="Half"
    )  # fmt: skip
    assert balance(AccountRole.CUSTOMER_DEPOSITS) == D("-559.77")  # 571.20 less 11.43 of the discount
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=IN_TIME, reason="The rest")
    assert balance(AccountRole.CUSTOMER_DEPOSITS) == D("-1119.55")
    assert balance(AccountRole.RECEIVABLE) == balance(AccountRole.TAX_PAYABLE) == D(0)


def test_it_is_printed_and_stands_in_the_e_invoice(world: World, invoice: Invoice) -> None:
    frozen = from_json(bytes(IssuedDocument.objects.get(invoice=invoice).content))
    said = frozen.payment_terms.replace("\N{NO-BREAK SPACE}", " ")
    assert said == (
        "Payable within 30 days. Paid by 26 March 2026, EUR 22.85 may be taken off: pay EUR 1,119.55."
    )
    assert (problems_of_cii(to_cii(e_invoice(frozen))), problems_of_ubl(to_ubl(e_invoice(frozen)))) == (
        [],
        [],
    )


def test_a_contracts_terms_go_before_the_clients(world: World) -> None:
    late = add_payment_terms(
        actor=world.olivia.actor, terms=TermsInput("End of month", 15, is_end_of_month=True)
    )
    choose_for_invoices(
        actor=world.olivia.actor, client_id=world.acme.pk, contract_id=world.acme_contract.pk, terms_id=late
    )
    BillingProfile.objects.update(payment_terms_days=1)
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    done = run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    assert Invoice.objects.get(pk=done.invoices[0].id).due_on == date(2026, 4, 15)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (TermsInput(" ", 30), "name_missing"),
        (TermsInput("Known", 30), "name_taken"),
        (TermsInput("A", 400), "bad_terms"),
        (TermsInput("A", 30, discount_percent=D(2)), "discount_incomplete"),
        (TermsInput("A", 30, discount_percent=D(100), discount_days=3), "percent_not_possible"),
    ],
)
def test_impossible_terms_are_refused(world: World, terms: TermsInput, code: str) -> None:
    PaymentTerms.objects.create(name="Known", net_days=30)
    pk = add_payment_terms(actor=world.olivia.actor, terms=TermsInput("Mine", 30))
    with pytest.raises(Refused) as refused:
        change_payment_terms(actor=world.olivia.actor, payment_terms_id=pk, terms=terms)
    assert refused.value.codes == (code,)
