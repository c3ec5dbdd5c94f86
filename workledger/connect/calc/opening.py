"""The first look at a file: all that a single row cannot settle.

Encoding, delimiter (from the header alone), which columns there are, whether the day or the month comes first and which
decimal mark the file uses. The look ends as soon as everything is settled, for most exports within a few lines.
"""

import codecs
import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO, Literal, Protocol, cast

from workledger.connect.calc import values
from workledger.connect.calc.formats import (
    BY_NAME,
    Columns,
    Format,
    FormatName,
    detect_format,
    map_columns,
    missing_columns,
)
from workledger.connect.calc.values import DateEvidence, DateOrder, DecimalMark, Memo

Source = BinaryIO | Iterable[bytes] | Iterable[str]
OrderSource = Literal["stated", "shown by the dates", "not needed", "assumed"]

_DELIMITERS = (",", ";", "\t")
_CHUNK = 1 << 20
_SPOOLED_IN_MEMORY = 8 << 20
_NOT_TEXT = (
    (b"PK\x03\x04", "an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
)


class Reader(Protocol):
    """What the csv module reads with: records, and the number of lines taken so far."""

    @property
    def line_num(self) -> int:
        """Physical lines read."""

    def __iter__(self) -> Iterator[list[str]]:
        """Itself."""

    def __next__(self) -> list[str]:
        """The next record."""


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; nothing of it was.

    `code`: not_text, empty_file, wrong_format, missing_columns or mixed_dates. `looks_like` names the format whose
    columns the file has, where one fits.
    """

    def __init__(self, code: str, message: str, *, looks_like: FormatName | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.looks_like = looks_like


@dataclass(frozen=True, slots=True)
class Options:
    """What the person who imports may state, each where the file leaves it open.

    `person`: whose time it is, for exports of one's own time. `project`: where time without a project goes; without it
    such rows are refused. `currency`: of amounts for which the file names none.
    """

    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    person: str | None = None
    project: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """How a file is read. `notes` are sentences for the preview: all that was assumed or ignored."""

    format: FormatName
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: Columns
    date_order: DateOrder | None
    date_order_source: OrderSource
    decimal_mark: DecimalMark | None
    notes: tuple[str, ...]


def look_at(source: Source, *, source_format: FormatName, options: Options) -> tuple[BinaryIO, Profile]:
    """Look at a file once; returns the file, rewindable, and how to read it.

    `source` is a binary file, or lines with their ends (or any pieces) as bytes or text; what cannot be read twice is
    copied to a temporary file first. The file is not closed. Raises `UnreadableFile`.
    """
    file = _rewindable(source)
    fmt = BY_NAME[source_format]
    encoding = _find_encoding(file)
    delimiter, header = _find_header(file, encoding, fmt)
    columns = map_columns(header, fmt)
    _require_columns(header, columns, fmt, options)
    survey = _survey(file, encoding, delimiter, columns, options)
    order, order_source = _settle_order(survey, fmt, options)
    mark = options.decimal_mark or survey.mark or ("," if delimiter == ";" else None)
    notes = list(_notes(fmt, encoding, columns, order, order_source))
    if survey.open_number and not (options.decimal_mark or survey.mark):
        taken = "comma" if mark == "," else "dot"
        notes.append(
            f"{values.shown(survey.open_number)} can be read in two ways; the {taken} was taken as decimal mark."
        )
    profile = Profile(
        format=fmt.name,
        encoding=encoding,
        delimiter=delimiter,
        header=tuple(header),
        columns=columns,
        date_order=order,
        date_order_source=order_source,
        decimal_mark=mark,
        notes=tuple(notes),
    )
    return file, profile


def _rewindable(source: Source) -> BinaryIO:
    if isinstance(source, io.IOBase) and source.seekable() and not isinstance(source, io.TextIOBase):
        source.seek(0)
        return cast(BinaryIO, source)
    # It lives as long as the export is read, and the system removes it with the last reference.
    spool = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_SPOOLED_IN_MEMORY))  # noqa: SIM115
    for line in cast(Iterable[bytes | str], source):
        spool.write(line.encode("utf-8", "replace") if isinstance(line, str) else line)
    spool.seek(0)
    return spool


def _find_encoding(file: BinaryIO) -> str:
    start = file.read(4)
    for magic, what in _NOT_TEXT:
        if start.startswith(magic):
            raise UnreadableFile("not_text", f"This is {what}. Save or export it as CSV and try again.")
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(start) == 4 and start[1] == start[3] == 0 and start[0] and start[2]:
        return "utf-16-le"
    if len(start) == 4 and start[0] == start[2] == 0 and start[1] and start[3]:
        return "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


@contextmanager
def records(file: BinaryIO, encoding: str, delimiter: str) -> Iterator[Reader]:
    """A strict csv reader over the file from its start; the file stays open afterwards.

    Strict, because otherwise a quote that is never closed swallows the rest of the file without a word.
    """
    file.seek(0)
    text = io.TextIOWrapper(cast(IO[bytes], file), encoding=encoding, errors="replace", newline="")
    try:
        yield csv.reader(text, delimiter=delimiter, strict=True)
    finally:
        text.detach()


def header_of(reader: Reader) -> list[str]:
    """The first record that is not blank, past the `sep=;` line that Excel reads and writes."""
    for record in reader:
        if any(cell.strip() for cell in record) and not record[0].casefold().startswith("sep="):
            return record
    return []


def _find_header(file: BinaryIO, encoding: str, fmt: Format) -> tuple[str, list[str]]:
    candidates: list[tuple[int, int, str, list[str]]] = []
    for delimiter in _DELIMITERS:
        with records(file, encoding, delimiter) as reader:
            try:
                header = header_of(reader)
            except csv.Error:
                continue
        known = len(map_columns(header, fmt).positions)
        candidates.append((known, len(header), delimiter, header))
    best = max(candidates, key=lambda candidate: candidate[:2], default=(0, 0, ",", []))
    if not best[3]:
        raise UnreadableFile(
            "empty_file", "The file has no header line. Export it again and check that it is not empty."
        )
    return best[2], best[3]


def recognized(file: BinaryIO) -> FormatName:
    """Return whose export a file is by its head; 'csv' where no other tool's columns fit. Raises `UnreadableFile`."""
    _, header = _find_header(file, _find_encoding(file), BY_NAME["csv"])
    return detect_format(header) or "csv"


def _require_columns(header: list[str], columns: Columns, fmt: Format, options: Options) -> None:
    given = frozenset(
        field
        for field, value in (
            ("person", options.person),
            ("first_name", options.person),
            ("project", options.project),
        )
        if value
    )
    missing = missing_columns(columns, fmt, given=given)
    if not missing:
        return
    found = ", ".join(cell.strip() for cell in header if cell.strip())
    other = detect_format(header)
    if other is not None and other != fmt.name:
        raise UnreadableFile(
            "wrong_format",
            f"This looks like a {BY_NAME[other].label} export, not {fmt.label}: "
            f"it has no column {'; '.join(missing)}. Import it as {other}. Columns found: {found}.",
            looks_like=other,
        )
    expected = ", ".join(names[0] for names in fmt.columns.values())
    raise UnreadableFile(
        "missing_columns",
        f"The file has no column {'; '.join(missing)}. Columns found: {found}. "
        f"Columns of {fmt.label} that are read: {expected}.",
        looks_like=other,
    )


@dataclass(slots=True)
class _Survey:
    """What the cells prove together. Lines of the first proof of each order, for the sentence when they clash."""

    undecided: bool = False
    day_first: tuple[int, str] | None = None
    month_first: tuple[int, str] | None = None
    twelve_hours: bool = False
    mark: DecimalMark | None = None
    open_number: str | None = None


def _survey(file: BinaryIO, encoding: str, delimiter: str, columns: Columns, options: Options) -> _Survey:
    survey = _Survey()
    date_at = columns.positions["date"]
    start_at = columns.positions.get("start")
    numbers_at = [
        columns.positions[f] for f in ("rate", "amount", "cost_rate", "duration") if f in columns.positions
    ]
    order_open, mark_open = options.date_order is None, options.decimal_mark is None
    evidence = Memo(values.date_evidence)
    with records(file, encoding, delimiter) as reader:
        header_of(reader)
        while order_open or mark_open:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error:
                continue
            if record is None:
                break
            if len(record) <= date_at:
                continue
            if order_open:
                seen = evidence[record[date_at]]
                if seen is not None:
                    start = record[start_at] if start_at is not None and start_at < len(record) else ""
                    order_open = _weigh_date(survey, seen, (line, record[date_at]), start)
            if mark_open:
                mark_open = _weigh_numbers(survey, [record[at] for at in numbers_at if at < len(record)])
    return survey


def _weigh_date(survey: _Survey, seen: DateEvidence, where: tuple[int, str], start: str) -> bool:
    """Note what a date proves; says whether the order is still open."""
    if not seen.needs_order:
        # One date in a form that needs no order: the tool writes them all so, unless others came before.
        return survey.undecided or bool(survey.day_first or survey.month_first)
    if seen.order == "day_first":
        survey.day_first = survey.day_first or where
    elif seen.order == "month_first":
        survey.month_first = survey.month_first or where
    else:
        survey.undecided = True
        survey.twelve_hours = survey.twelve_hours or start.rstrip(". ").casefold().endswith("m")
    return True


def _weigh_numbers(survey: _Survey, cells: list[str]) -> bool:
    """Note what numbers prove of the decimal mark; says whether it is still open."""
    for cell in cells:
        survey.mark = survey.mark or values.decimal_mark_shown(cell)
        if survey.open_number is None and ("," in cell or "." in cell):
            survey.open_number = cell
    return survey.mark is None


def _settle_order(survey: _Survey, fmt: Format, options: Options) -> tuple[DateOrder | None, OrderSource]:
    if options.date_order:
        return options.date_order, "stated"
    if survey.day_first and survey.month_first:
        (day_line, day), (month_line, month) = survey.day_first, survey.month_first
        raise UnreadableFile(
            "mixed_dates",
            f"The dates contradict each other: “{day}” on line {day_line} has the day first, “{month}” on line "
            f"{month_line} the month. Export again with one date format, or state which comes first.",
        )
    if survey.day_first:
        return "day_first", "shown by the dates"
    if survey.month_first:
        return "month_first", "shown by the dates"
    if survey.undecided:
        return ("month_first" if survey.twelve_hours else fmt.ambiguous_order), "assumed"
    return None, "not needed"


def _notes(
    fmt: Format, encoding: str, columns: Columns, order: DateOrder | None, order_source: OrderSource
) -> Iterator[str]:
    if order_source == "assumed":
        first = "month" if order == "month_first" else "day"
        yield f"No date in the file shows whether the day or the month comes first; the {first} was taken to come first. Check the dates."
    if encoding == "cp1252":
        yield "The file is not UTF-8; it was read as Windows-1252. Check names with accents."
    if "billable" not in columns.positions and "billable_hours" not in columns.positions:
        if fmt.name == "kimai" and "amount" in columns.positions:
            yield "There is no billable column; entries with a price were taken as billable."
        else:
            yield "There is no billable column; all hours were taken as billable."
    if columns.ignored:
        yield f"Columns not read: {', '.join(columns.ignored)}."
