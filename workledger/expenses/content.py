"""What a decision on a report covers, read from the database."""

from collections import defaultdict
from collections.abc import Collection

from workledger.expenses.calc.content import ExpenseContent
from workledger.expenses.models import Expense, Receipt

_FIELDS = (
    "report_id", "pk", "work_date", "category_id", "project_id", "task_id", "vendor", "description", "currency",
    "amount", "tax_amount", "functional_amount", "input_tax", "is_billable",
)  # fmt: skip


def contents_of(report_ids: Collection[int]) -> dict[int, list[ExpenseContent]]:
    """Return what decisions cover, by report, in two queries."""
    receipts: dict[int, list[str]] = defaultdict(list)
    attached = Receipt.objects.filter(expense__report_id__in=report_ids).order_by("pk")
    for expense_id, sha256 in attached.values_list("expense_id", "sha256"):
        receipts[expense_id].append(sha256)
    found: dict[int, list[ExpenseContent]] = defaultdict(list)
    rows = Expense.objects.filter(report_id__in=report_ids).order_by("report_id", "pk")
    for report_id, pk, day, category, project, task, *rest in rows.values_list(*_FIELDS):
        values = (pk, day, category, project, task or 0, *rest, tuple(receipts[pk]))
        found[report_id].append(ExpenseContent._make(values))
    return found
