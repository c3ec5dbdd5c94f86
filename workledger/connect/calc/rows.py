"""What a line of a file becomes."""

from datetime import date, time
from decimal import Decimal
from typing import NamedTuple


class ParsedRow(NamedTuple):
    """One entry as the file states it: nothing is looked up, nothing is priced.

    Times are whole seconds. `amount` is the value stated in the file, in `currency`, which is None when the file names
    none. `rate` and `cost_rate` are per hour. `client` is None when the cell is empty. `invoiced` says that the
    other tool has billed the entry already. `fingerprint` (16 bytes) is the same whenever the same entry is read
    again, also from another export of the same tool with another encoding, delimiter or number style.
    """

    line: int
    date: date
    person_name: str
    email: str | None
    client: str | None
    project: str
    project_code: str | None
    phase: str | None
    task: str | None
    note: str
    seconds: int
    billable: bool
    billable_seconds: int
    rate: Decimal | None
    amount: Decimal | None
    cost_rate: Decimal | None
    currency: str | None
    role: str | None
    tags: tuple[str, ...]
    external_id: str | None
    started: time | None
    invoiced: bool
    rounded: bool
    fingerprint: bytes

    @property
    def zero(self) -> bool:
        """No time at all: counted, so that the totals agree with the file, but there is nothing to book."""
        return self.seconds == 0 and self.billable_seconds == 0


class RefusedRow(NamedTuple):
    """A record that could not be read: the first line it stands on, and every reason, in one sentence each."""

    line: int
    reason: str
