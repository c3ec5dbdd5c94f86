"""The terms that people vary in a simulation, as cells of a grid: what each is called, how it is typed, what it means.

They are those of `contracts.calc.terms` that move money; whatever else a line says stays as it is.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from workledger.contracts.models import BillingModel
from workledger.web.inputs import NotUnderstood, parse_date, parse_money

Kind = Literal["number", "whole", "choice", "check", "text", "rows"]
_M = BillingModel
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Lever:
    """One term. `path` leads to it in the document; `parts` name the fields of a row, in the order they are typed."""

    path: str
    label: str
    kind: Kind = "number"
    unit: str = ""
    options: tuple[tuple[str, str], ...] = ()
    parts: tuple[str, ...] = ()
    help: str = ""


_YES_NO = (("", "No"), ("yes", "Yes"))
_TIMING = (("advance", "At its start"), ("arrears", "At its end"))
_ROUNDING = (
    Lever("rounding.method", "Time is rounded", "choice",
          options=(("none", "Not"), ("nearest", "To the nearest step"), ("up", "Up"), ("down", "Down"))),
    Lever("rounding.step_minutes", "Step of rounding", "whole", "min"),
    Lever("minimum_time.minutes", "Least time of an entry", "whole", "min"),
)  # fmt: skip
_LIMITS = (
    Lever("cap.amount", "Cap in money", unit="money"),
    Lever("cap.hours", "Cap in hours", unit="h"),
    Lever("discount.percent", "Discount", unit="%"),
    Lever("minimum_charge.amount", "Least a month", unit="money"),
)
_PERIOD = (
    Lever("period_months", "Months of a period", "whole"),
    Lever("timing", "Fee is due", "choice", options=_TIMING),
)
_PART_HELP = "One a line: name; amount or percentage; day."
LEVERS: Mapping[BillingModel, tuple[Lever, ...]] = {
    _M.TIME_AND_MATERIALS: (*_LIMITS, *_ROUNDING),
    _M.BLENDED: (Lever("rate_per_hour", "Rate per hour", unit="money"), *_LIMITS, *_ROUNDING),
    _M.DAY_RATE: (Lever("rate_per_day", "Rate per day", unit="money"), *_LIMITS),
    _M.NON_BILLABLE: (),
    _M.FIXED_FEE: (
        Lever("price", "Price", unit="money"),
        Lever("instalments", "Instalments", "rows", parts=("name", "amount|percent", "due"), help=_PART_HELP),
    ),
    _M.MILESTONE: (
        Lever("milestones", "Milestones", "rows", parts=("name", "amount", "due"), help="One a line: name; amount; day."),
    ),
    _M.RETAINER: (
        Lever("fee", "Fee of a period", unit="money"), *_PERIOD,
        Lever("included_hours", "Included hours", unit="h"),
        Lever("included_amount", "Included money", unit="money"),
        Lever("overage_rate", "Rate beyond it", unit="money"),
        Lever("unused", "What is unused", "choice", options=(("expire", "Expires"), ("roll_over", "Rolls over"))),
        Lever("roll_over_periods", "Rolls over for periods", "whole"),
        Lever("carries_deficit", "Overuse is taken from the next", "check", options=_YES_NO), *_ROUNDING,
    ),
    _M.RECURRING: (
        Lever("fee", "Fee of a period", unit="money"), *_PERIOD,
        Lever("escalation_percent", "Rises each year by", unit="%"),
    ),
    _M.PREPAID: (
        Lever("block_hours", "Hours of a block", unit="h"),
        Lever("block_amount", "Money of a block", unit="money"),
        Lever("price", "Price of a block", unit="money"),
        Lever("expires_after_months", "Expires after months", "whole"),
        Lever("tops_up", "Tops up by itself", "check", options=_YES_NO),
        Lever("low_balance_percent", "when below", unit="%"),
        Lever("beyond", "Time beyond it", "choice", options=(("charge", "Is charged"), ("hold", "Waits"))), *_ROUNDING,
    ),
    _M.PROGRESS: (
        Lever("value", "Value", unit="money"),
        Lever("retainage_percent", "Retainage", unit="%"),
    ),
    _M.UNIT: (
        Lever("unit", "Unit", "text"),
        Lever("tiers", "Prices", "rows", parts=("from_quantity", "price"), help="One a line: from quantity; price."),
    ),
}  # fmt: skip
STARTERS: Mapping[BillingModel, dict[str, Any]] = {
    _M.BLENDED: {"rate_per_hour": "120"},
    _M.DAY_RATE: {"rate_per_day": "960"},
    _M.FIXED_FEE: {
        "price": "30000",
        "instalments": [{"name": "At the start", "percent": "50"}, {"name": "At the end", "percent": "50"}],
    },
    _M.MILESTONE: {"milestones": [{"name": "Go-live", "amount": "10000"}]},
    _M.RETAINER: {"fee": "4000", "included_hours": "32"},
    _M.RECURRING: {"fee": "1000"},
    _M.PREPAID: {"block_hours": "50", "price": "6000", "tops_up": True},
    _M.PROGRESS: {"value": "50000"},
    _M.UNIT: {"unit": "piece", "tiers": [{"from_quantity": "0", "price": "10"}]},
}
_NEEDS_ONE = {
    "cap": ("amount", "hours"),
    "minimum_time": ("minutes",),
    "minimum_charge": ("amount",),
    "discount": ("percent", "volume"),
}
"""Parts of terms that are there once one of these is said."""


def shown(document: Mapping[str, Any], lever: Lever) -> str:
    """Return a term as it stands in its cell."""
    value: Any = document
    for name in lever.path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    if lever.kind == "rows":
        return "\n".join(_row_words(row, lever) for row in value)
    if lever.kind == "check":
        return "yes" if value else ""
    return _plain(value)


def _row_words(row: Mapping[str, Any], lever: Lever) -> str:
    words = []
    for part in lever.parts:
        names = part.split("|")
        found = next((name for name in names if row.get(name) is not None), "")
        text = _plain(row[found]) if found else ""
        words.append(f"{text}%" if found == "percent" else text)
    return "; ".join(words).rstrip("; ")


def _plain(value: Any) -> str:
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return str(value)
    return f"{number.normalize():f}" if number.is_finite() else str(value)


def typed(document: Mapping[str, Any], lever: Lever, text: str, today: date) -> dict[str, Any]:
    """Return the document with a term as typed; an empty cell takes the model's default. Raises NotUnderstood."""
    result: dict[str, Any] = deepcopy(dict(document))
    *parents, last = lever.path.split(".")
    place = result
    for name in parents:
        if not isinstance(place.get(name), dict):
            place[name] = {"action": "hard"} if name == "cap" else {}
        place = place[name]
    value = _understood(lever, text, today)
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return result


def whole(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without the parts of which nothing is said."""
    return {
        name: value
        for name, value in document.items()
        if name not in _NEEDS_ONE or any((value or {}).get(each) for each in _NEEDS_ONE[name])
    }


def _understood(lever: Lever, text: str, today: date) -> Any:
    text = text.strip()
    if lever.kind == "check":
        return text == "yes"
    if not text:
        return None
    if lever.kind in ("choice", "text"):
        return text
    if lever.kind == "whole":
        if not text.isdigit():
            raise NotUnderstood("Write a whole number.")
        return int(text)
    if lever.kind == "rows":
        return [_row(lever, line, today) for line in text.splitlines() if line.strip()]
    return str(parse_money(text, places=_PLACES))


def _row(lever: Lever, line: str, today: date) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for part, cell in zip(lever.parts, line.split(";"), strict=False):
        text = cell.strip()
        if not text:
            continue
        if part == "due":
            found = parse_date(text, today=today)
            row["due"] = found.isoformat() if found else None
        elif part == "name":
            row["name"] = text
        elif text.endswith("%") and "percent" in part:
            row["percent"] = str(parse_money(text.removesuffix("%"), places=_PLACES))
        else:
            row[part.split("|")[0]] = str(parse_money(text, places=_PLACES))
    return row
