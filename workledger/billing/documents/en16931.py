"""What an issued document says in the words of EN 16931-1, the European standard of the electronic invoice.

`e_invoice` turns the frozen document into business terms (BT) and groups (BG); `cii` and `ubl` write them in the two
syntaxes that the standard allows. Rules are named as the standard names them (BR-...). Nothing is computed anew: every
amount is the document's. A document that lacks what the standard demands is no electronic invoice, and
`NotElectronic` says all that is missing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from workledger.billing.documents.model import (
    ZERO,
    DocumentLine,
    InvoiceDocument,
    Party,
    ServicePeriod,
    TaxTotal,
    round_amount,
)
from workledger.directory.calc import einvoicing

INVOICE: Final = "380"
CREDIT_NOTE: Final = "381"
PREPAYMENT: Final = "386"
_TYPES: Final = {"invoice": INVOICE, "credit_note": CREDIT_NOTE}
CREDIT_TRANSFER: Final = "30"
SEPA_CREDIT_TRANSFER: Final = "58"
CLEARING: Final = "97"
"""UNCL 4461: what partners owe one another is set off. So a credit note is settled, and no account is named for it."""

STANDARD, ZERO_RATED, EXEMPT, REVERSE_CHARGE, OUTSIDE = "S", "Z", "E", "AE", "O"
_CATEGORIES: Final = (STANDARD, ZERO_RATED, EXEMPT, REVERSE_CHARGE, OUTSIDE)

_UNITS: Final = {"hour": "HUR", "day": "DAY", "month": "MON", "item": "C62"}
"""UN/ECE Recommendation 20; C62 is 'one'."""

_NOT_IN_PEPPOL: Final = ("", "EM")
"""No address, or one by email, to which the network delivers nothing."""

_DECIMALS: Final = 2
_PRICE_DECIMALS: Final = 8
_F_TAX: Final = "GODKÄND FÖR F-SKATT"
_ADDRESS_LINES: Final = 3
_VAT_ID: Final = re.compile(r"[A-Z]{2}.+")
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot carry (section 2.2)."""


class NotElectronic(ValueError):
    """The document is no electronic invoice by EN 16931; `problems` lists every reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__(" ".join(self.problems))


class Exemption(NamedTuple):
    """Why no tax is charged: BT-120 as text, BT-121 as a code of the VATEX list or ''."""

    reason: str
    code: str


_EXEMPTIONS: Final = {
    EXEMPT: Exemption("Exempt from VAT", ""),
    REVERSE_CHARGE: Exemption("Reverse charge", "VATEX-EU-AE"),
    OUTSIDE: Exemption("Not subject to VAT", "VATEX-EU-O"),
}
"""What is said where the document prints no reason of its own."""
_NO_EXEMPTION: Final = Exemption("", "")


@dataclass(frozen=True, slots=True)
class TradeParty:
    """BG-4 or BG-7: seller or buyer, with address (BG-5, BG-8) and contact (BG-6, BG-9); '' where not stated.

    `address` has at most three lines (BT-35, 36, 162). `identifier` is BT-29, `registration` BT-30 or BT-47, `vat_id`
    BT-31 or BT-48, `tax_number` BT-32; the endpoint is BT-34 or BT-49 with its scheme.
    """

    name: str
    address: tuple[str, ...]
    city: str
    postcode: str
    subdivision: str
    country: str
    identifier: str
    registration: str
    registration_scheme: str
    vat_id: str
    tax_number: str
    endpoint_scheme: str
    endpoint_id: str
    contact: str
    phone: str
    email: str


class PaymentMeans(NamedTuple):
    """BG-16: means BT-81 and reference BT-83, with one account (BG-17): BT-84, holder BT-85, bank BT-86; '' for none."""

    code: str
    reference: str = ""
    account: str = ""
    is_iban: bool = False
    holder: str = ""
    bank: str = ""


class VatBreakdown(NamedTuple):
    """BG-23: base BT-116, tax BT-117, category BT-118, rate BT-119 in percent (None outside scope), BT-120, BT-121."""

    base: Decimal
    tax: Decimal
    category: str
    rate: Decimal | None
    exemption: Exemption


class Line(NamedTuple):
    """BG-25: id BT-126, quantity BT-129, unit BT-130, amount BT-131, price BT-146, category BT-151, rate BT-152,
    name BT-153, description BT-154. The price is never negative (BR-27): what is taken off has a negative quantity.
    Quantity × price is the amount to the cent (PEPPOL-EN16931-R120).
    """

    number: str
    quantity: Decimal
    unit: str
    amount: Decimal
    price: Decimal
    category: str
    rate: Decimal | None
    name: str
    description: str


class Preceding(NamedTuple):
    """BG-3: the invoice that is credited, BT-25 and BT-26."""

    number: str
    issued_on: date | None


class Totals(NamedTuple):
    """BG-22: lines BT-106, without VAT BT-109, VAT BT-110, with VAT BT-112, paid BT-113, due BT-115."""

    lines: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    paid: Decimal
    due: Decimal


@dataclass(frozen=True, slots=True)
class EInvoice:
    """An invoice by EN 16931: BT-1 number, BT-2 issued_on, BT-3 type_code, BT-5 currency, BT-9 due_on,
    BT-10 buyer_reference, BT-13 purchase_order, BT-20 terms, BT-22 note, BG-14 period, whose
    last day is BT-72, the day the service was completed. Amounts are written with
    `digits` decimals.
    """

    number: str
    issued_on: date
    type_code: str
    currency: str
    digits: int
    due_on: date | None
    buyer_reference: str
    purchase_order: str
    terms: str
    note: str
    preceding: Preceding | None
    seller: TradeParty
    buyer: TradeParty
    period: ServicePeriod | None
    payment: PaymentMeans | None
    totals: Totals
    breakdown: tuple[VatBreakdown, ...]
    lines: tuple[Line, ...]


def e_invoice(doc: InvoiceDocument) -> EInvoice:
    """Return the document in the terms of EN 16931.

    Raises `NotElectronic` with all that the standard demands and the document lacks.
    """
    problems = problems_of(doc)
    if problems:
        raise NotElectronic(problems)
    is_outside = any(total.code == OUTSIDE for total in doc.taxes)
    return EInvoice(
        number=_word(doc.number),
        issued_on=doc.issued_on,
        type_code=PREPAYMENT if doc.is_down_payment and doc.kind == "invoice" else _TYPES[doc.kind],
        currency=doc.currency,
        digits=min(doc.currency_digits, _DECIMALS),
        due_on=doc.due_on,
        buyer_reference=_word(doc.buyer_reference),
        purchase_order=_word(doc.purchase_order),
        terms=_terms(doc),
        note="\n".join(filter(None, (_text(doc.subject), _text(doc.notes)))),
        preceding=Preceding(_word(doc.original_number), doc.original_issued_on)
        if doc.original_number
        else None,
        seller=_seller(doc.seller, is_outside=is_outside),
        buyer=_buyer(doc.buyer, is_outside=is_outside),
        period=doc.service_period,
        payment=_payment(doc),
        totals=Totals(doc.net, doc.net, doc.tax, doc.gross, doc.paid, doc.due),
        breakdown=tuple(_breakdown(total) for total in doc.taxes),
        lines=tuple(_line(line) for line in doc.lines),
    )


def is_electronic(doc: InvoiceDocument) -> bool:
    """Tell whether the document has all that EN 16931 demands."""
    return not problems_of(doc)


def problems_of(doc: InvoiceDocument) -> tuple[str, ...]:
    """Return what keeps the document from being an electronic invoice, as sentences; nothing where it is one."""
    return (*_document_problems(doc), *_party_problems(doc), *_tax_problems(doc), *_line_problems(doc))


def peppol_problems(invoice: EInvoice) -> tuple[str, ...]:
    """Return what Peppol BIS Billing 3.0 demands beyond EN 16931 and the invoice lacks, as sentences.

    Rules PEPPOL-EN16931-R003, R010 and R020, and the national ones (see `directory.calc.einvoicing`).
    """
    return tuple(_peppol_problems(invoice))


# What is missing.


def _document_problems(doc: InvoiceDocument) -> Iterable[str]:
    if doc.kind == "pre_bill":
        yield "A pre-bill is not an invoice yet."
    if not doc.lines:
        yield "An e-invoice has at least one line."  # BR-16
    amounts = (*(line.taxable for line in doc.lines), *(total.tax for total in doc.taxes), doc.paid)
    if any(round_amount(amount, _DECIMALS) != amount for amount in amounts):
        yield "An e-invoice states amounts with at most two decimals."  # BR-DEC-*


def _party_problems(doc: InvoiceDocument) -> Iterable[str]:
    codes = {total.code for total in doc.taxes}
    for party, who in ((doc.seller, "your company"), (doc.buyer, "the client")):
        if not _word(party.name):
            yield f"The name of {who} is missing."  # BR-06, BR-07
        if not party.country:
            yield f"The country of {who} is missing."  # BR-09, BR-11
        is_stated = party.vat_id and OUTSIDE not in codes
        if is_stated and not _VAT_ID.fullmatch(_packed(party.vat_id)):
            yield f"The VAT ID of {who} does not begin with its country: {party.vat_id}."  # BR-CO-09
    seller = doc.seller
    if not (seller.vat_id or seller.tax_number or seller.registration):
        yield "Your company has neither a VAT ID nor a tax number."  # BR-CO-26, BR-S-02
    if REVERSE_CHARGE in codes and not (doc.buyer.vat_id or doc.buyer.registration):
        yield "Reverse charge needs the VAT ID of the client."  # BR-AE-02


def _tax_problems(doc: InvoiceDocument) -> Iterable[str]:
    codes = {total.code for total in doc.taxes}
    for code in sorted(codes.difference(_CATEGORIES)):
        yield f"Tax {code} is none of the categories {', '.join(_CATEGORIES)}."  # BR-CL-17
    if OUTSIDE in codes and len(codes) > 1:
        yield "What is outside the scope of VAT stands on an invoice of its own."  # BR-O-11
    for total in doc.taxes:
        if total.code == STANDARD and total.rate <= 0:
            yield "The standard rate is 0 %: choose zero rated, exempt or outside scope."  # BR-S-05
        if total.code != STANDARD and total.rate != 0:
            yield f"Tax {total.code} has the rate {total.rate} %, and only the standard rate charges tax."


def _line_problems(doc: InvoiceDocument) -> Iterable[str]:
    for line in doc.lines:
        if not _word(line.description):
            yield f"Line {line.position} has no description."  # BR-25


def _peppol_problems(invoice: EInvoice) -> Iterable[str]:
    if not (invoice.buyer_reference or invoice.purchase_order):
        yield "Peppol asks for a buyer reference or a purchase order number."
    if invoice.buyer.endpoint_scheme in _NOT_IN_PEPPOL:
        yield "Peppol asks for the e-invoice address of the client."
    if invoice.seller.endpoint_scheme in _NOT_IN_PEPPOL:
        yield "Peppol asks for the electronic address of your company."
    seller, buyer = _side(invoice.seller, invoice.payment), _side(invoice.buyer, None)
    if einvoicing.needs_reference(seller.country, buyer.country) and not invoice.buyer_reference:
        yield "Between German parties Peppol asks for a buyer reference."
    for gap in (
        *einvoicing.seller_gaps(seller, buyer.country),
        *einvoicing.buyer_gaps(buyer, seller.country),
    ):
        yield gap.sentence


def _side(party: TradeParty, payment: PaymentMeans | None) -> einvoicing.Side:
    return einvoicing.Side(
        country=party.country,
        street=party.address[0] if party.address else "",
        postcode=party.postcode,
        city=party.city,
        register_number=party.registration,
        vat_id=party.vat_id,
        phone=party.phone,
        email=party.email,
        account=payment.code if payment else "",
    )


# The parts.


def _seller(party: Party, *, is_outside: bool) -> TradeParty:
    """Return BG-4. A seller without VAT identifier, as outside the scope of VAT (BR-O-02), and without registration has
    still an identifier (BR-CO-26): then the number stands as BT-29.
    """
    vat_id, tax_number = _packed(party.vat_id), _word(party.tax_number)
    if party.country == "SE" and vat_id and tax_number.upper() != _F_TAX:
        tax_number = ""  # SE-R-005
    is_unnamed = is_outside or not (vat_id or party.registration)
    return _trade_party(
        party,
        identifier=(vat_id or tax_number) if is_unnamed else "",
        vat_id="" if is_outside else vat_id,
        tax_number=tax_number,
        contact=_word(party.contact) or _word(party.name),
    )


def _buyer(party: Party, *, is_outside: bool) -> TradeParty:
    vat_id = "" if is_outside else _packed(party.vat_id)  # BR-O-02
    return _trade_party(party, identifier="", vat_id=vat_id, tax_number="", contact=_word(party.contact))


def _trade_party(party: Party, *, identifier: str, vat_id: str, tax_number: str, contact: str) -> TradeParty:
    return TradeParty(
        name=_word(party.name),
        address=_address(party),
        city=_word(party.city),
        postcode=_word(party.postcode),
        subdivision=_word(party.subdivision),
        country=party.country,
        identifier=identifier,
        registration=_word(party.registration),
        registration_scheme=party.registration_scheme,
        vat_id=vat_id,
        tax_number=tax_number,
        endpoint_scheme=party.endpoint_scheme if party.endpoint_id else "",
        endpoint_id=_word(party.endpoint_id) if party.endpoint_scheme else "",  # BR-62, BR-63
        contact=contact,
        phone=_word(party.phone),
        email=_word(party.email),
    )


def _address(party: Party) -> tuple[str, ...]:
    """Return the street, or else the printed lines; what is beyond the third joins it."""
    if party.street:
        return tuple(filter(None, (_word(party.street), _word(party.additional))))
    lines = [line for line in map(_word, party.address) if line]
    if len(lines) > _ADDRESS_LINES:
        lines[_ADDRESS_LINES - 1 :] = [", ".join(lines[_ADDRESS_LINES - 1 :])]
    return tuple(lines)


def _payment(doc: InvoiceDocument) -> PaymentMeans | None:
    if doc.kind == "credit_note":
        return PaymentMeans(CLEARING)
    bank = doc.seller.bank
    if bank is None:
        return None
    iban = _packed(bank.iban)
    account = iban or _word(bank.account_number)
    if not account:  # BR-50
        return None
    return PaymentMeans(
        code=SEPA_CREDIT_TRANSFER if iban and doc.currency == "EUR" else CREDIT_TRANSFER,
        reference=_word(doc.payment_reference or doc.number),
        account=account,
        is_iban=bool(iban),
        holder=_word(bank.account_holder or doc.seller.name),
        bank=_packed(bank.bic) or _word(bank.routing_number),
    )


def _terms(doc: InvoiceDocument) -> str:
    """Return BT-20. A credit note has no due date, and an amount due needs terms then (BR-CO-25)."""
    if doc.kind == "credit_note":
        return f"Credited against invoice {_word(doc.original_number)}"
    text = _text(doc.payment_terms)
    return f"{text} days" if text.isdigit() else text


def _breakdown(total: TaxTotal) -> VatBreakdown:
    return VatBreakdown(
        base=total.base,
        tax=total.tax,
        category=total.code,
        rate=_rate(total.code, total.rate),
        exemption=_exemption(total),
    )


def _exemption(total: TaxTotal) -> Exemption:
    """Return what the page prints of the reason, with its code; none where the category allows none (BR-S-10, BR-Z-10)."""
    usual = _EXEMPTIONS.get(total.code)
    if usual is None:
        return _NO_EXEMPTION
    return Exemption(_word(total.label) or usual.reason, total.vatex or usual.code)


def _line(line: DocumentLine) -> Line:
    turned = line.rate < ZERO
    price = _price(line)
    unit = _UNITS.get(line.unit)
    about = (line.group, line.person, line.detail, "" if unit else line.unit)
    return Line(
        number=str(line.position),
        quantity=-line.quantity if turned else line.quantity,
        unit=unit or _UNITS["item"],
        amount=line.taxable,
        price=-price if turned else price,
        category=line.tax_code,
        rate=_rate(line.tax_code, line.tax_rate),
        name=_word(line.description),
        description=" · ".join(filter(None, map(_text, about))),
    )


def _price(line: DocumentLine) -> Decimal:
    """Return the rate as printed, or the net amount per unit where the rate contains tax or the currency has no cents."""
    if not line.quantity or round_amount(line.quantity * line.rate, _DECIMALS) == line.taxable:
        return line.rate
    return round_amount(line.taxable / line.quantity, _PRICE_DECIMALS).normalize()


def _rate(code: str, rate: Decimal) -> Decimal | None:
    """Return BT-119 or BT-152; outside the scope of VAT there is no rate (BR-O-05)."""
    return None if code == OUTSIDE else rate


def _text(text: str) -> str:
    return _NO_XML.sub("", text).strip()


def _word(text: str) -> str:
    """Return a text that stands on one line."""
    return " ".join(_text(text).split())


def _packed(text: str) -> str:
    return "".join(_text(text).split())
