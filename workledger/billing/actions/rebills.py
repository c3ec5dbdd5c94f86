"""Credit and rebill: take an invoice back and bill the same work anew, at the rates and terms of now."""

from dataclasses import dataclass
from datetime import date

from workledger.billing import crediting
from workledger.billing.actions import items
from workledger.billing.actions.invoices import issue_invoices
from workledger.billing.actions.prebills import make_drafts, open_pieces
from workledger.billing.models import BillableItem, Invoice, InvoiceSource
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Forbidden, Refused


@dataclass(frozen=True, slots=True)
class Rebilled:
    """What credit and rebill made: the credit note, and the pre-bill or (with a number) invoice in its place."""

    credit_note: str
    invoice_id: int
    number: str


@action("billing.credit_and_rebill", needs=Permission.CREDIT_INVOICE)
def credit_and_rebill(
    *, actor: Actor, invoice_id: int, on: date, reason: str, issue: bool = False
) -> Rebilled:
    """Credit all that is left of an invoice, price its work anew, and draft the invoice that corrects it.

    Corrected rates and terms count, and so do withdrawn entries; work that was never on the invoice stays in WIP. With
    `issue` the new invoice is issued on the same day; it says which one it corrects.
    Refuses: forbidden, nothing_to_invoice, what `credit_invoice` refuses, and with `issue` what issuing refuses.
    """
    if not actor.can(Permission.PREPARE_BILLING):
        message = (
            f"Billing work anew needs the permission '{Permission.PREPARE_BILLING}' as well. Ask an owner."
        )
        raise Forbidden.because("forbidden", message)
    invoice: Invoice = locks.for_update(Invoice.objects.visible_to(actor), invoice_id)
    billed = InvoiceSource.objects.filter(invoice_id=invoice_id, is_live=True)
    sources = list(billed.values_list("item__source_kind", "item__source_id", "item__service_date"))
    note = crediting.credit(actor, invoice, on=on, reason=reason)
    if sources:
        items.reprice_open_items(
            actor=actor, contract_ids=[invoice.contract_id], from_day=min(day for _, _, day in sources)
        )
    made = make_drafts(
        open_pieces(actor, invoice.through, item_ids=_items_now(invoice, sources)), invoice.through
    )
    if not made:
        message = f"Nothing of {invoice.number} is left to bill again. Credit it instead."
        raise Refused.because("nothing_to_invoice", message)
    Invoice.objects.filter(pk=made[0]).update(corrects_invoice=invoice, note=invoice.note)
    if issue:
        issue_invoices(actor=actor, invoice_ids=made, issued_on=on)
    again = Invoice.objects.get(pk=made[0])
    what = again.number or f"pre-bill {again.pk}"
    record(
        invoice, f"Credited {invoice.number} by {note.number} and billed it anew as {what}: {reason.strip()}"
    )
    return Rebilled(note.number, again.pk, again.number)


def _items_now(invoice: Invoice, sources: list[tuple[str, int, date]]) -> list[int]:
    """Return the items that stand now for what was on the invoice: pricing anew makes new ones."""
    found: list[int] = []
    for kind in sorted({kind for kind, _, _ in sources}):
        ids = [source_id for each, source_id, _ in sources if each == kind]
        rows = BillableItem.objects.filter(
            contract_id=invoice.contract_id, source_kind=kind, source_id__in=ids, is_void=False
        )
        found += rows.values_list("pk", flat=True)
    return found
