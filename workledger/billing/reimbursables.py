"""Expenses that a client pays back and that are on no bill: what was forgotten, by age."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from workledger.billing.models import BillableItem, OpenItem
from workledger.contracts.calc import terms
from workledger.contracts.models import ContractLine
from workledger.core.access import Actor
from workledger.expenses import queries
from workledger.expenses.queries import UnbilledExpense


@dataclass(frozen=True, slots=True)
class Reimbursable(UnbilledExpense):
    """An approved billable expense that waits for its bill, with what it will be billed at.

    `price` is cost plus markup in `price_currency`, the contract's, less what was written down. Without a contract line
    there is no item and no price: it cannot be billed until its task has one.
    """

    item_id: int | None
    price: Decimal | None
    price_currency: str
    is_held: bool

    @property
    def state(self) -> str:
        """Why it is on no bill, in a word or two."""
        if self.item_id is None:
            return "No contract line"
        return "On hold" if self.is_held else "Ready to bill"


class _Open(NamedTuple):
    """What billing knows of an expense that is in WIP."""

    item_id: int
    amount: Decimal
    currency: str
    is_held: bool


def unbilled_reimbursables(actor: Actor, as_of: date, *, at_least_days: int = 0) -> tuple[Reimbursable, ...]:
    """Return approved billable expenses up to a day that are on no bill, oldest first; age counts from their day.

    What was written off, and what lines charge by their terms' own price, waits for nothing and is left out.
    """
    settled = BillableItem.objects.filter(source_kind="expense", is_void=False, open__isnull=True)
    billed = set(settled.values_list("source_id", flat=True))
    rows = queries.unbilled(actor, as_of, billed_ids=billed, at_least_days=at_least_days)
    known = _open_items()
    never = _lines_that_charge_none({row.contract_line_id for row in rows if row.expense_id not in known})
    return tuple(
        _reimbursable(row, known)
        for row in rows
        if row.expense_id in known or row.contract_line_id not in never
    )


def _open_items() -> dict[int, _Open]:
    """Return open items of expenses by the expense."""
    rows: Iterable[tuple[Any, ...]] = OpenItem.objects.filter(item__source_kind="expense").values_list(
        "item__source_id", "item_id", "amount", "currency", "is_held"
    )
    return {source_id: _Open(*values) for source_id, *values in rows}


def _lines_that_charge_none(line_ids: set[int]) -> set[int]:
    rows = ContractLine.objects.filter(pk__in=line_ids).values_list("pk", "model", "terms")
    return {pk for pk, model, document in rows if not terms.parse(model, document).expenses.is_charged}


def _reimbursable(row: UnbilledExpense, known: Mapping[int, _Open]) -> Reimbursable:
    found = known.get(row.expense_id)
    return Reimbursable(
        **asdict(row),
        item_id=found.item_id if found else None,
        price=found.amount if found else None,
        price_currency=found.currency if found else "",
        is_held=found.is_held if found else False,
    )
