"""Streaming an export: every record becomes a row or a refusal, and is added up.

What is kept while a file streams are bounded caches, the control totals and, to tell identical genuine rows apart,
eight bytes of hash per row (about 8 MB for 100,000 rows).
"""

import csv
import weakref
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from hashlib import blake2b
from operator import itemgetter
from typing import BinaryIO, NamedTuple

from workledger.connect.calc import values
from workledger.connect.calc.formats import BY_NAME, FIELDS, FormatName
from workledger.connect.calc.opening import Options, Profile, Source, header_of, look_at, records
from workledger.connect.calc.rows import ParsedRow, RefusedRow
from workledger.connect.calc.totals import ControlTotals
from workledger.connect.calc.values import CellError, DateOrder, Duration, Memo

_FIELD_LIMIT = 131_072  # the csv module's own, named because reasons mention it


class TimeExport:
    """An opened export. Iterate it for its rows, as often as needed; `totals` are those of the last pass."""

    def __init__(self, file: BinaryIO, profile: Profile, options: Options) -> None:
        self._file = file
        self._options = options
        self.profile = profile
        self.totals = ControlTotals()

    def __iter__(self) -> Iterator[ParsedRow | RefusedRow]:
        self.totals = totals = ControlTotals()
        add_row, add_refused = totals.add_row, totals.add_refused
        for row in _read_rows(self._file, self.profile, self._options):
            if type(row) is ParsedRow:
                add_row(row)
            else:
                add_refused()
            yield row


def open_time_export(
    source: Source, *, source_format: FormatName, options: Options | None = None
) -> TimeExport:
    """Look at a file once and return what streams it.

    `source` is a binary file, or lines with their ends (or any pieces) as bytes or text; what cannot be read twice is
    copied to a temporary file first. The file is not closed. Raises `UnreadableFile`.
    """
    options = options or Options()
    file, profile = look_at(source, source_format=source_format, options=options)
    export = TimeExport(file, profile, options)
    if file is not source:
        weakref.finalize(export, file.close)
    return export


class _Person(NamedTuple):
    name: str
    email: str | None
    key: str


class _Work(NamedTuple):
    client: str | None
    project: str
    code: str | None
    phase: str | None
    task: str | None
    key: str


class _Day(NamedTuple):
    date: date
    key: str


class _Start(NamedTuple):
    time: time | None
    key: str


class _Cells:
    """The cached readers of one pass: one per kind of cell, each bound to how this file writes it."""

    def __init__(self, profile: Profile, options: Options) -> None:
        fmt = BY_NAME[profile.format]
        number = partial(values.parse_decimal, mark=profile.decimal_mark)
        zero_is_none = fmt.zero_rate_is_none
        self.days = Memo(partial(_day, order=profile.date_order))
        self.people = Memo(partial(_person, options=options))
        self.work = Memo(partial(_work, options=options))
        self.durations: Memo[str, Duration] = Memo(values.parse_duration)
        self.billable_hours: Memo[str, Duration] = Memo(
            partial(values.parse_duration, what="the billable hours")
        )
        self.flags = Memo(partial(_flag, what="billable"))
        self.invoiced = Memo(partial(_flag_or_no, what="invoiced"))
        self.rates = Memo(partial(_rate, number=number, what="the rate", zero_is_none=zero_is_none))
        self.cost_rates = Memo(partial(_rate, number=number, what="the cost rate", zero_is_none=zero_is_none))
        self.amounts = Memo(partial(_amount, number=number))
        self.currencies = Memo(_currency)
        self.starts = Memo(_start)
        self.roles = Memo(partial(_optional_name, what="the role"))
        self.tags = Memo(_tags)


def _day(text: str, order: DateOrder | None) -> _Day:
    day = values.parse_date(text, order=order)
    if not 1970 <= day.year <= 2200:
        raise CellError(f"the date {values.shown(text)} is too far away")
    return _Day(day, day.isoformat())


def _person(cells: tuple[str, str, str, str, str], options: Options) -> _Person:
    name, username, first, last, email = cells
    full = values.clean_name(name, "the person") or values.clean_name(f"{first} {last}", "the person")
    address = values.clean_name(email, "the email").casefold()
    full = full or values.clean_name(username, "the person") or address or (options.person or "")
    if not full:
        raise CellError("there is no person")
    return _Person(full, address or None, address or full.casefold())


def _work(cells: tuple[str, str, str, str, str], options: Options) -> _Work:
    client, project, code, phase, task = (
        values.clean_name(cell, what)
        for cell, what in zip(
            cells, ("the client", "the project", "the project code", "the phase", "the task"), strict=True
        )
    )
    project = project or options.project or ""
    if not project:
        raise CellError("there is no project; choose one for time without a project, or add it in the file")
    return _Work(
        client or None, project, code or None, phase or None, task or None, f"{client}\x1f{project}\x1f{task}"
    )


def _flag(text: str, what: str) -> bool | None:
    return values.parse_flag(text, what=what) if text.strip() else None


def _flag_or_no(text: str, what: str) -> bool:
    return bool(_flag(text, what))


def _rate(text: str, number: Callable[..., Decimal], what: str, zero_is_none: bool) -> Decimal | None:
    if not text.strip():
        return None
    rate = number(text, what=what)
    if rate < 0:
        raise CellError(f"{what} {values.shown(text)} is negative")
    return None if zero_is_none and not rate else rate


def _amount(text: str, number: Callable[..., Decimal]) -> Decimal | None:
    return number(text, what="the amount") if text.strip() else None


def _currency(text: str) -> str | None:
    return values.parse_currency(text) if text.strip() else None


def _start(text: str) -> _Start:
    if not text.strip():
        return _Start(None, "")
    clock = values.parse_clock(text)
    return _Start(clock, clock.isoformat())


def _optional_name(text: str, what: str) -> str | None:
    return values.clean_name(text, what) or None


def _tags(text: str) -> tuple[str, ...]:
    return tuple(
        tag for part in text.replace(";", ",").split(",") if (tag := values.clean_name(part, "the tag"))
    )


class _Line(NamedTuple):
    """The cells of a record by field, in the order of `FIELDS`; empty where the file has no such column."""

    amount: str
    billable: str
    billable_hours: str
    client: str
    cost_amount: str
    cost_rate: str
    currency: str
    date: str
    decimal_duration: str
    duration: str
    email: str
    end: str
    end_date: str
    external_id: str
    first_name: str
    fixed_price: str
    invoiced: str
    last_name: str
    note: str
    person: str
    phase: str
    project: str
    project_code: str
    rate: str
    role: str
    start: str
    tags: str
    task: str
    username: str


assert _Line._fields == FIELDS, "a column of a format has no place in a line"


def _read_rows(file: BinaryIO, profile: Profile, options: Options) -> Iterator[ParsedRow | RefusedRow]:
    columns = profile.columns
    width = columns.width
    # Where a column is missing, the cell is the empty one that is put behind every record.
    pick = itemgetter(*(columns.positions.get(field, width) for field in FIELDS))
    read = _row_reader(profile, options)
    with records(file, profile.encoding, profile.delimiter) as reader:
        header_of(reader)
        behind = reader.line_num
        while True:
            try:
                for record in reader:
                    line, behind = behind + 1, reader.line_num
                    if len(record) != width:
                        if not record:
                            continue
                        if len(record) > width:
                            if any(cell.strip() for cell in record[width:]):
                                yield RefusedRow(line, _too_many_cells(len(record), width))
                                continue
                            del record[width:]
                        record.extend([""] * (width - len(record)))
                    record.append("")
                    row = read(line, record, pick(record))
                    if row is not None:
                        yield row
            except csv.Error as error:
                yield RefusedRow(behind + 1, _broken_record(error, behind + 1, reader.line_num))
                behind = reader.line_num
                continue
            return


def _too_many_cells(cells: int, width: int) -> str:
    return f"it has {cells} cells and the header has {width}; a text with the delimiter in it needs quotes"


def _broken_record(error: csv.Error, first: int, last: int) -> str:
    text = str(error)
    span = f" (lines {first} to {last})" if last > first else ""
    if "unexpected end of data" in text:
        return f"a quote is opened and never closed, up to the end of the file{span}"
    if "field larger" in text:
        return f"a cell is longer than {_FIELD_LIMIT:,} characters; probably a quote is not closed{span}"
    return f"the quotes are not right: a closing quote must be followed by the delimiter{span}"


def _row_reader(
    profile: Profile, options: Options
) -> Callable[[int, list[str], tuple[str, ...]], ParsedRow | RefusedRow | None]:
    """The function that reads one record. It is one long function on purpose: it runs once per row of the file."""
    cells = _Cells(profile, options)
    days, people, work, durations = cells.days, cells.people, cells.work, cells.durations
    flags, invoiced_flags, rates, cost_rates = cells.flags, cells.invoiced, cells.rates, cells.cost_rates
    amounts, currencies, starts, roles, all_tags = (
        cells.amounts,
        cells.currencies,
        cells.starts,
        cells.roles,
        cells.tags,
    )
    columns = profile.columns
    source = profile.format
    stated_currency = columns.currency or options.currency
    several_amounts = columns.amounts if len(columns.amounts) > 1 else ()
    is_kimai = source == "kimai"
    price_tells = is_kimai and "billable" not in columns.positions and "amount" in columns.positions
    fingerprint_of = _fingerprints()
    new = tuple.__new__

    def read(line: int, record: list[str], picked: tuple[str, ...]) -> ParsedRow | RefusedRow | None:
        (
            amount_cell, billable_cell, billable_hours_cell, client_cell, cost_amount_cell, cost_rate_cell,
            currency_cell, date_cell, decimal_cell, duration_cell, email_cell, end_cell, end_date_cell, id_cell,
            first_cell, fixed_cell, invoiced_cell, last_cell, note, person_cell, phase_cell, project_cell,
            code_cell, rate_cell, role_cell, start_cell, tags_cell, task_cell, user_cell,
        ) = picked  # fmt: skip
        try:
            day, day_key = days[date_cell]
            name, email, person_key = people[person_cell, user_cell, first_cell, last_cell, email_cell]
            client, project, code, phase, task, work_key = work[
                client_cell, project_cell, code_cell, phase_cell, task_cell
            ]
            started, start_key = starts[start_cell]
            if duration_cell and not duration_cell.isspace():
                seconds, rounded = durations[duration_cell]
            elif decimal_cell and not decimal_cell.isspace():
                seconds, rounded = durations[decimal_cell]
            else:
                seconds, rounded = _between(days, day, started, end_date_cell, end_cell), False
            currency = currencies[currency_cell] or stated_currency
            if several_amounts:
                amount_cell, currency = _amount_of(record, several_amounts, currency)
            amount = amounts[amount_cell]
            rate = rates[rate_cell]
            cost_rate = cost_rates[cost_rate_cell]
            if is_kimai:
                if amounts[fixed_cell]:
                    rate = None  # a fixed price is the price of the entry, not of an hour
                cost_rate = _per_hour(amounts[cost_amount_cell], seconds)
            billable = flags[billable_cell]
            if billable is None:
                billable = bool(amount) if price_tells else True
            if billable_hours_cell:
                billable, billable_seconds, rounded = _billable(
                    cells, source, picked, billable, seconds, rounded
                )
            else:
                billable_seconds = seconds if billable else 0
            invoiced = invoiced_flags[invoiced_cell]
            role = roles[role_cell]
            tags = all_tags[tags_cell]
            external_id = _optional_name(id_cell, "the id") if id_cell else None
        except CellError as error:
            if not any(cell.strip() for cell in record):
                return None
            return RefusedRow(line, "; ".join(_problems(cells, _Line(*picked)) or [str(error)]))
        note = note.strip()
        if "\r" in note or "\0" in note:
            note = values.clean_text(note)
        identity = (
            f"{source}\x1f{day_key}\x1f{person_key}\x1f{work_key}\x1f{note}\x1f{seconds}\x1f{start_key}"
        )
        fingerprint = fingerprint_of(identity.encode())
        return new(
            ParsedRow,
            (
                line, day, name, email, client, project, code, phase, task, note, seconds, billable, billable_seconds,
                rate, amount, cost_rate, currency, role, tags, external_id, started, invoiced, rounded, fingerprint,
            ),
        )  # fmt: skip

    return read


def _fingerprints() -> Callable[[bytes], bytes]:
    """The fingerprint of an identity; when the same identity comes again in the file, its number enters too."""
    seen: set[int] = set()
    repeats: dict[int, int] = {}

    def fingerprint_of(identity: bytes) -> bytes:
        digest = blake2b(identity, digest_size=16)
        fingerprint = digest.digest()
        short = int.from_bytes(fingerprint[:8], "little")
        if short not in seen:
            seen.add(short)
            return fingerprint
        occurrence = repeats[short] = repeats.get(short, 0) + 1
        digest.update(b"\x1f%d" % occurrence)
        return digest.digest()

    return fingerprint_of


def _between(days: Memo[str, _Day], day: date, started: time | None, end_date: str, end: str) -> int:
    """Seconds from start to end; an end before the start, without a date of its own, is on the next day."""
    if started is None or not end.strip():
        raise CellError("there is no duration")
    begins = datetime.combine(day, started)
    ends = datetime.combine(
        days[end_date].date if end_date.strip() else day, values.parse_clock(end, what="the end time")
    )
    if ends < begins and not end_date.strip():
        ends += timedelta(days=1)
    seconds = int((ends - begins).total_seconds())
    if seconds < 0:
        raise CellError("the end is before the start")
    if seconds > values.LONGEST_ENTRY_SECONDS:
        raise CellError("from start to end are more than 24 hours; split it by day")
    return seconds


def _amount_of(
    record: list[str], columns: tuple[tuple[int, str | None], ...], currency: str | None
) -> tuple[str, str | None]:
    """The one filled amount of a row with a column per currency; zeros count only when nothing else is there."""
    filled = [(record[at], code) for at, code in columns if record[at].strip()]
    worth = [pair for pair in filled if pair[0].strip(" 0.,")]
    if len(worth) > 1:
        raise CellError(f"there are amounts in {len(worth)} currencies")
    cell, code = (worth or filled or [("", None)])[0]
    return cell, code or currency


def _per_hour(amount: Decimal | None, seconds: int) -> Decimal | None:
    if not amount or amount < 0 or not seconds:
        return None
    exact = amount * values.SECONDS_PER_HOUR / seconds
    return values.implied_rate(amount, seconds) or exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _billable(
    cells: _Cells, source: FormatName, picked: tuple[str, ...], billable: bool, seconds: int, rounded: bool
) -> tuple[bool, int, bool]:
    """Billable time where the file states it apart from worked time.

    Harvest's rounded hours say what would be billed if the entry were billable; in a plain file the hours
    themselves are the statement, and hours on a row that says no contradict it.
    """
    line = _Line(*picked)
    if not line.billable_hours.strip():
        return billable, seconds if billable else 0, rounded
    stated = cells.billable_hours[line.billable_hours]
    if source == "harvest":
        return billable, stated.seconds if billable else 0, rounded
    if not billable and stated.seconds:
        raise CellError(f"it is not billable and has billable hours {values.shown(line.billable_hours)}")
    if billable and line.billable.strip() == "":
        billable = stated.seconds > 0
    return billable, stated.seconds, rounded or stated.rounded


def _problems(cells: _Cells, line: _Line) -> list[str]:
    """Every reason why a row is refused that lies in a single cell; the way taken only after a reason was met."""
    tries: list[Callable[[], object]] = [
        lambda: cells.days[line.date],
        lambda: cells.people[line.person, line.username, line.first_name, line.last_name, line.email],
        lambda: cells.work[line.client, line.project, line.project_code, line.phase, line.task],
        lambda: cells.starts[line.start],
        lambda: _duration_of(cells, line),
        lambda: cells.currencies[line.currency],
        lambda: cells.amounts[line.amount],
        lambda: cells.amounts[line.fixed_price],
        lambda: cells.amounts[line.cost_amount],
        lambda: cells.rates[line.rate],
        lambda: cells.cost_rates[line.cost_rate],
        lambda: cells.flags[line.billable],
        lambda: cells.invoiced[line.invoiced],
        lambda: line.billable_hours.strip() and cells.billable_hours[line.billable_hours],
        lambda: cells.roles[line.role],
        lambda: cells.tags[line.tags],
        lambda: _optional_name(line.external_id, "the id"),
    ]
    found: list[str] = []
    for attempt in tries:
        try:
            attempt()
        except CellError as error:
            found.append(str(error))
    return found


def _duration_of(cells: _Cells, line: _Line) -> None:
    stated = line.duration.strip() or line.decimal_duration.strip()
    if stated:
        cells.durations[stated]
    elif line.date.strip():
        day = cells.days.get(line.date)
        if day is not None:
            _between(cells.days, day.date, cells.starts[line.start].time, line.end_date, line.end)
