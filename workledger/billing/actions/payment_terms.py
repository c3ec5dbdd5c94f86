"""Payment terms of the firm, and which of them a client's or contract's invoices use."""

from dataclasses import dataclass
from decimal import Decimal

from workledger.billing.models import InvoiceChoice, InvoiceLayout, PaymentTerms
from workledger.contracts.models import Contract
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.door import action, record
from workledger.core.refusals import Problems
from workledger.directory.models import Client

_MOST_DAYS = 365
_MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class TermsInput:
    """Payment terms: due `net_days` after issue or after the end of its month; `discount_percent` off within `discount_days`."""

    name: str
    net_days: int
    is_end_of_month: bool = False
    discount_percent: Decimal | None = None
    discount_days: int | None = None
    reduces_tax: bool = True


@action("billing.add_payment_terms", needs=Permission.MANAGE_SETTINGS)
def add_payment_terms(*, actor: Actor, terms: TermsInput) -> int:
    """Add payment terms that clients and contracts can use; returns their id.

    Refuses: name_missing, name_taken, bad_terms, discount_incomplete, percent_not_possible.
    """
    row = PaymentTerms()
    _fill(row, terms)
    record(row, f"Added payment terms {row.name}")
    return int(row.pk)


@action("billing.change_payment_terms", needs=Permission.MANAGE_SETTINGS)
def change_payment_terms(*, actor: Actor, payment_terms_id: int, terms: TermsInput) -> None:
    """Change payment terms; issued invoices keep theirs.

    Refuses: not_found, name_missing, name_taken, bad_terms, discount_incomplete, percent_not_possible.
    """
    row: PaymentTerms = locks.for_update(PaymentTerms.objects.visible_to(actor), payment_terms_id)
    _fill(row, terms)
    record(row, f"Changed payment terms {row.name}")


def _fill(row: PaymentTerms, terms: TermsInput) -> None:
    name, problems = terms.name.strip(), Problems()
    problems.check(
        0 < len(name) <= _MOST_LETTERS, "name_missing", "Give a name of at most 100 letters.", "name"
    )
    taken = PaymentTerms.objects.exclude(pk=row.pk).filter(name=name).exists()
    problems.check(not taken, "name_taken", "There are payment terms of that name. Choose another.", "name")
    problems.check(
        0 <= terms.net_days <= _MOST_DAYS, "bad_terms", "Payment terms are 0 to 365 days.", "net_days"
    )
    problems.check(
        (terms.discount_percent is None) == (terms.discount_days is None),
        "discount_incomplete", "An early-payment discount has a percentage and its days.", "discount_days",
    )  # fmt: skip
    problems.check(
        terms.discount_percent is None or 0 < terms.discount_percent < 100,
        "percent_not_possible", "A discount is more than 0 and less than 100 percent.", "discount_percent",
    )  # fmt: skip
    problems.check(
        terms.discount_days is None or 0 <= terms.discount_days <= _MOST_DAYS,
        "bad_terms", "The discount holds for 0 to 365 days.", "discount_days",
    )  # fmt: skip
    problems.refuse()
    row.name, row.net_days, row.is_end_of_month = name, terms.net_days, terms.is_end_of_month
    row.discount_percent, row.discount_days = terms.discount_percent, terms.discount_days
    row.reduces_tax = terms.reduces_tax
    row.save()


@action("billing.choose_for_invoices", needs=Permission.MANAGE_CONTRACTS)
def choose_for_invoices(
    *,
    actor: Actor,
    client_id: int,
    contract_id: int | None = None,
    terms_id: int | None = None,
    layout_id: int | None = None,
) -> None:
    """Say what a client's invoices use, or those of one contract, which goes before; None leaves it to the next.

    Payment terms count from the next issue on, a layout from the next draft on.
    Refuses: not_found, other_client, unknown_terms, unknown_layout.
    """
    client: Client = locks.for_update(Client.objects.visible_to(actor), client_id)
    problems = Problems()
    contract: Contract | None = None
    if contract_id is not None:
        contract = locks.one(Contract.objects.visible_to(actor), contract_id)
        problems.check(contract.client_id == client_id, "other_client", "The contract is of another client.")
    problems.check(
        terms_id is None or PaymentTerms.objects.filter(pk=terms_id).exists(),
        "unknown_terms", "There are no such payment terms. Choose one of the list.", "terms_id",
    )  # fmt: skip
    problems.check(
        layout_id is None or InvoiceLayout.objects.filter(pk=layout_id).exists(),
        "unknown_layout", "There is no such layout. Choose one of the list.", "layout_id",
    )  # fmt: skip
    problems.refuse()
    InvoiceChoice.objects.update_or_create(
        client_id=client_id, contract=contract, defaults={"terms_id": terms_id, "layout_id": layout_id}
    )
    record(client, f"Chose what invoices of {client.name} use")
