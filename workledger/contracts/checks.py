"""Checks of plain values that several acts share: each notes a problem with its field instead of raising."""

from datetime import date
from decimal import Decimal
from typing import Any

from workledger.contracts.calc import terms
from workledger.core.refusals import Problems

_MOST = Decimal(10) ** 12
_MOST_SECONDS = 10**10


def text(problems: Problems, value: str, field: str, *, most: int = 200, needed: bool = True) -> str:
    """Return the text without outer blanks; notes 'missing', 'too_long' or 'not_text'."""
    kept = value.strip()
    if needed:
        problems.check(kept, f"{field}_missing", "Fill this in.", field)
    problems.check(len(kept) <= most, f"{field}_too_long", f"Use at most {most} characters.", field)
    problems.check("\x00" not in kept, f"{field}_not_text", "This holds a character that is no text.", field)
    return kept


def amount(problems: Problems, value: Decimal | None, field: str) -> None:
    """Note a negative amount, one with more than four decimals, or one that cannot be kept."""
    if value is None:
        return
    fits = value.is_finite() and abs(value) < _MOST
    problems.check(fits, f"{field}_too_large", "Use an amount below 1,000,000,000,000.", field)
    if fits:
        problems.check(value >= 0, f"{field}_negative", "Use an amount of zero or more.", field)
        exact = value == value.quantize(Decimal("0.0001"))
        problems.check(exact, f"{field}_too_precise", "Use at most four decimals.", field)


def seconds(problems: Problems, value: int | None, field: str) -> None:
    """Note hours below zero or beyond anything a budget may be."""
    if value is not None:
        problems.check(
            0 <= value <= _MOST_SECONDS, f"{field}_out_of_range", "Use hours of zero or more.", field
        )


def dates(problems: Problems, start: date | None, end: date | None, field: str = "end") -> None:
    """Note a period that ends before it has a day."""
    if start is not None and end is not None:
        problems.check(end > start, "ends_before_start", "The end lies after the start.", field)


def cap(problems: Problems, document: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a contract's or phase's cap as it is stored; notes at `cap` what does not fit."""
    if document is None:
        return None
    try:
        return terms.stored(terms.parse_cap(document))
    except terms.TermsInvalid as invalid:
        for field, message in invalid.problems:
            problems.add("terms_do_not_fit", message, f"cap.{field}" if field else "cap")
        return None


def currency(problems: Problems, value: str, field: str = "currency") -> None:
    """Note a currency that is no code of three capital letters."""
    fits = len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()
    problems.check(fits, "currency_unknown", "Write the currency as three letters, such as EUR.", field)
