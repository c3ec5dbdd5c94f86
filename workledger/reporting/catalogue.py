"""Every report that can be asked for, and the one function that runs one."""

from dataclasses import replace

from workledger.core.access import Actor
from workledger.core.refusals import Forbidden, Problems, Refused
from workledger.reporting.report import Asked, Compare, Report, ReportType, Split
from workledger.reporting.revenue import MARGIN_TYPE, REVENUE_TYPE
from workledger.reporting.rolls import POSITION_TYPE, RECEIVABLES_TYPE, WIP_TYPE
from workledger.reporting.statements import INCOME_TYPE, SHEET_TYPE
from workledger.reporting.sums import ReportBasis

REPORTS: dict[str, ReportType] = {
    kind.name: kind
    for kind in (
        INCOME_TYPE, SHEET_TYPE, REVENUE_TYPE, MARGIN_TYPE, POSITION_TYPE, WIP_TYPE, RECEIVABLES_TYPE,
    )
}  # fmt: skip


def may_see(actor: Actor, kind: ReportType) -> bool:
    """Tell whether the actor may ask for it."""
    return actor.can(kind.needs)


def run(actor: Actor, name: str, asked: Asked) -> Report:
    """Return a report. Raises NotFound for a legal entity that is not visible, Forbidden without its permission.

    Refuses: report_unknown, period_backwards, by_unknown.
    """
    kind = REPORTS.get(name)
    if kind is None:
        known = ", ".join(sorted(REPORTS))
        raise Refused.because("report_unknown", f"There is no report {name}. There are: {known}.", "name")
    if not may_see(actor, kind):
        raise Forbidden.because("forbidden", f"You may not see the report '{kind.title}'. Ask Finance.")
    problems = Problems()
    problems.check(
        asked.start < asked.end,
        "period_backwards",
        "The report's first day comes after its last. Turn them round.",
        "from",
    )
    strange = [by.label.lower() for by in asked.by if by not in kind.bys]
    problems.check(
        not strange,
        "by_unknown",
        f"'{kind.title}' cannot be told by {' and '.join(strange)}. Choose something else.",
        "by",
    )
    problems.check(
        strange or len(set(asked.by)) == len(asked.by) <= kind.most, "by_unknown",
        f"'{kind.title}' is told by at most {kind.most} different things.", "by",
    )  # fmt: skip
    problems.refuse()
    return kind.build(actor, _taken(kind, asked))


def _taken(kind: ReportType, asked: Asked) -> Asked:
    """Return what is asked for without what the report does not take."""
    return replace(
        asked,
        basis=asked.basis if kind.has_basis else ReportBasis.POSTED,
        split=asked.split if asked.split in kind.splits else Split.NOTHING,
        compare=asked.compare if kind.has_compare else Compare.NOTHING,
    )
