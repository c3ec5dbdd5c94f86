"""What the acts of imports are given and give back."""

from dataclasses import dataclass, field
from decimal import Decimal

from workledger.connect.calc.formats import FormatName
from workledger.connect.calc.values import DateOrder, DecimalMark


@dataclass(frozen=True, slots=True)
class TimeFile:
    """A kept file (`connect.files.kept`) and how to read it.

    `person` is whose time it is where the file names nobody, `project` where time without a project goes, `currency` that of
    amounts for which the file names none. `bills_invoiced` bills again what the other tool has billed already. The entity
    is the only one when it is None.
    """

    kept: str
    name: str
    source: FormatName
    entity_id: int | None = None
    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    person: str = ""
    project: str = ""
    currency: str = ""
    bills_invoiced: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """How to book a file. `default_rate` is per hour, for work for which the file states no rate."""

    approved: bool = False
    default_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of the file that was not booked, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made of a file.

    `rows` counts all rows of the file; of these `created` became entries, `matched` were there already or have no time,
    and `refused_count` were refused. Seconds and `values` (billable value by currency, '' where the file names none) are
    those of the file. `notes` are sentences that somebody should read.
    """

    batch_id: int
    rows: int
    created: int
    matched: int
    refused_count: int
    refused: list[RefusedLine]
    seconds: int
    billable_seconds: int
    values: dict[str, Decimal]
    approved_lines: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing an import took back: entries, and what it had created and nothing else stood on.

    Of the timesheet lines with other time that were approved, `approved_again` are so again; `waiting` are submitted and
    wait for somebody else.
    """

    entries: int
    removed: dict[str, int] = field(default_factory=dict)
    approved_again: int = 0
    waiting: int = 0
