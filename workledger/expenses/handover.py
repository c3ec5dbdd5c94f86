"""Approved expenses with all that they are about, as the books and billing need them."""

from collections.abc import Collection

from workledger.directory.queries import TermsTable
from workledger.expenses.events import ApprovedExpense
from workledger.expenses.models import Expense


def approved_expenses(report_ids: Collection[int]) -> list[ApprovedExpense]:
    """Return the expenses of these reports, in the order they were entered. Two queries."""
    rows = list(
        Expense.objects.filter(report_id__in=report_ids)
        .select_related("category", "project", "entity__book")
        .order_by("report_id", "pk")
    )
    terms = TermsTable.load({row.person_id for row in rows})
    found = []
    for row in rows:
        held = terms.on(row.person_id, row.work_date)
        found.append(
            ApprovedExpense(
                expense_id=row.pk,
                report_id=row.report_id or 0,
                person_id=row.person_id,
                role_id=(held.role_id if held else None) or 0,
                practice_id=(held.practice_id if held else None) or 0,
                office_id=(held.office_id if held else None) or 0,
                entity_id=row.entity_id,
                client_id=row.project.client_id,
                contract_id=row.contract_id or 0,
                contract_line_id=row.contract_line_id or 0,
                project_id=row.project_id,
                task_id=row.task_id or 0,
                work_date=row.work_date,
                category_id=row.category_id,
                category=row.category.name,
                kind=row.category.kind,
                vendor=row.vendor,
                description=row.description,
                is_billable=row.is_billable,
                currency=row.currency,
                gross=row.amount,
                tax=row.tax_amount,
                net=row.amount - row.tax_amount if row.input_tax else row.amount,
                exchange_rate=row.exchange_rate,
                functional_currency=row.entity.book.currency,
                functional_gross=row.functional_amount,
                functional_net=row.functional_amount - row.input_tax,
                input_tax=row.input_tax,
            )
        )
    return found
