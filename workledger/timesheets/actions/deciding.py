"""Rejection of submitted lines. Approval stands in `timesheets.approval`."""

from workledger.core import locks
from workledger.core.access import Actor, DutyRule, Permission
from workledger.core.door import action, record
from workledger.core.duties import duty_applies
from workledger.core.refusals import Problems
from workledger.timesheets.approval import decide
from workledger.timesheets.models import LineState, TimeEntry
from workledger.timesheets.queries.deciding import lines_to_decide


@action("timesheets.reject_lines", needs=Permission.APPROVE_TIME)
def reject_lines(*, actor: Actor, line_ids: list[int], reason: str) -> int:
    """Send submitted lines back to their owners with a reason; returns how many.

    Refuses: not_found (also: not yours to decide), reason_missing, not_submitted, own_time.
    """
    lines = locks.all_for_update(lines_to_decide(actor), line_ids)
    problems = Problems()
    problems.check(
        reason.strip(), "reason_missing", "Say what to change, so that it can be put right.", "reason"
    )
    problems.check(lines, "nothing_chosen", "Choose at least one line to send back.")
    problems.check(
        all(line.state == LineState.SUBMITTED for line in lines),
        "not_submitted",
        "Some of these lines are not waiting for approval any more. Reload to see where they stand.",
    )
    if any(line.person_id == actor.person_id for line in lines):
        problems.check(
            not duty_applies(DutyRule.APPROVE_OWN_TIME), "own_time", DutyRule.APPROVE_OWN_TIME.sentence
        )
    problems.refuse()
    entries = TimeEntry.objects.filter(line__in=lines).order_by("line_id", "pk")
    rows = list(
        entries.values_list(
            "line_id", "pk", "person_id", "task_id", "work_date", "worked_seconds", "billable_seconds", "note"
        )
    )
    pks = [line.pk for line in lines]
    decide(actor, rows, pks, "rejected", LineState.REJECTED, reason.strip())
    record(lines[0] if len(lines) == 1 else None, f"Sent back {len(pks)} lines: {reason.strip()}")
    return len(pks)
