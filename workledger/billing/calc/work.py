"""Approved time as the calculation takes it."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple


class Worked(NamedTuple):
    """An approved entry's billable time on a contract line. `rate` is what the rate cards give, None if nothing.

    `is_rest` tells that a part of the entry is billed and this is the rest, rounded and lifted already.
    """

    source_id: int
    person_id: int
    role_id: int | None
    project_id: int
    task_id: int
    task_type_id: int | None
    day: date
    seconds: int
    rate: Decimal | None
    is_holiday: bool = False
    is_rest: bool = False

    def rest(self, seconds: int) -> "Worked":
        """Return what is left of the entry once a part of it is billed."""
        return self._replace(seconds=seconds, is_rest=True)
