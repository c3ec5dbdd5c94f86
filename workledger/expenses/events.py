"""What expenses tell the floors above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.core.access import Actor
from workledger.core.events import Event


class ApprovedExpense(NamedTuple):
    """One approved expense with all that it is about. Ids are 0 for 'none'.

    `gross`, `tax` and `net` are in `currency`; `tax` stands on the receipt, `net` is gross less the tax that is
    reclaimed (all of it or none). `functional_gross`, `functional_net` and `input_tax` are the same in
    `functional_currency`, the entity's, at `exchange_rate`. `kind` is the category's: receipt, mileage, per_diem.
    """

    expense_id: int
    report_id: int
    person_id: int
    role_id: int
    practice_id: int
    office_id: int
    entity_id: int
    client_id: int
    contract_id: int
    contract_line_id: int
    project_id: int
    task_id: int
    work_date: date
    category_id: int
    category: str
    kind: str
    vendor: str
    description: str
    is_billable: bool
    currency: str
    gross: Decimal
    tax: Decimal
    net: Decimal
    exchange_rate: Decimal
    functional_currency: str
    functional_gross: Decimal
    functional_net: Decimal
    input_tax: Decimal


@dataclass(frozen=True, slots=True)
class ExpensesApproved(Event):
    """Expenses were approved and posted; the billable ones become billable items."""

    actor: Actor
    expenses: Sequence[ApprovedExpense]


@dataclass(frozen=True, slots=True)
class ExpensesWithdrawn(Event):
    """The approval of expenses is void. A floor that has built on them refuses, with the sentence why."""

    actor: Actor
    expense_ids: Sequence[int]
    on: date
