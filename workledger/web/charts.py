"""Charts of pages: each a question with its spec, and the table behind it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from workledger.core.access import Actor
from workledger.kernel.period import Period, month_of
from workledger.ledger.models import AccountRole
from workledger.metrics import charts, queries
from workledger.metrics.calc import formulas
from workledger.metrics.catalogue import By
from workledger.metrics.charts import Point, Spec
from workledger.metrics.projects import project_figures
from workledger.metrics.queries import Filters, MetricValue
from workledger.metrics.sums import sums
from workledger.web import formats
from workledger.web.paging import number_of
from workledger.web.trails import trail_url

_DAY = timedelta(days=1)
_MONTHS = 12
_ZERO = Decimal(0)
_OLD_PLACE = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of the table behind a chart."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A question, its spec and its table: column heads, and rows of a label and its cells."""

    id: str
    title: str
    note: str
    spec: Spec
    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]

    @property
    def spec_id(self) -> str:
        """The id of the element that holds the spec on a page."""
        return f"{self.id}-spec"


Maker = Callable[[Actor, date, Mapping[str, str]], "Chart | None"]


def year_to(today: date) -> Period:
    """Return the twelve months that end with today's."""
    start = month_of(today).start
    for _ in range(_MONTHS - 1):
        start = month_of(start - _DAY).start
    return Period(start, today + _DAY)


def compact(value: Decimal | None) -> str:
    """Return an amount short enough for a mark: '1,250', '12.5k', '1.3m'."""
    if value is None:
        return ""
    size = abs(value)
    for least, unit in ((1_000_000, "m"), (1_000, "k")):
        if size >= least * (10 if unit == "k" else 1):
            places = 0 if size >= least * 100 else 1
            return f"{formats.number(value / least, places)}{unit}"
    return formats.number(value, 0)


def _month(start: date) -> str:
    return f"{start:%b}"


def _within(start: date, whole: Period) -> Period:
    return Period(start, min(month_of(start).end, whole.end))


def utilization(actor: Actor, today: date, _: Mapping[str, str]) -> Chart | None:
    """Billable utilization of the last twelve months."""
    whole = year_to(today)
    found = queries.value(actor, "utilization", period=whole, by=[By.MONTH])
    return utilization_of(found, whole, "Are we using the capacity we have?")


def utilization_of(
    found: Sequence[MetricValue], whole: Period, title: str, person: int | None = None
) -> Chart | None:
    """Return columns of utilization by month, of everybody or one person, without the months before the first."""
    first = next((place for place, each in enumerate(found) if each.value), None)
    if first is None:
        return None
    points, rows = [], []
    for each in found[first:]:
        start = each.key[0]
        href = trail_url("utilization", period=_within(start, whole), person=person)
        tone = "" if each is found[-1] else "rest"
        points.append(Point(_month(start), each.value, formats.percent(each.value, 0), href, tone))
        billable, capacity = (formats.hours(int(part.value or 0), 0) for part in each.parts)
        rows.append(
            (f"{start:%B %Y}", (Cell(billable), Cell(capacity), Cell(formats.percent(each.value), href)))
        )
    return Chart(
        "utilization", title, f"Billable share of capacity, {found[-1].key[0]:%B} so far", charts.columns(title, points),
        ("Month", "Billable h", "Capacity h", "Utilization"), tuple(rows),
    )  # fmt: skip


def margin(actor: Actor, today: date, _: Mapping[str, str]) -> Chart | None:
    """Revenue and the margin that is left of it, of the last twelve months."""
    whole = year_to(today)
    found = queries.value(actor, "project_margin", period=whole, by=[By.MONTH])
    currency = _main_currency(found)
    found = [each for each in found if each.currency == currency]
    if not found:
        return None
    earned, kept, rows = [], [], []
    for each in found:
        start, revenue = each.key[0], each.parts[0].value or _ZERO
        period = _within(start, whole)
        to_revenue, to_margin = (
            trail_url(name, period=period, currency=currency) for name in ("revenue", "project_margin")
        )
        share = formulas.ratio(each.value or _ZERO, revenue)
        earned.append(Point(_month(start), revenue, formats.percent(share, 0), to_revenue))
        kept.append(Point(_month(start), each.value, compact(each.value), to_margin))
        cells = (Cell(formats.amount(revenue, currency), to_revenue), Cell(formats.amount(each.value, currency), to_margin),
                 Cell(formats.percent(share), trail_url("project_margin_share", period=period, currency=currency)))  # fmt: skip
        rows.append((f"{start:%B %Y}", cells))
    return Chart(
        "margin", "What do we keep of what we earn?", f"Revenue with the margin in green, {currency}; above, the margin in percent",
        charts.stacked("What do we keep of what we earn?", earned, kept),
        ("Month", f"Revenue {currency}", f"Margin {currency}", "Margin %"), tuple(rows),
    )  # fmt: skip


def _main_currency(found: list[MetricValue]) -> str:
    totals: dict[str, Decimal] = {}
    for each in found:
        totals[each.currency] = totals.get(each.currency, _ZERO) + abs(each.value or _ZERO)
    return max(totals, key=lambda currency: totals[currency], default="")


def _ageing(metric: str, title: str, note: str, names: tuple[str, ...]) -> Maker:
    def make(actor: Actor, today: date, asked: Mapping[str, str]) -> Chart | None:
        client = number_of(asked.get("client"))
        found = queries.value(actor, metric, as_of=today, by=[By.AGE], filters=Filters(client=client))
        currency = _main_currency(found)
        amounts = {each.key[0]: each.value or _ZERO for each in found if each.currency == currency}
        if not any(amounts.values()):
            return None
        whole = sum(amounts.values(), _ZERO)
        points, rows = [], []
        for place, name in enumerate(names):
            value = amounts.get(place, _ZERO)
            href = trail_url(metric, as_of=today, age=place, currency=currency, client=client)
            tone = "bad" if place == len(names) - 1 else "warn" if place >= _OLD_PLACE else ""
            words = name if name == "not due" else f"{name} days"
            points.append(Point(words, value, compact(value), href, tone))
            share = formulas.ratio(value, whole)
            rows.append((words, (Cell(formats.amount(value, currency), href), Cell(formats.percent(share)))))
        spec = charts.bars(title, points)
        return Chart(
            f"{metric}-age",
            title,
            f"{note}, {currency}",
            spec,
            ("Age", f"Amount {currency}", "Share"),
            tuple(rows),
        )

    return make


def burn(actor: Actor, _: date, asked: Mapping[str, str]) -> Chart | None:
    """A project's hours added up by month, against its budget."""
    project_id = number_of(asked.get("project")) or 0
    known = project_figures(actor, [project_id]).get(project_id)
    if known is None or known.seconds is None:
        return None
    by_month: dict[date, int] = {}
    for row in sums(actor, [AccountRole.LABOUR_COST], by=[By.MONTH], where={By.PROJECT: [project_id]}):
        by_month[row.key[0]] = by_month.get(row.key[0], 0) + row.seconds
    if len(by_month) < 2:
        return None
    points, rows, total = [], [], 0
    for start, seconds in sorted(by_month.items()):
        total += seconds
        href = trail_url("hours_worked", project=project_id, period=month_of(start))
        label = f"{start:%b %y}"
        points.append(Point(label, Decimal(total) / 3600, f"{formats.hours(total, 0)} h used", href))
        rows.append((f"{start:%B %Y}", (Cell(formats.hours(seconds), href), Cell(formats.hours(total)))))
    budget = None
    if known.budget_seconds:
        budget = Point(
            "", Decimal(known.budget_seconds) / 3600, f"budget {formats.hours(known.budget_seconds, 0)} h"
        )
    return Chart(
        "burn", "Will the budget last?", "Hours worked, added up", charts.burn("Will the budget last?", points, budget),
        ("Month", "Hours", "Added up"), tuple(rows),
    )  # fmt: skip


CHARTS: dict[str, Maker] = {
    "utilization": utilization,
    "margin": margin,
    "wip-age": _ageing(
        "wip", "How old is what we have not billed?", "Days since the work", formulas.WIP_BUCKETS
    ),
    "ar-age": _ageing("ar", "Who pays late?", "Days past the due date", formulas.AR_BUCKETS),
    "burn": burn,
}
