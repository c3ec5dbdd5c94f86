"""Writes of reports: what is on them, submission, recall."""

from collections.abc import Sequence

from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record, warn
from workledger.core.refusals import Problems, Refused
from workledger.expenses.actions import desk
from workledger.expenses.models import EDITABLE, Expense, ExpenseReport, ExpenseState
from workledger.expenses.queries.flags import receipts_missing
from workledger.expenses.queries.locks import why_locked

RECEIPT_MISSING = "receipt_missing"


@action("expenses.create_report", needs=Permission.TRACK_EXPENSES)
def create_report(*, actor: Actor, person_id: int, name: str, expense_ids: list[int]) -> int:
    """Put a person's loose expenses on a new report; returns its id.

    Refuses: not_found, not_your_expenses, name_missing, nothing_chosen, of_another, on_another_report,
    several_entities.
    """
    desk.may_write(actor, person_id)
    expenses = locks.all_for_update(Expense.objects.visible_to(actor), expense_ids)
    problems = Problems()
    _check_name(problems, name)
    _check_chosen(problems, person_id, expenses, report_id=None)
    problems.refuse()
    report = ExpenseReport.objects.create(
        person_id=person_id, entity_id=expenses[0].entity_id, name=name.strip()
    )
    Expense.objects.filter(pk__in=expense_ids).update(report=report, state=ExpenseState.DRAFT)
    record(report, f"Put {len(expenses)} expenses on {report.name}")
    return int(report.pk)


@action("expenses.save_report", needs=Permission.TRACK_EXPENSES)
def save_report(*, actor: Actor, report_id: int, name: str, expense_ids: list[int]) -> None:
    """Rename a report that is not submitted and say which expenses are on it; those left out are loose again.

    Refuses: not_found, not_your_expenses, submitted, approved, reimbursed, name_missing, nothing_chosen, of_another,
    on_another_report, several_entities.
    """
    report = desk.own_report(actor, report_id)
    desk.check_editable(report.state)
    expenses = locks.all_for_update(Expense.objects.visible_to(actor), expense_ids)
    problems = Problems()
    _check_name(problems, name)
    _check_chosen(problems, report.person_id, expenses, report_id=report.pk)
    problems.refuse()
    Expense.objects.filter(report=report).exclude(pk__in=expense_ids).update(
        report=None, state=ExpenseState.DRAFT
    )
    Expense.objects.filter(pk__in=expense_ids).update(report=report, state=report.state)
    report.name, report.entity_id = name.strip(), expenses[0].entity_id
    report.save(update_fields=["name", "entity"])
    record(report, f"{report.name} has {len(expenses)} expenses")


def _check_name(problems: Problems, name: str) -> None:
    problems.check(
        0 < len(name.strip()) <= 200, "name_missing", "Give the report a name, such as 'March 2026'.", "name"
    )  # fmt: skip


def _check_chosen(
    problems: Problems, person_id: int, expenses: Sequence[Expense], *, report_id: int | None
) -> None:
    problems.check(expenses, "nothing_chosen", "Choose at least one expense.", "expense_ids")
    problems.check(
        all(row.person_id == person_id for row in expenses),
        "of_another", "A report holds the expenses of one person.", "expense_ids",
    )  # fmt: skip
    problems.check(
        all(row.report_id in (None, report_id) for row in expenses),
        "on_another_report", "Some of these are on another report already. Reload to see which.", "expense_ids",
    )  # fmt: skip
    problems.check(
        len({row.entity_id for row in expenses}) <= 1,
        "several_entities",
        "These belong to different legal entities. Make one report for each.",
        "expense_ids",
    )


@action("expenses.delete_report", needs=Permission.TRACK_EXPENSES)
def delete_report(*, actor: Actor, report_id: int) -> None:
    """Take a report that is not submitted apart; its expenses stay.

    Refuses: not_found, not_your_expenses, submitted, approved, reimbursed.
    """
    report = desk.own_report(actor, report_id)
    desk.check_editable(report.state)
    record(report, f"Took {report.name} apart")
    Expense.objects.filter(report=report).update(report=None, state=ExpenseState.DRAFT)
    report.delete()


@action("expenses.submit_report", needs=Permission.TRACK_EXPENSES)
def submit_report(*, actor: Actor, report_id: int) -> int:
    """Submit a report for approval; returns how many expenses it holds.

    Refuses: not_found, not_your_expenses, submitted, approved, reimbursed, nothing_to_submit. Warns: receipt_missing.
    """
    report = desk.own_report(actor, report_id)
    desk.check_editable(report.state)
    expenses = locks.all_for_update(
        Expense.objects.filter(report=report), report.expenses.values_list("pk", flat=True)
    )
    if not expenses:
        raise Refused.because("nothing_to_submit", "This report holds no expense. Add some first.")
    if missing := receipts_missing([row.pk for row in expenses]):
        what = "1 expense has" if missing == 1 else f"{missing} expenses have"
        warn(
            RECEIPT_MISSING,
            f"{what} no receipt, and the firm's policy asks for one. Attach it, or submit and let the approver decide.",
        )
    desk.decide(actor, [report], "submitted", ExpenseState.SUBMITTED)
    record(report, f"Submitted {report.name} with {len(expenses)} expenses")
    return len(expenses)


@action("expenses.recall_report", needs=Permission.TRACK_EXPENSES)
def recall_report(*, actor: Actor, report_id: int) -> None:
    """Take a submitted report back, so that it can be changed.

    Refuses: not_found, not_your_expenses, not_submitted.
    """
    report = desk.own_report(actor, report_id)
    if report.state != ExpenseState.SUBMITTED:
        reason = "It can be changed as it is." if report.state in EDITABLE else why_locked(report.state)
        raise Refused.because("not_submitted", f"This report does not wait for approval. {reason}")
    desk.decide(actor, [report], "recalled", ExpenseState.DRAFT)
    record(report, f"Recalled {report.name}")
