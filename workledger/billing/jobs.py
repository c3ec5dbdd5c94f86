"""Effects of billing: the PDFs of issued documents."""

from collections.abc import Sequence

from django.db import transaction
from procrastinate.contrib.django import app

from workledger.billing.documents import from_json, render_pdf
from workledger.billing.models import IssuedDocument, IssuedPdf


@app.task(name="billing.render_pdfs", queue="documents")
def render_pdfs(invoice_ids: list[int]) -> None:
    """Render and keep the PDFs of frozen documents; those already kept stay."""
    store_pdfs(invoice_ids)


def store_pdfs(invoice_ids: Sequence[int]) -> int:
    """Render what is missing; returns how many were made. A PDF is a pure function of its frozen document."""
    missing = IssuedDocument.objects.filter(pk__in=invoice_ids, invoice__pdf=None).order_by("pk")
    made = 0
    for document in missing.iterator():
        content = render_pdf(from_json(bytes(document.content)))
        with transaction.atomic():
            IssuedPdf.objects.bulk_create(
                [IssuedPdf(invoice_id=document.pk, content=content)], ignore_conflicts=True
            )
        made += 1
    return made
