"""The forecast: of now, frozen versions, the revenue bridge, backlog, what remains, deferred revenue."""

from datetime import date

from django.http import HttpRequest

from workledger.api.edge import actor_of, today
from workledger.api.routes import LIMIT, Limit, act, read
from workledger.api.wire import Day, Id, list_of, shown
from workledger.core.access import Permission
from workledger.core.refusals import Refused
from workledger.forecast import actions, outlook, queries, reports
from workledger.forecast.calc.deferred import LiabilityMonth
from workledger.revenue.calc.remaining import USUAL_MONTHS, edges_after

_TAG = "Forecast"
_VIEW = Permission.VIEW_REVENUE

shown(outlook.Amount, "ForecastAmount")
_ITEM = shown(outlook.Item, "ForecastItem", also=("agreed",))
_MONTH = shown(reports.MonthSums, "ForecastMonth", also=("total",))
_VERSION = shown(queries.VersionRow, "ForecastVersion", also=("total",))
shown(reports.ItemMove, "BridgeMove")
shown(reports.BridgeStep)
shown(reports.RevenueBridge)
_COMPARISON = shown(queries.Comparison, "ForecastComparison")
shown(reports.BacklogRow, "BacklogOfContract")
_BACKLOG = shown(reports.Backlog, also=("totals", "coverage", "months"))
shown(reports.RemainingRow, "RemainingOfContract")
shown(reports.LeftOut, "LeftOutOfDisclosure")
_REMAINING = shown(reports.Remaining, "RemainingObligations")
shown(reports.DeferredRow, "DeferredOfContract")
shown(LiabilityMonth, "ContractLiabilityMonth")
_DEFERRED = shown(reports.Deferred, "DeferredRevenue", also=("totals", "current"))


def _forecast(
    request: HttpRequest, entity_id: int, as_of: date | None, version_id: int | None
) -> outlook.Forecast:
    """The forecast of a legal entity that is asked for: a frozen version, or by all that is known now."""
    actor = actor_of(request)
    if version_id is None:
        return queries.now(actor, entity_id, as_of or today())
    row, found = queries.version(actor, version_id)
    if row.book_id != entity_id:
        raise Refused.because("other_book", f"Version {row.name} is of another legal entity.", "version_id")
    return found


@read("/entities/{entity_id}/forecast", list_of(_MONTH), _VIEW, tag=_TAG, name="get_forecast",
      summary="Get the forecast by month")  # fmt: skip
def get_forecast(
    request: HttpRequest, entity_id: Id, as_of: Day | None = None, version_id: Id | None = None
) -> list[reports.MonthSums]:
    """Revenue by month, in the book's currency: recognized through a day, contracted and expected after it.

    Renewals are in no total; a month that is null is not known. Of a frozen version where one is named.
    """
    return reports.by_month(_forecast(request, entity_id, as_of, version_id))


@read("/entities/{entity_id}/forecast-items", list_of(_ITEM), _VIEW, tag=_TAG, name="list_forecast_items",
      summary="List the items of the forecast")  # fmt: skip
def list_forecast_items(
    request: HttpRequest, entity_id: Id, as_of: Day | None = None, version_id: Id | None = None,
    contract_id: Id | None = None,
) -> list[outlook.Item]:  # fmt: skip
    """Obligations and lines of contracts with each amount to come, what it rests on and why."""
    items = _forecast(request, entity_id, as_of, version_id).items
    return [item for item in items if contract_id is None or item.contract_id == contract_id]


@read("/forecast-versions", list_of(_VERSION), _VIEW, tag=_TAG, name="list_forecast_versions",
      summary="List versions of the forecast")  # fmt: skip
def list_versions(
    request: HttpRequest, entity_id: Id | None = None, limit: Limit = LIMIT
) -> list[queries.VersionRow]:
    """Frozen versions, the latest day first."""
    return queries.versions(actor_of(request), entity_id, limit=limit)


@read("/forecast-versions/{version_id}/bridge", _COMPARISON, _VIEW, tag=_TAG, name="get_revenue_bridge",
      summary="Get the revenue bridge from a version")  # fmt: skip
def get_bridge(
    request: HttpRequest, version_id: Id, closing_id: Id | None = None, as_of: Day | None = None,
    start: Day | None = None, end: Day | None = None,
) -> queries.Comparison:  # fmt: skip
    """How the version became another one, or the forecast of now, step by step, over the months of the half-open [start, end).

    The steps sum to the difference. All months, and what is not known when, without days.
    """
    return queries.compare(actor_of(request), version_id, closing_id, as_of or today(), start, end)


@read(
    "/entities/{entity_id}/backlog", _BACKLOG, _VIEW, tag=_TAG, name="get_backlog", summary="Get the backlog"
)
def get_backlog(request: HttpRequest, entity_id: Id, as_of: Day | None = None) -> reports.Backlog:
    """What was agreed and is not recognized after a day, per contract, and what of the next twelve months it covers."""
    return queries.backlog(actor_of(request), entity_id, as_of or today())


@read("/entities/{entity_id}/remaining-obligations", _REMAINING, _VIEW, tag=_TAG,
      name="get_remaining_obligations", summary="Get remaining performance obligations")  # fmt: skip
def get_remaining(
    request: HttpRequest, entity_id: Id, as_of: Day | None = None, band_months: str = "",
    leaves_short: bool = False, leaves_invoiced: bool = True,
) -> reports.Remaining:  # fmt: skip
    """What contracts still have to earn after a day by time band, with what the practical expedients leave out and why.

    `band_months` are the ends of the bands in months, as 3,12,24, which is the default; the last two bands are 'later' and
    'not known when'. Refuses: bands_not_understood.
    """
    day = as_of or today()
    return queries.remaining_obligations(
        actor_of(request), entity_id, day, _edges(day, band_months), leaves_short=leaves_short,
        leaves_invoiced=leaves_invoiced,
    )  # fmt: skip


def _edges(day: date, text: str) -> list[date]:
    try:
        return edges_after(day, [int(part) for part in text.split(",")] if text else USUAL_MONTHS)
    except ValueError:
        message = "Give the ends of the bands in months, such as 3,12,24."
        raise Refused.because("bands_not_understood", message, "band_months") from None


@read("/entities/{entity_id}/deferred-revenue", _DEFERRED, _VIEW, tag=_TAG, name="get_deferred_revenue",
      summary="Get the deferred revenue schedule")  # fmt: skip
def get_deferred(request: HttpRequest, entity_id: Id, as_of: Day | None = None) -> reports.Deferred:
    """Contract liabilities after a day, the months in which they become revenue, and how liabilities go on."""
    return queries.deferred_revenue(actor_of(request), entity_id, as_of or today())


act("POST", "/entities/{entity_id}/forecast-versions", actions.freeze, tag=_TAG, gives="id")
