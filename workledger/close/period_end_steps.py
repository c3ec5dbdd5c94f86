"""What the checklist of a period says of accruals and revaluation. Whoever keeps the checklist registers the two.

Each finds what the act itself would post, so that a step is done only while nothing new would be posted.
"""

from collections.abc import Callable

from workledger.close.accruing import accruals
from workledger.close.models import PeriodEndRun, RunKind
from workledger.close.period_end_inputs import Finding
from workledger.close.period_ends import Outcome, PeriodEnd, is_closed, period_end
from workledger.close.valuing import revaluation
from workledger.core.access import Actor
from workledger.ledger.models import Period


def accrual_finding(actor: Actor, book_id: int, period: Period) -> Finding:
    """Return whether what the period has without a document is accrued. Raises `NotFound`."""
    return _finding(period_end(actor, book_id, period.pk), RunKind.ACCRUAL, accruals, "to accrue")


def revaluation_finding(actor: Actor, book_id: int, period: Period) -> Finding:
    """Return whether what the period holds in foreign currencies stands at the closing rate. Raises `NotFound`."""
    return _finding(period_end(actor, book_id, period.pk), RunKind.REVALUATION, revaluation, "to revalue")


def _finding(end: PeriodEnd, kind: RunKind, find: Callable[[PeriodEnd], Outcome], what: str) -> Finding:
    has_run = PeriodEndRun.objects.filter(period=end.period, kind=kind).exists()
    if is_closed(end):
        said = "Run before the period was locked." if has_run else "Not run before the period was locked."
        return Finding(has_run, said, 0)
    found = find(end)
    new, missing = len(found.new), len(found.left_out)
    if missing:
        return Finding(False, " ".join(found.left_out), missing)
    if new:
        return Finding(False, f"{new} line{'' if new == 1 else 's'} {what}.", new)
    return Finding(True, "Posted, and nothing is new since." if has_run else f"Nothing {what}.", 0)
