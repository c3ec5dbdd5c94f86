"""The tax codes that a new legal entity begins with, by country: plain data with the days the rates hold from.

Rates are percentages of the supply of services, from the laws named beside them as amended up to 2026. The first day is the
rate's own or, where the law is older, one from which it has surely held. A firm checks them against its own registration
and adds what it needs: rates of single trades are not here, and sales tax in the United States depends on the place.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

STANDARD, ZERO, EXEMPT, REVERSE_CHARGE, OUTSIDE = "S", "Z", "E", "AE", "O"


@dataclass(frozen=True, slots=True)
class TaxSeed:
    """A code: UNCL 5305 `category`, printed `label` and `reason`, and (day, percentage) rows, each until the next.

    `is_standard` marks what services are taxed with unless something else is agreed; a `subdivision` (ISO 3166-2 after the
    country) limits a code to clients there.
    """

    name: str
    category: str
    label: str = ""
    reason: str = ""
    vatex: str = ""
    rates: tuple[tuple[date, Decimal], ...] = ()
    is_standard: bool = False
    subdivision: str = ""


# What VAT is called on an invoice, the law that sets its rates, and the standard rate from each day on.
_VAT = {
    "AT": ("USt.", "1984-01-01 20"),  # UStG 1994 § 10
    "BE": ("VAT", "1996-01-01 21"),  # Royal Decree No 20 of 1970
    "BG": ("VAT", "1999-01-01 20"),  # ZDDS art. 66
    "CH": ("MWST", "2018-01-01 7.7; 2024-01-01 8.1"),  # MWSTG art. 25
    "CY": ("VAT", "2014-01-13 19"),  # Law 95(I)/2000 art. 17
    "CZ": ("DPH", "2013-01-01 21"),  # Act 235/2004 § 47
    "DE": ("USt.", "2007-01-01 19; 2020-07-01 16; 2021-01-01 19"),  # UStG § 12, § 28 for 2020
    "DK": ("Moms", "1992-01-01 25"),  # Momsloven § 33
    "EE": ("KM", "2009-07-01 20; 2024-01-01 22; 2025-07-01 24"),  # KMS § 15
    "ES": ("IVA", "2012-09-01 21"),  # Ley 37/1992 art. 90
    "FI": ("ALV", "2013-01-01 24; 2024-09-01 25.5"),  # AVL 1501/1993 § 84
    "FR": ("TVA", "2014-01-01 20"),  # CGI art. 278
    "GB": ("VAT", "2011-01-04 20"),  # VATA 1994 s. 2
    "GR": ("VAT", "2016-06-01 24"),  # Law 2859/2000, now 5144/2024
    "HR": ("PDV", "2012-03-01 25"),  # Zakon o PDV čl. 38
    "HU": ("ÁFA", "2012-01-01 27"),  # Act CXXVII of 2007 § 82
    "IE": ("VAT", "2012-01-01 23; 2020-09-01 21; 2021-03-01 23"),  # VATCA 2010 s. 46
    "IS": ("VSK", "2015-01-01 24"),  # Act 50/1988 art. 14
    "IT": ("IVA", "2013-10-01 22"),  # DPR 633/1972 art. 16
    "LI": ("MWST", "2018-01-01 7.7; 2024-01-01 8.1"),  # MWSTG of Liechtenstein, as in Switzerland
    "LT": ("PVM", "2009-09-01 21"),  # PVM įstatymas art. 19
    "LU": ("TVA", "2015-01-01 17; 2023-01-01 16; 2024-01-01 17"),  # Law of 12 February 1979 art. 39
    "LV": ("PVN", "2012-07-01 21"),  # PVN likums art. 41
    "MT": ("VAT", "2004-01-01 18"),  # VAT Act, Cap. 406
    "NL": ("Btw", "2012-10-01 21"),  # Wet OB 1968 art. 9
    "NO": ("MVA", "2005-01-01 25"),  # Stortingets vedtak om merverdiavgift § 2
    "PL": ("VAT", "2011-01-01 23"),  # VAT Act of 2004 art. 146a, later 146ef
    "PT": ("IVA", "2011-01-01 23"),  # CIVA art. 18, mainland
    "RO": ("TVA", "2016-01-01 20; 2017-01-01 19; 2025-08-01 21"),  # Cod fiscal art. 291, Law 141/2025
    "SE": ("Moms", "1990-07-01 25"),  # ML 2023:200 ch. 9
    "SI": ("DDV", "2013-07-01 22"),  # ZDDV-1 art. 41
    "SK": ("DPH", "2011-01-01 20; 2025-01-01 23"),  # Act 222/2004 § 27
}

# Reduced rates, each with its own row of days. Rates for a single trade alone are left out.
_REDUCED = {
    "AT": ("1984-01-01 10", "2016-01-01 13"),
    "BE": ("1996-01-01 6", "1996-01-01 12"),
    "BG": ("2011-04-01 9",),
    "CH": ("2018-01-01 2.5; 2024-01-01 2.6", "2018-01-01 3.7; 2024-01-01 3.8"),
    "CY": ("2014-01-13 9", "2000-07-01 5"),
    "CZ": ("2013-01-01 15; 2024-01-01 12",),
    "DE": ("1983-07-01 7; 2020-07-01 5; 2021-01-01 7",),
    "EE": ("2009-01-01 9", "2025-01-01 13"),
    "ES": ("2012-09-01 10", "1995-01-01 4"),
    "FI": ("2013-01-01 14; 2026-01-01 13.5", "2013-01-01 10"),
    "FR": ("2014-01-01 10", "1982-07-01 5.5"),
    "GB": ("1997-09-01 5",),
    "GR": ("2011-01-01 13", "2015-07-20 6"),
    "HR": ("2014-01-01 13", "2013-01-01 5"),
    "HU": ("2009-07-01 18", "2004-01-01 5"),
    "IE": ("2003-01-01 13.5", "2011-07-01 9"),
    "IS": ("2015-01-01 11",),
    "IT": ("1995-02-24 10", "2016-01-01 5", "1989-01-01 4"),
    "LI": ("2018-01-01 2.5; 2024-01-01 2.6", "2018-01-01 3.7; 2024-01-01 3.8"),
    "LT": ("2009-09-01 9; 2026-01-01 12", "2009-09-01 5"),
    "LU": ("2015-01-01 8; 2023-01-01 7; 2024-01-01 8", "2015-01-01 14; 2023-01-01 13; 2024-01-01 14", "2015-01-01 3"),
    "LV": ("2011-01-01 12", "2018-01-01 5"),
    "MT": ("2011-01-01 7", "2004-05-01 5", "2024-01-01 12"),
    "NL": ("1986-10-01 6; 2019-01-01 9",),
    "NO": ("2018-01-01 12; 2020-04-01 6; 2021-10-01 12", "2012-01-01 15"),
    "PL": ("2011-01-01 8", "2011-01-01 5"),
    "PT": ("2010-07-01 13", "2010-07-01 6"),
    "RO": ("2009-01-01 9; 2025-08-01 11",),
    "SE": ("1996-01-01 12", "1996-01-01 6"),
    "SI": ("2013-07-01 9.5", "2020-01-01 5"),
    "SK": ("2025-01-01 19", "2025-01-01 5"),
}  # fmt: skip
_ORDINALS = ("Reduced rate", "Second reduced rate", "Third reduced rate")
_OUTSIDE_EU = ("CH", "GB", "IS", "LI", "NO")


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

_TAXED_ABROAD = "Supplied to a recipient abroad"


def _of_province(name: str, code: str, rates: str, label: str = "HST") -> TaxSeed:
    return TaxSeed(name, STANDARD, label, rates=_rates(rates), subdivision=code)


_OTHERS = {
    "AE": (_standard("VAT", "VAT", "2018-01-01 5"), _EXPORT),  # Federal Decree-Law 8 of 2017 art. 3
    "AU": (
        _standard("GST", "GST", "2000-07-01 10"),  # GST Act 1999 s. 9-70
        TaxSeed("GST-free", ZERO, "GST-free", "GST-free supply"),
    ),
    "CA": (  # Excise Tax Act s. 165; Quebec: Act respecting the QST s. 16, on top of GST
        _standard("GST", "GST", "2008-01-01 5"),
        _of_province("HST Ontario", "ON", "2010-07-01 13"),
        _of_province("HST New Brunswick", "NB", "2016-07-01 15"),
        _of_province("HST Newfoundland and Labrador", "NL", "2016-07-01 15"),
        _of_province("HST Nova Scotia", "NS", "2010-07-01 15; 2025-04-01 14"),
        _of_province("HST Prince Edward Island", "PE", "2016-10-01 15"),
        _of_province("GST and QST Quebec", "QC", "2013-01-01 14.975", "GST 5 % and QST 9.975 %"),
        _EXPORT,
    ),
    "CL": (_standard("IVA", "IVA", "2003-10-01 19"), _EXEMPT),  # Decreto Ley 825 art. 14
    "IL": (_standard("VAT", "VAT", "2015-10-01 17; 2025-01-01 18"), _EXPORT),  # VAT Law 5736-1975
    "IN": (_standard("GST", "GST", "2017-07-01 18"), _EXPORT),  # CGST Act 2017 s. 9, IGST Act s. 5
    "JP": (  # Consumption Tax Act 1988 art. 29, with the local tax
        _standard("Consumption tax", "Consumption tax", "2014-04-01 8; 2019-10-01 10"),
        TaxSeed("Consumption tax, reduced", STANDARD, "Consumption tax", rates=_rates("2019-10-01 8")),
        TaxSeed("Export", ZERO, "Tax exempt export", _TAXED_ABROAD),
    ),
    "KR": (_standard("VAT", "VAT", "1977-07-01 10"), _EXPORT),  # VAT Act art. 30
    "MX": (_standard("IVA", "IVA", "2010-01-01 16"), _EXPORT),  # LIVA art. 1
    "NZ": (_standard("GST", "GST", "2010-10-01 15"), _EXPORT),  # GST Act 1985 s. 8
    "PH": (_standard("VAT", "VAT", "2006-02-01 12"), _EXPORT),  # National Internal Revenue Code s. 106
    "RS": (_standard("PDV", "PDV", "2012-10-01 20"), _EXEMPT, _ABROAD),  # Zakon o PDV čl. 23
    "SA": (_standard("VAT", "VAT", "2018-01-01 5; 2020-07-01 15"), _EXPORT),  # Royal Decree A/638
    "SG": (
        _standard("GST", "GST", "2007-07-01 7; 2023-01-01 8; 2024-01-01 9"),
        _EXPORT,
    ),  # GST Act 1993 s. 16
    "TR": (_standard("KDV", "KDV", "2001-05-15 18; 2023-07-10 20"), _EXPORT),  # Law 3065 art. 28
    "US": (TaxSeed("No sales tax", OUTSIDE, "No sales tax", "Not subject to sales tax", "VATEX-EU-O"),),
    "ZA": (_standard("VAT", "VAT", "1993-04-07 14; 2018-04-01 15"), _EXPORT),  # VAT Act 89 of 1991 s. 7
}


def tax_seeds(country: str) -> tuple[TaxSeed, ...]:
    """Return the codes that a legal entity in a country (ISO 3166-1 alpha-2) begins with; none where none are known."""
    if country not in _VAT:
        return _OTHERS.get(country, ())
    label, rates = _VAT[country]
    seeds = [_standard("Standard rate", label, rates)]
    seeds += [
        TaxSeed(name, STANDARD, label, rates=_rates(rates))
        for name, rates in zip(_ORDINALS, _REDUCED.get(country, ()), strict=False)
    ]
    if country not in _OUTSIDE_EU:
        seeds.append(_REVERSE)
    elif country in ("GB", "NO"):
        seeds.append(TaxSeed("Zero rated", ZERO, "Zero rated", "Zero-rated supply"))
    return (*seeds, _EXEMPT, _ABROAD)


def standard_tax(country: str) -> Decimal:
    """Return the latest standard percentage of a country, 0 where none is known or it depends on the place."""
    return next((seed.rates[-1][1] for seed in tax_seeds(country) if seed.is_standard), Decimal(0))
