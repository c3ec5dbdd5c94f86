"""Write an electronic invoice as OASIS UBL 2.1 Invoice or CreditNote, for Peppol BIS Billing 3.0 where it can be.

An invoice that has all that EN 16931 demands but not what Peppol adds names EN 16931 alone as its specification. The
order of elements is the schema's. Numbers of business terms: see `en16931`.
"""

from decimal import Decimal
from typing import Final

from workledger.billing.documents import xml
from workledger.billing.documents.en16931 import (
    CREDIT_NOTE,
    EInvoice,
    Exemption,
    Line,
    TradeParty,
    peppol_problems,
)

EN_16931: Final = "urn:cen.eu:en16931:2017"
PEPPOL: Final = f"{EN_16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PEPPOL_PROCESS: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_OASIS: Final = "urn:oasis:names:specification:ubl:schema:xsd:"


def to_ubl(invoice: EInvoice) -> bytes:
    """Return the invoice as XML in UTF-8; the same invoice gives the same bytes."""
    return _Writer(invoice).write()


class _Writer:
    """One document being written: what differs between Invoice and CreditNote, and the currency of every amount."""

    def __init__(self, invoice: EInvoice) -> None:
        self.invoice = invoice
        self.is_credit = invoice.type_code == CREDIT_NOTE
        self.kind = "CreditNote" if self.is_credit else "Invoice"
        self.tree = xml.root(
            self.kind,
            {
                "": f"{_OASIS}{self.kind}-2",
                "cac": f"{_OASIS}CommonAggregateComponents-2",
                "cbc": f"{_OASIS}CommonBasicComponents-2",
            },
        )

    def write(self) -> bytes:
        """Write all parts in their order."""
        self._header()
        self._references()
        for name, party in (
            ("cac:AccountingSupplierParty", self.invoice.seller),
            ("cac:AccountingCustomerParty", self.invoice.buyer),
        ):
            _party(xml.group(xml.group(self.tree, name), "cac:Party"), party)
        if self.invoice.period:
            delivered = xml.iso_day(self.invoice.period.last_day)
            xml.leaf(self.tree, "cac:Delivery/cbc:ActualDeliveryDate", delivered)
        self._payment()
        self._taxes()
        self._totals()
        for line in self.invoice.lines:
            self._line(line)
        return xml.to_bytes(self.tree)

    def _header(self) -> None:
        invoice, tree = self.invoice, self.tree
        is_peppol = not peppol_problems(invoice)
        xml.leaf(tree, "cbc:CustomizationID", PEPPOL if is_peppol else EN_16931)
        xml.leaf(tree, "cbc:ProfileID", PEPPOL_PROCESS if is_peppol else "")
        xml.leaf(tree, "cbc:ID", invoice.number)
        xml.leaf(tree, "cbc:IssueDate", xml.iso_day(invoice.issued_on))
        if not self.is_credit:
            xml.leaf(tree, "cbc:DueDate", xml.iso_day(invoice.due_on))
        xml.leaf(tree, f"cbc:{self.kind}TypeCode", invoice.type_code)
        xml.leaf(tree, "cbc:Note", invoice.note)
        xml.leaf(tree, "cbc:DocumentCurrencyCode", invoice.currency)
        xml.leaf(tree, "cbc:BuyerReference", invoice.buyer_reference)

    def _references(self) -> None:
        invoice, tree = self.invoice, self.tree
        if invoice.period:
            period = xml.group(tree, "cac:InvoicePeriod")
            xml.leaf(period, "cbc:StartDate", xml.iso_day(invoice.period.first_day))
            xml.leaf(period, "cbc:EndDate", xml.iso_day(invoice.period.last_day))
        xml.leaf(tree, "cac:OrderReference/cbc:ID", invoice.purchase_order)
        if invoice.preceding:
            preceding = xml.group(xml.group(tree, "cac:BillingReference"), "cac:InvoiceDocumentReference")
            xml.leaf(preceding, "cbc:ID", invoice.preceding.number)
            xml.leaf(preceding, "cbc:IssueDate", xml.iso_day(invoice.preceding.issued_on))

    def _payment(self) -> None:
        payment = self.invoice.payment
        if payment:
            means = xml.group(self.tree, "cac:PaymentMeans")
            xml.leaf(means, "cbc:PaymentMeansCode", payment.code)
            xml.leaf(means, "cbc:PaymentID", payment.reference)
        if payment and payment.account:
            account = xml.group(means, "cac:PayeeFinancialAccount")
            xml.leaf(account, "cbc:ID", payment.account)
            xml.leaf(account, "cbc:Name", payment.holder)
            xml.leaf(account, "cac:FinancialInstitutionBranch/cbc:ID", payment.bank)
        xml.leaf(self.tree, "cac:PaymentTerms/cbc:Note", self.invoice.terms)

    def _taxes(self) -> None:
        total = xml.group(self.tree, "cac:TaxTotal")
        self._amount(total, "cbc:TaxAmount", self.invoice.totals.tax)
        for part in self.invoice.breakdown:
            subtotal = xml.group(total, "cac:TaxSubtotal")
            self._amount(subtotal, "cbc:TaxableAmount", part.base)
            self._amount(subtotal, "cbc:TaxAmount", part.tax)
            _category(xml.group(subtotal, "cac:TaxCategory"), part.category, part.rate, part.exemption)

    def _totals(self) -> None:
        totals = self.invoice.totals
        total = xml.group(self.tree, "cac:LegalMonetaryTotal")
        self._amount(total, "cbc:LineExtensionAmount", totals.lines)
        self._amount(total, "cbc:TaxExclusiveAmount", totals.net)
        self._amount(total, "cbc:TaxInclusiveAmount", totals.gross)
        if totals.paid:
            self._amount(total, "cbc:PrepaidAmount", totals.paid)
        self._amount(total, "cbc:PayableAmount", totals.due)

    def _line(self, line: Line) -> None:
        element = xml.group(self.tree, f"cac:{self.kind}Line")
        quantity = "cbc:CreditedQuantity" if self.is_credit else "cbc:InvoicedQuantity"
        xml.leaf(element, "cbc:ID", line.number)
        xml.leaf(element, quantity, xml.number(line.quantity), unitCode=line.unit)
        self._amount(element, "cbc:LineExtensionAmount", line.amount)
        item = xml.group(element, "cac:Item")
        xml.leaf(item, "cbc:Description", line.description)
        xml.leaf(item, "cbc:Name", line.name)
        _category(xml.group(item, "cac:ClassifiedTaxCategory"), line.category, line.rate, None)
        price = xml.number(line.price)
        xml.leaf(element, "cac:Price/cbc:PriceAmount", price, currencyID=self.invoice.currency)

    def _amount(self, parent: xml.Element, name: str, value: Decimal) -> None:
        xml.leaf(parent, name, xml.amount(value, self.invoice.digits), currencyID=self.invoice.currency)


def _party(element: xml.Element, party: TradeParty) -> None:
    xml.leaf(element, "cbc:EndpointID", party.endpoint_id, schemeID=party.endpoint_scheme)
    xml.leaf(element, "cac:PartyIdentification/cbc:ID", party.identifier)
    xml.leaf(element, "cac:PartyName/cbc:Name", party.name)
    address = xml.group(element, "cac:PostalAddress")
    street, second, third = (*party.address, "", "", "")[:3]
    xml.leaf(address, "cbc:StreetName", street)
    xml.leaf(address, "cbc:AdditionalStreetName", second)
    xml.leaf(address, "cbc:CityName", party.city)
    xml.leaf(address, "cbc:PostalZone", party.postcode)
    xml.leaf(address, "cbc:CountrySubentity", party.subdivision)
    xml.leaf(address, "cac:AddressLine/cbc:Line", third)
    xml.leaf(address, "cac:Country/cbc:IdentificationCode", party.country)
    for number, scheme in ((party.vat_id, "VAT"), (party.tax_number, "TAX")):
        if number:
            registered = xml.group(element, "cac:PartyTaxScheme")
            xml.leaf(registered, "cbc:CompanyID", number)
            xml.leaf(registered, "cac:TaxScheme/cbc:ID", scheme)
    legal = xml.group(element, "cac:PartyLegalEntity")
    xml.leaf(legal, "cbc:RegistrationName", party.name)
    xml.leaf(legal, "cbc:CompanyID", party.registration, **_scheme(party.registration_scheme))
    if party.contact or party.phone or party.email:
        contact = xml.group(element, "cac:Contact")
        xml.leaf(contact, "cbc:Name", party.contact)
        xml.leaf(contact, "cbc:Telephone", party.phone)
        xml.leaf(contact, "cbc:ElectronicMail", party.email)


def _scheme(code: str) -> dict[str, str]:
    return {"schemeID": code} if code else {}


def _category(element: xml.Element, category: str, rate: Decimal | None, exemption: Exemption | None) -> None:
    xml.leaf(element, "cbc:ID", category)
    xml.leaf(element, "cbc:Percent", "" if rate is None else xml.number(rate))
    if exemption:
        xml.leaf(element, "cbc:TaxExemptionReasonCode", exemption.code)
        xml.leaf(element, "cbc:TaxExemptionReason", exemption.reason)
    xml.leaf(element, "cac:TaxScheme/cbc:ID", "VAT")
