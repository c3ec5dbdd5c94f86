"""Reads of what invoices can use and what was chosen."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from workledger.billing.models import InvoiceChoice, InvoiceLayout, PaymentTerms
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
    layout_id: int | None = None


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """A layout of invoices; `clients` and `contracts` are how many chose it."""

    id: int
    name: str
    group_by: str
    line_by: str
    has_subtotals: bool
    columns: list[str]
    number_format: str
    attaches: str
    attaches_receipts: bool
    opening: str
    closing: str
    clients: int
    contracts: int


_LAYOUT = (
    "pk", "name", "group_by", "line_by", "has_subtotals", "columns", "number_format", "attaches", "attaches_receipts",
    "opening", "closing",
)  # fmt: skip


def layouts(actor: Actor) -> list[LayoutRow]:
    """Return the layouts by name."""
    rows = InvoiceLayout.objects.visible_to(actor).order_by("name").values_list(*_LAYOUT)
    used: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    chosen = InvoiceChoice.objects.visible_to(actor).filter(layout__isnull=False)
    for layout_id, contract_id in chosen.values_list("layout_id", "contract_id"):
        used[layout_id or 0][contract_id is not None] += 1
    return [LayoutRow(*row, *used[row[0]]) for row in rows]


def payment_terms(actor: Actor) -> list[TermsRow]:
    """Return the payment terms by name."""
    rows = PaymentTerms.objects.visible_to(actor).order_by("name").values_list(
        "pk", "name", "net_days", "is_end_of_month", "discount_percent", "discount_days", "reduces_tax"
    )  # fmt: skip
    return [TermsRow(*row) for row in rows]


def chosen(actor: Actor, client_id: int, contract_id: int | None = None) -> Chosen:
    """Return what was chosen for a client (`contract_id` None) or one of its contracts."""
    rows = InvoiceChoice.objects.visible_to(actor).filter(client_id=client_id, contract=contract_id)
    found = rows.values_list("terms_id", "layout_id").first()
    return Chosen(*found) if found else Chosen()
