"""Write an electronic invoice as UN/CEFACT Cross Industry Invoice, profile EN 16931 of Factur-X 1.0 (ZUGFeRD 2).

The order of elements is the schema's (D22B). Numbers of business terms: see `en16931`.
"""

from datetime import date
from decimal import Decimal
from typing import Final

from workledger.billing.documents import xml
from workledger.billing.documents.en16931 import EInvoice, Line, PaymentMeans, TradeParty, VatBreakdown

GUIDELINE: Final = "urn:cen.eu:en16931:2017"
FILE_NAME: Final = "factur-x.xml"
_NAMESPACES: Final = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_DATE_FORMAT: Final = "102"


def to_cii(invoice: EInvoice) -> bytes:
    """Return the invoice as XML in UTF-8; the same invoice gives the same bytes."""
    tree = xml.root("rsm:CrossIndustryInvoice", _NAMESPACES)
    context = xml.group(tree, "rsm:ExchangedDocumentContext")
    xml.leaf(context, "ram:GuidelineSpecifiedDocumentContextParameter/ram:ID", GUIDELINE)
    header = xml.group(tree, "rsm:ExchangedDocument")
    xml.leaf(header, "ram:ID", invoice.number)
    xml.leaf(header, "ram:TypeCode", invoice.type_code)
    _day(header, "ram:IssueDateTime", invoice.issued_on)
    xml.leaf(header, "ram:IncludedNote/ram:Content", invoice.note)
    trade = xml.group(tree, "rsm:SupplyChainTradeTransaction")
    for line in invoice.lines:
        _line(trade, line, invoice.digits)
    _agreement(trade, invoice)
    delivery = xml.group(trade, "ram:ApplicableHeaderTradeDelivery")  # the schema wants it even where empty
    if invoice.period:
        event = xml.group(delivery, "ram:ActualDeliverySupplyChainEvent")
        _day(event, "ram:OccurrenceDateTime", invoice.period.last_day)
    _settlement(trade, invoice)
    return xml.to_bytes(tree)


def _line(trade: xml.Element, line: Line, digits: int) -> None:
    item = xml.group(trade, "ram:IncludedSupplyChainTradeLineItem")
    xml.leaf(item, "ram:AssociatedDocumentLineDocument/ram:LineID", line.number)
    product = xml.group(item, "ram:SpecifiedTradeProduct")
    xml.leaf(product, "ram:Name", line.name)
    xml.leaf(product, "ram:Description", line.description)
    xml.leaf(
        item,
        "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice/ram:ChargeAmount",
        xml.number(line.price),
    )
    xml.leaf(
        item,
        "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity",
        xml.number(line.quantity),
        unitCode=line.unit,
    )
    settlement = xml.group(item, "ram:SpecifiedLineTradeSettlement")
    tax = xml.group(settlement, "ram:ApplicableTradeTax")
    xml.leaf(tax, "ram:TypeCode", "VAT")
    xml.leaf(tax, "ram:CategoryCode", line.category)
    xml.leaf(tax, "ram:RateApplicablePercent", _rate(line.rate))
    xml.leaf(
        settlement,
        "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
        xml.amount(line.amount, digits),
    )


def _agreement(trade: xml.Element, invoice: EInvoice) -> None:
    agreement = xml.group(trade, "ram:ApplicableHeaderTradeAgreement")
    xml.leaf(agreement, "ram:BuyerReference", invoice.buyer_reference)
    _party(xml.group(agreement, "ram:SellerTradeParty"), invoice.seller)
    _party(xml.group(agreement, "ram:BuyerTradeParty"), invoice.buyer)
    xml.leaf(agreement, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", invoice.purchase_order)


def _party(element: xml.Element, party: TradeParty) -> None:
    xml.leaf(element, "ram:ID", party.identifier)
    xml.leaf(element, "ram:Name", party.name)
    scheme = {"schemeID": party.registration_scheme} if party.registration_scheme else {}
    xml.leaf(element, "ram:SpecifiedLegalOrganization/ram:ID", party.registration, **scheme)
    if party.contact or party.phone or party.email:
        contact = xml.group(element, "ram:DefinedTradeContact")
        xml.leaf(contact, "ram:PersonName", party.contact)
        xml.leaf(contact, "ram:TelephoneUniversalCommunication/ram:CompleteNumber", party.phone)
        xml.leaf(contact, "ram:EmailURIUniversalCommunication/ram:URIID", party.email)
    address = xml.group(element, "ram:PostalTradeAddress")
    xml.leaf(address, "ram:PostcodeCode", party.postcode)
    for name, line in zip(("LineOne", "LineTwo", "LineThree"), party.address, strict=False):
        xml.leaf(address, f"ram:{name}", line)
    xml.leaf(address, "ram:CityName", party.city)
    xml.leaf(address, "ram:CountryID", party.country)
    xml.leaf(address, "ram:CountrySubDivisionName", party.subdivision)
    xml.leaf(
        element,
        "ram:URIUniversalCommunication/ram:URIID",
        party.endpoint_id,
        schemeID=party.endpoint_scheme,
    )
    xml.leaf(element, "ram:SpecifiedTaxRegistration/ram:ID", party.tax_number, schemeID="FC")
    xml.leaf(element, "ram:SpecifiedTaxRegistration/ram:ID", party.vat_id, schemeID="VA")


def _settlement(trade: xml.Element, invoice: EInvoice) -> None:
    settlement = xml.group(trade, "ram:ApplicableHeaderTradeSettlement")
    if invoice.payment:
        xml.leaf(settlement, "ram:PaymentReference", invoice.payment.reference)
    xml.leaf(settlement, "ram:InvoiceCurrencyCode", invoice.currency)
    if invoice.payment:
        _payment(settlement, invoice.payment)
    for part in invoice.breakdown:
        _tax(settlement, part, invoice.digits)
    if invoice.period:
        period = xml.group(settlement, "ram:BillingSpecifiedPeriod")
        _day(period, "ram:StartDateTime", invoice.period.first_day)
        _day(period, "ram:EndDateTime", invoice.period.last_day)
    if invoice.terms or invoice.due_on:
        terms = xml.group(settlement, "ram:SpecifiedTradePaymentTerms")
        xml.leaf(terms, "ram:Description", invoice.terms)
        if invoice.due_on:
            _day(terms, "ram:DueDateDateTime", invoice.due_on)
    _totals(settlement, invoice)
    if invoice.preceding:
        preceding = xml.group(settlement, "ram:InvoiceReferencedDocument")
        xml.leaf(preceding, "ram:IssuerAssignedID", invoice.preceding.number)
        if invoice.preceding.issued_on:
            xml.leaf(
                preceding,
                "ram:FormattedIssueDateTime/qdt:DateTimeString",
                xml.compact_day(invoice.preceding.issued_on),
                format=_DATE_FORMAT,
            )


def _payment(settlement: xml.Element, payment: PaymentMeans) -> None:
    means = xml.group(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    xml.leaf(means, "ram:TypeCode", payment.code)
    if not payment.account:
        return
    account = xml.group(means, "ram:PayeePartyCreditorFinancialAccount")
    if payment.is_iban:
        xml.leaf(account, "ram:IBANID", payment.account)
    xml.leaf(account, "ram:AccountName", payment.holder)
    if not payment.is_iban:
        xml.leaf(account, "ram:ProprietaryID", payment.account)
    xml.leaf(means, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", payment.bank)


def _tax(settlement: xml.Element, part: VatBreakdown, digits: int) -> None:
    tax = xml.group(settlement, "ram:ApplicableTradeTax")
    xml.leaf(tax, "ram:CalculatedAmount", xml.amount(part.tax, digits))
    xml.leaf(tax, "ram:TypeCode", "VAT")
    xml.leaf(tax, "ram:ExemptionReason", part.exemption.reason)
    xml.leaf(tax, "ram:BasisAmount", xml.amount(part.base, digits))
    xml.leaf(tax, "ram:CategoryCode", part.category)
    xml.leaf(tax, "ram:ExemptionReasonCode", part.exemption.code)
    xml.leaf(tax, "ram:RateApplicablePercent", _rate(part.rate))


def _totals(settlement: xml.Element, invoice: EInvoice) -> None:
    totals, digits = invoice.totals, invoice.digits
    summation = xml.group(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    xml.leaf(summation, "ram:LineTotalAmount", xml.amount(totals.lines, digits))
    xml.leaf(summation, "ram:TaxBasisTotalAmount", xml.amount(totals.net, digits))
    xml.leaf(summation, "ram:TaxTotalAmount", xml.amount(totals.tax, digits), currencyID=invoice.currency)
    xml.leaf(summation, "ram:GrandTotalAmount", xml.amount(totals.gross, digits))
    if totals.paid:
        xml.leaf(summation, "ram:TotalPrepaidAmount", xml.amount(totals.paid, digits))
    xml.leaf(summation, "ram:DuePayableAmount", xml.amount(totals.due, digits))


def _day(parent: xml.Element, name: str, day: date) -> None:
    xml.leaf(parent, f"{name}/udt:DateTimeString", xml.compact_day(day), format=_DATE_FORMAT)


def _rate(rate: Decimal | None) -> str:
    return "" if rate is None else xml.number(rate)
