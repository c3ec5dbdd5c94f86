"""The firm's clients: made-up companies with addresses, contacts and a billing profile."""

from itertools import chain
from random import Random

from workledger.demo.calc.names import ascii_slug, person_names
from workledger.demo.calc.records import Client, Contact
from workledger.directory.calc.vat_ids import check_vat_id

# name | industry | country | city, postcode
_CLIENTS = """
Falkenried Maschinenbau AG|Machinery|DE|Hannover|30159
Nordholm Reederei GmbH & Co. KG|Shipping|DE|Hamburg|20457
Alsterkontor Versicherung AG|Insurance|DE|Hamburg|20095
Steinbrück & Halm Logistik GmbH|Logistics|DE|Bremen|28195
Wiener Lichtwerke GmbH|Energy|AT|Wien|1030
Kaisergrund Immobilien AG|Real estate|AT|Wien|1010
Ostseekliniken Verbund gGmbH|Health care|DE|Lübeck|23552
Tauernquell Getränke GmbH|Food and drink|AT|Salzburg|5020
Brennecke Feinmechanik GmbH|Precision engineering|DE|Göttingen|37073
Fjordhavn Seafood AS|Food and drink|NO|Bergen|5003
Lagerlund Pappersbruk AB|Paper and packaging|SE|Gävle|80320
Skovgaard Vindkraft A/S|Renewable energy|DK|Esbjerg|6700
Donautal Verkehrsbetriebe GmbH|Public transport|AT|Linz|4020
Rotklinker Baugesellschaft mbH|Construction|DE|Oldenburg|26122
Heidewerk Agrartechnik GmbH|Agricultural machinery|DE|Lüneburg|21335
Morgenrot Verlag GmbH|Publishing|DE|Berlin|10119
Stadtwerke Grünau AöR|Utilities|DE|Grünau|24306
Bezirksamt Elbmarsch|Public administration|DE|Winsen|21423
Kupferhof Elektronik GmbH|Electronics|DE|Stuttgart|70174
Silberbach Pharma GmbH|Pharmaceuticals|AT|Graz|8010
Weidenthal Möbelwerke GmbH|Furniture|DE|Bielefeld|33602
Hansekai Terminal GmbH|Ports|DE|Bremerhaven|27568
Eisvogel Mobilfunk GmbH|Telecommunications|DE|Düsseldorf|40213
Sonnleitner Skigebiete AG|Tourism|AT|Innsbruck|6020
Kallioranta Metsä Oy|Forestry|FI|Tampere|33100
Berghold Uhren AG|Watches|CH|Biel|2502
Zilverduin Bloemen B.V.|Horticulture|NL|Haarlem|2011
Marschland Molkerei eG|Dairy|DE|Husum|25813
Quellenhof Kliniken GmbH|Health care|AT|Baden|2500
Tidewater Analytics Inc.|Software|US|Portland|97204
Granitwerk Passau GmbH|Building materials|DE|Passau|94032
Lindenhain Pflegedienste GmbH|Health care|DE|Leipzig|04109
Ostermoor Chemie AG|Chemicals|DE|Brunsbüttel|25541
Albatros Handelsbank AG|Banking|DE|Frankfurt am Main|60311
Vinohrad Pivovar s.r.o.|Food and drink|CZ|Plzeň|30100
Solheim Møbler AS|Furniture|NO|Stavanger|4006
Breitenfeld Textil GmbH|Textiles|DE|Chemnitz|09111
Karawanken Energie AG|Energy|AT|Klagenfurt|9020
Uferpark Hotelgesellschaft mbH|Hospitality|DE|Kiel|24103
Ringbahn Mobilität GmbH|Mobility|DE|Berlin|10245
Havelaue Saatgut GmbH|Agriculture|DE|Potsdam|14467
Björkdal Teknik AB|Automation|SE|Västerås|72212
Klosterneu Papier GmbH|Paper and packaging|AT|Klosterneuburg|3400
Glückstadt Werften GmbH|Shipbuilding|DE|Glückstadt|25348
Kestrel & Moor Ltd|Professional services|IE|Cork|T12 X8
Wolkenstein Cloudservices GmbH|Software|DE|München|80331
Sternberg Optik AG|Optics|DE|Jena|07743
Auental Forstbetriebe GmbH|Forestry|AT|Bruck an der Mur|8600
"""

_EU = {"AT", "SE", "DK", "FI", "NL", "CZ", "IE"}
_STREETS = {
    "DE": ("Am Speicher", "Hafenstraße", "Lindenallee", "Industrieweg", "Marktplatz", "Werftstraße"),
    "AT": ("Rennweggasse", "Am Donaukanal", "Hauptplatz", "Mühlgasse", "Südtiroler Zeile"),
    "CH": ("Uhrmacherweg",),
    "NO": ("Strandgaten", "Havnegata"),
    "SE": ("Storgatan", "Bruksvägen"),
    "DK": ("Havnevej",),
    "FI": ("Rantakatu",),
    "NL": ("Nieuwe Gracht",),
    "CZ": ("Pražská",),
    "US": ("NW Alder Street",),
    "IE": ("Harbour Row",),
}
# What stands before the digits, how many there are, what stands behind.
_VAT_FORMS = {
    "AT": ("ATU", 8, ""), "CH": ("CHE", 9, "MWST"), "CZ": ("CZ", 8, ""), "DE": ("DE", 9, ""), "DK": ("DK", 8, ""),
    "FI": ("FI", 8, ""), "IE": ("IE", 7, "K"), "NL": ("NL", 9, "B01"), "NO": ("NO", 9, "MVA"), "SE": ("SE", 12, ""),
}  # fmt: skip
_TRIED = 2_000
_ADJECTIVES = ("Nord", "Eichen", "Silber", "Berg", "Ufer", "Sturm", "Birken", "Kiesel", "Feld", "Anker")
_STEMS = ("hagen", "brunn", "werk", "mark", "stein", "furt", "horst", "tal", "moor", "kamp")
_TRADES = ("Technik", "Handel", "Energie", "Logistik", "Medien", "Anlagenbau")


def build_clients(rng: Random, count: int) -> tuple[Client, ...]:
    """So many clients; the first are the largest customers."""
    rows = [line.split("|") for line in _CLIENTS.strip().splitlines()]
    made = 0
    while len(rows) < count:
        name = _ADJECTIVES[made % 10] + _STEMS[made // 10 % 10]
        trade = _TRADES[made // 100 % 6] + (f" {made // 600 + 1}" if made >= 600 else "")
        rows.append([f"{name} {trade} GmbH", trade, "DE", "Hamburg", "20095"])
        made += 1
    codes: set[str] = set()
    return tuple(_client(rng, row, codes) for row in rows[:count])


def _client(rng: Random, row: list[str], codes: set[str]) -> Client:
    name, industry, country, city, postcode = row
    slug = ascii_slug(name.split(" ")[0])
    domain = f"{slug}.example"
    public = industry in ("Public administration", "Utilities", "Public transport")
    street = rng.choice(_STREETS[country])
    number = rng.randrange(1, 120)
    return Client(
        name=name,
        code=_code(slug, codes),
        industry=industry,
        country=country,
        language="de" if country in ("DE", "AT", "CH") else "en",
        street=f"{number} {street}" if country in ("US", "IE") else f"{street} {number}",
        postcode=postcode,
        city=city,
        vat_id=_vat_id(rng, country),
        currency="EUR",
        payment_terms_days=45 if public else rng.choices((14, 30, 45, 60), (26, 46, 16, 12))[0],
        tax_treatment=("S" if country == "DE" else "AE" if country in _EU else "O"),
        invoice_grouping=rng.choices(("task", "person"), (60, 40))[0],
        paper="letter" if country == "US" else "a4",
        po_required=public or rng.random() < 0.3,
        e_invoice_address=f"{rng.randrange(10**7, 10**8)}-{rng.randrange(10, 100)}" if public else "",
        contacts=_contacts(rng, domain),
    )


def _code(slug: str, taken: set[str]) -> str:
    letters = slug.upper()
    candidates = [letters[:3], letters[:4], letters[:5], letters[0] + letters[2:5]]
    code = next((text for text in candidates if text not in taken), "")
    number = 2
    while not code:
        text = f"{letters[:3]}{number}"
        code, number = ("" if text in taken else text), number + 1
    taken.add(code)
    return code


def _vat_id(rng: Random, country: str) -> str:
    """An id in the country's format: the first with right check digits from a number drawn by chance on."""
    if country not in _VAT_FORMS:
        return ""
    sign, count, suffix = _VAT_FORMS[country]
    drawn = int(str(rng.randrange(1, 10)) + "".join(str(rng.randrange(10)) for _ in range(count - 1)))
    near = range(drawn, min(drawn + _TRIED, 10**count))
    lowest = range(10 ** (count - 1), 10**count)  # for the countries that give no number as high as that
    tried = (f"{sign}{number}{suffix}" for number in chain(near, lowest))
    return next(text for text in tried if _is_vat_id(country, text))


def _is_vat_id(country: str, text: str) -> bool:
    try:
        return check_vat_id(country, text) == text
    except ValueError:
        return False


def _contacts(rng: Random, domain: str) -> tuple[Contact, ...]:
    purposes = ("sponsor", "billing", "delivery")[: rng.choice((2, 2, 3))]
    found = []
    for purpose, (first, last) in zip(purposes, person_names(rng, len(purposes)), strict=True):
        address = f"{ascii_slug(first)}.{ascii_slug(last)}@{domain}"
        if purpose == "billing" and rng.random() < 0.5:
            address = f"rechnung@{domain}"
        found.append(Contact(name=f"{first} {last}", email=address, purpose=purpose))
    return tuple(found)
