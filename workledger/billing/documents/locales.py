"""How a document writes numbers, money, dates and its own words in the reader's language.

The words and patterns stand in `templates/locales_v<version>.json`, released together with the template of the same
version. A locale is a language with an optional region ('en', 'de-CH'); an unknown one falls back to its language, an
unknown language to English.
"""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "templates"
_MINUS = "\u2212"
_NO_BREAK_SPACE = "\u00a0"


@dataclass(frozen=True)
class Locale:
    """One language and region: its words in `labels`, and how it writes figures and days."""

    language: str
    region: str
    labels: dict[str, str]
    units: dict[str, tuple[str, str]]
    decimal_mark: str
    group_mark: str
    currency_first: bool
    percent_pattern: str
    long_pattern: str
    short_pattern: str
    month_pattern: str
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    first_of_month: str

    def number(self, value: Decimal, decimals: int) -> str:
        """Write with at least `decimals` decimals and every digit the value has, never rounded."""
        text = f"{value:,f}"
        whole, _, fraction = text.partition(".")
        fraction = fraction.rstrip("0").ljust(decimals, "0")
        if whole.startswith("-"):
            whole = (_MINUS if value else "") + whole[1:]
        whole = whole.replace(",", self.group_mark)
        return f"{whole}{self.decimal_mark}{fraction}" if fraction else whole

    def money(self, value: Decimal, currency: str, decimals: int) -> str:
        """Write an amount with its currency code, before or after it as the locale has it."""
        number = self.number(value, decimals)
        pair = (currency, number) if self.currency_first else (number, currency)
        return _NO_BREAK_SPACE.join(pair)

    def percent(self, value: Decimal) -> str:
        """Write a rate that is already in percent."""
        return self.percent_pattern.format(self.number(value, 0))

    def long_date(self, day: date) -> str:
        """Write a day with the month's name, so that no reader mistakes it."""
        return self._date(day, self.long_pattern).replace(" ", _NO_BREAK_SPACE)

    def short_date(self, day: date) -> str:
        """Write a day at fixed width, for tables."""
        return self._date(day, self.short_pattern)

    def period(self, first: date, last: date) -> str:
        """Write a span of days, both ends included; a whole month by its name."""
        if first == last:
            return self.short_date(first)
        if first.day == 1 and last + timedelta(days=1) == _next_month(first):
            name = self._date(first, self.month_pattern)
            return name[:1].upper() + name[1:]
        return f"{self.short_date(first)} – {self.short_date(last)}"

    def unit(self, unit: str, quantity: Decimal) -> str:
        """Return the unit's word in the right number; a word the locale does not know stays as it is."""
        words = self.units.get(unit)
        if words is None:
            return unit
        return words[0] if abs(quantity) == 1 else words[1]

    def _date(self, day: date, pattern: str) -> str:
        number = self.first_of_month if self.first_of_month and day.day == 1 else str(day.day)
        return pattern.format(
            day=number,
            dd=f"{day.day:02}",
            mm=f"{day.month:02}",
            month=self.months[day.month - 1],
            mon=self.short_months[day.month - 1],
            year=f"{day.year:04}",
        )


@cache
def locale_of(name: str, version: int) -> Locale:
    """Return the locale `name` ('en', 'de-CH') as the documents of `version` write it."""
    every = _released(version)
    language, _, region = name.partition("-")
    if language not in every or language == "regions":
        language, region = "en", ""
    base = every[language]
    regional = every["regions"].get(f"{language}-{region}", {})
    words: dict[str, Any] = {**base, **regional}
    labels = dict(base["labels"])
    if "tax" in regional:
        labels["tax"] = regional["tax"]
    return Locale(
        language=language,
        region=region,
        labels=labels,
        units={unit: (one, many) for unit, (one, many) in words["units"].items()},
        decimal_mark=words["decimal"],
        group_mark=words["group"],
        currency_first=words["currency"] == "before",
        percent_pattern=words["percent"],
        long_pattern=words["long"],
        short_pattern=words["short"],
        month_pattern=words["month"],
        months=tuple(words["months"]),
        short_months=tuple(words.get("short_months", words["months"])),
        weekdays=tuple(words["weekdays"]),
        first_of_month=words.get("first_of_month", ""),
    )


NUMBER_FORMATS: dict[str, tuple[str, str]] = {
    "1,234.56": (".", ","),
    "1.234,56": (",", "."),
    "1 234,56": (",", _NO_BREAK_SPACE),
    "1\u2019234.56": (".", "\u2019"),
    "1234.56": (".", ""),
    "1234,56": (",", ""),
}
"""How numbers can be written, by a sample: the decimal mark, and what parts the thousands."""


def in_format(locale: Locale, sample: str) -> Locale:
    """Return the locale with its numbers written as the sample is; '' or an unknown one leaves them."""
    marks = NUMBER_FORMATS.get(sample)
    return replace(locale, decimal_mark=marks[0], group_mark=marks[1]) if marks else locale


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


@cache
def _released(version: int) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((_TEMPLATES / f"locales_v{version}.json").read_text(encoding="utf-8"))
    return value
