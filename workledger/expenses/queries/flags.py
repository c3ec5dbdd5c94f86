"""What to look at on expenses: the policy's flags, duplicates among them."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, QuerySet

from workledger.contracts.models import BillingModel
from workledger.core.access import Actor, Permission
from workledger.expenses.calc.policy import Claim, Flag, Policy, flags_of
from workledger.expenses.models import Expense
from workledger.projects.models import ProjectState

_ROW = (
    "pk", "person_id", "work_date", "functional_amount", "entity__book__currency", "attached", "is_billable",
    "contract_line__name", "contract_line__model", "project__name", "project__state",
    "category__name", "category__receipt_over", "category__most_per_item",
)  # fmt: skip

_SAME_RECEIPT = """
    SELECT DISTINCT ON (mine.expense_id) mine.expense_id, other.id, other.person_id, person.name, other.work_date
    FROM expenses_receipt mine
    JOIN expenses_receipt theirs ON theirs.sha256 = mine.sha256 AND theirs.expense_id <> mine.expense_id
    JOIN expenses_expense other ON other.id = theirs.expense_id
    JOIN directory_person person ON person.id = other.person_id
    WHERE mine.expense_id = ANY(%s) ORDER BY mine.expense_id, other.id
"""
# A receipt by its vendor; a drive or travel days by the person and category.
_SAME_PURCHASE = """
    SELECT DISTINCT ON (mine.id) mine.id, other.id, other.person_id, person.name, other.work_date
    FROM expenses_expense mine
    JOIN expenses_expense other ON other.work_date = mine.work_date AND other.amount = mine.amount
     AND other.currency = mine.currency AND other.id <> mine.id
    JOIN expenses_expensecategory category ON category.id = mine.category_id
    JOIN directory_person person ON person.id = other.person_id
    WHERE mine.id = ANY(%s) AND (
        (mine.vendor <> '' AND lower(mine.vendor) = lower(other.vendor))
        OR (category.kind <> 'receipt' AND other.person_id = mine.person_id
            AND other.category_id = mine.category_id))
    ORDER BY mine.id, other.id
"""


class Twin(NamedTuple):
    """Another expense that looks the same."""

    expense_id: int
    person_id: int
    person: str
    work_date: date


def same_receipts(expense_ids: Collection[int]) -> dict[int, Twin]:
    """Return, for each of these expenses, the first other one that has the same file."""
    return _twins(_SAME_RECEIPT, expense_ids)


def same_purchases(expense_ids: Collection[int]) -> dict[int, Twin]:
    """Return, for each of these expenses, the first other one with the same vendor, date and amount."""
    return _twins(_SAME_PURCHASE, expense_ids)


def _twins(statement: str, expense_ids: Collection[int]) -> dict[int, Twin]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(expense_ids)])
        return {row[0]: Twin(*row[1:]) for row in cursor.fetchall()}


def _named(actor: Actor, twin: Twin) -> str:
    """Name another expense as far as this actor may know of it."""
    day = f"{twin.work_date.day} {twin.work_date:%b}"
    if twin.person_id == actor.person_id:
        return f"another of your expenses, of {day}"
    if actor.can(Permission.VIEW_ALL_EXPENSES):
        return f"an expense of {twin.person} of {day}"
    return f"somebody else's expense of {day}"


def with_receipts(rows: QuerySet[Expense]) -> QuerySet[Expense]:
    """Count the receipts of each expense as `attached`."""
    return rows.annotate(attached=Count("receipts"))


def flags_by_expense(
    actor: Actor, expense_ids: Collection[int], *, looked_at: date
) -> dict[int, tuple[Flag, ...]]:
    """Return the flags of each expense that has any, in three queries whatever their number.

    Callers have decided already that the actor sees these expenses.
    """
    if not expense_ids:
        return {}
    receipts, purchases = same_receipts(expense_ids), same_purchases(expense_ids)
    found = {}
    rows = with_receipts(Expense.objects.filter(pk__in=expense_ids)).order_by()
    for (
        pk, _person, day, amount, currency, attached, is_billable, line, model, project, state,
        category, receipt_over, most,
    ) in rows.values_list(*_ROW):  # fmt: skip
        claim = Claim(
            work_date=day,
            amount=amount,
            currency=currency,
            receipts=attached,
            is_billable=is_billable,
            contract_line=line or "",
            line_bills=model != BillingModel.NON_BILLABLE,
            closed_project=f"Project {project}" if state == ProjectState.CLOSED else "",
        )
        flags = flags_of(
            claim,
            Policy(category, receipt_over, most),
            looked_at=looked_at,
            same_receipt=_named(actor, receipts[pk]) if pk in receipts else "",
            same_purchase=_named(actor, purchases[pk]) if pk in purchases else "",
        )
        if flags:
            found[pk] = flags
    return found


def receipts_missing(expense_ids: Collection[int]) -> int:
    """Return how many of these expenses lack a receipt that the policy asks for."""
    rows = Expense.objects.filter(
        pk__in=expense_ids, functional_amount__gt=F("category__receipt_over"), receipts__isnull=True
    )
    return rows.count()
