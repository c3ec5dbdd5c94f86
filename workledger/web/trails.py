"""Addresses and words of figures: `trail_url("wip", project=7)` is where a figure opens."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.kernel.period import Period, month_of, next_month
from workledger.ledger.dimensions import Dimension, labels
from workledger.metrics.calc import formulas
from workledger.metrics.catalogue import METRICS, By, Unit
from workledger.metrics.queries import Filters
from workledger.metrics.trails import Scope
from workledger.web import formats
from workledger.web.paging import number_of

_DAY = timedelta(days=1)
_PAGES = {"time": "time_entry", "invoice": "invoice", "project": "project", "person": "person", "client": "client",
          "contract": "contract", "entry": "entry", "expense": "expense", "reimbursement": "expenses-reimbursement",
          "vendor_bill": "vendor_bill"}  # fmt: skip
AGES = {"wip": formulas.WIP_BUCKETS, "ar": formulas.AR_BUCKETS}


def trail_url(
    metric: str,
    *,
    period: Period | None = None,
    as_of: date | None = None,
    currency: str = "",
    cursor: str = "",
    **filters: int | None,
) -> str:
    """Return the address of a figure's trail. `filters` are ids by dimension, as in `trail_url("wip", project=7)`."""
    asked: dict[str, str | int] = {name: value for name, value in filters.items() if value is not None}
    if period is not None:
        asked |= {"start": period.start.isoformat(), "through": (period.end - _DAY).isoformat()}
    if as_of is not None:
        asked["as_of"] = as_of.isoformat()
    if currency:
        asked["currency"] = currency
    if cursor:
        asked["cursor"] = cursor
    address = reverse("trail", args=[metric])
    return f"{address}?{urlencode(asked)}" if asked else address


def scope_url(metric: str, scope: Scope, *, cursor: str = "") -> str:
    """Return the address of the trail of a scope."""
    filters = {key.value: value for key, value in scope.filters.given.items()}
    return trail_url(
        metric, period=scope.period, as_of=scope.as_of, currency=scope.currency, cursor=cursor, **filters
    )


def scope_of(metric: str, asked: Mapping[str, str], today: date) -> Scope:
    """Read a scope from an address. What runs over a period and has none runs over this month where it must."""
    limits = {key.value: number_of(asked.get(key.value)) for key in By if key is not By.MONTH}
    start, through = _day(asked.get("start")), _day(asked.get("through"))
    as_of = _day(asked.get("as_of"))
    period = Period(start or date.min, through + _DAY if through else date.max) if start or through else None
    if period is None and metric in ("capacity", "utilization"):
        period = Period(month_of(today).start, today + _DAY)
    if as_of is None and (limits["age"] is not None or metric.startswith("dso")):
        as_of = today
    return Scope(Filters(**limits), period, as_of, asked.get("currency", "")[:3])


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused.because("bad_day", "A day in an address reads like 2026-03-31.") from None


def page_url(kind: str, identifier: int) -> str:
    """Return the page of a document, '' where this installation has none."""
    if kind == "item":
        return reverse("trail-item", args=[identifier])
    try:
        return reverse(_PAGES[kind], args=[identifier]) if identifier else ""
    except (KeyError, NoReverseMatch):
        return ""


def figure(value: Decimal | int | None, unit: Unit, currency: str = "", *, whole: bool = False) -> str:
    """Return a figure with its unit as people read it; 'no figure' in a dash where it cannot be said."""
    if value is None:
        return formats.ZERO
    match unit:
        case Unit.SECONDS:
            return f"{formats.hours(int(value))}\N{NO-BREAK SPACE}h" if value else formats.ZERO
        case Unit.MONEY:
            return (
                formats.money(Decimal(value), currency, whole=whole)
                if currency
                else formats.amount(Decimal(value))
            )
        case Unit.RATIO:
            return formats.percent(value)
        case Unit.DAYS:
            return f"{formats.number(value, 1, zero='0')} days"


def period_words(period: Period) -> str:
    """Return a range of days in words: 'March 2026', '1 Jan to 31 Mar 2026'."""
    last = period.end - _DAY
    if period.start == date.min:
        return f"until {formats.day(last)}"
    if period.end == date.max:
        return f"since {formats.day(period.start)}"
    if period.start.day == 1 and period.end == next_month(period.start):
        return f"{period.start:%B %Y}"
    return f"{formats.day(period.start)} to {formats.day(last)}"


def scope_words(actor: Actor, metric: str, scope: Scope) -> list[str]:
    """Return what a figure is limited to, in words."""
    words = []
    for key, value in scope.filters.given.items():
        if key is By.AGE:
            names = AGES.get(metric, ())
            words.append(
                f"{names[value]} days" if value < len(names) and names[value] != "not due" else "not due"
            )
        elif key is By.ENTITY:
            words.append("one legal entity")
        else:
            words.append(labels(actor, Dimension(key.value), [value]).get(value, f"one {key.label}"))
    if METRICS[metric].is_as_of:
        if scope.as_of:
            words.append(f"at the end of {formats.day(scope.as_of)}")
    elif scope.period:
        words.append(period_words(scope.period))
    return words
