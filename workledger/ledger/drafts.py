"""Journal entries before they are posted: pure values that `posting.py` of each package builds."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from workledger.ledger.models import AccountRole

ZERO = Decimal(0)
MANUAL = "manual"
"""The kind of entries that a person posts by hand."""


class PostingDraft(NamedTuple):
    """One side of an entry. Amounts in `currency`; `functional` the same side in the book's currency
    (None when the currencies are equal). Dimensions are ids; 0 is 'none'.
    """

    account: AccountRole
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    functional: Decimal | None = None
    client_id: int = 0
    contract_id: int = 0
    contract_line_id: int = 0
    project_id: int = 0
    task_id: int = 0
    person_id: int = 0
    role_id: int = 0
    practice_id: int = 0
    office_id: int = 0
    quantity: int | Decimal = 0
    billable_quantity: int | Decimal = 0
    unit: str = ""
    service_date: datetime.date | None = None
    source_kind: str = ""
    source_id: int | None = None

    def reversed(self) -> "PostingDraft":
        """Return the exact inverse: sides swapped, quantities negated."""
        return self._replace(
            debit=self.credit,
            credit=self.debit,
            functional=-self.functional
            if self.functional and not (self.debit or self.credit)
            else self.functional,
            quantity=-self.quantity,
            billable_quantity=-self.billable_quantity,
        )


class EntryDraft(NamedTuple):
    """A balanced act: book, date, what it is, and its postings in one currency."""

    book_id: int
    date: datetime.date
    kind: str
    description: str
    currency: str
    postings: Sequence[PostingDraft]
    source_kind: str = ""
    source_id: int | None = None
    reverses_id: int | None = None

    def reversal(self, on: datetime.date, original_id: int, description: str) -> "EntryDraft":
        """Return the entry that undoes this one, dated `on`, pointing at the original."""
        return self._replace(
            date=on,
            kind=f"{self.kind}_reversal"[:40],
            description=description,
            postings=[posting.reversed() for posting in self.postings],
            reverses_id=original_id,
        )
