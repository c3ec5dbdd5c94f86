"""Reports: the catalogue of metrics, profitability of all projects, utilization by person and month."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from workledger.core.access import Permission
from workledger.kernel.period import Period, month_of
from workledger.ledger.dimensions import Dimension, choices, labels
from workledger.metrics import queries
from workledger.metrics.calc import formulas
from workledger.metrics.catalogue import METRICS, By
from workledger.metrics.projects import ProjectFigures, project_figures
from workledger.metrics.queries import Filters, may_see
from workledger.projects.models import ProjectState
from workledger.projects.queries import ProjectFilter, ProjectRow, list_projects
from workledger.web import formats
from workledger.web.acting import ActingRequest, page, today
from workledger.web.paging import cut, number_of
from workledger.web.trails import trail_url

_DAY = timedelta(days=1)
_ZERO = Decimal(0)
_MONTHS = 6


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

    def of(self, row: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
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
    state = asked.get("state", "")
    wanted = ProjectFilter(
        words=asked.get("q", "").strip()[:100],
        client_id=number_of(asked.get("client")),
        practice_id=number_of(asked.get("practice")),
        state=state or "all",
    )
    figures = project_figures(request.actor)
    pairs = [(row, figures[row.id]) for row in list_projects(request.actor, wanted) if row.id in figures]
    pairs = [pair for pair in pairs if asked.get("work") == "all" or not pair[1].is_internal]
    sort = asked.get("sort") or "-margin"
    key: Any = _SORTS.get(sort.removeprefix("-"), _SORTS["margin"])
    pairs.sort(key=key, reverse=sort.startswith("-"))
    shown = cut(pairs, asked.get("cursor", ""))
    sees_value = request.actor.can(Permission.VIEW_BILLING)
    columns = _Columns(sees_value, sees_value and request.actor.can(Permission.VIEW_COST))
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
    }
    return render(request, "web/reports/projects.html", context)


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
                    (formats.amount(known.cost, known.home_currency), f"{trails['labour_cost']}{of}"),
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
    actor, day = request.actor, today()
    through = _month(request.GET.get("month", ""), day)
    start = through
    for _ in range(_MONTHS - 1):
        start = month_of(start - _DAY).start
    whole = Period(start, min(month_of(through).end, day + _DAY))
    filters = Filters(
        practice=number_of(request.GET.get("practice")), office=number_of(request.GET.get("office"))
    )
    found = queries.value(actor, "utilization", period=whole, by=[By.PERSON, By.MONTH], filters=filters)
    months = sorted({each.key[1] for each in found})
    spans = {month: Period(month, min(month_of(month).end, whole.end)) for month in months}
    people: dict[int, dict[date, Any]] = {}
    for each in found:
        if any(part.value for part in each.parts):
            people.setdefault(each.key[0], {})[each.key[1]] = each
    names = labels(actor, Dimension.PERSON, people)
    rows = []
    for person, by_month in people.items():
        cells = [
            _cell(by_month.get(month), trail_url("utilization", period=spans[month], person=person))
            for month in months
        ]
        rows.append(
            (names.get(person, "Somebody"), person, cells,
             _sum_of(by_month.values(), trail_url("utilization", period=whole, person=person)))
        )  # fmt: skip
    rows.sort(key=lambda row: row[0].casefold())
    everything = [each for by_month in people.values() for each in by_month.values()]
    limits: dict[str, Any] = {key.value: value for key, value in filters.given.items()}
    totals = [
        _sum_of(
            [each for each in everything if each.key[1] == month],
            trail_url("utilization", period=spans[month], **limits),
        )
        for month in months
    ]
    context = {
        "rows": rows,
        "months": months,
        "totals": totals,
        "total": _sum_of(everything, trail_url("utilization", period=whole, **limits)),
        "practices": choices(actor, Dimension.PRACTICE),
        "offices": choices(actor, Dimension.OFFICE),
        "month_choices": _month_choices(day),
        "filtered": bool(filters.given) or through != month_of(day).start,
        "metric": METRICS["utilization"],
    }
    return render(request, "web/reports/utilization.html", context)


def _cell(found: Any, href: str) -> tuple[str, str]:
    return (
        (formats.percent(found.value, 0), href) if found is not None and found.value is not None else ("", "")
    )


def _sum_of(found: Any, href: str) -> tuple[str, str]:
    rows = list(found)
    billable = sum((each.parts[0].value or _ZERO for each in rows), _ZERO)
    capacity = sum((each.parts[1].value or _ZERO for each in rows), _ZERO)
    return formats.percent(formulas.utilization(billable, capacity), 0), href


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
