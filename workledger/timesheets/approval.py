"""Approval of time: lines are decided, labour cost is posted, and the floors above are told."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from workledger.core import bulk, events, locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import LegalEntity
from workledger.directory.queries import TermsTable
from workledger.ledger import actions as ledger
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.models import AccountRole, Posting
from workledger.projects.queries import TaskFacts, task_facts
from workledger.timesheets import posting, queries
from workledger.timesheets.calc.content import EntryContent, content_hash
from workledger.timesheets.events import ApprovedEntry, TimeApproved, TimeWithdrawn
from workledger.timesheets.models import LineDecision, LineState, TimeEntry, TimesheetLine

_ENTRIES = """
    SELECT e.line_id, e.id, e.person_id, e.task_id, e.work_date, e.worked_seconds, e.billable_seconds, e.note
    FROM timesheets_timeentry e WHERE e.line_id = ANY(%s) ORDER BY e.line_id, e.id
"""


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approval did. Seconds are whole; `without_cost_rate` entries were posted at no cost yet."""

    lines: int
    entries: int
    worked_seconds: int
    billable_seconds: int
    without_cost_rate: int


@action("timesheets.approve_lines", needs=Permission.APPROVE_TIME, logs_input=False)
def approve_lines(*, actor: Actor, line_ids: list[int], reason: str = "") -> Approved:
    """Approve submitted timesheet lines: bind the decision to their content, post labour cost, tell billing.

    Refuses: not_found (also: not yours to decide), not_submitted, own_time, no_open_period.
    """
    lines = locks.all_for_update(queries.lines_to_decide(actor), line_ids)
    return approve_locked(actor, lines, frozenset({LineState.SUBMITTED}), reason)


@action("timesheets.approve_through", needs=Permission.APPROVE_TIME)
def approve_through(*, actor: Actor, through: date, include_unsubmitted: bool = False) -> Approved:
    """Approve every line whose week began on or before `through` and whose entries all lie on or before it.

    Lines of the actor's own time are left for another person while the two-person rule is on.
    Refuses: no_open_period.
    """
    states = {LineState.SUBMITTED}
    if include_unsubmitted:
        states |= {LineState.OPEN, LineState.REJECTED}
    rows: QuerySet[TimesheetLine] = queries.lines_to_decide(actor).filter(state__in=states, week__lte=through)
    if actor.person_id is not None and duty_applies(DutyRule.APPROVE_OWN_TIME):
        rows = rows.exclude(person_id=actor.person_id)
    rows = rows.filter(Exists(TimeEntry.objects.filter(line=OuterRef("pk"))))
    rows = rows.exclude(entries__work_date__gt=through)
    lines = list(rows.order_by("pk").select_for_update(of=("self",)))
    return approve_locked(actor, lines, frozenset(states), "")


def approve_locked(
    actor: Actor,
    lines: Sequence[TimesheetLine],
    states: frozenset[LineState],
    reason: str,
    decided_at: Mapping[int, datetime] | None = None,
) -> Approved:
    """Approve lines that the running action has locked and that are in one of `states`.

    `decided_at` gives the moment of each line's decision where it lies in the past (history that is loaded).
    """
    problems = Problems()
    if any(line.state not in states for line in lines):
        problems.add(
            "not_submitted", "Some of these lines are not submitted, or were decided by someone else."
        )
    if actor.person_id is not None and any(line.person_id == actor.person_id for line in lines):
        problems.check(
            not duty_applies(DutyRule.APPROVE_OWN_TIME), "own_time", DutyRule.APPROVE_OWN_TIME.sentence
        )
    problems.refuse()
    if not lines:
        return Approved(0, 0, 0, 0, 0)
    line_ids = [line.pk for line in lines]
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [line_ids])
        rows = cursor.fetchall()
    approved = list(_approved_entries(rows))
    decide(actor, rows, line_ids, "approved", LineState.APPROVED, reason, decided_at)
    currencies = dict(LegalEntity.objects.values_list("book_id", "book__currency"))
    ledger.post(actor=actor, entries=posting.time_approved(approved, currencies))
    events.emit(TimeApproved(actor, approved))
    result = Approved(
        lines=len(lines),
        entries=len(approved),
        worked_seconds=sum(entry.worked_seconds for entry in approved),
        billable_seconds=sum(entry.billable_seconds for entry in approved),
        without_cost_rate=sum(entry.cost_rate is None for entry in approved),
    )
    record(
        lines[0] if len(lines) == 1 else None, f"Approved {result.entries} entries on {result.lines} lines"
    )
    return result


def _approved_entries(
    rows: Iterable[tuple[int, int, int, int, date, int, int | None, str]],
) -> Iterable[ApprovedEntry]:
    terms = TermsTable.load()
    facts: dict[int, TaskFacts] = task_facts()
    for line_id, entry_id, person_id, task_id, day, worked, billable, _ in rows:
        task = facts[task_id]
        held = terms.on(person_id, day)
        if not task.is_billable:
            billable = 0
        elif billable is None:
            billable = worked
        yield ApprovedEntry(
            entry_id, line_id, person_id,
            (held.role_id if held else None) or 0,
            (held.practice_id if held else None) or 0,
            (held.office_id if held else None) or 0,
            held.entity_id if held else task.entity_id,
            task_id, task.task_type_id or 0, task.project_id, task.client_id, task.contract_id or 0,
            task.contract_line_id or 0, task.entity_id, day, worked, billable,
            held.cost_rate if held else None,
        )  # fmt: skip


def decide(
    actor: Actor,
    rows: Sequence[tuple[int, int, int, int, date, int, int | None, str]],
    line_ids: Sequence[int],
    decision: str,
    state: LineState,
    reason: str,
    decided_at: Mapping[int, datetime] | None = None,
) -> None:
    """Write one decision per line, bound to its entries' content, and bring the lines to `state`."""
    by_line: dict[int, list[EntryContent]] = defaultdict(list)
    for line_id, entry_id, _, task_id, day, worked, billable, note in rows:
        by_line[line_id].append(EntryContent(entry_id, day, worked, billable, note, task_id))
    rows_of = (
        (line_id, decision, actor.user_id, reason, content_hash(by_line[line_id])) for line_id in line_ids
    )
    fields = ("line", "decision", "user", "reason", "content_hash")
    if decided_at is None:
        bulk.copy_rows(LineDecision, fields, rows_of)  # the database says when
    else:
        bulk.copy_rows(LineDecision, (*fields, "at"), ((*row, decided_at[row[0]]) for row in rows_of))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE timesheets_timesheetline SET state = %s WHERE id = ANY(%s)", [state.value, list(line_ids)]
        )


@action("timesheets.withdraw_approval", needs=None)
def withdraw_approval(*, actor: Actor, line_id: int, reason: str, on: date) -> None:
    """Void the approval of a line: its labour cost is reversed and it leaves the billable set; it is open again.

    The approver, or the person whose time it is (an edit does this), may. Refuses: not_found, not_approved,
    and whatever a floor above has built on it (billed: it is on a pre-bill or invoice).
    """
    line = locks.for_update(TimesheetLine.objects.visible_to(actor), line_id)
    own = line.person_id == actor.person_id
    if not own and not queries.lines_to_decide(actor).filter(pk=line_id).exists():
        raise Refused.because(
            "not_yours", "Only the person, the project manager or Finance withdraws an approval."
        )
    if line.state != LineState.APPROVED:
        raise Refused.because("not_approved", "This line is not approved.")
    entries = withdraw_locked(actor, [line_id], reason, on)
    record(line, f"Withdrew the approval of {entries} entries")


def withdraw_locked(actor: Actor, line_ids: Sequence[int], reason: str, on: date) -> int:
    """Void the approval of lines that the running action has locked and that are approved; returns how many entries.

    Refuses what a floor above has built on them (billed: it is on a pre-bill or invoice).
    """
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [list(line_ids)])
        rows = cursor.fetchall()
    entry_ids = [row[1] for row in rows]
    events.emit(TimeWithdrawn(actor, entry_ids, on))
    ledger.post(actor=actor, entries=_reversals(entry_ids))
    decide(actor, rows, line_ids, "withdrawn", LineState.OPEN, reason)
    return len(entry_ids)


def _reversals(entry_ids: Sequence[int]) -> list[EntryDraft]:
    """Return entries that take back what the books still hold as labour cost of these time entries."""
    taken: dict[int, list[Posting]] = defaultdict(list)
    originals = Posting.objects.filter(source_kind=posting.SOURCE, source_id__in=entry_ids).select_related(
        "entry", "account"
    )
    latest: dict[int, Posting] = {}
    for row in originals.order_by("id"):
        latest[row.source_id or 0] = row  # the last one is the approval that holds now
    for row in latest.values():
        taken[row.entry_id].append(row)
    drafts = []
    for entry_id, rows in sorted(taken.items()):
        original = rows[0].entry
        postings = [
            PostingDraft(
                AccountRole.LABOUR_COST, row.debit, row.credit, None, row.client_id, row.contract_id,
                row.contract_line_id, row.project_id, row.task_id, row.person_id, row.role_id, row.practice_id,
                row.office_id, row.quantity, row.billable_quantity, row.unit, row.service_date, row.source_kind,
                row.source_id,
            ).reversed()
            for row in rows
        ]  # fmt: skip
        postings += [
            PostingDraft(
                AccountRole.LABOUR_ABSORBED,
                debit=row.debit,
                practice_id=row.practice_id,
                office_id=row.office_id,
            )
            for row in rows
            if row.debit
        ]
        drafts.append(
            EntryDraft(
                original.book_id, original.date, "time_withdrawn",
                f"Approval of time of {rows[0].service_date:%d %b %Y} withdrawn", rows[0].currency, postings,
                reverses_id=entry_id,
            )
        )  # fmt: skip
    return drafts
