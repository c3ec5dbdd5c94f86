"""Reports: submission, decisions, posting, hand-over to billing, reimbursement, and the books they leave."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.core import duties, events
from workledger.core.access import DutyRule
from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.expenses import actions, queries
from workledger.expenses.events import ApprovedExpense, ExpensesApproved, ExpensesWithdrawn
from workledger.expenses.models import Expense, ExpenseReport, Reimbursement
from workledger.ledger.checks import run_checks
from workledger.ledger.models import JournalEntry, Posting
from workledger.projects.models import Task
from workledger.testing.expenses import DAY, approved, attach, category, spent, submitted
from workledger.testing.world import TODAY, World

D = Decimal


@pytest.fixture
def told() -> Iterator[list[events.Event]]:
    """What expenses tell the floors above while the test runs."""
    heard: list[events.Event] = []
    for kind in (ExpensesApproved, ExpensesWithdrawn):
        events._handlers[kind].append(heard.append)
    yield heard
    for kind in (ExpensesApproved, ExpensesWithdrawn):
        events._handlers[kind].remove(heard.append)


def balances(world: World) -> dict[str, Decimal]:
    """Debit less credit by account role, without those that are zero."""
    found: dict[str, Decimal] = {}
    rows = Posting.objects.filter(book_id=world.book_id).values_list(
        "account__role", "functional_debit", "functional_credit"
    )
    for role, debit, credit in rows:
        found[role] = found.get(role, D(0)) + debit - credit
    return {role: amount for role, amount in found.items() if amount}


def holds() -> None:
    """Every invariant of the house holds."""
    assert [result.line for result in run_checks() if not result.ok] == []


def state(report_id: int) -> str:
    return str(ExpenseReport.objects.values_list("state", flat=True).get(pk=report_id))


def test_a_report_is_put_together_and_taken_apart(world: World) -> None:
    first, second, third = spent(world), spent(world, "20.00"), spent(world, "30.00")
    report_id = actions.create_report(
        actor=world.carl.actor, person_id=world.carl.person_id, name=" March ", expense_ids=[first, second]
    )
    actions.save_report(
        actor=world.carl.actor, report_id=report_id, name="Munich", expense_ids=[second, third]
    )
    page = queries.report(world.carl.actor, report_id, looked_at=TODAY)
    assert (page.name, page.owed) == ("Munich", D(50))
    assert [row.expense_id for row in page.loose] == [first]
    actions.delete_report(actor=world.carl.actor, report_id=report_id)
    assert len(queries.loose_expenses(world.carl.actor, world.carl.person_id, looked_at=TODAY)) == 3


def test_what_is_no_report_is_refused(world: World) -> None:
    mine, pia_s = spent(world), spent(world, who=world.pia)
    for ids, name, codes in (
        ([], "March", ("nothing_chosen",)),
        ([mine], " ", ("name_missing",)),
        ([mine, pia_s], "March", ("of_another",)),
    ):
        with pytest.raises(Refused) as caught:
            actions.create_report(
                actor=world.fay.actor, person_id=world.carl.person_id, name=name, expense_ids=ids
            )
        assert caught.value.codes == codes
    submitted(world, [mine])
    with pytest.raises(Refused, match="on another report"):
        actions.create_report(
            actor=world.carl.actor, person_id=world.carl.person_id, name="Again", expense_ids=[mine]
        )


def test_a_missing_receipt_is_asked_about_once(world: World) -> None:
    hotel = category(world, "Hotel", receipt_over=D(25)).pk
    expense_id = spent(world, category_id=hotel)
    report_id = actions.create_report(
        actor=world.carl.actor, person_id=world.carl.person_id, name="March", expense_ids=[expense_id]
    )
    with pytest.raises(NeedsConfirmation, match="1 expense has no receipt"):
        actions.submit_report(actor=world.carl.actor, report_id=report_id)
    assert state(report_id) == "draft"
    attach(world.carl, expense_id)
    assert actions.submit_report(actor=world.carl.actor, report_id=report_id) == 1
    assert state(report_id) == "submitted"
    holds()


def test_a_report_can_be_recalled_until_it_is_decided(world: World) -> None:
    report_id = submitted(world, [spent(world)])
    actions.recall_report(actor=world.carl.actor, report_id=report_id)
    assert state(report_id) == "draft"
    with pytest.raises(Refused, match="can be changed as it is"):
        actions.recall_report(actor=world.carl.actor, report_id=report_id)


def test_approval_posts_net_cost_input_tax_and_what_is_owed(world: World) -> None:
    first = spent(world, "119.00", tax="19.00", task_id=world.build.pk, vendor="Hotel Elbe")
    spent_too = spent(world, "50.00", project=world.beacon)
    report_id = submitted(world, [first, spent_too])
    done = actions.approve_reports(actor=world.pia.actor, report_ids=[report_id])
    assert (done.reports, done.expenses, done.owed) == (1, 2, {"EUR": D(169)})
    assert (
        balances(world).items() >= {"project_expense": D(150), "input_tax": D(19), "payable": D(-169)}.items()
    )
    cost = Posting.objects.get(account__role="project_expense", source_id=first)
    assert (cost.client_id, cost.contract_id, cost.contract_line_id, cost.project_id, cost.task_id) == (
        world.acme.pk, world.acme_contract.pk, world.delivery.pk, world.atlas.pk, world.build.pk,
    )  # fmt: skip
    assert (cost.person_id, cost.practice_id, cost.office_id) == (
        world.carl.person_id, world.practice.pk, world.office.pk,
    )  # fmt: skip
    entry = JournalEntry.objects.get(source_kind="expense", source_id=first)
    assert (entry.date, entry.kind, entry.description) == (DAY, "expense_approved", "Hotel: Hotel Elbe")
    holds()


def test_tax_that_is_not_reclaimed_stays_cost(world: World) -> None:
    meals = category(world, "Meals", reclaims_tax=False).pk
    approved(world, [spent(world, "119.00", tax="19.00", category_id=meals)])
    assert balances(world) == {"project_expense": D(119), "payable": D(-119)}


def test_billing_is_told_all_it_needs(world: World, told: list[events.Event]) -> None:
    expense_id = spent(
        world, "119.00", tax="19.00", task_id=world.build.pk, vendor="Hotel Elbe", description="Two nights"
    )
    report_id = approved(world, [expense_id])
    (event,) = told
    assert isinstance(event, ExpensesApproved)
    assert list(event.expenses) == [
        ApprovedExpense(
            expense_id=expense_id, report_id=report_id, person_id=world.carl.person_id,
            role_id=world.consultant.pk, practice_id=world.practice.pk, office_id=world.office.pk,
            entity_id=world.entity_id, client_id=world.acme.pk, contract_id=world.acme_contract.pk,
            contract_line_id=world.delivery.pk, project_id=world.atlas.pk, task_id=world.build.pk, work_date=DAY,
            category_id=category(world).pk, category="Hotel", kind="receipt", vendor="Hotel Elbe",
            description="Two nights", is_billable=True, currency="EUR", gross=D(119), tax=D(19), net=D(100),
            exchange_rate=D(1), functional_currency="EUR", functional_gross=D(119), functional_net=D(100),
            input_tax=D(19),
        )
    ]  # fmt: skip


def test_the_task_s_mapping_at_approval_counts(world: World, told: list[events.Event]) -> None:
    report_id = submitted(world, [spent(world, task_id=world.build.pk)])
    Task.objects.filter(pk=world.build.pk).update(contract_line=world.support)
    actions.approve_reports(actor=world.fay.actor, report_ids=[report_id])
    (event,) = told
    assert isinstance(event, ExpensesApproved)
    assert event.expenses[0].contract_line_id == world.support.pk
    holds()


def test_nobody_approves_their_own(world: World) -> None:
    report_id = submitted(world, [spent(world, who=world.pia)], who=world.pia)
    for act in (actions.approve_reports, actions.reject_reports):
        given = {"reason": "No"} if act is actions.reject_reports else {}
        with pytest.raises(Refused, match="Nobody approves their own expenses"):
            act(actor=world.pia.actor, report_ids=[report_id], **given)
    board = queries.to_approve(world.pia.actor, looked_at=TODAY)
    assert (board.reports, board.own_waiting) == ((), 1)
    duties.switch_duty(
        actor=world.olivia.actor, rule=DutyRule.APPROVE_OWN_EXPENSES, is_on=False, reason="Firm of one"
    )
    actions.approve_reports(actor=world.pia.actor, report_ids=[report_id])
    assert state(report_id) == "approved"


def test_a_project_manager_decides_where_all_projects_are_theirs(world: World) -> None:
    mixed = submitted(world, [spent(world), spent(world, "20.00", project=world.beacon)])
    clean = submitted(world, [spent(world, "30.00")], name="Other")
    world.beacon.manager_id = world.olivia.person_id
    world.beacon.save()
    board = queries.to_approve(world.pia.actor, looked_at=TODAY)
    assert [row.report_id for row in board.reports] == [clean]
    with pytest.raises(NotFound):
        actions.approve_reports(actor=world.pia.actor, report_ids=[mixed])
    page = queries.report(world.pia.actor, mixed, looked_at=TODAY)
    assert (
        page.why_not_decide == "Whoever manages all the projects of this report, or Finance, decides on it."
    )
    assert len(queries.to_approve(world.fay.actor, looked_at=TODAY).reports) == 2
    with pytest.raises(Forbidden):
        actions.approve_reports(actor=world.carl.actor, report_ids=[clean])


def test_a_report_is_sent_back_with_a_reason_and_comes_again(world: World) -> None:
    expense_id = spent(world)
    report_id = submitted(world, [expense_id])
    with pytest.raises(Refused, match="Say what to change"):
        actions.reject_reports(actor=world.pia.actor, report_ids=[report_id], reason=" ")
    assert actions.reject_reports(actor=world.pia.actor, report_ids=[report_id], reason="Which client?") == 1
    page = queries.report(world.carl.actor, report_id, looked_at=TODAY)
    assert (page.state, page.may_edit, page.decisions[0].reason) == ("rejected", True, "Which client?")
    assert Expense.objects.get(pk=expense_id).state == "rejected"
    confirmed = Options(confirmed=frozenset({"receipt_missing"}))
    actions.submit_report.using(confirmed)(actor=world.carl.actor, report_id=report_id)
    assert state(report_id) == "submitted"
    holds()


def test_approval_by_exception(world: World) -> None:
    hotel = category(world, "Hotel", receipt_over=D(0), most_per_item=D(100)).pk
    flagged = submitted(world, [spent(world, "150.00", category_id=hotel)])
    clean_expense = spent(world, "80.00", category_id=hotel)
    attach(world.carl, clean_expense)
    clean = submitted(world, [clean_expense], name="Clean")
    board = queries.to_approve(world.pia.actor, looked_at=TODAY)
    assert [row.report_id for row in board.clean] == [clean]
    (look,) = board.to_look_at
    assert look.report_id == flagged
    assert [flag.sentence for row in look.flagged for flag in row.flags] == [
        "No receipt; Hotel needs one.", "50.00 EUR more than the 100.00 EUR that Hotel allows.",
    ]  # fmt: skip
    assert (look.amount, look.billable, look.first) == (D(150), D(150), DAY)


def test_the_board_costs_the_same_queries_whatever_waits(world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as made:
            queries.to_approve(world.pia.actor, looked_at=TODAY)
        return len(made)

    submitted(world, [spent(world)])
    few = count()
    for number in range(3):
        submitted(world, [spent(world, f"{number + 1}.00"), spent(world, "9.00")], name=f"{number}")
    assert count() == few <= 8


def test_withdrawal_is_the_exact_reversal_and_told(world: World, told: list[events.Event]) -> None:
    expense_id = spent(world, "119.00", tax="19.00")
    report_id = approved(world, [expense_id])
    with pytest.raises(Refused, match="Say why"):
        actions.withdraw_approval(actor=world.fay.actor, report_id=report_id, reason="", on=TODAY)
    actions.withdraw_approval(actor=world.fay.actor, report_id=report_id, reason="Wrong project", on=TODAY)
    assert balances(world) == {}
    assert state(report_id) == "draft"
    assert told[-1] == ExpensesWithdrawn(world.fay.actor, [expense_id], TODAY)
    holds()
    confirmed = Options(confirmed=frozenset({"receipt_missing"}))
    actions.submit_report.using(confirmed)(actor=world.carl.actor, report_id=report_id)
    actions.approve_reports(actor=world.fay.actor, report_ids=[report_id])
    assert balances(world)["payable"] == D(-119)
    holds()
    actions.withdraw_approval(actor=world.fay.actor, report_id=report_id, reason="Again", on=TODAY)
    assert balances(world) == {}


def test_a_floor_above_may_refuse_the_withdrawal(world: World) -> None:
    report_id = approved(world, [spent(world)])

    def billed(event: ExpensesWithdrawn) -> None:
        raise Refused.because("billed", "On invoice INV-1.")

    events.subscribe(ExpensesWithdrawn, billed)
    try:
        with pytest.raises(Refused, match="INV-1"):
            actions.withdraw_approval(actor=world.fay.actor, report_id=report_id, reason="No", on=TODAY)
    finally:
        events._handlers[ExpensesWithdrawn].remove(billed)
    assert state(report_id) == "approved"
    holds()


def test_late_expenses_of_a_locked_month_land_in_the_open_one(world: World) -> None:
    january = date(2026, 1, 20)
    approved(world, [spent(world, on=january)])
    entry = JournalEntry.objects.get(kind="expense_approved")
    assert entry.date == date(2026, 2, 1)
    assert Posting.objects.get(account__role="project_expense").service_date == january


def test_reimbursement_pays_per_person_and_can_be_taken_back(world: World) -> None:
    carl_s = [approved(world, [spent(world, amount)]) for amount in ("100.00", "19.00")]
    pia_s = approved(world, [spent(world, "50.00", who=world.pia)], who=world.pia)
    assert [(row.person, row.amount) for row in queries.owed(world.fay.actor)] == [
        ("Carl Consultant", D(119)), ("Pia Lead", D(50)),
    ]  # fmt: skip
    made = actions.mark_reimbursed(
        actor=world.fay.actor, report_ids=[*carl_s, pia_s], paid_on=TODAY, reference="SEPA 12"
    )
    assert sorted(Reimbursement.objects.filter(pk__in=made).values_list("amount", flat=True)) == [
        D(50),
        D(119),
    ]
    assert balances(world) == {"project_expense": D(169), "cash_clearing": D(-169)}
    assert queries.owed(world.fay.actor) == ()
    holds()
    with pytest.raises(Refused, match="paid out"):
        actions.withdraw_approval(actor=world.fay.actor, report_id=pia_s, reason="No", on=TODAY)
    reimbursement_id = queries.report(world.fay.actor, pia_s, looked_at=TODAY).reimbursement_id
    assert reimbursement_id is not None
    actions.undo_reimbursement(
        actor=world.fay.actor, reimbursement_id=reimbursement_id, reason="Came back", on=TODAY
    )
    assert balances(world) == {"project_expense": D(169), "cash_clearing": D(-119), "payable": D(-50)}
    assert state(pia_s) == "approved"
    holds()
    with pytest.raises(Refused, match="taken back already"):
        actions.undo_reimbursement(
            actor=world.fay.actor, reimbursement_id=reimbursement_id, reason="Again", on=TODAY
        )


def test_only_what_is_approved_is_paid_and_only_by_finance(world: World) -> None:
    report_id = submitted(world, [spent(world)])
    with pytest.raises(Refused, match="Only approved reports"):
        actions.mark_reimbursed(actor=world.fay.actor, report_ids=[report_id], paid_on=TODAY)
    with pytest.raises(Forbidden):
        actions.mark_reimbursed(actor=world.pia.actor, report_ids=[report_id], paid_on=TODAY)


def test_unbilled_reimbursables_by_age(world: World) -> None:
    old, young = spent(world, on=date(2026, 2, 2)), spent(world, "119.00", tax="19.00")
    approved(world, [old, young, spent(world, "9.00", is_billable=False)])
    spent(world, "7.00")
    rows = queries.unbilled(world.fay.actor, TODAY)
    assert [(row.expense_id, row.age_days, row.net) for row in rows] == [
        (old, 42, D(119)),
        (young, 6, D(100)),
    ]
    assert [row.expense_id for row in queries.unbilled(world.fay.actor, TODAY, billed_ids={young})] == [old]
    assert [row.expense_id for row in queries.unbilled(world.fay.actor, TODAY, at_least_days=30)] == [old]
    assert len(queries.unbilled(world.fay.actor, date(2026, 2, 28))) == 1


def test_a_report_tells_its_story(world: World) -> None:
    report_id = approved(world, [spent(world, "119.00", tax="19.00")])
    page = queries.report(world.fay.actor, report_id, looked_at=TODAY)
    assert [row.decision for row in page.decisions] == ["approved", "submitted"]
    assert page.decisions[0].by == "Fay Finance"
    assert (page.owed, page.cost, page.input_tax, page.billable) == (D(119), D(100), D(19), D(119))
    assert page.covers
    assert page.may_withdraw
    Expense.objects.update(description="Changed by hand")
    assert not queries.report(world.fay.actor, report_id, looked_at=TODAY).covers
    broken = [result.name for result in run_checks() if not result.ok]
    assert "expenses.approvals_cover_content" in broken


def test_a_report_is_seen_by_its_person_and_by_who_sees_all(world: World) -> None:
    report_id = submitted(world, [spent(world, who=world.pia)], who=world.pia)
    assert queries.report(world.fay.actor, report_id, looked_at=TODAY).may_decide
    for who in (world.carl, world.cleo, world.stan):
        with pytest.raises(NotFound):
            queries.report(who.actor, report_id, looked_at=TODAY)
