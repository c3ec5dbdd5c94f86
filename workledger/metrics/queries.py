"""The figures: `value` computes any metric of the catalogue, split and limited as its dimensions allow.

Every figure is a set-based sum over the ledger's balances, open items or receivables; nothing is added up row by row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Min

from workledger.core.access import Actor
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.directory.queries import CapacityTable
from workledger.kernel.period import Period, month_of, months
from workledger.ledger.models import AccountRole
from workledger.ledger.models import Period as BookPeriod
from workledger.metrics.calc import formulas
from workledger.metrics.calc.formulas import Sales
from workledger.metrics.catalogue import METRICS, By, Metric, Unit
from workledger.metrics.projects import ProjectFigures, project_figures
from workledger.metrics.sums import Sum, sums

_ZERO = Decimal(0)
_DAY = timedelta(days=1)
_YEAR_DAYS = 365
_MONTHS_BACK = 24
EARNED = (AccountRole.SERVICES_REVENUE, AccountRole.REIMBURSABLE_REVENUE)
REVENUE = (*EARNED, AccountRole.BILLING_ADJUSTMENTS)
COST = (AccountRole.LABOUR_COST, AccountRole.PROJECT_EXPENSE)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a figure is limited to; None for all. `age` is the place of a 30-day bucket."""

    entity: int | None = None
    client: int | None = None
    contract: int | None = None
    contract_line: int | None = None
    project: int | None = None
    task: int | None = None
    person: int | None = None
    role: int | None = None
    practice: int | None = None
    office: int | None = None
    age: int | None = None

    @property
    def given(self) -> dict[By, int]:
        """The limits that are set."""
        return {
            By(each.name): value for each in fields(self) if (value := getattr(self, each.name)) is not None
        }

    @property
    def where(self) -> dict[By, list[int]]:
        """The limits as the ledger's sums take them."""
        return {key: [value] for key, value in self.given.items() if key is not By.AGE}


@dataclass(frozen=True, slots=True)
class Part:
    """A term of a value's formula: its sign, its words and its value; `metric` names it where it is one itself."""

    sign: str
    label: str
    value: Decimal | None
    unit: Unit
    metric: str = ""


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A value. `key` follows the dimensions it was split by; `currency` is '' where the unit is not money.

    Time is whole seconds, a ratio a share of one. None means that it cannot be said: there is nothing to divide by.
    """

    metric: str
    key: tuple[Any, ...]
    currency: str
    value: Decimal | None
    parts: tuple[Part, ...] = ()

    @property
    def unit(self) -> Unit:
        """What the value counts."""
        return METRICS[self.metric].unit


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a metric: [start, end) for those over a period, the days before `end` for those as of a day."""

    actor: Actor
    metric: Metric
    start: date | None
    end: date | None
    by: tuple[By, ...] = ()
    filters: Filters = field(default_factory=Filters)

    @property
    def as_of(self) -> date | None:
        """The last day that counts."""
        return self.end - _DAY if self.end else None


def may_see(actor: Actor, metric: Metric, filters: Filters | None = None) -> bool:
    """Tell whether an actor may see a metric, or their own share of it."""
    own = (
        metric.own
        and filters is not None
        and filters.person is not None
        and filters.person == actor.person_id
    )
    return own or all(actor.can(permission) for permission in metric.needs)


def value(
    actor: Actor,
    name: str,
    *,
    period: Period | None = None,
    as_of: date | None = None,
    by: Sequence[By] = (),
    filters: Filters | None = None,
) -> list[MetricValue]:
    """Return a metric's values: one per key of `by` and, for money, per currency; ordered by key.

    `period` limits metrics that run over one (None: all time; capacity needs one), `as_of` those that stand at the
    end of a day (None: all that is in the books; ages need one). Refuses: not_found, forbidden, dimension_unknown,
    period_needed, day_needed.
    """
    metric = METRICS.get(name)
    if metric is None:
        raise NotFound.because("not_found", "There is no metric of that name.")
    filters = filters or Filters()
    if not may_see(actor, metric, filters):
        needs = " and ".join(f"'{permission}'" for permission in metric.needs)
        raise Forbidden.because("forbidden", f"{metric.title} needs {needs}; ask an owner or administrator.")
    unknown = [key.label for key in (*by, *filters.given) if key not in metric.dimensions]
    if unknown:
        raise Refused.because("dimension_unknown", f"{metric.title} is not known by {' or '.join(unknown)}.")
    start, end = (period.start, period.end) if period else (None, None)
    if metric.is_as_of:
        start, end = None, as_of + _DAY if as_of else None
    return _FIGURES[name](Question(actor, metric, start, end, tuple(by), filters))


def total(values: Iterable[MetricValue], currency: str = "") -> Decimal | None:
    """Return the value in one currency of an answer that was not split; None where there is none."""
    return next((each.value for each in values if each.currency == currency), None)


# --- hours and capacity ---------------------------------------------------------------------------------


def _sums(asked: Question, *roles: AccountRole, client_work: bool = False) -> list[Sum]:
    by = [key for key in asked.by if key is not By.AGE]
    where = asked.filters.where
    return sums(
        asked.actor, roles, by=by, start=asked.start, end=asked.end, where=where, client_work=client_work
    )


def _values(
    asked: Question, found: dict[tuple[tuple[Any, ...], str], Decimal], parts: Sequence[Part] = ()
) -> list[MetricValue]:
    return [
        MetricValue(asked.metric.name, key, currency, amount, tuple(parts))
        for (key, currency), amount in sorted(found.items())
    ]


def _seconds(asked: Question, attribute: str) -> dict[tuple[Any, ...], int]:
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in _sums(asked, AccountRole.LABOUR_COST):
        found[row.key] += getattr(row, attribute)
    if not asked.by:
        found.setdefault((), 0)
    return found


def _hours_worked(asked: Question) -> list[MetricValue]:
    return _values(asked, {(key, ""): Decimal(each) for key, each in _seconds(asked, "seconds").items()})


def _hours_billable(asked: Question) -> list[MetricValue]:
    return _values(
        asked, {(key, ""): Decimal(each) for key, each in _seconds(asked, "billable_seconds").items()}
    )


_TERMS_FIELD = {By.ENTITY: "entity_id", By.PERSON: "person_id", By.ROLE: "role_id", By.PRACTICE: "practice_id",
                By.OFFICE: "office_id"}  # fmt: skip


def _capacity_seconds(asked: Question) -> dict[tuple[Any, ...], int]:
    """Return the capacity per key; month keys are first days of calendar months, as in the sums."""
    if asked.start is None or asked.end is None:
        raise Refused.because("period_needed", "Say over which days capacity is asked for.", "period")
    whole = Period(asked.start, asked.end)
    limits = asked.filters.given
    person = limits.get(By.PERSON)
    table = CapacityTable.load(whole, None if person is None else [person])
    entities = asked.actor.entity_ids
    terms = [
        held
        for held in table.terms
        if (entities is None or held.entity_id in entities)
        and all((getattr(held, _TERMS_FIELD[key]) or 0) == wanted for key, wanted in limits.items())
    ]
    stretches: dict[date | None, Period] = {None: whole}
    if By.MONTH in asked.by:
        stretches = {each.start: each for each in _months(whole)}
    groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    split = [key for key in asked.by if key is not By.MONTH]
    for held in terms:
        groups[tuple(getattr(held, _TERMS_FIELD[key]) or 0 for key in split)].append(held)
    found: dict[tuple[Any, ...], int] = {}
    for key, rows in groups.items():
        part = CapacityTable(tuple(rows), table.places, table.absences)
        for start, stretch in stretches.items():
            inside = stretch.intersect(whole)
            seconds = sum(part.seconds(inside).values()) if inside else 0
            names = iter(key)
            place = tuple(start if each is By.MONTH else next(names) for each in asked.by)
            found[place] = found.get(place, 0) + seconds
    if not asked.by:
        found.setdefault((), 0)
    return found


def _months(whole: Period) -> list[Period]:
    """Return the calendar months of a range that the books reach into; all of them where no book has periods."""
    reach = BookPeriod.objects.aggregate(first=Min("start"), last=Max("end"))
    if reach["first"] is None:
        return list(months(whole.start, whole.end))
    known = whole.intersect(Period(reach["first"], reach["last"]))
    return list(months(known.start, known.end)) if known else []


def _capacity(asked: Question) -> list[MetricValue]:
    return _values(asked, {(key, ""): Decimal(each) for key, each in _capacity_seconds(asked).items()})


def _utilization(asked: Question) -> list[MetricValue]:
    capacity = _capacity_seconds(asked)
    billable = _seconds(asked, "billable_seconds")
    return [
        MetricValue(
            asked.metric.name, key, "", formulas.utilization(billable.get(key, 0), capacity.get(key, 0)),
            (
                Part("", "Billable hours", Decimal(billable.get(key, 0)), Unit.SECONDS, "hours_billable"),
                Part("÷", "Capacity", Decimal(capacity.get(key, 0)), Unit.SECONDS, "capacity"),
            ),
        )
        for key in sorted(capacity.keys() | billable.keys())
    ]  # fmt: skip


# --- revenue, cost, margin ------------------------------------------------------------------------------

_Amounts = dict[tuple[tuple[Any, ...], str], Decimal]


def _home(rows: Iterable[Sum], sign: int) -> _Amounts:
    found: _Amounts = defaultdict(lambda: _ZERO)
    for row in rows:
        found[row.key, row.home] += row.home_balance * sign
    return found


def _revenue(asked: Question) -> list[MetricValue]:
    rows = _sums(asked, *REVENUE)
    amounts = _home(rows, -1)
    labels = (
        (AccountRole.SERVICES_REVENUE, "", "Services revenue", -1),
        (AccountRole.REIMBURSABLE_REVENUE, "+", "Reimbursable revenue", -1),
        (AccountRole.BILLING_ADJUSTMENTS, "−", "Billing adjustments", 1),
    )
    by_role = {role: _home([row for row in rows if row.role is role], sign) for role, _, _, sign in labels}
    return [
        MetricValue(
            asked.metric.name, key, currency, amount,
            tuple(Part(sign, label, by_role[role].get((key, currency), _ZERO), Unit.MONEY) for role, sign, label, _ in labels),
        )
        for (key, currency), amount in sorted(amounts.items())
    ]  # fmt: skip


def _labour_cost(asked: Question) -> list[MetricValue]:
    return _values(asked, _home(_sums(asked, AccountRole.LABOUR_COST), 1))


def _project_cost(asked: Question) -> list[MetricValue]:
    rows = _sums(asked, *COST)
    labour, expense = (_home([row for row in rows if row.role is role], 1) for role in COST)
    found = []
    for key, currency in sorted(labour.keys() | expense.keys()):
        parts = (
            Part("", "Labour cost", labour.get((key, currency), _ZERO), Unit.MONEY, "labour_cost"),
            Part("+", "Project expense", expense.get((key, currency), _ZERO), Unit.MONEY),
        )
        total = sum((part.value or _ZERO for part in parts), _ZERO)
        found.append(MetricValue(asked.metric.name, key, currency, total, parts))
    return found


def _margins(asked: Question) -> list[MetricValue]:
    rows = _sums(asked, *REVENUE, *COST, client_work=True)
    earned = _home([row for row in rows if row.role in REVENUE], -1)
    spent = _home([row for row in rows if row.role in COST], 1)
    of_client = bool(asked.filters.given.keys() & {By.CLIENT, By.CONTRACT, By.CONTRACT_LINE, By.PROJECT})
    found = []
    for key, currency in sorted(earned.keys() | spent.keys()):
        revenue, cost = earned.get((key, currency), _ZERO), spent.get((key, currency), _ZERO)
        parts = [
            Part("", "Revenue", revenue, Unit.MONEY, "revenue"),
            Part("−", "Cost of client work", cost, Unit.MONEY, "project_cost" if of_client else ""),
        ]
        amount: Decimal | None = formulas.margin(revenue, cost)
        if asked.metric.unit is Unit.RATIO:
            parts = [
                Part("", "Margin", amount, Unit.MONEY, "project_margin"),
                Part("÷", "Revenue", revenue, Unit.MONEY, "revenue"),
            ]
            amount = formulas.margin_share(revenue, cost)
        found.append(MetricValue(asked.metric.name, key, currency, amount, tuple(parts)))
    return found


# --- budgets --------------------------------------------------------------------------------------------


def _burns(asked: Question) -> list[MetricValue]:
    only = asked.filters.project
    figures = project_figures(asked.actor, None if only is None else [only], asked.as_of)
    if asked.by:
        return [each for pk, one in sorted(figures.items()) for each in _burn(asked, (pk,), [one])]
    return _burn(asked, (), list(figures.values()))


def _burn(asked: Question, key: tuple[Any, ...], rows: list[ProjectFigures]) -> list[MetricValue]:
    name = asked.metric.name
    if name == "budget_burn_amount":
        found = []
        with_budget = [row for row in rows if row.budget_amount]
        for currency in sorted({row.currency for row in with_budget}):
            here = [row for row in with_budget if row.currency == currency]
            value_, budget = (
                sum((row.value or _ZERO for row in here), _ZERO),
                sum((row.budget_amount or _ZERO for row in here), _ZERO),
            )
            parts = (
                Part("", "Value of work", value_, Unit.MONEY),
                Part("÷", "Budget", budget, Unit.MONEY),
            )
            found.append(MetricValue(name, key, currency, formulas.burn(value_, budget), parts))
        return found
    here = [row for row in rows if row.budget_seconds]
    if not here:
        return []
    used, budget_seconds = sum(row.seconds or 0 for row in here), sum(row.budget_seconds or 0 for row in here)
    burned = formulas.burn(used, budget_seconds)
    if name == "burn_gap":
        done = rows[0].scope_done if len(rows) == 1 else None
        parts = (
            Part("", "Budget used", burned, Unit.RATIO, "budget_burn"),
            Part("−", "Scope done", done, Unit.RATIO),
        )
        return [MetricValue(name, key, "", formulas.gap(burned, done), parts)]
    parts = (
        Part("", "Hours worked", Decimal(used), Unit.SECONDS, "hours_worked"),
        Part("÷", "Budgeted hours", Decimal(budget_seconds), Unit.SECONDS),
    )
    return [MetricValue(name, key, "", burned, parts)]


# --- WIP, receivables -----------------------------------------------------------------------------------


def _own(rows: Iterable[Sum]) -> _Amounts:
    found: _Amounts = defaultdict(lambda: _ZERO)
    for row in rows:
        found[row.key, row.currency] += row.balance
    return found


def _wip(asked: Question) -> list[MetricValue]:
    if By.AGE in (*asked.by, *asked.filters.given):
        return _aged(asked, _WIP_ITEMS, "w.", WIP_PLACE)
    rows = _sums(asked, *REVENUE, AccountRole.CONTRACT_POSITION)
    amounts = _own(row for row in rows if row.role is AccountRole.CONTRACT_POSITION)
    priced = _own(row for row in rows if row.role in EARNED)
    written = _own(row for row in rows if row.role is AccountRole.BILLING_ADJUSTMENTS)
    found = []
    for (key, currency), amount in sorted(amounts.items()):
        value_, given_up = -priced.get((key, currency), _ZERO), written.get((key, currency), _ZERO)
        parts = (
            Part("", "Value of priced work", value_, Unit.MONEY),
            Part("−", "Written down less written up, and rounded", given_up, Unit.MONEY),
            Part("−", "Invoiced", value_ - given_up - amount, Unit.MONEY),
        )
        if amount or value_:
            found.append(MetricValue(asked.metric.name, key, currency, amount, parts))
    return found


def _ar(asked: Question) -> list[MetricValue]:
    if By.AGE in (*asked.by, *asked.filters.given):
        return _aged(asked, _AR_ITEMS, "w.", AR_PLACE)
    rows = _sums(asked, AccountRole.RECEIVABLE)
    charged: _Amounts = defaultdict(lambda: _ZERO)
    settled: _Amounts = defaultdict(lambda: _ZERO)
    for row in rows:
        charged[row.key, row.currency] += row.debit
        settled[row.key, row.currency] += row.credit
    return [
        MetricValue(
            asked.metric.name, key, currency, charged[key, currency] - settled[key, currency],
            (
                Part("", "Invoiced, with tax", charged[key, currency], Unit.MONEY),
                Part("−", "Paid and credited", settled[key, currency], Unit.MONEY),
            ),
        )
        for key, currency in sorted(charged)
    ]  # fmt: skip


_WIP_ITEMS = """
SELECT o.entity_id, o.client_id, o.contract_id, i.contract_line_id, o.project_id, o.currency, o.amount,
       %(day)s::date - o.service_date AS age
FROM billing_openitem o JOIN billing_billableitem i ON i.id = o.item_id WHERE o.service_date <= %(day)s
UNION ALL
SELECT i.entity_id, i.client_id, i.contract_id, i.contract_line_id, i.project_id, i.currency, s.amount,
       %(day)s::date - i.service_date
FROM billing_invoice v JOIN billing_invoiceline l ON l.invoice_id = v.id JOIN billing_invoicesource s ON s.line_id = l.id
JOIN billing_billableitem i ON i.id = s.item_id
WHERE v.state = 'draft' AND s.is_live AND i.service_date <= %(day)s
"""
_AR_ITEMS = """
SELECT r.entity_id, r.client_id, v.contract_id, r.currency, r.open_amount AS amount, %(day)s::date - r.due_on AS age
FROM receivables_receivable r JOIN billing_invoice v ON v.id = r.invoice_id
WHERE r.open_amount <> 0 AND r.issued_on <= %(day)s
"""
WIP_PLACE = f"least(greatest(w.age - 1, 0) / {formulas.BUCKET_DAYS}, {len(formulas.WIP_BUCKETS) - 1})"
AR_PLACE = (
    "CASE WHEN w.age <= 0 THEN 0"
    f" ELSE least((w.age - 1) / {formulas.BUCKET_DAYS} + 1, {len(formulas.AR_BUCKETS) - 1}) END"
)


def _aged(asked: Question, items: str, prefix: str, place: str) -> list[MetricValue]:
    """Return sums of what is open now by its age on the asked day."""
    if asked.as_of is None:
        raise Refused.because("day_needed", "Say on which day ages are counted.", "as_of")
    values: dict[str, Any] = {"day": asked.as_of}
    conditions = []
    for key, wanted in asked.filters.given.items():
        conditions.append(f"{place if key is By.AGE else f'{prefix}{key.value}_id'} = %({key.value})s")
        values[key.value] = wanted
    for key, ids in ((By.ENTITY, asked.actor.entity_ids), (By.CLIENT, asked.actor.client_ids)):
        if ids is not None:
            conditions.append(f"{prefix}{key.value}_id = ANY(%(seen_{key.value})s)")
            values[f"seen_{key.value}"] = sorted(ids)
    columns = [place if key is By.AGE else f"{prefix}{key.value}_id" for key in asked.by]
    groups = ", ".join(str(number) for number in range(1, len(columns) + 2))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join([*columns, 'w.currency', 'sum(w.amount)'])} FROM ({items}) w{where}"  # noqa: S608
            f" GROUP BY {groups} ORDER BY {groups}",
            values,
        )
        return [
            MetricValue(asked.metric.name, tuple(row[: len(columns)]), row[-2], row[-1])
            for row in cursor.fetchall()
        ]


# --- days sales outstanding, billing lag ----------------------------------------------------------------

_BILLED = """
SELECT v.entity_id, k.currency, date_trunc('month', v.issued_on)::date, v.issued_on >= %(year)s,
       sum(p.functional_debit - p.functional_credit)
FROM billing_invoice v
JOIN ledger_posting p ON p.entry_id = v.journal_entry_id
JOIN ledger_account a ON a.id = p.account_id AND a.role = 'receivable'
JOIN ledger_book k ON k.id = p.book_id
WHERE v.state <> 'draft' AND v.issued_on >= %(start)s AND v.issued_on <= %(day)s
GROUP BY 1, 2, 3, 4
"""


def _dso(asked: Question) -> list[MetricValue]:
    """Return both kinds of days sales outstanding, per functional currency."""
    if asked.as_of is None:
        raise Refused.because("day_needed", "Say on which day receivables are counted.", "as_of")
    day = asked.as_of
    owed = _home(_sums(asked, AccountRole.RECEIVABLE), 1)
    first = _months_before(day, _MONTHS_BACK)
    with connection.cursor() as cursor:
        cursor.execute(_BILLED, {"start": first, "day": day, "year": day - timedelta(days=_YEAR_DAYS - 1)})
        rows = cursor.fetchall()
    seen, only = asked.actor.entity_ids, asked.filters.entity
    billed: dict[tuple[tuple[Any, ...], str], dict[date, Decimal]] = defaultdict(
        lambda: defaultdict(lambda: _ZERO)
    )
    in_year: _Amounts = defaultdict(lambda: _ZERO)
    for entity, currency, month, is_in_year, amount in rows:
        if (seen is not None and entity not in seen) or (only is not None and entity != only):
            continue
        key = ((entity,) if asked.by else (), currency)
        billed[key][month] += amount
        in_year[key] += amount if is_in_year else _ZERO
    return [
        _days_outstanding(asked, key, day, first, owed[key], billed.get(key, {}), in_year[key])
        for key in sorted(owed)
    ]


def _days_outstanding(
    asked: Question,
    key: tuple[tuple[Any, ...], str],
    day: date,
    first: date,
    owed: Decimal,
    billed: dict[date, Decimal],
    in_year: Decimal,
) -> MetricValue:
    receivables = Part("", "Receivables", owed, Unit.MONEY, "ar")
    if asked.metric.name == "dso_simple":
        parts = (receivables, Part("÷", "Billed in 365 days", in_year, Unit.MONEY),
                 Part("×", "Days", Decimal(_YEAR_DAYS), Unit.DAYS))  # fmt: skip
        return MetricValue(asked.metric.name, *key, formulas.dso_simple(owed, in_year, _YEAR_DAYS), parts)
    stretches = []
    for month in reversed(list(months(first, day + _DAY))):
        length = (min(month.end, day + _DAY) - month.start).days
        stretches.append((month.start, Sales(billed.get(month.start, _ZERO), length)))
    return MetricValue(
        asked.metric.name,
        *key,
        formulas.dso_countback(owed, [each for _, each in stretches]),
        (receivables, *_counted_back(owed, stretches)),
    )


def _counted_back(owed: Decimal, stretches: Sequence[tuple[date, Sales]]) -> list[Part]:
    """Return the days of each month that the receivables cover, latest first; they add up to the countback."""
    left = owed
    found: list[Part] = []
    for start, sales in stretches:
        if left <= 0:
            break
        whole = sales.amount < left
        days = Decimal(sales.days) if whole else left / sales.amount * sales.days
        found.append(Part("+" if found else "", f"Days of {start:%B %Y}", days, Unit.DAYS))
        left -= sales.amount
    return found


def _months_before(day: date, count: int) -> date:
    start = month_of(day).start
    for _ in range(count):
        start = month_of(start - _DAY).start
    return start


_LAG = """
SELECT {columns} v.currency, sum(s.amount * (v.issued_on - i.service_date)), sum(s.amount)
FROM billing_invoice v
JOIN billing_invoiceline l ON l.invoice_id = v.id
JOIN billing_invoicesource s ON s.line_id = l.id AND s.is_live
JOIN billing_billableitem i ON i.id = s.item_id
WHERE v.state = 'issued' AND v.kind = 'invoice' {where}
GROUP BY {groups} ORDER BY {groups}
"""


def _billing_lag(asked: Question) -> list[MetricValue]:
    values: dict[str, Any] = {"start": asked.start, "end": asked.end}
    where = "".join(
        text
        for text, day in (
            (" AND v.issued_on >= %(start)s", asked.start),
            (" AND v.issued_on < %(end)s", asked.end),
        )
        if day
    )
    for key, wanted in asked.filters.given.items():
        where += f" AND v.{key.value}_id = %({key.value})s"
        values[key.value] = wanted
    for key, ids in ((By.ENTITY, asked.actor.entity_ids), (By.CLIENT, asked.actor.client_ids)):
        if ids is not None:
            where += f" AND v.{key.value}_id = ANY(%(seen_{key.value})s)"
            values[f"seen_{key.value}"] = sorted(ids)
    columns = "".join(f"v.{key.value}_id, " for key in asked.by)
    groups = ", ".join(str(number) for number in range(1, len(asked.by) + 2))
    with connection.cursor() as cursor:
        cursor.execute(_LAG.format(columns=columns, where=where, groups=groups), values)
        rows = cursor.fetchall()
    return [
        MetricValue(
            asked.metric.name, tuple(row[: len(asked.by)]), row[-3], formulas.ratio(row[-2], row[-1]),
            (Part("", "Amount × days", row[-2], Unit.MONEY), Part("÷", "Amount invoiced", row[-1], Unit.MONEY)),
        )
        for row in rows
    ]  # fmt: skip


_FIGURES: dict[str, Callable[[Question], list[MetricValue]]] = {
    "hours_worked": _hours_worked,
    "hours_billable": _hours_billable,
    "capacity": _capacity,
    "utilization": _utilization,
    "revenue": _revenue,
    "labour_cost": _labour_cost,
    "project_cost": _project_cost,
    "project_margin": _margins,
    "project_margin_share": _margins,
    "budget_burn": _burns,
    "budget_burn_amount": _burns,
    "burn_gap": _burns,
    "wip": _wip,
    "ar": _ar,
    "dso_countback": _dso,
    "dso_simple": _dso,
    "billing_lag": _billing_lag,
}
