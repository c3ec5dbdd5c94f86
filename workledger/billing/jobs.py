"""Effects of billing: the PDFs of issued documents."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.db import transaction
from procrastinate.contrib.django import app

from workledger.billing.documents import from_json, render_pdf
from workledger.billing.models import IssuedDocument, IssuedPdf
from workledger.core.jobs import queue
from workledger.runtime.orphans import follow_parent

# From so many documents on, processes that set side by side save more than starting them costs. Threads do not
# help: the typesetter serves one caller at a time. The memory it takes for long timesheets ends with the processes.
_WORTH_PROCESSES = 12
_MOST_PROCESSES = 4
_QUEUED_AT_ONCE = 50


@app.task(name="billing.render_pdfs", queue="documents")
def render_pdfs(invoice_ids: list[int]) -> None:
    """Render and keep the PDFs of frozen documents; those already kept stay."""
    store_pdfs(invoice_ids)


def queue_pdfs(invoice_ids: Sequence[int]) -> None:
    """Queue PDFs in batches: a job per invoice of a great run would cost more than the PDFs."""
    for start in range(0, len(invoice_ids), _QUEUED_AT_ONCE):
        queue(render_pdfs, invoice_ids=list(invoice_ids[start : start + _QUEUED_AT_ONCE]))


def store_pdfs(invoice_ids: Sequence[int]) -> int:
    """Render what is missing; returns how many were made. A PDF is a pure function of its frozen document."""
    missing = IssuedDocument.objects.filter(pk__in=invoice_ids, invoice__pdf=None).order_by("pk")
    frozen = {pk: bytes(content) for pk, content in missing.values_list("pk", "content")}
    for invoice_id, pdf in zip(frozen, _rendered(frozen.values()), strict=True):
        with transaction.atomic():
            IssuedPdf.objects.bulk_create(
                [IssuedPdf(invoice_id=invoice_id, content=pdf)], ignore_conflicts=True
            )
    return len(frozen)


def _rendered(contents: Iterable[bytes]) -> Iterator[bytes]:
    """Set documents in the order in which they come, on all cores when there are many."""
    waiting = list(contents)
    processes = min(_MOST_PROCESSES, os.cpu_count() or 1)
    if processes == 1 or len(waiting) < _WORTH_PROCESSES:
        yield from map(_set, waiting)
        return
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=follow_parent, initargs=(os.getpid(),)
    ) as pool:
        yield from pool.map(_set, waiting)


def _set(content: bytes) -> bytes:
    return render_pdf(from_json(content))
