"""What pages and the API show of bill schedules."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from workledger.billing.calc.schedules import latest_due
from workledger.billing.models import BillEvery, BillSchedule
from workledger.core import locks
from workledger.core.access import Actor

_FARTHEST = 32


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A schedule in words; `next_on` is None while it is off."""

    id: int
    entity: str
    client: str
    every: BillEvery
    day: int
    when: str
    asks_review: bool
    is_on: bool
    last_run_on: date | None
    next_on: date | None


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def schedules(actor: Actor, today: date) -> list[ScheduleRow]:
    """Return the schedules that the actor sees, by entity, those of clients after that of all. One query."""
    rows = BillSchedule.objects.visible_to(actor).select_related("entity", "client")
    found = [
        ScheduleRow(
            row.pk, row.entity.name, row.client.name if row.client else "", BillEvery(row.every), row.day, _when(row),
            row.asks_review, row.is_on, row.last_run_on, _next(row, today) if row.is_on else None,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda row: (row.entity, row.client))


def schedule(actor: Actor, schedule_id: int) -> dict[str, Any]:
    """Return what a schedule says, for its form. Raises `NotFound`."""
    row = locks.one(BillSchedule.objects.visible_to(actor), schedule_id)
    return {
        name: getattr(row, name)
        for name in ("entity_id", "client_id", "every", "day", "asks_review", "is_on")
    }


def _when(row: BillSchedule) -> str:
    if row.every == BillEvery.WEEK:
        return f"Every {_DAYS[row.day - 1]}, up to the Sunday before"
    if row.every == BillEvery.MONTH_END:
        return "On the last day of each month"
    return f"On day {row.day} of each month, for the month before"


def _next(row: BillSchedule, today: date) -> date:
    """Return the first day from today on, on which it runs; today where a run is overdue."""
    done = row.last_run_on or row.starts_on
    days = (today + timedelta(days=ahead) for ahead in range(_FARTHEST))
    return next(day for day in days if latest_due(row.every, row.day, day).on > done)
