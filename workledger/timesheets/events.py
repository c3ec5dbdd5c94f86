"""What timesheets tell the floors above."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.core.access import Actor
from workledger.core.events import Event


class ApprovedEntry(NamedTuple):
    """One approved entry with all that it is about. Ids are 0 for 'none'; seconds are whole.

    `cost_rate` is per hour in the employing entity's currency; None is 'not known', which is posted as 0
    and listed.
    """

    entry_id: int
    line_id: int
    person_id: int
    role_id: int
    practice_id: int
    office_id: int
    employer_id: int
    task_id: int
    task_type_id: int
    project_id: int
    client_id: int
    contract_id: int
    contract_line_id: int
    entity_id: int
    work_date: date
    worked_seconds: int
    billable_seconds: int
    cost_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class TimeApproved(Event):
    """Entries were approved; what bills on them becomes billable."""

    actor: Actor
    entries: Sequence[ApprovedEntry]


@dataclass(frozen=True, slots=True)
class TimeWithdrawn(Event):
    """The approval of entries is void. A floor that has built on them refuses, with the sentence why."""

    actor: Actor
    entry_ids: Sequence[int]
    on: date
