"""Down payments: issued ahead of work, drawn down by later invoices, given back by credit notes."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.down_payments import DownPaymentTerms, request_down_payment, set_draw
from workledger.billing.actions.invoices import credit_invoice, issue_invoice
from workledger.billing.actions.prebills import drop_lines
from workledger.billing.actions.rebills import credit_and_rebill
from workledger.billing.documents import e_invoice, from_json, render_pdf, to_cii, to_ubl
from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl
from workledger.billing.drawing import left_of
from workledger.billing.models import Invoice, IssuedDocument
from workledger.billing.tests.test_cycle import balance, run
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole
from workledger.testing.time import approve_all, book
from workledger.testing.world import TODAY, World

MARCH_2, MARCH_10 = date(2026, 3, 2), date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


def down_payment(world: World, amount: str = "1000", *, draw_percent: D = D(100)) -> Invoice:
    asked = DownPaymentTerms(amount=D(amount), draw_percent=draw_percent)
    pk = request_down_payment(
        actor=world.fay.actor, contract_id=world.acme_contract.pk, terms=asked, on=TODAY
    )
    issue_invoice(actor=world.fay.actor, invoice_id=pk, issued_on=TODAY)
    return Invoice.objects.get(pk=pk)


def bill(world: World, day: date, hours: str, *, issue: bool = True) -> Invoice:
    book(world.carl, world.build, day, hours)
    approve_all(world)
    (invoice,) = run(world, issue=issue, issued_on=TODAY if issue else None)
    return invoice


def left(payment: Invoice) -> D:
    return left_of([payment.pk])[payment.pk]


def test_a_down_payment_is_taxed_and_a_contract_liability_not_revenue(world: World) -> None:
    payment = down_payment(world)
    assert (payment.net, payment.tax, payment.gross) == (D(1000), D(190), D(1190))
    assert balance(AccountRole.RECEIVABLE) == D(1190)
    assert balance(AccountRole.CONTRACT_POSITION, contract_id=world.acme_contract.pk) == D(-1000)
    assert balance(AccountRole.SERVICES_REVENUE) == D(0)
    frozen = from_json(bytes(IssuedDocument.objects.get(invoice=payment).content))
    assert "<ram:TypeCode>386<" in to_cii(e_invoice(frozen)).decode()
    found = problems_of_cii(to_cii(e_invoice(frozen)))
    assert [each for each in found if "R008" not in each] == []  # the schema wants the delivery, empty or not
    assert problems_of_ubl(to_ubl(e_invoice(frozen))) == []
    assert render_pdf(frozen).startswith(b"%PDF")


def test_later_invoices_draw_it_down_to_zero_and_no_further(world: World) -> None:
    payment = down_payment(world)
    first = bill(world, MARCH_2, "5")  # 600
    assert (first.net, first.gross, left(payment)) == (D(0), D(0), D(400))
    second = bill(world, MARCH_10, "8")  # 960 − 400
    assert [line.amount for line in second.lines.all()] == [D(960), D(-400)]
    assert (second.net, second.tax, left(payment)) == (D(560), D("106.40"), D(0))
    assert balance(AccountRole.CONTRACT_POSITION, contract_id=world.acme_contract.pk) == D(0)
    assert balance(AccountRole.TAX_PAYABLE) == D("-296.40")  # 19 % of 1,560
    frozen = from_json(bytes(IssuedDocument.objects.get(invoice=second).content))
    assert frozen.lines[-1].description == f"Less down payment of invoice {payment.number}"
    assert (problems_of_cii(to_cii(e_invoice(frozen))), problems_of_ubl(to_ubl(e_invoice(frozen)))) == (
        [],
        [],
    )


def test_a_limited_share_is_drawn_of_each_invoice(world: World) -> None:
    payment = down_payment(world, draw_percent=D(30))
    assert bill(world, MARCH_2, "5").net == D(420)  # 600 less 30 %
    assert left(payment) == D(820)


def test_the_draw_of_a_pre_bill_is_changed_within_what_is_left(world: World) -> None:
    payment = down_payment(world)
    draft = bill(world, MARCH_2, "5", issue=False)
    for amount, net in (("250", D(350)), ("0", D(600)), ("600", D(0))):
        changed = set_draw(
            actor=world.fay.actor, invoice_id=draft.pk, down_payment_id=payment.pk, amount=D(amount)
        )
        assert changed == net
    with pytest.raises(Refused) as refused:
        set_draw(actor=world.fay.actor, invoice_id=draft.pk, down_payment_id=payment.pk, amount=D("600.01"))
    assert refused.value.codes == ("amount_not_possible",)
    drop_lines(actor=world.fay.actor, invoice_id=draft.pk)
    assert left(payment) == D(1000)
    assert Invoice.objects.count() == 1


def test_crediting_the_final_invoice_gives_the_draw_back(world: World) -> None:
    payment = down_payment(world)
    final = bill(world, MARCH_2, "10")  # 1,200 − 1,000
    with pytest.raises(Refused) as refused:
        credit_invoice(actor=world.fay.actor, invoice_id=payment.pk, on=TODAY, reason="Not agreed")
    assert refused.value.codes == ("down_payment_drawn",)
    credit_invoice(actor=world.fay.actor, invoice_id=final.pk, on=TODAY, reason="Wrong hours")
    assert left(payment) == D(1000)
    credit_invoice(actor=world.fay.actor, invoice_id=payment.pk, on=TODAY, reason="Not agreed")
    assert left(payment) == D(0)
    assert balance(AccountRole.RECEIVABLE) == balance(AccountRole.TAX_PAYABLE) == D(0)


def test_billing_anew_draws_anew(world: World) -> None:
    payment = down_payment(world)
    final = bill(world, MARCH_2, "10")
    made = credit_and_rebill(
        actor=world.olivia.actor, invoice_id=final.pk, on=TODAY, reason="Address", issue=True
    )
    assert Invoice.objects.get(pk=made.invoice_id).net == D(200)
    assert left(payment) == D(0)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (DownPaymentTerms(), "amount_or_percent"),
        (DownPaymentTerms(amount=D(1), percent=D(1)), "amount_or_percent"),
        (DownPaymentTerms(amount=D(-1)), "amount_not_possible"),
        (DownPaymentTerms(percent=D(101)), "percent_not_possible"),
        (DownPaymentTerms(percent=D(10)), "no_price"),
        (DownPaymentTerms(amount=D(1), contract_line_id=1), "line_unknown"),
        (DownPaymentTerms(amount=D(1), draw_percent=D(0)), "percent_not_possible"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(world: World, terms: DownPaymentTerms, code: str) -> None:
    with pytest.raises(Refused) as refused:
        request_down_payment(actor=world.fay.actor, contract_id=world.acme_contract.pk, terms=terms, on=TODAY)
    assert code in refused.value.codes


def test_a_percentage_is_of_the_price(world: World) -> None:
    world.delivery.price = D(20000)
    world.delivery.save()
    terms = DownPaymentTerms(percent=D("12.5"), contract_line_id=world.delivery.pk)
    pk = request_down_payment(
        actor=world.fay.actor, contract_id=world.acme_contract.pk, terms=terms, on=TODAY
    )
    assert Invoice.objects.get(pk=pk).net == D(2500)
