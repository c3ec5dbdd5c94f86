"""What people type into hours, date and money fields, understood. Pure: no Django, no clock.

Every parser returns None for an empty text and raises `NotUnderstood` with a sentence that says how to write it.
`static/web/js/hours.js` understands hours by the same rules; `tests/test_browser.py` holds the two together.
"""

import calendar
import re
from datetime import date, timedelta
from decimal import Decimal


class NotUnderstood(ValueError):
    """The text is no value of its kind; the message says what would be."""


SECONDS_PER_HOUR = 3600
_HOURS_HELP = "Write hours as 1.5, 1:30 or 90m."
_CLOCK = re.compile(r"([0-9]{0,3}):([0-5]?[0-9])")
_UNITS = re.compile(r"(?:([0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)h)?(?:([0-9]+(?:[.,][0-9]+)?)(?:m|min)?)?")
_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+")


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") if text else "0")


def parse_hours(text: str, *, most_hours: int = 24) -> int | None:
    """Return the whole seconds meant by '1.5', '1,5', '1:30', '90m', '1h 30m' or '45 min'.

    Raises NotUnderstood for anything else, and for more than `most_hours`.
    """
    written = re.sub(r"\s+", "", text).lower()
    if not written:
        return None
    if clock := _CLOCK.fullmatch(written):
        seconds = Decimal(int(clock[1] or 0) * 3600 + int(clock[2]) * 60)
    elif _DECIMAL.fullmatch(written):
        seconds = _decimal(written) * SECONDS_PER_HOUR
    elif re.search(r"[hm]", written) and (units := _UNITS.fullmatch(written)):
        seconds = _decimal(units[1] or "") * SECONDS_PER_HOUR + _decimal(units[2] or "") * 60
    else:
        raise NotUnderstood(_HOURS_HELP)
    if seconds > most_hours * SECONDS_PER_HOUR:
        raise NotUnderstood(f"{text.strip()} is more than {most_hours} hours. {_HOURS_HELP}")
    return int(seconds.to_integral_value(rounding="ROUND_HALF_UP"))


_DATE_HELP = "Write a date as 2026-03-31, 31.3., fri, today or +2w."
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ["mon mo", "tue di tu", "wed mi we", "thu do th", "fri fr", "sat sa", "sun so su"]
    )
    for name in names.split()
}
_LONG_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        ["monday montag", "tuesday dienstag", "wednesday mittwoch", "thursday donnerstag", "friday freitag",
         "saturday samstag", "sunday sonntag"]
    )
    for name in names.split()
}  # fmt: skip
_DAYS = _WEEKDAYS | _LONG_WEEKDAYS
_MONTHS = {
    name: number
    for number, names in enumerate(
        ["jan january januar", "feb february februar", "mar march mär märz", "apr april", "may mai", "jun june juni",
         "jul july juli", "aug august", "sep sept september", "oct october okt oktober", "nov november",
         "dec december dez dezember"],
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WORDS = {"today": 0, "heute": 0, "tomorrow": 1, "morgen": 1, "yesterday": -1, "gestern": -1}


def parse_date(text: str, *, today: date, month_first: bool = False) -> date | None:
    """Return the day meant by '2026-03-31', '31.3.', '31/3/26', '3 Apr', 'fri', 'last fri', 'today', '+2w' or 'eom'.

    A weekday is the next one, today included; 'last' and 'next' look past today. A day without a year is the one
    nearest to `today`. `month_first` reads 3/31 as Americans do; dots are always day first.
    Raises NotUnderstood.
    """
    written = re.sub(r"\s+", " ", text.strip().lower())
    if not written:
        return None
    for reader in (_relative_day, _weekday):
        if (found := reader(written, today)) is not None:
            return found
    try:
        found = _numeric_day(written, today, month_first=month_first) or _named_day(written, today)
    except (ValueError, OverflowError):
        raise NotUnderstood(f"There is no day {text.strip()}. {_DATE_HELP}") from None
    if found is None:
        raise NotUnderstood(_DATE_HELP)
    return found


def _relative_day(written: str, today: date) -> date | None:
    if written in _WORDS:
        return today + timedelta(days=_WORDS[written])
    if written in ("eom", "month end"):
        return today.replace(day=calendar.monthrange(today.year, today.month)[1])
    if not (step := re.fullmatch(r"([+-]) ?([0-9]{1,4}) ?([dwmy]?)", written)):
        return None
    count = int(step[2]) * (1 if step[1] == "+" else -1)
    try:
        match step[3]:
            case "w":
                return today + timedelta(weeks=count)
            case "m":
                return _add_months(today, count)
            case "y":
                return _add_months(today, 12 * count)
            case _:
                return today + timedelta(days=count)
    except (ValueError, OverflowError):
        raise NotUnderstood(f"{written} is too far away. {_DATE_HELP}") from None


def _add_months(day: date, count: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _weekday(written: str, today: date) -> date | None:
    match = re.fullmatch(r"(?:(last|next) )?([a-z]+)\.?", written)
    if not match or match[2] not in _DAYS:
        return None
    ahead = (_DAYS[match[2]] - today.weekday()) % 7
    if match[1] == "last":
        return today - timedelta(days=7 - ahead if ahead else 7)
    if match[1] == "next" and ahead == 0:
        ahead = 7
    return today + timedelta(days=ahead)


def _numeric_day(written: str, today: date, *, month_first: bool) -> date | None:
    if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", written):
        return date(*map(int, written.split("-")))
    match = re.fullmatch(r"([0-9]{1,2})([./-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2})?)?", written)
    if not match:
        return None
    day, month = int(match[1]), int(match[3])
    if month_first and match[2] != ".":
        day, month = month, day
    return _day_of(day, month, match[4], today)


def _named_day(written: str, today: date) -> date | None:
    match = re.fullmatch(r"([0-9]{1,2})\.? ?([a-zä]+)\.?,? ?([0-9]{4}|[0-9]{2})?", written)
    if match and match[2] in _MONTHS:
        return _day_of(int(match[1]), _MONTHS[match[2]], match[3], today)
    match = re.fullmatch(r"([a-zä]+)\.? ([0-9]{1,2})(?:,? ([0-9]{4}))?", written)
    if match and match[1] in _MONTHS:
        return _day_of(int(match[2]), _MONTHS[match[1]], match[3], today)
    return None


def _day_of(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year) if len(year) == 4 else 2000 + int(year), month, day)
    near = []
    for candidate in (today.year - 1, today.year, today.year + 1):
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(candidate, month)[1]:
            near.append(date(candidate, month, day))
    if not near:
        raise ValueError("no such day in the years around today")
    return min(near, key=lambda found: abs(found - today))


_MONEY_HELP = "Write an amount as 1234.50."
_MARKS = re.compile(r"[€$£¥]|[a-z]{3}", re.IGNORECASE)


def parse_money(text: str, *, places: int = 2, decimal_mark: str = ".") -> Decimal | None:
    """Return the amount meant by '1,234.50', '1.234,50', "1'234.50", '€ 12', '-5' or '(5)'.

    Where one mark could be either ('1,234'), `decimal_mark` of the reader's locale decides. `places` is the currency's
    number of decimals; more than that is refused, never rounded.
    Raises NotUnderstood.
    """
    written = re.sub(r"[\s\u00a0\u202f'’]", "", _MARKS.sub("", text.strip()))
    if not written and not text.strip():
        return None
    signed = re.fullmatch(
        r"(?P<paren>\()?(?P<before>[-−+])?(?P<digits>(?=[.,]*[0-9])[0-9.,]+)(?P<after>[-−])?(?(paren)\))",
        written,
    )
    if not signed or sum(bool(signed[mark]) for mark in ("paren", "before", "after")) > 1:
        raise NotUnderstood(_MONEY_HELP)
    digits = signed["digits"]
    negative = bool(signed["paren"] or signed["after"] or (signed["before"] or "+") != "+")
    whole, fraction = _split(digits, decimal_mark)
    if len(fraction) > places:
        raise NotUnderstood(
            f"{text.strip()} has more than {places} decimal places." if places else _no_places(text)
        )
    amount = Decimal(f"{whole or '0'}.{fraction or '0'}")
    return -amount if negative and amount else amount


def _no_places(text: str) -> str:
    return f"{text.strip()} has decimal places, and this currency has none."


def _split(digits: str, decimal_mark: str) -> tuple[str, str]:
    """Return the digits before and after the decimal mark; grouping must be in threes."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits, ""
    mark, other = digits[last], "," if digits[last] == "." else "."
    grouped = rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+"
    if re.fullmatch(grouped, digits) and (digits.count(mark) > 1 or mark != decimal_mark):
        return digits.replace(mark, ""), ""
    before = digits[:last]
    if mark in before or (
        other in before and not re.fullmatch(rf"[0-9]{{1,3}}(?:{re.escape(other)}[0-9]{{3}})+", before)
    ):
        raise NotUnderstood(_MONEY_HELP)
    return before.replace(other, ""), digits[last + 1 :]
