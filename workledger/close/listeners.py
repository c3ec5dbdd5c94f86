"""Keeps the history of each period's states."""

from workledger.close.models import PeriodChange
from workledger.core.events import subscribe
from workledger.ledger.events import PeriodStateChanged
from workledger.ledger.models import Period


def keep_change(event: PeriodStateChanged) -> None:
    """Keep who moved a period from which state to which, and why."""
    PeriodChange.objects.create(
        period_id=event.period_id,
        was=event.was,
        state=event.state,
        by_id=event.actor.user_id,
        by_name=event.actor.name,
        reason=Period.objects.values_list("state_reason", flat=True).get(pk=event.period_id),
    )


subscribe(PeriodStateChanged, keep_change)
