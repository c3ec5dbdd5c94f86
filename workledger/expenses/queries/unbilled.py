"""Approved billable expenses that no bill holds yet, by age."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.core.access import Actor
from workledger.expenses.models import POSTED, Expense


@dataclass(frozen=True, slots=True)
class UnbilledExpense:
    """A reimbursable that waits for its bill. `net` is in `currency`, the entity's: gross less input tax."""

    expense_id: int
    work_date: date
    age_days: int
    client_id: int
    client: str
    contract_id: int
    contract_line_id: int
    project_id: int
    project: str
    person_id: int
    person: str
    category: str
    what: str
    currency: str
    gross: Decimal
    net: Decimal


def unbilled(
    actor: Actor, as_of: date, *, billed_ids: Collection[int] = (), at_least_days: int = 0
) -> tuple[UnbilledExpense, ...]:
    """Return approved billable expenses up to a day, oldest first, without those that a floor above has billed.

    `age_days` counts from the work date to `as_of`; `at_least_days` leaves out younger ones.
    """
    rows = (
        Expense.objects.visible_to(actor)
        .filter(state__in=POSTED, is_billable=True, work_date__lte=as_of)
        .exclude(pk__in=list(billed_ids))
        .order_by("work_date", "pk")
        .values_list(
            "pk", "work_date", "project__client_id", "project__client__name", "contract_id", "contract_line_id",
            "project_id", "project__name", "person_id", "person__name", "category__name", "vendor", "description",
            "entity__book__currency", "functional_amount", "input_tax",
        )
    )  # fmt: skip
    found = (
        UnbilledExpense(
            pk, day, (as_of - day).days, client_id, client, contract or 0, line or 0, project_id, project,
            person_id, person, category, vendor or description, currency, gross, gross - tax,
        )
        for (
            pk, day, client_id, client, contract, line, project_id, project, person_id, person, category, vendor,
            description, currency, gross, tax,
        ) in rows
    )  # fmt: skip
    return tuple(row for row in found if row.age_days >= at_least_days)
