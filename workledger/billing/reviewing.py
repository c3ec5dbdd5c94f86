"""Who reviews a pre-bill, what they said, and whether it still holds."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from workledger.billing.models import Invoice, InvoiceLine, PreBillComment, PreBillReview, ReviewState
from workledger.projects.models import Project


@dataclass(frozen=True, slots=True)
class ReviewShown:
    """A review: `holds` is False once the pre-bill was changed after it was approved."""

    id: int
    reviewer_id: int | None
    reviewer: str
    state: ReviewState
    holds: bool
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it keeps the pre-bill from being issued."""
        return self.state != ReviewState.APPROVED or not self.holds


@dataclass(frozen=True, slots=True)
class CommentShown:
    """What somebody said of a pre-bill."""

    id: int
    author: str
    text: str
    at: datetime


def content_hashes(invoice_ids: Collection[int]) -> dict[int, str]:
    """Return a hash of what each pre-bill prints: its lines and its note; two queries."""
    parts: dict[int, list[list[str]]] = {
        pk: [[note]] for pk, note in Invoice.objects.filter(pk__in=invoice_ids).values_list("pk", "note")
    }
    lines = InvoiceLine.objects.filter(invoice_id__in=invoice_ids).order_by("invoice_id", "position", "pk")
    for invoice_id, *line in lines.values_list(
        "invoice_id", "description", "quantity", "unit", "rate", "amount", "tax_code", "tax_rate", "tax_label"
    ):
        parts[invoice_id].append([str(part) for part in line])
    return {pk: hashlib.sha256(json.dumps(content).encode()).hexdigest() for pk, content in parts.items()}


def reviews_of(invoice_ids: Collection[int]) -> dict[int, list[ReviewShown]]:
    """Return the reviews of pre-bills in the order they were asked for; three queries, one where there are none."""
    rows = list(
        PreBillReview.objects.filter(invoice_id__in=invoice_ids).select_related(
            "reviewer", "asked_by", "decided_by"
        )
    )
    hashes = content_hashes({row.invoice_id for row in rows}) if rows else {}
    found: dict[int, list[ReviewShown]] = defaultdict(list)
    for row in rows:
        found[row.invoice_id].append(
            ReviewShown(
                row.pk, row.reviewer_id, row.reviewer.name if row.reviewer else "Finance", ReviewState(row.state),
                row.content_hash == hashes[row.invoice_id], str(row.asked_by or ""), row.asked_at,
                str(row.decided_by or ""), row.decided_at,
            )
        )  # fmt: skip
    return found


def comments_of(invoice_id: int) -> list[CommentShown]:
    """Return what was said of a pre-bill, oldest first."""
    rows = PreBillComment.objects.filter(invoice_id=invoice_id).select_related("author")
    return [CommentShown(row.pk, str(row.author or "Workledger"), row.text, row.at) for row in rows]


def managers_on(invoice_ids: Collection[int]) -> dict[int, set[int | None]]:
    """Return who is responsible for the work on pre-bills: the managers of their projects, None for work without one."""
    found: dict[int, set[int | None]] = {pk: set() for pk in invoice_ids}
    rows = InvoiceLine.objects.filter(invoice_id__in=invoice_ids).order_by()
    projects = list(rows.values_list("invoice_id", "project_id").distinct())
    manager = dict(
        Project.objects.filter(pk__in={project for _, project in projects if project}).values_list(
            "pk", "manager_id"
        )
    )
    for invoice_id, project_id in projects:
        if project_id:
            found[invoice_id].add(manager.get(project_id))
    return {pk: managers - {None} or {None} for pk, managers in found.items()}
