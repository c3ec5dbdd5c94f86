"""Revaluation at the period end: each monetary item, the rate of the day, the reversal, and what stays as it was."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice
from workledger.close.actions import accrue, revalue
from workledger.close.period_end_inputs import PeriodEndResult
from workledger.close.period_end_steps import revaluation_finding
from workledger.close.queries import closing
from workledger.contracts.models import RateCard
from workledger.core.door import Options
from workledger.directory.models import ExchangeRate, Person
from workledger.expenses import actions as expenses
from workledger.expenses.actions import BillInput, BillLineInput
from workledger.ledger import actions as ledger
from workledger.ledger.checks import run_checks
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole, Posting
from workledger.receivables.actions import record_deposit, record_payment
from workledger.testing.time import approved, book
from workledger.testing.world import TODAY, World

MARCH_2, MARCH_16, MARCH_31, APRIL_1, APRIL_14 = (
    date(2026, 3, 2), date(2026, 3, 16), date(2026, 3, 31), date(2026, 4, 1), date(2026, 4, 14),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


@pytest.fixture(autouse=True)
def _in_kronor(world: World) -> None:
    """Borealis pays in kronor: 0.09 euro on 1 March, 0.10 on 16 March, 0.085 on 31 March, 0.08 on 14 April."""
    world.borealis_contract.currency = "SEK"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="SEK")
    for day, rate in (
        (date(2026, 3, 1), "0.09"),
        (MARCH_16, "0.10"),
        (MARCH_31, "0.085"),
        (APRIL_14, "0.08"),
    ):
        ExchangeRate.objects.create(base="SEK", quote="EUR", day=day, rate=D(rate))


def run(world: World, options: Options | None = None, *, month: int = 3) -> PeriodEndResult:
    return revalue.using(options or Options())(
        actor=world.fay.actor, entity_id=world.entity_id, period_id=world.period(month).pk
    )


def at(day: date, role: AccountRole) -> D:
    """What an account stands at by the end of a day, debits less credits in the books' currency."""
    rows = Posting.objects.filter(date__lte=day, account__role=role)
    return sum((row.functional_debit - row.functional_credit for row in rows), D(0))


def work(world: World, hours: str = "10", on: date = MARCH_2) -> None:
    """10 hours at 130 kronor."""
    approved(world.carl, world, world.advice, on, hours)


def issued(world: World, on: date = MARCH_16) -> Invoice:
    done = run_billing(actor=world.olivia.actor, through=date(2026, 4, 30), issue=True, issued_on=on)
    return Invoice.objects.get(pk=done.invoices[0].id)


def test_work_not_billed_is_a_contract_asset_and_follows_the_rate(world: World) -> None:
    work(world)  # 1,300 at 0.09: 117
    (row,) = run(world).rows
    assert (row.what, row.debit, row.credit) == ("Contract asset", "Unrealized FX", "Contract position")
    assert (row.value, row.effect, row.client, row.contract) == (
        D("6.50"),
        D("-6.50"),
        "Borealis AB",
        "Advice",
    )
    assert row.reason == "1,300.00 SEK at 0.085 is 110.50 EUR; the books have 117.00 EUR."
    assert at(MARCH_31, AccountRole.CONTRACT_POSITION) == D("110.50")
    assert at(MARCH_31, AccountRole.UNREALIZED_FX) == D("6.50")
    assert at(APRIL_1, AccountRole.CONTRACT_POSITION) == D(117)
    assert at(APRIL_1, AccountRole.UNREALIZED_FX) == D(0)


def test_a_receivable_is_valued_as_it_stood_that_day(world: World) -> None:
    work(world)
    invoice = issued(world)  # at 0.10: 130, 13 gained on the work
    record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(300), on=MARCH_31)
    record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(1000), on=APRIL_14)
    (row,) = run(world).rows
    assert (row.what, row.effect) == ("Receivable", D("-15.00"))  # 1,000 × 0.085 − 100
    assert at(MARCH_31, AccountRole.RECEIVABLE) == D(85)
    assert at(APRIL_14, AccountRole.RECEIVABLE) == at(APRIL_14, AccountRole.UNREALIZED_FX) == D(0)
    # 13 gained at issue; 300 × (0.10 − 0.085) and 1,000 × (0.10 − 0.08) lost
    assert at(APRIL_14, AccountRole.REALIZED_FX) == D("11.50")


def test_money_on_deposit_is_owed_back_in_its_currency(world: World) -> None:
    record_deposit(
        actor=world.fay.actor, client_id=world.borealis.pk, entity_id=world.entity_id, currency="SEK",
        amount=D(1000), on=MARCH_16,
    )  # fmt: skip
    (row,) = run(world).rows
    assert (row.what, row.effect, row.client) == ("Customer deposit", D("15.00"), "Borealis AB")
    assert at(MARCH_31, AccountRole.CUSTOMER_DEPOSITS) == D(-85)
    assert at(MARCH_31, AccountRole.UNREALIZED_FX) == D(-15)


def test_a_vendors_bill_in_kronor_is_valued_until_it_is_paid(world: World) -> None:
    Person.objects.filter(pk=world.carl.person_id).update(is_contractor=True)
    approved(world.carl, world, world.build, MARCH_2, "8")
    bill_id = expenses.record_vendor_bill(
        actor=world.fay.actor,
        bill=BillInput(
            world.entity_id, "Carl AB", "7", MARCH_16, "SEK", D(4000),
            [BillLineInput(world.carl.person_id, MARCH_2, MARCH_2, 8 * 3600, D(4000))], reclaims_tax=False,
        ),
    )  # fmt: skip
    expenses.match_vendor_bill(actor=world.fay.actor, bill_id=bill_id)  # at 0.10: 400, as the time cost
    assert [row.effect for row in run(world, Options(dry_run=True)).rows] == [
        D("60.00")
    ]  # 4,000 × (0.10 − 0.085)
    run(world)
    assert at(MARCH_31, AccountRole.PAYABLE) == D(-340)
    assert at(APRIL_1, AccountRole.PAYABLE) == D(-400)
    expenses.pay_vendor_bill(actor=world.fay.actor, bill_id=bill_id, paid_on=APRIL_14)
    assert run(world, month=4).rows == []


def test_what_is_billed_ahead_is_owed_in_work_and_keeps_its_rate(world: World) -> None:
    client_id, contract_id = world.borealis.pk, world.borealis_contract.pk
    ledger.post(
        actor=world.system,
        entries=[
            EntryDraft(
                world.book_id, MARCH_16, "invoice_issued", "Billed ahead", "SEK",
                [
                    PostingDraft(AccountRole.CASH_CLEARING, D(1000), D(0), D(100)),
                    PostingDraft(AccountRole.CONTRACT_POSITION, D(0), D(1000), D(100), client_id, contract_id),
                ],
            )
        ],
    )  # fmt: skip
    assert run(world, Options(dry_run=True)).rows == []
    ledger.post(  # undone again, so that the position agrees with what was billed
        actor=world.system,
        entries=[
            EntryDraft(
                world.book_id, MARCH_16, "invoice_issued", "Taken back", "SEK",
                [
                    PostingDraft(AccountRole.CONTRACT_POSITION, D(1000), D(0), D(90), client_id, contract_id),
                    PostingDraft(AccountRole.CASH_CLEARING, D(0), D(1000), D(90)),
                ],
            )
        ],
    )  # fmt: skip
    (row,) = run(world).rows
    assert (row.what, row.credit, row.effect, row.is_reversed) == (
        "Settled, with a remainder", "Realized FX", D(10), False,
    )  # fmt: skip
    assert at(APRIL_14, AccountRole.CONTRACT_POSITION) == D(0)
    assert at(APRIL_14, AccountRole.REALIZED_FX) == D(-10)
    assert run(world).rows == []


def test_accrued_revenue_is_valued_with_what_it_will_become(world: World) -> None:
    book(world.carl, world.advice, MARCH_2, "10")
    accrue(
        actor=world.fay.actor, entity_id=world.entity_id, period_id=world.period(3).pk,
        include_unapproved_time=True,
    )  # fmt: skip
    (row,) = run(world).rows
    assert (row.what, row.effect) == ("Accrued revenue", D("-6.50"))
    assert at(MARCH_31, AccountRole.ACCRUED_REVENUE) == D("110.50")
    assert at(APRIL_1, AccountRole.ACCRUED_REVENUE) == at(APRIL_1, AccountRole.UNREALIZED_FX) == D(0)


def test_run_again_it_posts_the_difference_alone(world: World) -> None:
    work(world)
    run(world)
    assert run(world).new == []
    work(world, "2", date(2026, 3, 9))  # 260 at 0.09: 23.40
    (row,) = run(world).new
    assert (row.value, row.posted, row.new) == (D("7.80"), D("6.50"), D("1.30"))
    assert at(MARCH_31, AccountRole.UNREALIZED_FX) == D("7.80")
    assert at(APRIL_1, AccountRole.UNREALIZED_FX) == D(0)
    assert run(world, month=4).rows[0].effect == D("-15.60")  # 1,560 × 0.08 − 140.40


def test_a_currency_without_a_rate_is_left_out_and_listed(world: World) -> None:
    work(world)
    ExchangeRate.objects.all().delete()
    found = run(world)
    assert found.rows == []
    assert found.left_out == [
        "There is no exchange rate from SEK to EUR by 31 March 2026: set one, and run again."
    ]
    finding = revaluation_finding(world.fay.actor, world.entity.book, closing(world.period(3), TODAY))
    assert finding.count == 1
    ExchangeRate.objects.create(base="SEK", quote="EUR", day=MARCH_31, rate=D("0.085"))
    assert (
        revaluation_finding(world.fay.actor, world.entity.book, closing(world.period(3), TODAY)).sentence
        == "1 line to revalue."
    )
    run(world)
    assert not revaluation_finding(world.fay.actor, world.entity.book, closing(world.period(3), TODAY)).count


def test_the_books_own_currency_is_left_alone(world: World) -> None:
    approved(world.carl, world, world.build, MARCH_2, "8")
    issued(world)
    assert run(world).rows == []
    assert not revaluation_finding(world.fay.actor, world.entity.book, closing(world.period(3), TODAY)).count


# --- what is billed leaves the position at what it is carried at --------------------------------------------


def test_what_is_billed_and_paid_leaves_no_remainder(world: World) -> None:
    work(world)
    invoice = issued(world)
    assert at(MARCH_31, AccountRole.CONTRACT_POSITION) == D(0)
    assert at(MARCH_31, AccountRole.REALIZED_FX) == D(-13)  # 1,300 × (0.10 − 0.09)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=MARCH_31, reason="Wrong address")
    assert at(MARCH_31, AccountRole.CONTRACT_POSITION) == D(117)
    assert at(MARCH_31, AccountRole.REALIZED_FX) == D(0)
    again = issued(world, MARCH_31)
    assert at(MARCH_31, AccountRole.CONTRACT_POSITION) == D(0)
    assert at(MARCH_31, AccountRole.RECEIVABLE) == D("110.50")
    record_payment(actor=world.fay.actor, invoice_id=again.pk, amount=D(1300), on=APRIL_14)
    assert at(APRIL_14, AccountRole.REALIZED_FX) == D(13)  # 117 of work became 104 of money
