"""The tax of contract lines, looked up in a fixed number of queries; `billing.calc.taxes` says how it is chosen."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from workledger.billing.calc.taxes import (
    ClientTax,
    Code,
    DatedRate,
    EntityTax,
    NoTaxRate,
    Tax,
    tax_of,
    tax_point,
)
from workledger.billing.models import Invoice, InvoiceLine
from workledger.contracts.models import Contract, ContractLine
from workledger.core.refusals import Refused
from workledger.directory.models import BillingProfile, LegalEntity, TaxCode

_LINE_FIELDS = ("tax_code", "tax_rate", "tax_label")


class Taxes:
    """Says how lines of some contracts are taxed on a day. A tax code counts on contracts of its own legal entity."""

    def __init__(self, contracts: Iterable[Contract], profiles: Mapping[int, BillingProfile]) -> None:
        self._contracts = {row.pk: row for row in contracts}
        self._profiles = profiles
        entities = {row.entity_id for row in self._contracts.values()}
        rows = TaxCode.objects.filter(entity_id__in=entities).prefetch_related("rates")
        self._codes = {(row.entity_id, row.pk): _code(row) for row in rows}
        defaults = {row.entity_id: row.pk for row in rows if row.is_default}
        self._entities = {
            pk: EntityTax(self._codes.get((pk, defaults.get(pk, 0))), rate)
            for pk, rate in LegalEntity.objects.filter(pk__in=entities).values_list("pk", "standard_tax_rate")
        }
        self._lines = dict(
            ContractLine.objects.filter(contract_id__in=self._contracts, tax_code__isnull=False).values_list(
                "pk", "tax_code_id"
            )
        )

    def on(self, contract_id: int, contract_line_id: int, day: date) -> Tax:
        """Return how a contract line is taxed at a tax point. Raises `Refused` (tax_rate_missing)."""
        contract = self._contracts[contract_id]
        line = self.code(contract_id, self._lines.get(contract_line_id))
        try:
            return tax_of(line, self._client(contract), self._entities[contract.entity_id], day)
        except NoTaxRate as error:
            raise Refused.because("tax_rate_missing", f"Contract {contract.number}: {error}") from error

    def code(self, contract_id: int, tax_code_id: int | None) -> Code | None:
        """Return a tax code that lines of a contract may have, None for no such code."""
        return self._codes.get((self._contracts[contract_id].entity_id, tax_code_id or 0))

    def of_contract(self, contract_id: int) -> tuple[ClientTax, EntityTax, dict[int, Code]]:
        """Return how a contract is taxed: its client, its legal entity, and the codes of its lines."""
        contract = self._contracts[contract_id]
        codes = {
            line_id: self._codes[contract.entity_id, code_id]
            for line_id, code_id in self._lines.items()
            if (contract.entity_id, code_id) in self._codes
        }
        return self._client(contract), self._entities[contract.entity_id], codes

    def _client(self, contract: Contract) -> ClientTax:
        profile = self._profiles.get(contract.client_id)
        if profile is None:
            return ClientTax()
        code = self._codes.get((contract.entity_id, profile.tax_code_id or 0))
        return ClientTax(code, str(profile.tax_treatment), profile.tax_rate)


def _code(row: TaxCode) -> Code:
    rates = tuple(DatedRate(rate.start, rate.end, rate.percentage) for rate in row.rates.all())
    return Code(row.name, row.category, row.printed, rates)


def move_tax_points(
    invoices: Sequence[Invoice], profiles: Mapping[int, BillingProfile], issued_on: date
) -> set[int]:
    """Tax lines anew whose tax is another on the issue date than on the last day of service; returns their invoices.

    Pre-bills are taxed as of the last day of service; only one that is issued before that day has an earlier tax point.
    Refuses: tax_rate_missing.
    """
    ahead = [row for row in invoices if tax_point(row.service_end, issued_on) < row.service_end]
    if not ahead:
        return set()
    taxes = Taxes((row.contract for row in ahead), profiles)
    changed = []
    ends = {row.pk: (row.contract_id, row.service_end) for row in ahead}
    for line in InvoiceLine.objects.filter(invoice_id__in=ends):
        contract_id, end = ends[line.invoice_id]
        tax = taxes.on(contract_id, line.contract_line_id, issued_on)
        if tax != taxes.on(contract_id, line.contract_line_id, end):
            line.tax_code, line.tax_rate, line.tax_label = tax
            changed.append(line)
    InvoiceLine.objects.bulk_update(changed, _LINE_FIELDS, batch_size=1000)
    return {line.invoice_id for line in changed}
