"""The hash of a report's expenses."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.expenses.calc.content import ExpenseContent, content_hash

TRAIN = ExpenseContent(
    1, date(2026, 3, 2), 4, 7, 0, "DB", "To Munich", "EUR", Decimal(119), Decimal(19), Decimal(119), Decimal(19), True
)  # fmt: skip
HOTEL = TRAIN._replace(id=2, vendor="Hotel", receipts=("ab", "cd"))


def test_neither_order_nor_written_zeros_matter() -> None:
    assert content_hash([TRAIN, HOTEL]) == content_hash([HOTEL, TRAIN])
    assert content_hash([TRAIN]) == content_hash([TRAIN._replace(amount=Decimal("119.0000"))])
    assert content_hash([HOTEL]) == content_hash([HOTEL._replace(receipts=("cd", "ab"))])


@pytest.mark.parametrize(
    "edited",
    [
        TRAIN._replace(work_date=date(2026, 3, 3)),
        TRAIN._replace(category_id=5),
        TRAIN._replace(project_id=8),
        TRAIN._replace(task_id=3),
        TRAIN._replace(vendor="ÖBB"),
        TRAIN._replace(description=""),
        TRAIN._replace(currency="CHF"),
        TRAIN._replace(amount=Decimal(120)),
        TRAIN._replace(tax_amount=Decimal(0)),
        TRAIN._replace(functional_amount=Decimal(120)),
        TRAIN._replace(input_tax=Decimal(0)),
        TRAIN._replace(is_billable=False),
        TRAIN._replace(receipts=("ab",)),
    ],
)
def test_every_edit_shows(edited: ExpenseContent) -> None:
    assert content_hash([edited]) != content_hash([TRAIN])


def test_an_expense_more_or_less_shows() -> None:
    assert len({content_hash([]), content_hash([TRAIN]), content_hash([TRAIN, HOTEL])}) == 3
