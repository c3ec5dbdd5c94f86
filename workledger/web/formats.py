"""How figures, days and hours read in the reader's language. Pure text; the template filters wrap these.

Numbers group and point as the language does; a negative stands in parentheses where accountants of the language write it
so, else after a minus; zero is a thin dash; nothing known is empty. Amounts take the decimals of their currency.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import get_language

from workledger.kernel.money import Money
from workledger.kernel.rounding import half_up, minor_units

ZERO = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
_NBSP = "\N{NO-BREAK SPACE}"
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_SYMBOL_FIRST = ("en", "ja", "zh", "ko")
_PARENTHESES = ("en",)
_DAY = {"en": "j M Y", "en-us": "M j, Y"}
_DAY_SHORT = {"en": "D j M", "en-us": "D, M j"}

Number = Decimal | int


@dataclass(frozen=True, slots=True)
class _Style:
    decimal_mark: str
    group_mark: str
    parentheses: bool
    symbol_first: bool


@lru_cache(maxsize=64)
def _style_of(language: str) -> _Style:
    stem = language.split("-", maxsplit=1)[0]
    return _Style(
        decimal_mark=str(get_format("DECIMAL_SEPARATOR", language)),
        group_mark=str(get_format("THOUSAND_SEPARATOR", language)),
        parentheses=stem in _PARENTHESES,
        symbol_first=stem in _SYMBOL_FIRST,
    )


def _style() -> _Style:
    return _style_of(get_language() or "en")


def decimal_mark() -> str:
    """Return the reader's decimal mark, for `inputs.parse_money` and for fields."""
    return _style().decimal_mark


def number(
    value: Number | None, places: int = 0, *, zero: str = ZERO, unit: str = "", before: str = ""
) -> str:
    """Return a number at `places` decimals, half-up, in the reader's style; None is empty, zero is a dash.

    `before` (a currency symbol) and `unit` stand inside the parentheses of a negative.
    """
    if value is None:
        return ""
    rounded = half_up(Decimal(value), places)
    if not rounded:
        return zero
    style = _style()
    digits = f"{abs(rounded):,.{places}f}"
    if style.decimal_mark != "." or style.group_mark != ",":
        marks = {",": style.group_mark, ".": style.decimal_mark}
        digits = "".join(marks.get(sign, sign) for sign in digits)
    text = f"{before}{digits}{unit}"
    if rounded > 0:
        return text
    return f"({text})" if style.parentheses else f"{MINUS}{text}"


def amount(value: Money | Number | None, currency: str = "EUR") -> str:
    """Return an amount without its currency, which stands in the head of the column."""
    if isinstance(value, Money):
        return number(value.amount, minor_units(value.currency))
    return number(value, minor_units(currency))


def money(value: Money | Number | None, currency: str = "", *, whole: bool = False) -> str:
    """Return an amount with its currency: '€1,234.50' or '1.234,50 €'. `whole` leaves the minor unit out.

    Raises ValueError when the currency is not known.
    """
    if isinstance(value, Money):
        return money(value.amount, value.currency, whole=whole)
    if not currency:
        raise ValueError("an amount with its currency needs a currency")
    places = 0 if whole else minor_units(currency)
    symbol = _SYMBOLS.get(currency, currency)
    gap = _NBSP if symbol == currency else ""
    if _style().symbol_first:
        return number(value, places, before=f"{symbol}{gap}")
    return number(value, places, unit=f"{_NBSP}{symbol}")


def as_hours(value: Number | timedelta | None) -> Decimal | None:
    """Return hours: whole numbers are seconds, as they are kept; decimals are hours already."""
    if value is None or isinstance(value, Decimal):
        return value
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    return Decimal(int(seconds)) / 3600


def hours(value: Number | timedelta | None, places: int = 2) -> str:
    """Return hours as a decimal, '7.50'. An int or timedelta is seconds, a Decimal is hours."""
    return number(as_hours(value), places)


def clock(seconds: int | None) -> str:
    """Return whole seconds as '7:30', the running timer's way."""
    if seconds is None:
        return ""
    minutes = int((Decimal(seconds) / 60).to_integral_value(ROUND_HALF_UP))
    return f"{minutes // 60}:{minutes % 60:02d}"


def percent(ratio: Number | None, places: int = 1) -> str:
    """Return a ratio as a percentage: 0.693 is '69.3%'."""
    if ratio is None:
        return ""
    sign = "%" if _style().symbol_first else f"{_NBSP}%"
    return number(Decimal(ratio) * 100, places, zero=f"0{sign}", unit=sign)


def day(value: date | datetime | None) -> str:
    """Return a day, unambiguous in the reader's language: '2 Mar 2026', '02.03.2026'."""
    if value is None:
        return ""
    return date_format(_local(value), _DAY.get(_language_or_stem(_DAY), "SHORT_DATE_FORMAT"))


def day_short(value: date | datetime | None) -> str:
    """Return a day of a year that is understood: 'Mon 2 Mar'."""
    if value is None:
        return ""
    return date_format(_local(value), _DAY_SHORT.get(_language_or_stem(_DAY_SHORT), "D j. M"))


@lru_cache(maxsize=256)
def _spoken(value: date, language: str) -> str:  # noqa: ARG001 - the language decides, so it is part of the key
    return date_format(value, "l j F")


def day_spoken(value: date) -> str:
    """Return a day as a screen reader says it: 'Monday 2 March'. Kept, as each row of a week says the same seven."""
    return _spoken(value, get_language() or "")


def when(value: datetime | None) -> str:
    """Return day and time: '2 Mar 2026, 14:05'."""
    if value is None:
        return ""
    return f"{day(value)}, {date_format(_local(value), 'H:i')}"


def _local(value: date | datetime) -> date | datetime:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def _language_or_stem(known: dict[str, str]) -> str:
    language = get_language() or "en"
    return language if language in known else language.split("-", maxsplit=1)[0]


def initials(name: str) -> str:
    """Return at most two letters: 'Pia van der Berg' is 'PB'."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalpha()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
