"""One cell at a time: dates, clock times, durations, numbers, flags and currencies as people and tools write them.

Every function takes the text of a cell and returns a value or raises `CellError` with a sentence that can stand
in a list of refused rows. Nothing here guesses silently: where a cell can be read in two ways, the caller states the way.
"""

import re
from collections.abc import Callable
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Generic, Literal, NamedTuple, TypeVar

DateOrder = Literal["day_first", "month_first"]
DecimalMark = Literal[".", ","]

SECONDS_PER_HOUR = 3600
LONGEST_ENTRY_SECONDS = 24 * SECONDS_PER_HOUR
LONGEST_NAME = 255
CACHE_LIMIT = 20_000

K = TypeVar("K")
V = TypeVar("V")


class CellError(ValueError):
    """A cell cannot be read; the message says why, in words for the person who imports."""


class Memo(dict[K, V], Generic[K, V]):
    """A cache of parsed cells that never holds more than `limit` of them.

    A hit is a plain dictionary access. When full it starts again from nothing: exports repeat the same few
    values, so a cleverer policy would cost more than it saves. Cells that raise are not kept.
    """

    __slots__ = ("_limit", "_parse")

    def __init__(self, parse: Callable[[K], V], *, limit: int = CACHE_LIMIT) -> None:
        super().__init__()
        self._parse = parse
        self._limit = limit

    def __missing__(self, key: K) -> V:
        value = self._parse(key)
        if len(self) >= self._limit:
            self.clear()
        self[key] = value
        return value


class Duration(NamedTuple):
    """Whole seconds, and whether the cell had to be rounded to get them."""

    seconds: int
    rounded: bool


def shown(text: str) -> str:
    """The cell as it appears in a reason: in quotes, on one line, not too long."""
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= 40 else flat[:39] + '…'}”"


# ---------------------------------------------------------------------------------------------- text


def clean_text(text: str) -> str:
    """Trim the ends, write line ends as newlines and drop the NUL character, which the database cannot hold."""
    if "\0" in text:
        text = text.replace("\0", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def clean_name(text: str, what: str) -> str:
    """A name on one line with single spaces; raises when it is longer than `LONGEST_NAME` characters."""
    name = " ".join(clean_text(text).split())
    if len(name) > LONGEST_NAME:
        raise CellError(f"{what} {shown(name)} is longer than {LONGEST_NAME} characters")
    return name


# ------------------------------------------------------------------------------------------- numbers

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{1,10})?|\.[0-9]{1,10})")
_CURRENCY_MARKS = re.compile(r"^(?:[A-Z]{3}|[€$£¥])|(?:[A-Z]{3}|[€$£¥])$")
# Everything people put between thousands besides a dot or a comma: blanks of all widths and the Swiss apostrophe.
_BLANKS = str.maketrans(dict.fromkeys(" \u00a0\u202f\u2009\u2007\t'\u2019") | {"\u2212": "-"})
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")


def decimal_mark_shown(text: str) -> DecimalMark | None:
    """The decimal mark this number proves, or None when it proves nothing (`12`, `1.500`, `1,500`)."""
    number = _bare_number(text)
    comma, dot = number.rfind(","), number.rfind(".")
    if comma >= 0 and dot >= 0:
        return "," if comma > dot else "."
    if comma < 0 and dot < 0:
        return None
    mark: DecimalMark = "," if comma >= 0 else "."
    if number.count(mark) > 1:
        return "." if mark == "," else ","
    return None if _GROUPED.fullmatch(number) else mark


def parse_decimal(text: str, *, mark: DecimalMark | None = None, what: str = "the number") -> Decimal:
    """Read `2.000,0`, `2,000.0`, `1 234,50`, `1'234.5`, `€ 20,00` or `-3`.

    `mark` is the file's decimal mark and decides only where the cell itself does not: `1.500` is 1.5 with a dot and 1500
    with a comma. Where nothing is known the dot is taken.
    """
    number = _bare_number(text)
    comma, dot = number.rfind(","), number.rfind(".")
    own = decimal_mark_shown(number)
    if own is None and (comma >= 0 or dot >= 0):
        own = mark or "."
    if own is not None:
        group = "," if own == "." else "."
        whole, _, fraction = number.partition(own)
        if group in fraction:
            raise CellError(f"{what} {shown(text)} is not a number")
        if group in whole:
            if not _GROUPED.fullmatch(whole):
                raise CellError(f"{what} {shown(text)} is not a number")
            whole = whole.replace(group, "")
        number = f"{whole}.{fraction}" if own in number else whole
    if not _NUMBER.fullmatch(number):
        raise CellError(f"{what} {shown(text)} is not a number")
    return Decimal(number)


def _bare_number(text: str) -> str:
    bare = text.translate(_BLANKS)
    return _CURRENCY_MARKS.sub("", bare) if bare and not (bare[0] + bare[-1]).isdigit() else bare


# ----------------------------------------------------------------------------------------- durations

_CLOCKED = re.compile(r"([0-9]{1,4}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,9})?))?")
_UNITS = re.compile(
    r"(?:(?P<h>[0-9]{1,4}(?:[.,][0-9]{1,6})?)\s*(?:h|hrs?|hours?|std\.?|stunden?))?"
    r"\s*(?:(?P<m>[0-9]{1,5}(?:[.,][0-9]{1,6})?)\s*(?:m|mins?|minutes?|minuten?))?"
    r"\s*(?:(?P<s>[0-9]{1,6})\s*(?:s|secs?|seconds?|sek\.?|sekunden?))?",
    re.IGNORECASE,
)
_HOURS = re.compile(r"[0-9]{0,6}(?:[.,][0-9]{0,10})?")


def parse_duration(
    text: str, *, longest: int = LONGEST_ENTRY_SECONDS, what: str = "the duration"
) -> Duration:
    """Read `01:00:01`, `1:30`, `1.5`, `1,5`, `90m` or `1h 30m` as whole seconds.

    A bare number is hours, and its one mark is always the decimal mark: no entry has a thousand hours.
    What is not a whole second is rounded half up, and says so. Negative and longer than `longest` seconds is refused.
    """
    cell = text.strip().replace("\u2212", "-")
    if cell.startswith("-"):
        parse_duration(cell[1:], longest=10**12, what=what)
        raise CellError(f"{what} {shown(text)} is negative; book a correction by hand")
    clocked = _CLOCKED.fullmatch(cell)
    if clocked:
        hours, minutes, seconds = (Decimal(part or 0) for part in clocked.groups())
        if minutes > 59 or seconds >= 60:
            raise CellError(f"{what} {shown(text)} has more than 59 minutes or seconds")
        exact = hours * SECONDS_PER_HOUR + minutes * 60 + seconds
    elif _HOURS.fullmatch(cell) and any(c.isdigit() for c in cell):
        exact = Decimal(cell.replace(",", ".")) * SECONDS_PER_HOUR
    else:
        exact = _seconds_of_units(cell, text, what)
    whole = int(exact.to_integral_value(ROUND_HALF_UP))
    if whole > longest:
        raise CellError(
            f"{what} {shown(text)} is longer than {longest // SECONDS_PER_HOUR} hours; split it by day"
        )
    return Duration(whole, whole != exact)


def _seconds_of_units(cell: str, text: str, what: str) -> Decimal:
    parts = _UNITS.fullmatch(cell)
    if parts is None or not any(parts.groups()):
        raise CellError(f"{what} {shown(text)} is not a duration (1:30, 1.5 or 90m)")
    hours, minutes, seconds = (Decimal((parts[unit] or "0").replace(",", ".")) for unit in "hms")
    return hours * SECONDS_PER_HOUR + minutes * 60 + seconds


# --------------------------------------------------------------------------------- dates and times

_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?:[T ].*)?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?: .*)?")
_DAY_NAMED = re.compile(r"([0-9]{1,2})\.?[ -]([^\W\d_]{3,9})\.?,?[ -]([0-9]{4})")
_NAMED_DAY = re.compile(r"([^\W\d_]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})")
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan jän",
            "feb",
            "mar mär mrz",
            "apr",
            "may mai",
            "jun",
            "jul",
            "aug",
            "sep",
            "oct okt",
            "nov",
            "dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
_CLOCK = re.compile(
    r"(?:.*[0-9][T ])?([0-9]{1,2})(?:[:.]([0-9]{2}))?(?:[:.]([0-9]{2})(?:\.[0-9]+)?)?\s*([AaPp]\.?[Mm]\.?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


class DateEvidence(NamedTuple):
    """What one date proves: that it needs an order to be read, and which order it must be (None: either)."""

    needs_order: bool
    order: DateOrder | None


def date_evidence(text: str) -> DateEvidence | None:
    """What this cell says of the order of day and month in its file; None when it is no date."""
    cell = text.strip()
    numeric = _YEAR_LAST.fullmatch(cell)
    if numeric is None:
        written = _YEAR_FIRST.fullmatch(cell) or _DAY_NAMED.fullmatch(cell) or _NAMED_DAY.fullmatch(cell)
        return DateEvidence(False, None) if written else None
    if numeric[2] == ".":
        return DateEvidence(False, None)
    first, second = int(numeric[1]), int(numeric[3])
    if first > 12 >= second:
        return DateEvidence(True, "day_first")
    if second > 12 >= first:
        return DateEvidence(True, "month_first")
    return DateEvidence(True, None) if max(first, second) <= 12 else None


def parse_date(text: str, *, order: DateOrder | None = None) -> date:
    """Read `2024-03-04`, `04.03.2024`, `03/04/2024`, `4 Mar 2024` or `Mar 4, 2024`.

    Dots mean day first. With slashes or hyphens and the year last, `order` decides; without it only a date that can be
    read in one way (a day above 12, or day and month alike) is accepted. A two-digit year is in this century.
    """
    cell = text.strip()
    try:
        found = _YEAR_FIRST.fullmatch(cell)
        if found:
            return date(int(found[1]), int(found[3]), int(found[4]))
        found = _YEAR_LAST.fullmatch(cell)
        if found:
            return _year_last(found, cell, order)
        found = _DAY_NAMED.fullmatch(cell)
        if found:
            return date(int(found[3]), _month(found[2]), int(found[1]))
        found = _NAMED_DAY.fullmatch(cell)
        if found:
            return date(int(found[3]), _month(found[1]), int(found[2]))
    except CellError:
        raise
    except (ValueError, KeyError):
        seen = date_evidence(cell)
        hint = f" with the {order.split('_')[0]} first" if order and seen and seen.needs_order else ""
        raise CellError(f"the date {shown(text)} does not exist{hint}") from None
    if not cell:
        raise CellError("there is no date")
    raise CellError(f"the date {shown(text)} is not one (2024-03-31, 31.03.2024 or 03/31/2024)")


def _month(name: str) -> int:
    return _MONTHS[name[:3].casefold()]


def _year_last(found: re.Match[str], cell: str, order: DateOrder | None) -> date:
    first, second = int(found[1]), int(found[3])
    year = int(found[4]) if len(found[4]) == 4 else 2000 + int(found[4])
    if found[2] == ".":
        order = "day_first"
    elif order is None:
        seen = date_evidence(cell)
        order = seen.order if seen else None
        if seen and order is None and first != second:
            raise CellError(
                f"the date {shown(cell)} can be read in two ways; state whether the day or the month comes first"
            )
    return date(year, first, second) if order == "month_first" else date(year, second, first)


def parse_clock(text: str, *, what: str = "the start time") -> time:
    """Read `22:15`, `10:23:52 AM` or the time part of `2024-03-04 10:23`, as a time of day."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None or (found[2] is None and found[4] is None):
        raise CellError(f"{what} {shown(text)} is not a time of day")
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    half = (found[4] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            raise CellError(f"{what} {shown(text)} is not a time of day")
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise CellError(f"{what} {shown(text)} is not a time of day") from None


# ------------------------------------------------------------------------------ flags and currencies

_YES = frozenset(
    [
        "yes",
        "y",
        "true",
        "t",
        "1",
        "x",
        "ja",
        "j",
        "wahr",
        "oui",
        "vrai",
        "sí",
        "si",
        "sim",
        "sì",
        "tak",
        "はい",
        "是",
        "billable",
        "abrechenbar",
    ]
)
_NO = frozenset(
    [
        "no",
        "n",
        "false",
        "f",
        "0",
        "nein",
        "falsch",
        "non",
        "faux",
        "não",
        "nie",
        "nee",
        "いいえ",
        "否",
        "-",
        "non-billable",
    ]
)
_ISO_CODE = re.compile(r"(?:.*[^A-Za-z])?([A-Z]{3})")


def parse_flag(text: str, *, what: str) -> bool:
    """Read yes or no as the tools write it, also in German, French, Spanish and a few more."""
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellError(f"{what} {shown(text)} is neither yes nor no")


def parse_currency(text: str) -> str:
    """Read `EUR` or `Euro - EUR` as the ISO 4217 code; whether the firm uses that currency is not asked here."""
    cell = text.strip()
    found = _ISO_CODE.fullmatch(cell.upper() if len(cell) == 3 else cell)
    if found is None:
        raise CellError(f"the currency {shown(text)} is not a three-letter code")
    return found[1]


# ---------------------------------------------------------------------------------------------- rates


def implied_rate(amount: Decimal, seconds: int) -> Decimal | None:
    """The plainest hourly rate that gives `amount` for `seconds` when rounded to cents; None when there is none.

    Some tools state what an entry is worth and not its rate. 111.11 for 3,601 s is 111.08 an hour: whole
    units are tried first, then tenths, then hundredths.
    """
    if seconds <= 0 or amount <= 0:
        return None
    cent = Decimal("0.01")
    wanted = amount.quantize(cent, ROUND_HALF_UP)
    exact = amount * SECONDS_PER_HOUR / seconds
    for step in (Decimal(1), Decimal("0.1"), cent):
        rate = exact.quantize(step, ROUND_HALF_UP)
        if (rate * seconds / SECONDS_PER_HOUR).quantize(cent, ROUND_HALF_UP) == wanted:
            return rate
    return None
