"""The form of a contract line: what every line asks, then the terms of its billing model, as fields.

A field named 'terms.cap.amount' is that place of the model's document (`contracts.calc.terms`); one named 'ask.…' only
chooses which of several terms is meant, and is not kept.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from workledger.contracts.models import BillingModel, RevenueMethod
from workledger.web.forms import Field

Options = tuple[tuple[Any, ...], ...]
_M = BillingModel
_METHODS = (
    ("none", "As it was entered"),
    ("nearest", "To the nearest step"),
    ("up", "Up to the next step"),
    ("down", "Down to the step before"),
)
_SCOPES = (("entry", "Each entry"), ("task_day", "Each task's day"), ("invoice", "Each line of the invoice"))
_GROUPINGS = (("task", "Task"), ("person", "Person"), ("entry", "Entry"))
_TIMING = (("advance", "At its start"), ("arrears", "At its end"))
_CAP_ACTIONS = (("notify", "Tell us, and bill on"), ("hard", "Bill nothing beyond it"))
_PERIODS = (
    (1, "Month"),
    (2, "Two months"),
    (3, "Quarter"),
    (4, "Four months"),
    (6, "Half-year"),
    (12, "Year"),
)
_KINDS = (
    ("weekend", "Weekend"),
    ("holiday", "Holiday"),
    ("overtime", "Overtime"),
    ("task_type", "Kind of work"),
)
_MEASURES = (
    ("hours", "Hours worked against the budget"),
    ("manual", "What we record, with evidence"),
    ("cost", "Cost"),
    ("milestones", "Milestones"),
    ("units", "Units"),
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the fields of a line offer, each as pairs of id and name."""

    currency: str
    roles: Options = ()
    task_types: Options = ()
    projects: Options = ()
    tax_codes: Options = ()


def line_fields(model: BillingModel, choices: Choices) -> tuple[Field, ...]:
    """Return the fields of a line of a model."""
    basis = (
        Field("name", "Name of the line", required=True, help="Stands on the invoice."),
        Field("budget_hours", "Budget in hours", "number", unit="h", row="budget", help="What the client agreed to; burn is measured against it."),
        Field("budget_amount", "Budget in money", "number", places=4, unit=choices.currency, row="budget"),
    )  # fmt: skip
    if model == _M.NON_BILLABLE:
        return (*basis, _NOTES)
    return (*basis, *_terms(model, choices), *_common(choices))


def _money(name: str, label: str, choices: Choices, **about: Any) -> Field:
    return Field(f"terms.{name}", label, "number", places=4, unit=choices.currency, **about)


_NOTES = Field("terms.requires_notes", "Every entry needs a note", "check")


def _terms(model: BillingModel, choices: Choices) -> Iterator[Field]:
    yield from _OWN[model](choices)
    if model in (_M.TIME_AND_MATERIALS, _M.BLENDED, _M.DAY_RATE):
        yield from _limits(choices)
    if model in _PRICED_BY_TIME:
        yield from _time(choices)


_PRICED_BY_TIME = (_M.TIME_AND_MATERIALS, _M.BLENDED, _M.DAY_RATE, _M.RETAINER, _M.PREPAID)
_PERIOD = Field("terms.period_months", "Every", "choice", options=_PERIODS, row="fee", default=1)
_DUE = Field("terms.timing", "Charged", "choice", options=_TIMING, row="fee", default="advance")
_PRORATES = Field(
    "terms.prorates", "A period cut short pays only its days", "check", default=True,
    help="Such as a contract that starts on the 15th.",
)  # fmt: skip


def _no_terms(_: Choices) -> Iterator[Field]:
    yield from ()


def _fixed_fee(choices: Choices) -> Iterator[Field]:
    yield _money("price", "Price", choices, required=True, section="Price")
    yield Field(
        "terms.instalments", "Instalments", "rows", noun="Instalment",
        help="Each as an amount or as a share of the price. One without a day is charged when you ask for it.",
        columns=(
            Field("name", "Name"),
            Field("amount", "Amount", "number", places=4, unit=choices.currency),
            Field("percent", "or share", "number", places=4, unit="%"),
            Field("due", "Day", "date"),
        ),
    )  # fmt: skip


def _milestones(choices: Choices) -> Iterator[Field]:
    yield Field(
        "terms.milestones", "Milestones", "rows", noun="Milestone", section="Milestones",
        help="Each is charged once somebody records who at the client accepted it.",
        columns=(
            Field("name", "Outcome"),
            Field("amount", "Amount", "number", places=4, unit=choices.currency),
            Field("due", "Planned for", "date"),
            Field("criteria", "Accepted when", row="below"),
        ),
    )  # fmt: skip


def _progress(choices: Choices) -> Iterator[Field]:
    yield _money("value", "Price of the whole", choices, required=True, section="Price", row="value")
    yield Field("terms.measure", "Progress is", "choice", options=_MEASURES, row="value", default="hours")
    yield Field(
        "terms.retainage_percent", "Held back of each claim", "number", places=4, unit="%", default=Decimal(0),
        help="Retainage: the client pays it once it is released.",
    )  # fmt: skip


def _retainer(choices: Choices) -> Iterator[Field]:
    yield _money("fee", "Fee", choices, required=True, section="Fee", row="fee")
    yield from (_PERIOD, _DUE)
    included = (("hours", "Hours"), ("amount", "Time worth an amount"), ("all", "All time"))
    yield Field(
        "ask.included",
        "The fee includes",
        "choice",
        options=included,
        row="included",
        section="What it includes",
        default="hours",
    )
    yield Field(
        "terms.included_hours",
        "Hours included",
        "number",
        unit="h",
        row="included",
        when="ask.included=hours",
    )
    yield _money("included_amount", "Amount included", choices, row="included", when="ask.included=amount")
    yield _money(
        "overage_rate", "Rate beyond that", choices, when="ask.included=hours|amount", row="over",
        help="Empty: as the rate cards say.",
    )  # fmt: skip
    yield Field(
        "terms.unused", "What is not used", "choice", row="over", default="expire", when="ask.included=hours|amount",
        options=(("expire", "Expires at the period's end"), ("roll_over", "Rolls over to the next")),
    )  # fmt: skip
    yield Field(
        "terms.roll_over_periods",
        "Rolls over for, periods",
        "whole",
        row="limits",
        when="terms.unused=roll_over",
        help="Empty: without limit.",
    )
    yield Field(
        "terms.roll_over_hours",
        "and at most",
        "number",
        unit="h",
        row="limits",
        when="terms.unused=roll_over",
    )
    yield Field(
        "terms.carries_deficit", "What is over is taken from the next period instead of charged", "check",
        when="ask.included=hours|amount",
    )  # fmt: skip
    yield _PRORATES


def _recurring(choices: Choices) -> Iterator[Field]:
    yield _money("fee", "Fee", choices, required=True, section="Fee", row="fee")
    yield from (_PERIOD, _DUE, _PRORATES)
    rises = (
        ("none", "Stays as it is"),
        ("percent", "Rises by a percentage"),
        ("index", "Rises with an index"),
    )
    yield Field(
        "ask.rise", "Every year the fee", "choice", options=rises, default="none", section="Each year", folds=True,
        about="Rises on the contract's anniversary, and whether it renews",
    )  # fmt: skip
    yield Field(
        "terms.escalation_percent",
        "Rises by",
        "number",
        places=4,
        unit="%",
        when="ask.rise=percent",
        default=Decimal(0),
    )
    yield Field(
        "terms.escalation_index",
        "Name of the index",
        when="ask.rise=index",
        help="Such as 'Consumer price index'.",
    )
    yield Field(
        "terms.index_values", "Values of the index", "rows", noun="Value", when="ask.rise=index",
        columns=(Field("day", "From day", "date"), Field("value", "Value", "number", places=4)),
    )  # fmt: skip
    yield Field("terms.renews", "Renews by itself", "check")


def _prepaid(choices: Choices) -> Iterator[Field]:
    sizes = (("hours", "Hours"), ("amount", "An amount of time"))
    yield _money("price", "Price of a block", choices, required=True, section="Block", row="block")
    yield Field("ask.block", "It holds", "choice", options=sizes, row="block", default="hours")
    yield Field(
        "terms.block_hours", "Hours in a block", "number", unit="h", row="block", when="ask.block=hours"
    )
    yield _money("block_amount", "Time worth", choices, row="block", when="ask.block=amount")
    beyond = (("charge", "Is charged by the rate cards"), ("hold", "Waits for the next block"))
    yield Field("terms.beyond", "Time beyond it", "choice", options=beyond, default="charge", row="runs")
    yield Field(
        "terms.expires_after_months", "Expires after, months", "whole", row="runs", help="Empty: never."
    )
    yield Field("terms.tops_up", "A new block is bought by itself when one runs low", "check")
    yield Field(
        "terms.low_balance_percent",
        "Low is below",
        "number",
        places=4,
        unit="%",
        default=Decimal(20),
        help="Of one block.",
    )
    yield Field(
        "terms.weights", "Weights", "rows", noun="Weight", section="Hours that draw more or less", folds=True,
        about="Such as a senior role that draws an hour and a half per hour", help="The first that fits holds.",
        columns=(
            Field("factor", "Draws, times", "number", places=4),
            Field("role_id", "Role", "id", options=choices.roles, empty="Any"),
            Field("task_type_id", "Kind of work", "id", options=choices.task_types, empty="Any"),
            Field("project_id", "Project", "id", options=choices.projects, empty="Any"),
        ),
    )  # fmt: skip


def _units(choices: Choices) -> Iterator[Field]:
    yield Field("terms.unit", "Unit", required=True, help="Such as 'test case'.", section="Units")
    yield Field(
        "terms.tiers", "Prices", "rows", noun="Price", help="One price, or cheaper ones from a quantity on. The first is from 0.",
        columns=(
            Field("from_quantity", "From quantity", "number", places=4),
            Field("price", "Price of one", "number", places=4, unit=choices.currency),
        ),
    )  # fmt: skip
    yield Field("terms.by_volume", "The whole quantity takes the price it reaches", "check")


def _blended(choices: Choices) -> Iterator[Field]:
    yield _money("rate_per_hour", "Rate of every hour", choices, required=True, section="Rate")


def _day_rate(choices: Choices) -> Iterator[Field]:
    yield _money("rate_per_day", "Rate of a day", choices, required=True, section="Rate")
    yield Field(
        "terms.bands", "How hours become days", "rows", noun="Step",
        help="Hours that one person works on the line in a day.",
        columns=(
            Field("up_to_hours", "Up to hours", "number", unit="h"),
            Field("days", "Count as days", "number"),
        ),
    )  # fmt: skip


_OWN = {
    _M.TIME_AND_MATERIALS: _no_terms,
    _M.FIXED_FEE: _fixed_fee,
    _M.MILESTONE: _milestones,
    _M.RETAINER: _retainer,
    _M.RECURRING: _recurring,
    _M.PREPAID: _prepaid,
    _M.PROGRESS: _progress,
    _M.UNIT: _units,
    _M.BLENDED: _blended,
    _M.DAY_RATE: _day_rate,
}


def _limits(choices: Choices) -> Iterator[Field]:
    caps = (("none", "No cap"), ("amount", "An amount"), ("hours", "Hours"))
    some = "ask.cap=amount|hours"
    yield Field(
        "ask.cap", "Limit", "choice", options=caps, default="none", section="Cap", folds=True, row="cap",
        about="A limit that the client agreed to",
    )  # fmt: skip
    yield _money("cap.amount", "At most", choices, row="cap", when="ask.cap=amount")
    yield Field("terms.cap.hours", "At most", "number", unit="h", row="cap", when="ask.cap=hours")
    yield Field(
        "terms.cap.action",
        "When it is reached",
        "choice",
        options=_CAP_ACTIONS,
        row="reached",
        default="notify",
        when=some,
    )
    yield Field(
        "terms.cap.tolerance_percent",
        "Tolerance",
        "number",
        places=4,
        unit="%",
        row="reached",
        default=Decimal(0),
        when=some,
        help="So far beyond it is still billed.",
    )
    yield Field(
        "terms.cap.shows_beyond", "Invoices show what lies beyond it and take it off", "check", when=some
    )
    yield _money(
        "minimum_charge.amount",
        "At least",
        choices,
        section="Minimum charge",
        folds=True,
        row="least",
        about="What is missing is charged when the period is over",
    )
    yield replace(_PERIOD, name="terms.minimum_charge.period_months", row="least")
    yield Field(
        "terms.discount.percent",
        "Discount",
        "number",
        places=4,
        unit="%",
        section="Discount",
        folds=True,
        default=Decimal(0),
        about="A percentage off, alone or by volume",
    )
    yield Field(
        "terms.discount.volume", "By volume", "rows", noun="Step", help="From so many hours of a month on, this discount on all of them.",
        columns=(
            Field("from_hours", "From hours", "number", unit="h"),
            Field("percent", "Discount", "number", places=4, unit="%"),
        ),
    )  # fmt: skip


def _time(choices: Choices) -> Iterator[Field]:
    yield Field(
        "terms.multipliers", "Factors on the rate", "rows", noun="Factor", section="Hours that cost more", folds=True,
        about="Weekend, holiday, overtime, kinds of work", help="Where several fit, the largest holds.",
        columns=(
            Field("kind", "When", "choice", options=_KINDS, default="weekend"),
            Field("factor", "Times", "number", places=4),
            Field("over_hours", "After, per day", "number", unit="h", when="kind=overtime"),
            Field("task_type_id", "Kind of work", "id", options=choices.task_types, empty="Choose", when="kind=task_type"),
        ),
    )  # fmt: skip
    yield Field(
        "terms.rounding.method", "Time is billed", "choice", options=_METHODS, section="Rounding and least time", folds=True, default="none",
        about="In steps of 15 minutes, say; worked time is never changed", row="rounding",
    )  # fmt: skip
    rounded = "terms.rounding.method=nearest|up|down"
    yield Field(
        "terms.rounding.step_minutes", "Step, minutes", "whole", row="rounding", when=rounded, default=15
    )
    yield Field(
        "terms.rounding.scope",
        "Applies to",
        "choice",
        options=_SCOPES,
        row="rounding",
        when=rounded,
        default="entry",
    )
    yield Field(
        "terms.minimum_time.minutes",
        "At least, minutes",
        "whole",
        row="minimum",
        help="Empty: no least time.",
    )
    scopes = (("entry", "Of each entry"), ("day", "Of a person's day"))
    yield Field(
        "terms.minimum_time.scope", "Holds for", "choice", options=scopes, row="minimum", default="entry"
    )
    yield Field(
        "terms.group_lines_by", "Invoice lines by", "choice", options=_GROUPINGS, section="Invoice and notes", folds=True,
        empty="As the client's billing profile says", about="How time is summed on the invoice",
    )  # fmt: skip
    yield _NOTES


def _common(choices: Choices) -> Iterator[Field]:
    yield Field(
        "terms.expenses.is_charged", "Billable expenses are charged", "check", section="Expenses", folds=True, default=True,
        about="At cost, with a markup, or not at all",
    )  # fmt: skip
    yield Field(
        "terms.expenses.markup_percent", "With a markup of", "number", places=4, unit="%", default=Decimal(0)
    )
    yield Field(
        "revenue_method", "Revenue is recognized", "choice", options=tuple(RevenueMethod.choices), section="Revenue and tax", folds=True,
        empty="As the model usually is", about="Right as it is for most lines",
    )  # fmt: skip
    if choices.tax_codes:
        yield Field(
            "tax_code_id", "Tax code", "id", options=choices.tax_codes, empty="As the client is taxed"
        )


# --- documents ----------------------------------------------------------------------------------------------

_NEEDS_ONE = {
    "cap": ("amount", "hours"),
    "minimum_charge": ("amount",),
    "minimum_time": ("minutes",),
    "discount": ("percent", "volume"),
}
"""Parts of terms that are there once one of these is said."""


def initial(
    fields: tuple[Field, ...], model: BillingModel, document: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what stands in the fields: what goes without saying, over it the terms of a kept document if there is one."""
    shown = {field.name: field.default for field in fields if field.default is not None} | _FIRST_ROWS.get(
        model, {}
    )
    if document is None:
        return shown
    return shown | _flat(document, {field.name: field for field in fields}) | _asked(document)


_FIRST_ROWS: dict[BillingModel, dict[str, Any]] = {
    _M.FIXED_FEE: {"terms.instalments": [{"name": "On signing", "percent": Decimal(40)}, {"name": "On delivery", "percent": Decimal(60)}]},
    _M.MILESTONE: {"terms.milestones": [{}]},
    _M.UNIT: {"terms.tiers": [{"from_quantity": Decimal(0)}]},
    _M.DAY_RATE: {"terms.bands": [
        {"up_to_hours": Decimal(4), "days": Decimal("0.5")}, {"up_to_hours": Decimal(24), "days": Decimal(1)}]},
}  # fmt: skip
"""What lists begin with."""


def _flat(document: Mapping[str, Any], fields: Mapping[str, Field], path: str = "terms") -> dict[str, Any]:
    """Return a kept document as the values of its fields."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        place = f"{path}.{name}"
        if isinstance(value, dict):
            found |= _flat(value, fields, place)
        elif place in fields:
            found[place] = _value(value, fields[place])
    return found


def _value(kept: Any, field: Field) -> Any:
    """Return a kept value as its field takes it: numbers and days are kept as text."""
    if kept is None:
        return None
    if field.kind == "rows":
        columns = {column.name: column for column in field.columns}
        return [
            {key: _value(cell, columns[key]) for key, cell in row.items() if key in columns} for row in kept
        ]
    if field.kind == "number":
        return Decimal(kept)
    return date.fromisoformat(kept) if field.kind == "date" else kept


def _asked(document: Mapping[str, Any]) -> dict[str, str]:
    """Return which of several terms a document chose."""
    cap = document.get("cap") or {}
    return {
        "ask.cap": "amount" if cap.get("amount") else "hours" if cap.get("hours") else "none",
        "ask.included": "hours" if document.get("included_hours") else "amount" if document.get("included_amount") else "all",
        "ask.block": "amount" if document.get("block_amount") else "hours",
        "ask.rise": "index" if document.get("index_values") else "percent" if Decimal(document.get("escalation_percent") or 0) else "none",
    }  # fmt: skip


def document_of(values: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return the terms that were filled in, over what the form does not ask; an empty field takes the model's default."""
    document: dict[str, Any] = deepcopy(dict(kept))
    for name, value in values.items():
        if not name.startswith("terms."):
            continue
        *parents, last = name.split(".")[1:]
        place = document
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                place[parent] = {}
            place = place[parent]
        place.pop(last, None)
        if value not in (None, "", []):
            place[last] = value
    for name, needed in _NEEDS_ONE.items():
        if name in document and not any((document[name] or {}).get(each) for each in needed):
            del document[name]
    return document
