"""What the checklist of a period says of accruals and revaluation.

Each finds what the act itself would post, so that a step is done only while nothing new would be posted.
"""

from collections.abc import Callable

from workledger.close.accruing import accruals
from workledger.close.models import PeriodEndRun, RunKind
from workledger.close.period_ends import Outcome, PeriodEnd, is_closed, period_end
from workledger.close.steps import ClosingPeriod, Finding, Step, StepKind, register_step
from workledger.close.valuing import revaluation
from workledger.core.access import Actor
from workledger.ledger.models import Book


def accrual_finding(actor: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Return whether what the period has without a document is accrued. Raises `NotFound`."""
    return _finding(period_end(actor, book.pk, period.id), RunKind.ACCRUAL, accruals, "to accrue")


def revaluation_finding(actor: Actor, book: Book, period: ClosingPeriod) -> Finding:
    """Return whether what the period holds in foreign currencies stands at the closing rate. Raises `NotFound`."""
    return _finding(period_end(actor, book.pk, period.id), RunKind.REVALUATION, revaluation, "to revalue")


def _finding(end: PeriodEnd, kind: RunKind, find: Callable[[PeriodEnd], Outcome], what: str) -> Finding:
    has_run = PeriodEndRun.objects.filter(period=end.period, kind=kind).exists()
    if is_closed(end):
        said = "Run before the period was locked." if has_run else "Not run before the period was locked."
        return Finding(0 if has_run else 1, said)
    found = find(end)
    new, missing = len(found.new), len(found.left_out)
    if missing:
        return Finding(missing, " ".join(found.left_out))
    if new:
        return Finding(new, f"{new} line{'' if new == 1 else 's'} {what}.")
    return Finding(0, "Posted, and nothing is new since." if has_run else f"Nothing {what}.")


for _step in (
    Step("accruals", "Post accruals", StepKind.CHECK, 130, accrual_finding, url_name="close-accruals",
         help="They reverse themselves on the first day of the next period."),
    Step("revaluation", "Revalue foreign balances", StepKind.CHECK, 140, revaluation_finding, url_name="close-revaluation",
         help="At the rate of the last day; reversed on the first day of the next period."),
):  # fmt: skip
    register_step(_step)
