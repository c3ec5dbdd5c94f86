"""What the checklist of a period says of accruals and revaluation. Whoever keeps the checklist registers the two.

Each looks as the act itself does, in a dry run, so that a step is done only while nothing new would be posted.
"""

from workledger.close.actions import accrue, revalue
from workledger.close.models import PeriodEndRun, RunKind
from workledger.close.period_end_inputs import Finding, PeriodEndResult
from workledger.core.access import Actor
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.ledger.models import Period

_DRY = Options(dry_run=True)


def accrual_finding(actor: Actor, book_id: int, period: Period) -> Finding:
    """Return whether what the period has without a document is accrued."""
    try:
        found = accrue.using(_DRY)(actor=actor, entity_id=book_id, period_id=period.pk)
    except Refused as refusal:
        return _closed(period, RunKind.ACCRUAL, refusal)
    return _finding(found, period, RunKind.ACCRUAL, "to accrue")


def revaluation_finding(actor: Actor, book_id: int, period: Period) -> Finding:
    """Return whether what the period holds in foreign currencies stands at the closing rate."""
    try:
        found = revalue.using(_DRY)(actor=actor, entity_id=book_id, period_id=period.pk)
    except Refused as refusal:
        return _closed(period, RunKind.REVALUATION, refusal)
    return _finding(found, period, RunKind.REVALUATION, "to revalue")


def _closed(period: Period, kind: RunKind, refusal: Refused) -> Finding:
    """Of a period that takes no postings any more, what was run is what stands."""
    if _has_run(period, kind):
        return Finding(True, f"Run before {period.name} was closed.", 0)
    return Finding(False, str(refusal), 0)


def _finding(found: PeriodEndResult, period: Period, kind: RunKind, what: str) -> Finding:
    new, missing = len(found.new), len(found.left_out)
    if missing:
        return Finding(False, " ".join(found.left_out), missing)
    if new:
        return Finding(False, f"{new} line{'' if new == 1 else 's'} {what}.", new)
    if found.rows or _has_run(period, kind):
        return Finding(True, "Posted, and nothing is new since.", 0)
    return Finding(True, f"Nothing {what}.", 0)


def _has_run(period: Period, kind: RunKind) -> bool:
    return PeriodEndRun.objects.filter(period=period, kind=kind).exists()
