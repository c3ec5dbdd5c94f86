"""The euro foreign exchange reference rates, as the European Central Bank publishes them.

Two files hold the same thing: ``eurofxref-hist.csv`` has a row for each day since 1999, ``eurofxref.csv`` the latest
day alone with the day written out, as `20 November 2026`. Both come inside a zip too. A cell is how many units of its
column's currency one euro is worth; `N/A` where there was no rate. Source: the bank's page "Euro foreign exchange
reference rates".
"""

import csv
import re
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO

BASE = "EUR"
MOST_BYTES = 64 << 20
_MOST_PROBLEMS = 20
_ZIP = b"PK\x03\x04"
_CODE = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,8})?")
_LONG_DAY = re.compile(r"([0-9]{1,2}) ([A-Z][a-z]+) ([0-9]{4})")
_NO_RATE = ("", "N/A")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EuroRate:
    """How many units of `quote` one euro is worth on a day."""

    day: date
    quote: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class EuroRates:
    """What a file holds: its rates in the file's order, the currencies of its columns, its first and last day."""

    rates: tuple[EuroRate, ...]
    currencies: tuple[str, ...]
    first_day: date
    last_day: date


class NotEuroRates(ValueError):
    """The file cannot be read; `sentences` say where (each with its line) and what to do."""

    def __init__(self, sentences: Collection[str]) -> None:
        self.sentences = tuple(sentences)
        super().__init__(" ".join(self.sentences))


def read_rates(content: bytes, currencies: Collection[str] = ()) -> EuroRates:
    """Read a file of reference rates, or a zip that holds one; `currencies` limits what is taken (empty: all).

    Raises NotEuroRates, and then nothing of the file counts: with up to twenty of its problems.
    """
    reading = _Reading(frozenset(currencies))
    rates = tuple(reading.rates(_text(content)))
    if reading.problems:
        raise NotEuroRates(reading.problems)
    if not reading.days:
        raise NotEuroRates(["Line 2: there is no day of rates. Download the file again."])
    return EuroRates(rates, reading.codes, min(reading.days), max(reading.days))


def _text(content: bytes) -> str:
    plain = _unpacked(content) if content.startswith(_ZIP) else content
    try:
        return plain.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = plain.count(b"\n", 0, error.start) + 1
        raise NotEuroRates([f"Line {line}: this is no text. Choose eurofxref-hist.csv or its zip."]) from None


def _unpacked(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            names = [name for name in packed.namelist() if name.lower().endswith(".csv")]
            if len(names) != 1:
                raise NotEuroRates([f"The zip holds {len(names)} CSV files. Choose one that holds one."])
            with packed.open(names[0]) as file:
                plain = file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise NotEuroRates(["The zip cannot be opened. Download it again."]) from error
    if len(plain) > MOST_BYTES:
        raise NotEuroRates([f"The file is larger than {MOST_BYTES >> 20} MB: it holds more than rates."])
    return plain


class _Reading:
    """One reading of a file: what its columns are, the days seen, the problems found."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self.wanted = wanted
        self.codes: tuple[str, ...] = ()
        self.days: dict[date, int] = {}
        self.problems: list[str] = []

    def rates(self, text: str) -> Iterator[EuroRate]:
        """Yield the rates; what is wrong is noted, and the reading ends after too much of it."""
        rows = csv.reader(StringIO(text, newline=""))
        try:
            self._head(next(rows, []))
            for cells in rows:
                if len(self.problems) >= _MOST_PROBLEMS or not self.codes:
                    return
                if any(cell.strip() for cell in cells):
                    yield from self._row(rows.line_num, _trimmed(cells))
        except csv.Error as error:
            self._note(rows.line_num, f"this is no CSV ({error}). Download the file again.")

    def _note(self, line: int, sentence: str) -> None:
        self.problems.append(f"Line {line}: {sentence}")

    def _head(self, cells: list[str]) -> None:
        first, *codes = _trimmed(cells) or [""]
        if first != "Date" or not codes:
            self._note(
                1,
                "the columns are not `Date, USD, …`. Choose eurofxref-hist.csv or eurofxref.csv of the bank.",
            )
            return
        for code in codes:
            if not _CODE.fullmatch(code) or code == BASE:
                self._note(1, f"“{code}” is no currency that the euro has a rate in.")
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            self._note(1, f"{code} has two columns. Remove one.")
        self.codes = tuple(codes)

    def _row(self, line: int, cells: list[str]) -> Iterator[EuroRate]:
        day = self._day(line, cells[0])
        if len(cells) - 1 != len(self.codes):
            self._note(line, f"there are {len(cells) - 1} rates for {len(self.codes)} currencies.")
            return
        for code, cell in zip(self.codes, cells[1:], strict=True):
            if cell in _NO_RATE:
                continue
            rate = _rate(cell)
            if rate is None:
                self._note(line, f"“{cell}” of {code} is not a rate such as 1.0842, with up to 8 decimals.")
            elif day is not None and (not self.wanted or code in self.wanted):
                yield EuroRate(day, code, rate)

    def _day(self, line: int, cell: str) -> date | None:
        day = _day(cell)
        if day is None:
            self._note(line, f"“{cell}” is not a day such as 2026-11-20 or 20 November 2026.")
        elif day in self.days:
            self._note(line, f"{day} stands in line {self.days[day]} too. Remove one of them.")
        else:
            self.days[day] = line
        return day


def _trimmed(cells: list[str]) -> list[str]:
    """The cells without what follows the last comma, which both files end their lines with."""
    stripped = [cell.strip() for cell in cells]
    return stripped[:-1] if stripped and not stripped[-1] else stripped


def _day(cell: str) -> date | None:
    written = _LONG_DAY.fullmatch(cell)
    try:
        if written is None:
            return date.fromisoformat(cell) if len(cell) == len("2026-11-20") else None
        return date(int(written[3]), _MONTHS.index(written[2]) + 1, int(written[1]))
    except ValueError:
        return None


def _rate(cell: str) -> Decimal | None:
    if not _RATE.fullmatch(cell):
        return None
    rate = Decimal(cell)
    return rate if rate else None
