"""Reads of approval: who decides on what, and what of it deserves a look."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.duties import duty_applies
from workledger.expenses.models import Expense, ExpenseReport, ExpenseState
from workledger.expenses.queries.listing import ExpenseRow, flagged, rows_of

MOST_REPORTS = 200


def reports_to_decide(actor: Actor) -> QuerySet[ExpenseReport]:
    """Return the reports this actor may approve or reject, in any state.

    With 'manage expenses' every visible one; with 'approve expenses' those whose expenses are all on projects the actor
    manages. One's own are among them: the two-person rule is refused by the act, with its sentence.
    """
    rows: QuerySet[ExpenseReport] = ExpenseReport.objects.visible_to(actor)
    if actor.can(Permission.MANAGE_EXPENSES):
        return rows
    if actor.can(Permission.APPROVE_EXPENSES) and actor.person_id is not None:
        on_it = Expense.objects.filter(report=OuterRef("pk"))
        others = on_it.filter(~Q(project__manager_id=actor.person_id) | Q(project__manager_id__isnull=True))
        return rows.filter(Exists(on_it), ~Exists(others))
    return rows.none()


@dataclass(frozen=True, slots=True)
class ReportToDecide:
    """A submitted report as its approver sees it; `amount` is its gross in `currency`, the entity's."""

    report_id: int
    name: str
    person_id: int
    person: str
    currency: str
    expenses: tuple[ExpenseRow, ...]

    @property
    def amount(self) -> Decimal:
        """What is owed to the person once it is approved."""
        return sum((row.home_amount for row in self.expenses), Decimal(0))

    @property
    def billable(self) -> Decimal:
        """The gross of its billable expenses."""
        return sum((row.home_amount for row in self.expenses if row.is_billable), Decimal(0))

    @property
    def flagged(self) -> tuple[ExpenseRow, ...]:
        """The expenses to look at."""
        return tuple(row for row in self.expenses if row.flags)

    @property
    def first(self) -> date:
        """The day of its first expense."""
        return min(row.work_date for row in self.expenses)

    @property
    def last(self) -> date:
        """The day of its last expense."""
        return max(row.work_date for row in self.expenses)


@dataclass(frozen=True, slots=True)
class ReportBoard:
    """All reports that wait for this actor's decision. `more` wait beyond those shown, `own_waiting` for another."""

    reports: tuple[ReportToDecide, ...] = ()
    more: int = 0
    own_waiting: int = 0

    @property
    def to_look_at(self) -> tuple[ReportToDecide, ...]:
        """The reports with a flag on any expense."""
        return tuple(report for report in self.reports if report.flagged)

    @property
    def clean(self) -> tuple[ReportToDecide, ...]:
        """The reports without a flag."""
        return tuple(report for report in self.reports if not report.flagged)


def to_approve(actor: Actor, *, looked_at: date) -> ReportBoard:
    """Return the submitted reports this actor decides on, oldest first, in a number of queries that does not grow."""
    waiting = reports_to_decide(actor).filter(state=ExpenseState.SUBMITTED)
    own = 0
    if actor.person_id is not None and duty_applies(DutyRule.APPROVE_OWN_EXPENSES):
        own = waiting.filter(person_id=actor.person_id).count()
        waiting = waiting.exclude(person_id=actor.person_id)
    fields = ("pk", "name", "person_id", "person__name", "entity__book__currency")
    found = list(waiting.order_by("pk").values_list(*fields))
    shown = found[:MOST_REPORTS]
    rows = rows_of(
        Expense.objects.filter(report_id__in=[row[0] for row in shown]).order_by("work_date", "pk")
    )
    by_report: dict[int, list[ExpenseRow]] = defaultdict(list)
    for row in flagged(actor, rows, looked_at=looked_at):
        by_report[row.report_id or 0].append(row)
    return ReportBoard(
        reports=tuple(
            ReportToDecide(pk, name, person_id, person, currency, tuple(by_report[pk]))
            for pk, name, person_id, person, currency in shown
        ),
        more=len(found) - len(shown),
        own_waiting=own,
    )
