"""The forecast by month, with the way down to each contract's lines and why; and its frozen versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.contracts.models import Contract
from workledger.core import locks
from workledger.core.access import Permission
from workledger.core.door import Options
from workledger.forecast import actions, reports
from workledger.forecast.calc.schedule import ForecastKind
from workledger.forecast.outlook import Amount, Forecast, Item
from workledger.forecast.reports import Cells, ClientMonths, ContractMonths
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.forecasting import Asked, asked, forecast_of, month_of, months_chart, months_from
from workledger.web.forms import Field, Form, FormPage, form_page
from workledger.web.paging import cut

_P = Permission
_MONTHS = 6
_CLIENTS_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the table: its text and what it opens."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table: a client (level 0), a contract, an item."""

    level: int
    label: str
    href: str
    note: str
    cells: tuple[Figure, ...]


@page(_P.VIEW_REVENUE)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Revenue by month: recognized, contracted, expected; by client, contract and line; of now or of a frozen version."""
    question = asked(request)
    found = forecast_of(request, question)
    context: dict[str, Any] = {**question.context, "words": question.words}
    if found is not None:
        first = month_of(request.GET.get("from", ""), months_from(question.as_of.replace(day=1), 0))
        table = reports.month_table(found, first, _MONTHS)
        sums = reports.by_month(found)
        clients = cut(table.clients, request.GET.get("cursor", ""), _CLIENTS_SHOWN)
        context |= {
            "found": found,
            "chart": months_chart(sums, found.as_of, found.currency),
            "table": table,
            "clients": clients,
            "rows": list(_rows(clients, question, table.months)),
            "foot": _cells(table.sums, table.months),
            "from": request.GET.get("from", ""),
            "from_options": _from_options(found),
            "renewal": sum((row.renewal for row in sums), Decimal(0)),
            "recognized": found.total(ForecastKind.RECOGNIZED),
            "contracted": found.total(ForecastKind.CONTRACTED),
            "expected": found.total(ForecastKind.EXPECTED),
            "notes": [item for item in found.items if item.note],
        }
    return render(request, "web/forecast/index.html", context)


def _from_options(found: Forecast) -> list[tuple[str, str]]:
    """The months that the table may begin with: each half year of a year back and two years on."""
    first = found.as_of.replace(day=1)
    shown = [months_from(first, offset) for offset in range(-12, 25, _MONTHS)]
    return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in shown]


def _rows(clients: Iterable[ClientMonths], question: Asked, shown: Sequence[date]) -> Iterator[TableRow]:
    for client in clients:
        yield TableRow(0, client.client, "", "", _cells(client.sums, shown))
        for contract in client.contracts:
            yield from _contract_rows(contract, question, shown)


def _contract_rows(row: ContractMonths, question: Asked, shown: Sequence[date]) -> Iterator[TableRow]:
    href = f"{reverse('forecast-contract', args=[row.contract_id])}?{question.words}"
    why = f"{reverse('forecast-why', args=[row.contract_id])}?{question.words}"
    yield TableRow(1, row.contract, href, "", _cells(row.sums, shown, why))
    for each in row.items if len(row.items) > 1 else ():
        cells = _cells(each.cells, shown, f"{why}&key={each.item.key}")
        yield TableRow(2, each.item.name, "", each.item.method, cells)


def _cells(cells: Cells, shown: Sequence[date], why: str = "") -> tuple[Figure, ...]:
    """Return figures of a row, whole; each opens its reason, exact."""
    amounts = (cells.before, *cells.months, cells.after, cells.undated, cells.total)
    months = [f"{month:%Y-%m}" for month in shown]
    parts = (f"before-{months[0]}", *months, f"after-{months[-1]}", "undated", "")
    return tuple(
        Figure(_whole(amount), f"{why}&part={part}" if why and amount else "")
        for amount, part in zip(amounts, parts, strict=True)
    )


def _whole(amount: Decimal) -> str:
    return formats.number(amount, 0) if amount else formats.ZERO


# --- a contract ---------------------------------------------------------------------------------------------


@page(_P.VIEW_REVENUE)
@require_GET
def contract(request: ActingRequest, contract_id: int) -> HttpResponse:
    """A contract's forecast, month by month, with what each amount rests on."""
    row, question, items = _of_contract(request, contract_id)
    context = {
        **question.context,
        "contract": row,
        "items": [(item, _sums(item)) for item in items if item.amounts],
        "words": question.words,
    }
    return render(request, "web/forecast/contract.html", context)


def _of_contract(request: ActingRequest, contract_id: int) -> tuple[Contract, Asked, list[Item]]:
    row = locks.one(Contract.objects.visible_to(request.actor).select_related("client"), contract_id)
    question = asked(request, row.entity_id)
    found = forecast_of(request, question, contract_id)
    return row, question, [item for item in found.items if item.contract_id == contract_id] if found else []


def _sums(item: Item) -> dict[str, Decimal]:
    return {kind.value: item.total(kind) for kind in ForecastKind}


@page(_P.VIEW_REVENUE)
@require_GET
def why(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Why a contract, or a line of it (`key`), comes to what it does in a `part` of the months; or why its backlog does."""
    row, question, items = _of_contract(request, contract_id)
    key, part = request.GET.get("key", ""), request.GET.get("part", "")
    items = [_within(item, part) for item in items if not key or item.key == key]
    if not items:
        raise locks.not_found(Contract)
    trail = _trail(row, items, question, part)
    if request.GET.get("of") == "backlog":
        trail |= _backlog_trail(request, row, question)
    template = "web/partials/trail.html" if getattr(request, "htmx", None) else "web/trail.html"
    return render(request, template, {"trail": trail})


def _within(item: Item, part: str) -> Item:
    """Return an item with the amounts of a part of the table's months: '2026-04', 'before-2026-04', 'after-…', 'undated'."""
    side, _, month = part.partition("-") if part.startswith(("before-", "after-")) else ("", "", part)
    keep: dict[str, Callable[[date | None], bool]] = {
        "before": lambda each: each is not None and f"{each:%Y-%m}" < month,
        "after": lambda each: each is not None and f"{each:%Y-%m}" > month,
        "": lambda each: not month or (each is None if month == "undated" else each is not None and f"{each:%Y-%m}" == month),
    }  # fmt: skip
    return replace(item, amounts=tuple(each for each in item.amounts if keep[side](each.month)))


def _trail(row: Contract, items: list[Item], question: Asked, part: str) -> dict[str, Any]:
    home, currency = question.context["currency"], items[0].currency
    counted = [(kind, _sum(items, kind)) for kind in _COUNTED]
    total = sum((amount for _, amount in counted), Decimal(0))
    said = [(kind.label, amount) for kind, amount in counted if amount]
    formula = [
        {"sign": "+" if place else "", "label": label, "value": formats.money(amount, home)}
        for place, (label, amount) in enumerate(said)
    ]
    has_renewals = any(each.kind is ForecastKind.RENEWAL for item in items for each in item.amounts)
    return {
        "title": "Why this forecast?",
        "value": formats.money(total, home),
        "sentence": _sentence(row, items, question, part),
        "formula": [*formula, {"sign": "=", "label": "All", "value": formats.money(total, home)}] if len(said) > 1 else [],
        "steps": [_step(item, each) for item in items for each in item.amounts if each.kind is not ForecastKind.RECOGNIZED],
        "rows_label": "Recognized" + (f", {currency}" if currency != home else ""),
        "rows": [
            {"name": _month(each), "note": item.name, "value": formats.money(each.amount, item.currency)}
            for item in items
            for each in item.amounts
            if each.kind is ForecastKind.RECOGNIZED
        ],
        "more_url": f"{reverse('forecast-contract', args=[row.pk])}?{question.words}",
        "more_label": "The contract's forecast",
        "basis": "Renewals count in no sum." if has_renewals else "",
    }  # fmt: skip


def _step(item: Item, each: Amount) -> dict[str, str]:
    """Return an amount to come with its reason."""
    return {
        "what": f"{_month(each)}, {item.name}",
        "why": f"{each.kind.label}. {each.said}",
        "result": formats.money(each.amount, item.currency),
        "state": "",
    }


def _backlog_trail(request: ActingRequest, row: Contract, question: Asked) -> dict[str, Any]:
    """Return what a contract's backlog adds to its trail: contracted − recognized, and by when it is expected."""
    found, home = forecast_of(request, question, row.pk), question.context["currency"]
    rows = [each for each in reports.backlog(found).rows if each.contract_id == row.pk] if found else []
    if not rows:
        raise locks.not_found(Contract)
    backlog = rows[0]
    when = (
        ("Next twelve months", backlog.next_year), ("Later", backlog.later), ("Not known when", backlog.undated),
        ("Not scheduled", backlog.unscheduled),
    )  # fmt: skip
    return {
        "title": "Backlog",
        "value": formats.money(backlog.backlog, home),
        "sentence": f"What was agreed of {row} and is not recognized.",
        "formula": [
            {"label": "Contracted", "value": formats.money(backlog.contracted, home)},
            {
                "sign": "\N{MINUS SIGN}",
                "label": "Recognized",
                "value": formats.money(backlog.recognized, home),
            },
            {"sign": "=", "label": "Backlog", "value": formats.money(backlog.backlog, home)},
        ],
        "steps": [],
        "rows_label": "When",
        "rows": [{"name": name, "value": formats.money(amount, home)} for name, amount in when if amount],
        "basis": "",
    }


_COUNTED = (ForecastKind.RECOGNIZED, ForecastKind.CONTRACTED, ForecastKind.EXPECTED)


def _sum(items: Iterable[Item], kind: ForecastKind) -> Decimal:
    return sum((item.functional(kind) for item in items), Decimal(0))


def _sentence(row: Contract, items: list[Item], question: Asked, part: str) -> str:
    what = items[0].name if len(items) == 1 else "All lines"
    of = f"version {question.version.name}" if question.version else "all that is known now"
    notes = " ".join(item.note for item in items if item.note)
    when = _part_words(part)
    return (
        f"{what} of {row}{when}, by {of}, recognized through {formats.day(question.as_of)}. {notes}".strip()
    )


def _part_words(part: str) -> str:
    if not part:
        return ""
    if part == "undated":
        return ", not known when"
    side, _, month = part.partition("-") if part.startswith(("before-", "after-")) else ("in", "", part)
    return f", {side} {month_of(month, today()):%B %Y}"


def _month(each: Amount) -> str:
    return f"{each.month:%B %Y}" if each.month else "Not known when"


# --- versions -----------------------------------------------------------------------------------------------


@page(_P.VIEW_REVENUE)
@require_GET
def versions(request: ActingRequest) -> HttpResponse:
    """Frozen versions: what was believed at each close."""
    question = asked(request)
    rows = question.versions
    context = {**question.context, "rows": rows, "may_freeze": request.actor.can(_P.MANAGE_REVENUE)}
    return render(request, "web/forecast/versions.html", context)


@page(_P.MANAGE_REVENUE)
def new_version(request: ActingRequest) -> HttpResponse:
    """Freeze the forecast of a legal entity under a name."""
    question = asked(request)
    fields = (
        Field("entity_id", "Legal entity", "id", required=True, options=tuple(question.entities)),
        Field("name", "Name", required=True, row="name", help="Such as Budget 2027."),
        Field("as_of", "Recognized through", "date", required=True, row="name"),
        Field("reason", "Why", "lines", help="Stays with the version."),
    )

    def run(values: Mapping[str, Any], options: Options) -> int:
        return actions.freeze.using(options)(
            actor=request.actor, entity_id=values["entity_id"], as_of=values["as_of"], name=values["name"],
            reason=values["reason"] or "",
        )  # fmt: skip

    entity_id = question.entity.pk if question.entity else None
    around = FormPage(
        title="Freeze a version",
        crumbs=(("Forecast", reverse("forecast")), ("Versions", reverse("forecast-versions"))),
        act="Freeze",
        done=f"{reverse('forecast-versions')}?entity={entity_id or ''}",
        said="The version is frozen. It never changes.",
        lead="Keeps the forecast as it is believed now, to compare later ones with. Each lock of a period freezes one by itself.",
    )
    given: dict[str, Any] = {"entity_id": entity_id, "as_of": _last_month_end()}
    return form_page(request, Form(fields, given), run, around)


def _last_month_end() -> date:
    return date.fromordinal(today().replace(day=1).toordinal() - 1)
