"""The product's own acts, called as the pages, the API and the command line call them."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Sum

from bench import firm as firms
from bench.clock import timed
from workledger.billing.actions.invoices import issue_invoices
from workledger.billing.actions.prebills import run_billing
from workledger.billing.calc.engine import price
from workledger.billing.calc.work import Worked
from workledger.billing.jobs import store_pdfs
from workledger.billing.models import BillableItem, Invoice, InvoiceLine, InvoiceSource, IssuedPdf
from workledger.connect.actions import import_time
from workledger.connect.files import kept
from workledger.connect.inputs import Imported, TimeFile
from workledger.contracts.calc.terms import parse
from workledger.core.access import system_actor
from workledger.kernel.period import months
from workledger.ledger.models import Posting
from workledger.runtime import migrations, staticfiles
from workledger.timesheets.approval import approve_through
from workledger.timesheets.models import TimeEntry

ACTOR = system_actor("bench")


def prepare() -> dict[str, Any]:
    """Bring an empty database up to date and collect the static files."""
    migrations.apply()
    staticfiles.collect_if_changed()
    return {}


def load(entries: int, contracts: int = 200, mixed: bool = False) -> dict[str, Any]:
    """Write the firm with its submitted time. Not measured, only done."""
    seconds, _ = timed(lambda: firms.load(firms.imagine(entries, contracts=contracts, mixed=mixed)))
    return {"seconds": seconds, "entries": TimeEntry.objects.count()}


def load_without_time(entries: int, file: str) -> dict[str, Any]:
    """Write the firm without its time, and its time as a file beside it. Not measured, only done."""
    firm = firms.imagine(entries)
    firms.load(firm, with_time=False)
    firms.write_csv(firm, Path(file))
    return {}


def import_file(file: str) -> dict[str, Any]:
    """Import a file: every row read, checked, matched and booked, its totals compared with the file's."""
    path = Path(file)

    def work() -> Imported:
        with path.open("rb") as source, kept(source) as name:
            return import_time(
                actor=ACTOR, file=TimeFile(kept=name, name=path.name, source="csv"), on=date.today()
            )

    seconds, imported = timed(work)
    assert imported.created == TimeEntry.objects.count() > 0
    return {"seconds": seconds, "rows": imported.created, "refused": imported.refused_count}


def approve(through: str) -> dict[str, Any]:
    """Approve everything: decisions bound to content, labour cost, priced items, WIP, balances."""
    seconds, approved = timed(lambda: approve_through(actor=ACTOR, through=date.fromisoformat(through)))
    return {"seconds": seconds, "rows": approved.entries, "postings": Posting.objects.count()}


def draft(through: str) -> dict[str, Any]:
    """Run billing to pre-bills; every item keeps the derivation of its rate."""
    seconds, run = timed(lambda: run_billing(actor=ACTOR, through=date.fromisoformat(through)))
    return {"seconds": seconds, "rows": InvoiceSource.objects.count(), **_billed()} | {
        "invoices": len(run.invoices)
    }


def issue(through: str) -> dict[str, Any]:
    """Run billing and issue: numbers, frozen documents with their hash, postings, receivables, queued PDFs."""
    seconds, run = timed(
        lambda: run_billing(
            actor=ACTOR,
            through=date.fromisoformat(through),
            issue=True,
            issued_on=date.fromisoformat(through),
        )
    )
    return {"seconds": seconds, "rows": InvoiceSource.objects.count(), **_billed()} | {
        "invoices": len(run.invoices)
    }


def price_all_steps(entries: int) -> dict[str, Any]:
    """Price time with every step of the list in one process, without a database."""
    terms = parse(
        "time_and_materials",
        {
            "rounding": {"scope": "task_day", "method": "up", "step_minutes": 15},
            "multipliers": [
                {"kind": "weekend", "factor": "1.5"},
                {"kind": "overtime", "factor": "1.25", "over_hours": "8"},
            ],
            "minimum_time": {"scope": "entry", "minutes": 30},
            "cap": {"amount": str(entries * 200), "action": "hard"},
            "discount": {"percent": "3", "volume": [{"from_hours": "1000", "percent": "5"}]},
        },
    )
    start = date(2026, 1, 1)
    works = [
        Worked(n, n % 100, 1, 1, n % 200, None, start + timedelta(days=n % 250), 900 * (1 + n % 20), Decimal(120))
        for n in range(entries)
    ]  # fmt: skip
    seconds, pieces = timed(lambda: price(terms, works, "EUR"))
    assert len({piece.source_id for piece in pieces}) == entries
    return {"seconds": seconds, "rows": entries}


def pdfs() -> dict[str, Any]:
    """Render and keep the PDFs of all issued invoices, timesheets included, as the worker does."""
    ids = list(Invoice.objects.order_by("pk").values_list("pk", flat=True))
    seconds, made = timed(lambda: store_pdfs(ids))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(length(content)) FROM {IssuedPdf._meta.db_table}")
        (size,) = cursor.fetchone()
    return {"seconds": seconds, "rows": made, "bytes": int(size or 0)}


def history(through: str) -> dict[str, Any]:
    """Approve and bill month by month up to a day, as a firm with a past did. Not measured, only done."""

    def work() -> None:
        last = date.fromisoformat(through)
        first = TimeEntry.objects.earliest("work_date").work_date.replace(day=1)
        for month in months(first, last + timedelta(days=1)):
            day = min(last, month.end - timedelta(days=1))
            approve_through(actor=ACTOR, through=day)
            drafts = run_billing(actor=ACTOR, through=day)
            issue_invoices(
                actor=ACTOR, invoice_ids=[row.id for row in drafts.invoices], issued_on=day, makes_pdfs=False
            )
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")

    seconds, _ = timed(work)
    return {"seconds": seconds, "items": BillableItem.objects.count()}


def analyze() -> dict[str, Any]:
    """Gather statistics, as autovacuum would have by the next day."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return {}


def _billed() -> dict[str, Any]:
    return {
        "net": str(Invoice.objects.aggregate(net=Sum("net"))["net"]),
        "lines": InvoiceLine.objects.count(),
    }


MEASUREMENTS: dict[str, Callable[..., dict[str, Any]]] = {
    "prepare": prepare, "load": load, "load_without_time": load_without_time, "import": import_file, "approve": approve, "draft": draft, "issue": issue, "pdfs": pdfs,
    "history": history, "analyze": analyze, "price": price_all_steps,
}  # fmt: skip
