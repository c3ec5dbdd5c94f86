"""A payment that bounced, a debt that will not be paid: what is open again, what was lost, to the cent."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.payment_terms import TermsInput, add_payment_terms, choose_for_invoices
from workledger.billing.models import Invoice
from workledger.billing.tests.test_cycle import balance
from workledger.contracts.models import RateCard
from workledger.core import events
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, Refused
from workledger.directory.models import ExchangeRate
from workledger.ledger.actions import set_period_state
from workledger.ledger.models import AccountRole, JournalEntry, Period, PeriodState, Posting
from workledger.receivables import queries
from workledger.receivables.actions import (
    allocate_deposit,
    apply_deposits,
    record_deposit,
    record_payment,
    reverse_write_off,
    void_payment,
    write_off_debt,
)
from workledger.receivables.events import DebtWrittenOff, PaymentRecorded, PaymentVoided, WriteOffReversed
from workledger.receivables.models import BadDebt, EarlyDiscount, Payment
from workledger.receivables.tests.acts import issued, still_open
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

APRIL_14, APRIL_20, MAY_4 = date(2026, 4, 14), date(2026, 4, 20), date(2026, 5, 4)
WITH_DEPOSIT = Options(confirmed=frozenset({"overpayment"}))


@pytest.fixture
def abroad(world: World) -> Invoice:
    """10 h × 130 kronor at 0.09 euro; on 14 April a krona is 0.085, on 20 April 0.08."""
    world.borealis_contract.currency = "SEK"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="SEK")
    for day, rate in ((date(2026, 3, 1), "0.09"), (APRIL_14, "0.085"), (APRIL_20, "0.08")):
        ExchangeRate.objects.create(base="SEK", quote="EUR", day=day, rate=D(rate))
    approved(world.carl, world, world.advice, date(2026, 3, 2), "10")
    return issued(world)


def pay(world: World, invoice: Invoice, amount: str, on: date = APRIL_14) -> int:
    done = record_payment.using(WITH_DEPOSIT)(
        actor=world.fay.actor, invoice_id=invoice.pk, amount=D(amount), on=on
    )
    return done.payment_id


def void(world: World, payment_id: int, on: date = APRIL_20) -> int:
    return void_payment(actor=world.fay.actor, payment_id=payment_id, on=on, reason="Bounced")


def worth(role: AccountRole) -> D:
    """What an account stands at in the book's currency; debit is positive."""
    rows = Posting.objects.filter(account__role=role).values_list("functional_debit", "functional_credit")
    return sum((debit - credit for debit, credit in rows), D(0))


# --- a payment is voided ------------------------------------------------------------------------------------


def test_a_bounced_payment_leaves_its_invoices_open_and_no_deposit(world: World, invoice: Invoice) -> None:
    payment = pay(world, invoice, "1200")  # 57.60 too much
    approved(world.carl, world, world.workshops, date(2026, 3, 3), "8")
    following = issued(world)
    allocate_deposit(
        actor=world.fay.actor, payment_id=payment, invoice_id=following.pk, amount=D(30), on=APRIL_14
    )
    entry_id = void(world, payment)
    assert (still_open(invoice), still_open(following)) == (D("1142.40"), D("1142.40"))
    assert balance(AccountRole.CASH_CLEARING) == balance(AccountRole.CUSTOMER_DEPOSITS) == D(0)
    assert balance(AccountRole.RECEIVABLE) == D("2284.80")
    assert (
        JournalEntry.objects.get(pk=entry_id).reverses_id == Payment.objects.get(pk=payment).journal_entry_id
    )
    assert queries.deposit_of(world.fay.actor, invoice) == D(0)
    row = queries.payment(world.fay.actor, payment)
    assert (row.voided_on, row.deposit, row.allocations) == (APRIL_20, D(0), ())


def test_the_early_payment_discount_goes_with_it_and_may_be_taken_again(world: World) -> None:
    terms = TermsInput("30 days, 2 % in 10", 30, discount_percent=D(2), discount_days=10)
    terms_id = add_payment_terms(actor=world.olivia.actor, terms=terms)
    choose_for_invoices(actor=world.olivia.actor, client_id=world.acme.pk, terms_id=terms_id)
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    invoice = issued(world)
    soon = date(2026, 3, 20)
    first = pay(world, invoice, "1119.55", soon)
    void(world, first, soon)
    assert still_open(invoice) == D("1142.40")
    assert balance(AccountRole.BILLING_ADJUSTMENTS) == D(0)
    assert balance(AccountRole.TAX_PAYABLE) == D("-182.40")
    second = pay(world, invoice, "1119.55", soon)
    assert still_open(invoice) == D(0)
    void(world, second, soon)
    assert still_open(invoice) == D("1142.40")
    assert sum(row.amount for row in EarlyDiscount.objects.all()) == D(0)


def test_in_another_currency_the_realized_difference_is_undone_too(world: World, abroad: Invoice) -> None:
    payment = pay(world, abroad, "1300")
    assert worth(AccountRole.REALIZED_FX) == D("6.50")  # 1,300 × (0.09 − 0.085)
    void(world, payment)
    assert worth(AccountRole.REALIZED_FX) == worth(AccountRole.CASH_CLEARING) == D(0)
    assert worth(AccountRole.RECEIVABLE) == D(117)  # 1,300 × 0.09
    pay(world, abroad, "1300", APRIL_20)
    assert worth(AccountRole.REALIZED_FX) == D(13)  # 1,300 × (0.09 − 0.08)


def test_thirds_of_an_invoice_leave_no_cent_in_the_books(world: World, abroad: Invoice) -> None:
    for amount in ("433.33", "433.33", "433.34"):  # 433.33 × 0.09 = 38.9997
        pay(world, abroad, amount)
    assert worth(AccountRole.RECEIVABLE) == worth(AccountRole.CUSTOMER_DEPOSITS) == D(0)


def test_credited_after_a_payment_and_then_voided_nothing_is_left(world: World, invoice: Invoice) -> None:
    payment = pay(world, invoice, "1000")
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=APRIL_14, reason="Wrong client")
    assert balance(AccountRole.CUSTOMER_DEPOSITS) == D(-1000)
    void(world, payment)
    assert balance(AccountRole.CUSTOMER_DEPOSITS) == balance(AccountRole.RECEIVABLE) == D(0)
    assert still_open(invoice) == D(0)


@pytest.mark.parametrize(
    ("on", "reason", "codes"),
    [
        (APRIL_20, " ", ("reason_missing",)),
        (date(2026, 4, 13), "Bounced", ("before_payment",)),
    ],
)
def test_voiding_is_refused(
    world: World, invoice: Invoice, on: date, reason: str, codes: tuple[str, ...]
) -> None:
    payment = pay(world, invoice, "100")
    with pytest.raises(Refused) as refused:
        void_payment(actor=world.fay.actor, payment_id=payment, on=on, reason=reason)
    assert refused.value.codes == codes
    assert still_open(invoice) == D("1042.40")


def test_what_was_set_later_is_not_undone_before(world: World, invoice: Invoice) -> None:
    payment = record_deposit(
        actor=world.fay.actor, client_id=world.acme.pk, entity_id=world.entity_id, currency="EUR", amount=D(500),
        on=TODAY,
    )  # fmt: skip
    apply_deposits(actor=world.fay.actor, invoice_id=invoice.pk, on=APRIL_20)
    with pytest.raises(Refused, match=rf"set against {invoice.number} on 20 April 2026") as refused:
        void(world, payment, APRIL_14)
    assert refused.value.codes == ("used_later",)
    void(world, payment)


def test_a_payment_is_voided_once_and_never_used_again(world: World, invoice: Invoice) -> None:
    payment = pay(world, invoice, "100")
    void(world, payment)
    with pytest.raises(Refused) as refused:
        void(world, payment)
    assert refused.value.codes == ("already_voided",)
    with pytest.raises(Refused) as refused:
        allocate_deposit(
            actor=world.fay.actor, payment_id=payment, invoice_id=invoice.pk, amount=D(1), on=APRIL_20
        )
    assert refused.value.codes == ("voided",)
    with pytest.raises(Refused) as refused:
        apply_deposits(actor=world.fay.actor, invoice_id=invoice.pk, on=APRIL_20)
    assert refused.value.codes == ("no_deposit",)


def test_of_a_locked_month_it_lands_on_the_first_open_day(world: World, invoice: Invoice) -> None:
    payment = pay(world, invoice, "100")
    lock_through(world, APRIL_20)
    entry = JournalEntry.objects.get(pk=void(world, payment))
    assert entry.date == date(2026, 5, 1)
    assert still_open(invoice) == D("1142.40")


def lock_through(world: World, day: date) -> None:
    """Lock every month through that of a day."""
    for period in Period.objects.filter(book_id=world.entity_id, start__lte=day).order_by("start"):
        if period.state != PeriodState.LOCKED:
            set_period_state(
                actor=world.fay.actor, period_id=period.pk, state=PeriodState.LOCKED, reason="Closed"
            )


# --- a debt is written off ----------------------------------------------------------------------------------


def lose(world: World, invoice: Invoice, *, amount: str | None = None, tax_relief: bool = False) -> int:
    return write_off_debt(
        actor=world.fay.actor, invoice_id=invoice.pk, on=APRIL_20, reason="Insolvent",
        amount=D(amount) if amount else None, tax_relief=tax_relief,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "relief", "lost", "tax", "left"),
    [
        (None, False, "1142.40", "-182.40", "0"),
        (None, True, "960.00", "0", "0"),
        ("571.20", False, "571.20", "-182.40", "571.20"),
        ("571.20", True, "480.00", "-91.20", "571.20"),
    ],
)
def test_a_bad_debt_is_an_expense_gross_or_without_the_tax(
    world: World, invoice: Invoice, amount: str | None, relief: bool, lost: str, tax: str, left: str
) -> None:
    lose(world, invoice, amount=amount, tax_relief=relief)
    assert balance(AccountRole.BAD_DEBT) == D(lost)
    assert balance(AccountRole.TAX_PAYABLE) == D(tax)
    assert still_open(invoice) == balance(AccountRole.RECEIVABLE) == D(left)


def test_paid_after_all_it_is_owed_again_first(world: World, invoice: Invoice) -> None:
    lose(world, invoice, tax_relief=True)
    for amount, open_amount in ((D(400), D(400)), (None, D("1142.40"))):
        reverse_write_off(
            actor=world.fay.actor, invoice_id=invoice.pk, on=MAY_4, reason="They pay", amount=amount
        )
        assert still_open(invoice) == open_amount
    assert balance(AccountRole.BAD_DEBT) == D(0)
    assert balance(AccountRole.TAX_PAYABLE) == D("-182.40")
    pay(world, invoice, "1142.40", MAY_4)
    assert still_open(invoice) == D(0)


def test_in_another_currency_it_is_lost_at_what_the_books_have(world: World, abroad: Invoice) -> None:
    pay(world, abroad, "433.33")
    lose(world, abroad)  # 866.67 kronor: 117.00 − 39.00 euros
    assert (worth(AccountRole.BAD_DEBT), worth(AccountRole.RECEIVABLE)) == (D(78), D(0))
    reverse_write_off(actor=world.fay.actor, invoice_id=abroad.pk, on=MAY_4, reason="They pay")
    assert (worth(AccountRole.BAD_DEBT), worth(AccountRole.RECEIVABLE)) == (D(0), D(78))


def test_a_credit_note_takes_the_bad_debt_back_since_nothing_was_owed(world: World, invoice: Invoice) -> None:
    pay(world, invoice, "142.40")
    lose(world, invoice, amount="600", tax_relief=True)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=MAY_4, reason="Never delivered")
    assert balance(AccountRole.BAD_DEBT) == balance(AccountRole.TAX_PAYABLE) == D(0)
    assert balance(AccountRole.RECEIVABLE) == still_open(invoice) == D(0)
    assert balance(AccountRole.CUSTOMER_DEPOSITS) == D("-142.40")


def test_a_voided_payment_beside_a_bad_debt_opens_its_part_only(world: World, invoice: Invoice) -> None:
    payment = pay(world, invoice, "1000")
    lose(world, invoice)
    void(world, payment)
    assert still_open(invoice) == D(1000)
    assert balance(AccountRole.BAD_DEBT) == D("142.40")


@pytest.mark.parametrize(
    ("amount", "on", "reason", "code"),
    [
        (D(0), APRIL_20, "Insolvent", "amount_not_possible"),
        (D("1142.41"), APRIL_20, "Insolvent", "amount_not_possible"),
        (D("0.001"), APRIL_20, "Insolvent", "amount_not_possible"),
        (None, date(2026, 3, 1), "Insolvent", "before_invoice"),
        (None, APRIL_20, "", "reason_missing"),
    ],
)
def test_impossible_write_offs_are_refused(
    world: World, invoice: Invoice, amount: D | None, on: date, reason: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        write_off_debt(actor=world.fay.actor, invoice_id=invoice.pk, on=on, reason=reason, amount=amount)
    assert refused.value.codes == (code,)
    assert not BadDebt.objects.exists()


def test_nothing_open_and_nothing_lost_are_refused(world: World, invoice: Invoice) -> None:
    with pytest.raises(Refused) as refused:
        reverse_write_off(actor=world.fay.actor, invoice_id=invoice.pk, on=MAY_4, reason="They pay")
    assert refused.value.codes == ("not_written_off",)
    pay(world, invoice, "1142.40")
    with pytest.raises(Refused) as refused:
        lose(world, invoice)
    assert refused.value.codes == ("not_open",)


def test_who_may_not_write_off_does_not(world: World, invoice: Invoice) -> None:
    for person in (world.carl, world.pia):
        with pytest.raises(Forbidden):
            write_off_debt(actor=person.actor, invoice_id=invoice.pk, on=APRIL_20, reason="Insolvent")


def test_the_floors_above_are_told(world: World, invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[events.Event] = []
    for kind in (PaymentRecorded, PaymentVoided, DebtWrittenOff, WriteOffReversed):
        monkeypatch.setitem(events._handlers, kind, [*events._handlers[kind], told.append])
    payment = pay(world, invoice, "1000")
    void(world, payment)
    lose(world, invoice, amount="100")
    reverse_write_off(actor=world.fay.actor, invoice_id=invoice.pk, on=MAY_4, reason="They pay")
    actor = world.fay.actor
    assert told == [
        PaymentRecorded(actor, payment),
        PaymentVoided(actor, payment, APRIL_20),
        DebtWrittenOff(actor, invoice.pk, APRIL_20, D(100)),
        WriteOffReversed(actor, invoice.pk, MAY_4, D(100)),
    ]
