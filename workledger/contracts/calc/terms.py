"""The terms of a contract line: one typed, versioned document per billing model.

`model` says which document it is. A document is read with `parse`, which reports every field that does not fit,
and kept as JSON with `stored`. `version` is the document's form: a later form reads the earlier ones.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from workledger.kernel.rounding import TimeRounding

Amount = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=4)]
Hours = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
Months = Annotated[int, Field(ge=1, le=12)]
PartKey = Annotated[str, Field(max_length=20, pattern=r"^[0-9a-z-]*$")]
"""What a milestone or instalment is known by while its name, day and place change; given when it is kept."""


class RoundingScope(StrEnum):
    """What a rounding applies to: each entry, a task's day, or a task's sum on the invoice."""

    ENTRY = "entry"
    TASK_DAY = "task_day"
    INVOICE = "invoice"


class GroupLinesBy(StrEnum):
    """How an invoice sums time into lines; `entry` prints each entry alone, so that each is rounded alone."""

    TASK = "task"
    PERSON = "person"
    ENTRY = "entry"


class CapAction(StrEnum):
    """What reaching a cap does: someone is told, or what exceeds it is not billed."""

    NOTIFY = "notify"
    HARD = "hard"


class Timing(StrEnum):
    """When a period's fee is due."""

    ADVANCE = "advance"
    ARREARS = "arrears"


class Unused(StrEnum):
    """What happens to a retainer's unused part at the period's end."""

    EXPIRE = "expire"
    ROLL_OVER = "roll_over"


class ProgressMeasure(StrEnum):
    """What progress is measured by."""

    HOURS = "hours"
    COST = "cost"
    MILESTONES = "milestones"
    UNITS = "units"
    MANUAL = "manual"


class MultiplierKind(StrEnum):
    """When an hour's rate is multiplied; `task_type` is for kinds of work such as on-site."""

    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    OVERTIME = "overtime"
    TASK_TYPE = "task_type"


class MinimumScope(StrEnum):
    """What a minimum of billable time holds for: each entry, or a person's day on the line."""

    ENTRY = "entry"
    DAY = "day"


class Beyond(StrEnum):
    """What happens to time beyond what was prepaid: it is charged by the rate cards, or waits for a top-up."""

    CHARGE = "charge"
    HOLD = "hold"


def _beside(field: str, message: str) -> PydanticCustomError:
    """Return the error of a whole part that stands best beside one of its fields."""
    return PydanticCustomError("beside", "{message}", {"message": message, "beside": field})


class _Document(BaseModel):
    """Base of every part: frozen, and a field nobody knows is an error instead of being lost."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Rounding(_Document):
    """How billable time comes to a step. Worked time is never rewritten."""

    scope: RoundingScope = RoundingScope.ENTRY
    method: TimeRounding = TimeRounding.NONE
    step_minutes: Annotated[int, Field(ge=1, le=480)] = 15


class Cap(_Document):
    """A limit in money or in hours, exactly one of them; `tolerance_percent` is how far beyond it is still billed.

    With `shows_beyond` the invoice prints the full charge, what lies beyond included, and takes that off in a line.
    """

    amount: Amount | None = None
    hours: Hours | None = None
    action: CapAction = CapAction.NOTIFY
    tolerance_percent: Percent = Decimal(0)
    shows_beyond: bool = False

    @model_validator(mode="after")
    def _one_limit(self) -> "Cap":
        if (self.amount is None) == (self.hours is None):
            raise _beside("amount", "Give the cap as an amount or as hours, one of them.")
        return self


class Multiplier(_Document):
    """A factor on the rate. Where several fit an hour the largest holds; they do not multiply each other.

    Overtime is what a person books on the line in a day beyond `over_hours`.
    """

    kind: MultiplierKind
    factor: Annotated[Decimal, Field(gt=0, le=10, decimal_places=4)]
    over_hours: Annotated[Decimal, Field(gt=0, lt=24, decimal_places=2)] | None = None
    task_type_id: int | None = None

    @model_validator(mode="after")
    def _says_when(self) -> "Multiplier":
        if (self.kind is MultiplierKind.OVERTIME) != (self.over_hours is not None):
            raise _beside(
                "over_hours", "Say after how many hours of a day overtime begins, and only for overtime."
            )
        if (self.kind is MultiplierKind.TASK_TYPE) != (self.task_type_id is not None):
            raise _beside(
                "task_type_id", "Choose the task type that the factor is for, and only for that kind."
            )
        return self


class MinimumTime(_Document):
    """Billable time of an entry or a person's day is at least this much, if there is any."""

    scope: MinimumScope = MinimumScope.ENTRY
    minutes: Annotated[int, Field(ge=1, le=1440)]


class MinimumCharge(_Document):
    """A period's charges on the line come to at least this amount; what is missing is trued up at its end."""

    amount: Amount
    period_months: Months = 1


class VolumeStep(_Document):
    """From this many billed hours of a month on, this discount on all of them."""

    from_hours: Hours
    percent: Percent


class Discount(_Document):
    """A percentage off, shown as such on the invoice; steps by volume take its place where one is reached."""

    percent: Percent = Decimal(0)
    volume: tuple[VolumeStep, ...] = ()

    @model_validator(mode="after")
    def _rises(self) -> "Discount":
        starts = [step.from_hours for step in self.volume]
        if starts != sorted(set(starts)):
            raise _beside("volume", "The steps of a volume discount rise.")
        return self


class Rebilled(_Document):
    """How billable expenses on the line are charged: at cost plus a markup, each, or not at all."""

    is_charged: bool = True
    markup_percent: Annotated[Decimal, Field(ge=0, le=1000, max_digits=8, decimal_places=4)] = Decimal(0)


class _Terms(_Document):
    version: Literal[1] = 1
    expenses: Rebilled = Rebilled()


class _TimeTerms(_Terms):
    """What every model that prices hours shares."""

    rounding: Rounding = Rounding()
    group_lines_by: GroupLinesBy | None = None
    requires_notes: bool = False
    multipliers: tuple[Multiplier, ...] = ()
    minimum_time: MinimumTime | None = None


class _ChargedTime(_TimeTerms):
    """What every model that charges hours, one by one, shares."""

    minimum_charge: MinimumCharge | None = None
    discount: Discount | None = None
    cap: Cap | None = None


class TimeAndMaterials(_ChargedTime):
    """Approved billable time at rate-card prices.

    `group_lines_by` empty means as the client's billing profile says; `requires_notes` adds to what the contract
    says, and never takes away.
    """

    model: Literal["time_and_materials"] = "time_and_materials"


class NonBillable(_Terms):
    """Nothing is billed; time still costs."""

    model: Literal["non_billable"] = "non_billable"
    requires_notes: bool = False


class Instalment(_Document):
    """A part of a fixed fee, due on a day or on demand: an amount or a share of the price."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    due: date | None = None
    amount: Amount | None = None
    percent: Percent | None = None
    key: PartKey = ""

    @model_validator(mode="after")
    def _one_size(self) -> "Instalment":
        if (self.amount is None) == (self.percent is None):
            raise _beside("amount", "Give an instalment as an amount or as a percentage, one of them.")
        return self


class FixedFee(_Terms):
    """A price in instalments, which never exceed it."""

    model: Literal["fixed_fee"] = "fixed_fee"
    price: Amount
    instalments: tuple[Instalment, ...] = ()

    @model_validator(mode="after")
    def _within_the_price(self) -> "FixedFee":
        _one_key_each(self.instalments)
        total = sum((part.amount or Decimal(0) for part in self.instalments), Decimal(0))
        total += sum((part.percent or Decimal(0) for part in self.instalments), Decimal(0)) * self.price / 100
        if total > self.price:
            raise _beside("instalments", "The instalments add up to more than the price.")
        return self


class MilestonePart(_Document):
    """An outcome and what it is worth once accepted."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    amount: Amount
    due: date | None = None
    criteria: str = ""
    key: PartKey = ""


class Milestones(_Terms):
    """Amounts that fall due on recorded acceptance."""

    model: Literal["milestone"] = "milestone"
    milestones: tuple[MilestonePart, ...] = ()

    @model_validator(mode="after")
    def _keys_differ(self) -> "Milestones":
        _one_key_each(self.milestones)
        return self


class Retainer(_TimeTerms):
    """A fee per period with included hours or money; what is over it is charged, what is unused expires or rolls over.

    Periods follow the calendar months from the contract's start; a first or last one cut short takes its share by days
    where `prorates`. Time over what is included costs `overage_rate`, or the rate cards' where it is empty. With
    `carries_deficit` it is not charged but taken from what the next period includes; the last period charges it.
    """

    model: Literal["retainer"] = "retainer"
    fee: Amount
    period_months: Months = 1
    timing: Timing = Timing.ADVANCE
    included_hours: Hours | None = None
    included_amount: Amount | None = None
    overage_rate: Amount | None = None
    unused: Unused = Unused.EXPIRE
    roll_over_periods: Annotated[int, Field(ge=1, le=36)] | None = None
    roll_over_hours: Hours | None = None
    carries_deficit: bool = False
    prorates: bool = True

    @model_validator(mode="after")
    def _one_content(self) -> "Retainer":
        if self.included_hours is not None and self.included_amount is not None:
            raise _beside("included_hours", "A retainer includes hours or money, not both.")
        if self.unused is Unused.EXPIRE and (self.roll_over_periods or self.roll_over_hours):
            raise _beside("unused", "Limits of rolling over only matter where what is unused rolls over.")
        return self


class IndexValue(_Document):
    """A price index from a day on, such as a consumer price index."""

    day: date
    value: Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=4)]


class Recurring(_Terms):
    """A fee per period that may rise on the contract's anniversary: by a percentage, or as an index rose since the start."""

    model: Literal["recurring"] = "recurring"
    fee: Amount
    period_months: Months = 1
    timing: Timing = Timing.ADVANCE
    prorates: bool = True
    escalation_percent: Percent = Decimal(0)
    escalation_index: str = ""
    index_values: tuple[IndexValue, ...] = ()
    renews: bool = False

    @model_validator(mode="after")
    def _one_escalation(self) -> "Recurring":
        if self.escalation_percent and self.index_values:
            raise _beside("escalation_percent", "A fee rises by a percentage or by an index, not both.")
        days = [value.day for value in self.index_values]
        if days != sorted(set(days)):
            raise _beside("index_values", "The values of an index are in the order of their days.")
        return self


class Weight(_Document):
    """How much an hour draws from a block: 1.5 for a senior role draws an hour and a half. First match holds."""

    factor: Annotated[Decimal, Field(ge=0, le=10, decimal_places=4)]
    role_id: int | None = None
    task_type_id: int | None = None
    project_id: int | None = None


class Prepaid(_TimeTerms):
    """Blocks of hours or money, drawn first in, first out by expiry.

    With `tops_up` a bill run adds a block when what is left is below `low_balance_percent` of one.
    """

    model: Literal["prepaid"] = "prepaid"
    block_hours: Hours | None = None
    block_amount: Amount | None = None
    price: Amount
    expires_after_months: Annotated[int, Field(ge=1, le=120)] | None = None
    low_balance_percent: Percent = Decimal(20)
    tops_up: bool = False
    beyond: Beyond = Beyond.CHARGE
    weights: tuple[Weight, ...] = ()

    @model_validator(mode="after")
    def _one_block(self) -> "Prepaid":
        if (self.block_hours is None) == (self.block_amount is None):
            raise _beside("block_hours", "Give the prepaid block as hours or as an amount, one of them.")
        return self


class Progress(_Terms):
    """The contract's value times progress, less what was billed to date; retainage is held until released."""

    model: Literal["progress"] = "progress"
    value: Amount
    measure: ProgressMeasure = ProgressMeasure.HOURS
    retainage_percent: Percent = Decimal(0)


class Tier(_Document):
    """From this quantity on, this price per unit."""

    from_quantity: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4)]
    price: Amount


class Units(_Terms):
    """A quantity times a price, in tiers; `by_volume` prices all units at the tier that the whole reaches."""

    model: Literal["unit"] = "unit"
    unit: Annotated[str, Field(min_length=1, max_length=40)]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    by_volume: bool = False

    @model_validator(mode="after")
    def _ascending(self) -> "Units":
        starts = [tier.from_quantity for tier in self.tiers]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise _beside("tiers", "Tiers start at 0 and rise.")
        return self


class Blended(_ChargedTime):
    """Every hour at one rate, whoever works it."""

    model: Literal["blended"] = "blended"
    rate_per_hour: Amount


class Band(_Document):
    """Up to so many hours of a day count as this share of a day."""

    up_to_hours: Annotated[Decimal, Field(gt=0, le=24, decimal_places=2)]
    days: Annotated[Decimal, Field(ge=0, le=3, decimal_places=2)]


class DayRate(_ChargedTime):
    """A person's hours of a day on the line become days by bands; a day has a rate."""

    model: Literal["day_rate"] = "day_rate"
    rate_per_day: Amount
    bands: Annotated[tuple[Band, ...], Field(min_length=1)] = (
        Band(up_to_hours=Decimal(4), days=Decimal("0.5")),
        Band(up_to_hours=Decimal(24), days=Decimal(1)),
    )

    @model_validator(mode="after")
    def _rising(self) -> "DayRate":
        limits = [band.up_to_hours for band in self.bands]
        if limits != sorted(set(limits)):
            raise _beside("bands", "The bands of a day rise.")
        return self


Terms = Annotated[
    TimeAndMaterials
    | NonBillable
    | FixedFee
    | Milestones
    | Retainer
    | Recurring
    | Prepaid
    | Progress
    | Units
    | Blended
    | DayRate,
    Field(discriminator="model"),
]
_TERMS: TypeAdapter[Terms] = TypeAdapter(Terms)


class TermsProblem(NamedTuple):
    """A field that does not fit ('rounding.step_minutes', '' for the whole) and a sentence."""

    field: str
    message: str


class TermsInvalid(ValueError):
    """A document that is no terms of its model, with every problem."""

    def __init__(self, problems: list[TermsProblem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{field or 'terms'}: {message}" for field, message in problems))


def parse(model: str, document: dict[str, Any]) -> "Terms":
    """Read a document as the terms of `model`; what it leaves out takes the model's default.

    Raises `TermsInvalid` with every field that does not fit.
    """
    try:
        return _TERMS.validate_python(document | {"model": model})
    except ValidationError as error:
        raise TermsInvalid([_problem(model, details) for details in error.errors()]) from error


def parse_cap(document: dict[str, Any]) -> Cap:
    """Read a cap that stands beside lines: a contract's or a phase's. Raises `TermsInvalid`."""
    try:
        return Cap.model_validate(document)
    except ValidationError as error:
        raise TermsInvalid([_problem("", details) for details in error.errors()]) from error


def cap_of(terms: "Terms") -> Cap | None:
    """Return the cap of a line's terms, None where its model has none or none is agreed."""
    return terms.cap if isinstance(terms, _ChargedTime) else None


def cap_words(cap: Cap) -> str:
    """Return a cap as people read it."""
    limit = f"{cap.amount:,.2f}" if cap.amount is not None else f"{cap.hours:,.2f} hours"
    tolerance = f" plus {cap.tolerance_percent.normalize():f} %" if cap.tolerance_percent else ""
    return f"{limit}{tolerance}, {'hard' if cap.action is CapAction.HARD else 'tells when reached'}"


def stored(terms: "Terms | Cap") -> dict[str, Any]:
    """Return terms as the JSON that is kept: complete, amounts as strings."""
    kept: dict[str, Any] = terms.model_dump(mode="json")
    return kept


def rounding_of(terms: "Terms") -> Rounding:
    """Return how a line's time is rounded: not at all where its model prices no hours."""
    return terms.rounding if isinstance(terms, _TimeTerms) else _NO_ROUNDING


def part_key(place: int, part: "MilestonePart | Instalment") -> str:
    """Return what a part is known by: its key, or its place (from 0) where it was kept before parts had keys."""
    return part.key or str(place)


def keyed(document: "Terms", before: "Terms | None" = None) -> "Terms":
    """Return terms whose milestones or instalments all have a key: the one they had before, by key, else by name.

    New parts get keys that no part had before, so that what was charged or accepted is never taken for another.
    """
    name = {Milestones: "milestones", FixedFee: "instalments"}.get(type(document))
    if name is None:
        return document
    known = {part.name: part_key(place, part) for place, part in enumerate(getattr(before, name, ()))}
    parts = getattr(document, name)
    taken = {part.key for part in parts if part.key}
    last = max((int(key) for key in {*taken, *known.values()} if key.isdigit()), default=-1)
    found = []
    for part in parts:
        key = part.key or known.get(part.name, "")
        if not part.key and (not key or key in taken):
            last += 1
            key = str(last)
        taken.add(key)
        found.append(part.model_copy(update={"key": key}))
    return document.model_copy(update={name: tuple(found)})


def _one_key_each(parts: "tuple[MilestonePart | Instalment, ...]") -> None:
    keys = [part.key for part in parts if part.key]
    if len(keys) != len(set(keys)):
        raise ValueError("Two parts have the same key. Leave the key of a new part out.")


_NO_ROUNDING = Rounding()
_SENTENCES = {
    "missing": "This is needed for this billing model.",
    "greater_than_equal": "Use {ge} or more.",
    "greater_than": "Use more than {gt}.",
    "less_than_equal": "Use {le} or less.",
    "less_than": "Use less than {lt}.",
    "decimal_max_places": "Use at most {decimal_places} decimals.",
    "string_too_short": "This is needed here.",
    "string_too_long": "Use at most {max_length} characters.",
    "too_short": "Give at least one.",
    "decimal_parsing": "Write a number such as 1,250.50.",
    "date_from_datetime_parsing": "Write a day such as 2026-04-01.",
    "extra_forbidden": "This billing model has no such term.",
    "union_tag_invalid": "There is no such billing model.",
    "literal_error": "This form of the document is not known.",
}


def _problem(model: str, details: Any) -> TermsProblem:
    path = [str(part) for part in details["loc"] if part != model]
    context = details.get("ctx", {})
    if "beside" in context:
        path.append(context["beside"])
    known = _SENTENCES.get(details["type"])
    message = known.format(**context) if known else details["msg"].removeprefix("Value error, ")
    return TermsProblem(".".join(path), message if message.endswith(".") else f"{message}.")


class TermFact(NamedTuple):
    """A term as people read it."""

    label: str
    value: str


_SCOPE_WORDS = {
    RoundingScope.ENTRY: "each entry",
    RoundingScope.TASK_DAY: "each task's day",
    RoundingScope.INVOICE: "each line of the invoice",
}
_METHOD_WORDS = {
    TimeRounding.NEAREST: "To the nearest",
    TimeRounding.UP: "Up to the next",
    TimeRounding.DOWN: "Down to",
}
_UNROUNDED = TermFact("Rounding", "None: time is billed as entered")
_SIDE = {"Rounding", "Invoice lines", "Notes", "Expenses"}
_HIDDEN = {"version", "model", "expenses", "rounding", "group_lines_by", "requires_notes", "cap"}


def side_facts(terms: "Terms") -> list[TermFact]:
    """Return what a line's terms say beside their sentence (`contracts.calc.wording`): rounding, notes, expenses."""
    return [fact for fact in facts(terms) if fact.label in _SIDE and fact != _UNROUNDED]


def facts(terms: "Terms") -> list[TermFact]:
    """Return what a line's terms say, for a page; terms that say nothing are left out."""
    found: list[TermFact] = []
    if isinstance(terms, _TimeTerms):
        rounding = terms.rounding
        if rounding.method is TimeRounding.NONE:
            found.append(_UNROUNDED)
        else:
            words = _METHOD_WORDS[rounding.method]
            found.append(
                TermFact(
                    "Rounding", f"{words} {rounding.step_minutes} minutes, for {_SCOPE_WORDS[rounding.scope]}"
                )
            )
        if terms.group_lines_by:
            found.append(TermFact("Invoice lines", f"One for each {terms.group_lines_by.value}"))
    if getattr(terms, "requires_notes", False):
        found.append(TermFact("Notes", "Every entry needs a note"))
    if terms.expenses.markup_percent:
        found.append(TermFact("Expenses", f"At cost plus {terms.expenses.markup_percent.normalize():f} %"))
    elif not terms.expenses.is_charged:
        found.append(TermFact("Expenses", "Not charged"))
    cap = cap_of(terms)
    if cap is not None:
        found.append(TermFact("Cap", cap_words(cap)))
    for name, value in terms:
        if name not in _HIDDEN and value not in (None, "", (), False):
            found.append(TermFact(name.replace("_", " ").capitalize(), _words(value)))
    return found


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, StrEnum):
        return value.value.replace("_", " ").capitalize()
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, tuple):
        return "; ".join(_words(part) for part in value)
    if isinstance(value, BaseModel):
        return ", ".join(_words(part) for name, part in value if name != "key" and part not in (None, ""))
    return str(value)
