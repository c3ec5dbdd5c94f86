"""The journal written to files, beside plain SQL that reads the same rows in the same order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

from bench.clock import timed
from workledger.core.access import system_actor
from workledger.gl.exporters import FORMS, Order
from workledger.gl.exporting import Files, export
from workledger.ledger.export import Exported, JournalGrain
from workledger.ledger.models import Book

ACTOR = system_actor("bench")
_COPY = """
    COPY (SELECT p.entry_id, e.date, e.kind, e.description, e.reverses_id, p.source_kind, p.source_id, a.code, a.name,
                 p.currency, p.debit, p.credit, p.functional_debit, p.functional_credit, p.quantity,
                 p.client_id, p.contract_id, p.contract_line_id, p.project_id, p.task_id, p.person_id, p.role_id,
                 p.practice_id, p.office_id
            FROM ledger_posting p JOIN ledger_journalentry e ON e.id = p.entry_id
                 JOIN ledger_account a ON a.id = p.account_id
           ORDER BY e.date, p.entry_id, p.id) TO STDOUT WITH (FORMAT csv, HEADER)
"""


def copy(file: str) -> dict[str, Any]:
    """COPY every posting with its entry and account to a file."""

    def work() -> int:
        with Path(file).open("wb") as target, connection.cursor() as cursor, cursor.copy(_COPY) as rows:
            for chunk in rows:
                target.write(chunk)
            return cursor.rowcount

    seconds, _ = timed(work)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_posting")
        (count,) = cursor.fetchone()
    return {"seconds": seconds, "rows": count, "bytes": Path(file).stat().st_size}


def write(form: str, file: str, grain: str = "detail") -> dict[str, Any]:
    """Export the whole journal in a format."""
    order = Order((Book.objects.get().pk,), grain=JournalGrain(grain))

    def work() -> Exported:
        with Files.beside(Path(file), FORMS[form].encoding) as files:
            return export(ACTOR, FORMS[form], order, files)

    seconds, done = timed(work)
    return {
        "seconds": seconds, "rows": done.postings, "journals": done.entries, "bytes": Path(file).stat().st_size,
    }  # fmt: skip


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {"export": write, "plain_export": copy}
