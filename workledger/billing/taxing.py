"""The tax of contract lines, looked up in a fixed number of queries; `billing.calc.taxes` says how it is chosen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from django.db.models import F, Q

from workledger.billing.calc.taxes import (
    ClientTax,
    Code,
    DatedRate,
    EntityTax,
    NoTaxRate,
    Place,
    Tax,
    tax_of,
    tax_point,
)
from workledger.billing.models import Invoice, InvoiceLine
from workledger.contracts.models import Contract, ContractLine
from workledger.core.refusals import Refused
from workledger.directory.models import BillingProfile, Client, LegalEntity, TaxCode

_LINE_FIELDS = ("tax_code", "tax_rate", "tax_label", "tax_vatex")


class Taxes:
    """Says how lines of some contracts are taxed on a day. A tax code counts on contracts of its own legal entity."""

    def __init__(self, contracts: Iterable[Contract], profiles: Mapping[int, BillingProfile]) -> None:
        self._contracts = {row.pk: row for row in contracts}
        self._profiles = profiles
        entities = {row.entity_id for row in self._contracts.values()}
        rows = TaxCode.objects.filter(entity_id__in=entities).prefetch_related("rates").order_by("pk")
        self._codes = {(row.entity_id, row.pk): _code(row) for row in rows}
        self._entities = {
            row.pk: _entity(row, [code for code in rows if code.entity_id == row.pk])
            for row in LegalEntity.objects.filter(pk__in=entities)
        }
        clients = Client.objects.filter(pk__in={row.client_id for row in self._contracts.values()})
        self._clients = {row.pk: row for row in clients}
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

    def of_contract(self, contract_id: int) -> tuple[ClientTax, EntityTax, dict[int, Code]]:
        """Return how a contract is taxed: its client, its legal entity, and the codes of its lines."""
        contract = self._contracts[contract_id]
        codes = {
            line_id: self._codes[contract.entity_id, code_id]
            for line_id, code_id in self._lines.items()
            if (contract.entity_id, code_id) in self._codes
        }
        return self._client(contract), self._entities[contract.entity_id], codes

    def code(self, contract_id: int, tax_code_id: int | None) -> Code | None:
        """Return a tax code that lines of a contract may have, None for no such code."""
        return self._codes.get((self._contracts[contract_id].entity_id, tax_code_id or 0))

    def parties(self, contract_id: int) -> tuple[ClientTax, EntityTax]:
        """Return how a contract's client and legal entity are taxed."""
        contract = self._contracts[contract_id]
        return self._client(contract), self._entities[contract.entity_id]

    def _client(self, contract: Contract) -> ClientTax:
        row, profile = self._clients[contract.client_id], self._profiles.get(contract.client_id)
        found = ClientTax(
            country=row.country, place=Place(row.subdivision, row.city), has_vat_id=bool(row.vat_id)
        )
        if profile is None:
            return found
        code = self._codes.get((contract.entity_id, profile.tax_code_id or 0))
        return replace(found, code=code, treatment=str(profile.tax_treatment), percentage=profile.tax_rate)


def _entity(row: LegalEntity, codes: Sequence[TaxCode]) -> EntityTax:
    by_category: dict[str, Code] = {}
    for code in codes:
        if not code.subdivision:
            by_category.setdefault(code.category, _code(code))
    return EntityTax(
        next((_code(code) for code in codes if code.is_default), None),
        row.standard_tax_rate,
        row.country,
        by_category,
        {Place(code.subdivision, code.locality).key: _code(code) for code in codes if code.subdivision},
    )


class OpenWork(NamedTuple):
    """That a contract line has open work of a day; of several days, the last counts."""

    contract_id: int
    contract_line_id: int
    service_date: date


def untaxed(work: Iterable[OpenWork]) -> dict[int, str]:
    """Return why open work cannot be taxed as of its contract's last day of service, by contract; a fixed number of queries."""
    ends: dict[int, date] = {}
    lines: dict[int, set[int]] = {}
    for contract_id, line_id, day in work:
        ends[contract_id] = max(ends.get(contract_id, day), day)
        lines.setdefault(contract_id, set()).add(line_id)
    if not ends:
        return {}
    contracts = list(Contract.objects.filter(pk__in=ends).order_by("number"))
    clients = {row.client_id for row in contracts}
    taxes = Taxes(
        contracts, {row.client_id: row for row in BillingProfile.objects.filter(client_id__in=clients)}
    )
    found: dict[int, str] = {}
    for contract in contracts:
        for line_id in sorted(lines[contract.pk]):
            try:
                taxes.on(contract.pk, line_id, tax_point(ends[contract.pk]))
            except Refused as refused:
                found[contract.pk] = refused.problems[0].message
    return found


def _code(row: TaxCode) -> Code:
    rates = tuple(DatedRate(rate.start, rate.end, rate.percentage) for rate in row.rates.all())
    return Code(row.name, row.category, row.printed, rates, row.vatex_code)


def move_tax_points(
    invoices: Sequence[Invoice], profiles: Mapping[int, BillingProfile], issued_on: date
) -> set[int]:
    """Tax lines anew whose tax is another on the issue date than on the last day of service; returns their invoices.

    Pre-bills are taxed as of the last day of service; only one that is issued before that day has an earlier tax point.
    A down payment is taxed on the day of issue (Directive 2006/112/EC, article 65). What draws it down keeps its tax.
    Refuses: tax_rate_missing.
    """
    ahead = [
        row
        for row in invoices
        if tax_point(row.service_end, issued_on) < row.service_end or row.is_down_payment
    ]
    if not ahead:
        return set()
    taxes = Taxes((row.contract for row in ahead), profiles)
    changed = []
    ends = {row.pk: (row.contract_id, row.service_end) for row in ahead}
    drawn = Q(down_payment__isnull=False) & ~Q(down_payment=F("invoice"))
    for line in InvoiceLine.objects.filter(invoice_id__in=ends).exclude(drawn):
        contract_id, end = ends[line.invoice_id]
        tax = taxes.on(contract_id, line.contract_line_id, issued_on)
        if tax != taxes.on(contract_id, line.contract_line_id, end):
            line.tax_code, line.tax_rate, line.tax_label, line.tax_vatex = tax
            changed.append(line)
    InvoiceLine.objects.bulk_update(changed, _LINE_FIELDS, batch_size=1000)
    return {line.invoice_id for line in changed}
