"""What the rules of e-invoices ask of seller and buyer beyond EN 16931, by the countries of the two.

The rules are those of Peppol BIS Billing 3.0: PEPPOL-EN16931-R003, R010 and R020 for all, and the national ones for
Denmark, Germany, Iceland, Italy, the Netherlands and Norway. They are asked when a client or a legal entity is saved and once more
of the document, so that nothing is missing when an invoice is issued.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from workledger.directory.calc.countries import COUNTRIES


class Side(NamedTuple):
    """A seller or buyer: what stands in these fields, '' for nothing. `account` is where money is paid to."""

    country: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    register_number: str = ""
    vat_id: str = ""
    phone: str = ""
    email: str = ""
    account: str = ""


class Gap(NamedTuple):
    """A field that is empty, and the sentence that asks for it."""

    field: str
    sentence: str


_WORDS: Final = {
    "street": "the street", "postcode": "the postcode", "city": "the city", "phone": "a phone number",
    "email": "an email address", "account": "the bank account", "register_number": "the number in the register",
}  # fmt: skip

_OF_SELLERS: Final = {
    "DK": ("register_number",),  # DK-R-002
    "IS": ("street", "postcode", "register_number"),  # IS-R-002, 003
    "IT": ("street", "city", "postcode"),  # IT-R-002 to 004
    "NL": ("street", "city", "postcode", "register_number"),  # NL-R-002, 003
}
_OF_SELLERS_AT_HOME: Final = {
    "DE": ("city", "postcode", "phone", "email", "account"),  # DE-R-001 to 007
    "NL": ("account",),  # NL-R-007
}
_OF_BUYERS_AT_HOME: Final = {
    "DE": ("city", "postcode"),  # DE-R-008, 009
    "IS": ("street", "postcode", "register_number"),  # IS-R-004, 005
    "NL": ("street", "city", "postcode"),  # NL-R-004
}
_NOT_BY_SERIES: Final = ("GR",)
"""Countries whose own rules want the tax office's number of each invoice (GR-R-001)."""


def seller_gaps(seller: Side, buyer_country: str) -> tuple[Gap, ...]:
    """Return what an e-invoice of this seller to a buyer in a country lacks of the seller."""
    asked = _OF_SELLERS.get(seller.country, ())
    if seller.country == buyer_country:
        asked = (*asked, *_OF_SELLERS_AT_HOME.get(seller.country, ()))
    found = list(_gaps(seller, asked, "your company", buyer_country))
    if seller.country == "NO" and seller.vat_id and not seller.vat_id.endswith("MVA"):  # NO-R-001
        found.append(Gap("vat_id", "The VAT id of a Norwegian company ends with MVA."))
    if seller.country in _NOT_BY_SERIES:
        found.append(
            Gap(
                "country",
                f"Peppol takes no invoices with numbers of your own from {COUNTRIES[seller.country]}.",
            )
        )
    return tuple(found)


def buyer_gaps(buyer: Side, seller_country: str) -> tuple[Gap, ...]:
    """Return what an e-invoice of a seller in a country to this buyer lacks of the buyer."""
    asked = _OF_BUYERS_AT_HOME.get(buyer.country, ()) if buyer.country == seller_country else ()
    return tuple(_gaps(buyer, asked, "the client", seller_country))


def needs_reference(seller_country: str, buyer_country: str) -> bool:
    """Tell whether an order number does not do in place of a buyer reference (DE-R-015)."""
    return seller_country == buyer_country == "DE"


def _gaps(side: Side, asked: Iterable[str], who: str, other: str) -> Iterable[Gap]:
    place = COUNTRIES.get(side.country, side.country)
    case = f"within {place}" if side.country == other else f"from {place}"
    for name in asked:
        if not getattr(side, name):
            yield Gap(name, f"An e-invoice {case} states {_WORDS[name]} of {who}.")
