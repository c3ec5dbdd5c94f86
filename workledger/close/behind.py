"""What a period still lacks, by the person who can bring it: hours to book, time and expenses to submit or to decide on."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from django.db.models import Count, Sum

from workledger.close.live import missing_seconds
from workledger.close.steps import ClosingPeriod
from workledger.expenses.models import EDITABLE, Expense, ExpenseState
from workledger.kernel.quantity import hours
from workledger.timesheets.models import LineState, TimeEntry


class Behind(NamedTuple):
    """What one person has left to do in a period; time in seconds, expenses by number.

    `waiting` is what others submitted and this person, who manages the project, has not decided.
    """

    missing: int = 0
    unsubmitted: int = 0
    drafts: int = 0
    waiting: int = 0
    waiting_expenses: int = 0

    def words(self) -> str:
        """Return it in words: '16.00 h to book, 2 expenses to submit'."""
        return ", ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        if self.missing:
            yield f"{hours(self.missing)} h to book"
        if self.unsubmitted:
            yield f"{hours(self.unsubmitted)} h to submit"
        if self.drafts:
            yield f"{_expenses(self.drafts)} to submit"
        if self.waiting:
            yield f"{hours(self.waiting)} h to approve"
        if self.waiting_expenses:
            yield f"{_expenses(self.waiting_expenses)} to approve"


def behind(
    book_id: int, period: ClosingPeriod, person_ids: Collection[int] | None = None
) -> dict[int, Behind]:
    """Return what each person, or each of these, has left to do in a period. Six queries, however many there are."""
    found: dict[int, dict[str, int]] = {}

    def note(name: str, rows: Iterable[tuple[int | None, int]]) -> None:
        for person_id, amount in rows:
            if person_id is not None and amount and (person_ids is None or person_id in person_ids):
                found.setdefault(person_id, {})[name] = amount

    note("missing", missing_seconds(book_id, period, person_ids).items())
    time = TimeEntry.objects.filter(
        task__project__entity=book_id, work_date__gte=period.start, work_date__lt=period.end
    ).order_by()
    unsubmitted = time.exclude(line__state__in=(LineState.APPROVED, LineState.SUBMITTED))
    note("unsubmitted", unsubmitted.values_list("person").annotate(Sum("worked_seconds")))
    submitted = time.filter(line__state=LineState.SUBMITTED)
    note("waiting", submitted.values_list("task__project__manager").annotate(Sum("worked_seconds")))
    spent = Expense.objects.filter(
        entity=book_id, work_date__gte=period.start, work_date__lt=period.end
    ).order_by()
    note("drafts", spent.filter(state__in=EDITABLE).values_list("person").annotate(Count("pk")))
    waits = spent.filter(state=ExpenseState.SUBMITTED)
    note("waiting_expenses", waits.values_list("project__manager").annotate(Count("pk")))
    return {person_id: Behind(**amounts) for person_id, amounts in found.items()}


def _expenses(count: int) -> str:
    return "1 expense" if count == 1 else f"{count} expenses"
