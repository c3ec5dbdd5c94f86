"""What belongs to a period and stands on no document yet.

What approval would post is found by approving and taking back: everything that prices, caps and settles work is then
in the figure, and nothing of it is written twice. See docs/decisions/0016.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q

from workledger.billing.models import BillableItem, UnpricedItem
from workledger.close.calc.differences import NOTHING, Key, Proposal, Sum
from workledger.close.models import RunKind, What
from workledger.close.period_end_queries import policy_of
from workledger.close.period_ends import Outcome, PeriodEnd, outcome, posted
from workledger.core.access import system_actor
from workledger.core.refusals import NeedsConfirmation, Refused
from workledger.directory.models import EmploymentTerms, Person
from workledger.expenses.actions import approve_reports
from workledger.expenses.models import Expense, ExpenseReport, ExpenseState
from workledger.kernel.quantity import hours
from workledger.ledger.models import AccountRole, Posting
from workledger.timesheets.approval import approve_lines
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine

_ZERO = Decimal(0)
_REVENUE = (
    AccountRole.SERVICES_REVENUE,
    AccountRole.REIMBURSABLE_REVENUE,
    AccountRole.BILLING_ADJUSTMENTS,
)
_ABOUT = (
    "client_id", "contract_id", "contract_line_id", "project_id", "person_id", "role_id", "practice_id", "office_id",
)  # fmt: skip


def accruals(end: PeriodEnd, *, include_unapproved_time: bool | None = None) -> Outcome:
    """Return what accruing a period would post, as the policy of its book says.

    What was chosen for time in a run before holds while nothing is said.
    """
    policy = policy_of(end.entity.pk)
    wants_time = include_unapproved_time
    if wants_time is None:
        wants_time = policy.unapproved_time or _has_time(end)
    proposals, left_out = [], []
    for is_wanted, find in (
        (policy.expenses, expenses),
        (policy.subcontractors, subcontractors),
        (wants_time, unapproved_time),
    ):
        if is_wanted:
            found = find(end)
            proposals += found.proposals
            left_out += found.left_out
    return outcome(end, RunKind.ACCRUAL, proposals, left_out)


def _has_time(end: PeriodEnd) -> bool:
    """Tell whether time stands accrued at this period's end."""
    return any(
        key.what == What.TIME and total != NOTHING for key, total in posted(end, RunKind.ACCRUAL).items()
    )


class Found(NamedTuple):
    """What is to be accrued, and what could not be, in words."""

    proposals: list[Proposal]
    left_out: list[str]


class _Side(NamedTuple):
    """A posting that approval would make. Debits less credits; `source_id` is the time's or expense's own."""

    account: AccountRole
    currency: str
    amount: Decimal
    value: Decimal
    about: tuple[int, ...]
    source_kind: str
    source_id: int
    seconds: Decimal


class _TakenBack(Exception):
    """Carries what was found out of a transaction that is undone."""

    def __init__(self, sides: list[_Side], unpriced: int) -> None:
        self.sides, self.unpriced = sides, unpriced


# --- expenses -----------------------------------------------------------------------------------------------


def expenses(end: PeriodEnd) -> Found:
    """Return the net cost of expenses that are submitted and not approved, and what clients will be charged for them."""
    held = Expense.objects.filter(report=OuterRef("pk"), work_date__lte=end.day)
    rows = ExpenseReport.objects.filter(Exists(held), entity=end.entity, state=ExpenseState.SUBMITTED)
    reports = list(rows.order_by("pk").values_list("pk", flat=True))
    sides, left_out = _each_or_all(
        end,
        reports,
        lambda ids: approve_reports(actor=system_actor("close"), report_ids=ids),
        "expense report",
    )
    words = {
        row.pk: f"{row.vendor or row.description or row.category.name} of {row.work_date:%-d %B %Y}"
        for row in Expense.objects.filter(report__in=reports).select_related("category")
    }
    return Found([*_of_expenses(sides, words)], left_out)


def _of_expenses(sides: Sequence[_Side], words: dict[int, str]) -> Iterator[Proposal]:
    for side in sorted(sides, key=lambda side: (side.source_id, side.account in _REVENUE)):
        said = words.get(side.source_id, "An expense")
        if side.account is AccountRole.PROJECT_EXPENSE:
            reason = f"{said} is submitted and not approved. Its cost, without tax that is reclaimed."
            yield _proposal(What.EXPENSE, side, AccountRole.ACCRUED_EXPENSES, reason, by_source=True)
        elif side.account in _REVENUE:
            reason = f"{said} will be charged to the client once it is approved."
            yield _proposal(What.EXPENSE, side, AccountRole.ACCRUED_REVENUE, reason, by_source=True)


# --- time ---------------------------------------------------------------------------------------------------


def unapproved_time(end: PeriodEnd) -> Found:
    """Return labour cost and, where revenue follows time, the priced value of time that is submitted and not approved."""
    employed = EmploymentTerms.objects.filter(person=OuterRef("person"), entity=end.entity)
    entries = TimeEntry.objects.filter(line=OuterRef("pk"), work_date__lte=end.day)
    rows = TimesheetLine.objects.filter(
        Exists(entries), Q(task__project__entity=end.entity) | Q(Exists(employed)), state=LineState.SUBMITTED
    )
    lines = list(rows.order_by("pk").values_list("pk", flat=True))
    sides, left_out = _each_or_all(
        end, lines, lambda ids: approve_lines(actor=system_actor("close"), line_ids=ids), "timesheet line"
    )
    contractors = set(Person.objects.filter(is_contractor=True).values_list("pk", flat=True))
    return Found([*_of_time(sides, contractors)], left_out)


def _of_time(sides: Sequence[_Side], contractors: set[int]) -> Iterator[Proposal]:
    for side in sorted(sides, key=lambda side: (side.about, side.account in _REVENUE)):
        if side.account is AccountRole.LABOUR_COST:
            outside = side.about[_ABOUT.index("person_id")] in contractors
            counter = AccountRole.ACCRUED_EXPENSES if outside else AccountRole.LABOUR_ABSORBED
            yield _proposal(What.TIME, side, counter, "Submitted and not approved: its labour cost.")
        elif side.account in _REVENUE:
            reason = "Submitted and not approved: what it is priced at, on a line recognized as invoiced."
            yield _proposal(What.TIME, side, AccountRole.ACCRUED_REVENUE, reason)


# --- subcontractors -----------------------------------------------------------------------------------------

_UNBILLED = """
SELECT p.currency, p.client_id, p.contract_id, p.contract_line_id, p.project_id, p.person_id, p.role_id, p.practice_id,
       p.office_id, sum(p.debit - p.credit), sum(p.quantity)
FROM ledger_posting p
JOIN ledger_account a ON a.id = p.account_id
JOIN directory_person d ON d.id = p.person_id AND d.is_contractor
WHERE a.book_id = %(book)s AND a.role = 'labour_cost' AND p.source_kind = 'time' AND p.date < %(end)s
  AND NOT EXISTS (
      SELECT 1 FROM expenses_matchedtime m
      JOIN expenses_vendorbillline l ON l.id = m.line_id
      JOIN ledger_journalentry e ON e.source_kind = 'vendor_bill' AND e.source_id = l.bill_id
           AND e.kind = 'vendor_bill_matched' AND e.date < %(end)s
      WHERE m.entry_id = p.source_id)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
HAVING sum(p.debit - p.credit) <> 0
"""


def subcontractors(end: PeriodEnd) -> Found:
    """Return the labour cost of approved time of contractors that no vendor's bill charges by the day."""
    with connection.cursor() as cursor:
        cursor.execute(_UNBILLED, {"book": end.entity.pk, "end": end.period.end})
        rows = cursor.fetchall()
    found = []
    for currency, *about, cost, seconds in rows:
        side = _Side(AccountRole.LABOUR_ABSORBED, currency, cost, cost, tuple(about), "", 0, seconds)
        reason = f"{hours(int(seconds)).normalize():f} h are approved and no vendor's bill charges them: their labour cost."
        found.append(_proposal(What.SUBCONTRACTOR, side, AccountRole.ACCRUED_EXPENSES, reason))
    return Found(found, [])


# --- what approval would post -------------------------------------------------------------------------------


def _each_or_all(
    end: PeriodEnd, ids: list[int], approve: Callable[[list[int]], object], noun: str
) -> tuple[list[_Side], list[str]]:
    """Return what approving would post, and what keeps single ones from it; together where nothing does."""
    if not ids:
        return [], []
    try:
        sides, unpriced = _would_post(end, ids, approve)
    except (Refused, NeedsConfirmation):
        sides, unpriced, left_out = [], 0, []
        for pk in ids:
            try:
                some, without = _would_post(end, [pk], approve)
            except (Refused, NeedsConfirmation) as reason:
                left_out.append(f"One {noun}: {reason}")
                continue
            sides += some
            unpriced += without
        return sides, left_out + _unpriced(unpriced)
    return sides, _unpriced(unpriced)


def _unpriced(count: int) -> list[str]:
    if not count:
        return []
    noun = "entry has" if count == 1 else "entries have"
    return [f"{count} billable {noun} no price: set the rate, and run again."]


def _would_post(
    end: PeriodEnd, ids: list[int], approve: Callable[[list[int]], object]
) -> tuple[list[_Side], int]:
    """Approve, read what it posted in this book for work through the day, and undo all of it."""
    last = Posting.objects.aggregate(last=Max("pk"))["last"] or 0
    unpriced = UnpricedItem.objects.count()
    try:
        with transaction.atomic():
            approve(ids)
            raise _TakenBack(_sides(end, last), UnpricedItem.objects.count() - unpriced)
    except _TakenBack as found:
        return found.sides, found.unpriced


def _sides(end: PeriodEnd, after: int) -> list[_Side]:
    rows = list(
        Posting.objects.filter(pk__gt=after, book_id=end.entity.pk, service_date__lte=end.day)
        .extra(where=["entry_id IN (SELECT id FROM ledger_journalentry WHERE transaction_id = pg_current_xact_id()::text::bigint)"])
        .values_list(
            "account__role", "currency", "debit", "credit", "functional_debit", "functional_credit", *_ABOUT,
            "source_kind", "source_id", "quantity",
        )
    )  # fmt: skip
    items = {
        pk: source
        for pk, *source in BillableItem.objects.filter(
            pk__in=[row[-2] for row in rows if row[-3] == "item"]
        ).values_list("pk", "source_kind", "source_id")
    }
    found = []
    for role, currency, debit, credit, own_debit, own_credit, *about, kind, pk, seconds in rows:
        if kind == "item":
            kind, pk = items.get(pk, ("", 0))
        found.append(
            _Side(
                AccountRole(role),
                currency,
                debit - credit,
                own_debit - own_credit,
                tuple(about),
                kind,
                pk or 0,
                seconds,
            )
        )
    return found


def _proposal(
    what: What, side: _Side, counter: AccountRole, reason: str, *, by_source: bool = False
) -> Proposal:
    """Return a side as a proposal: of its own document, or together with others about the same work and person."""
    source = (side.source_kind, side.source_id) if by_source else ("", 0)
    if not by_source and side.about[_ABOUT.index("person_id")]:
        source = ("person", side.about[_ABOUT.index("person_id")])
    key = Key._make((what, side.account, counter, side.currency, *side.about, *source))
    return Proposal(key, Sum(side.amount, side.value), reason)
