"""Recognition of revenue over many obligations, and the plain SQL that reads the rows which it needs."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from bench import firm as firms
from bench.acts import ACTOR
from bench.clock import timed
from workledger.directory.models import LegalEntity
from workledger.kernel.period import months
from workledger.revenue.actions import recognize
from workledger.revenue.models import PerformanceObligation, RecognitionEntry
from workledger.timesheets.approval import approve_through
from workledger.timesheets.models import TimeEntry

_DAY = timedelta(days=1)
# Cost to come and progress month by month, as people would have said them.
_BELIEFS = """
    INSERT INTO revenue_obligationestimate (obligation_id, from_day, cost, materials, delivered, reason)
    SELECT o.id, c.start, 30000 + o.id % 7 * 1000, 0, 0, 'Planned'
    FROM revenue_performanceobligation o JOIN contracts_contract c ON c.id = o.contract_id WHERE o.method = 'input_cost';
    INSERT INTO revenue_progressrecord (obligation_id, "on", value, evidence, state, decision_reason)
    SELECT o.id, (c.start + n * interval '1 month')::date, least(n * 5, 100), 'Report', 'approved', ''
    FROM revenue_performanceobligation o JOIN contracts_contract c ON c.id = o.contract_id,
         generate_series(1, 24) n WHERE o.method = 'output_progress';
"""
# What a run looks at: work and cost by line and month, the terms, what is believed, and what was posted so far.
_READ = """
    WITH done AS (
        SELECT l.obligation_id, date_trunc('month', p.service_date) AS month,
               sum(p.quantity) FILTER (WHERE a.role = 'labour_cost') AS seconds,
               sum(p.functional_debit - p.functional_credit) AS cost
        FROM ledger_posting p
        JOIN ledger_account a ON a.id = p.account_id AND a.role IN ('labour_cost', 'project_expense')
        JOIN revenue_obligationline l ON l.contract_line_id = p.contract_line_id
        GROUP BY 1, 2
    ), posted AS (
        SELECT obligation_id, service_month, sum(amount) AS amount FROM revenue_recognitionentry GROUP BY 1, 2
    )
    SELECT o.id, o.method, v.from_day, v.price, v.start, v."end", e.from_day, e.seconds, e.cost, r."on", r.value,
           d.month, d.seconds, d.cost, p.amount
    FROM revenue_performanceobligation o
    JOIN contracts_contract c ON c.id = o.contract_id
    JOIN revenue_obligationversion v ON v.obligation_id = o.id
    LEFT JOIN revenue_obligationestimate e ON e.obligation_id = o.id
    LEFT JOIN done d ON d.obligation_id = o.id
    LEFT JOIN posted p ON p.obligation_id = o.id AND p.service_month = d.month
    LEFT JOIN revenue_progressrecord r ON r.obligation_id = o.id AND r.state = 'approved' AND date_trunc('month', r."on") = d.month
    ORDER BY o.contract_id, o.id, d.month
"""


def load(entries: int, obligations: int) -> dict[str, Any]:
    """Write the firm with a contract for each obligation, and approve all of its time. Not measured, only done."""
    firms.load(firms.imagine(entries, contracts=obligations, recognized=True))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BELIEFS)
    seconds, _ = timed(lambda: approve_through(actor=ACTOR, through=date.max))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return {"seconds": seconds, "entries": TimeEntry.objects.count()}


def run() -> dict[str, Any]:
    """Recognize a whole past at once, then its last month as a firm does that runs each month, then again."""
    entity = LegalEntity.objects.get()
    first = TimeEntry.objects.earliest("work_date").work_date.replace(day=1)
    spans = list(months(first, date.today().replace(day=1)))
    before, last = (spans[-2] if len(spans) > 1 else spans[-1]).start, spans[-1].start
    found: dict[str, Any] = {"obligations": PerformanceObligation.objects.count(), "months": len(spans)}
    for name, month in (("past", before), ("month", last), ("again", last)):
        held = RecognitionEntry.objects.count()
        seconds, done = timed(lambda month=month: recognize(actor=ACTOR, entity_id=entity.pk, month=month))  # type: ignore[misc]
        found[name] = {"seconds": seconds, "rows": RecognitionEntry.objects.count() - held}
        assert not done.left_out, done.left_out[:3]
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
    return found


def read() -> dict[str, Any]:
    """Read the same rows in one statement, each to its end, and do nothing with them."""

    def work() -> int:
        with connection.cursor() as cursor:
            cursor.execute(_READ)
            return len(cursor.fetchall())

    seconds, rows = timed(work)
    return {"seconds": seconds, "rows": rows}


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "load_obligations": load, "recognize": run, "plain_recognition": read,
}  # fmt: skip
