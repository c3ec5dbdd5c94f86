"""Approving what an import books, and giving approvals back when it is undone.

A timesheet line is approved as a whole, bound to its content. Time that comes to an approved line, or leaves it, therefore
voids the approval first; what the line then holds is approved together, so that its hours are rounded and priced together.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from workledger.billing.models import BillableItem, InvoiceSource, OpenItem, Treatment
from workledger.connect.calc.rows import RefusedRow
from workledger.connect.intake import Intake, OnDecided
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.duties import duty_applies
from workledger.core.refusals import Forbidden, Refused
from workledger.timesheets import explain
from workledger.timesheets.approval import approve_locked, decide, withdraw_locked
from workledger.timesheets.models import LineState, TimeEntry, TimesheetLine
from workledger.timesheets.queries import lines_to_decide

_ENTRIES = (
    "SELECT e.line_id, e.id, e.person_id, e.task_id, e.work_date, e.worked_seconds, e.billable_seconds, e.note"
    " FROM timesheets_timeentry e WHERE e.line_id = ANY(%s) ORDER BY e.line_id, e.id"
)
_TREATED = "part of it is held, deferred, written down or up, split or transferred in billing, which would be lost; withdraw the approval first"


@dataclass(frozen=True, slots=True)
class Decided:
    """How many lines were approved, and how many are submitted and wait for somebody else."""

    approved: int = 0
    waiting: int = 0


def may_approve(actor: Actor) -> bool:
    """Whether this actor approves anybody's time."""
    return actor.can(Permission.APPROVE_TIME) or actor.can(Permission.APPROVE_ALL_TIME)


# ------------------------------------------------------------------------------------------- committing


def refuse_decided(actor: Actor, intake: Intake, *, approved: bool) -> list[int]:
    """Set aside the rows that fall on submitted or approved lines.

    With `approved`, returns the approved lines that take more time: those that this actor approves, and on which nothing
    is built yet. Their rows stay.
    """
    found = intake.on_decided()
    if not found:
        return []
    ids = {row.line_id for row in found if row.state == LineState.APPROVED}
    mine = _decidable(actor, ids)
    held = _held(ids)
    free = mine - held.keys()
    intake.refuse(
        [
            RefusedRow(row.line, _why_decided(row, held.get(row.line_id, ""), is_free=row.line_id in free))
            for row in found
            if not (approved and row.line_id in free)
        ]
    )
    return sorted(free) if approved else []


def reopen(actor: Actor, line_ids: Sequence[int], batch_id: int, on: date) -> None:
    """Void the approval of locked lines to which an import adds time."""
    if line_ids:
        withdraw_locked(actor, line_ids, f"Import {batch_id} adds time", on)


def approve_import(actor: Actor, batch_id: int, reopened: Collection[int]) -> tuple[Decided, list[str]]:
    """Submit and approve the lines that hold time of this import alone or were `reopened` for it; with what to say of it."""
    lines = lines_of(batch_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line_id FROM timesheets_timeentry WHERE line_id = ANY(%s) GROUP BY 1"
            " HAVING bool_and(batch_id IS NOT DISTINCT FROM %s)",
            [[line.pk for line in lines], batch_id],
        )
        whole = {row[0] for row in cursor.fetchall()} | set(reopened)
    taken = [line for line in lines if line.pk in whole]
    done = _submit_and_approve(actor, taken, f"Import {batch_id}")
    notes = []
    if reopened:
        notes.append(
            f"Timesheet lines that were approved already and are approved again with this time: {len(reopened):,}."
        )
    if len(taken) < len(lines):
        notes.append(
            f"{len(lines) - len(taken):,} timesheet lines hold other time too and stay open: submit and approve them by hand."
        )
    if done.waiting:
        notes.append(
            f"{done.waiting:,} timesheet lines are submitted and wait for somebody else to approve them."
        )
    return done, notes


# ---------------------------------------------------------------------------------------------- undoing


def unapprove(actor: Actor, batch_id: int, on: date) -> list[TimesheetLine]:
    """Withdraw what is approved of an import's lines and recall what is submitted; returns the lines that were approved.

    Refuses: billed, on_pre_bill, treated_in_billing (other time on the lines would lose its hold or write-down),
    approval_forbidden.
    """
    reason = f"Import {batch_id} was undone"
    lines = lines_of(batch_id)
    approved = [line for line in lines if line.state == LineState.APPROVED]
    if approved:
        if not may_approve(actor):
            message = "This time is approved, and you may not withdraw approvals. Ask who approves time to undo the import."
            raise Forbidden.because("approval_forbidden", message)
        ids = [line.pk for line in approved]
        others = TimeEntry.objects.filter(line_id__in=ids).exclude(batch_id=batch_id)
        if _treated(others.values("pk")).exists():
            message = (
                "Other time on the same timesheet lines is held or written down in billing, and undoing would lose that."
                " Release it, or withdraw the approval of those lines first."
            )
            raise Refused.because("treated_in_billing", message)
        withdraw_locked(actor, ids, reason, on)
    submitted = [line.pk for line in lines if line.state == LineState.SUBMITTED]
    if submitted:
        with connection.cursor() as cursor:
            cursor.execute(_ENTRIES, [submitted])
            rows = cursor.fetchall()
        decide(actor, rows, submitted, "recalled", LineState.OPEN, reason)
    return approved


def approve_again(actor: Actor, batch_id: int, lines: Sequence[TimesheetLine]) -> Decided:
    """Approve what is left on lines that were approved until an import was taken back from them."""
    left = set(
        TimeEntry.objects.filter(line__in=[line.pk for line in lines]).values_list("line_id", flat=True)
    )
    return _submit_and_approve(
        actor, [line for line in lines if line.pk in left], f"Import {batch_id} was undone"
    )


# ------------------------------------------------------------------------------------------------- both


def lines_of(batch_id: int) -> list[TimesheetLine]:
    """The timesheet lines that hold time of an import, locked."""
    ids = TimeEntry.objects.filter(batch_id=batch_id).values("line_id")
    return list(TimesheetLine.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)))


def _submit_and_approve(actor: Actor, lines: Sequence[TimesheetLine], reason: str) -> Decided:
    """Submit open lines, and approve those that this actor approves."""
    ids = [line.pk for line in lines]
    if not ids:
        return Decided()
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [ids])
        decide(actor, cursor.fetchall(), ids, "submitted", LineState.SUBMITTED, reason)
    for line in lines:
        line.state = LineState.SUBMITTED
    decidable = _decidable(actor, ids)
    mine = [line for line in lines if line.pk in decidable]
    done = approve_locked(actor, mine, frozenset({LineState.SUBMITTED}), reason)
    return Decided(done.lines, len(lines) - len(mine))


def _decidable(actor: Actor, line_ids: Collection[int]) -> set[int]:
    """Those of the lines that this actor approves: never one's own while the two-person rule is on."""
    rows = lines_to_decide(actor).filter(pk__in=line_ids)
    if actor.person_id is not None and duty_applies(DutyRule.APPROVE_OWN_TIME):
        rows = rows.exclude(person_id=actor.person_id)
    return set(rows.values_list("pk", flat=True))


def _held(line_ids: Collection[int]) -> dict[int, str]:
    """Why the approval of a line stays as it is: what stands on a bill, or what people did with it in WIP."""
    line_of = dict(TimeEntry.objects.filter(line_id__in=line_ids).values_list("pk", "line_id"))
    found: dict[int, str] = {}
    for entry_id, sentence in explain.held(list(line_of)).items():
        found.setdefault(line_of[entry_id], sentence)
    for entry_id in _treated(list(line_of)).values_list("source_id", flat=True):
        found.setdefault(line_of[entry_id], _TREATED)
    return found


def _treated(entry_ids: Collection[int] | QuerySet[Any]) -> QuerySet[BillableItem]:
    """Items of these entries that billing has held, deferred, split, transferred or written down or up, and not billed."""
    as_priced = OpenItem.objects.filter(
        item=OuterRef("pk"), amount=OuterRef("amount") - OuterRef("discount"), is_held=False,
        not_before=None, item__change=None,
    )  # fmt: skip
    billed = InvoiceSource.objects.filter(item=OuterRef("pk"), is_live=True)
    return BillableItem.objects.filter(
        ~Exists(as_priced),
        ~Exists(billed),
        source_kind="time",
        source_id__in=entry_ids,
        treatment=Treatment.CHARGED,
        is_void=False,
    )


def _why_decided(row: OnDecided, held: str, *, is_free: bool) -> str:
    where = f"this person's time on the task is {row.state} in the week of {row.week}"
    if row.state == LineState.SUBMITTED:
        return f"{where}; recall it first"
    if held:
        return f"{where}: {held}"
    if is_free:
        return f"{where}; import it as approved, or withdraw the approval first"
    return f"{where}; withdraw the approval first"
