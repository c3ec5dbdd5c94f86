"""Reports: the catalogue of metrics, profitability of all projects, utilization by person and month."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.core.refusals import NotFound
from workledger.kernel.period import Period, month_of
from workledger.kernel.rounding import half_up, round_amount
from workledger.ledger.dimensions import Dimension, choices, labels
from workledger.metrics import queries
from workledger.metrics.calc import formulas
from workledger.metrics.catalogue import METRICS, By
from workledger.metrics.projects import ProjectFigures, project_figures
from workledger.metrics.queries import Filters, may_see
from workledger.projects.models import ProjectState
from workledger.projects.queries import ProjectFilter, ProjectRow, list_projects
from workledger.web import formats, sheets
from workledger.web.acting import ActingRequest, page, today
from workledger.web.paging import cut, number_of
from workledger.web.trails import trail_url

_DAY = timedelta(days=1)
_ZERO = Decimal(0)
_MONTHS = 6
C = TypeVar("C")


@page(Permission.VIEW_METRICS)
@require_GET
def index(request: ActingRequest) -> HttpResponse:
    """Every metric with its definition; each opens its trail."""
    day = today()
    this = Period(month_of(day).start, day + _DAY)
    rows = []
    for metric in METRICS.values():
        allowed = may_see(request.actor, metric)
        href = trail_url(metric.name, as_of=day) if metric.is_as_of else trail_url(metric.name, period=this)
        rows.append(
            {
                "metric": metric,
                "href": href if allowed else "",
                "by": ", ".join(key.label for key in metric.dimensions),
            }
        )
    return render(request, "web/reports/index.html", {"rows": rows})


# --- profitability --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A project with its figures as text and the addresses of their trails."""

    row: ProjectRow
    known: ProjectFigures
    project_url: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Total:
    """The sums of one currency."""

    currency: str
    count: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which figures a reader sees: hours always, money and cost by permission."""

    value: bool
    cost: bool

    def of(self, row: tuple[C, ...]) -> tuple[C, ...]:
        """Return hours, revenue, cost, margin, margin share and WIP without those not to be seen."""
        hours, revenue, cost, margin, share, wip = row
        if self.cost:
            return hours, revenue, cost, margin, share, wip
        return (hours, revenue, wip) if self.value else (hours,)

    @property
    def main(self) -> int:
        """The place of the figure that a phone shows."""
        return 4 if self.cost else 1 if self.value else 0


_SORTS = {
    "name": lambda pair: pair[0].name.casefold(),
    "client": lambda pair: pair[0].client.casefold(),
    "hours": lambda pair: pair[1].seconds or 0,
    "revenue": lambda pair: pair[1].revenue or _ZERO,
    "cost": lambda pair: pair[1].cost or _ZERO,
    "margin": lambda pair: pair[1].margin or _ZERO,
    "share": lambda pair: pair[1].margin_pct if pair[1].margin_pct is not None else Decimal(-9),
    "wip": lambda pair: pair[1].wip or _ZERO,
    "burn": lambda pair: pair[1].worst_burn or _ZERO,
}


@page(Permission.VIEW_METRICS)
@require_GET
def projects(request: ActingRequest) -> HttpResponse:
    """What each project earned, cost and left; all of them from the ledger's balances."""
    asked = request.GET
    pairs = _chosen(request)
    shown = cut(pairs, asked.get("cursor", ""))
    columns = _columns(request)
    context = {
        "lines": _lines(list(shown), columns),
        "cut": shown,
        "totals": _totals(pairs, columns),
        "main": columns.main,
        "sees_cost": columns.cost,
        "sees_value": columns.value,
        "clients": choices(request.actor, Dimension.CLIENT),
        "practices": choices(request.actor, Dimension.PRACTICE),
        "states": list(ProjectState.choices),
        "works": [("all", "also internal")],
        "filtered": any(asked.get(name) for name in ("q", "client", "practice", "state", "work")),
        **_exports(request, "reports-projects-export"),
    }
    return render(request, "web/reports/projects.html", context)


def _chosen(request: ActingRequest) -> list[tuple[ProjectRow, ProjectFigures]]:
    """Return the projects that the filters ask for with their figures, sorted as asked."""
    asked = request.GET
    wanted = ProjectFilter(
        words=asked.get("q", "").strip()[:100],
        client_id=number_of(asked.get("client")),
        practice_id=number_of(asked.get("practice")),
        state=asked.get("state", "") or "all",
    )
    figures = project_figures(request.actor)
    pairs = [(row, figures[row.id]) for row in list_projects(request.actor, wanted) if row.id in figures]
    pairs = [pair for pair in pairs if asked.get("work") == "all" or not pair[1].is_internal]
    sort = asked.get("sort") or "-margin"
    key: Any = _SORTS.get(sort.removeprefix("-"), _SORTS["margin"])
    return sorted(pairs, key=key, reverse=sort.startswith("-"))


def _columns(request: ActingRequest) -> _Columns:
    sees_value = request.actor.can(Permission.VIEW_BILLING)
    return _Columns(sees_value, sees_value and request.actor.can(Permission.VIEW_COST))


_PROJECT_HEAD: tuple[sheets.Cell, ...] = ("Hours", "Revenue", "Cost", "Margin", "Margin %", "WIP")


@page(Permission.VIEW_METRICS)
@require_GET
def export_projects(request: ActingRequest, kind: str) -> HttpResponse:
    """The projects that the filters ask for with their figures, as CSV or Excel."""
    columns = _columns(request)
    head = ["Project", "Code", "Client", "Currency", *map(str, columns.of(_PROJECT_HEAD))]
    wip_currency = ["WIP currency"] if columns.value else []
    rows = (
        [row.name, row.code, row.client, known.home_currency, *columns.of(_numbers(known))]
        + ([known.currency] if columns.value else [])
        + [_percent(known.worst_burn)]
        for row, known in _chosen(request)
    )
    return _file(kind, "profitability", [*head, *wip_currency, "Budget used %"], rows)


def _numbers(known: ProjectFigures) -> tuple[sheets.Cell, ...]:
    home = known.home_currency
    return (
        known.hours, _amount(known.revenue, home), _amount(known.cost, home), _amount(known.margin, home),
        _percent(known.margin_pct), _amount(known.wip, known.currency),
    )  # fmt: skip


def _amount(value: Decimal | None, currency: str) -> Decimal | None:
    return None if value is None else round_amount(value, currency)


def _percent(share: Decimal | None) -> Decimal | None:
    return None if share is None else half_up(share * 100, 1)


def _exports(request: ActingRequest, name: str) -> dict[str, str]:
    """Return the addresses of what is seen as files."""
    asked = request.GET.copy()
    asked.pop("cursor", None)
    return {kind: f"{reverse(name, args=[kind])}?{asked.urlencode()}" for kind in ("csv", "xlsx")}


def _file(kind: str, name: str, head: list[str], rows: Iterable[Sequence[sheets.Cell]]) -> HttpResponse:
    answer = {"csv": sheets.csv_answer, "xlsx": sheets.xlsx_answer}.get(kind)
    if answer is None:
        raise NotFound.because("not_found", "Reports are exported as CSV or XLSX.")
    return answer(f"{name}-{today().isoformat()}", head, rows)


def _lines(pairs: list[tuple[ProjectRow, ProjectFigures]], columns: _Columns) -> list[Line]:
    trails = {name: reverse("trail", args=[name]) for name in METRICS}
    home = reverse("projects")
    lines = []
    for row, known in pairs:
        of = f"?project={row.id}"
        lines.append(
            Line(
                row, known, f"{home}/{row.id}",
                columns.of((
                    (formats.hours(known.seconds), f"{trails['hours_worked']}{of}"),
                    (formats.amount(known.revenue, known.home_currency), f"{trails['revenue']}{of}"),
                    (formats.amount(known.cost, known.home_currency), f"{trails['project_cost']}{of}"),
                    (formats.amount(known.margin, known.home_currency), f"{trails['project_margin']}{of}"),
                    (formats.percent(known.margin_pct), f"{trails['project_margin_share']}{of}"),
                    (formats.amount(known.wip, known.currency), f"{trails['wip']}{of}"),
                )),
            )
        )  # fmt: skip
    return lines


def _totals(pairs: list[tuple[ProjectRow, ProjectFigures]], columns: _Columns) -> list[Total]:
    """Return sums per functional currency; WIP is summed where it is in that currency too."""
    found = []
    for currency in sorted({known.home_currency for _, known in pairs}):
        here = [known for _, known in pairs if known.home_currency == currency]
        seconds = sum(known.seconds or 0 for known in here)
        revenue = sum((known.revenue or _ZERO for known in here), _ZERO)
        cost = sum((known.cost or _ZERO for known in here), _ZERO)
        wip = sum((known.wip or _ZERO for known in here if known.currency == currency), _ZERO)
        share = formulas.margin_share(revenue, cost)
        texts = (
            formats.hours(seconds), formats.amount(revenue, currency), formats.amount(cost, currency),
            formats.amount(revenue - cost, currency), formats.percent(share), formats.amount(wip, currency),
        )  # fmt: skip
        found.append(Total(currency, len(here), columns.of(tuple((text, "") for text in texts))))
    return found


# --- utilization ----------------------------------------------------------------------------------------


@page(Permission.VIEW_METRICS)
@require_GET
def utilization(request: ActingRequest) -> HttpResponse:
    """Billable utilization of each person, month by month."""
    found = _people(request)
    rows = [
        (
            name, person,
            [_cell(by_month.get(month), found.trail(month, person=person)) for month in found.months],
            _sum_of(by_month.values(), trail_url("utilization", period=found.whole, person=person)),
        )
        for name, person, by_month in found.rows
    ]  # fmt: skip
    everything = [each for _, _, by_month in found.rows for each in by_month.values()]
    limits: dict[str, Any] = {key.value: value for key, value in found.filters.given.items()}
    context = {
        "rows": rows,
        "months": found.months,
        "totals": [
            _sum_of([each for each in everything if each.key[1] == month], found.trail(month, **limits))
            for month in found.months
        ],
        "total": _sum_of(everything, trail_url("utilization", period=found.whole, **limits)),
        "practices": choices(request.actor, Dimension.PRACTICE),
        "offices": choices(request.actor, Dimension.OFFICE),
        "month_choices": _month_choices(today()),
        "filtered": bool(found.filters.given) or month_of(found.whole.end - _DAY) != month_of(today()),
        "metric": METRICS["utilization"],
        **_exports(request, "reports-utilization-export"),
    }
    return render(request, "web/reports/utilization.html", context)


@page(Permission.VIEW_METRICS)
@require_GET
def export_utilization(request: ActingRequest, kind: str) -> HttpResponse:
    """Billable utilization of each person and month in percent, as CSV or Excel."""
    found = _people(request)
    rows = (
        [
            name,
            *(_percent(_share(by_month, month)) for month in found.months),
            _percent(_whole(by_month.values())),
        ]
        for name, _, by_month in found.rows
    )
    head = ["Person", *(f"{month:%b %Y} %" for month in found.months), "All %"]
    return _file(kind, "utilization", head, rows)


@dataclass(frozen=True, slots=True)
class _People:
    """Utilization as asked for: the months, and by person's name what is known of each month."""

    whole: Period
    filters: Filters
    months: list[date]
    rows: list[tuple[str, int, dict[date, queries.MetricValue]]]

    def trail(self, month: date, **limits: Any) -> str:
        """Return the address of a month's trail."""
        return trail_url(
            "utilization", period=Period(month, min(month_of(month).end, self.whole.end)), **limits
        )


def _people(request: ActingRequest) -> _People:
    day = today()
    through = _month(request.GET.get("month", ""), day)
    start = through
    for _ in range(_MONTHS - 1):
        start = month_of(start - _DAY).start
    whole = Period(start, min(month_of(through).end, day + _DAY))
    filters = Filters(
        practice=number_of(request.GET.get("practice")), office=number_of(request.GET.get("office"))
    )
    found = queries.value(
        request.actor, "utilization", period=whole, by=[By.PERSON, By.MONTH], filters=filters
    )
    people: dict[int, dict[date, queries.MetricValue]] = {}
    for each in found:
        if any(part.value for part in each.parts):
            people.setdefault(each.key[0], {})[each.key[1]] = each
    names = labels(request.actor, Dimension.PERSON, people)
    rows = [(names.get(person, "Somebody"), person, by_month) for person, by_month in people.items()]
    rows.sort(key=lambda row: row[0].casefold())
    return _People(whole, filters, sorted({each.key[1] for each in found}), rows)


def _share(by_month: Mapping[date, queries.MetricValue], month: date) -> Decimal | None:
    found = by_month.get(month)
    return None if found is None else found.value


def _cell(found: Any, href: str) -> tuple[str, str]:
    return (
        (formats.percent(found.value, 0), href) if found is not None and found.value is not None else ("", "")
    )


def _sum_of(found: Iterable[queries.MetricValue], href: str) -> tuple[str, str]:
    return formats.percent(_whole(found), 0), href


def _whole(found: Iterable[queries.MetricValue]) -> Decimal | None:
    """Return the utilization of several people or months taken together."""
    rows = list(found)
    billable = sum((each.parts[0].value or _ZERO for each in rows), _ZERO)
    capacity = sum((each.parts[1].value or _ZERO for each in rows), _ZERO)
    return formulas.utilization(billable, capacity)


def _month(text: str, day: date) -> date:
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        return month_of(day).start
    return min(asked, month_of(day).start)


def _month_choices(day: date) -> list[tuple[str, str]]:
    found, start = [], month_of(day).start
    for _ in range(24):
        found.append((f"{start:%Y-%m}", f"{start:%B %Y}"))
        start = month_of(start - _DAY).start
    return found
