"""Electronic addresses of invoices: the schemes of the EAS code list and the form of an address in each.

The list is the European Commission's code list of Electronic Address Schemes, which EN 16931 and Peppol share; here are
the schemes of registers and VAT numbers. An address of a VAT scheme is the VAT id with its country.
"""

import re
from typing import Final, NamedTuple

from workledger.directory.calc import shapes
from workledger.directory.calc.countries import COUNTRIES
from workledger.directory.calc.vat_ids import check_vat_id

EMAIL: Final = "EM"


class Scheme(NamedTuple):
    """What a scheme numbers, and by example and pattern how an address looks; '' where any word may stand."""

    name: str
    pattern: str = ""
    example: str = ""


_VAT_COUNTRIES: Final = {
    "HU": "9910", "AT": "9914", "ES": "9920", "AD": "9922", "AL": "9923", "BA": "9924", "BE": "9925", "BG": "9926",
    "CH": "9927", "CY": "9928", "CZ": "9929", "DE": "9930", "EE": "9931", "GB": "9932", "GR": "9933", "HR": "9934",
    "IE": "9935", "LI": "9936", "LT": "9937", "LU": "9938", "LV": "9939", "MC": "9940", "ME": "9941", "MK": "9942",
    "MT": "9943", "NL": "9944", "PL": "9945", "PT": "9946", "RO": "9947", "RS": "9948", "SI": "9949", "SK": "9950",
    "SM": "9951", "TR": "9952", "VA": "9953", "FR": "9957", "IT": "0211", "FI": "0213", "DK": "0198",
}  # fmt: skip
"""The scheme that numbers by VAT id, by country."""

_REGISTERS: Final = {
    "0002": Scheme("France, SIREN", r"\d{9}", "123456789"),
    "0007": Scheme("Sweden, organisation number", r"\d{10}", "5567321707"),
    "0009": Scheme("France, SIRET", r"\d{14}", "12345678900012"),
    "0037": Scheme("Finland, LY-tunnus"),
    "0060": Scheme("D-U-N-S number", r"\d{9}", "123456789"),
    "0088": Scheme("GLN, global location number", r"\d{13}", "7300010000001"),
    "0106": Scheme("Netherlands, KvK number", r"\d{8}", "12345678"),
    "0151": Scheme("Australia, ABN", r"\d{11}", "51824753556"),
    "0183": Scheme("Switzerland, UID", r"CHE-?\d{3}\.?\d{3}\.?\d{3}", "CHE123456789"),
    "0184": Scheme("Denmark, CVR number", r"(DK)?\d{8}", "DK12345678"),
    "0188": Scheme("Japan, corporate number", r"\d{13}", "1234567890123"),
    "0190": Scheme("Netherlands, OIN of public bodies", r"\d{20}", "00000001003214345000"),
    "0191": Scheme("Estonia, company code", r"\d{8}", "12345678"),
    "0192": Scheme("Norway, organisation number", r"\d{9}", "987654321"),
    "0195": Scheme("Singapore, UEN"),
    "0196": Scheme("Iceland, kennitala", r"\d{10}", "1234567890"),
    "0199": Scheme("LEI, legal entity identifier", r"[A-Z0-9]{18}\d{2}", "529900T8BM49AURSDO55"),
    "0200": Scheme("Lithuania, legal entity code", r"\d{7}|\d{9}", "123456789"),
    "0201": Scheme("Italy, IPA code of public bodies", r"[A-Z0-9]{6}", "UF1A2B"),
    "0204": Scheme("Germany, Leitweg-ID", r"\d{2,12}(-[A-Za-z0-9]{1,30})?-\d{2}", "991-12345-06"),
    "0208": Scheme("Belgium, enterprise number", r"[01]\d{9}", "0123456789"),
    "0209": Scheme("GS1 identification key"),
    "0210": Scheme("Italy, codice fiscale", r"[A-Z0-9]{11}|[A-Z0-9]{16}", "RSSMRA85T10A562S"),
    "0212": Scheme("Finland, organisation identifier"),
    "0216": Scheme("Finland, OVT code", r"0037\d{8}[A-Z0-9]{0,5}", "003712345678"),
    "0218": Scheme("Latvia, registration number", r"\d{11}", "40003456789"),
    "0221": Scheme("Japan, qualified invoice issuer", r"T\d{13}", "T1234567890123"),
    "0225": Scheme("France, electronic address of an enterprise", r"\d{9}(_\S+)?", "123456789"),
    "9915": Scheme("Austria, public bodies"),
    "9919": Scheme("Austria, KUR of businesses"),
    "9959": Scheme("United States, EIN", r"\d{2}-?\d{7}", "12-3456789"),
    EMAIL: Scheme("Email address"),
}  # fmt: skip
_VAT: Final = {scheme: country for country, scheme in _VAT_COUNTRIES.items()}

OPTIONS: Final = (
    *((code, f"{code} {scheme.name}") for code, scheme in sorted(_REGISTERS.items())),
    *((code, f"{code} VAT id, {COUNTRIES.get(country, country)}") for code, country in sorted(_VAT.items())),
)  # fmt: skip
"""Every scheme with its name, for a choice."""


def scheme(code: str) -> str:
    """Check the code of a scheme."""
    if code in _REGISTERS or code in _VAT:
        return ""
    return "Choose the scheme of the e-invoice address from the list, such as 0204 for a Leitweg-ID."


def address(code: str, text: str) -> str:
    """Check an address in a known scheme."""
    if code == EMAIL:
        return shapes.email(text)
    if country := _VAT.get(code):
        prefix = "EL" if country == "GR" else country
        if text.startswith(prefix) and _is_vat_id(country, text):
            return ""
        return f"In the scheme {code} the address is a VAT id that begins with {prefix}."
    known = _REGISTERS[code]
    if re.search(r"\s", text):
        return "An e-invoice address has no spaces."
    if known.pattern and not re.fullmatch(known.pattern, text):
        return f"This is not the form of an address in the scheme {code} ({known.name}), such as {known.example}."
    return ""


def _is_vat_id(country: str, text: str) -> bool:
    try:
        return bool(check_vat_id(country, text))
    except ValueError:
        return False


_OF_REGISTER: Final = {
    "BE": "0208", "DK": "0184", "EE": "0191", "FI": "0212", "FR": "0002", "IS": "0196", "NL": "0106", "NO": "0192",
    "SE": "0007",
}  # fmt: skip
"""The scheme that numbers a country's register of companies."""


def of_register(country: str, number: str, vat_id: str = "") -> tuple[str, str]:
    """Return a number of a register of companies as (scheme, number), the scheme '' where none numbers so.

    A Danish company's number is its VAT id's, and stands in for one that is not written (DK-R-002).
    """
    packed = shapes.compact(number)
    if country == "DK":
        packed = packed if packed.startswith("DK") else f"DK{packed}" if packed else vat_id
    scheme_id = _OF_REGISTER.get(country, "")
    if scheme_id and packed and re.fullmatch(_REGISTERS[scheme_id].pattern or r"\d{8}", packed):
        return scheme_id, packed
    return "", number


def of_company(country: str, vat_id: str, email: str) -> tuple[str, str]:
    """Return a company's own address as (scheme, address): by its VAT id, else its email; ('', '') with neither."""
    if vat_id:
        if country == "SE" and re.fullmatch(r"SE\d{12}", vat_id):
            return "0007", vat_id[2:12]  # the organisation number stands in the VAT id
        if country == "NO" and re.fullmatch(r"NO\d{9}(MVA)?", vat_id):
            return "0192", vat_id[2:11]
        code = _VAT_COUNTRIES.get(country, "")
        if code and not address(code, vat_id):
            return code, vat_id
    return (EMAIL, email) if email else ("", "")
