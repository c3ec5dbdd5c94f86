"""Reports over the forecast: the revenue bridge, backlog, deferred revenue; and what is seen as files."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.refusals import NotFound
from workledger.forecast import queries, reports
from workledger.forecast.queries import Comparison
from workledger.forecast.reports import BridgeStep, ItemMove
from workledger.web import formats
from workledger.web.acting import ActingRequest, page
from workledger.web.forecasting import (
    Asked,
    asked,
    bridge_chart,
    day_of,
    forecast_of,
    version_words,
    year_window,
)
from workledger.web.paging import number_of
from workledger.web.sheets import Cell, csv_answer, xlsx_answer

_P = Permission
_MOST_MOVES = 200


# --- bridge -------------------------------------------------------------------------------------------------


@page(_P.VIEW_REVENUE)
@require_GET
def bridge(request: ActingRequest) -> HttpResponse:
    """From one version of the forecast to another, step by step; each step opens the contracts it is made of."""
    question = asked(request)
    found = _compared(request, question)
    context: dict[str, Any] = {
        **question.context,
        "opening_options": [(row.id, version_words(row)) for row in question.versions],
        "years": _years(question),
        "year": request.GET.get("year", ""),
        "opening": found.opening_id if found else "",
        "closing": (found.closing_id or "") if found else "",
    }
    if found is not None:
        words = _words(found, request.GET.get("year", ""))
        context |= {
            "found": found,
            "steps": [
                (step, f"{reverse('forecast-bridge-step', args=[step.step.value])}?{words}", _widest(step))
                for step in found.bridge.steps
            ],
            "difference": found.bridge.closing - found.bridge.opening,
            "chart": bridge_chart(found.bridge, found.opening, found.closing, words),
            "csv": f"{reverse('forecast-export', args=['bridge', 'csv'])}?{words}",
            "xlsx": f"{reverse('forecast-export', args=['bridge', 'xlsx'])}?{words}",
        }
    return render(request, "web/forecast/bridge.html", context)


def _compared(request: ActingRequest, question: Asked) -> Comparison | None:
    """Return the comparison that is asked for: the last version but one with now, where the address says nothing."""
    known = {row.id: row for row in question.versions}
    opening = number_of(request.GET.get("opening"))
    if opening not in known:
        opening = question.versions[0].id if question.versions else None
    if opening is None:
        return None
    closing = number_of(request.GET.get("closing"))
    as_of = day_of(request)
    start, end = year_window(request.GET.get("year", ""), known[opening].as_of)
    closing = closing if closing in known else None
    return queries.compare(request.actor, opening, closing, as_of, start, end)


def _words(found: Comparison, year: str) -> str:
    given: dict[str, Any] = {
        "opening": found.opening_id,
        "year": year,
        "as_of": found.closing_as_of.isoformat(),
    }
    return urlencode(
        {key: value for key, value in {**given, "closing": found.closing_id or ""}.items() if value}
    )


def _years(question: Asked) -> list[tuple[str, str]]:
    this = question.as_of.year
    return [*((str(year), str(year)) for year in range(this - 1, this + 3)), ("all", "all months")]


def _widest(step: BridgeStep) -> str:
    """Return the contracts that moved most, in words."""
    sums: dict[str, Decimal] = {}
    for move in step.moves:
        sums[move.contract] = sums.get(move.contract, Decimal(0)) + move.amount
    names = sorted(sums, key=lambda name: -abs(sums[name]))
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{', '.join(names[:2])}{more}"


@page(_P.VIEW_REVENUE)
@require_GET
def bridge_step(request: ActingRequest, step: str) -> HttpResponse:
    """What a step of the bridge is made of, contract by contract."""
    question = asked(request)
    opening = number_of(request.GET.get("opening"))
    if opening is not None:  # a version is found whatever the legal entity that the address leaves out
        question = _of_version(request, question, opening)
    found = _compared(request, question)
    rows = [each for each in found.bridge.steps if each.step.value == step] if found else []
    if not rows or found is None:
        raise NotFound.because("not_found", "There is no such step of the bridge.")
    each, currency = rows[0], found.bridge.currency
    trail = {
        "title": each.label,
        "value": formats.money(each.amount, currency),
        "sentence": f"{each.said} From {found.opening} to {found.closing}.",
        "rows_label": "By contract",
        "rows": [_move(move, currency, found) for move in each.moves[:_MOST_MOVES]],
    }
    template = "web/partials/trail.html" if getattr(request, "htmx", None) else "web/trail.html"
    return render(request, template, {"trail": trail})


def _of_version(request: ActingRequest, question: Asked, version_id: int) -> Asked:
    row, _ = queries.version(request.actor, version_id)
    if question.entity and question.entity.pk == row.book_id:
        return question
    return asked(request, row.book_id)


def _move(move: ItemMove, currency: str, found: Comparison) -> dict[str, str]:
    closing = (
        f"?version={found.closing_id}" if found.closing_id else f"?as_of={found.closing_as_of.isoformat()}"
    )
    return {
        "name": move.contract,
        "note": f"{move.client}, {move.name}",
        "value": formats.money(move.amount, currency),
        "href": f"{reverse('forecast-contract', args=[move.contract_id])}{closing}",
    }


# --- backlog, deferred revenue ------------------------------------------------------------------------------


@page(_P.VIEW_REVENUE)
@require_GET
def backlog(request: ActingRequest) -> HttpResponse:
    """What was agreed and is not recognized, per contract, by when it is expected, and what it covers."""
    question = asked(request)
    found = forecast_of(request, question)
    context = {**question.context, **_files("backlog", question), "words": question.words}
    if found is not None:
        context["found"] = reports.backlog(found)
    return render(request, "web/forecast/backlog.html", context)


@page(_P.VIEW_REVENUE)
@require_GET
def deferred(request: ActingRequest) -> HttpResponse:
    """Contract liabilities of a day and the months in which they become revenue; they tie to the ledger."""
    question = asked(request)
    context: dict[str, Any] = {**question.context, **_files("deferred", question), "words": question.words}
    if question.entity is not None:
        found = queries.deferred_revenue(request.actor, question.entity.pk, question.as_of)
        context |= {
            "found": found,
            "totals": found.totals,
            "last": found.months[-1] if found.months else None,
        }
    return render(request, "web/forecast/deferred.html", context)


# --- files --------------------------------------------------------------------------------------------------


def _files(report: str, question: Asked) -> dict[str, str]:
    return {
        kind: f"{reverse('forecast-export', args=[report, kind])}?{question.words}"
        for kind in ("csv", "xlsx")
    }


_Sheet = tuple[Sequence[str], Iterator[Sequence[Cell]]]


@page(_P.VIEW_REVENUE)
@require_GET
def export(request: ActingRequest, report: str, kind: str) -> HttpResponse:
    """A report as CSV or Excel: every row, exact."""
    question, make = asked(request), _SHEETS.get(report)
    answer = {"csv": csv_answer, "xlsx": xlsx_answer}.get(kind)
    if make is None or answer is None or question.entity is None:
        raise NotFound.because(
            "not_found", "The forecast, its bridge, backlog and deferred revenue export as CSV or XLSX."
        )
    head, rows = make(request, question)
    return answer(f"{report}-{question.as_of.isoformat()}", head, rows)


def _forecast_sheet(request: ActingRequest, question: Asked) -> _Sheet:
    found = forecast_of(request, question)
    head = (
        "Client", "Contract", "Line", "Method", "Month", "Kind", "Currency", "Amount", "Home amount", "Rests on", "Why"
    )  # fmt: skip
    rows = (
        (
            item.client, item.contract, item.name, item.method, each.month, each.kind.value, item.currency, each.amount,
            each.functional, each.source.label, each.said,
        )
        for item in (found.items if found else ())
        for each in item.amounts
    )  # fmt: skip
    return head, rows


def _bridge_sheet(request: ActingRequest, question: Asked) -> _Sheet:
    opening = number_of(request.GET.get("opening"))
    found = _compared(request, _of_version(request, question, opening) if opening else question)
    rows: Iterator[Sequence[Cell]] = iter(())
    if found is not None:
        rows = (
            (step.label, move.client, move.contract, move.name, move.amount)
            for step in found.bridge.steps
            for move in step.moves
        )
    return ("Step", "Client", "Contract", "Line", "Amount"), rows


def _backlog_sheet(request: ActingRequest, question: Asked) -> _Sheet:
    found = forecast_of(request, question)
    rows = reports.backlog(found).rows if found else []
    head = (
        "Client", "Contract", "Contracted", "Recognized", "Backlog", "Next twelve months", "Later", "Not known when",
        "Not scheduled",
    )  # fmt: skip
    return head, (
        (
            row.client, row.contract, row.contracted, row.recognized, row.backlog, row.next_year, row.later,
            row.undated, row.unscheduled,
        )
        for row in rows
    )  # fmt: skip


def _deferred_sheet(request: ActingRequest, question: Asked) -> _Sheet:
    found = queries.deferred_revenue(
        request.actor, question.entity.pk if question.entity else 0, question.as_of
    )
    head = (
        "Client",
        "Contract",
        "Liability",
        *(f"{month:%Y-%m}" for month in found.shown),
        "Later",
        "Not known when",
    )
    return head, (
        (row.client, row.contract, row.opening, *row.released, row.later, row.undated) for row in found.rows
    )


_SHEETS: dict[str, Callable[[ActingRequest, Asked], _Sheet]] = {
    "forecast": _forecast_sheet, "bridge": _bridge_sheet, "backlog": _backlog_sheet, "deferred": _deferred_sheet
}  # fmt: skip
