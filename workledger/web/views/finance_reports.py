"""Reports of finance: the index by question, each report with its files, and the postings behind a figure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.refusals import NotFound
from workledger.reporting.catalogue import REPORTS, may_see, run
from workledger.reporting.drill import drill_of, words_of
from workledger.reporting.earned import Pool, own_of, pools_of
from workledger.reporting.ground import Ground, names
from workledger.reporting.report import (
    Cell,
    Column,
    Drill,
    Report,
    ReportBy,
    ReportType,
    ReportUnit,
    Row,
    Tie,
    sheet_of,
)
from workledger.reporting.sums import Axis, Posted, PostedPage, Slice, postings
from workledger.web import formats, sheets
from workledger.web.acting import ActingRequest, page, today
from workledger.web.report_form import asked_of, choices_of, times
from workledger.web.report_form import words_of as time_words
from workledger.web.trails import page_url
from workledger.web.views.ledger import kind_words, source_words

_P = Permission
_ANY = (_P.VIEW_LEDGER, _P.VIEW_REVENUE, _P.VIEW_RECEIVABLES)
_PAGES = {
    "account": "account_activity",
    "client": "client",
    "contract": "contract",
    "project": "project",
    "person": "person",
}
_TRAIL_ROWS = 12
_NOTHING = PostedPage([], Decimal(0), 0, 0, "")
_ZERO = Decimal(0)
_SECTIONS = (
    ("What we earned", ("income-statement", "revenue", "gross-margin")),
    ("What we own and owe", ("balance-sheet", "contract-positions", "wip", "receivables")),
)


@page(*_ANY)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Every report by the question it answers."""
    sections = []
    for title, reports in _SECTIONS:
        kinds = [REPORTS[name] for name in reports if may_see(request.actor, REPORTS[name])]
        if kinds:
            sections.append((title, kinds))
    context = {"sections": sections, "sees_books": request.actor.can(_P.VIEW_LEDGER)}
    return render(request, "web/finance/index.html", context)


# --- a report -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the page draws it; `cells` are text and address."""

    label: str
    note: str
    href: str
    kind: str
    level: int
    cells: list[tuple[str, str]]


@page(*_ANY)
@require_GET
def show(request: ActingRequest, name: str) -> HttpResponse:
    """A report with its filters; every figure opens the postings that it sums."""
    kind = _kind(name)
    words = request.GET
    asked = asked_of(request.actor, kind, words, today())
    report = run(request.actor, name, asked)
    lines = [_line(report, row) for row in report.rows]
    context = {
        "kind": kind,
        "report": report,
        "asked": asked,
        "words": time_words(asked, kind),
        "choices": choices_of(request.actor, kind, asked),
        "by": asked.by[0].value if asked.by else "",
        "by2": asked.by[1].value if len(asked.by) > 1 else words.get("by2", ""),
        "times": times(asked, words, today()),
        "filtered": bool(words),
        "head": _head(report.columns, report.currency),
        "body": lines[:-1],
        "foot": lines[-1:],
        "stats": [
            (stat, _figure(stat.value, stat.unit, report.currency), _opens(stat.drill))
            for stat in report.stats
        ],
        "ties": [_tie(tie, report.currency) for tie in report.ties],
        **_exports(request, name),
    }
    return render(request, "web/finance/report.html", context)


def _kind(name: str) -> ReportType:
    found = REPORTS.get(name)
    if found is None:
        raise NotFound.because("not_found", "There is no such report. Choose one from the list.")
    return found


def _head(columns: Iterable[Column], currency: str) -> list[tuple[str, str]]:
    units = {ReportUnit.MONEY: currency, ReportUnit.HOURS: "h", ReportUnit.SHARE: "%"}
    return [(column.label, units[column.unit]) for column in columns]


def _figure(value: Decimal | None, unit: ReportUnit, currency: str) -> str:
    """Return a figure of the strip in words."""
    if unit is ReportUnit.SHARE:
        return formats.percent(value) if value is not None else formats.ZERO
    return formats.money(value, currency)


def _text(cell: Cell, column: Column, currency: str) -> str:
    if cell.value is None:
        return ""
    match column.unit:
        case ReportUnit.HOURS:
            return formats.hours(int(cell.value))
        case ReportUnit.SHARE:
            return formats.number(cell.value * 100, 1)
    return formats.amount(cell.value, currency)


def _line(report: Report, row: Row) -> Line:
    cells = []
    for column, cell in zip(report.columns, row.cells, strict=bool(row.cells)):
        href = _opens(cell.drill) if cell.value else ""
        cells.append((_text(cell, column, report.currency), href))
    return Line(row.label, row.note, _address(row, report), row.kind.value, row.level, cells)


def _opens(drill: Drill | None) -> str:
    """Return where the postings of a figure stand."""
    return f"{reverse('finance_report-postings')}?{urlencode(words_of(drill))}" if drill else ""


def _address(row: Row, report: Report) -> str:
    if row.about is None:
        return ""
    what, pk = row.about
    if what == "report":
        return f"{reverse('finance_report', args=['contract-positions'])}?entity={report.asked.entity_id}"
    return reverse(_PAGES[what], args=[pk]) if what in _PAGES else ""


def _tie(tie: Tie, currency: str) -> dict[str, Any]:
    """Return a tie as the steps from the report to the books."""
    steps = [("In this report", tie.reported)]
    for label, amount in (
        ("Earned in this time, posted outside it", -tie.posted_outside),
        ("Posted in this time, earned outside it", tie.earned_outside),
        ("Recorded after that day", tie.recorded_later),
        (tie.elsewhere_label, tie.elsewhere),
    ):
        if amount:
            steps.append((label, amount))
    return {
        "label": tie.label,
        "accounts": ", ".join(tie.accounts),
        "steps": [(label, formats.money(amount, currency)) for label, amount in steps],
        "books": formats.money(tie.books, currency),
        "off": formats.money(tie.difference, currency) if tie.difference else "",
    }


def _exports(request: ActingRequest, name: str) -> dict[str, str]:
    asked = request.GET.urlencode()
    return {kind: f"{reverse('finance_report-file', args=[name, kind])}?{asked}" for kind in ("csv", "xlsx")}


@page(*_ANY)
@require_GET
def file(request: ActingRequest, name: str, kind: str) -> HttpResponse:
    """A report as CSV or Excel."""
    answer = {"csv": sheets.csv_answer, "xlsx": sheets.xlsx_answer}.get(kind)
    if answer is None:
        raise NotFound.because("not_found", "Reports are exported as CSV or XLSX.")
    asked = asked_of(request.actor, _kind(name), request.GET, today())
    head, rows = sheet_of(run(request.actor, name, asked))
    return answer(f"{name}-{asked.start.isoformat()}-{asked.last_day.isoformat()}", head, rows)


# --- the postings of a figure -------------------------------------------------------------------------------


@page(*_ANY)
@require_GET
def figure(request: ActingRequest) -> HttpResponse:
    """The postings that a figure sums, newest first; in the panel, its trail."""
    ground, drill = drill_of(request.actor, request.GET)
    in_panel = bool(getattr(request, "htmx", False))
    own = own_of(drill.chosen) if drill.by_hours else drill.chosen
    cursor = request.GET.get("cursor", "")
    shown = _NOTHING
    if own is not None:
        shown = postings(request.actor, own, after=cursor, limit=_TRAIL_ROWS if in_panel else 100)
    pools = pools_of(ground, drill.chosen) if drill.by_hours else []
    value = drill.sign * shown.amount + sum((pool.part for pool in pools), _ZERO)
    known = _names_of(ground, shown.rows, pools)
    about = _limits(ground, drill.chosen)
    if in_panel:
        trail = _trail(request, ground, drill, value, shown, pools, known, about)
        return render(request, "web/partials/trail.html", {"trail": trail})
    accounts = {account.pk: account for account in ground.accounts}
    context = {
        "currency": ground.currency,
        "entity": ground.entity.name,
        "value": value,
        "own": drill.sign * shown.amount,
        "by_hours": sum((pool.part for pool in pools), _ZERO),
        "about": about,
        "sentence": _sentence(ground, drill.chosen),
        "shown": shown,
        "next": shown.next,
        "rows": [
            (
                row,
                accounts[row.account_id],
                kind_words(row.kind),
                _about(known, row),
                _source(row),
                drill.sign * row.amount,
            )
            for row in shown.rows
        ],
        "known_on": drill.chosen.known_on,
        "sees_books": request.actor.can(_P.VIEW_LEDGER),
        "pools": [(pool, _pool_words(known, pool), _pool_url(pool)) for pool in pools],
    }
    return render(request, "web/finance/postings.html", context)


def _names_of(
    ground: Ground, rows: Iterable[Posted], pools: Iterable[Pool]
) -> dict[ReportBy, dict[int, str]]:
    """Return the names of what postings and pools are about: one query for each kind."""
    rows, pools = list(rows), list(pools)
    return {
        ReportBy.CLIENT: names(ground, ReportBy.CLIENT, {row.client_id for row in rows}),
        ReportBy.CONTRACT: names(ground, ReportBy.CONTRACT, {row.contract_id for row in rows}),
        ReportBy.PROJECT: names(
            ground, ReportBy.PROJECT, {row.project_id for row in rows} | {pool.project_id for pool in pools}
        ),
        ReportBy.PERSON: names(ground, ReportBy.PERSON, {row.person_id for row in rows}),
        ReportBy.LINE: names(ground, ReportBy.LINE, {pool.line_id for pool in pools}),
    }


def _about(known: Mapping[ReportBy, Mapping[int, str]], row: Posted) -> str:
    ids = (
        (ReportBy.CONTRACT, row.contract_id),
        (ReportBy.PROJECT, row.project_id),
        (ReportBy.PERSON, row.person_id),
    )
    found = [known[by][pk] for by, pk in ids if pk]
    return ", ".join(found) or (known[ReportBy.CLIENT][row.client_id] if row.client_id else "")


def _source(row: Posted) -> tuple[str, str]:
    if not row.source_kind or not row.source_id:
        return "", ""
    return source_words(row.source_kind), page_url(row.source_kind, row.source_id)


def _limits(ground: Ground, chosen: Slice) -> list[str]:
    """Return what the figure is limited to, by name."""
    found = []
    for axis, ids in chosen.where:
        by = (
            ReportBy.MONTH
            if axis in (Axis.PERIOD, Axis.SERVICE_PERIOD)
            else ReportBy(axis.value)
            if axis.value in list(ReportBy)
            else None
        )
        if by is not None:
            known = names(ground, by, ids)
            found.append(known[ids[0]] if len(ids) == 1 else f"{len(ids)} {by.label.lower()}s")
    return found


def _sentence(ground: Ground, chosen: Slice) -> str:
    """Say which postings are summed."""
    accounts = [account for account in ground.accounts if account.pk in chosen.account_ids]
    which = (
        ", ".join(f"{account.code} {account.name}" for account in accounts)
        if len(accounts) <= 3
        else f"{len(accounts)} accounts from {accounts[0].code} to {accounts[-1].code}"
    )
    start = f" from {formats.day(chosen.start)}" if chosen.start.year > 1 else ""
    end = (
        f" to {formats.day(chosen.end.fromordinal(chosen.end.toordinal() - 1))}"
        if chosen.end.year < 9999
        else ""
    )
    dates = "dated" if chosen.basis == "posted" else "for work done"
    known = f", as recorded by the end of {formats.day(chosen.known_on)}" if chosen.known_on else ""
    return f"Postings on {which or 'no account'}, {dates}{start}{end}{known}."


def _pool_words(known: Mapping[ReportBy, Mapping[int, str]], pool: Pool) -> str:
    where = [
        known[ReportBy.LINE][pool.line_id] if pool.line_id else "",
        known[ReportBy.PROJECT][pool.project_id] if pool.project_id else "",
    ]
    return ", ".join(filter(None, [*where, pool.period]))


def _pool_url(pool: Pool) -> str:
    return f"{reverse('finance_report-postings')}?{urlencode(words_of(Drill(pool.chosen, -1)))}"


def _trail(
    request: ActingRequest,
    ground: Ground,
    drill: Drill,
    value: Decimal,
    shown: PostedPage,
    pools: list[Pool],
    known: Mapping[ReportBy, Mapping[int, str]],
    about: list[str],
) -> dict[str, Any]:
    currency = ground.currency
    rows = [
        {
            "name": row.description,
            "note": " · ".join(filter(None, [formats.day(row.day), _late(row), _about(known, row)])),
            "value": formats.amount(drill.sign * row.amount, currency),
            "href": reverse("entry", args=[row.entry_id])
            if request.actor.can(_P.VIEW_LEDGER)
            else _source(row)[1],
        }
        for row in shown.rows
    ]
    rows += [
        {
            "name": _pool_words(known, pool),
            "note": f"{formats.hours(pool.seconds)} of {formats.hours(pool.whole)} h of {formats.money(pool.amount, currency)}",
            "value": formats.amount(pool.part, currency),
            "href": _pool_url(pool),
        }
        for pool in pools[:_TRAIL_ROWS]
    ]
    return {
        "title": ", ".join(about) or ground.entity.name,
        "value": formats.money(value, currency),
        "sentence": _sentence(ground, drill.chosen),
        "rows_label": f"Newest of {shown.number:,} postings"
        if shown.number > len(shown.rows)
        else "Postings",
        "rows": rows,
        "more_url": request.get_full_path(),
        "more_label": "All postings",
    }


def _late(row: Posted) -> str:
    return f"work of {formats.day(row.service_day)}" if row.service_day != row.day else ""
