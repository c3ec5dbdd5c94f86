"""Choices that several forms offer: countries by name, currencies by code."""

from workledger.directory.calc.countries import COUNTRIES, CURRENCIES

COUNTRY_OPTIONS: tuple[tuple[str, str, str], ...] = tuple(
    sorted(((code, name, code) for code, name in COUNTRIES.items()), key=lambda each: each[1])
)
CURRENCY_OPTIONS: tuple[tuple[str, str], ...] = tuple((code, code) for code in sorted(CURRENCIES))
