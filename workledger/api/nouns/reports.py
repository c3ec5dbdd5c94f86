"""Reports of finance: the list, each report as posted, earned or believed, and the postings behind a figure."""

import datetime
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest

from workledger.api.edge import actor_of, today
from workledger.api.routes import LIMIT, Limit, read
from workledger.api.wire import Day, Id, Text, Words, list_of, shown
from workledger.core.access import Actor, Permission
from workledger.kernel.period import next_month
from workledger.kernel.rounding import round_amount
from workledger.reporting import rolls
from workledger.reporting.catalogue import REPORTS, may_see, run
from workledger.reporting.drill import drill_of, words_of
from workledger.reporting.earned import own_of, pools_of
from workledger.reporting.report import (
    Asked,
    Compare,
    Report,
    ReportBy,
    ReportType,
    ReportUnit,
    Split,
    Tie,
    plain_of,
)
from workledger.reporting.sums import ReportBasis, postings

_TAG = "Reports"
_VIEWS = (Permission.VIEW_LEDGER, Permission.VIEW_REVENUE, Permission.VIEW_RECEIVABLES)
_NO_FIGURE = Decimal(0)


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A report that can be asked for, and what it takes."""

    name: str
    title: str
    question: str
    by: list[ReportBy]
    most_by: int
    split: list[Split]
    has_basis: bool
    has_compare: bool


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure: money, hours or percent, by its column. `postings` are the words of the address that opens it."""

    value: Decimal | None
    postings: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row: head, line, subtotal or total. `about` and `id` name what it is of."""

    kind: str
    label: str
    note: str
    level: int
    about: str
    id: int | None
    figures: list[ReportFigure]


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column and what it counts: money, hours or share (percent)."""

    key: str
    label: str
    unit: ReportUnit


@dataclass(frozen=True, slots=True)
class ReportResult:
    """A report over the half-open [start, end), with what its totals tie to in the books."""

    name: str
    title: str
    entity: str
    currency: str
    start: date
    end: date
    basis: ReportBasis
    known_on: date | None
    columns: list[ReportColumn]
    rows: list[ReportRow]
    ties: list[Tie]
    is_tied: bool
    notes: list[str]


@dataclass(frozen=True, slots=True)
class FigurePosting:
    """A posting of a figure, in the book's currency: debit less credit."""

    id: int
    entry_id: int
    date: datetime.date
    service_date: datetime.date
    recorded_at: datetime.datetime | None
    account_id: int
    kind: str
    description: str
    source_kind: str
    source_id: int | None
    currency: str
    own_amount: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class FigurePart:
    """A part by hours of revenue on no person's name: of `amount`, `seconds` of `whole_seconds` worked."""

    period: str
    contract_line_id: int
    project_id: int
    amount: Decimal
    seconds: int
    whole_seconds: int
    part: Decimal


@dataclass(frozen=True, slots=True)
class FigurePostings:
    """What a figure is made of: its postings, newest first, and its parts by hours."""

    amount: Decimal
    count: int
    postings: list[FigurePosting]
    parts: list[FigurePart]
    next: str


_KIND = shown(ReportKind)
shown(Tie, "ReportTie", also=("difference",))
shown(ReportFigure)
shown(ReportColumn)
shown(ReportRow)
_RESULT = shown(ReportResult)
shown(FigurePosting)
shown(FigurePart)
_POSTINGS = shown(FigurePostings)
shown(rolls.PositionRow, "ContractPosition")
_ROLL = shown(rolls.RollForward, "ContractPositionRollForward", also=("totals", "assets", "liabilities"))


@read("/reports", list_of(_KIND), *_VIEWS, tag=_TAG, name="list_reports", summary="List financial reports")
def list_reports(request: HttpRequest) -> list[ReportKind]:
    """The reports that you may ask for, and what each takes."""
    actor = actor_of(request)
    return [_kind(kind) for kind in REPORTS.values() if may_see(actor, kind)]


def _kind(kind: ReportType) -> ReportKind:
    return ReportKind(
        kind.name, kind.title, kind.question, list(kind.bys), kind.most, list(kind.splits), kind.has_basis,
        kind.has_compare,
    )  # fmt: skip


@read("/entities/{entity_id}/reports/{name}", _RESULT, *_VIEWS, tag=_TAG, name="get_report",
      summary="Get a financial report")  # fmt: skip
def get_report(
    request: HttpRequest,
    entity_id: Id,
    name: Words,
    start: Day | None = None,
    end: Day | None = None,
    basis: ReportBasis = ReportBasis.POSTED,
    known_on: Day | None = None,
    by: ReportBy | None = None,
    then_by: ReportBy | None = None,
    split: Split = Split.NOTHING,
    compare: Compare = Compare.NOTHING,
) -> ReportResult:
    """A report over the half-open [start, end), this month without dates; `known_on`: as believed at the end of that day.

    Its totals tie to the trial balance: `ties` say how.
    """
    first = start or today().replace(day=1)
    asked = Asked(
        entity_id, first, end or next_month(first), basis, known_on,
        tuple(each for each in (by, then_by) if each is not None), split, compare,
    )  # fmt: skip
    return _result(run(actor_of(request), name, asked))


def _result(report: Report) -> ReportResult:
    rows = []
    for row in report.rows:
        figures = [
            ReportFigure(
                plain_of(cell, column, report.currency), urlencode(words_of(cell.drill)) if cell.drill else ""
            )
            for column, cell in zip(report.columns, row.cells, strict=bool(row.cells))
        ]
        about, pk = row.about or ("", None)
        rows.append(ReportRow(row.kind.value, row.label, row.note, row.level, about, pk, figures))
    asked = report.asked
    return ReportResult(
        report.name, report.title, report.entity, report.currency, asked.start, asked.end, asked.basis, asked.known_on,
        [ReportColumn(column.key, column.label, column.unit) for column in report.columns], rows, list(report.ties),
        report.is_tied, list(report.notes),
    )  # fmt: skip


@read("/report-postings", _POSTINGS, *_VIEWS, tag=_TAG, name="get_report_postings",
      summary="Get what a figure is made of")  # fmt: skip
def get_postings(
    request: HttpRequest,
    entity: Id,
    accounts: Text = "",
    start: Words = "",
    end: Words = "",
    basis: Words = "",
    known_on: Words = "",
    where: Words = "",
    kinds: Text = "",
    sign: Words = "",
    by_hours: Words = "",
    after: Words = "",
    limit: Limit = LIMIT,
) -> FigurePostings:
    """The postings that a figure of a report sums: call it with the figure's `postings`. `after` is the `next` before."""
    words = {
        "entity": str(entity), "accounts": accounts, "start": start, "end": end, "basis": basis, "known_on": known_on,
        "where": where, "kinds": kinds, "sign": sign, "by_hours": by_hours,
    }  # fmt: skip
    return _postings(actor_of(request), words, after, limit)


def _postings(actor: Actor, words: dict[str, str], after: str, limit: int) -> FigurePostings:
    ground, drill = drill_of(actor, words)
    own = own_of(drill.chosen) if drill.by_hours else drill.chosen
    page = postings(actor, own, after=after, limit=limit) if own is not None else None
    pools = pools_of(ground, drill.chosen) if drill.by_hours else []
    amount = drill.sign * page.amount if page else _NO_FIGURE
    return FigurePostings(
        round_amount(amount + sum((pool.part for pool in pools), _NO_FIGURE), ground.currency),
        page.number if page else 0,
        [
            FigurePosting(
                row.id, row.entry_id, row.day, row.service_day, row.recorded_at, row.account_id, row.kind,
                row.description, row.source_kind, row.source_id, row.currency, row.own_amount, row.amount,
            )
            for row in (page.rows if page else ())
        ],
        [
            FigurePart(
                pool.period, pool.line_id, pool.project_id, pool.amount, pool.seconds, pool.whole, pool.part
            )
            for pool in pools
        ],
        page.next if page else "",
    )  # fmt: skip


@read("/entities/{entity_id}/contract-positions", _ROLL, Permission.VIEW_REVENUE, tag=_TAG,
      name="get_contract_positions", summary="Get the roll-forward of contract positions")  # fmt: skip
def get_roll_forward(
    request: HttpRequest,
    entity_id: Id,
    start: Day | None = None,
    end: Day | None = None,
    known_on: Day | None = None,
) -> rolls.RollForward:
    """Contract assets and liabilities over the half-open [start, end): opening, recognized, billed, adjusted, FX, closing.

    This month without dates; `known_on`: as believed at the end of that day.
    """
    first = start or today().replace(day=1)
    return rolls.roll_forward(
        actor_of(request), entity_id, first, end or next_month(first), known_on=known_on
    )
