"""Why no VAT is charged, by the VATEX code list of the European Commission, which EN 16931 names for BT-121.

The codes are articles of Directive 2006/112/EC, what other law of the Union exempts, and the French list's. `check` says
which fits a category of UNCL 5305.
"""

from typing import Final

EXEMPT, REVERSE_CHARGE, OUTSIDE = "E", "AE", "O"

_UNION: Final = """
79-C Expenses repaid to the supplier (Article 79, point c)
132 Activities in the public interest (Article 132)
132-1A Public postal services (Article 132 (1) (a))
132-1B Hospital and medical care (Article 132 (1) (b))
132-1C Medical care by professions (Article 132 (1) (c))
132-1D Human organs, blood and milk (Article 132 (1) (d))
132-1E Dental technicians and dentists (Article 132 (1) (e))
132-1F Services of cost-sharing groups to members (Article 132 (1) (f))
132-1G Welfare and social security work (Article 132 (1) (g))
132-1H Protection of children and young people (Article 132 (1) (h))
132-1I Education, training and retraining (Article 132 (1) (i))
132-1J Private tuition by teachers (Article 132 (1) (j))
132-1K Staff supplied by religious institutions (Article 132 (1) (k))
132-1L Services to members of non-profit bodies (Article 132 (1) (l))
132-1M Sport and physical education (Article 132 (1) (m))
132-1N Cultural services (Article 132 (1) (n))
132-1O Fund-raising events (Article 132 (1) (o))
132-1P Transport of the sick and injured (Article 132 (1) (p))
132-1Q Public radio and television (Article 132 (1) (q))
135-1 Insurance, finance, letting and the like (Article 135 (1))
143 Importation (Article 143)
143-1A Importation of goods that are exempt everywhere (Article 143 (1) (a))
143-1B Importation under Directives 69/169, 83/181 and 2006/79 (Article 143 (1) (b))
143-1C Importation from third territories within the customs union (Article 143 (1) (c))
143-1D Importation followed by an exempt supply (Article 143 (1) (d))
143-1E Re-importation (Article 143 (1) (e))
143-1F Importation under diplomatic arrangements (Article 143 (1) (f))
143-1FA Importation by bodies of the Union (Article 143 (1) (fa))
143-1G Importation by international bodies (Article 143 (1) (g))
143-1H Importation by armed forces of NATO (Article 143 (1) (h))
143-1I Importation by British forces in Cyprus (Article 143 (1) (i))
143-1J Importation of catches into ports (Article 143 (1) (j))
143-1K Importation of gold by central banks (Article 143 (1) (k))
143-1L Importation of gas, electricity, heat and cold (Article 143 (1) (l))
144 Services with the importation of goods (Article 144)
146-1E Services with the exportation of goods (Article 146 (1) (e))
148 Ships and aircraft (Article 148)
148-A Fuel and provisions of ships (Article 148 (a))
148-B Fuel and provisions of warships (Article 148 (b))
148-C Supply and work on ships (Article 148 (c))
148-D Other services for ships (Article 148 (d))
148-E Fuel and provisions of aircraft (Article 148 (e))
148-F Supply and work on aircraft (Article 148 (f))
148-G Other services for aircraft (Article 148 (g))
151 Diplomatic and international bodies (Article 151)
151-1A Diplomatic and consular arrangements (Article 151 (1) (a))
151-1AA Bodies of the Union (Article 151 (1) (aa))
151-1B International bodies (Article 151 (1) (b))
151-1C Armed forces of NATO in a member state (Article 151 (1) (c))
151-1D Armed forces of NATO elsewhere (Article 151 (1) (d))
151-1E British forces in Cyprus (Article 151 (1) (e))
153 Intermediaries (Article 153)
159 Services with customs arrangements (Article 159)
309 Travel agents, outside the Union (Article 309)
D Travel agents, margin scheme
F Second-hand goods, margin scheme
I Works of art, margin scheme
J Antiques, margin scheme
AE Reverse charge
O Not subject to VAT
"""
_FRENCH: Final = """
FRANCHISE Franchise en base (article 293 B CGI)
CNWVAT Credit note without VAT
AE Autoliquidation (article 283 CGI)
CGI261-1 CGI article 261, 1°
CGI261-2 CGI article 261, 2°
CGI261-3 CGI article 261, 3°
CGI261-4 CGI article 261, 4°
CGI261-5 CGI article 261, 5°
CGI261-7 CGI article 261, 7°
CGI261-8 CGI article 261, 8°
CGI261A CGI article 261 A
CGI261B CGI article 261 B
CGI261C-1 CGI article 261 C, 1°
CGI261C-2 CGI article 261 C, 2°
CGI261C-3 CGI article 261 C, 3°
CGI261D-1 CGI article 261 D, 1°
CGI261D-1BIS CGI article 261 D, 1° bis
CGI261D-2 CGI article 261 D, 2°
CGI261D-3 CGI article 261 D, 3°
CGI261D-4 CGI article 261 D, 4°
CGI261E-1 CGI article 261 E, 1°
CGI261E-2 CGI article 261 E, 2°
CGI275 CGI article 275
CGI277A CGI article 277 A
CGI295 CGI article 295
298SEXDECIESA CGI article 298 sexdecies A
"""


def _listed(prefix: str, text: str) -> dict[str, str]:
    rows = (line.partition(" ") for line in text.strip().splitlines())
    return {f"{prefix}{code}": meaning for code, _, meaning in rows}


CODES: Final = _listed("VATEX-EU-", _UNION) | _listed("VATEX-FR-", _FRENCH)
"""Every code with its meaning; those of exported and delivered goods are left out, for the firm sells services."""
OPTIONS: Final = tuple((code, f"{code} {meaning}") for code, meaning in CODES.items())
"""Every code with its meaning, for a choice."""

_OF_OTHERS: Final = {
    "VATEX-EU-AE": REVERSE_CHARGE, "VATEX-FR-AE": REVERSE_CHARGE, "VATEX-EU-O": OUTSIDE,
}  # fmt: skip
"""The codes that say a category other than E (BR-CL-22 and the Commission's notes on the list)."""


def check(code: str, category: str) -> str:
    """Return '' where a code of the list says why a category (UNCL 5305) charges nothing, else a sentence."""
    if code not in CODES:
        return "Choose the code from the list, such as VATEX-EU-132-1I for training."
    fitting = _OF_OTHERS.get(code, EXEMPT)
    if category not in (EXEMPT, REVERSE_CHARGE, OUTSIDE):
        return "Only a code that charges nothing because it is exempt, reversed or outside scope has a reason in code."
    if category != fitting:
        return f"{code} does not say why a code of this kind charges nothing. Choose another or none."
    return ""
