"""The shape of identifiers that people type: each check returns '' or a sentence that says how to mend it."""

import re
from collections.abc import Callable
from xml.parsers import expat

from stdnum import bic as stdnum_bic
from stdnum import iban as stdnum_iban

from workledger.directory.calc.countries import COUNTRIES, CURRENCIES

Check = Callable[[str], str]

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(?:\.[^@\s,;<>.]+)+")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[a-z]{2})?")
_SUBDIVISION = re.compile(r"[A-Z0-9]{1,3}")

# Length of an IBAN where it is fixed by the country's registration.
_IBAN_LENGTHS = {
    "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
    "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27,
}  # fmt: skip

_LOGO_BYTES = 200_000
_ACTIVE_ELEMENTS = {"script", "foreignobject", "iframe", "object", "embed", "animate", "set", "handler"}


def compact(text: str) -> str:
    """Return an identifier as it is kept: without spaces, dots and hyphens, in capitals."""
    return re.sub(r"[\s.\-]", "", text).upper()


def grouped(text: str) -> str:
    """Return an IBAN in groups of four, as it is printed."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def email(text: str) -> str:
    """Check an email address."""
    return "" if _EMAIL.fullmatch(text) else "Write an email address such as fay@example.com."


def country(code: str) -> str:
    """Check a country code."""
    return "" if code in COUNTRIES else "Choose a country by its two-letter code, such as DE."


def currency(code: str) -> str:
    """Check a currency code."""
    return "" if code in CURRENCIES else "A currency is a three-letter ISO code such as EUR."


def language(code: str) -> str:
    """Check a language code."""
    return "" if _LANGUAGE.fullmatch(code) else "A language is a code such as en, en-us or de."


def subdivision(code: str) -> str:
    """Check the part of an ISO 3166-2 code after the country."""
    return "" if _SUBDIVISION.fullmatch(code) else "A state or region is a short code such as HH or CA."


def iban(text: str) -> str:
    """Check length and check digits of an IBAN (ISO 13616; compacted), and its country's own where it has some."""
    if not _IBAN.fullmatch(text):
        return "An IBAN is a country code, two check digits and the account, such as DE02 1203 0000 0000 2020 51."
    wanted = _IBAN_LENGTHS.get(text[:2], len(text))
    if len(text) != wanted:
        return f"An IBAN that begins with {text[:2]} has {wanted} characters; this one has {len(text)}."
    if stdnum_iban.is_valid(text):
        return ""
    return "The check digits of this IBAN do not fit. Compare it with the bank's letter."


def bic(text: str) -> str:
    """Check a BIC (ISO 9362; compacted)."""
    return "" if stdnum_bic.is_valid(text) else "A BIC has 8 or 11 letters and digits, such as BYLADEM1001."


def logo(text: str) -> str:
    """Check that a logo is one small drawing that runs nothing and fetches nothing."""
    if len(text.encode()) > _LOGO_BYTES:
        return "The logo is larger than 200 kB. Export it again as a plain SVG."
    found = _SvgReading()
    try:
        found.read(text)
    except (expat.ExpatError, ValueError):
        return "This is no SVG drawing. Choose a file that ends in .svg, saved as plain SVG."
    if found.root != "svg":
        return "This is no SVG drawing. Choose a file that ends in .svg, saved as plain SVG."
    if found.is_active:
        return "This drawing holds scripts or points to other files. Save it as plain SVG with everything inside."
    return ""


def _fetches(style: str) -> bool:
    return re.search(r"url\(\s*['\"]?\s*(?!['\"#\s])|@import", style, re.IGNORECASE) is not None


class _SvgReading:
    """Reads a drawing's elements once; entities and document types are not read at all."""

    def __init__(self) -> None:
        self.root = ""
        self.is_active = False

    def read(self, text: str) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._element
        parser.buffer_text = True
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._declares
        parser.ProcessingInstructionHandler = self._instructs
        parser.Parse(text.encode(), True)

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        self.root = self.root or local
        self.is_active |= local in _ACTIVE_ELEMENTS
        for key, value in attributes.items():
            attribute = key.rpartition(":")[2].lower()
            points_out = attribute == "href" and not value.startswith(("#", "data:image/"))
            self.is_active |= attribute.startswith("on") or points_out or _fetches(value)

    def _text(self, text: str) -> None:
        self.is_active |= _fetches(text)

    def _declares(self, *_: object) -> None:
        raise ValueError("a drawing declares no entities")

    def _instructs(self, target: str, _data: str) -> None:
        self.is_active |= target.lower() == "xml-stylesheet"
