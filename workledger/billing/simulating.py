"""Simulate a contract that exists, or terms that nobody saved, over time that was or may be. Reads only.

`simulations` takes what somebody asks, finds people, roles, rates, taxes and time, and lets `calc.simulation` bill it. The
plan begins as if the contract began on its first day: what was billed or drawn before plays no part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NewType

from workledger.billing.calc.engine import SharedCap
from workledger.billing.calc.simulation import (
    Act,
    ActKind,
    Plan,
    PlanLine,
    assumed_acts,
    month_ends,
    simulate,
)
from workledger.billing.calc.taxes import ClientTax, Code, EntityTax, NoTaxRate
from workledger.billing.calc.timerows import (
    Ground,
    LineName,
    Registry,
    RowProblem,
    RowsInvalid,
    TimeRow,
    WeeklyTime,
    Worker,
    read_time,
    shift_days,
    stand,
    weekly_rows,
    without_rate,
)
from workledger.billing.calc.work import Worked
from workledger.billing.settling import AgreedCap, lines_of
from workledger.billing.simulated import SimulationFound, found
from workledger.billing.taxing import Taxes
from workledger.contracts.calc import terms
from workledger.contracts.calc.rating import RateBook, RateQuery
from workledger.contracts.models import Contract, ContractLine, RevenueMethod, TaskType
from workledger.contracts.queries import load_rate_books
from workledger.core import locks
from workledger.core.access import Actor, Permission
from workledger.core.refusals import Forbidden, Problem, Problems, Refused
from workledger.directory.models import BillingProfile, Office, Person, Role
from workledger.directory.queries import terms_on
from workledger.kernel.calendars import is_holiday
from workledger.kernel.period import Period
from workledger.projects.queries import task_facts
from workledger.timesheets.models import TimeEntry

FileText = NewType("FileText", str)
"""The text of a file."""
MOST_VARIANTS = 3
MOST_PERIODS = 60
MOST_ENTRIES = 300_000
_DAY = timedelta(days=1)
_MOST_PEOPLE = 100
_EVERYONE = ""


# --- what is asked ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RateGiven:
    """A rate per hour of a role, by name; without a role, of everyone. It goes before the rate cards."""

    rate_per_hour: Decimal
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineGiven:
    """A line of a variant. `line_id` names the line of the contract that it stands for: its time, rates and tax.

    `terms` is the document of the model; what it leaves out is the default. Budgeted time in seconds measures progress.
    """

    name: str
    model: str
    terms: dict[str, Any] = field(default_factory=dict)
    line_id: int | None = None
    budget_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantGiven:
    """Terms to try. Without lines it is the contract as it stands.

    `cap` limits the time of all lines together; None takes the contract's own, {} is none.
    """

    name: str = ""
    cap: dict[str, Any] | None = None
    lines: list[LineGiven] = field(default_factory=list)
    rates: list[RateGiven] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekGiven:
    """Time that is assumed of each week: so many people of a role, or a person by name, with hours each, on a line by name.

    `weekdays` count from Monday, 0; the hours are spread evenly over them.
    """

    hours_per_week: Decimal
    role: str = ""
    person: str = ""
    people: int = 1
    line: str = ""
    weekdays: list[int] = field(default_factory=lambda: [0, 1, 2, 3, 4])


@dataclass(frozen=True, slots=True, kw_only=True)
class PastGiven:
    """Real time of the contract, of the half-open [start, end), moved by whole weeks onto the first period."""

    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ActGiven:
    """What somebody does on a day, on a line by name: accepts a milestone, records units or progress, buys a block.

    `place` counts the parts of the terms from 0; `start` and `end` are the half-open days of units.
    """

    line: str
    on: date
    kind: ActKind
    place: int = 0
    percent: Decimal | None = None
    quantity: Decimal | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationInput:
    """Terms and time to simulate, month by month from the month of `start`.

    Give a contract, or a currency and variants with their lines and rates; a contract's currency is its own. Time is one of
    `weeks`, `past` and `file` (CSV); with none of them only fees are billed. `start` is by default the contract's, `end` the
    first day after it. `acts` empty: milestones are accepted when due, progress is measured by hours.
    """

    contract_id: int | None = None
    currency: str = ""
    start: date | None = None
    end: date | None = None
    periods: int = 12
    variants: list[VariantGiven] = field(default_factory=list)
    weeks: list[WeekGiven] = field(default_factory=list)
    past: PastGiven | None = None
    file: FileText = FileText("")
    acts: list[ActGiven] = field(default_factory=list)
    tax_percent: Decimal | None = None


def simulations(actor: Actor, asked: SimulationInput) -> list[SimulationFound]:
    """Return what each variant comes to.

    Refuses: forbidden, not_found, too_many_variants, periods_not_possible, currency_missing, start_missing,
    lines_missing, terms_invalid, bad_period, time_twice, time_invalid, rate_missing, act_not_possible, tax_rate_missing.
    """
    if not actor.can(Permission.VIEW_BILLING):
        raise Forbidden.because("forbidden", "You may not see billing.")
    basis = _basis(actor, asked)
    variants = asked.variants or [VariantGiven()]
    plans = [_plan(actor, asked, basis, variant, place) for place, variant in enumerate(variants)]
    results = []
    for variant, (plan, rows) in zip(variants, plans, strict=True):
        try:
            simulation = simulate(plan)
        except NoTaxRate as error:
            raise Refused.because("tax_rate_missing", str(error)) from error
        if simulation.unpriced:
            raise _unpriced(plan, simulation.unpriced, rows, asked)
        results.append(found(simulation, variant.name))
    return results


# --- what the contract says ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Basis:
    """What holds for every variant. `lines` are the contract's own."""

    currency: str
    start: date
    end: date | None
    contract: Contract | None = None
    lines: list[ContractLine] = field(default_factory=list)
    book: RateBook | None = None
    group_lines_by: str = "task"
    client_tax: ClientTax = field(default_factory=ClientTax)
    entity_tax: EntityTax = field(default_factory=EntityTax)
    codes: Mapping[int, Code] = field(default_factory=dict)
    caps: tuple[AgreedCap, ...] = ()


def _basis(actor: Actor, asked: SimulationInput) -> _Basis:
    contract = None
    if asked.contract_id is not None:
        contracts = Contract.objects.visible_to(actor).select_related("client", "entity")
        contract = locks.one(contracts, asked.contract_id)
    start = asked.start or (contract.start if contract else None)
    end = asked.end or (contract.end if contract else None)
    currency = contract.currency if contract else asked.currency
    problems = Problems()
    problems.check(
        len(currency) == 3 and currency.isalpha() and currency.isupper(), "currency_missing",
        "Say the currency by its three letters.", "currency",
    )  # fmt: skip
    problems.check(start, "start_missing", "Say on which day the simulation starts.", "start")
    problems.check(
        end is None or start is None or end > start,
        "bad_period",
        "The contract ends before the simulation starts.",
        "start",
    )
    problems.check(
        1 <= asked.periods <= MOST_PERIODS, "periods_not_possible",
        f"Simulate from 1 to {MOST_PERIODS} months.", "periods",
    )  # fmt: skip
    problems.check(
        len(asked.variants) <= MOST_VARIANTS, "too_many_variants",
        f"Compare at most {MOST_VARIANTS} variants.", "variants",
    )  # fmt: skip
    given = (bool(asked.weeks), asked.past is not None, bool(asked.file))
    problems.check(
        sum(given) <= 1, "time_twice", "Give time once: as weeks, as a past period or as a file.", "weeks"
    )
    problems.check(
        asked.past is None or contract is not None, "time_invalid",
        "Past time is that of a contract: choose one.", "past",
    )  # fmt: skip
    problems.check(
        asked.past is None or asked.past.start < asked.past.end,
        "bad_period",
        "The past period ends after it starts.",
        "past.end",
    )
    for place, week in enumerate(asked.weeks):
        _check_week(problems, week, f"weeks.{place}")
    problems.refuse()
    assert start is not None
    basis = _Basis(currency, start, end, contract)
    if contract is not None:
        _of_contract(basis, contract)
    if asked.tax_percent is not None:
        basis.client_tax, basis.entity_tax, basis.codes = (
            ClientTax(),
            EntityTax(percentage=asked.tax_percent),
            {},
        )
    return basis


def _check_week(problems: Problems, week: WeekGiven, where: str) -> None:
    days = set(week.weekdays)
    problems.check(
        days and days <= set(range(7)), "time_invalid",
        "Choose weekdays from 0, Monday, to 6.", f"{where}.weekdays",
    )  # fmt: skip
    most = 24 * max(len(days), 1)
    problems.check(
        0 <= week.hours_per_week <= most, "time_invalid",
        f"{len(days)} days have from 0 to {most} hours.", f"{where}.hours_per_week",
    )  # fmt: skip
    problems.check(
        1 <= week.people <= _MOST_PEOPLE, "time_invalid",
        f"Assume from 1 to {_MOST_PEOPLE} people.", f"{where}.people",
    )  # fmt: skip
    problems.check(
        week.role or week.person, "time_invalid", "Say who works: a role or a person.", f"{where}.role"
    )


def _of_contract(basis: _Basis, contract: Contract) -> None:
    basis.lines = list(ContractLine.objects.filter(contract=contract).order_by("pk"))
    basis.book = load_rate_books([contract.pk]).book(contract.pk)
    profile = BillingProfile.objects.filter(client_id=contract.client_id).first()
    basis.group_lines_by = profile.group_lines_by if profile else "task"
    basis.caps = next((line.caps for line in lines_of([contract.pk]).values()), ())
    taxes = Taxes([contract], {contract.client_id: profile} if profile else {})
    basis.client_tax, basis.entity_tax, basis.codes = taxes.of_contract(contract.pk)


# --- a variant as a plan ------------------------------------------------------------------------------------


def _plan(
    actor: Actor, asked: SimulationInput, basis: _Basis, variant: VariantGiven, place: int
) -> tuple[Plan, Sequence[TimeRow]]:
    lines = _lines(basis, variant, place)
    ends = month_ends(basis.start, asked.periods)
    days = Period(basis.start, ends[-1] + _DAY)
    tasks, people = Registry(), dict[int, str]()
    rows: Sequence[TimeRow] = ()
    if asked.past is not None:
        works, task_names, people = _past(actor, asked.past, basis, variant, days)
    else:
        rows = _rows(asked, days)
        crew = _Crew(actor, rows, basis, variant, lines)
        try:
            works = stand(rows, crew.ground(tasks))
        except RowsInvalid as error:
            raise _refused_rows(error.problems, asked) from error
        task_names, people = tasks.names, crew.people
    lines = [replace(line, works=works.get(line.key, ())) for line in lines]
    acts = _acts(asked, lines) if asked.acts else assumed_acts(lines, ends)
    plan = Plan(
        basis.currency, basis.start, basis.end, tuple(lines), ends, acts=acts, group_lines_by=basis.group_lines_by,
        client_tax=basis.client_tax, entity_tax=basis.entity_tax, tasks=task_names, people=people,
        caps=_caps(basis, variant, place),
    )  # fmt: skip
    return plan, rows


def _lines(basis: _Basis, variant: VariantGiven, place: int) -> list[PlanLine]:
    given = variant.lines or [as_given(row) for row in basis.lines]
    own = {row.pk: row for row in basis.lines}
    problems = Problems()
    problems.check(given, "lines_missing", "Describe at least one line.", f"variants.{place}.lines")
    names: set[str] = set()
    lines = []
    for number, each in enumerate(given):
        where = f"variants.{place}.lines.{number}"
        problems.check(each.name.strip(), "terms_invalid", "Give the line a name.", f"{where}.name")
        problems.check(
            each.name.casefold() not in names,
            "terms_invalid",
            f"There are two lines '{each.name}'.",
            f"{where}.name",
        )
        names.add(each.name.casefold())
        row = own.get(each.line_id or 0)
        problems.check(
            row or each.line_id is None, "not_found", "The contract has no such line.", f"{where}.line_id"
        )
        try:
            document = terms.parse(each.model, each.terms)
        except terms.TermsInvalid as error:
            for problem in error.problems:
                name = f".terms.{problem.field}" if problem.field else ".model"
                problems.add("terms_invalid", problem.message, f"{where}{name}")
            continue
        lines.append(
            PlanLine(
                str(row.pk) if row else each.name.casefold(), each.name, document, budget_seconds=each.budget_seconds,
                is_recognized=row is None or row.revenue_method == RevenueMethod.AS_INVOICED,
                tax_code=basis.codes.get(row.pk) if row else None,
            )
        )  # fmt: skip
    problems.refuse()
    return lines


def _caps(basis: _Basis, variant: VariantGiven, place: int) -> tuple[SharedCap, ...]:
    """Return the caps over several lines: of phases, whose tasks only real time has, then of the contract."""
    agreed = [SharedCap(each.of, each.cap, task_ids=each.task_ids) for each in basis.caps]
    if variant.cap is None:
        return tuple(agreed)
    of_phases = [each for each in agreed if each.task_ids is not None]
    if not variant.cap:
        return tuple(of_phases)
    try:
        own = terms.parse_cap(variant.cap)
    except terms.TermsInvalid as error:
        where = f"variants.{place}.cap"
        raise Refused(
            [Problem("terms_invalid", each.message, f"{where}.{each.field}") for each in error.problems]
        ) from error
    return (*of_phases, SharedCap("the contract's cap", own))


def as_given(row: ContractLine) -> LineGiven:
    """Return a contract's line as a variant names it."""
    return LineGiven(
        name=row.name, model=row.model, terms=row.terms, line_id=row.pk, budget_seconds=row.budget_seconds
    )


def _acts(asked: SimulationInput, lines: Sequence[PlanLine]) -> tuple[Act, ...]:
    keys = {line.name.casefold(): line for line in lines}
    problems = Problems()
    acts = []
    for number, each in enumerate(asked.acts):
        where = f"acts.{number}"
        line = keys.get(each.line.casefold())
        if line is None:
            problems.add("act_not_possible", f"There is no line '{each.line}'.", f"{where}.line")
            continue
        parts = getattr(line.document, "milestones", None) or getattr(line.document, "instalments", None)
        problems.check(
            parts is None or 0 <= each.place < len(parts),
            "act_not_possible",
            "The line has no such part.",
            f"{where}.place",
        )
        problems.check(
            each.percent is None or 0 <= each.percent <= 100, "act_not_possible",
            "Progress is from 0 to 100 percent.", f"{where}.percent",
        )  # fmt: skip
        days = Period(each.start, each.end) if each.start and each.end and each.start < each.end else None
        problems.check(
            each.kind is not ActKind.UNITS or days, "act_not_possible",
            "Say which days used the units: start, and end after it.", f"{where}.start",
        )  # fmt: skip
        acts.append(
            Act(line.key, each.on, each.kind, each.place, each.percent, each.quantity or Decimal(0), days)
        )
    problems.refuse()
    return tuple(acts)


# --- time ---------------------------------------------------------------------------------------------------


def _rows(asked: SimulationInput, days: Period) -> list[TimeRow]:
    if asked.weeks:
        weeks = [
            WeeklyTime(
                week.hours_per_week, week.role, week.person, week.people, week.line, tuple(week.weekdays)
            )
            for week in asked.weeks
        ]
        rows = weekly_rows(weeks, days.start, days.end)
    elif asked.file:
        try:
            rows = read_time(asked.file)
        except RowsInvalid as error:
            raise _refused_rows(error.problems, asked) from error
    else:
        return []
    if len(rows) > MOST_ENTRIES:
        message = f"That are {len(rows):,} entries; simulate at most {MOST_ENTRIES:,} at a time."
        raise Refused.because("time_invalid", message, "weeks" if asked.weeks else "file")
    return rows


def _refused_rows(problems: Iterable[RowProblem], asked: SimulationInput) -> Refused:
    """Return problems of rows as a refusal: of a line of the file, or of an assumed week."""
    if asked.weeks:
        columns = {"person": "person", "line": "line"}
        said = [
            Problem("time_invalid", each.message, f"weeks.{each.line - 1}.{columns.get(each.column, 'role')}")
            for each in problems
        ]
        return Refused(dict.fromkeys(said))
    return Refused(
        Problem("time_invalid", f"Line {each.line}: {each.message}" if each.line else each.message, "file")
        for each in problems
    )


def _unpriced(
    plan: Plan, unpriced: frozenset[int], rows: Sequence[TimeRow], asked: SimulationInput
) -> Refused:
    if rows:
        problems = without_rate(rows, unpriced)
        kept = {each.message.split(" on ")[0]: each for each in reversed(problems)}.values()
        refused = _refused_rows(sorted(kept), asked)
        return Refused(replace(each, code="rate_missing") for each in refused.problems)
    works = [work for line in plan.lines for work in line.works if work.source_id in unpriced]
    names = ", ".join(sorted({plan.people.get(work.person_id, "?") for work in works}))
    message = f"There is no rate for {names}. Add one to a rate card, or give the variant rates."
    return Refused.because("rate_missing", message, "past")


class _Crew:
    """Who rows mean, what their roles and rates are."""

    def __init__(
        self,
        actor: Actor,
        rows: Sequence[TimeRow],
        basis: _Basis,
        variant: VariantGiven,
        lines: Sequence[PlanLine],
    ) -> None:
        self._basis, self._lines = basis, lines
        self._rates = _given_rates(variant)
        self._roles = {name.casefold(): pk for pk, name in Role.objects.values_list("pk", "name")}
        self._role_names = {pk: name for name, pk in self._roles.items()}
        for name in self._rates:  # a role that only the variant knows
            if name and name not in self._roles:
                self._roles[name] = -len(self._roles) - 1
                self._role_names[self._roles[name]] = name
        named = any(row.person for row in rows)
        visible = Person.objects.visible_to(actor).order_by("-pk") if named else Person.objects.none()
        self._persons: dict[str, int] = {}
        for pk, name, email in visible.values_list("pk", "name", "email"):
            self._persons |= {name.casefold(): pk, email.casefold(): pk}
        days = [row.day for row in rows]
        ids = set(self._persons.values())
        self._terms = terms_on(ids, min(days), max(days) + _DAY) if named and days else None
        self._kinds = {name.casefold(): pk for pk, name in TaskType.objects.values_list("pk", "name")}
        self._places = _Places()
        self._anonymous = Registry()
        self._found: dict[tuple[str, str, int, date | None], Worker | RowProblem] = {}
        self.people: dict[int, str] = {}

    def ground(self, tasks: Registry) -> Ground:
        """Return what rows stand on."""
        names = {line.name.casefold(): LineName(line.key, line.name) for line in self._lines}
        return Ground(names, tasks, self._kind, self._worker, self._rate)

    def _kind(self, row: TimeRow) -> int | RowProblem | None:
        if not row.kind:
            return None
        found = self._kinds.get(row.kind.casefold())
        return found or RowProblem(row.number, "kind", f"There is no kind of work '{row.kind}'.")

    def _worker(self, row: TimeRow) -> Worker | RowProblem:
        role_id = self._roles.get(row.role.casefold()) if row.role else None
        if row.role and role_id is None and row.rate is None and _EVERYONE not in self._rates:
            return RowProblem(
                row.number, "role", f"There is no role '{row.role}'. Choose one of the firm's roles."
            )
        if not row.person:
            name = f"{row.role} {row.worker + 1}"
            person_id = -self._anonymous.id_of(name)
            self.people[person_id] = name
            return Worker(person_id, role_id, self._places.is_off(None, row.day))
        person_id = self._persons.get(row.person.casefold(), 0)
        if not person_id:
            return RowProblem(row.number, "person", f"There is nobody called '{row.person}'.")
        self.people[person_id] = row.person
        held = self._terms.on(person_id, row.day) if self._terms else None
        own = role_id if row.role else held.role_id if held else None
        return Worker(person_id, own, self._places.is_off(held.office_id if held else None, row.day))

    def _rate(self, key: str, worker: Worker, kind: int | None, day: date) -> Decimal | None:
        name = self._role_names.get(worker.role_id or 0, "").casefold()
        given = _given(self._rates, name)
        if given is not None or self._basis.book is None:
            return given
        line_id = int(key) if key.isdigit() else None
        return self._basis.book.resolve(RateQuery(line_id, worker.person_id, worker.role_id, kind, day)).rate


def _given_rates(variant: VariantGiven) -> dict[str, Decimal]:
    return {each.role.casefold(): each.rate_per_hour for each in variant.rates}


def _given(rates: Mapping[str, Decimal], role: str) -> Decimal | None:
    return rates.get(role, rates.get(_EVERYONE))


class _Places:
    """Public holidays where people work; without an office, of the firm's first."""

    def __init__(self) -> None:
        rows = Office.objects.order_by("pk").values_list("pk", "country", "subdivision")
        self._places = {pk: (country, subdivision) for pk, country, subdivision in rows}
        self._first = next(iter(self._places.values()), None)

    def is_off(self, office_id: int | None, day: date) -> bool:
        """Tell whether a day is a public holiday there."""
        place = self._places.get(office_id or 0, self._first)
        return place is not None and is_holiday(day, *place)


def _past(
    actor: Actor, past: PastGiven, basis: _Basis, variant: VariantGiven, days: Period
) -> tuple[dict[str, list[Worked]], dict[int, str], dict[int, str]]:
    """Return real time of the contract's lines, moved onto the plan, by line key; names of tasks and of people."""
    assert basis.contract is not None
    assert basis.book is not None
    moved = timedelta(days=shift_days(past.start, days.start))
    rows = (
        TimeEntry.objects.visible_to(actor)
        .filter(
            task__contract_line__contract=basis.contract, work_date__gte=past.start, work_date__lt=past.end
        )
        .order_by("pk")
        .values_list("pk", "person_id", "task_id", "work_date", "worked_seconds", "billable_seconds")
    )
    entries = list(rows[: MOST_ENTRIES + 1])
    if len(entries) > MOST_ENTRIES:
        message = f"More than {MOST_ENTRIES:,} entries were booked then; choose a shorter period."
        raise Refused.because("time_invalid", message, "past")
    facts = task_facts({entry[2] for entry in entries})
    held_by = terms_on({entry[1] for entry in entries}, past.start, past.end)
    roles = dict(Role.objects.values_list("pk", "name"))
    rates, places = _given_rates(variant), _Places()
    works: dict[str, list[Worked]] = {}
    for pk, person_id, task_id, worked_on, worked, billable in entries:
        task, day, held = facts[task_id], worked_on + moved, held_by.on(person_id, worked_on)
        if day not in days:
            continue
        role_id, line_id = held.role_id if held else None, task.contract_line_id or 0
        rate = _given(rates, roles.get(role_id or 0, "").casefold())
        if rate is None:
            rate = basis.book.resolve(RateQuery(line_id, person_id, role_id, task.task_type_id, day)).rate
        works.setdefault(str(line_id), []).append(
            Worked(
                pk, person_id, role_id, task.project_id, task_id, task.task_type_id, day,
                worked if billable is None else billable, rate,
                places.is_off(held.office_id if held else None, day),
            )
        )  # fmt: skip
    named = {entry[1] for entry in entries}
    people = dict(Person.objects.filter(pk__in=named).values_list("pk", "name"))
    return works, {pk: task.task_name for pk, task in facts.items()}, people
