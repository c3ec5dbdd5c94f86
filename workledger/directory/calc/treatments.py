"""How the two countries decide the tax on services, where neither contract line nor client says otherwise.

Between businesses in the European Union the place of supply is the customer's, who owes the tax (Articles 44 and 196 of
Directive 2006/112/EC); a customer without VAT id counts as a consumer, taxed where the supplier is (Article 45). Services to
customers in other countries are supplied there and outside the scope (Articles 44 and 59). Where a country outside the Union
zero-rates what it exports, a sale abroad is zero-rated.
"""

from typing import Final

STANDARD, ZERO, REVERSE_CHARGE, OUTSIDE = "S", "Z", "AE", "O"

EUROPEAN_UNION: Final = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
_ZERO_RATES_EXPORTS: Final = frozenset({
    "AE", "AU", "CA", "IL", "IN", "JP", "KR", "MX", "NO", "NZ", "PH", "SA", "SG", "TR",
    "ZA",
})  # fmt: skip


def by_countries(seller: str, buyer: str, *, has_vat_id: bool) -> str:
    """Return the category of UNCL 5305 of services between two countries; a buyer without country counts as domestic."""
    if not buyer or seller == buyer:
        return STANDARD
    if seller in EUROPEAN_UNION and buyer in EUROPEAN_UNION:
        return REVERSE_CHARGE if has_vat_id else STANDARD
    return ZERO if seller in _ZERO_RATES_EXPORTS else OUTSIDE
