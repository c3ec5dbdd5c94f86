"""The form of the simulator: lines by variants as a grid, rates, time; read into what is simulated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from workledger.billing.simulating import (
    MOST_VARIANTS,
    FileText,
    LineGiven,
    PastGiven,
    RateGiven,
    SimulationInput,
    VariantGiven,
    WeekGiven,
)
from workledger.contracts.calc import terms
from workledger.contracts.models import BillingModel, Contract, ContractLine
from workledger.core.refusals import Problem
from workledger.directory.models import Role
from workledger.web import formats
from workledger.web.inputs import NotUnderstood, parse_date, parse_money
from workledger.web.levers import LEVERS, STARTERS, Lever, shown, typed, whole
from workledger.web.views.dates import after

LETTERS = "ABC"
WEEKS = 4
_DAY = timedelta(days=1)
_MOST_LINES = 12
_SOURCES = (
    ("weeks", "Assumed weeks"),
    ("past", "A past period of real time"),
    ("file", "A file"),
    ("none", "None: fees alone"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell of the grid. `lever` None: the model of this variant has no such term."""

    name: str
    label: str
    lever: Lever | None
    text: str
    error: str


@dataclass(frozen=True, slots=True)
class Row:
    """A term over all variants."""

    label: str
    unit: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class LineGrid:
    """A line: the model of each variant, then the terms that any of them has."""

    place: int
    name: str
    line_id: int | None
    models: tuple[Cell, ...]
    rows: tuple[Row, ...]


@dataclass(slots=True)
class _Line:
    """A line that is simulated: one of the contract, or one that is tried."""

    name: str
    model: BillingModel
    row: ContractLine | None = None

    def document(self, model: BillingModel) -> dict[str, Any]:
        """Return the terms from which a model starts: the contract's own, else an example."""
        if self.row is not None and model == self.row.model:
            return dict(self.row.terms)
        return dict(STARTERS.get(model, {}))


@dataclass(slots=True)
class SimulatorForm:
    """What is asked, as it stands on the page. `sent` is what somebody sent, None on first sight."""

    contract: Contract | None
    today: date
    sent: QueryDict | None
    first_model: BillingModel | None = None
    uploaded: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)
    roles: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = ContractLine.objects.filter(contract=self.contract).order_by("pk") if self.contract else ()
        self.lines = [_Line(row.name, BillingModel(row.model), row) for row in own]
        if self.sent is not None:
            self.lines += [
                _Line(name.strip() or "Line", BillingModel(model))
                for name, model in zip(
                    self.sent.getlist("added_name"), self.sent.getlist("added_model"), strict=False
                )
                if model in BillingModel.values
            ][: _MOST_LINES - len(self.lines)]
        elif self.first_model is not None:
            self.lines.append(_Line(self.first_model.label, self.first_model))
        if self.sent is not None and self._get("act") == "add_line" and len(self.lines) < _MOST_LINES:
            model = self._get("new_model")
            if model in BillingModel.values:
                self.lines.append(_Line(self._free_name(BillingModel(model).label), BillingModel(model)))
        self.roles = list(Role.objects.order_by("-level", "name").values_list("pk", "name"))

    def _free_name(self, name: str) -> str:
        taken = {line.name.casefold() for line in self.lines}
        return next(
            word
            for word in (name, *(f"{name} {number}" for number in range(2, 99)))
            if word.casefold() not in taken
        )

    def _get(self, name: str, default: str = "") -> str:
        return default if self.sent is None else self.sent.get(name, default)

    # --- what stands on the page --------------------------------------------------------------------------

    @property
    def variants(self) -> int:
        """How many variants there are."""
        try:
            count = int(self._get("variants", "1"))
        except ValueError:
            count = 1
        count += {"add_variant": 1, "drop_variant": -1}.get(self._get("act"), 0)
        return min(max(count, 1), MOST_VARIANTS)

    @property
    def may_add(self) -> bool:
        """Whether another variant can be added."""
        return self.variants < MOST_VARIANTS

    @property
    def names(self) -> list[Cell]:
        """What the variants are called."""
        default = "As agreed" if self.contract else "Variant A"
        return [
            Cell(
                f"v{number}.name", f"Name of variant {LETTERS[number]}", None,
                self._get(f"v{number}.name", default if number == 0 else f"Variant {LETTERS[number]}"), "",
            )
            for number in range(self.variants)
        ]  # fmt: skip

    @property
    def fields(self) -> dict[str, tuple[str, str]]:
        """The fields beside the grid: text and error by name."""
        start = self.contract.start if self.contract else self.today.replace(day=1)
        past_end = self.today.replace(day=1) - _DAY
        defaults = {
            "currency": "EUR",
            "start": formats.day(start),
            "periods": "12",
            "tax": "",
            "time": "weeks" if self.lines else "none",
            "past_from": formats.day(past_end.replace(day=1)),
            "past_through": formats.day(past_end),
            "csv": "",
        }
        found = {name: (self._get(name, text), self.errors.get(name, "")) for name, text in defaults.items()}
        if self.uploaded:
            found["csv"] = self.uploaded, self.errors.get("csv", "")
        return found

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """Where time may come from."""
        return tuple(each for each in _SOURCES if each[0] != "past" or self.contract is not None)

    @property
    def grids(self) -> list[LineGrid]:
        """The lines with their terms."""
        return [self._grid(place, line) for place, line in enumerate(self.lines)]

    @property
    def rates(self) -> list[Row]:
        """Rates by role and variant, where they are not those of the rate cards."""
        return [
            Row(
                name, "",
                tuple(
                    Cell(
                        f"v{number}.rate.{pk}", f"{name}, rate of variant {LETTERS[number]}", None,
                        self._inherited(number, f"rate.{pk}", ""), self.errors.get(f"v{number}.rate.{pk}", ""),
                    )
                    for number in range(self.variants)
                ),
            )
            for pk, name in self.roles
        ]  # fmt: skip

    @property
    def cap(self) -> Row:
        """The limit over all lines of each variant."""
        return Row(
            "Hard cap over all lines", self.fields["currency"][0],
            tuple(
                Cell(
                    f"v{number}.cap", f"Hard cap over all lines, variant {LETTERS[number]}", None,
                    self._inherited(number, "cap", ""), self.errors.get(f"v{number}.cap", ""),
                )
                for number in range(self.variants)
            ),
        )  # fmt: skip

    @property
    def weeks(self) -> list[dict[str, Any]]:
        """Rows of assumed weeks; the first is filled in at first sight."""
        rows = []
        for number in range(WEEKS):
            first = number == 0 and self.sent is None and bool(self.roles)
            rows.append(
                {
                    "who": self._get(f"w{number}.who", f"role:{self.roles[0][1]}" if first else ""),
                    "people": self._get(f"w{number}.people", "1" if first else ""),
                    "hours": self._get(f"w{number}.hours", "16" if first else ""),
                    "line": self._get(f"w{number}.line", ""),
                    "number": number,
                    "error": self.errors.get(f"w{number}", ""),
                }
            )
        return rows

    def _grid(self, place: int, line: _Line) -> LineGrid:
        models = [self._model(number, place, line) for number in range(self.variants)]
        levers: dict[str, Lever] = {}
        for model in models:
            levers |= {lever.path: lever for lever in LEVERS[model]}
        rows = []
        for path, lever in levers.items():
            cells = []
            for number, model in enumerate(models):
                own = next((each for each in LEVERS[model] if each.path == path), None)
                text = self._text(number, place, line, own) if own else ""
                name = f"v{number}.l{place}.{path}"
                label = f"{lever.label} of {line.name}, variant {LETTERS[number]}"
                cells.append(Cell(name, label, own, text, self.errors.get(name, "")))
            rows.append(Row(lever.label, lever.unit, tuple(cells)))
        return LineGrid(
            place, line.name, line.row.pk if line.row else None,
            tuple(
                Cell(f"v{number}.l{place}.model", f"Billing of {line.name}, variant {LETTERS[number]}", None, model.value,
                     self.errors.get(f"v{number}.l{place}.model", ""))
                for number, model in enumerate(models)
            ),
            tuple(rows),
        )  # fmt: skip

    def _inherited(self, number: int, name: str, default: str) -> str:
        """Return what stands in a variant's cell; a new variant begins as the one before it."""
        if self.sent is not None:
            for each in (number, number - 1):
                if each >= 0 and f"v{each}.{name}" in self.sent:
                    return str(self.sent[f"v{each}.{name}"])
        return default

    def _model(self, number: int, place: int, line: _Line) -> BillingModel:
        text = self._inherited(number, f"l{place}.model", line.model.value)
        return BillingModel(text) if text in BillingModel.values else line.model

    def _text(self, number: int, place: int, line: _Line, lever: Lever) -> str:
        model = self._model(number, place, line)
        document = line.document(model)
        try:
            known: Mapping[str, Any] = terms.stored(terms.parse(model.value, document))
        except terms.TermsInvalid:
            known = document
        return self._inherited(number, f"l{place}.{lever.path}", shown(known, lever))

    # --- what is asked ------------------------------------------------------------------------------------

    def asked(self) -> SimulationInput:
        """Read the form; what is not understood is in `errors`."""
        fields = self.fields
        weeks = self._weeks() if fields["time"][0] == "weeks" else []
        past = self._past() if fields["time"][0] == "past" else None
        csv = fields["csv"][0] if fields["time"][0] == "file" else ""
        if fields["time"][0] == "file" and not csv.strip():
            self.errors["csv"] = "Choose a file, or paste its rows."
        periods = fields["periods"][0].strip()
        if not periods.isdigit():
            self.errors["periods"] = "Write a whole number of months."
        return SimulationInput(
            contract_id=self.contract.pk if self.contract else None,
            currency=fields["currency"][0].strip().upper(),
            start=self._date("start"),
            periods=int(periods) if periods.isdigit() else 1,
            variants=[self._variant(number) for number in range(self.variants)],
            weeks=weeks,
            past=past,
            file=FileText(csv),
            tax_percent=self._number("tax", fields["tax"][0]),
        )

    def take(self, problems: Sequence[Problem]) -> None:
        """Put each problem beside its field."""
        for problem in problems:
            name = self._name_of(problem.field)
            if name:
                self.errors.setdefault(name, problem.message)
            else:
                self.loose.append(problem.message)

    def _name_of(self, path: str) -> str:
        parts = path.split(".")
        match parts:
            case ["variants", variant, "lines", line, "model"]:
                return f"v{variant}.l{line}.model"
            case ["variants", variant, "lines", line, "terms", *rest]:
                names = [f"v{variant}.l{line}.{lever.path}" for levers in LEVERS.values() for lever in levers]
                wanted = f"v{variant}.l{line}.{'.'.join(rest)}"
                close = (
                    name
                    for name in names
                    if name == wanted or wanted.startswith(f"{name}.") or name.startswith(f"{wanted}.")
                )
                return next(close, "")
            case ["variants", variant, "cap", *_]:
                return f"v{variant}.cap"
            case ["weeks", number, *_]:
                return f"w{self._asked_weeks[int(number)]}" if int(number) < len(self._asked_weeks) else ""
            case ["file"]:
                return "csv"
            case ["past", *_]:
                return "past_from"
            case [name] if name in ("start", "periods", "currency"):
                return name
        return ""

    @property
    def _asked_weeks(self) -> list[int]:
        """The rows of assumed weeks that say something."""
        return [number for number in range(WEEKS) if self._get(f"w{number}.hours").strip()]

    def _date(self, name: str) -> date | None:
        try:
            return parse_date(self.fields[name][0], today=self.today)
        except NotUnderstood as error:
            self.errors[name] = str(error)
            return self.today

    def _number(self, name: str, text: str) -> Decimal | None:
        try:
            return parse_money(text, places=4)
        except NotUnderstood as error:
            self.errors[name] = str(error)
            return None

    def _weeks(self) -> list[WeekGiven]:
        found = []
        for number in self._asked_weeks:
            name = f"w{number}"
            kind, _, who = self._get(f"{name}.who").partition(":")
            hours = self._number(name, self._get(f"{name}.hours")) or Decimal(0)
            people = self._get(f"{name}.people").strip() or "1"
            line = self._get(f"{name}.line") or (self.lines[0].name if self.lines else "")
            if not people.isdigit():
                self.errors[name] = "Write a whole number of people."
            found.append(
                WeekGiven(
                    hours_per_week=hours, role=who if kind == "role" else "", person=who if kind == "person" else "",
                    people=int(people) if people.isdigit() else 1, line=line,
                )
            )  # fmt: skip
        return found

    def _past(self) -> PastGiven | None:
        start, last = self._date("past_from"), self._date("past_through")
        end = after(last)
        if start is None or end is None:
            self.errors["past_from"] = "Say from which day to which."
            return None
        return PastGiven(start=start, end=end)

    def _variant(self, number: int) -> VariantGiven:
        rates = []
        for pk, role in self.roles:
            rate = self._number(f"v{number}.rate.{pk}", self._inherited(number, f"rate.{pk}", ""))
            if rate is not None:
                rates.append(RateGiven(role=role, rate_per_hour=rate))
        limit = self._number(f"v{number}.cap", self._inherited(number, "cap", ""))
        return VariantGiven(
            name=self.names[number].text,
            cap=None if limit is None else {"amount": str(limit), "action": terms.CapAction.HARD.value},
            lines=[self._line(number, place, line) for place, line in enumerate(self.lines)],
            rates=rates,
        )

    def _line(self, number: int, place: int, line: _Line) -> LineGiven:
        model = self._model(number, place, line)
        document = line.document(model)
        for lever in LEVERS[model]:
            name = f"v{number}.l{place}.{lever.path}"
            try:
                document = typed(document, lever, self._text(number, place, line, lever), self.today)
            except NotUnderstood as error:
                self.errors[name] = str(error)
        row = line.row
        return LineGiven(
            name=line.name, model=model.value, terms=whole(document), line_id=row.pk if row else None,
            budget_seconds=row.budget_seconds if row else None,
        )  # fmt: skip
