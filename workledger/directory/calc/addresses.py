"""Postal addresses: how their parts are printed where mail is sent from and to, and how typed lines fall into parts."""

import re
from dataclasses import dataclass, replace
from typing import Final

from workledger.directory.calc.countries import COUNTRIES


@dataclass(frozen=True, slots=True)
class Address:
    """An address in the parts of EN 16931 (BG-5, BG-8); '' where not stated.

    `additional` is what stands beside the street, such as a building or a department. `subdivision` is the part of an
    ISO 3166-2 code after the country, `country` an ISO 3166-1 code.
    """

    street: str = ""
    additional: str = ""
    postcode: str = ""
    city: str = ""
    subdivision: str = ""
    country: str = ""

    def lines(self, seen_from: str = "") -> tuple[str, ...]:
        """Return the lines below the name; the country is the last one where it is read in another (`seen_from`)."""
        abroad = COUNTRIES.get(self.country, "") if seen_from and seen_from != self.country else ""
        return tuple(filter(None, (self.street, self.additional, *self._place(), abroad)))

    def _place(self) -> tuple[str, ...]:
        """The city with its postcode, as the country's post writes them (Universal Postal Union, S42)."""
        if self.country in _POSTCODE_ALONE:
            return self.city, self.postcode
        if self.country in _CITY_FIRST:
            city = f"{self.city}," if self.country == "US" and self.subdivision else self.city
            return (_spaced(city, self.subdivision, self.postcode),)
        return (_spaced(self.postcode, self.city),)


_CITY_FIRST: Final = ("AU", "CA", "IN", "NZ", "SG", "US")
_POSTCODE_ALONE: Final = ("GB", "IE")

_BEFORE: Final = re.compile(
    r"(?:[A-Z]{1,2}[- ])?(?P<postcode>\d{2}-\d{3}|\d{4}-\d{3}|\d{3} \d{2}|\d{4} [A-Z]{2}|\d{4,5})\s+(?P<city>\D.*)"
)
_AFTER: Final = re.compile(
    r"(?P<city>\D*?),?\s+(?:(?P<subdivision>[A-Z]{2,3})\s+)?"
    r"(?P<postcode>\d{5}-\d{4}|\d{4,6}|[A-Z]\d[A-Z] ?\d[A-Z]\d)"
)
_BRITISH: Final = re.compile(
    r"(?:(?P<city>.*\S)\s+)?(?P<postcode>[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[\dW] ?[A-Z\d]{4})"
)


def split(text: str, country: str) -> Address:
    """Return the parts of an address that was typed in lines, as well as they can be told.

    What is not known as postcode and city stays: the first line as street, the others beside it.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[-1].casefold() in (country.casefold(), COUNTRIES.get(country, "").casefold()):
        lines.pop()
    found = Address(country=country)
    pattern = _BRITISH if country in _POSTCODE_ALONE else _AFTER if country in _CITY_FIRST else _BEFORE
    for at in range(len(lines) - 1, -1, -1):
        if match := pattern.fullmatch(lines[at]):
            parts = {name: part for name, part in match.groupdict().items() if part}
            found = replace(found, **parts)
            del lines[at]
            if not found.city and 1 < at <= len(lines):
                found = replace(found, city=lines.pop(at - 1))
            break
    street, *others = lines or [""]
    return replace(found, street=street, additional=", ".join(others))


def _spaced(*parts: str) -> str:
    return " ".join(filter(None, parts))
