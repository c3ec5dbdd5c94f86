"""Bill runs that make themselves on agreed days."""

from dataclasses import dataclass, replace
from datetime import date

from workledger.billing.actions.prebills import run_billing
from workledger.billing.actions.reviews import request_reviews
from workledger.billing.calc.schedules import latest_due
from workledger.billing.models import BillEvery, BillSchedule
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.directory.models import Client, LegalEntity


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleInput:
    """When pre-bills of an entity, or of one client, make themselves. `day` is 1 to 28, or 1 (Monday) to 7."""

    entity_id: int
    client_id: int | None = None
    every: BillEvery
    day: int = 1
    asks_review: bool = True
    is_on: bool = True


@action("billing.save_schedule", needs=Permission.PREPARE_BILLING)
def save_schedule(*, actor: Actor, schedule: ScheduleInput, on: date, schedule_id: int | None = None) -> int:
    """Set when pre-bills make themselves; the first run is the one due after `on`. Returns the schedule's id.

    Refuses: not_found, entity_unknown, client_unknown, day_out_of_range, schedule_taken.
    """
    row = (
        BillSchedule(starts_on=on)
        if schedule_id is None
        else locks.for_update(BillSchedule.objects.visible_to(actor), schedule_id)
    )
    problems = Problems()
    entities = LegalEntity.objects.visible_to(actor).filter(pk=schedule.entity_id)
    problems.check(entities.exists(), "entity_unknown", "Choose a legal entity.", "entity_id")
    if schedule.client_id is not None:
        clients = Client.objects.visible_to(actor).filter(pk=schedule.client_id)
        problems.check(clients.exists(), "client_unknown", "Choose a client you can see.", "client_id")
    most = 7 if schedule.every == BillEvery.WEEK else 28
    fits = schedule.every == BillEvery.MONTH_END or 1 <= schedule.day <= most
    problems.check(fits, "day_out_of_range", f"Use a day of 1 to {most}.", "day")
    taken = BillSchedule.objects.filter(entity=schedule.entity_id, client=schedule.client_id).exclude(
        pk=row.pk
    )
    message = "There is a schedule for this already. Change that one."
    problems.check(not taken.exists(), "schedule_taken", message, "client_id")
    problems.refuse()
    row.entity_id, row.client_id = schedule.entity_id, schedule.client_id
    row.every, row.day = schedule.every, schedule.day
    row.asks_review, row.is_on = schedule.asks_review, schedule.is_on
    row.save()
    record(row, f"Set the bill schedule of {row.entity}")
    return int(row.pk)


@action("billing.remove_schedule", needs=Permission.PREPARE_BILLING)
def remove_schedule(*, actor: Actor, schedule_id: int) -> None:
    """Remove a schedule; its pre-bills stay. Refuses: not_found."""
    row = locks.for_update(BillSchedule.objects.visible_to(actor), schedule_id)
    record(row, f"Removed the bill schedule of {row.entity}")
    row.delete()


@action("billing.run_schedules", needs=Permission.PREPARE_BILLING)
def run_schedules(*, actor: Actor, on: date) -> int:
    """Make the pre-bills that are due by a day and were not made yet; returns how many.

    A schedule runs once for its due day, also when it is late. One of a client goes before its entity's.
    """
    made = 0
    rows = BillSchedule.objects.visible_to(actor).filter(is_on=True).order_by("client_id", "pk")
    for row in rows.select_for_update(of=("self",)).select_related("entity"):
        due = latest_due(row.every, row.day, on)
        if due.on <= (row.last_run_on or row.starts_on):
            continue
        clients = [row.client_id] if row.client_id else _clients_without_own(row.entity_id)
        here = replace(actor, entity_ids=frozenset({row.entity_id}))
        run = run_billing(actor=here, through=due.through, client_ids=clients)
        if row.asks_review and run.invoices:
            request_reviews(actor=actor, invoice_ids=[each.id for each in run.invoices])
        row.last_run_on = due.on
        row.save(update_fields=["last_run_on"])
        made += len(run.invoices)
    record(None, f"Ran bill schedules for {on:%d %b %Y}: {made} pre-bills")
    return made


def _clients_without_own(entity_id: int) -> list[int]:
    own = BillSchedule.objects.filter(entity_id=entity_id, client__isnull=False, is_on=True)
    return list(Client.objects.exclude(pk__in=own.values("client_id")).values_list("pk", flat=True))
