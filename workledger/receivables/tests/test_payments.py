"""Payments: partial, in full, too much, in another currency, credited, disputed."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.models import Invoice
from workledger.contracts.models import RateCard
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, Refused
from workledger.directory.models import ExchangeRate
from workledger.ledger.models import AccountRole, Posting
from workledger.receivables.actions import (
    allocate_deposit,
    apply_deposits,
    open_dispute,
    record_deposit,
    record_payment,
    settle_dispute,
)
from workledger.receivables.models import Payment
from workledger.receivables.tests.acts import issued, still_open
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

APRIL_14 = date(2026, 4, 14)
WITH_DEPOSIT = Options(confirmed=frozenset({"overpayment"}))


def test_an_invoice_is_paid_in_two_parts(world: World, invoice: Invoice) -> None:
    for amount, left in ((D(1000), D("142.40")), (D("142.40"), D(0))):
        record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=amount, on=APRIL_14)
        assert still_open(invoice) == left


def test_too_much_is_confirmed_and_kept_as_a_deposit_for_the_next_invoice(
    world: World, invoice: Invoice
) -> None:
    with pytest.raises(NeedsConfirmation, match="stays as a deposit"):
        record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(1200), on=APRIL_14)
    assert not Payment.objects.exists()
    received = record_payment.using(WITH_DEPOSIT)(
        actor=world.fay.actor, invoice_id=invoice.pk, amount=D(1200), on=APRIL_14
    )
    assert received.deposit == D("57.60")
    approved(world.carl, world, world.workshops, date(2026, 3, 3), "8")
    following = issued(world)
    allocate_deposit(
        actor=world.fay.actor,
        payment_id=received.payment_id,
        invoice_id=following.pk,
        amount=D("57.60"),
        on=APRIL_14,
    )
    assert still_open(following) == D("1084.80")


@pytest.mark.parametrize(
    ("amount", "on", "code"),
    [
        (D(0), APRIL_14, "amount_not_possible"),
        (D("-5"), APRIL_14, "amount_not_possible"),
        (D("0.001"), APRIL_14, "amount_not_possible"),
        (D(5), date(2026, 3, 1), "before_invoice"),
    ],
)
def test_impossible_payments_are_refused(
    world: World, invoice: Invoice, amount: D, on: date, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=amount, on=on)
    assert refused.value.codes == (code,)
    assert not Payment.objects.exists()


def test_the_same_payment_sent_twice_is_recorded_once(world: World, invoice: Invoice) -> None:
    pay = record_payment.using(Options(idempotency_key="bank-line-17"))
    first = pay(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(100), on=APRIL_14)
    assert pay(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(100), on=APRIL_14) == first
    assert Payment.objects.count() == 1


def test_a_consultant_records_no_payment(world: World, invoice: Invoice) -> None:
    with pytest.raises(Forbidden):
        record_payment(actor=world.carl.actor, invoice_id=invoice.pk, amount=D(1), on=APRIL_14)


def test_what_was_paid_on_a_credited_invoice_is_a_deposit_again(world: World, invoice: Invoice) -> None:
    record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(1000), on=APRIL_14)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=APRIL_14, reason="Wrong client")
    assert still_open(invoice) == D(0)
    deposits = Posting.objects.filter(account__role=AccountRole.CUSTOMER_DEPOSITS)
    assert sum(row.credit - row.debit for row in deposits) == D(1000)


def test_a_dispute_is_opened_once_and_settled(world: World, invoice: Invoice) -> None:
    dispute = open_dispute(
        actor=world.fay.actor, invoice_id=invoice.pk, reason="Two days too many", on=APRIL_14
    )
    with pytest.raises(Refused, match="already disputed"):
        open_dispute(actor=world.fay.actor, invoice_id=invoice.pk, reason="Again", on=APRIL_14)
    settle_dispute(actor=world.fay.actor, dispute_id=dispute, outcome="Agreed to pay", on=APRIL_14)


def test_settlement_at_another_rate_posts_the_difference(world: World) -> None:
    world.borealis_contract.currency = "SEK"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="SEK")
    for day, rate in ((date(2026, 3, 1), "0.09"), (APRIL_14, "0.085")):
        ExchangeRate.objects.create(base="SEK", quote="EUR", day=day, rate=D(rate))
    approved(world.carl, world, world.advice, date(2026, 3, 2), "10")  # 10 × 130 SEK
    invoice = issued(world)
    assert (invoice.currency, invoice.gross) == ("SEK", D(1300))
    record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(1300), on=APRIL_14)
    (difference,) = Posting.objects.filter(account__role=AccountRole.REALIZED_FX)
    assert difference.functional_debit == D("6.50")  # 1,300 × 0.09 − 1,300 × 0.085


def test_money_on_account_pays_a_later_invoice(world: World) -> None:
    deposited = [
        record_deposit(
            actor=world.fay.actor, client_id=world.acme.pk, entity_id=world.entity_id, currency="EUR",
            amount=D(amount), on=TODAY,
        )
        for amount in ("100", "2000")
    ]  # fmt: skip
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    invoice = issued(world)
    assert apply_deposits(actor=world.fay.actor, invoice_id=invoice.pk, on=APRIL_14) == D("1142.40")
    assert still_open(invoice) == D(0)
    used = {pk: Payment.objects.get(pk=pk).allocations.get().amount for pk in deposited}
    assert list(used.values()) == [D(100), D("1042.40")]  # the oldest first
    with pytest.raises(Refused) as refused:
        apply_deposits(actor=world.fay.actor, invoice_id=invoice.pk, on=APRIL_14)
    assert refused.value.codes == ("not_open",)
