"""Credit notes over parts of invoices, and credit and rebill in one act."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.invoices import credit_invoice, credit_lines, issue_invoice
from workledger.billing.actions.prebills import write_down_line
from workledger.billing.actions.rebills import credit_and_rebill
from workledger.billing.crediting import CreditPart
from workledger.billing.documents import InvoiceDocument, e_invoice, from_json, render_pdf, to_cii, to_ubl
from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl
from workledger.billing.models import Invoice, InvoiceLine, IssuedDocument, OpenItem, ReasonCode, WriteDown
from workledger.billing.tests.test_cycle import balance, run
from workledger.contracts.models import Rate
from workledger.core.models import ActionLog
from workledger.core.refusals import Refused
from workledger.directory.models import ExchangeRate
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole
from workledger.receivables.actions import record_payment
from workledger.receivables.models import Receivable
from workledger.testing.time import approve_all, book
from workledger.testing.world import TODAY, World

MARCH_2, MARCH_3 = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


@pytest.fixture
def invoice(world: World) -> Invoice:
    """0.83 h × 120 (worth 100.00) and 7 h × 160: 99.60 + 1,120.00 net, 231.72 tax."""
    book(world.carl, world.build, MARCH_2, "0.8333")
    book(world.pia, world.workshops, MARCH_3, "7")
    approve_all(world)
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    return invoice


def lines(invoice: Invoice) -> list[InvoiceLine]:
    return list(invoice.lines.order_by("position"))


def credit(world: World, invoice: Invoice, *parts: CreditPart) -> Invoice:
    number = credit_lines(
        actor=world.fay.actor, invoice_id=invoice.pk, parts=list(parts), on=TODAY, reason="Agreed with Cleo",
        reason_code=ReasonCode.QUALITY,
    )  # fmt: skip
    return Invoice.objects.get(number=number)


def document(invoice: Invoice) -> InvoiceDocument:
    return from_json(bytes(IssuedDocument.objects.get(invoice=invoice).content))


def nothing_is_left(*roles: AccountRole) -> bool:
    return all(balance(role) == D(0) for role in roles)


def test_a_line_is_credited_whole_and_its_work_is_wip_again(world: World, invoice: Invoice) -> None:
    first, second = lines(invoice)
    note = credit(world, invoice, CreditPart(second.pk))
    assert (note.net, note.tax, note.gross) == (D(1120), D("212.80"), D("1332.80"))
    assert [item.amount for item in OpenItem.objects.all()] == [D(1120)]
    invoice.refresh_from_db()
    assert invoice.state == "issued"
    assert balance(AccountRole.RECEIVABLE) == D("118.52")  # 99.60 × 1.19
    assert Receivable.objects.get(pk=invoice.pk).open_amount == D("118.52")
    last = credit(world, invoice, CreditPart(first.pk))
    assert last.gross == D("118.52")
    invoice.refresh_from_db()
    assert invoice.state == "credited"
    assert nothing_is_left(AccountRole.RECEIVABLE, AccountRole.TAX_PAYABLE, AccountRole.BILLING_ADJUSTMENTS)


def test_a_part_is_given_up_and_the_rest_becomes_wip(world: World, invoice: Invoice) -> None:
    _, second = lines(invoice)
    note = credit(world, invoice, CreditPart(second.pk, quantity=D("2.5")))
    assert [(line.quantity, line.rate, line.amount) for line in lines(note)] == [(D("2.5"), D(160), D(400))]
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D("400.40")  # with 0.40 of rounding
    assert (WriteDown.objects.get().amount, WriteDown.objects.get().reason_code) == (D(400), "quality")
    assert not OpenItem.objects.exists()
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="The rest")
    assert sorted(item.amount for item in OpenItem.objects.all()) == [D(100), D(720)]
    assert nothing_is_left(AccountRole.RECEIVABLE, AccountRole.TAX_PAYABLE)
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D(400)


def test_cents_of_tax_come_out_even_over_many_notes(world: World, invoice: Invoice) -> None:
    first, second = lines(invoice)
    notes = [
        credit(world, invoice, CreditPart(second.pk, amount)) for amount in (D("0.03"), D("0.03"), D("0.03"))
    ]
    assert [note.tax for note in notes] == [D("0.01"), D(0), D("0.01")]  # 0.0057, 0.0114, 0.0171
    rest = credit(world, invoice, CreditPart(first.pk), CreditPart(second.pk))
    assert sum(note.tax for note in [*notes, rest]) == invoice.tax
    assert nothing_is_left(AccountRole.RECEIVABLE, AccountRole.TAX_PAYABLE)


def test_the_frozen_note_prints_what_it_credits_and_is_an_e_invoice(world: World, invoice: Invoice) -> None:
    _, second = lines(invoice)
    for amount in (D("0.03"), D("0.03"), D(100)):
        note = credit(world, invoice, CreditPart(second.pk, amount))
        frozen = document(note)
        assert (frozen.net, frozen.tax, frozen.gross) == (note.net, note.tax, note.gross)
        assert frozen.original_number == invoice.number
        assert problems_of_cii(to_cii(e_invoice(frozen))) == []
        assert problems_of_ubl(to_ubl(e_invoice(frozen))) == []
        assert render_pdf(frozen).startswith(b"%PDF")


def test_a_written_down_line_is_credited_with_its_adjustment(world: World) -> None:
    book(world.carl, world.build, MARCH_2, "8")
    approve_all(world)
    (draft,) = run(world)
    write_down_line(
        actor=world.fay.actor,
        line_id=draft.lines.get().pk,
        amount=D(60),
        reason_code=ReasonCode.GOODWILL,
        on=TODAY,
    )
    issue_invoice(actor=world.fay.actor, invoice_id=draft.pk, issued_on=TODAY)
    invoice = Invoice.objects.get(pk=draft.pk)
    from_line, adjustment = lines(invoice)
    with pytest.raises(Refused) as refused:
        credit(world, invoice, CreditPart(adjustment.pk))
    assert refused.value.codes == ("line_unknown",)
    credit(world, invoice, CreditPart(from_line.pk, D(500)))
    note = credit(world, invoice, CreditPart(from_line.pk))
    assert [line.amount for line in lines(note)] == [D(460), D(-60)]
    assert OpenItem.objects.get().amount == D(400)


def test_paid_money_beyond_the_rest_becomes_a_deposit(world: World, invoice: Invoice) -> None:
    record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(1000), on=TODAY)
    _, second = lines(invoice)
    credit(world, invoice, CreditPart(second.pk))  # 1,451.32 − 1,332.80 leaves 118.52
    assert Receivable.objects.get(pk=invoice.pk).open_amount == D(0)
    assert balance(AccountRole.CUSTOMER_DEPOSITS) == D("-881.48")
    assert balance(AccountRole.RECEIVABLE) == D(0)


def test_parts_of_a_foreign_invoice_reverse_its_value_exactly(world: World) -> None:
    for day, rate in ((MARCH_2, "0.9"), (MARCH_3, "0.91"), (TODAY, "0.87654321")):
        ExchangeRate.objects.create(base="USD", quote="EUR", day=day, rate=D(rate))
    world.acme_contract.currency = "USD"
    world.acme_contract.save()
    world.acme_contract.rate_cards.update(currency="USD")
    book(world.carl, world.build, MARCH_2, "0.8333")
    book(world.pia, world.workshops, MARCH_3, "7")
    approve_all(world)
    (invoice,) = run(world, issue=True, issued_on=TODAY)
    first, second = lines(invoice)
    for part in (CreditPart(second.pk, D("333.33")), CreditPart(first.pk), CreditPart(second.pk)):
        credit(world, invoice, part)
    assert nothing_is_left(AccountRole.RECEIVABLE, AccountRole.TAX_PAYABLE)


@pytest.mark.parametrize(
    ("amount", "code"),
    [(D(0), "amount_not_possible"), (D("99.61"), "amount_not_possible"), (D("1.001"), "amount_not_possible")],
)
def test_impossible_parts_are_refused(world: World, invoice: Invoice, amount: D, code: str) -> None:
    first, _ = lines(invoice)
    with pytest.raises(Refused) as refused:
        credit(world, invoice, CreditPart(first.pk, amount))
    assert refused.value.codes == (code,)
    assert Invoice.objects.count() == 1


def test_credit_and_rebill_prices_anew_and_refers_to_the_old_invoice(world: World, invoice: Invoice) -> None:
    approved_later = book(world.carl, world.build, date(2026, 3, 10), "1")
    approve_all(world)
    Rate.objects.filter(card__contract=world.acme_contract, role=world.lead).update(rate_per_hour=D(150))
    made = credit_and_rebill(
        actor=world.olivia.actor, invoice_id=invoice.pk, on=TODAY, reason="Wrong rate of Pia", issue=True
    )
    again = Invoice.objects.get(pk=made.invoice_id)
    assert again.net == D("1149.60")  # 99.60 + 7 × 150; the hour of 10 March stays in WIP
    assert OpenItem.objects.get().item.source_id == approved_later.pk
    frozen = document(again)
    assert (frozen.original_number, frozen.original_issued_on) == (invoice.number, TODAY)
    assert frozen.number == made.number == "INV-2026-00002"
    assert problems_of_cii(to_cii(e_invoice(frozen))) == []
    entry = ActionLog.objects.get(action="billing.credit_and_rebill")
    assert made.credit_note in entry.summary
    assert made.number in entry.summary
    assert balance(AccountRole.RECEIVABLE) == again.gross


def test_rebilling_leaves_a_pre_bill_to_look_at(world: World, invoice: Invoice) -> None:
    made = credit_and_rebill(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Wrong address")
    again = Invoice.objects.get(pk=made.invoice_id)
    assert (again.state, again.corrects_invoice_id, again.net) == ("draft", invoice.pk, invoice.net)
