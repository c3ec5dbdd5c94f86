"""What an issued document says as an electronic invoice, judged by the standard's own schemas and rules."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as Tree

import pytest

from workledger.billing.documents.cii import to_cii
from workledger.billing.documents.en16931 import NotElectronic, e_invoice, is_electronic, peppol_problems
from workledger.billing.documents.model import (
    BankDetails,
    InvoiceDocument,
    TaxId,
    TaxTotal,
    content_hash,
    credit_of,
    from_json,
    round_amount,
    to_json,
)
from workledger.billing.documents.tests.samples import BUYER, SELLER, document, line
from workledger.billing.documents.tests.validators import problems_of_cii, problems_of_ubl, second_opinion
from workledger.billing.documents.ubl import EN_16931, PEPPOL, to_ubl

ZERO = Decimal(0)
FIRM = replace(SELLER, country="DE", endpoint_scheme="9930", endpoint_id="DE293847560")
CUSTOMER = replace(BUYER, country="SE", endpoint_scheme="0007", endpoint_id="5566778899")


def electronic(*lines: Any, **fields: Any) -> InvoiceDocument:
    """Return a document that can be an electronic invoice."""
    return document(lines or None, **({"seller": FIRM, "buyer": CUSTOMER} | fields))


def untaxed(code: str, **fields: Any) -> InvoiceDocument:
    return electronic(line(1, "12.5", "160", tax_code=code, tax_rate=ZERO), **fields)


def in_yen() -> InvoiceDocument:
    work = replace(line(1, "7.25", "18001"), amount=Decimal(130507), tax_rate=Decimal(10))
    tax = round_amount(work.amount / 10, 0)
    return electronic(
        work,
        currency="JPY",
        currency_digits=0,
        taxes=(TaxTotal("S", Decimal(10), work.amount, tax),),
        net=work.amount,
        tax=tax,
        gross=work.amount + tax,
        due=work.amount + tax,
    )


def credited() -> InvoiceDocument:
    return credit_of(electronic(), number="CN-1", issued_on=date(2026, 4, 9), notes="Hours of another client")


CASES = {
    "standard": electronic(),
    "part paid": electronic(paid=Decimal(380), due=Decimal(2000)),
    "reverse charge": untaxed("AE"),
    "exempt": untaxed("E"),
    "outside scope": untaxed("O"),
    "zero rated": untaxed("Z"),
    "two rates": electronic(line(1, "10", "160"), line(2, "3", "99.99", tax_rate=Decimal(7))),
    "standard and exempt": electronic(line(1, "10", "160"), line(2, "1", "80", tax_code="E", tax_rate=ZERO)),
    "credit note": credited(),
    "adjustment": electronic(line(1, "10", "160"), line(2, "1", "-120.50", unit="item")),
    "days off": electronic(line(1, "10", "1600", unit="day"), line(2, "-0.5", "1600", unit="day")),
    "units": electronic(line(1, "1", "900", unit="month"), line(2, "3", "75.3333", unit="workshop")),
    "yen": in_yen(),
    "no bank": electronic(seller=replace(FIRM, bank=None)),
    "bank without IBAN": electronic(
        currency="USD", seller=replace(FIRM, bank=BankDetails(routing_number="021000021", account_number="1"))
    ),
    "bare": electronic(
        seller=replace(FIRM, phone="", email="", address=(), endpoint_id=""),
        buyer=replace(CUSTOMER, contact="", address=(), tax_ids=(), endpoint_id=""),
        buyer_reference="", purchase_order="", subject="", payment_terms="",
    ),
    "in parts": electronic(
        seller=replace(FIRM, street="Brunnenstraße 12", postcode="10119", city="Berlin", registration="HRB 1"),
        buyer=replace(CUSTOMER, address=("Floor 3", "Hus B", "Drottninggatan 71", "111 36 Stockholm")),
    ),
    "registers": electronic(
        seller=replace(
            FIRM, country="DK", tax_ids=(TaxId("VAT ID", "DK13585628"),), endpoint_scheme="0184", endpoint_id="DK13585628",
            street="Gade 1", additional="2. sal", city="Aarhus", registration="DK13585628", registration_scheme="0184",
        ),
        buyer=replace(
            CUSTOMER, street="Drottninggatan 71", city="Stockholm", postcode="111 36", subdivision="AB",
            registration="5566778899", registration_scheme="0007",
        ),
    ),
    "tax number alone": electronic(seller=replace(FIRM, tax_ids=(TaxId("Tax number", "37/123/45678"),))),
    "exempt by law": electronic(
        line(1, "1", "80", tax_code="E", tax_rate=ZERO),
        taxes=(TaxTotal("E", ZERO, Decimal(80), ZERO, "§ 4 Nr. 21 UStG", "VATEX-EU-132-1I"),),
    ),
    "tax number": electronic(seller=replace(FIRM, tax_ids=(*FIRM.tax_ids, TaxId("Tax number", "37/123/45678")))),
    "odd characters": electronic(line(1, "1", "1", description="A\x0b & <b> 🎉 \ufffe“ü”"), notes="a\x00\nb"),
}  # fmt: skip


@pytest.mark.parametrize("doc", CASES.values(), ids=CASES)
def test_factur_x_is_valid(doc: InvoiceDocument) -> None:
    assert problems_of_cii(to_cii(e_invoice(doc))) == []


@pytest.mark.parametrize("doc", CASES.values(), ids=CASES)
def test_ubl_is_valid(doc: InvoiceDocument) -> None:
    assert problems_of_ubl(to_ubl(e_invoice(doc))) == []


@pytest.mark.parametrize(
    ("stated", "changed", "rule"),
    [
        (b"<cbc:PayableAmount currencyID=\"EUR\">2380.00", b"<cbc:PayableAmount currencyID=\"EUR\">2381.00", "BR-CO-16"),
        (b"<cbc:PriceAmount currencyID=\"EUR\">160", b"<cbc:PriceAmount currencyID=\"EUR\">161", "BR-CO-10"),
        (b"<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", b"", "BR-05"),
    ],
)  # fmt: skip
def test_the_second_opinion_has_eyes(stated: bytes, changed: bytes, rule: str) -> None:
    written = to_ubl(e_invoice(electronic()))
    assert written.count(stated) == 1
    assert any(rule in each for each in second_opinion(written.replace(stated, changed)))


def test_an_empty_delivery_is_all_that_an_invoice_without_a_period_is_warned_of() -> None:
    invoice = e_invoice(electronic(service_period=None))
    (warning,) = problems_of_cii(to_cii(invoice))
    assert warning.startswith("[PEPPOL-EN16931-R008]")
    assert problems_of_ubl(to_ubl(invoice)) == []


def test_the_same_document_gives_the_same_bytes() -> None:
    again = e_invoice(from_json(to_json(electronic())))
    assert to_cii(again) == to_cii(e_invoice(electronic()))
    assert to_ubl(again) == to_ubl(e_invoice(electronic()))


def ubl_of(doc: InvoiceDocument) -> dict[str, list[str]]:
    """Return the texts of a UBL document by the local name of their element."""
    texts: dict[str, list[str]] = {}
    for element in Tree.fromstring(to_ubl(e_invoice(doc))).iter():
        if element.text and element.text.strip():
            texts.setdefault(element.tag.rpartition("}")[2], []).append(element.text)
    return texts


def test_a_negative_rate_becomes_a_negative_quantity() -> None:
    written = ubl_of(CASES["adjustment"])
    assert written["InvoicedQuantity"] == ["10", "-1"]
    assert written["PriceAmount"] == ["160", "120.50"]
    assert written["LineExtensionAmount"] == ["1479.50", "1600.00", "-120.50"]


def test_the_line_states_unit_price_and_amount() -> None:
    (hour,) = e_invoice(electronic()).lines
    assert (hour.quantity, hour.price, hour.amount) == (Decimal("12.5"), Decimal(160), Decimal(2000))
    assert hour.unit == "HUR"
    month, workshop = e_invoice(CASES["units"]).lines
    assert (month.unit, workshop.unit, workshop.description) == ("MON", "C62", "workshop")


def test_a_credit_note_is_381_and_names_its_invoice() -> None:
    invoice = e_invoice(credited())
    assert (invoice.type_code, invoice.preceding) == ("381", ("INV-2026-0042", date(2026, 4, 2)))
    assert invoice.payment == ("97", "", "", False, "", "")
    assert ubl_of(credited())["CreditedQuantity"] == ["12.5"]


@pytest.mark.parametrize(
    ("code", "reason", "vatex"),
    [
        ("AE", "Reverse charge", "VATEX-EU-AE"),
        ("E", "Exempt from VAT", ""),
        ("O", "Not subject to VAT", "VATEX-EU-O"),
        ("Z", "", ""),
    ],
)
def test_why_no_tax_is_charged(code: str, reason: str, vatex: str) -> None:
    (part,) = e_invoice(untaxed(code)).breakdown
    assert part.exemption == (reason, vatex)


def test_the_reason_is_the_one_that_is_printed() -> None:
    (part,) = e_invoice(CASES["exempt by law"]).breakdown
    assert part.exemption == ("§ 4 Nr. 21 UStG", "VATEX-EU-132-1I")
    assert from_json(to_json(CASES["exempt by law"])) == CASES["exempt by law"]


def test_a_seller_with_a_tax_number_alone_is_identified_by_it() -> None:
    seller = e_invoice(CASES["tax number alone"]).seller
    assert (seller.vat_id, seller.tax_number, seller.identifier) == ("", "37/123/45678", "37/123/45678")


@pytest.mark.parametrize("doc", CASES.values(), ids=CASES)
def test_quantity_by_price_is_the_amount(doc: InvoiceDocument) -> None:
    for each in e_invoice(doc).lines:  # PEPPOL-EN16931-R120, whose slack is 0.02
        assert abs(each.quantity * each.price - each.amount) <= Decimal("0.01")


def test_outside_scope_there_is_no_vat_id_and_no_rate() -> None:
    invoice = e_invoice(untaxed("O"))
    assert (invoice.seller.vat_id, invoice.seller.identifier) == ("", "DE293847560")
    assert (invoice.buyer.vat_id, invoice.breakdown[0].rate, invoice.lines[0].rate) == ("", None, None)


def test_sepa_only_in_euro() -> None:
    euro, yen = e_invoice(electronic()).payment, e_invoice(in_yen()).payment
    assert euro
    assert yen
    assert (euro.code, yen.code) == ("58", "30")
    assert (euro.account, euro.bank) == ("DE89370400440532013000", "MUSTDEB1XXX")


def test_yen_have_no_decimals() -> None:
    assert ubl_of(in_yen())["PayableAmount"] == ["143558"]


def test_days_as_terms_are_a_sentence() -> None:
    assert e_invoice(electronic(payment_terms="30")).terms == "30 days"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seller": SELLER}, "The country of your company is missing."),
        ({"buyer": BUYER}, "The country of the client is missing."),
        ({"kind": "pre_bill"}, "A pre-bill is not an invoice yet."),
        ({"seller": replace(FIRM, tax_ids=())}, "Your company has neither a VAT ID nor a tax number."),
        (
            {"buyer": replace(CUSTOMER, tax_ids=(TaxId("VAT ID", "556677"),))},
            "The VAT ID of the client does not begin with its country: 556677.",
        ),
    ],
)
def test_what_is_missing_is_told(changes: dict[str, Any], problem: str) -> None:
    doc = electronic(**changes)
    with pytest.raises(NotElectronic) as refused:
        e_invoice(doc)
    assert refused.value.problems == (problem,)
    assert not is_electronic(doc)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([line(1, "1", "9", tax_rate=ZERO)], "The standard rate is 0 %"),
        ([line(1, "1", "9", tax_code="K", tax_rate=ZERO)], "Tax K is none of the categories"),
        ([line(1, "1", "9", tax_code="E", tax_rate=Decimal(5))], "Tax E has the rate 5 %"),
        ([line(1, "1", "9", tax_code="O", tax_rate=ZERO), line(2, "1", "9")], "an invoice of its own"),
        ([line(1, "1", "9", description=" ")], "Line 1 has no description."),
    ],
)
def test_what_cannot_be_taxed_is_told(lines: list[Any], problem: str) -> None:
    with pytest.raises(NotElectronic, match=problem):
        e_invoice(electronic(*lines))


def test_reverse_charge_needs_the_client_s_vat_id() -> None:
    with pytest.raises(NotElectronic, match="Reverse charge needs the VAT ID of the client"):
        e_invoice(untaxed("AE", buyer=replace(CUSTOMER, tax_ids=())))


def test_a_third_decimal_is_no_e_invoice() -> None:
    doc = electronic(currency_digits=3, paid=Decimal("0.001"), due=Decimal("2379.999"))
    with pytest.raises(NotElectronic, match="at most two decimals"):
        e_invoice(doc)


# What Peppol adds. Its own rules come with no package, so they are stated here one by one.


def test_peppol_names_itself_where_it_has_all() -> None:
    assert peppol_problems(e_invoice(electronic())) == ()
    assert ubl_of(electronic())["CustomizationID"] == [PEPPOL]
    assert ubl_of(electronic())["ProfileID"] == ["urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"]


def test_without_addresses_or_reference_it_is_plain_en_16931() -> None:
    doc = CASES["bare"]
    assert peppol_problems(e_invoice(doc)) == (
        "Peppol asks for a buyer reference or a purchase order number.",
        "Peppol asks for the e-invoice address of the client.",
        "Peppol asks for the electronic address of your company.",
    )
    assert ubl_of(doc)["CustomizationID"] == [EN_16931]
    assert "ProfileID" not in ubl_of(doc)


def test_address_and_register_stand_in_their_parts() -> None:
    written = ubl_of(CASES["registers"])
    assert (written["StreetName"], written["AdditionalStreetName"]) == (
        ["Gade 1", "Drottninggatan 71"],
        ["2. sal"],
    )
    assert (written["CityName"], written["CountrySubentity"]) == (["Aarhus", "Stockholm"], ["AB"])
    assert b'<cbc:CompanyID schemeID="0184">DK13585628<' in to_ubl(e_invoice(CASES["registers"]))
    assert peppol_problems(e_invoice(CASES["registers"])) == ()


def test_a_swedish_seller_s_tax_number_is_left_out_unless_it_is_the_one_word_it_may_be() -> None:
    for number, stated in (("123", ""), ("Godkänd för F-skatt", "Godkänd för F-skatt")):  # SE-R-005
        ids = (TaxId("VAT ID", "SE556677889901"), TaxId("Tax number", number))
        assert (
            e_invoice(electronic(seller=replace(FIRM, country="SE", tax_ids=ids))).seller.tax_number == stated
        )


def test_between_german_parties_peppol_asks_for_more() -> None:
    german = replace(CUSTOMER, country="DE")
    assert peppol_problems(e_invoice(electronic(buyer=german))) == (
        "An e-invoice within Germany states the city of your company.",
        "An e-invoice within Germany states the postcode of your company.",
        "An e-invoice within Germany states the city of the client.",
        "An e-invoice within Germany states the postcode of the client.",
    )
    whole = replace(FIRM, city="Berlin", postcode="10119")
    complete = electronic(seller=whole, buyer=replace(german, city="Ulm", postcode="89073"))
    assert peppol_problems(e_invoice(complete)) == ()
    credited = credit_of(complete, number="CN-1", issued_on=date(2026, 4, 9))
    assert peppol_problems(e_invoice(credited)) == ()
    assert ubl_of(credited)["PaymentMeansCode"] == ["97"]  # DE-R-001
    unpaid = replace(complete, seller=replace(whole, bank=None), buyer_reference="")
    assert peppol_problems(e_invoice(unpaid)) == (
        "Between German parties Peppol asks for a buyer reference.",
        "An e-invoice within Germany states the bank account of your company.",
    )


@pytest.mark.parametrize("doc", CASES.values(), ids=CASES)
def test_no_element_is_empty_and_only_one_note(doc: InvoiceDocument) -> None:
    tree = Tree.fromstring(to_ubl(e_invoice(doc)))
    assert all(len(element) or (element.text or "").strip() for element in tree.iter())  # R008
    assert len(tree.findall("{*}Note")) <= 1  # R002
    assert len(tree.findall("{*}TaxTotal/{*}TaxSubtotal/..")) == 1  # R053


# Documents frozen before parties had fields for machines.


def test_a_document_without_machine_fields_keeps_its_bytes() -> None:
    assert (
        content_hash(document(version=1))
        == "034a4ea3fac62871bbd791b900e10477f41703f79cca52a2b80781df491d3425"
    )
    assert b"country" not in to_json(document())


def test_machine_fields_are_kept() -> None:
    doc = electronic(seller=replace(FIRM, street="Weg 1", city="Ulm", postcode="89073", registration="HRB 1"))
    assert from_json(to_json(doc)) == doc
