"""What the checklist of a period says of accruals and revaluation.

Each looks as the act itself does, in a dry run, so that a step is done only while nothing new would be posted.
"""

from workledger.close.actions import accrue, revalue
from workledger.close.models import PeriodEndRun, RunKind
from workledger.close.period_end_inputs import PeriodEndResult
from workledger.close.steps import ClosingPeriod, Finding, Step, StepKind, register_step
from workledger.core.access import Actor
from workledger.core.door import Options
from workledger.core.refusals import Refused
from workledger.ledger.models import Book

_DRY = Options(dry_run=True)


def accrual_finding(actor: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Return whether what the period has without a document is accrued."""
    try:
        found = accrue.using(_DRY)(actor=actor, entity_id=book.pk, period_id=period.id)
    except Refused as refusal:
        return _closed(period, RunKind.ACCRUAL, refusal)
    return _finding(found, period, RunKind.ACCRUAL, "to accrue")


def revaluation_finding(actor: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Return whether what the period holds in foreign currencies stands at the closing rate."""
    try:
        found = revalue.using(_DRY)(actor=actor, entity_id=book.pk, period_id=period.id)
    except Refused as refusal:
        return _closed(period, RunKind.REVALUATION, refusal)
    return _finding(found, period, RunKind.REVALUATION, "to revalue")


def _closed(period: ClosingPeriod, kind: RunKind, refusal: Refused) -> Finding:
    """Of a period that takes no postings any more, what was run is what stands."""
    if _has_run(period, kind):
        return Finding(0, f"Run before {period.name} was closed.")
    return Finding(1, str(refusal))


def _finding(found: PeriodEndResult, period: ClosingPeriod, kind: RunKind, what: str) -> Finding:
    new, missing = len(found.new), len(found.left_out)
    if missing:
        return Finding(missing, " ".join(found.left_out))
    if new:
        return Finding(new, f"{new} line{'' if new == 1 else 's'} {what}.")
    if found.rows or _has_run(period, kind):
        return Finding(0, "Posted, and nothing is new since.")
    return Finding(0, f"Nothing {what}.")


def _has_run(period: ClosingPeriod, kind: RunKind) -> bool:
    return PeriodEndRun.objects.filter(period_id=period.id, kind=kind).exists()


for _step in (
    Step("accruals", "Post accruals", StepKind.CHECK, 130, accrual_finding, url_name="close-accruals",
         help="They reverse themselves on the first day of the next period."),
    Step("revaluation", "Revalue foreign balances", StepKind.CHECK, 140, revaluation_finding, url_name="close-revaluation",
         help="At the rate of the last day; reversed on the first day of the next period."),
):  # fmt: skip
    register_step(_step)
