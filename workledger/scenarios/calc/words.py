"""The words of a statement's parts: names, amounts, hours, days."""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from workledger.kernel.quantity import seconds_of

_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"-?\d+(\.\d+)?")
_PARTS = re.compile(r',\s+(?=(?:[^"]*"[^"]*")*[^"]*$)')


class Misread(ValueError):
    """A word that is not what is wanted there, as a sentence."""


class Span(NamedTuple):
    """The half-open days [start, end)."""

    start: date
    end: date

    def working_days(self) -> Iterator[date]:
        """Yield the days from Monday to Friday; of a single day, that day."""
        days = (self.end - self.start).days
        for place in range(days):
            day = self.start + timedelta(days=place)
            if days == 1 or day.weekday() < 5:
                yield day


def parts(text: str) -> list[str]:
    """Return what stands between commas that are followed by a space, outside quotes."""
    return [part.strip() for part in _PARTS.split(text)] if text.strip() else []


def is_quoted(word: str) -> bool:
    """Tell whether a part is a text in quotation marks."""
    return len(word) >= 2 and word[0] == word[-1] == '"'


def name(word: str) -> str:
    """Return a name, which may be quoted."""
    if not word:
        raise Misread("A name is missing.")
    return word[1:-1] if is_quoted(word) else word


def number(word: str) -> Decimal:
    """Return a number: '1,200.00', '1200', '-0.5'."""
    if not (_GROUPED.fullmatch(word) or _PLAIN.fullmatch(word)):
        raise Misread(f"'{word}' is no amount. Write it as 1,200.00 or 1200.")
    return Decimal(word.replace(",", ""))


def percent(word: str) -> Decimal:
    """Return the number of '19 %'."""
    if not word.endswith("%"):
        raise Misread(f"'{word}' is no percentage. Write it as 19 %.")
    return number(word[:-1].strip())


def count(word: str) -> int:
    """Return a whole number from 0 on."""
    if not word.isdigit():
        raise Misread(f"'{word}' is no whole number.")
    return int(word)


def seconds(word: str) -> int:
    """Return the seconds of '8 h', '7.5 h', '50 min', '1:30'."""
    if found := re.fullmatch(r"(\d+):([0-5]\d)", word):
        return int(found[1]) * 3600 + int(found[2]) * 60
    if found := re.fullmatch(r"(\d+)\s*min", word):
        return int(found[1]) * 60
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*h", word):
        return seconds_of(Decimal(found[1]))
    raise Misread(f"'{word}' is no time. Write it as 8 h, 7.5 h, 50 min or 1:30.")


def day(word: str) -> date:
    """Return the day of '2026-01-31'."""
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise Misread(f"'{word}' is no day. Write it as 2026-01-31.") from error


def span(word: str) -> Span:
    """Return the days of '2026-01', '2026-01-05' or '2026-01-05..2026-01-09', the last one included."""
    if re.fullmatch(r"\d{4}-\d\d", word):
        first = day(f"{word}-01")
        return Span(first, first + timedelta(days=calendar.monthrange(first.year, first.month)[1]))
    start, dots, last = word.partition("..")
    days = Span(day(start), day(last if dots else start) + timedelta(days=1))
    if days.end <= days.start:
        raise Misread(f"'{word}' ends before it begins.")
    return days


def flag(word: str) -> bool:
    """Return True for a word that stands alone."""
    if word:
        raise Misread(f"'{word}' is not understood here.")
    return True


def text(word: str) -> str:
    """Return what is in quotation marks."""
    if not is_quoted(word):
        raise Misread(f"Put {word or 'the text'} into quotation marks.")
    return word[1:-1]


Reader = Callable[[str], Any]
