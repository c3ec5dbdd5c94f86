"""Revaluation: monetary items in foreign currencies at the closing rate, reversed on the next day."""

from workledger.close.models import RunKind
from workledger.close.period_end_inputs import PeriodEndResult
from workledger.close.period_end_queries import told
from workledger.close.period_ends import period_end, post, refuse_closed
from workledger.close.valuing import revaluation
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record


@action("close.revalue", needs=Permission.MANAGE_PERIODS)
def revalue(*, actor: Actor, entity_id: int, period_id: int) -> PeriodEndResult:
    """Bring what a legal entity holds in foreign currencies at a period's end to the closing rate; reverse it the day after.

    Receivables, contract assets, accrued revenue, customers' money on deposit and vendors' bills, as the books have
    them at the end of the period's last day; contract liabilities are not monetary and stay. The difference is
    unrealized FX. What is settled in its currency and still has a value in the books is cleared to realized FX for
    good. Running it again posts the difference alone. A currency without a rate is left out and listed.
    Refuses: not_found, period_locked, next_period_locked.
    """
    end = period_end(actor, entity_id, period_id)
    locks.named(f"close.period_end.{end.entity.pk}")
    calendar = refuse_closed(actor, end)
    done = post(actor, revaluation(end), RunKind.REVALUATION, calendar)
    record(end.period, f"Revalued {end.period.name} of {end.entity.name}: {len(done.new)} lines new")
    return told(actor, done)
