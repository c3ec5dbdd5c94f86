"""Accruals: what is proposed and why, posted on the last day, gone on the next, and by difference when run again."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.close.actions import accrue, set_accrual_policy
from workledger.close.models import PeriodEndRun, RunKind
from workledger.close.period_end_inputs import PeriodEndResult, PeriodEndRow, Policy
from workledger.close.period_end_queries import run_lines, runs
from workledger.close.period_end_steps import accrual_finding
from workledger.close.queries import closing
from workledger.contracts.models import RateCard
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.models import ExchangeRate, Person
from workledger.expenses import actions as expenses
from workledger.expenses.actions import BillInput, BillLineInput
from workledger.ledger.actions import set_period_state
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole, JournalEntry, PeriodState, Posting
from workledger.testing.expenses import spent, submitted
from workledger.testing.time import approved, book
from workledger.testing.world import TODAY, World
from workledger.timesheets.approval import approve_lines
from workledger.timesheets.models import LineState, TimesheetLine

MARCH_31, APRIL_1, MARCH_10 = date(2026, 3, 31), date(2026, 4, 1), date(2026, 3, 10)
DRY = Options(dry_run=True)


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


def run(
    world: World, options: Options | None = None, *, time: bool | None = None, month: int = 3
) -> PeriodEndResult:
    return accrue.using(options or Options())(
        actor=world.fay.actor, entity_id=world.entity_id, period_id=world.period(month).pk,
        include_unapproved_time=time,
    )  # fmt: skip


def at(day: date) -> dict[str, D]:
    """What each account stands at by the end of a day, debits less credits in the books' currency."""
    found: dict[str, D] = {}
    for role, debit, credit in Posting.objects.filter(date__lte=day).values_list(
        "account__role", "functional_debit", "functional_credit"
    ):
        found[role] = found.get(role, D(0)) + debit - credit
    return {role: amount for role, amount in found.items() if amount}


def shape(row: PeriodEndRow) -> tuple[str, str, str, D]:
    return row.debit, row.credit, row.person, row.new


def test_an_expense_that_waits_is_accrued_without_tax_and_with_what_the_client_will_pay(world: World) -> None:
    submitted(world, [spent(world, "119.00", tax="19.00", vendor="Hotel Elbe", task_id=world.build.pk)])
    proposed = run(world, DRY)
    assert not PeriodEndRun.objects.exists()
    assert [shape(row) for row in proposed.rows] == [
        ("Project expense", "Accrued expenses", "Carl Consultant", D(100)),
        ("Accrued revenue", "Reimbursable revenue", "Carl Consultant", D(100)),
    ]
    first = proposed.rows[0]
    assert first.reason == (
        "Hotel Elbe of 10 March 2026 is submitted and not approved. Its cost, without tax that is reclaimed."
    )
    assert (first.client, first.contract, first.project) == ("Acme AG", "Atlas programme", "Atlas")
    done = run(world)
    assert at(MARCH_31) == {
        "project_expense": D(100), "accrued_expenses": D(-100), "accrued_revenue": D(100),
        "reimbursable_revenue": D(-100),
    }  # fmt: skip
    assert at(APRIL_1) == {}
    (entry_id,) = done.entries
    entry = JournalEntry.objects.get(pk=entry_id)
    reversal = JournalEntry.objects.get(reverses=entry)
    assert (entry.date, reversal.date, entry.kind) == (MARCH_31, APRIL_1, "accrual")
    assert (entry.source_kind, entry.source_id) == ("accrual", done.run_id)


def test_approved_meanwhile_a_second_run_takes_the_accrual_back(world: World) -> None:
    report = submitted(world, [spent(world, "50.00", task_id=world.build.pk)])
    assert len(run(world).new) == 2
    assert run(world).new == []
    expenses.approve_reports(actor=world.fay.actor, report_ids=[report])
    again = run(world)
    assert [(row.reason, row.posted + row.new) for row in again.rows] == [
        ("No longer so: taken back.", D(0))
    ] * 2
    assert at(MARCH_31) == {"project_expense": D(50), "payable": D(-50), "contract_position": D(50), "reimbursable_revenue": D(-50)}  # fmt: skip


def test_what_is_of_a_later_day_or_a_draft_is_not_accrued(world: World) -> None:
    submitted(world, [spent(world, "50.00")])
    spent(world, "70.00", on=date(2026, 2, 10))
    book(world.carl, world.build, MARCH_10, "8")
    assert run(world, time=True, month=2).rows == []


def test_a_subcontractors_approved_time_waits_for_its_bill(world: World) -> None:
    Person.objects.filter(pk=world.carl.person_id).update(is_contractor=True)
    approved(world.carl, world, world.build, MARCH_10, "8")
    (row,) = run(world).rows
    assert shape(row) == ("Labour absorbed", "Accrued expenses", "Carl Consultant", D(400))
    assert row.reason == "8 h are approved and no vendor's bill charges them: their labour cost."
    assert at(MARCH_31)["accrued_expenses"] == D(-400)
    assert "labour_absorbed" not in at(MARCH_31)
    bill_id = expenses.record_vendor_bill(
        actor=world.fay.actor,
        bill=BillInput(
            world.entity_id, "Carl & Partner", "7", MARCH_31, "EUR", D(400),
            [BillLineInput(world.carl.person_id, date(2026, 3, 9), MARCH_10, 8 * 3600, D(400))],
        ),
    )  # fmt: skip
    expenses.match_vendor_bill(actor=world.fay.actor, bill_id=bill_id)
    (row,) = run(world).rows
    assert (row.debit, row.credit, row.new) == ("Accrued expenses", "Labour absorbed", D(400))
    assert "accrued_expenses" not in at(MARCH_31)


def test_unapproved_time_only_where_the_policy_says_so(world: World) -> None:
    book(world.carl, world.build, MARCH_10, "8")
    assert run(world, DRY).rows == []
    set_accrual_policy(actor=world.fay.actor, entity_id=world.entity_id, policy=Policy(unapproved_time=True))
    assert [shape(row) for row in run(world).rows] == [
        ("Labour cost", "Labour absorbed", "Carl Consultant", D(400)),
        ("Accrued revenue", "Services revenue", "Carl Consultant", D(960)),
    ]
    assert at(MARCH_31) == {
        "labour_cost": D(400), "labour_absorbed": D(-400), "accrued_revenue": D(960), "services_revenue": D(-960),
    }  # fmt: skip
    assert TimesheetLine.objects.get().state == LineState.SUBMITTED
    approve_lines(actor=world.pia.actor, line_ids=[TimesheetLine.objects.get().pk])
    run(world)
    assert at(MARCH_31) == {
        "labour_cost": D(400), "labour_absorbed": D(-400), "contract_position": D(960), "services_revenue": D(-960),
    }  # fmt: skip


def test_a_contractors_unapproved_time_is_owed(world: World) -> None:
    Person.objects.filter(pk=world.carl.person_id).update(is_contractor=True)
    book(world.carl, world.travel, MARCH_10, "2")
    assert [shape(row) for row in run(world, time=True).rows] == [
        ("Labour cost", "Accrued expenses", "Carl Consultant", D(100))
    ]


def test_a_week_over_the_months_end_is_accrued_to_its_last_day(world: World) -> None:
    for day in (30, 31):
        book(world.carl, world.build, date(2026, 3, day), "5")
    book(world.carl, world.build, APRIL_1, "5")
    found = run(world, time=True)
    assert [row.new for row in found.rows] == [D(500), D(1200)]


def test_of_another_currency_the_priced_value_has_both(world: World) -> None:
    world.borealis_contract.currency = "SEK"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="SEK")
    ExchangeRate.objects.create(base="SEK", quote="EUR", day=date(2026, 3, 1), rate=D("0.09"))
    book(world.carl, world.advice, MARCH_10, "10")
    rows = run(world, time=True).rows
    assert [(row.currency, row.amount, row.value) for row in rows] == [
        ("EUR", D(500), D(500)), ("SEK", D(1300), D(117)),
    ]  # fmt: skip
    assert at(MARCH_31)["accrued_revenue"] == D(117)


def test_what_has_no_price_is_left_out_and_listed(world: World) -> None:
    RateCard.objects.all().delete()
    book(world.carl, world.build, MARCH_10, "8")
    found = run(world, time=True)
    assert [row.debit for row in found.rows] == ["Labour cost"]
    assert found.left_out == ["1 billable entry has no price: set the rate, and run again."]
    assert accrual_finding(world.fay.actor, world.entity.book, closing(world.period(3), TODAY)).count


def test_the_checklist_is_told(world: World) -> None:
    actor, period = world.fay.actor, world.period(3)
    assert accrual_finding(actor, world.entity.book, closing(period, TODAY)).sentence == "Nothing to accrue."
    submitted(world, [spent(world, "50.00", task_id=world.build.pk)])
    finding = accrual_finding(actor, world.entity.book, closing(period, TODAY))
    assert (finding.sentence, finding.count) == ("2 lines to accrue.", 2)
    run(world)
    assert (
        accrual_finding(actor, world.entity.book, closing(period, TODAY)).sentence
        == "Posted, and nothing is new since."
    )
    (row,) = runs(actor, RunKind.ACCRUAL, period_id=period.pk)
    assert (row.by, row.lines, row.entries[0].reversed_on) == ("Fay Finance", 2, APRIL_1)
    assert [(line.new, line.effect) for line in run_lines(actor, row.id)] == [(D(50), D(-50)), (D(50), D(50))]


@pytest.mark.parametrize(("through", "code"), [(3, "period_locked"), (4, "next_period_locked")])
def test_closed_periods_are_refused(world: World, through: int, code: str) -> None:
    submitted(world, [spent(world, "50.00", task_id=world.build.pk)])
    for month in range(2, through + 1):
        set_period_state(
            actor=world.fay.actor, period_id=world.period(month).pk, state=PeriodState.LOCKED, reason="Done"
        )
    with pytest.raises(Refused) as refused:
        run(world)
    assert code in refused.value.codes
    assert not Posting.objects.exists()
    assert accrual_finding(world.fay.actor, world.entity.book, closing(world.period(3), TODAY)).count


def test_others_may_not(world: World) -> None:
    with pytest.raises(Forbidden):
        accrue(actor=world.pia.actor, entity_id=world.entity_id, period_id=world.period(3).pk)
    with pytest.raises(NotFound):
        accrue(actor=world.fay.actor, entity_id=world.entity_id, period_id=0)


def test_accrued_revenue_role_is_in_the_chart(world: World) -> None:
    assert {AccountRole.ACCRUED_REVENUE, AccountRole.ACCRUED_EXPENSES, AccountRole.UNREALIZED_FX} <= set(
        world.entity.book.accounts.values_list("role", flat=True)
    )
