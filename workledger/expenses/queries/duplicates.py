"""Expenses that look like another: the same file, or the same vendor, date and amount."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.core.access import Actor
from workledger.expenses.models import Expense
from workledger.expenses.queries.flags import Twin, same_purchases, same_receipts


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An expense and the other one that it looks like. `because` is 'same_receipt' or 'same_purchase'."""

    expense_id: int
    person: str
    work_date: date
    what: str
    amount: Decimal
    currency: str
    because: str
    other: Twin


def duplicates(actor: Actor, *, since: date) -> tuple[Duplicate, ...]:
    """Return the expenses since a day that look like another of any day, newest first. Three queries."""
    rows = Expense.objects.visible_to(actor).filter(work_date__gte=since).order_by("-work_date", "-pk")
    fields = ("pk", "person__name", "work_date", "vendor", "description", "amount", "currency")
    found = list(rows.values_list(*fields))
    ids = [row[0] for row in found]
    receipts, purchases = same_receipts(ids), same_purchases(ids)
    return tuple(
        Duplicate(
            pk, person, day, vendor or description, amount, currency,
            "same_receipt" if pk in receipts else "same_purchase", receipts.get(pk) or purchases[pk],
        )
        for pk, person, day, vendor, description, amount, currency in found
        if pk in receipts or pk in purchases
    )  # fmt: skip
