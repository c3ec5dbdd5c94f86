"""Whatever a firm did, accruals and revaluation of its periods leave nothing once the next period has begun."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice
from workledger.close.actions import accrue, revalue
from workledger.contracts.models import RateCard
from workledger.core.door import Options
from workledger.directory.models import ExchangeRate, Person
from workledger.ledger.checks import run_checks
from workledger.ledger.models import Posting
from workledger.receivables.actions import record_deposit, record_payment, void_payment, write_off_debt
from workledger.receivables.models import Payment, Receivable
from workledger.testing.expenses import spent, submitted
from workledger.testing.time import approve_all, book
from workledger.testing.world import World
from workledger.timesheets.models import TimeEntry

_CONFIRMED = Options(confirmed=frozenset({"overpayment"}))
_RUNS = ("accrual", "accrual_reversal", "revaluation", "revaluation_reversal")


def trial_balance(through: date, *, without_runs: bool = False) -> dict[tuple[str, str, int], tuple[D, D]]:
    """Each account by currency and contract: debits less credits there and in the books; zeros left out."""
    rows = Posting.objects.filter(date__lte=through)
    if without_runs:
        rows = rows.exclude(entry__kind__in=_RUNS)
    found: dict[tuple[str, str, int], tuple[D, D]] = {}
    for role, currency, contract_id, *sides in rows.values_list(
        "account__role", "currency", "contract_id", "debit", "credit", "functional_debit", "functional_credit"
    ):
        amount, value = found.get((role, currency, contract_id), (D(0), D(0)))
        found[role, currency, contract_id] = (amount + sides[0] - sides[1], value + sides[2] - sides[3])
    return {key: pair for key, pair in found.items() if any(pair)}


@pytest.mark.parametrize("seed", range(4))
def test_the_trial_balance_of_a_later_day_knows_nothing_of_period_ends(world: World, seed: int) -> None:
    chance = random.Random(seed)
    _in_kronor(world, chance)
    Person.objects.filter(pk=world.carl.person_id).update(is_contractor=chance.random() < 0.5)
    for month in (2, 3):
        _live(world, chance, month)
        _end(world, month, wants_time=chance.random() < 0.7)
        if chance.random() < 0.5:
            approve_all(world)
            _end(world, month, wants_time=chance.random() < 0.7)
    for month in (2, 3):
        first_of_next = date(2026, month + 1, 1)
        assert trial_balance(first_of_next) == trial_balance(first_of_next, without_runs=True)
    last = date(2026, 12, 31)
    assert trial_balance(last) == trial_balance(last, without_runs=True)
    assert trial_balance(date(2026, 3, 31)) != trial_balance(date(2026, 3, 31), without_runs=True)
    assert [result.line for result in run_checks() if not result.ok] == []


def _in_kronor(world: World, chance: random.Random) -> None:
    world.borealis_contract.currency = "SEK"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="SEK")
    for step in range(0, 120, 5):
        rate = D(chance.randint(800, 1000)) / 10000
        ExchangeRate.objects.create(
            base="SEK", quote="EUR", day=date(2026, 1, 15) + timedelta(days=step), rate=rate
        )


def _live(world: World, chance: random.Random, month: int) -> None:
    """A month of time, expenses, bills, payments, deposits, bounces and bad debts in two currencies."""
    for day in _some_days(chance, month):
        task = chance.choice([world.build, world.advice, world.review, world.travel])
        if not TimeEntry.objects.filter(
            line__task=task, line__state="approved", work_date__week=day.isocalendar()[1]
        ).exists():
            book(world.carl, task, day, chance.choice(["1.5", "4", "7.25"]))
    if chance.random() < 0.7:
        approve_all(world)
    ids = [
        spent(world, f"{chance.randint(10, 200)}.37", on=day, task_id=chance.choice([None, world.build.pk]))
        for day in _some_days(chance, month)[:3]
        if day <= date(2026, 3, 16)
    ]
    if ids:
        submitted(world, ids, name=f"Month {month}")
    on = date(2026, month, 20)
    run_billing(actor=world.olivia.actor, through=on, issue=True, issued_on=on)
    record_deposit(
        actor=world.fay.actor, client_id=world.borealis.pk, entity_id=world.entity_id, currency="SEK",
        amount=D(chance.randint(1, 900)), on=on,
    )  # fmt: skip
    for receivable in Receivable.objects.filter(open_amount__gt=0).order_by("pk"):
        _settle(world, chance, receivable, date(2026, month, 24))


def _settle(world: World, chance: random.Random, receivable: Receivable, on: date) -> None:
    amount = (receivable.open_amount * chance.randint(1, 3) / 3).quantize(D("0.01"))
    what = chance.choice(["pay", "bounce", "lose", "wait"])
    invoice = Invoice.objects.get(pk=receivable.pk)
    if what in ("pay", "bounce"):
        record_payment.using(_CONFIRMED)(actor=world.fay.actor, invoice_id=invoice.pk, amount=amount, on=on)
    if what == "bounce":
        void_payment(
            actor=world.fay.actor, payment_id=Payment.objects.latest("pk").pk, on=on, reason="Bounced"
        )
    if what == "lose":
        write_off_debt(
            actor=world.fay.actor, invoice_id=invoice.pk, on=on, reason="Insolvent", amount=amount,
            tax_relief=chance.random() < 0.5,
        )  # fmt: skip


def _some_days(chance: random.Random, month: int) -> Sequence[date]:
    return sorted(date(2026, month, day) for day in chance.sample(range(2, 28), 6))


def _end(world: World, month: int, *, wants_time: bool) -> None:
    actor, entity_id, period_id = world.fay.actor, world.entity_id, world.period(month).pk
    accrue(actor=actor, entity_id=entity_id, period_id=period_id, include_unapproved_time=wants_time)
    revalue(actor=actor, entity_id=entity_id, period_id=period_id)
