"""What the forecast does when the ledger tells it something; read when the app is ready."""

from datetime import timedelta

from workledger.core.events import subscribe
from workledger.directory.models import LegalEntity
from workledger.forecast.freezing import Wanted, free_name, keep
from workledger.ledger.events import PeriodStateChanged
from workledger.ledger.models import Period, PeriodState


def on_period_state_changed(event: PeriodStateChanged) -> None:
    """Freeze a version when a period is locked, in the transaction of the lock. Locked again, it gets another one."""
    if event.state != PeriodState.LOCKED or event.was == PeriodState.LOCKED:
        return
    entity = LegalEntity.objects.select_related("book").filter(pk=event.book_id).first()
    if entity is None:
        return
    period = Period.objects.only("name").get(pk=event.period_id)
    name = free_name(entity.pk, f"Close of {period.name}")
    wanted = Wanted(
        entity, event.end - timedelta(days=1), name, "Frozen by the lock of the period", event.period_id
    )
    keep(event.actor, wanted)


subscribe(PeriodStateChanged, on_period_state_changed)
