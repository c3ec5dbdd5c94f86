"""Time to simulate with, before it stands on contract lines: rows of a file, or of an assumed week.

A row names people, roles and lines as somebody wrote them; `stand` finds who and what is meant and collects every row
that cannot be understood, with its line in the file.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from workledger.billing.calc.work import Worked

COLUMNS = ("date", "person", "role", "hours", "line", "task", "kind", "rate")
MOST_ROWS = 500_000
_NEEDED = ("date", "hours")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_DAY_SECONDS = 86_400
_WEEK = 7


class RowProblem(NamedTuple):
    """Why a row is not understood: its line in the file (0 for the whole), the column, a sentence."""

    line: int
    column: str
    message: str


class RowsInvalid(ValueError):
    """Time that is not understood, with every problem."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"line {each.line}: {each.message}" for each in problems))


class TimeRow(NamedTuple):
    """Time as written: `number` is its line in the file; `worker` tells people of one role apart who have no name."""

    number: int
    day: date
    person: str
    role: str
    seconds: int
    line: str = ""
    task: str = ""
    kind: str = ""
    rate: Decimal | None = None
    worker: int = 0


@dataclass(frozen=True, slots=True)
class WeeklyTime:
    """An assumption: so many people of a role, or a person, work these hours of each week on a line.

    `weekdays` count from Monday, 0. The hours are spread evenly over them.
    """

    hours_per_week: Decimal
    role: str = ""
    person: str = ""
    people: int = 1
    line: str = ""
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)


class Worker(NamedTuple):
    """Who worked: `person_id` tells people apart; negative where nobody is named."""

    person_id: int
    role_id: int | None
    is_holiday: bool = False


class Registry:
    """Numbers for names, as they come: equal but for capitals is the same name."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self.names: dict[int, str] = {}

    def id_of(self, name: str) -> int:
        """Return the number of a name, from 1."""
        found = self._ids.setdefault(name.casefold(), len(self._ids) + 1)
        self.names.setdefault(found, name)
        return found


# --- reading ------------------------------------------------------------------------------------------------


def read_time(text: str) -> list[TimeRow]:
    """Read a CSV file of time with a header. Columns: date and hours, person or role; line, task, kind, rate may be left out.

    Hours are decimal ('7.5') or a clock's ('7:30'). Raises `RowsInvalid` with every row that is not understood.
    """
    lines = text.lstrip("\ufeff").splitlines()
    if not lines:
        raise RowsInvalid([RowProblem(0, "", "The file is empty. Give it a header: date,person,role,hours.")])
    separator = ";" if lines[0].count(";") > lines[0].count(",") else ","
    reader = csv.reader(lines, delimiter=separator)
    header = [name.strip().casefold() for name in next(reader)]
    problems = _header_problems(header)
    if problems:
        raise RowsInvalid(problems)
    rows: list[TimeRow] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= MOST_ROWS:
            problems.append(RowProblem(reader.line_num, "", f"A file has at most {MOST_ROWS:,} rows."))
            break
        values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        row = _row(reader.line_num, values, problems)
        if row is not None:
            rows.append(row)
    if problems:
        raise RowsInvalid(problems)
    return rows


def _header_problems(header: Sequence[str]) -> list[RowProblem]:
    found = [
        RowProblem(1, name, f"The column '{name}' is missing. The first line names the columns: {','.join(COLUMNS)}.")
        for name in _NEEDED
        if name not in header
    ]  # fmt: skip
    if "person" not in header and "role" not in header:
        found.append(RowProblem(1, "role", "A column 'person' or 'role' is missing: say who worked."))
    found += [
        RowProblem(1, name, f"There is no column '{name}'. The columns are {', '.join(COLUMNS)}.")
        for name in header
        if name not in COLUMNS
    ]
    return found


def _row(number: int, values: Mapping[str, str], problems: list[RowProblem]) -> TimeRow | None:
    before = len(problems)

    def bad(column: str, message: str) -> None:
        problems.append(RowProblem(number, column, message))

    day, seconds, rate = date.min, 0, None
    try:
        day = date.fromisoformat(values.get("date", ""))
    except ValueError:
        bad("date", f"'{values.get('date', '')}' is no date. Write it as 2026-03-31.")
    try:
        seconds = seconds_in(values.get("hours", ""))
    except ValueError as error:
        bad("hours", str(error))
    if values.get("rate"):
        try:
            rate = _amount(values["rate"])
        except ValueError as error:
            bad("rate", str(error))
    if not values.get("person") and not values.get("role"):
        bad("role", "Say who worked: a person or a role.")
    if len(problems) > before:
        return None
    return TimeRow(
        number, day, values.get("person", ""), values.get("role", ""), seconds, values.get("line", ""),
        values.get("task", ""), values.get("kind", ""), rate,
    )  # fmt: skip


def seconds_in(text: str) -> int:
    """Return hours as seconds: '7.5' or '7:30'. Raises ValueError with a sentence."""
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        found = hours * 3600 + minutes * 60 + seconds
    else:
        try:
            exact = Decimal(text) * 3600
        except InvalidOperation:
            raise ValueError(f"'{text}' are no hours. Write them as 7.5 or 7:30.") from None
        if not exact.is_finite():
            raise ValueError(f"'{text}' are no hours. Write them as 7.5 or 7:30.")
        found = int(exact.to_integral_value())
    if not 0 <= found <= _DAY_SECONDS:
        raise ValueError(f"'{text}' are not from 0 to 24 hours.")
    return found


def _amount(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"'{text}' is no amount. Write it as 120 or 120.50.") from None
    if not found.is_finite() or not 0 <= found < Decimal(10) ** 8:
        raise ValueError(f"'{text}' is no rate per hour.")
    return found


# --- assumed weeks, past time -------------------------------------------------------------------------------


def weekly_rows(assumed: Sequence[WeeklyTime], start: date, end: date) -> list[TimeRow]:
    """Return the time of assumed weeks on the half-open [start, end), by day."""
    rows: list[TimeRow] = []
    shares = [_shares(each) for each in assumed]
    day = start
    while day < end:
        for number, (each, share) in enumerate(zip(assumed, shares, strict=True), start=1):
            seconds = share.get(day.weekday(), 0)
            if seconds:
                rows += [
                    TimeRow(number, day, each.person, each.role, seconds, each.line, worker=worker)
                    for worker in range(1 if each.person else each.people)
                ]
        day += timedelta(days=1)
    return rows


def _shares(each: WeeklyTime) -> dict[int, int]:
    """Return the seconds of each weekday; the last takes what dividing left."""
    total = int(each.hours_per_week * 3600)
    days = sorted(set(each.weekdays))
    part = total // len(days)
    return dict.fromkeys(days[:-1], part) | {days[-1]: total - part * (len(days) - 1)}


def shift_days(past: date, start: date) -> int:
    """Return by how many days past time moves to a start: whole weeks, so that weekdays stay, and never before it."""
    return -(-(start - past).days // _WEEK) * _WEEK


# --- standing -----------------------------------------------------------------------------------------------


class LineName(NamedTuple):
    """What a line is known by, and called."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What rows stand on: key and name of lines by casefolded name, numbers of tasks, kinds of work, who worked, rates.

    `worker` gives who a row is of, or a problem; `rate` what an hour costs on a line, None if nothing holds.
    """

    lines: Mapping[str, "LineName"]
    tasks: Registry
    kind: Callable[[TimeRow], int | RowProblem | None]
    worker: Callable[[TimeRow], Worker | RowProblem]
    rate: Callable[[str, Worker, int | None, date], Decimal | None]


def stand(rows: Iterable[TimeRow], ground: Ground) -> dict[str, list[Worked]]:
    """Return works by line key. Raises `RowsInvalid`."""
    found: dict[str, list[Worked]] = defaultdict(list)
    problems: list[RowProblem] = []
    only = next(iter(ground.lines.values())) if len(ground.lines) == 1 else None
    for source_id, row in enumerate(rows, start=1):
        line = ground.lines.get(row.line.casefold()) if row.line else only
        worker, kind = ground.worker(row), ground.kind(row)
        if line is None:
            problems.append(RowProblem(row.number, "line", _which_line(row.line, ground.lines)))
        if isinstance(worker, RowProblem):
            problems.append(worker)
        if isinstance(kind, RowProblem):
            problems.append(kind)
        if line is None or isinstance(worker, RowProblem) or isinstance(kind, RowProblem):
            continue
        rate = row.rate if row.rate is not None else ground.rate(line.key, worker, kind, row.day)
        found[line.key].append(
            Worked(
                source_id, worker.person_id, worker.role_id, 1, ground.tasks.id_of(row.task or line.name), kind,
                row.day, row.seconds, rate, worker.is_holiday,
            )
        )  # fmt: skip
    if problems:
        raise RowsInvalid(list(dict.fromkeys(problems)))
    return dict(found)


def _which_line(name: str, lines: Mapping[str, LineName]) -> str:
    known = ", ".join(line.name for line in lines.values())
    if name:
        return f"There is no line '{name}'. The lines are: {known}."
    return f"Say which line the time is on: {known}."


def without_rate(rows: Sequence[TimeRow], unpriced: Collection[int]) -> list[RowProblem]:
    """Return a problem for each row that `stand` numbered and that has no rate, though it must be charged."""
    return [
        RowProblem(rows[source_id - 1].number, "rate", _no_rate(rows[source_id - 1]))
        for source_id in sorted(unpriced)
    ]


def _no_rate(row: TimeRow) -> str:
    return (
        f"There is no rate for {row.role or row.person} on {row.day}. Give one for the role, or in the row."
    )
