"""The hash that binds a decision on a report to the expenses as they were."""

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

_FIELD = "\x1f"
_ROW = "\x1e"


class ExpenseContent(NamedTuple):
    """What a decision covers of one expense: everything that reaches the books or the client, and its receipts."""

    id: int
    work_date: date
    category_id: int
    project_id: int
    task_id: int
    vendor: str
    description: str
    currency: str
    amount: Decimal
    tax_amount: Decimal
    functional_amount: Decimal
    input_tax: Decimal
    is_billable: bool
    receipts: tuple[str, ...] = ()


def content_hash(expenses: Iterable[ExpenseContent]) -> str:
    """Return 32 hexadecimal digits over the expenses of a report, whatever their order."""
    rows = []
    for row in sorted(expenses, key=lambda each: each.id):
        parts = [f"{part.normalize():f}" if isinstance(part, Decimal) else str(part) for part in row[:-1]]
        rows.append(_FIELD.join([*parts, *sorted(row.receipts)]))
    return hashlib.blake2b(_ROW.join(rows).encode(), digest_size=16).hexdigest()
