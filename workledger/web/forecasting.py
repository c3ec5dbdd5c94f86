"""What the pages of the forecast share: which entity, day and version an address asks for, and the charts."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from workledger.directory.models import LegalEntity
from workledger.forecast import queries
from workledger.forecast.calc.bridge import BridgeStepKind
from workledger.forecast.outlook import Forecast
from workledger.forecast.queries import VersionRow
from workledger.forecast.reports import MonthSums, RevenueBridge
from workledger.metrics import charts
from workledger.metrics.charts import Point
from workledger.web import formats
from workledger.web.acting import ActingRequest, today
from workledger.web.charts import Cell, Chart, compact
from workledger.web.inputs import NotUnderstood, parse_date
from workledger.web.paging import number_of

MONTHS_BEFORE, MONTHS_SHOWN = 6, 18
_WORDS_EVERY = 3
"""Words stand above every third month, so that they do not meet on a phone; the axis says the others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. `version` is None for the forecast by all that is known now, through `as_of`."""

    entity: LegalEntity | None
    entities: list[tuple[int, str]]
    as_of: date
    versions: list[VersionRow]
    version: VersionRow | None

    @property
    def context(self) -> dict[str, Any]:
        """What the filter bar of a page shows."""
        return {
            "entity": self.entity,
            "entities": self.entities if len(self.entities) > 1 else [],
            "as_of": self.as_of,
            "version": self.version,
            "version_options": [(row.id, version_words(row)) for row in self.versions],
            "currency": self.entity.book.currency if self.entity else "",
        }

    @property
    def words(self) -> str:
        """The question as the end of an address."""
        given: dict[str, Any] = {"entity": self.entity.pk} if self.entity else {}
        given |= {"version": self.version.id} if self.version else {"as_of": self.as_of.isoformat()}
        return urlencode(given)


def version_words(row: VersionRow) -> str:
    """Return a version as a choice says it."""
    return f"{row.name}, {formats.day(row.as_of)}"


def asked(request: ActingRequest, entity_id: int | None = None) -> Asked:
    """Read what the address asks for: the first legal entity and today where it says nothing. `entity_id` goes before it."""
    rows = list(LegalEntity.objects.visible_to(request.actor).select_related("book").order_by("name"))
    chosen = entity_id or number_of(request.GET.get("entity"))
    entity = next((row for row in rows if row.pk == chosen), rows[0] if rows else None)
    known = queries.versions(request.actor, entity.pk) if entity else []
    version_id = number_of(request.GET.get("version"))
    version = next((row for row in known if row.id == version_id), None)
    as_of = version.as_of if version else day_of(request)
    return Asked(entity, [(row.pk, row.name) for row in rows], as_of, known, version)


def day_of(request: ActingRequest, name: str = "as_of") -> date:
    """Return the day that an address asks for, today where it does not."""
    try:
        return parse_date(request.GET.get(name, ""), today=today()) or today()
    except NotUnderstood:
        return today()


def forecast_of(request: ActingRequest, found: Asked, contract_id: int | None = None) -> Forecast | None:
    """Return the forecast that is asked for, None without a legal entity."""
    if found.entity is None:
        return None
    if found.version is not None:
        return queries.version(request.actor, found.version.id)[1]
    return queries.now(request.actor, found.entity.pk, found.as_of, contract_id)


def month_of(text: str, otherwise: date) -> date:
    """Return the first day of a month in an address ('2026-03')."""
    try:
        return date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return otherwise.replace(day=1)


def months_from(first: date, count: int) -> date:
    """Return the first day of the month so many months on."""
    index = first.year * 12 + first.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


# --- charts -------------------------------------------------------------------------------------------------


def months_chart(rows: list[MonthSums], as_of: date, currency: str) -> Chart | None:
    """Return recognized, contracted and expected revenue by month, half a year back and a year on."""
    first = months_from(as_of.replace(day=1), 1 - MONTHS_BEFORE)
    shown = [row for row in rows if row.month and first <= row.month < months_from(first, MONTHS_SHOWN)]
    if len(shown) < 2:
        return None
    layers: list[list[Point]] = [[], [], []]
    table = []
    for place, row in enumerate(shown):
        label = f"{row.month:%b %y}"
        words = compact(row.total) if row.total and place % _WORDS_EVERY == 0 else ""
        for points, amount, tone in zip(
            layers, (row.recognized, row.contracted, row.expected), ("", "rest", "rest"), strict=True
        ):
            points.append(Point(label, amount, words, "", tone))
        cells = (row.recognized, row.contracted, row.expected, row.total)
        table.append((f"{row.month:%B %Y}", tuple(Cell(formats.amount(cell, currency)) for cell in cells)))
    title = "What is still to come, and how sure is it?"
    return Chart(
        "forecast", title, f"Recognized in green, contracted in grey, expected in light grey, {currency}",
        charts.layered(title, layers), ("Month", "Recognized", "Contracted", "Expected", f"All {currency}"), tuple(table),
    )  # fmt: skip


def bridge_chart(found: RevenueBridge, opening: str, closing: str, words: str) -> Chart | None:
    """Return the bridge as a waterfall; steps of nothing are left out."""
    steps = [step for step in found.steps if step.amount]
    if not steps:
        return None
    points = [Point(opening, found.opening, compact(found.opening), "", "rest")]
    for step in steps:
        href = f"{reverse('forecast-bridge-step', args=[step.step.value])}?{words}"
        sign = "+" if step.amount > 0 else ""
        points.append(
            Point(
                SHORT[step.step],
                step.amount,
                f"{sign}{compact(step.amount)}",
                href,
                "" if step.amount > 0 else "bad",
            )
        )
    points.append(Point(closing, found.closing, compact(found.closing), "", "rest"))
    title = "Why did the forecast move?"
    table = tuple(
        (point.label, (Cell(formats.amount(point.value, found.currency), point.href),)) for point in points
    )
    return Chart(
        "bridge", title, f"From one version to the other, {found.currency}; the foot of the first and last column may be cut off",
        charts.waterfall(title, points), ("Step", f"Amount {found.currency}"), table,
    )  # fmt: skip


SHORT = {
    BridgeStepKind.NEW: "New", BridgeStepKind.CHANGED: "Changes", BridgeStepKind.ESTIMATED: "Estimates", BridgeStepKind.ACTUAL: "Actual", BridgeStepKind.TIMING: "Timing",
    BridgeStepKind.IN_VIEW: "In view", BridgeStepKind.ENDED: "Ended", BridgeStepKind.FX: "FX",
}  # fmt: skip


def year_window(text: str, as_of: date) -> tuple[date | None, date | None]:
    """Return the half-open months that a bridge is over: a calendar year in an address, 'all', else the year of the day."""
    if text == "all":
        return None, None
    year = number_of(text) or as_of.year
    year = year if 1990 <= year <= 2200 else as_of.year
    return date(year, 1, 1), date(year + 1, 1, 1)
