"""Financial reports beside one SQL statement that reads the same rows, and beside one that adds the whole journal up."""

from collections.abc import Callable
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db import connection

from bench.clock import timed
from workledger.core.access import system_actor
from workledger.core.models import ActionLog
from workledger.directory.models import LegalEntity
from workledger.ledger.models import JournalEntry, Posting
from workledger.reporting.catalogue import run
from workledger.reporting.report import Asked, ReportBy, Split
from workledger.reporting.sums import ReportBasis

ACTOR = system_actor("bench")
_ROUNDS = 5
_KINDS = """
       coalesce(sum(amount) FILTER (WHERE moved AND (kind LIKE 'work_priced%%' OR kind LIKE 'revenue_%%')), 0),
       coalesce(sum(amount) FILTER (WHERE moved AND (kind LIKE 'invoice_%%' OR kind LIKE 'credit_%%')), 0),
       coalesce(sum(amount) FILTER (WHERE moved AND kind LIKE 'written_%%'), 0)
"""
# What the report reads: balances before and at the end, and the postings of the time between with their entries' kinds.
_SAME = f"""
WITH account AS (SELECT id FROM ledger_account WHERE role = 'contract_position' AND book_id = %(book)s),
stood AS (
    SELECT b.contract_id, sum(b.functional_debit - b.functional_credit) FILTER (WHERE d."end" <= %(start)s) AS opening,
           sum(b.functional_debit - b.functional_credit) AS closing
    FROM ledger_balance b JOIN ledger_period d ON d.id = b.period_id
    WHERE b.account_id IN (SELECT id FROM account) AND d."end" <= %(end)s GROUP BY 1
), moves AS (
    SELECT p.contract_id, e.kind, true AS moved, sum(p.functional_debit - p.functional_credit) AS amount
    FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id
    WHERE p.account_id IN (SELECT id FROM account) AND p.date >= %(start)s AND p.date < %(end)s GROUP BY 1, 2
), rolled AS (SELECT contract_id, {_KINDS} FROM moves GROUP BY 1)
SELECT * FROM stood FULL JOIN rolled USING (contract_id)
"""
_WHOLE = f"""
WITH moves AS (
    SELECT p.contract_id, e.kind, p.date >= %(start)s AS moved, p.functional_debit - p.functional_credit AS amount
    FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id JOIN ledger_journalentry e ON e.id = p.entry_id
    WHERE a.role = 'contract_position' AND a.book_id = %(book)s AND p.date < %(end)s
)
SELECT contract_id, sum(amount) FILTER (WHERE NOT moved), {_KINDS}, sum(amount) FROM moves GROUP BY 1
"""


def reports() -> dict[str, Any]:
    """Time each report over the last month with postings, the median of some rounds, after one that is not counted."""
    entity = LegalEntity.objects.earliest("pk")
    day = Posting.objects.latest("date").date
    start = day.replace(day=1)
    end = (start + timedelta(days=32)).replace(day=1)
    month = Asked(entity.pk, start, end)
    year = Asked(entity.pk, date(start.year, 1, 1), end)
    last = ActionLog.objects.latest("pk").at.date()
    values = {"book": entity.pk, "start": start, "end": end}
    asked: dict[str, Callable[[], Any]] = {
        "roll-forward of a month": lambda: run(ACTOR, "contract-positions", month),
        "the same rows, one SQL statement": lambda: _sql(_SAME, values),
        "the whole journal, one SQL statement": lambda: _sql(_WHOLE, values),
        "roll-forward of a year": lambda: run(ACTOR, "contract-positions", year),
        "its rows, one SQL statement": lambda: _sql(_SAME, values | {"start": year.start}),
        "roll-forward as believed before all was recorded": lambda: run(ACTOR, "contract-positions", _on(month, last)),
        "revenue of a year by client and month": lambda: run(ACTOR, "revenue", _by(year, ReportBy.CLIENT, ReportBy.MONTH)),
        "revenue of a year by person and month": lambda: run(ACTOR, "revenue", _by(year, ReportBy.PERSON, ReportBy.MONTH)),
        "the same as earned, by client": lambda: run(ACTOR, "revenue", _earned(_by(year, ReportBy.CLIENT, ReportBy.MONTH))),
        "income statement of a year by month": lambda: run(ACTOR, "income-statement", _split(year)),
        "balance sheet": lambda: run(ACTOR, "balance-sheet", month),
    }  # fmt: skip
    found = {name: _milliseconds(act) for name, act in asked.items()}
    return {"reports": found, "entries": JournalEntry.objects.count(), "postings": Posting.objects.count()}


def _milliseconds(act: Callable[[], Any]) -> float:
    act()
    return round(median(timed(act)[0] for _ in range(_ROUNDS)) * 1000, 1)


def _sql(statement: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _on(asked: Asked, last: date) -> Asked:
    return Asked(asked.entity_id, asked.start, asked.end, known_on=last - timedelta(days=1))


def _by(asked: Asked, *by: ReportBy) -> Asked:
    return Asked(asked.entity_id, asked.start, asked.end, by=by)


def _earned(asked: Asked) -> Asked:
    return Asked(asked.entity_id, asked.start, asked.end, ReportBasis.EARNED, by=asked.by)


def _split(asked: Asked) -> Asked:
    return Asked(asked.entity_id, asked.start, asked.end, split=Split.MONTH)


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {"reports": reports}
