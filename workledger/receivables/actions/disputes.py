"""A client contests an invoice: note it, settle it."""

from datetime import date

from workledger.billing.models import Invoice
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.receivables.models import Dispute, Receivable


@action("receivables.open_dispute", needs=Permission.RECORD_PAYMENT)
def open_dispute(*, actor: Actor, invoice_id: int, reason: str, on: date) -> int:
    """Note that the client contests an invoice. Refuses: not_found, reason_missing, not_open, invoice_disputed_once."""
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    problems = Problems()
    problems.check(reason.strip(), "reason_missing", "Say what the client contests.", "reason")
    problems.check(
        Receivable.objects.filter(pk=invoice_id, open_amount__gt=0).exists(),
        "not_open", "Nothing is open on this invoice.",
    )  # fmt: skip
    problems.refuse()
    dispute = Dispute.objects.create(invoice=invoice, reason=reason.strip(), opened_on=on)
    record(invoice, f"{invoice.number} is disputed: {reason.strip()}")
    return int(dispute.pk)


@action("receivables.settle_dispute", needs=Permission.RECORD_PAYMENT)
def settle_dispute(*, actor: Actor, dispute_id: int, outcome: str, on: date) -> None:
    """Close a dispute with its outcome. Refuses: not_found, outcome_missing, already_settled."""
    dispute: Dispute = locks.for_update(Dispute.objects.visible_to(actor), dispute_id)
    problems = Problems()
    problems.check(outcome.strip(), "outcome_missing", "Say how the dispute ended.", "outcome")
    problems.check(dispute.settled_on is None, "already_settled", "This dispute is settled already.")
    problems.refuse()
    dispute.settled_on, dispute.outcome = on, outcome.strip()
    dispute.save(update_fields=["settled_on", "outcome"])
    record(dispute.invoice, f"The dispute of {dispute.invoice.number} is settled: {outcome.strip()}")
