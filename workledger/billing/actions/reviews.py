"""Reviews of pre-bills before they are issued: asking for one, deciding, comments."""

from collections.abc import Sequence

from django.db.models.functions import Now

from workledger.billing import reviewing
from workledger.billing.models import Invoice, InvoiceState, PreBillComment, PreBillReview, ReviewState
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems, Refused
from workledger.directory.models import Person


@action("billing.request_reviews", needs=Permission.PREPARE_BILLING)
def request_reviews(*, actor: Actor, invoice_ids: list[int], reviewer_id: int | None = None) -> int:
    """Ask for a review of pre-bills: by one person, or by the managers of the projects on each (finance if there is none).

    Who is asked already is asked again. Until all approve what it says then, a pre-bill is not issued. Returns how many
    reviews wait now. Refuses: not_found, not_a_pre_bill, reviewer_unknown.
    """
    invoices = _drafts(actor, invoice_ids)
    if reviewer_id is not None and not Person.objects.filter(pk=reviewer_id).exists():
        raise Refused.because("reviewer_unknown", "Choose a person of the firm.", "reviewer_id")
    wanted = (
        reviewing.managers_on([row.pk for row in invoices])
        if reviewer_id is None
        else {row.pk: {reviewer_id} for row in invoices}
    )
    rows = [
        PreBillReview(invoice_id=pk, reviewer_id=person, asked_by_id=actor.user_id)
        for pk, people in wanted.items()
        for person in sorted(people, key=lambda each: each or 0)
    ]
    standing = PreBillReview.objects.filter(invoice_id__in=wanted)
    known = {(row.invoice_id, row.reviewer_id): row for row in standing.select_for_update()}
    again = [
        known[row.invoice_id, row.reviewer_id] for row in rows if (row.invoice_id, row.reviewer_id) in known
    ]
    PreBillReview.objects.filter(pk__in=[row.pk for row in again]).update(
        state=ReviewState.WAITING, asked_by=actor.user_id, asked_at=Now(), decided_by=None, decided_at=None
    )
    PreBillReview.objects.bulk_create(row for row in rows if (row.invoice_id, row.reviewer_id) not in known)
    record(invoices[0] if len(invoices) == 1 else None, f"Asked for {len(rows)} reviews of pre-bills")
    return len(rows)


@action("billing.approve_pre_bills", needs=Permission.PREPARE_BILLING)
def approve_pre_bills(*, actor: Actor, invoice_ids: list[int]) -> int:
    """Approve pre-bills as they are now, as the one who was asked; a later change voids it. Returns how many reviews.

    Refuses: not_found, not_a_pre_bill, not_your_review, asked_yourself.
    """
    invoices = _drafts(actor, invoice_ids)
    hashes = reviewing.content_hashes([row.pk for row in invoices])
    rows = _own_reviews(actor, invoices)
    for row in rows:
        row.state, row.content_hash = ReviewState.APPROVED, hashes[row.invoice_id]
    _decide(actor, rows)
    record(invoices[0] if len(invoices) == 1 else None, f"Approved {len(invoices)} pre-bills")
    return len(rows)


@action("billing.send_back_pre_bill", needs=Permission.PREPARE_BILLING)
def send_back_pre_bill(*, actor: Actor, invoice_id: int, comment: str) -> None:
    """Send a pre-bill back with a comment that says what to change.

    Refuses: not_found, not_a_pre_bill, not_your_review, asked_yourself, comment_missing.
    """
    invoices = _drafts(actor, [invoice_id])
    text = _text(comment)
    rows = _own_reviews(actor, invoices)
    for row in rows:
        row.state, row.content_hash = ReviewState.SENT_BACK, ""
    _decide(actor, rows)
    PreBillComment.objects.create(invoice_id=invoice_id, author_id=actor.user_id, text=text)
    record(invoices[0], f"Sent {invoices[0]} back")


@action("billing.comment_pre_bill", needs=Permission.VIEW_BILLING)
def comment_pre_bill(*, actor: Actor, invoice_id: int, comment: str) -> int:
    """Say something about a pre-bill; it is not printed. Returns the comment's id.

    Refuses: not_found, not_a_pre_bill, comment_missing.
    """
    invoices = _drafts(actor, [invoice_id])
    row = PreBillComment.objects.create(invoice_id=invoice_id, author_id=actor.user_id, text=_text(comment))
    record(invoices[0], f"Commented on {invoices[0]}")
    return row.pk


def _drafts(actor: Actor, invoice_ids: Sequence[int]) -> list[Invoice]:
    invoices: list[Invoice] = locks.all_for_update(Invoice.objects.visible_to(actor), invoice_ids)
    problems = Problems()
    for row in invoices:
        problems.check(row.state == InvoiceState.DRAFT, "not_a_pre_bill", f"{row} is issued already.")
    problems.refuse()
    return invoices


def _own_reviews(actor: Actor, invoices: Sequence[Invoice]) -> list[PreBillReview]:
    """Return the reviews that this actor decides: their own, and finance's that another person asked for."""
    rows = list(PreBillReview.objects.filter(invoice__in=invoices).select_for_update())
    problems, found = Problems(), []
    for invoice in invoices:
        here = [row for row in rows if row.invoice_id == invoice.pk]
        own = [row for row in here if row.reviewer_id is not None and row.reviewer_id == actor.person_id]
        finance = [row for row in here if row.reviewer_id is None]
        others = [row for row in finance if row.asked_by_id is None or row.asked_by_id != actor.user_id]
        problems.check(own or finance, "not_your_review", f"Nobody asked you to review {invoice}.")
        problems.check(
            own or others or not finance,
            "asked_yourself",
            "You asked for this review; another person decides it.",
        )
        found += own + others
    problems.refuse()
    return found


def _decide(actor: Actor, rows: Sequence[PreBillReview]) -> None:
    for row in rows:
        row.decided_by_id, row.decided_at = actor.user_id, Now()
    PreBillReview.objects.bulk_update(rows, ["state", "content_hash", "decided_by", "decided_at"])


def _text(comment: str) -> str:
    if not comment.strip():
        raise Refused.because("comment_missing", "Say it in a few words.", "comment")
    return comment.strip()
