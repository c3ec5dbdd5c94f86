"""A document that can be an electronic invoice carries it in its PDF, and says so as Factur-X asks."""

import io
from dataclasses import replace
from typing import Any

import facturx
import pypdf
import pytest

from workledger.billing.documents.cii import to_cii
from workledger.billing.documents.en16931 import e_invoice
from workledger.billing.documents.factur_x import with_metadata
from workledger.billing.documents.render import render_pdf
from workledger.billing.documents.tests.samples import document
from workledger.billing.documents.tests.test_en16931 import CUSTOMER, credited, electronic

FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"


def test_the_pdf_carries_the_invoice() -> None:
    doc = electronic()
    name, found = facturx.get_xml_from_pdf(render_pdf(doc), check_xsd=True)
    assert name == "factur-x.xml"
    assert found == to_cii(e_invoice(doc))


def test_a_credit_note_carries_it_too() -> None:
    assert facturx.get_xml_from_pdf(render_pdf(credited()))[0] == "factur-x.xml"


def test_the_pdf_says_what_it_carries() -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(electronic())), strict=True)
    catalog: Any = reader.root_object
    attached: Any = catalog["/AF"][0]
    assert len(catalog["/AF"]) == 1
    assert attached["/AFRelationship"] == "/Alternative"
    assert attached["/EF"]["/F"]["/Subtype"] == "/text/xml"
    metadata = reader.xmp_metadata
    assert metadata
    said = {node.localName: node.firstChild.data for node in metadata.get_nodes_in_namespace("", FX)}
    assert said == {
        "DocumentType": "INVOICE",
        "DocumentFileName": "factur-x.xml",
        "Version": "1.0",
        "ConformanceLevel": "EN 16931",
    }
    packet = metadata.stream.get_data().decode()
    assert packet.count("<pdfaExtension:schemas>") == 1
    assert f"<pdfaSchema:namespaceURI>{FX}</pdfaSchema:namespaceURI>" in packet


def test_the_same_document_gives_the_same_bytes() -> None:
    assert render_pdf(electronic()) == render_pdf(electronic())


def test_the_first_part_is_what_the_typesetter_made() -> None:
    pdf = render_pdf(electronic())
    assert pdf.count(b"%%EOF") == 2
    first = pdf[: pdf.index(b"%%EOF") + len(b"%%EOF")]
    assert with_metadata(first) == pdf


@pytest.mark.parametrize("buyer", [replace(CUSTOMER, country=""), replace(CUSTOMER, name=" ")])
def test_what_cannot_be_an_e_invoice_stays_a_pdf(buyer: object) -> None:
    pdf = render_pdf(electronic(buyer=buyer))
    assert pdf.count(b"%%EOF") == 1
    assert b"factur-x" not in pdf
    assert b"factur-x" not in render_pdf(document())


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n%%EOF"])
def test_another_pdf_is_refused(pdf: bytes) -> None:
    with pytest.raises(ValueError, match="no metadata"):
        with_metadata(pdf)
