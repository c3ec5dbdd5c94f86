"""Revenue by any two of client, contract, obligation, line, project, practice, person and month, and gross margin by one."""

from collections.abc import Sequence
from decimal import Decimal

from workledger.core.access import Actor, Permission
from workledger.ledger.models import AccountRole
from workledger.reporting.earned import BY_HOURS, PERSONAL, Fact, cost_facts, hours_of, revenue_facts
from workledger.reporting.ground import REVENUE, Ground, load, names, order_of, tie
from workledger.reporting.report import (
    Asked,
    Cell,
    Column,
    Drill,
    Figures,
    Report,
    ReportBy,
    ReportType,
    ReportUnit,
    Row,
    RowKind,
    Stat,
    ratio,
)
from workledger.reporting.sums import Slice

_ZERO = Decimal(0)
TOTAL = "total"
_KEPT = ("client", "contract", "project", "person")
_SHARE = Column("share", "Share", ReportUnit.SHARE)


def revenue(actor: Actor, asked: Asked) -> Report:
    """Return revenue by one or two things; a month among them becomes the columns. A fixed number of queries."""
    ground = load(actor, asked.entity_id)
    by = asked.by or REVENUE_TYPE.usual
    chosen = ground.slice(asked, ground.ids(*REVENUE))
    facts = revenue_facts(ground, chosen, by)
    across = ReportBy.MONTH if ReportBy.MONTH in by and len(by) > 1 else None
    down = tuple(each for each in by if each is not across)
    table = _Table(ground, chosen, down, bool(PERSONAL & set(by)))
    if across is None:
        columns = _by_account(table, facts)
    else:
        columns = _by_month(table, facts, by, across)
    figures = table.figures
    whole = figures.of((), TOTAL)
    return Report(
        name=REVENUE_TYPE.name,
        title=_titled("Revenue", by),
        entity=ground.entity.name,
        currency=ground.currency,
        asked=asked,
        columns=(*columns, Column(TOTAL, "Total"), *(() if across else (_SHARE,))),
        rows=tuple(table.rows([column.key for column in columns], share_of=None if across else whole)),
        ties=(tie(ground, "Revenue", chosen, whole, sign=-1),),
        stats=(Stat("Revenue", whole, asked.basis.label.lower(), drill=Drill(chosen, -1)),),
        notes=(BY_HOURS,) if table.by_hours else (),
    )


def _titled(what: str, by: Sequence[ReportBy]) -> str:
    return f"{what} by {' and '.join(each.label.lower() for each in by)}"


class _Table:
    """Figures by one or two things, becoming rows with the postings behind each."""

    def __init__(self, ground: Ground, chosen: Slice, down: Sequence[ReportBy], by_hours: bool) -> None:
        self.ground, self.chosen, self.down, self.by_hours = ground, chosen, tuple(down), by_hours
        self.figures = Figures()
        self.slices: dict[str, Slice] = {}

    def column(self, key: str, chosen: Slice) -> None:
        """Say which postings a column sums."""
        self.slices[key] = chosen

    def drill(self, key: tuple[int, ...], column: str) -> Drill:
        """Return the postings of a figure."""
        chosen = self.slices.get(column, self.chosen)
        for by, pk in zip(self.down, key, strict=False):
            chosen = chosen.at(by.axis(chosen.basis), pk)
        personal = bool(PERSONAL & set(self.down[: len(key)]))
        return Drill(chosen, sign=-1, by_hours=self.by_hours and personal)

    def rows(self, columns: Sequence[str], *, share_of: Decimal | None) -> list[Row]:
        """Return the rows in order, largest first, months by date, and the total."""
        places = [*columns, TOTAL]
        keys = self.figures.rows(len(self.down))
        named = [names(self.ground, by, {key[place] for key in keys}) for place, by in enumerate(self.down)]
        orders = [order_of(self.ground, by, known) for by, known in zip(self.down, named, strict=True)]

        def rank(key: tuple[int, ...], place: int) -> tuple[Decimal, tuple[int, str]]:
            by_size = self.down[place] is not ReportBy.MONTH
            size = -self.figures.of(key[: place + 1], TOTAL) if by_size else _ZERO
            return size, orders[place][key[place]]

        found: list[Row] = []
        opened: tuple[int, ...] = ()
        for key in sorted(keys, key=lambda key: tuple(rank(key, place) for place in range(len(key)))):
            if len(key) > 1 and key[:1] != opened:
                opened = key[:1]
                found.append(self._row(named[0][key[0]], opened, places, share_of, RowKind.SUBTOTAL))
            found.append(self._row(named[-1][key[-1]], key, places, share_of, RowKind.LINE))
        found.append(self._row("Total", (), places, share_of, RowKind.TOTAL))
        return found

    def _row(
        self,
        label: str,
        key: tuple[int, ...],
        columns: Sequence[str],
        share_of: Decimal | None,
        kind: RowKind,
    ) -> Row:
        cells = [Cell(self.figures.of(key, column), self.drill(key, column)) for column in columns]
        if share_of is not None:
            cells.append(Cell(ratio(self.figures.of(key, TOTAL), share_of)))
        by = self.down[len(key) - 1] if key else None
        about = (by.value, key[-1]) if by in _KEPT and key[-1] else None
        return Row(label, tuple(cells), kind, max(len(key) - 1, 0), about=about)


def _by_account(table: _Table, facts: Sequence[Fact]) -> list[Column]:
    """Lay out services, reimbursable and adjustments side by side; a column nobody uses is left out."""
    ground, columns = table.ground, []
    for role, label in zip(REVENUE, ("Services", "Reimbursable", "Adjustments"), strict=True):
        ids = ground.ids(role)
        mine = [fact for fact in facts if fact.account_id in ids]
        if not mine:
            continue
        columns.append(Column(role.value, label))
        table.column(role.value, table.chosen.of(ids))
        for fact in mine:
            table.figures.add(fact.key, role.value, fact.amount)
    for fact in facts:
        table.figures.add(fact.key, TOTAL, fact.amount)
    return columns if len(columns) > 1 else []


def _by_month(table: _Table, facts: Sequence[Fact], by: Sequence[ReportBy], across: ReportBy) -> list[Column]:
    """Lay out the periods side by side."""
    place, asked = list(by).index(across), table.chosen
    used = {fact.key[place] for fact in facts}
    columns = []
    for period in table.ground.periods_in(asked.start, asked.end):
        key = str(period.pk)
        columns.append(Column(key, period.name))
        table.column(key, asked.over(max(period.start, asked.start), min(period.end, asked.end)))
    if 0 in used:
        columns.insert(0, Column("0", across.none))
        table.column("0", asked.at(across.axis(asked.basis), 0))
    for fact in facts:
        row = fact.key[:place] + fact.key[place + 1 :]
        table.figures.add(row, str(fact.key[place]), fact.amount)
        table.figures.add(row, TOTAL, fact.amount)
    return columns


# --- gross margin -------------------------------------------------------------------------------------------


def gross_margin(actor: Actor, asked: Asked) -> Report:
    """Return revenue, labour, expenses and what is left, by one thing; cost only with the permission to see it."""
    ground = load(actor, asked.entity_id)
    by = asked.by or MARGIN_TYPE.usual
    earned = ground.slice(asked, ground.ids(*REVENUE))
    labour = earned.of(ground.ids(AccountRole.LABOUR_COST))
    expenses = earned.of(ground.ids(AccountRole.PROJECT_EXPENSE) if ground.sees_cost else ())
    figures = Figures()
    for name, facts in (
        ("revenue", revenue_facts(ground, earned, by)),
        ("labour", cost_facts(ground, labour, by)),
        ("expenses", cost_facts(ground, expenses, by)),
    ):
        for fact in facts:
            figures.add(fact.key, name, fact.amount)
    for key, seconds in hours_of(ground, earned, by).items():
        figures.add(key, "hours", seconds)
    parts = {"hours": earned.of(ground.labour_ids), "revenue": earned, "labour": labour, "expenses": expenses}
    keys = figures.rows(1)
    named = names(ground, by[0], {key[0] for key in keys})
    order = order_of(ground, by[0], named)
    by_month = by[0] is ReportBy.MONTH

    def rank(key: tuple[int, ...]) -> tuple[Decimal, tuple[int, str]]:
        return _ZERO if by_month else -figures.of(key, "revenue"), order[key[0]]

    def row(label: str, key: tuple[int, ...], kind: RowKind = RowKind.LINE) -> Row:
        about = (by[0].value, key[0]) if key and key[0] and by[0].value in _KEPT else None
        return Row(label, tuple(_margin_cells(ground, figures, key, by, parts)), kind, about=about)

    rows = [row(named[key[0]], key) for key in sorted(keys, key=rank)]
    ties = [tie(ground, "Revenue", earned, figures.of((), "revenue"), sign=-1)]
    stats = [Stat("Revenue", figures.of((), "revenue"), asked.basis.label.lower(), drill=Drill(earned, -1))]
    if ground.sees_cost:
        ties += [
            tie(ground, "Labour", labour, figures.of((), "labour")),
            tie(ground, "Expenses", expenses, figures.of((), "expenses")),
        ]
        margin = _margin(figures, ())
        stats += [
            Stat("Gross margin", margin),
            Stat("Of revenue", ratio(margin, stats[0].value or _ZERO), unit=ReportUnit.SHARE),
        ]
    cost = (Column("labour", "Labour"), Column("expenses", "Expenses"), Column("margin", "Gross margin"))
    return Report(
        name=MARGIN_TYPE.name, title=_titled("Gross margin", by), entity=ground.entity.name, currency=ground.currency,
        asked=asked,
        columns=(
            Column("hours", "Worked", ReportUnit.HOURS), Column("revenue", "Revenue"),
            *((*cost, Column("share", "Of revenue", ReportUnit.SHARE)) if ground.sees_cost else ()),
        ),
        rows=(*rows, row("Total", (), RowKind.TOTAL)), ties=tuple(ties), stats=tuple(stats),
        notes=(*((BY_HOURS,) if PERSONAL & set(by) else ()), *(() if ground.sees_cost else (_NO_COST,))),
    )  # fmt: skip


_NO_COST = "Cost and margin are left out: you may not see cost."


def _margin(figures: Figures, key: tuple[int, ...]) -> Decimal:
    return figures.of(key, "revenue") - figures.of(key, "labour") - figures.of(key, "expenses")


def _margin_cells(
    ground: Ground, figures: Figures, key: tuple[int, ...], by: Sequence[ReportBy], parts: dict[str, Slice]
) -> list[Cell]:
    def cell(name: str) -> Cell:
        chosen = parts[name]
        for each, pk in zip(by, key, strict=False):
            chosen = chosen.at(each.axis(chosen.basis), pk)
        by_hours = name == "revenue" and bool(key) and by[0] in PERSONAL
        return Cell(figures.of(key, name), Drill(chosen, -1 if name == "revenue" else 1, by_hours))

    hours = Cell(figures.of(key, "hours"), cell("hours").drill if ground.sees_cost else None)
    if not ground.sees_cost:
        return [hours, cell("revenue")]
    margin = _margin(figures, key)
    share = ratio(margin, figures.of(key, "revenue"))
    return [hours, cell("revenue"), cell("labour"), cell("expenses"), Cell(margin), Cell(share)]


REVENUE_TYPE = ReportType(
    name="revenue",
    title="Revenue",
    question="What did we earn, with whom, on what, by whom?",
    needs=Permission.VIEW_REVENUE,
    build=revenue,
    bys=tuple(ReportBy),
    most=2,
    usual=(ReportBy.CLIENT, ReportBy.MONTH),
    has_basis=True,
)
MARGIN_TYPE = ReportType(
    name="gross-margin",
    title="Gross margin",
    question="What is left of revenue after the cost of the work?",
    needs=Permission.VIEW_REVENUE,
    build=gross_margin,
    bys=(
        ReportBy.CLIENT,
        ReportBy.CONTRACT,
        ReportBy.LINE,
        ReportBy.PROJECT,
        ReportBy.PRACTICE,
        ReportBy.PERSON,
        ReportBy.MONTH,
    ),
    most=1,
    usual=(ReportBy.CLIENT,),
    has_basis=True,
)
