"""Terms of a contract in a TOML file, to simulate without a database: see docs/simulator.md.

`read_terms` reports every field that does not fit, with its line in the file.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from workledger.billing.calc.engine import SharedCap
from workledger.billing.calc.plans import Act, ActKind, Plan, PlanLine
from workledger.billing.calc.simulation import assumed_acts, month_ends
from workledger.billing.calc.taxes import EntityTax
from workledger.billing.calc.timerows import Ground, LineName, Registry, RowProblem, TimeRow, Worker, stand
from workledger.contracts.calc import terms
from workledger.kernel.calendars import is_holiday
from workledger.kernel.period import Period, months

EVERYONE = "*"
MOST_PERIODS = 120
_DAY = timedelta(days=1)
_USUAL_PERIODS = 12
_TOP = {
    "currency",
    "start",
    "end",
    "tax_percent",
    "country",
    "group_lines_by",
    "cap",
    "rates",
    "lines",
    "acts",
}
_LINE = {"name", "model", "terms", "rates", "budget_hours"}
_ACT = {"line", "on", "kind", "place", "percent", "quantity", "start", "end", "amount"}
_GROUPS = ("task", "person", "entry")


class TermsProblem(NamedTuple):
    """A field of the file that does not fit: its line in the file (0 if unknown), its name, a sentence."""

    line: int
    field: str
    message: str


class TermsFileInvalid(ValueError):
    """A file that is no terms of a contract, with every problem."""

    def __init__(self, problems: Sequence[TermsProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"line {each.line}: {each.message}" for each in problems))


@dataclass(slots=True)
class TermsFile:
    """The terms as read: half-open [start, end); rates per hour by casefolded role, of the contract and of its lines."""

    currency: str
    start: date
    end: date | None
    tax_percent: Decimal = Decimal(0)
    country: str = ""
    group_lines_by: str = "task"
    cap: terms.Cap | None = None
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    lines: list[PlanLine] = field(default_factory=list)
    line_rates: dict[str, Mapping[str, Decimal]] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    roles: Registry = field(default_factory=Registry)
    kinds: Registry = field(default_factory=Registry)


def read_terms(text: str) -> TermsFile:
    """Read a file of terms. Raises `TermsFileInvalid`."""
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        message = f"This is no TOML: {error}."
        raise TermsFileInvalid([TermsProblem(int(place[1]) if place else 0, "", message)]) from error
    return _Reader(document, text).read()


class _Reader:
    """Takes the fields of a file one by one and notes what does not fit."""

    def __init__(self, document: dict[str, Any], text: str) -> None:
        self._document, self._lines = document, text.splitlines()
        self._problems: list[TermsProblem] = []

    def read(self) -> TermsFile:
        document = self._document
        self._unknown(document, _TOP, "", 0)
        found = TermsFile(self._currency(), self._date(document, "start", date.min), None)
        if "start" not in document:
            self._bad("start", "Say on which day the contract starts: start = 2026-01-01.")
        if "end" in document:
            last = self._date(document, "end", date.max - _DAY)
            found.end = last + _DAY
            if last < found.start:
                self._bad("end", "The contract ends before it starts.")
        found.tax_percent = self._amount(document, "tax_percent", Decimal(0))
        found.country = str(document.get("country", ""))
        found.group_lines_by = str(document.get("group_lines_by", "task"))
        if found.group_lines_by not in _GROUPS:
            self._bad("group_lines_by", f"Lines are grouped by {', '.join(_GROUPS)}.")
        found.cap = self._cap(document.get("cap"))
        found.rates = self._rates(document.get("rates", {}), "rates", 0, found.roles)
        self._read_lines(found)
        self._read_acts(found)
        if self._problems:
            raise TermsFileInvalid(self._problems)
        return found

    # --- parts ------------------------------------------------------------------------------------------

    def _currency(self) -> str:
        currency = str(self._document.get("currency", ""))
        if not re.fullmatch(r"[A-Z]{3}", currency):
            self._bad("currency", 'Say the currency by its three letters: currency = "EUR".')
        return currency

    def _cap(self, given: Any) -> terms.Cap | None:
        """Read the cap over all lines."""
        if given is None:
            return None
        try:
            return terms.parse_cap(given if isinstance(given, dict) else {})
        except terms.TermsInvalid as error:
            for problem in error.problems:
                self._bad(f"cap.{problem.field}", problem.message)
            return None

    def _read_lines(self, found: TermsFile) -> None:
        lines = self._tables("lines")
        if not lines:
            self._bad("lines", "Describe at least one contract line in [[lines]].")
        for number, each in enumerate(lines, start=1):
            self._unknown(each, _LINE, "lines", number)
            name = str(each.get("name", "")).strip()
            if not name:
                self._bad("name", "Give the line a name.", "lines", number)
            elif name.casefold() in found.line_rates:
                self._bad("name", f"There are two lines '{name}'.", "lines", number)
            found.line_rates[name.casefold()] = self._rates(
                each.get("rates", {}), "rates", number, found.roles
            )
            budget = self._amount(each, "budget_hours", None, "lines", number)
            document = self._terms(each, number, found)
            if document is not None:
                seconds = int(budget * 3600) if budget else None
                found.lines.append(PlanLine(name.casefold(), name, document, budget_seconds=seconds))

    def _terms(self, line: Mapping[str, Any], number: int, found: TermsFile) -> terms.Terms | None:
        given = line.get("terms", {})
        if not isinstance(given, dict):
            self._bad("terms", "The terms are a table: [lines.terms].", "lines", number)
            return None
        given = dict(given)
        for place in ("weights", "multipliers"):
            parts = given.get(place)
            if isinstance(parts, list):
                given[place] = [_with_ids(part, found) for part in parts]
        try:
            return terms.parse(str(line.get("model", "time_and_materials")), given)
        except terms.TermsInvalid as error:
            for problem in error.problems:
                self._bad(problem.field or "model", problem.message, "lines", number)
            return None

    def _read_acts(self, found: TermsFile) -> None:
        keys = set(found.line_rates)
        for number, each in enumerate(self._tables("acts"), start=1):
            self._unknown(each, _ACT, "acts", number)
            key = str(each.get("line", "")).casefold()
            if key not in keys:
                self._bad("line", f"There is no line '{each.get('line', '')}'.", "acts", number)
            kind = str(each.get("kind", ""))
            if kind not in {one.value for one in ActKind}:
                known = ", ".join(one.value for one in ActKind)
                self._bad("kind", f"An act is one of {known}.", "acts", number)
                continue
            on = self._date(each, "on", date.min, "acts", number)
            if "on" not in each:
                self._bad("on", "Say on which day.", "acts", number)
            days = self._days(each, number) if kind == ActKind.UNITS else None
            found.acts.append(
                Act(
                    key, on, ActKind(kind), self._place(each, number, found, key),
                    self._amount(each, "percent", None, "acts", number),
                    self._amount(each, "quantity", Decimal(0), "acts", number), days,
                    self._amount(each, "amount", None, "acts", number),
                )
            )  # fmt: skip

    def _place(self, act: Mapping[str, Any], number: int, found: TermsFile, key: str) -> int:
        """Return the place of a part, which people count from 1."""
        place = act.get("place", 1)
        document = next((line.document for line in found.lines if line.key == key), None)
        parts = getattr(document, "milestones", None) or getattr(document, "instalments", None)
        if not isinstance(place, int) or place < 1 or (parts and place > len(parts)):
            self._bad("place", "The line has no such part; the first is 1.", "acts", number)
            return 0
        return place - 1

    def _days(self, act: Mapping[str, Any], number: int) -> Period | None:
        start = self._date(act, "start", date.min, "acts", number)
        end = self._date(act, "end", date.min, "acts", number)
        if "start" not in act or "end" not in act or end < start:
            self._bad("start", "Say which days used the units: start and end.", "acts", number)
            return None
        return Period(start, end + _DAY)

    # --- fields -----------------------------------------------------------------------------------------

    def _tables(self, name: str) -> list[dict[str, Any]]:
        found = self._document.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self._bad(name, f"Write each of the {name} as a table: [[{name}]].")
            return []
        return found

    def _rates(self, given: Any, name: str, number: int, roles: Registry) -> dict[str, Decimal]:
        if not isinstance(given, dict):
            self._bad(name, 'Rates are a table: [rates] with Consultant = 120, "*" for everyone.')
            return {}
        found = {}
        for role in given:
            rate = self._amount(given, role, None, "lines" if number else "", number)
            if rate is not None:
                found[role.casefold()] = rate
            if role != EVERYONE:
                roles.id_of(role)
        return found

    def _date(
        self, table: Mapping[str, Any], name: str, default: date, section: str = "", number: int = 0
    ) -> date:
        value = table.get(name, default)
        if type(value) is not date:
            self._bad(name, "Write the day as 2026-03-31, without quotes.", section, number)
            return default
        return value

    def _amount(
        self, table: Mapping[str, Any], name: str, default: Any, section: str = "", number: int = 0
    ) -> Any:
        value = table.get(name)
        if value is None:
            return default
        try:
            found = Decimal(str(value)) if not isinstance(value, bool) else Decimal("NaN")
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or not 0 <= found < Decimal(10) ** 12:
            self._bad(name, f"'{value}' is no amount from 0 on.", section, number)
            return default
        return found

    def _unknown(self, table: Mapping[str, Any], known: set[str], section: str, number: int) -> None:
        for name in table:
            if name not in known:
                words = ", ".join(sorted(known))
                self._bad(name, f"There is no field '{name}' here. The fields are {words}.", section, number)

    def _bad(self, name: str, message: str, section: str = "", number: int = 0) -> None:
        path = f"{section}.{number}.{name}" if section else name
        self._problems.append(TermsProblem(self._line_of(name, section, number), path, message))

    def _line_of(self, name: str, section: str, number: int) -> int:
        """Return the line of the file where a field stands, else where its table begins."""
        begin, finish = 0, len(self._lines)
        if section:
            heads = [at for at, line in enumerate(self._lines) if line.strip().startswith(f"[[{section}]]")]
            if not 0 < number <= len(heads):
                return 0
            begin = heads[number - 1]
            others = [
                at for at, line in enumerate(self._lines) if line.strip().startswith("[[") and at > begin
            ]
            finish = others[0] if others else finish
        words = [part for part in name.split(".") if not part.isdigit()]
        for word in reversed(words):
            pattern = re.compile(rf"(^|[\s{{,.\[]){re.escape(word)}\"?\s*(=|\.|\])")
            for at in range(begin, finish):
                if pattern.search(self._lines[at]):
                    return at + 1
        return begin + 1


def _with_ids(part: Any, found: TermsFile) -> Any:
    """Let weights and multipliers name a role or a kind of work instead of its number."""
    if not isinstance(part, dict):
        return part
    given = dict(part)
    if isinstance(given.get("role"), str):
        given["role_id"] = found.roles.id_of(given.pop("role"))
    if isinstance(given.get("kind_of_work"), str):
        given["task_type_id"] = found.kinds.id_of(given.pop("kind_of_work"))
    return given


# --- a plan of files ----------------------------------------------------------------------------------------


def plan_of(found: TermsFile, rows: Sequence[TimeRow], periods: int | None = None) -> Plan:
    """Return the plan of terms and time. Without `periods` it runs to the contract's end, or for twelve months.

    Raises `RowsInvalid`.
    """
    people, tasks = Registry(), Registry()
    roles = {name.casefold(): number for number, name in found.roles.names.items()}
    general = any(EVERYONE in each for each in (found.rates, *found.line_rates.values()))

    def worker(row: TimeRow) -> Worker | RowProblem:
        role_id = roles.get(row.role.casefold()) if row.role else None
        if row.role and role_id is None and row.rate is None and not general and roles:
            known = ", ".join(found.roles.names.values())
            return RowProblem(
                row.number, "role", f"There is no rate for the role '{row.role}', only for {known}."
            )
        name = row.person or f"{row.role} {row.worker + 1}"
        there = bool(found.country) and is_holiday(row.day, found.country)
        return Worker(people.id_of(name), role_id, there)

    def rate(key: str, worker: Worker, _kind: int | None, _day: date) -> Decimal | None:
        role = found.roles.names.get(worker.role_id or 0, "").casefold()
        for rates in (found.line_rates.get(key, {}), found.rates):
            for name in (role, EVERYONE):
                if name in rates:
                    return rates[name]
        return None

    ground = Ground(
        {line.key: LineName(line.key, line.name) for line in found.lines}, tasks,
        lambda row: found.kinds.id_of(row.kind) if row.kind else None, worker, rate,
    )  # fmt: skip
    works = stand(rows, ground)
    lines = tuple(replace(line, works=works.get(line.key, [])) for line in found.lines)
    ends = month_ends(found.start, periods or _span(found))
    return Plan(
        found.currency, found.start, found.end, lines, ends,
        acts=(*found.acts, *_not_said(found, assumed_acts(lines, ends))), group_lines_by=found.group_lines_by,
        entity_tax=EntityTax(percentage=found.tax_percent),
        tasks=tasks.names, people=people.names,
        caps=(SharedCap("the contract's cap", found.cap),) if found.cap else (),
    )  # fmt: skip


def _not_said(found: TermsFile, assumed: Sequence[Act]) -> list[Act]:
    """Return what is assumed of lines whose acts the file does not say."""
    said = {act.line for act in found.acts}
    return [act for act in assumed if act.line not in said]


def _span(found: TermsFile) -> int:
    if found.end is None:
        return _USUAL_PERIODS
    return min(len(list(months(found.start, found.end))), MOST_PERIODS)
