"""Tell in a PDF's metadata that it carries an electronic invoice, as Factur-X 1.0 asks (section 6.2).

The typesetter embeds the file but cannot write these properties. They are appended as an incremental update
(ISO 32000-1, 7.5.6): the metadata object once more, a cross-reference section for it, a trailer. PDF/A-3 wants every
property that is not its own described by an extension schema in the same packet (ISO 19005-3, 6.6.2.3.3).
"""

import hashlib
import re
from typing import Final

from workledger.billing.documents.cii import FILE_NAME

_NAMESPACE: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES: Final = (
    ("DocumentType", "INVOICE", "The type of the hybrid document"),
    ("DocumentFileName", FILE_NAME, "The name of the embedded XML document"),
    ("Version", "1.0", "The version of the standard applying to the embedded XML document"),
    ("ConformanceLevel", "EN 16931", "The conformance level of the embedded XML document"),
)
_SCHEMA: Final = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    "<pdfaSchema:property><rdf:Seq>"
    + "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
        for name, _value, meaning in _PROPERTIES
    )
    + "</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()
_VALUES: Final = (
    f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">'
    + "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value, _meaning in _PROPERTIES)
    + "</rdf:Description>"
).encode()

_END_OF_SCHEMAS: Final = b"</rdf:Bag></pdfaExtension:schemas>"
_END_OF_VALUES: Final = b"</rdf:RDF>"
_METADATA: Final = re.compile(rb"\n(\d+) 0 obj\n<</Length (\d+)/Type/Metadata/Subtype/XML>>\nstream\n")
_TRAILER: Final = re.compile(
    rb"trailer\n<<(?P<entries>[^>]*)/ID\[(?P<first>\([^()\\]*\))\([^()\\]*\)\]>>\nstartxref\n(?P<xref>\d+)\n%%EOF\s*\Z"
)


def with_metadata(pdf: bytes) -> bytes:
    """Return the PDF with the properties of Factur-X; the same PDF gives the same bytes.

    Raises `ValueError` when the PDF is not built as the typesetter builds it.
    """
    found = list(_METADATA.finditer(pdf))
    trailer = _TRAILER.search(pdf, max(0, len(pdf) - 1024))
    if len(found) != 1 or trailer is None:
        raise ValueError("The PDF has no metadata that can be extended.")
    start = found[0].end()
    packet = _extended(pdf[start : start + int(found[0][2])])
    number = int(found[0][1])
    body = b"\n%d 0 obj\n<</Length %d/Type/Metadata/Subtype/XML>>\nstream\n" % (number, len(packet))
    update = body + packet + b"\nendstream\nendobj\n"
    at = len(pdf) + 1
    xref = len(pdf) + len(update)
    identity = hashlib.sha256(pdf).hexdigest()[:32].encode()
    return b"".join(
        (
            pdf,
            update,
            b"xref\n%d 1\n%010d 00000 n\r\n" % (number, at),
            b"trailer\n<<%s/Prev %s/ID[%s<%s>]>>\n"
            % (trailer["entries"], trailer["xref"], trailer["first"], identity),
            b"startxref\n%d\n%%%%EOF" % xref,
        )
    )


def _extended(packet: bytes) -> bytes:
    for anchor in (_END_OF_SCHEMAS, _END_OF_VALUES):
        if packet.count(anchor) != 1:
            raise ValueError("The PDF's metadata cannot be extended.")
    return packet.replace(_END_OF_SCHEMAS, _SCHEMA + _END_OF_SCHEMAS).replace(
        _END_OF_VALUES, _VALUES + _END_OF_VALUES
    )
