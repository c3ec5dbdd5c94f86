"""What invoices of a client or contract use: payment terms and layout, a contract's choice before the client's."""

from collections.abc import Iterable, Mapping
from datetime import date

from workledger.billing.calc.dues import Due, Terms, due
from workledger.billing.models import Invoice, InvoiceChoice, InvoiceLayout, PaymentTerms
from workledger.directory.models import BillingProfile

_STANDARD_TERMS_DAYS = 30


class Choices:
    """The choices of some clients and their contracts, read once."""

    def __init__(self, client_ids: Iterable[int]) -> None:
        rows = InvoiceChoice.objects.filter(client_id__in=set(client_ids)).select_related("terms", "layout")
        self._rows = {(row.client_id, row.contract_id): row for row in rows}

    def terms(self, invoice: Invoice, profile: BillingProfile | None) -> Terms:
        """Return the payment terms: chosen for the contract, its own days, chosen for the client, the client's days."""
        own = self._rows.get((invoice.client_id, invoice.contract_id))
        if own and own.terms:
            return _terms(own.terms)
        if invoice.contract.payment_terms_days is not None:
            return Terms(invoice.contract.payment_terms_days)
        of_client = self._rows.get((invoice.client_id, None))
        if of_client and of_client.terms:
            return _terms(of_client.terms)
        return Terms(profile.payment_terms_days if profile else _STANDARD_TERMS_DAYS)

    def layout(self, client_id: int, contract_id: int) -> InvoiceLayout | None:
        """Return the layout: chosen for the contract, or for the client."""
        for key in ((client_id, contract_id), (client_id, None)):
            row = self._rows.get(key)
            if row and row.layout:
                return row.layout
        return None


def _terms(row: PaymentTerms) -> Terms:
    return Terms(row.net_days, row.is_end_of_month, row.discount_percent, row.discount_days, row.reduces_tax)


def set_dues(invoices: Iterable[Invoice], profiles: Mapping[int, BillingProfile], issued_on: date) -> None:
    """Set when each invoice is due and what paying it early saves; not saved."""
    rows = list(invoices)
    choices = Choices(row.client_id for row in rows)
    for row in rows:
        terms = choices.terms(row, profiles.get(row.client_id))
        found: Due = due(terms, issued_on, row.gross, row.currency)
        row.due_on, row.discount, row.discount_until = found
        row.discount_reduces_tax = terms.reduces_tax
