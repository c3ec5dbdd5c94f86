"""What billing does by itself, day by day; the worker calls it."""

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from workledger.billing.actions.schedules import run_schedules
from workledger.core.access import system_actor


@app.periodic(cron="15 4 * * *")
@app.task(name="billing.run_schedules", queue="billing", queueing_lock="billing.run_schedules")
def run_due_schedules(timestamp: int) -> None:
    """Make the pre-bills that are due on the day of `timestamp` (seconds since 1970)."""
    run_schedules(actor=system_actor("schedule"), on=datetime.fromtimestamp(timestamp, UTC).date())
