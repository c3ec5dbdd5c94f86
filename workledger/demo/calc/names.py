"""Names of people, made from the mixture found in a consultancy of Hamburg and Vienna."""

import unicodedata
from random import Random

# Each group: weight, first names, family names.
_GROUPS: tuple[tuple[int, str, str], ...] = (
    (
        46,
        "Johanna Lukas Katharina Jonas Friederike Matthias Svenja Tobias Miriam Hendrik Clara Florian Antje "
        "Sebastian Theresa Moritz Wiebke Philipp Lena Malte Judith Simon Carolin Niklas Elisabeth Valentin "
        "Marlene Benedikt Stefanie Konstantin",
        "Petersen Brandstätter Hofbauer Lührs Vogelsang Claasen Steinkellner Behrens Reitmeier Wessels "
        "Grünwald Thomsen Eibensteiner Harms Rosenkranz Kröger Schwaiger Detlefsen Pichler Ohlsen Lehner "
        "Tiedemann Mayrhofer Sievers Buchholz Wiesinger Jessen Kaltenbrunn Rickmers Aichinger",
    ),
    (
        14,
        "Annika Mikkel Ingrid Sören Freja Henrik Linnea Aksel Maja Eskil",
        "Bergström Halvorsen Kjeldsen Sandvik Nyholm Østergaard Ekdahl Virtanen Rasmussen Lindahl",
    ),
    (8, "Elif Emre Selin Deniz Aylin Kerem", "Aydın Yıldırım Korkmaz Şimşek Özkan Doğan"),
    (
        10,
        "Agnieszka Marek Ivana Dragan Zuzana Piotr Milica Andrei",
        "Wiśniewska Kowalczyk Petrović Horváth Dvořák Novaković Szabó Ionescu",
    ),
    (7, "Priya Arjun Ananya Rohan Meera", "Raghavan Deshpande Iyer Chatterjee Kulkarni"),
    (6, "Leila Omid Yasmin Karim", "Farahani Haddad Rahimi Mansouri"),
    (
        9,
        "Aoife Matteo Inés Thomas Chiara Grace Rafael Amara",
        "Gallagher Bianchi Carrasco Delacroix Ferraro Okafor Almeida Mensah",
    ),
)

_FOLD = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae", "ł": "l", "ı": "i"}
)


def ascii_slug(text: str) -> str:
    """Lower case letters and digits only, umlauts spelled out, for addresses."""
    folded = unicodedata.normalize("NFKD", text.lower().translate(_FOLD))
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())


def person_names(rng: Random, count: int, *, taken: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """So many different (first name, family name) pairs, each family name rare."""
    pools: list[tuple[list[str], list[str]]] = []
    for _, firsts, lasts in _GROUPS:
        pools.append((firsts.split(), lasts.split()))
    weights = [weight for weight, _, _ in _GROUPS]
    used = set(taken)
    family_uses: dict[str, int] = {}
    found: list[tuple[str, str]] = []
    tries = 0
    while len(found) < count:
        tries += 1
        firsts_pool, lasts_pool = pools[rng.choices(range(len(pools)), weights)[0]]
        first, last = rng.choice(firsts_pool), rng.choice(lasts_pool)
        if tries > 20 * count + 200:  # a very large firm: two family names keep everyone distinct
            last = f"{last}-{rng.choice(pools[0][1])}"
        name = f"{first} {last}"
        allowed = 1 + len(found) // 60
        if name in used or (family_uses.get(last, 0) >= allowed and tries < 20 * count):
            continue
        used.add(name)
        family_uses[last] = family_uses.get(last, 0) + 1
        found.append((first, last))
    return found
