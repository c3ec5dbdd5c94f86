"""A report as data: what was asked, columns, rows of figures, each with the postings behind it, and what it ties to.

A report type stands once in `catalogue.py` and so has its page, its files, its route and its command, and a test that its
totals are the books' to the cent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from workledger.core.access import Actor, Permission
from workledger.kernel.rounding import half_up, round_amount
from workledger.reporting.sums import Axis, ReportBasis, Slice

_ZERO = Decimal(0)
_DAY = timedelta(days=1)


class ReportBy(StrEnum):
    """What a report's rows or columns can stand for."""

    CLIENT = "client"
    CONTRACT = "contract"
    OBLIGATION = "obligation"
    LINE = "line"
    PROJECT = "project"
    PRACTICE = "practice"
    PERSON = "person"
    MONTH = "month"

    @property
    def label(self) -> str:
        """As people read it."""
        return {"line": "Contract line"}.get(self.value, self.value.capitalize())

    @property
    def none(self) -> str:
        """What stands for what has none."""
        words = {
            "person": "Nobody",
            "obligation": "Recognized as invoiced",
            "month": "Outside the periods",
        }
        return words.get(self.value) or f"No {self.label.lower()}"

    def axis(self, basis: ReportBasis) -> Axis:
        """Return what the ledger groups by; a month is the period of posting or of the work."""
        if self is ReportBy.MONTH:
            return Axis.SERVICE_PERIOD if basis is ReportBasis.EARNED else Axis.PERIOD
        return Axis(self.value)


class Compare(StrEnum):
    """What a report's figures stand beside."""

    NOTHING = ""
    BEFORE = "before"
    YEAR = "year"

    @property
    def label(self) -> str:
        """As people read it."""
        return {"before": "the time before", "year": "a year earlier"}.get(self.value, "nothing")


class Split(StrEnum):
    """What the columns of a statement are."""

    NOTHING = ""
    MONTH = "month"
    PRACTICE = "practice"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for: a legal entity, the half-open [start, end), and how.

    `known_on`: as believed at the end of that day. What a report does not take is ignored.
    """

    entity_id: int
    start: date
    end: date
    basis: ReportBasis = ReportBasis.POSTED
    known_on: date | None = None
    by: tuple[ReportBy, ...] = ()
    split: Split = Split.NOTHING
    compare: Compare = Compare.NOTHING

    @property
    def last_day(self) -> date:
        """The last day that counts."""
        return self.end - _DAY


class ReportUnit(StrEnum):
    """What a column counts."""

    MONEY = "money"
    HOURS = "hours"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures."""

    key: str
    label: str
    unit: ReportUnit = ReportUnit.MONEY


@dataclass(frozen=True, slots=True)
class Drill:
    """The postings behind a figure; `sign` is -1 where the figure is their credit balance.

    `by_hours`: revenue that nobody's name stands on counts with the part of those who worked on it.
    """

    chosen: Slice
    sign: int = 1
    by_hours: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure: money in the book's currency, hours as seconds, or a ratio; None is 'none to tell'."""

    value: Decimal | None
    drill: Drill | None = None


class RowKind(StrEnum):
    """What a row is."""

    HEAD = "head"
    LINE = "line"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Row:
    """A row. `level` is how deep it stands; `about` names what it is of: a kind and an id."""

    label: str
    cells: tuple[Cell, ...] = ()
    kind: RowKind = RowKind.LINE
    level: int = 0
    note: str = ""
    about: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """A total of the report and the same in the books, step by step; `difference` is 0 or something is wrong.

    `accounts` are codes. A report as earned is brought back to what was posted: less what was earned in its time and
    posted outside, plus what was posted in it and earned outside. One as believed is brought to now by what was recorded later.
    """

    label: str
    accounts: tuple[str, ...]
    reported: Decimal
    books: Decimal
    posted_outside: Decimal = _ZERO
    earned_outside: Decimal = _ZERO
    recorded_later: Decimal = _ZERO
    elsewhere: Decimal = _ZERO
    elsewhere_label: str = ""

    @property
    def difference(self) -> Decimal:
        """What the report is off by."""
        posted = self.reported - self.posted_outside + self.earned_outside
        return posted + self.recorded_later + self.elsewhere - self.books


@dataclass(frozen=True, slots=True)
class Stat:
    """A figure that the report is read for."""

    label: str
    value: Decimal | None
    note: str = ""
    unit: ReportUnit = ReportUnit.MONEY
    drill: Drill | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report. Money is in `currency`, the book's."""

    name: str
    title: str
    entity: str
    currency: str
    asked: Asked
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    ties: tuple[Tie, ...]
    stats: tuple[Stat, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_tied(self) -> bool:
        """Whether every total is the books'."""
        return not any(tie.difference for tie in self.ties)


Build = Callable[[Actor, Asked], Report]


@dataclass(frozen=True, slots=True)
class ReportType:
    """A report that can be asked for. `bys` are what its rows can stand for, `most` of them at once."""

    name: str
    title: str
    question: str
    needs: Permission
    build: Build
    bys: tuple[ReportBy, ...] = ()
    most: int = 0
    usual: tuple[ReportBy, ...] = ()
    splits: tuple[Split, ...] = ()
    has_basis: bool = False
    has_compare: bool = False
    is_as_of: bool = False


# --- building -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Figures:
    """Amounts by row and column, being added up."""

    amounts: dict[tuple[tuple[int, ...], str], Decimal] = field(default_factory=dict)

    def add(self, row: tuple[int, ...], column: str, amount: Decimal) -> None:
        """Add to a figure and to the sums above it, which have shorter keys; the total's is ()."""
        for length in range(len(row) + 1):
            key = row[:length], column
            self.amounts[key] = self.amounts.get(key, _ZERO) + amount

    def of(self, row: tuple[int, ...], column: str) -> Decimal:
        """Return a figure, 0 where nothing was added."""
        return self.amounts.get((row, column), _ZERO)

    def rows(self, depth: int) -> set[tuple[int, ...]]:
        """Return the keys of a length that have a figure other than 0."""
        return {row for (row, _), amount in self.amounts.items() if amount and len(row) == depth}


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a share, None of nothing."""
    return part / whole if whole else None


# --- as a sheet ---------------------------------------------------------------------------------------------

Plain = str | Decimal | None
_HOUR, _PERCENT = Decimal(3600), Decimal(100)


def sheet_of(report: Report) -> tuple[list[str], list[list[Plain]]]:
    """Return the head and the rows of a report for a file: what a row is, its note, then figures as plain numbers.

    Money is rounded to the currency's minor unit, hours and percentages to two decimals.
    """
    units = {ReportUnit.MONEY: report.currency, ReportUnit.HOURS: "h", ReportUnit.SHARE: "%"}
    head = ["Kind", "Row", "Note", *(f"{column.label} ({units[column.unit]})" for column in report.columns)]
    rows: list[list[Plain]] = []
    for row in report.rows:
        cells = [
            plain_of(cell, column, report.currency)
            for column, cell in zip(report.columns, row.cells, strict=bool(row.cells))
        ]
        empty: list[Plain] = [None] * len(report.columns)
        rows.append([row.kind.value, "  " * row.level + row.label, row.note, *(cells or empty)])
    return head, rows


def plain_of(cell: Cell, column: Column, currency: str) -> Decimal | None:
    """Return a figure as a plain number in the column's unit: hours, percent or money."""
    if cell.value is None:
        return None
    match column.unit:
        case ReportUnit.HOURS:
            return half_up(cell.value / _HOUR, 2)
        case ReportUnit.SHARE:
            return half_up(cell.value * _PERCENT, 2)
    return round_amount(cell.value, currency)
