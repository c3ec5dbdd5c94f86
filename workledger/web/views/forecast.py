"""The forecast by month, with the way down to each contract's lines and why; and its frozen versions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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
from workledger.forecast.calc.schedule import Kind
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
            "rows": list(_rows(clients, question)),
            "foot": _cells(table.sums),
            "from": request.GET.get("from", ""),
            "from_options": _from_options(found),
            "renewal": sum((row.renewal for row in sums), Decimal(0)),
            "recognized": found.total(Kind.RECOGNIZED),
            "contracted": found.total(Kind.CONTRACTED),
            "expected": found.total(Kind.EXPECTED),
            "notes": [item for item in found.items if item.note],
        }
    return render(request, "web/forecast/index.html", context)


def _from_options(found: Forecast) -> list[tuple[str, str]]:
    """The months that the table may begin with: each half year of a year back and two years on."""
    first = found.as_of.replace(day=1)
    shown = [months_from(first, offset) for offset in range(-12, 25, _MONTHS)]
    return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in shown]


def _rows(clients: Iterable[ClientMonths], question: Asked) -> Iterator[TableRow]:
    for client in clients:
        yield TableRow(0, client.client, "", "", _cells(client.sums))
        for contract in client.contracts:
            yield from _contract_rows(contract, question)


def _contract_rows(row: ContractMonths, question: Asked) -> Iterator[TableRow]:
    href = f"{reverse('forecast-contract', args=[row.contract_id])}?{question.words}"
    why = f"{reverse('forecast-why', args=[row.contract_id])}?{question.words}"
    yield TableRow(1, row.contract, href, "", _cells(row.sums, why))
    for each in row.items if len(row.items) > 1 else ():
        cells = _cells(each.cells, f"{why}&key={each.item.key}")
        yield TableRow(2, each.item.name, "", each.item.method, cells)


def _cells(cells: Cells, why: str = "") -> tuple[Figure, ...]:
    """Return figures of a row, whole; each opens its reason, exact."""
    amounts = (cells.before, *cells.months, cells.after, cells.undated, cells.total)
    return tuple(Figure(_whole(amount), why if why and amount else "") for amount in amounts)


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
    return {kind.value: item.total(kind) for kind in Kind}


@page(_P.VIEW_REVENUE)
@require_GET
def why(request: ActingRequest, contract_id: int) -> HttpResponse:
    """Why a contract, or a line of it (`key`), comes to what it does: each amount with its reason."""
    row, question, items = _of_contract(request, contract_id)
    key = request.GET.get("key", "")
    items = [item for item in items if not key or item.key == key]
    if not items:
        raise locks.not_found(Contract)
    home, currency = question.context["currency"], items[0].currency
    total = sum((item.functional(*_COUNTED) for item in items), Decimal(0))
    trail = {
        "title": "Why this forecast?",
        "value": formats.money(total, home),
        "sentence": _sentence(row, items, question),
        "formula": [
            {"sign": "+" if place else "", "label": kind.label, "value": formats.money(_sum(items, kind), home)}
            for place, kind in enumerate(_COUNTED)
        ],
        "rows_label": "Month by month" + (f", {currency}" if currency != home else ""),
        "rows": [
            {"name": _month(each), "note": f"{item.name}. {each.kind.label}: {each.said}",
             "value": formats.money(each.amount, item.currency)}
            for item in items for each in item.amounts
        ],
        "more_url": f"{reverse('forecast-contract', args=[row.pk])}?{question.words}",
        "more_label": "The contract's forecast",
        "basis": "Renewals count in no sum." if any(each.kind is Kind.RENEWAL for item in items for each in item.amounts) else "",
    }  # fmt: skip
    template = "web/partials/trail.html" if getattr(request, "htmx", None) else "web/trail.html"
    return render(request, template, {"trail": trail})


_COUNTED = (Kind.RECOGNIZED, Kind.CONTRACTED, Kind.EXPECTED)


def _sum(items: Iterable[Item], kind: Kind) -> Decimal:
    return sum((item.functional(kind) for item in items), Decimal(0))


def _sentence(row: Contract, items: list[Item], question: Asked) -> str:
    what = items[0].name if len(items) == 1 else "All lines"
    of = f"version {question.version.name}" if question.version else "all that is known now"
    notes = " ".join(item.note for item in items if item.note)
    return f"{what} of {row}, by {of}, recognized through {formats.day(question.as_of)}. {notes}".strip()


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
