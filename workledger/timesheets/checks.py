"""The invariants of time: labour cost stands on approved entries, and approval covers what stands there."""

from decimal import Decimal

from django.db import connection

from workledger.ledger.checks import Check, CheckResult, register_check, sum_check
from workledger.timesheets.calc.content import EntryContent, content_hash

register_check(
    sum_check(
        "timesheets.approved_hours",
        "Worked hours of approved time are in the ledger",
        left=(
            "seconds approved",
            "SELECT sum(e.worked_seconds) FROM timesheets_timeentry e JOIN timesheets_timesheetline l"
            " ON l.id = e.line_id WHERE l.state = 'approved'",
        ),
        right=(
            "seconds on labour cost",
            "SELECT sum(b.quantity) FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id"
            " WHERE a.role = 'labour_cost'",
        ),
    )
)
register_check(
    sum_check(
        "timesheets.entries_on_their_line",
        "Each entry stands on the line of its person, task and week",
        left=("entries", "SELECT count(*) FROM timesheets_timeentry"),
        right=(
            "entries on their line",
            "SELECT count(*) FROM timesheets_timeentry e JOIN timesheets_timesheetline l ON l.id = e.line_id"
            " AND l.person_id = e.person_id AND l.task_id = e.task_id"
            " AND l.week = date_trunc('week', e.work_date)::date",
        ),
    )
)

_LATEST = """
    SELECT DISTINCT ON (d.line_id) d.line_id, d.content_hash FROM timesheets_linedecision d
    JOIN timesheets_timesheetline l ON l.id = d.line_id AND l.state = 'approved'
    WHERE d.decision = 'approved' ORDER BY d.line_id, d.id DESC
"""
_CONTENT = """
    SELECT l.id, e.id, e.work_date, e.worked_seconds, e.billable_seconds, e.note, e.task_id
    FROM timesheets_timesheetline l LEFT JOIN timesheets_timeentry e ON e.line_id = l.id
    WHERE l.state = 'approved' ORDER BY l.id, e.id
"""


def _approvals_cover_content() -> CheckResult:
    with connection.cursor() as cursor:
        cursor.execute(_LATEST)
        approved = dict(cursor.fetchall())
        content: dict[int, list[EntryContent]] = {}
        cursor.execute(_CONTENT)
        for line_id, *entry in cursor.fetchall():
            entries = content.setdefault(line_id, [])
            if entry[0] is not None:
                entries.append(EntryContent(*entry))
    covered = sum(approved.get(line_id) == content_hash(entries) for line_id, entries in content.items())
    return CheckResult(
        "timesheets.approvals_cover_content",
        "Each approval covers its line's entries as they are",
        covered == len(content),
        "approved lines",
        Decimal(len(content)),
        "lines whose hash agrees",
        Decimal(covered),
    )


register_check(
    Check(
        "timesheets.approvals_cover_content",
        "Each approval covers its line's entries as they are",
        _approvals_cover_content,
    )
)
