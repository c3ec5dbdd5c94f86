"""Every number of a closed month is the same next year, whatever is done to that month afterwards."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.prebills import run_billing, write_down_items
from workledger.billing.models import Invoice, OpenItem, ReasonCode
from workledger.close.actions import accrue, revalue
from workledger.connect.tests.builders import bring, media
from workledger.contracts.actions import approve_rate, raise_rates
from workledger.contracts.models import ContractLine, Rate, RateCard, RateState, RevenueMethod
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.directory.models import ExchangeRate
from workledger.forecast import queries as forecast
from workledger.forecast.models import ForecastVersion
from workledger.ledger import queries as ledger
from workledger.ledger.actions import ManualJournal, ManualLine, post_manual_journal, set_period_state
from workledger.ledger.checks import run_checks
from workledger.ledger.export import Format, export
from workledger.ledger.export.extent import Extent
from workledger.ledger.models import Account, PeriodState
from workledger.receivables.actions import record_payment, void_payment, write_off_debt
from workledger.receivables.models import Payment
from workledger.reporting.catalogue import REPORTS, run
from workledger.reporting.report import Asked, Split
from workledger.reporting.sums import ReportBasis
from workledger.revenue.actions import estimate_variable, modify_contract, recognize, revise_estimate
from workledger.revenue.calc.modification import Rest
from workledger.revenue.calc.variable import Estimation
from workledger.revenue.inputs import ChangeInput, EstimateInput, ModificationInput
from workledger.testing import expenses
from workledger.testing.revenue import fixed_contract, obligation_of, task_of
from workledger.testing.time import approved, book
from workledger.testing.world import World
from workledger.timesheets.approval import withdraw_approval
from workledger.timesheets.models import TimesheetLine

__all__ = ["media"]
JANUARY, FEBRUARY, MARCH = (date(2026, month, 1) for month in (1, 2, 3))
FEB_28, MARCH_20 = date(2026, 2, 28), date(2026, 3, 20)


@pytest.fixture
def closed(world: World) -> World:
    """February with something of everything, closed: recognized, accrued, revalued, locked."""
    fay = world.fay.actor
    for day, rate in ((JANUARY, "0.9"), (FEB_28, "0.95"), (MARCH_20, "0.8")):
        ExchangeRate.objects.create(base="USD", quote="EUR", day=day, rate=D(rate))
    for name, method in (
        ("Hosting", RevenueMethod.STRAIGHT_LINE),
        ("Migration", RevenueMethod.INPUT_HOURS),
        ("Plant", RevenueMethod.INPUT_COST),
    ):
        line = fixed_contract(world, method, name=name, budget_seconds=100 * 3600)
        if method is RevenueMethod.INPUT_COST:
            _estimate(world, line, FEBRUARY, cost=D(20_000))
        approved(world.carl, world, task_of(world, line), date(2026, 2, 4), "6")
    abroad = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100, name="Abroad", currency="USD")
    approved(world.carl, world, task_of(world, abroad), date(2026, 2, 5), "3")
    approved(world.carl, world, world.build, date(2026, 2, 10), "8")
    approved(world.pia, world, world.workshops, date(2026, 2, 11), "5")
    expenses.approved(world, [expenses.spent(world, on=date(2026, 2, 12))])
    expenses.submitted(world, [expenses.spent(world, "50.00", on=date(2026, 2, 13))])
    run_billing(
        actor=world.system, contract_ids=[world.acme_contract.pk], through=date(2026, 2, 10), issue=True, issued_on=FEB_28
    )  # fmt: skip
    invoice = Invoice.objects.get(contract=world.acme_contract)
    record_payment(actor=fay, invoice_id=invoice.pk, amount=D(300), on=FEB_28)
    recognize(actor=fay, entity_id=world.entity_id, month=FEBRUARY)
    accrue(actor=fay, entity_id=world.entity_id, period_id=world.period(2).pk)
    revalue(actor=fay, entity_id=world.entity_id, period_id=world.period(2).pk)
    set_period_state(actor=fay, period_id=world.period(2).pk, state=PeriodState.LOCKED, reason="Reported")
    return world


def _estimate(world: World, line: ContractLine, day: date, **believed: object) -> None:
    estimate = EstimateInput(from_day=day, reason="Anew", **believed)  # type: ignore[arg-type]
    revise_estimate(actor=world.fay.actor, obligation_id=obligation_of(line).pk, estimate=estimate)


def _line(name: str) -> ContractLine:
    return ContractLine.objects.get(name=name)


def reports(world: World, basis: ReportBasis = ReportBasis.POSTED) -> dict[str, bytes]:
    """Every report of February and of the year to its end, in each way it can be told, as bytes."""
    found = {}
    for name, kind in REPORTS.items():
        bys = [(), *((by,) for by in kind.bys)] if kind.most else [()]
        for start in (JANUARY, FEBRUARY):
            for by in bys:
                for split in kind.splits or (Split.NOTHING,):
                    asked = Asked(world.entity_id, start, MARCH, basis=basis, by=by, split=split)
                    found[f"{name} {start} {by} {split}"] = repr(run(world.fay.actor, name, asked)).encode()
    return found


def books(world: World) -> dict[str, bytes]:
    """The trial balance, each account, the journal in every form, the frozen forecast."""
    actor, extent = world.fay.actor, Extent(start=JANUARY, end=MARCH)
    found = {"trial balance": repr(ledger.trial_balance(actor, world.book_id, FEB_28)).encode()}
    for account in Account.objects.order_by("code"):
        activity = ledger.account_activity(actor, account.pk, start=JANUARY, end=MARCH)
        found[f"account {account.code}"] = repr(activity).encode()
    for form in Format:
        lines: list[str] = []
        export(actor, form, lines.append, extent=extent)
        found[f"journal {form}"] = "".join(lines).encode()
    for version in ForecastVersion.objects.filter(as_of__lte=FEB_28):
        found[f"forecast {version}"] = repr(forecast.version(actor, version.pk)[1]).encode()
    return found


# --- what can be done to a month that is over ---------------------------------------------------------------


def late_time(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 2, 17), "4")


def imported_time(world: World) -> None:
    row = "2026-02-18,Carl Consultant,carl@north.example,Acme Manufacturing,Atlas,Build,3,yes,Late,,\n"
    assert bring(world.olivia.actor, row, approved=True).created == 1


def edited_time(world: World) -> None:
    line = TimesheetLine.objects.get(task=world.workshops)
    withdraw_approval(actor=world.olivia.actor, line_id=line.pk, reason="Wrong hours", on=MARCH_20)
    book(world.pia, world.workshops, date(2026, 2, 12), "2")
    approved(world.pia, world, world.workshops, date(2026, 2, 13), "1")


def other_rates(world: World) -> None:
    anyway = Options(confirmed=frozenset({"later_rates_stay", "reprices_open_work"}))
    for card in RateCard.objects.filter(rates__valid_from__lt=FEBRUARY).distinct():
        raise_rates.using(anyway)(actor=world.olivia.actor, card_id=card.pk, percent=D(10), from_day=FEBRUARY)
    for rate in Rate.objects.filter(state=RateState.PROPOSED):
        approve_rate.using(anyway)(actor=world.fay.actor, rate_id=rate.pk)


def late_expenses(world: World) -> None:
    expenses.approved(world, [expenses.spent(world, "80.00", on=date(2026, 2, 20))])


def written_down(world: World) -> None:
    item = OpenItem.objects.order_by("pk").first()
    assert item is not None
    write_down_items(
        actor=world.olivia.actor, item_ids=[item.pk], amount=D(10), reason_code=ReasonCode.QUALITY, on=FEB_28
    )


def credited(world: World) -> None:
    void_payment(actor=world.fay.actor, payment_id=Payment.objects.get().pk, on=FEB_28, reason="Bounced")
    invoice = Invoice.objects.get(contract=world.acme_contract)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=FEB_28, reason="Wrong order")


def given_up(world: World) -> None:
    invoice = Invoice.objects.get(contract=world.acme_contract)
    write_off_debt(actor=world.fay.actor, invoice_id=invoice.pk, on=FEB_28, reason="Insolvent")


def estimated_anew(world: World) -> None:
    for name, believed in (("Migration", {"seconds": 400 * 3600}), ("Plant", {"cost": D(80_000)})):
        _estimate(world, _line(name), date(2026, 2, 2), **believed)
    estimate_variable(
        actor=world.fay.actor, contract_id=_line("Hosting").contract_id, name="Bonus", from_day=FEBRUARY,
        way=Estimation.MOST_LIKELY, outcomes=[(D(6_000), D(100))], reason="Sure", highly_probable=D(6_000),
    )  # fmt: skip


def modified(world: World) -> None:
    change = ChangeInput(obligation_id=obligation_of(_line("Hosting")).pk, price=D(90_000))
    modify_contract(
        actor=world.fay.actor, contract_id=_line("Hosting").contract_id,
        modification=ModificationInput(
            from_day=date(2026, 2, 9), adds_distinct=False, at_stand_alone_price=False, rest=Rest.NOT_DISTINCT,
            changes=(change,), reason="Agreed late",
        ),
    )  # fmt: skip


def other_exchange_rate(world: World) -> None:
    ExchangeRate.objects.filter(day=FEB_28).update(rate=D("0.7"))


ACTS: tuple[Callable[[World], None], ...] = (
    late_time, imported_time, edited_time, other_rates, late_expenses, written_down, estimated_anew, modified,
    other_exchange_rate,
)  # fmt: skip


def test_a_closed_month_stays_as_it_was_reported(closed: World) -> None:
    before = reports(closed) | books(closed)
    earned = reports(closed, ReportBasis.EARNED)
    assert len(before) > 60
    for act in (*ACTS, given_up):
        act(closed)
    for month in (FEBRUARY, MARCH):
        recognize(actor=closed.fay.actor, entity_id=closed.entity_id, month=month)
    assert [result.line for result in run_checks() if not result.ok] == []
    after = reports(closed) | books(closed)
    assert [name for name in before if before[name] != after[name]] == []
    assert reports(closed, ReportBasis.EARNED) != earned, "what came late is told where it was earned"


def test_a_credit_for_a_closed_month_lands_in_the_open_one(closed: World) -> None:
    before = reports(closed) | books(closed)
    credited(closed)
    late_time(closed)
    recognize(actor=closed.fay.actor, entity_id=closed.entity_id, month=MARCH)
    assert [result.line for result in run_checks() if not result.ok] == []
    after = reports(closed) | books(closed)
    assert [name for name in before if before[name] != after[name]] == []


def test_what_would_post_into_it_is_refused(closed: World) -> None:
    fay, period = closed.fay.actor, closed.period(2)
    accounts = list(Account.objects.filter(role="").values_list("pk", flat=True)[:2]) or list(
        Account.objects.filter(role__in=("services_revenue", "bad_debt")).values_list("pk", flat=True)
    )
    journal = ManualJournal(
        closed.book_id, date(2026, 2, 15), "Late", [ManualLine(accounts[0], debit=D(5)), ManualLine(accounts[1], credit=D(5))]
    )  # fmt: skip
    acts: tuple[Callable[[], object], ...] = (
        lambda: post_manual_journal(actor=fay, journal=journal),
        lambda: accrue(actor=fay, entity_id=closed.entity_id, period_id=period.pk),
        lambda: revalue(actor=fay, entity_id=closed.entity_id, period_id=period.pk),
        lambda: set_period_state(actor=fay, period_id=period.pk, state=PeriodState.OPEN, reason="Mine"),
    )
    for act in acts:
        with pytest.raises(Refused):
            act()
