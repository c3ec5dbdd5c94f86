"""Accruals: what belongs to a period and stands on no document yet, posted at its end and reversed on the next day."""

from workledger.close.accruing import accruals
from workledger.close.models import AccrualPolicy, RunKind
from workledger.close.period_end_inputs import PeriodEndResult, Policy
from workledger.close.period_end_queries import told
from workledger.close.period_ends import period_end, post, refuse_closed
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.directory.models import LegalEntity


@action("close.accrue", needs=Permission.MANAGE_PERIODS)
def accrue(
    *, actor: Actor, entity_id: int, period_id: int, include_unapproved_time: bool | None = None
) -> PeriodEndResult:
    """Accrue what a period of a legal entity has without a document, as its policy says, and reverse it the day after.

    Expenses that are submitted and not approved (net of reclaimed tax) and what clients will be charged for them;
    approved time of subcontractors without a vendor's bill, at its labour cost; and, where the policy or
    `include_unapproved_time` says so, time that is submitted and not approved: its labour cost and, on lines
    recognized as invoiced, its priced value; what was chosen for a period before holds while nothing is said. Running it
    again posts the difference alone. What cannot be priced is left out and listed. Refuses: not_found, period_locked, next_period_locked.
    """
    end = period_end(actor, entity_id, period_id)
    locks.named(f"close.period_end.{end.entity.pk}")
    calendar = refuse_closed(actor, end)
    found = accruals(end, include_unapproved_time=include_unapproved_time)
    done = post(actor, found, RunKind.ACCRUAL, calendar)
    record(end.period, f"Accrued {end.period.name} of {end.entity.name}: {len(done.new)} lines new")
    return told(actor, done)


@action("close.set_accrual_policy", needs=Permission.MANAGE_PERIODS)
def set_accrual_policy(*, actor: Actor, entity_id: int, policy: Policy) -> None:
    """Say what a legal entity accrues at a period end. Refuses: not_found."""
    entity = locks.one(LegalEntity.objects.visible_to(actor), entity_id)
    row, _ = AccrualPolicy.objects.update_or_create(
        book_id=entity.pk,
        defaults={
            "accrues_expenses": policy.expenses,
            "accrues_subcontractors": policy.subcontractors,
            "accrues_unapproved_time": policy.unapproved_time,
        },
    )
    chosen = [name.replace("_", " ") for name in policy.__slots__ if getattr(policy, name)]
    record(row, f"{entity.name} accrues {', '.join(chosen) or 'nothing'}")
