"""Reads of what invoices can use and what was chosen."""

from dataclasses import dataclass
from decimal import Decimal

from workledger.billing.models import InvoiceChoice, PaymentTerms
from workledger.core.access import Actor


@dataclass(frozen=True, slots=True)
class TermsRow:
    """Payment terms; days after issue, or after the end of its month, and the discount for paying early."""

    id: int
    name: str
    net_days: int
    is_end_of_month: bool
    discount_percent: Decimal | None
    discount_days: int | None
    reduces_tax: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a client's or contract's invoices use; None where nothing was chosen."""

    terms_id: int | None = None


def payment_terms(actor: Actor) -> list[TermsRow]:
    """Return the payment terms by name."""
    rows = PaymentTerms.objects.visible_to(actor).order_by("name").values_list(
        "pk", "name", "net_days", "is_end_of_month", "discount_percent", "discount_days", "reduces_tax"
    )  # fmt: skip
    return [TermsRow(*row) for row in rows]


def chosen(actor: Actor, client_id: int, contract_id: int | None = None) -> Chosen:
    """Return what was chosen for a client (`contract_id` None) or one of its contracts."""
    rows = InvoiceChoice.objects.visible_to(actor).filter(client_id=client_id, contract=contract_id)
    found = rows.values_list("terms_id").first()
    return Chosen(*found) if found else Chosen()
