"""Statements of the sub-ledger: income statement and balance sheet."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.core.access import Actor, Permission
from workledger.kernel.period import END_OF_TIME
from workledger.ledger.models import Account, AccountKind, AccountRole
from workledger.reporting.calc.dates import before, year_before
from workledger.reporting.ground import RESULT, Ground, load, names, tie
from workledger.reporting.report import (
    Asked,
    Cell,
    Column,
    Compare,
    Drill,
    Figures,
    Report,
    ReportBy,
    ReportType,
    Row,
    RowKind,
    Split,
    Stat,
)
from workledger.reporting.sums import Axis, Slice, sums

_ZERO = Decimal(0)
_R = AccountRole
TOTAL, BESIDE, CHANGE = "total", "beside", "change"


class Part(NamedTuple):
    """A part of the income statement: accounts by purpose, whether also those without one, and the line under it."""

    title: str
    roles: tuple[AccountRole, ...]
    takes_rest: bool
    subtotal: str
    running: str = ""


INCOME_STATEMENT: tuple[Part, ...] = (
    Part("Revenue", (_R.SERVICES_REVENUE, _R.REIMBURSABLE_REVENUE, _R.BILLING_ADJUSTMENTS), False, "Revenue"),
    Part("Cost of the work", (_R.LABOUR_COST, _R.PROJECT_EXPENSE, _R.CONTRACT_LOSSES), False, "Cost of the work", "Gross profit"),
    Part("Other", (_R.LABOUR_ABSORBED, _R.BAD_DEBT), True, "Other"),
    Part("Financing", (_R.CONTRACT_INTEREST, _R.REALIZED_FX, _R.UNREALIZED_FX), False, "Financing", "Result"),
)  # fmt: skip
_NOTE_ABSORBED = (
    "Labour absorbed takes out of the sub-ledger what payroll posts in the general ledger, so that cost of labour is not"
    " counted twice there."
)


def _accounts_of(ground: Ground, part: Part) -> list[Account]:
    """Return the accounts of a part by code; an account without a purpose stands under Other."""
    return [
        account
        for account in ground.accounts
        if account.role in part.roles
        or (part.takes_rest and account.kind in RESULT and account.role not in _PLACED)
    ]


_PLACED = {role for part in INCOME_STATEMENT for role in part.roles}


def income_statement(actor: Actor, asked: Asked) -> Report:
    """Return income and expense of the time that is asked for, with its months, practices or another time beside it."""
    ground = load(actor, asked.entity_id)
    chosen = ground.slice(asked, ground.of_kind(*RESULT))
    figures = Figures()
    columns = _across(ground, chosen, asked, figures)
    slices = {key: part for key, (_, part) in columns.items()}
    shown = [Column(key, label) for key, (label, _) in columns.items()]
    if asked.compare is not Compare.NOTHING:
        shown.append(Column(CHANGE, "Change"))
    rows: list[Row] = []
    running: list[int] = []
    for part in INCOME_STATEMENT:
        accounts = [account for account in _accounts_of(ground, part) if (account.pk,) in figures.rows(1)]
        running += [account.pk for account in accounts]
        if accounts:
            rows.append(Row(part.title, kind=RowKind.HEAD))
            rows += [_line(account, figures, shown, slices) for account in accounts]
            ids = [account.pk for account in accounts]
            rows.append(_sum(part.subtotal, ids, figures, shown, slices, RowKind.SUBTOTAL))
        if part.running:
            kind = RowKind.TOTAL if part.running == "Result" else RowKind.SUBTOTAL
            rows.append(_sum(part.running, running, figures, shown, slices, kind))
    result = figures.of((), TOTAL)
    first = ground.ids(*INCOME_STATEMENT[0].roles)
    revenue = sum((figures.of((pk,), TOTAL) for pk in first), _ZERO)
    return Report(
        name=INCOME_TYPE.name, title=INCOME_TYPE.title, entity=ground.entity.name, currency=ground.currency, asked=asked,
        columns=tuple(shown), rows=tuple(rows),
        ties=(
            tie(ground, "Result", chosen, result, sign=-1), tie(ground, "Revenue", chosen.of(first), revenue, sign=-1),
        ),
        stats=(Stat("Revenue", revenue, asked.basis.label.lower(), drill=Drill(chosen.of(first), -1)),
            Stat("Result", result, drill=Drill(chosen, -1))),
        notes=_notes(ground, figures),
    )  # fmt: skip


def _notes(ground: Ground, figures: Figures) -> tuple[str, ...]:
    found = []
    if any(figures.of((pk,), TOTAL) for pk in ground.ids(_R.LABOUR_ABSORBED)):
        found.append(_NOTE_ABSORBED)
    if not ground.sees_cost:
        found.append("Labour cost and labour absorbed are left out: you may not see cost.")
    return tuple(found)


def _across(ground: Ground, chosen: Slice, asked: Asked, figures: Figures) -> dict[str, tuple[str, Slice]]:
    """Add the figures up by column and return the columns' words and postings, in order."""
    axis = ReportBy.MONTH.axis(chosen.basis) if asked.split is not Split.PRACTICE else Axis.PRACTICE
    split = asked.split is not Split.NOTHING
    columns: dict[str, tuple[str, Slice]] = {}
    rows = sums(ground.actor, chosen, [Axis.ACCOUNT, axis] if split else [Axis.ACCOUNT])
    for row in rows:
        figures.add((row.key[0],), TOTAL, -row.amount)
        if split:
            figures.add((row.key[0],), str(row.key[1]), -row.amount)
    used = {row.key[1] for row in rows} if split else set()
    if asked.split is Split.MONTH:
        columns |= _months(ground, chosen, axis, used)
    elif asked.split is Split.PRACTICE:
        known = names(ground, ReportBy.PRACTICE, used)
        for pk in sorted(used, key=lambda pk: (not pk, known[pk])):
            columns[str(pk)] = (known[pk], chosen.at(axis, pk))
    columns[TOTAL] = ("Total" if split else _words(asked.start, asked.end), chosen)
    if asked.compare is not Compare.NOTHING:
        shift = before if asked.compare is Compare.BEFORE else year_before
        beside = chosen.over(*shift(asked.start, asked.end))
        for row in sums(ground.actor, beside, [Axis.ACCOUNT]):
            figures.add((row.key[0],), BESIDE, -row.amount)
        columns[BESIDE] = (_words(beside.start, beside.end), beside)
    return columns


def _months(ground: Ground, chosen: Slice, axis: Axis, used: set[int]) -> dict[str, tuple[str, Slice]]:
    columns = {}
    if 0 in used:
        columns["0"] = (ReportBy.MONTH.none, chosen.at(axis, 0))
    for period in ground.periods_in(chosen.start, chosen.end):
        part = chosen.over(max(period.start, chosen.start), min(period.end, chosen.end))
        columns[str(period.pk)] = (period.name, part)
    return columns


def _words(start: date, end: date) -> str:
    """Return a time in words: whole months by name, else its days."""
    last = end if end == END_OF_TIME else date.fromordinal(end.toordinal() - 1)
    if start.day == 1 and end.day == 1:
        first = f"{start:%b %Y}"
        return first if (start.year, start.month) == (last.year, last.month) else f"{first} to {last:%b %Y}"
    return f"{start:%d %b %Y} to {last:%d %b %Y}"


def _line(account: Account, figures: Figures, shown: Sequence[Column], slices: dict[str, Slice]) -> Row:
    cells = [_cell([account.pk], figures, column.key, slices) for column in shown]
    return Row(account.name, tuple(cells), level=1, note=account.code, about=("account", account.pk))


def _sum(
    label: str, ids: Sequence[int], figures: Figures, shown: Sequence[Column], slices: dict[str, Slice], kind: RowKind
) -> Row:  # fmt: skip
    return Row(label, tuple(_cell(ids, figures, column.key, slices) for column in shown), kind)


def _cell(ids: Sequence[int], figures: Figures, column: str, slices: dict[str, Slice]) -> Cell:
    if column == CHANGE:
        return Cell(sum((figures.of((pk,), TOTAL) - figures.of((pk,), BESIDE) for pk in ids), _ZERO))
    value = sum((figures.of((pk,), column) for pk in ids), _ZERO)
    return Cell(value, Drill(slices[column].of(ids), -1))


# --- balance sheet ------------------------------------------------------------------------------------------


def balance_sheet(actor: Actor, asked: Asked) -> Report:
    """Return assets, liabilities and equity at the end of the last day, beside those at the beginning.

    Each contract's position is an asset or a liability by its sign. The result is not closed to an account: equity shows
    it by year.
    """
    ground = load(actor, asked.entity_id)
    closing, opening = _Sheet(ground, asked, asked.end), _Sheet(ground, asked, asked.start)
    columns = (
        Column("closing", f"{asked.last_day:%d %b %Y}"),
        Column("opening", f"{date.fromordinal(asked.start.toordinal() - 1):%d %b %Y}"),
        Column(CHANGE, "Change"),
    )
    position = ground.ids(_R.CONTRACT_POSITION)

    def row(label: str, ends: tuple[Decimal, Decimal], sign: int, drills: tuple[Drill | None, Drill | None],
            kind: RowKind = RowKind.LINE, **about: object) -> Row:  # fmt: skip
        now, then = sign * ends[0], sign * ends[1]
        cells = (Cell(now, drills[0]), Cell(then, drills[1]), Cell(now - then))
        return Row(label, cells, kind, 1 if kind is RowKind.LINE else 0, **about)  # type: ignore[arg-type]

    def of_kind(kind: AccountKind, sign: int) -> list[Row]:
        found = []
        for account in ground.accounts:
            if account.kind != kind or account.pk in position:
                continue
            ends = closing.of(account.pk), opening.of(account.pk)
            if any(ends):
                drills = closing.drill([account.pk], sign), opening.drill([account.pk], sign)
                found.append(
                    row(account.name, ends, sign, drills, note=account.code, about=("account", account.pk))
                )
        return found

    assets, liabilities, equity = (
        of_kind(AccountKind.ASSET, 1), of_kind(AccountKind.LIABILITY, -1), of_kind(AccountKind.EQUITY, -1),
    )  # fmt: skip
    nothing = (None, None)
    for rows, label, sign in ((assets, "Contract assets", 1), (liabilities, "Contract liabilities", -1)):
        ends = closing.position(sign), opening.position(sign)
        if any(ends):
            code = ", ".join(ground.codes(position))
            rows.append(row(label, ends, sign, nothing, note=code, about=("report", 0)))
    results = ground.of_kind(*RESULT)
    for label, name in (("Results of earlier years", "earlier"), ("Result of the year", "year")):
        ends = getattr(closing, name), getattr(opening, name)
        if any(ends) or name == "year":
            drills = closing.result_drill(name, results), opening.result_drill(name, results)
            equity.append(row(label, ends, -1, drills))
    sums_of = {title: _added(rows) for title, rows in (("a", assets), ("l", liabilities), ("e", equity))}
    whole = tuple(one + other for one, other in zip(sums_of["l"], sums_of["e"], strict=True))
    rows = [
        Row("Assets", kind=RowKind.HEAD), *assets,
        Row("Assets", tuple(map(Cell, sums_of["a"])), RowKind.TOTAL),
        Row("Liabilities", kind=RowKind.HEAD), *liabilities,
        Row("Liabilities", tuple(map(Cell, sums_of["l"])), RowKind.SUBTOTAL),
        Row("Equity", kind=RowKind.HEAD), *equity, Row("Equity", tuple(map(Cell, sums_of["e"])), RowKind.SUBTOTAL),
        Row("Liabilities and equity", tuple(map(Cell, whole)), RowKind.TOTAL),
    ]  # fmt: skip
    sides = ground.of_kind(AccountKind.ASSET, AccountKind.LIABILITY)
    net = sums_of["a"][0] - sums_of["l"][0]
    every = ground.slice(asked, ()).before(asked.end)
    return Report(
        name=SHEET_TYPE.name, title=SHEET_TYPE.title, entity=ground.entity.name, currency=ground.currency, asked=asked,
        columns=columns, rows=tuple(rows),
        ties=(
            tie(ground, "Assets less liabilities", every.of(sides), net),
            tie(ground, "Equity with the results", every.of((*ground.of_kind(AccountKind.EQUITY), *results)),
                sums_of["e"][0], sign=-1),
        ),
        stats=(
            Stat("Assets", sums_of["a"][0]), Stat("Liabilities", sums_of["l"][0]), Stat("Equity", sums_of["e"][0]),
        ),
        notes=(_YEAR, *(() if ground.sees_cost else (_RESULT_WITHOUT_COST,))),
    )  # fmt: skip


_YEAR = (
    "Years are calendar years. Results stay on their accounts and are shown as equity. Each contract is an asset or a liability"
    " by what it stands at."
)
_RESULT_WITHOUT_COST = "Results are without labour cost and labour absorbed: you may not see cost."


def _added(rows: Sequence[Row]) -> list[Decimal]:
    return [sum((row.cells[place].value or _ZERO for row in rows), _ZERO) for place in range(3)]


class _Sheet:
    """The balances at the end of the day before `end`."""

    def __init__(self, ground: Ground, asked: Asked, end: date) -> None:
        everything = ground.slice(asked, (account.pk for account in ground.accounts)).before(end)
        last = date.fromordinal(end.toordinal() - 1)
        self._everything, self._year = everything, date(last.year, 1, 1)
        self._sums = {row.key[0]: row.amount for row in sums(ground.actor, everything, [Axis.ACCOUNT])}
        positions = everything.of(ground.ids(_R.CONTRACT_POSITION))
        self._positions = [row.amount for row in sums(ground.actor, positions, [Axis.CONTRACT])]
        results = everything.of(ground.of_kind(*RESULT))
        of_year = sums(ground.actor, results.over(self._year, end), ())
        self.year = sum((row.amount for row in of_year), _ZERO)
        self.earlier = sum((self.of(pk) for pk in results.account_ids), _ZERO) - self.year

    def of(self, account_id: int) -> Decimal:
        """Return an account's balance, debit less credit."""
        return self._sums.get(account_id, _ZERO)

    def position(self, sign: int) -> Decimal:
        """Return the contracts that stand at a debit (1) or a credit (-1), debit less credit."""
        return sum((amount for amount in self._positions if amount * sign > 0), _ZERO)

    def drill(self, account_ids: Sequence[int], sign: int) -> Drill:
        """Return the postings of accounts."""
        return Drill(self._everything.of(account_ids), sign)

    def result_drill(self, name: str, account_ids: Sequence[int]) -> Drill:
        """Return the postings of a result: of the year, or of those before it."""
        whole = self._everything.of(account_ids)
        part = whole.over(self._year, whole.end) if name == "year" else whole.before(self._year)
        return Drill(part, -1)


INCOME_TYPE = ReportType(
    name="income-statement",
    title="Income statement",
    question="What did we earn and spend, and what is left?",
    needs=Permission.VIEW_LEDGER,
    build=income_statement,
    splits=(Split.MONTH, Split.PRACTICE),
    has_basis=True,
    has_compare=True,
)
SHEET_TYPE = ReportType(
    name="balance-sheet",
    title="Balance sheet",
    question="What do we own and owe at the end of the day?",
    needs=Permission.VIEW_LEDGER,
    build=balance_sheet,
)
