"""The tax codes that a new legal entity begins with, by country: plain data with the days the rates hold from.

Rates are percentages of the supply of services, from the countries' VAT, GST and consumption tax acts as amended up to
2026. A firm checks them against its own registration and adds what it needs: reduced rates are listed only where firms
use them often, and sales tax in the United States and Canada's provincial taxes depend on the place.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

STANDARD, ZERO, EXEMPT, REVERSE_CHARGE, OUTSIDE = "S", "Z", "E", "AE", "O"


@dataclass(frozen=True, slots=True)
class TaxSeed:
    """A code: UNCL 5305 `category`, printed `label` and `reason`, and (day, percentage) rows, each until the next.

    `is_standard` marks what services are taxed with unless something else is agreed.
    """

    name: str
    category: str
    label: str = ""
    reason: str = ""
    vatex: str = ""
    rates: tuple[tuple[date, Decimal], ...] = ()
    is_standard: bool = False


# What VAT is called on an invoice, then the standard rate from each day on.
_VAT = {
    "AT": ("USt.", "1984-01-01 20"),
    "BE": ("VAT", "1996-01-01 21"),
    "BG": ("VAT", "1999-01-01 20"),
    "CH": ("MWST", "2018-01-01 7.7; 2024-01-01 8.1"),
    "CY": ("VAT", "2014-01-13 19"),
    "CZ": ("DPH", "2013-01-01 21"),
    "DE": ("USt.", "2007-01-01 19; 2020-07-01 16; 2021-01-01 19"),
    "DK": ("Moms", "1992-01-01 25"),
    "EE": ("VAT", "2009-07-01 20; 2024-01-01 22; 2025-07-01 24"),
    "ES": ("IVA", "2012-09-01 21"),
    "FI": ("ALV", "2013-01-01 24; 2024-09-01 25.5"),
    "FR": ("TVA", "2014-01-01 20"),
    "GB": ("VAT", "2011-01-04 20"),
    "GR": ("VAT", "2016-06-01 24"),
    "HR": ("PDV", "2012-03-01 25"),
    "HU": ("ÁFA", "2012-01-01 27"),
    "IE": ("VAT", "2012-01-01 23; 2020-09-01 21; 2021-03-01 23"),
    "IS": ("VSK", "2015-01-01 24"),
    "IT": ("IVA", "2013-10-01 22"),
    "LT": ("PVM", "2009-09-01 21"),
    "LU": ("TVA", "2015-01-01 17; 2023-01-01 16; 2024-01-01 17"),
    "LV": ("PVN", "2012-07-01 21"),
    "MT": ("VAT", "2004-01-01 18"),
    "NL": ("Btw", "2012-10-01 21"),
    "NO": ("MVA", "2005-01-01 25"),
    "PL": ("VAT", "2011-01-01 23"),
    "PT": ("IVA", "2011-01-01 23"),
    "RO": ("TVA", "2017-01-01 19; 2025-08-01 21"),
    "SE": ("Moms", "1990-07-01 25"),
    "SI": ("DDV", "2013-07-01 22"),
    "SK": ("DPH", "2011-01-01 20; 2025-01-01 23"),
}
_REDUCED = {
    "CH": "2018-01-01 2.5; 2024-01-01 2.6",
    "DE": "1983-07-01 7; 2020-07-01 5; 2021-01-01 7",
    "ES": "2012-09-01 10",
    "FR": "2014-01-01 10",
    "GB": "1997-09-01 5",
    "NL": "2019-01-01 9",
    "PL": "2011-01-01 8",
}
_OUTSIDE_EU = ("CH", "GB", "IS", "NO")


def _rates(text: str) -> tuple[tuple[date, Decimal], ...]:
    pairs = (row.split() for row in text.split(";"))
    return tuple((date.fromisoformat(day), Decimal(percentage)) for day, percentage in pairs)


def _standard(name: str, label: str, rates: str) -> TaxSeed:
    return TaxSeed(name, STANDARD, label, rates=_rates(rates), is_standard=True)


_EXEMPT = TaxSeed("Exempt", EXEMPT, "Exempt", "Exempt from tax")
_ABROAD = TaxSeed(
    "Outside scope", OUTSIDE, "Outside scope", "Not taxable here: the place of supply is abroad", "VATEX-EU-O"
)
_REVERSE = TaxSeed(
    "Reverse charge",
    REVERSE_CHARGE,
    "Reverse charge",
    "VAT is due from the recipient (Article 196 of Directive 2006/112/EC)",
    "VATEX-EU-AE",
)
_EXPORT = TaxSeed("Zero rated", ZERO, "Zero rated", "Supplied to a recipient abroad")

_OTHERS = {
    "AU": (
        _standard("GST", "GST", "2000-07-01 10"),
        TaxSeed("GST-free", ZERO, "GST-free", "GST-free supply"),
    ),
    "CA": (
        TaxSeed("GST", STANDARD, "GST", rates=_rates("2008-01-01 5")),
        TaxSeed("HST Ontario", STANDARD, "HST", rates=_rates("2010-07-01 13")),
        _EXPORT,
    ),
    "IN": (_standard("GST", "GST", "2017-07-01 18"), _EXPORT),
    "JP": (
        _standard("Consumption tax", "Consumption tax", "2014-04-01 8; 2019-10-01 10"),
        TaxSeed("Consumption tax, reduced", STANDARD, "Consumption tax", rates=_rates("2019-10-01 8")),
        TaxSeed("Export", ZERO, "Tax exempt export", "Supplied to a recipient abroad"),
    ),
    "NZ": (_standard("GST", "GST", "2010-10-01 15"), _EXPORT),
    "US": (TaxSeed("No sales tax", OUTSIDE, "No sales tax", "Not subject to sales tax", "VATEX-EU-O"),),
}


def tax_seeds(country: str) -> tuple[TaxSeed, ...]:
    """Return the codes that a legal entity in a country (ISO 3166-1 alpha-2) begins with; none where none are known."""
    if country not in _VAT:
        return _OTHERS.get(country, ())
    label, rates = _VAT[country]
    seeds = [_standard("Standard rate", label, rates)]
    if country in _REDUCED:
        seeds.append(TaxSeed("Reduced rate", STANDARD, label, rates=_rates(_REDUCED[country])))
    if country not in _OUTSIDE_EU:
        seeds.append(_REVERSE)
    elif country == "GB":
        seeds.append(TaxSeed("Zero rated", ZERO, "Zero rated", "Zero-rated supply"))
    return (*seeds, _EXEMPT, _ABROAD)


def standard_tax(country: str) -> Decimal:
    """Return the latest standard percentage of a country, 0 where none is known or it depends on the place."""
    return next((seed.rates[-1][1] for seed in tax_seeds(country) if seed.is_standard), Decimal(0))
