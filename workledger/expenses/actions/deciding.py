"""Approval of reports: they are decided, the expenses are posted, and the floors above are told."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.core import events, locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.refusals import Problems, Refused
from workledger.expenses import posting
from workledger.expenses.actions import desk
from workledger.expenses.events import ExpensesApproved, ExpensesWithdrawn
from workledger.expenses.handover import approved_expenses
from workledger.expenses.models import Expense, ExpenseReport, ExpenseState
from workledger.expenses.queries.deciding import reports_to_decide
from workledger.ledger import actions as ledger
from workledger.projects.queries import task_facts

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ApprovedReports:
    """What an approval did. `owed` is what is now owed to people, by the legal entities' currencies."""

    reports: int
    expenses: int
    owed: dict[str, Decimal]


@action("expenses.approve_reports", needs=Permission.APPROVE_EXPENSES)
def approve_reports(*, actor: Actor, report_ids: list[int], reason: str = "") -> ApprovedReports:
    """Approve submitted reports: bind the decision to their content, post each expense, tell billing.

    Refuses: not_found (also: not yours to decide), nothing_chosen, not_submitted, own_expenses, no_open_period.
    """
    reports = locks.all_for_update(reports_to_decide(actor), report_ids)
    _check(actor, reports)
    _follow_mapping(report_ids)
    desk.decide(actor, reports, "approved", ExpenseState.APPROVED, reason.strip())
    approved = approved_expenses(report_ids)
    ledger.post(actor=actor, entries=[posting.expense_approved(row) for row in approved])
    events.emit(ExpensesApproved(actor, approved))
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for row in approved:
        owed[row.functional_currency] += row.functional_gross
    one = reports[0] if len(reports) == 1 else None
    record(one, f"Approved {len(approved)} expenses on {len(reports)} reports")
    return ApprovedReports(len(reports), len(approved), dict(owed))


def _follow_mapping(report_ids: Sequence[int]) -> None:
    """Take the contract lines over that the tasks are mapped to now; from here on they stay."""
    rows = Expense.objects.filter(report_id__in=report_ids, task__isnull=False)
    changed = []
    facts = task_facts(rows.values_list("task_id", flat=True))
    for row in rows.order_by("pk"):
        task = facts[row.task_id or 0]
        if (row.contract_id, row.contract_line_id) != (task.contract_id, task.contract_line_id):
            row.contract_id, row.contract_line_id = task.contract_id, task.contract_line_id
            changed.append(row)
    Expense.objects.bulk_update(changed, ["contract", "contract_line"])


@action("expenses.reject_reports", needs=Permission.APPROVE_EXPENSES)
def reject_reports(*, actor: Actor, report_ids: list[int], reason: str) -> int:
    """Send submitted reports back to their owners with a reason; returns how many.

    Refuses: not_found (also: not yours to decide), nothing_chosen, reason_missing, not_submitted, own_expenses.
    """
    reports = locks.all_for_update(reports_to_decide(actor), report_ids)
    problems = Problems()
    problems.check(
        reason.strip(), "reason_missing", "Say what to change, so that it can be put right.", "reason"
    )
    _check(actor, reports, problems)
    desk.decide(actor, reports, "rejected", ExpenseState.REJECTED, reason.strip())
    record(reports[0] if len(reports) == 1 else None, f"Sent back {len(reports)} reports: {reason.strip()}")
    return len(reports)


def _check(actor: Actor, reports: Sequence[ExpenseReport], problems: Problems | None = None) -> None:
    problems = problems or Problems()
    problems.check(reports, "nothing_chosen", "Choose at least one report.")
    problems.check(
        all(report.state == ExpenseState.SUBMITTED for report in reports),
        "not_submitted",
        "Some of these reports are not waiting for approval any more. Reload to see where they stand.",
    )
    if actor.person_id is not None and any(report.person_id == actor.person_id for report in reports):
        rule = DutyRule.APPROVE_OWN_EXPENSES
        problems.check(not duty_applies(rule), "own_expenses", rule.sentence)
    problems.refuse()


@action("expenses.withdraw_approval", needs=Permission.APPROVE_EXPENSES)
def withdraw_approval(*, actor: Actor, report_id: int, reason: str, on: date) -> None:
    """Void the approval of a report: its postings are reversed, it leaves the billable set and is a draft again.

    Refuses: not_found (also: not yours to decide), reason_missing, not_approved, reimbursed, and whatever a floor
    above has built on it (billed: it is on a pre-bill or invoice).
    """
    report = locks.for_update(reports_to_decide(actor), report_id)
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say why the approval is taken back.", "reason")
    if report.state == ExpenseState.REIMBURSED:
        message = "This report is paid out. Take the reimbursement back first."
        problems.add("reimbursed", message)
    elif report.state != ExpenseState.APPROVED:
        problems.add("not_approved", "This report is not approved.")
    problems.refuse()
    expense_ids = list(report.expenses.order_by("pk").values_list("pk", flat=True))
    events.emit(ExpensesWithdrawn(actor, expense_ids, on))
    drafts = posting.reversals(posting.APPROVED, posting.EXPENSE, expense_ids, "Withdrawn")
    if len(drafts) != len(expense_ids):
        raise Refused.because("not_posted", "The books do not hold every expense of this report once.")
    ledger.post(actor=actor, entries=drafts)
    desk.decide(actor, [report], "withdrawn", ExpenseState.DRAFT, reason.strip())
    record(report, f"Withdrew the approval of {report.name}: {reason.strip()}")
