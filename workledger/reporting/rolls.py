"""Roll-forwards: what an account stood at, what moved it and by which kind of act, and what it stands at.

Opening and closing come from the month balances, what moved from the postings of the time in between; so that they meet is
proof, not construction. What has a value in the book's currency alone is a difference of exchange rates, whatever the entry; a kind
of entry that no column names stands under 'Other'.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from workledger.contracts.models import Contract, ContractLine
from workledger.core.access import Actor, Permission
from workledger.ledger.models import AccountRole
from workledger.reporting.ground import Ground, load, names, tie
from workledger.reporting.report import (
    Asked,
    Cell,
    Column,
    Drill,
    Report,
    ReportBy,
    ReportType,
    Row,
    RowKind,
    Stat,
)
from workledger.reporting.sums import Axis, Slice, sums
from workledger.revenue.obligations import NOT_HERE

_ZERO = Decimal(0)
OPENING, FX, OTHER, CLOSING = "opening", "fx", "other", "closing"


class Flow(NamedTuple):
    """A column between opening and closing: the kinds of entries that move it, by how they begin."""

    key: str
    label: str
    begins: tuple[str, ...]


POSITION_FLOWS = (
    Flow("recognized", "Recognized", ("work_priced", "revenue_recognized")),
    Flow("billed", "Billed", ("invoice_", "credit_")),
    Flow("adjusted", "Written off", ("written_",)),
)
WIP_FLOWS = (
    Flow("taken_back", "Taken back or moved", ("work_priced_reversal",)),
    Flow("approved", "Approved work", ("work_priced",)),
    Flow("billed", "Billed", ("invoice_", "credit_")),
    Flow("adjusted", "Written down or off", ("written_",)),
)
RECEIVABLE_FLOWS = (
    Flow("credited", "Credited", ("invoice_issued_reversal", "credit_")),
    Flow("invoiced", "Invoiced", ("invoice_",)),
    Flow("paid", "Paid", ("payment_",)),
    Flow("discounts", "Discounts", ("early_discount",)),
    Flow("written_off", "Written off", ("bad_debt", "written_", "debt_")),
)


@dataclass(frozen=True, slots=True)
class Rolled:
    """What one contract or client moved from opening to closing, by column; `other` is what no column names."""

    id: int
    opening: Decimal
    moved: Mapping[str, Decimal]
    other: Decimal
    closing: Decimal

    def of(self, column: str) -> Decimal:
        """Return the figure of a column."""
        fixed = {OPENING: self.opening, OTHER: self.other, CLOSING: self.closing}
        return fixed[column] if column in fixed else self.moved.get(column, _ZERO)


@dataclass(frozen=True, slots=True)
class Roll:
    """Rows by size of what they close with, and the kinds of entries that each column sums."""

    flows: tuple[Flow, ...]
    rows: list[Rolled]
    kinds: Mapping[str, tuple[str, ...]]

    def total(self, column: str) -> Decimal:
        """Return the sum of a column."""
        return sum((row.of(column) for row in self.rows), _ZERO)

    @property
    def has_other(self) -> bool:
        """Whether anything moved that no column names."""
        return any(row.other for row in self.rows)


def roll(actor: Actor, chosen: Slice, axis: Axis, flows: Sequence[Flow]) -> Roll:
    """Roll the chosen accounts forward over their time, by `axis`. Three sums, of which two are of balances."""
    opening = {row.key[0]: row.amount for row in sums(actor, chosen.before(chosen.start), [axis])}
    closing = {row.key[0]: row.amount for row in sums(actor, chosen.before(chosen.end), [axis])}
    moved: dict[int, dict[str, Decimal]] = {}
    kinds: dict[str, set[str]] = {}
    for row in sums(actor, chosen, [axis, Axis.KIND, Axis.EXCHANGE]):
        key, kind, is_exchange = row.key
        column = next((flow.key for flow in flows if kind.startswith(flow.begins)), OTHER)
        column = FX if is_exchange else column
        kinds.setdefault(column, set()).add(kind)
        amounts = moved.setdefault(key, {})
        amounts[column] = amounts.get(column, _ZERO) + row.amount
    rows = [
        Rolled(
            key,
            opening.get(key, _ZERO),
            moved.get(key, {}),
            moved.get(key, {}).get(OTHER, _ZERO),
            closing.get(key, _ZERO),
        )
        for key in opening.keys() | closing.keys() | moved.keys()
    ]
    rows = [row for row in rows if row.opening or row.closing or any(row.moved.values())]
    rows.sort(key=lambda row: (-abs(row.closing), row.id))
    return Roll(tuple(flows), rows, {column: tuple(sorted(names)) for column, names in kinds.items()})


def _columns(rolled: Roll, order: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns: flows in reading order; 'FX' and 'Other' only where something stands in them."""
    labels = {flow.key: flow.label for flow in rolled.flows} | {FX: "FX", OTHER: "Other"}
    shown = [key for key in (*order, FX, OTHER) if key in order or rolled.kinds.get(key)]
    return (
        Column(OPENING, "Opening"),
        *(Column(key, labels[key]) for key in shown),
        Column(CLOSING, "Closing"),
    )


def _cells(
    columns: Sequence[Column], rolled: Roll, row: Rolled | None, chosen: Slice, axis: Axis
) -> tuple[Cell, ...]:
    about = chosen.at(axis, row.id) if row is not None else chosen
    slices = {OPENING: about.before(chosen.start), CLOSING: about.before(chosen.end)}
    found = []
    for column in columns:
        value = row.of(column.key) if row is not None else rolled.total(column.key)
        kinds = rolled.kinds.get(column.key, ())
        is_exchange = int(column.key == FX)
        moved = replace(about, kinds=kinds).at(Axis.EXCHANGE, is_exchange) if kinds else None
        part = slices.get(column.key, moved)
        found.append(Cell(value, Drill(part) if part is not None else None))
    return tuple(found)


# --- contract positions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PositionRow:
    """A contract's position over a time, in the book's currency: positive is an asset, negative a liability."""

    contract_id: int
    contract: str
    client: str
    opening: Decimal
    recognized: Decimal
    billed: Decimal
    adjusted: Decimal
    fx: Decimal
    other: Decimal
    closing: Decimal


_POSITION_COLUMNS = ("opening", "recognized", "billed", "adjusted", "fx", "other", "closing")


@dataclass(frozen=True, slots=True)
class RollForward:
    """Contract assets and liabilities of a legal entity over the half-open [start, end), in the book's currency.

    Each contract is presented net, as an asset or as a liability (606-10-45-1). Sums tie to the ledger.
    """

    entity_id: int
    entity: str
    currency: str
    start: date
    end: date
    rows: list[PositionRow]

    @property
    def totals(self) -> PositionRow:
        """The sums of all columns."""
        sums_of = (sum((getattr(row, name) for row in self.rows), _ZERO) for name in _POSITION_COLUMNS)
        return PositionRow(0, "", "", *sums_of)

    @property
    def assets(self) -> Decimal:
        """Contract assets at the end."""
        return sum((row.closing for row in self.rows if row.closing > 0), _ZERO)

    @property
    def liabilities(self) -> Decimal:
        """Contract liabilities at the end, as a positive amount."""
        return -sum((row.closing for row in self.rows if row.closing < 0), _ZERO)


def _rolled_positions(ground: Ground, asked: Asked) -> tuple[Slice, Roll]:
    chosen = ground.slice(asked, ground.ids(AccountRole.CONTRACT_POSITION))
    return chosen, roll(ground.actor, chosen, Axis.CONTRACT, POSITION_FLOWS)


def roll_forward(
    actor: Actor, entity_id: int, start: date, end: date, *, known_on: date | None = None
) -> RollForward:
    """Return the roll-forward of contract positions over [start, end). Raises NotFound."""
    ground = load(actor, entity_id)
    _, rolled = _rolled_positions(ground, Asked(entity_id, start, end, known_on=known_on))
    ids = {row.id for row in rolled.rows}
    contracts, clients = names(ground, ReportBy.CONTRACT, ids), _clients(ground, ids)
    rows = [
        PositionRow(
            row.id, contracts[row.id], clients.get(row.id, ""), *(row.of(name) for name in _POSITION_COLUMNS)
        )
        for row in rolled.rows
    ]
    return RollForward(entity_id, ground.entity.name, ground.currency, start, end, rows)


def _clients(ground: Ground, contract_ids: Collection[int]) -> dict[int, str]:
    """Return the clients' names of contracts."""
    rows = Contract.objects.visible_to(ground.actor).filter(pk__in=contract_ids)
    return dict(rows.values_list("pk", "client__name"))


def contract_positions(actor: Actor, asked: Asked) -> Report:
    """Return contract assets and liabilities from opening to closing: by contract, and split by its sign."""
    ground = load(actor, asked.entity_id)
    chosen, rolled = _rolled_positions(ground, asked)
    columns = _columns(rolled, ("recognized", "billed", "adjusted"))
    ids = {row.id for row in rolled.rows}
    contracts, clients = names(ground, ReportBy.CONTRACT, ids), _clients(ground, ids)
    rows = [
        Row(
            contracts[row.id],
            _cells(columns, rolled, row, chosen, Axis.CONTRACT),
            note=clients.get(row.id, ""),
            about=("contract", row.id) if row.id else None,
        )
        for row in rolled.rows
    ]
    assets, liabilities = _split(columns, rolled, 1), _split(columns, rolled, -1)
    rows += [
        Row("Contract assets", assets, RowKind.SUBTOTAL, note="contracts that stand at a debit"),
        Row("Contract liabilities", liabilities, RowKind.SUBTOTAL, note="contracts that stand at a credit"),
        Row("Net", _cells(columns, rolled, None, chosen, Axis.CONTRACT), RowKind.TOTAL),
    ]
    return _rolled_report(
        POSITION_TYPE, ground, asked, columns, rows, rolled, chosen, "Contract position",
        (
            Stat("Contract assets", assets[-1].value, "at the end"),
            Stat("Contract liabilities", -(liabilities[-1].value or _ZERO), "at the end"),
            Stat("Net", rolled.total(CLOSING), "as in the trial balance", drill=Drill(chosen.before(asked.end))),
        ),
        ("Each contract is presented net, as an asset or as a liability (ASC 606-10-45-1, IFRS 15.105), by what it stands at.",),
    )  # fmt: skip


def _split(columns: Sequence[Column], rolled: Roll, sign: int) -> tuple[Cell, ...]:
    """Return what is an asset (1) or a liability (-1) at the opening and at the closing; what moved is not split."""
    found = []
    for column in columns:
        if column.key in (OPENING, CLOSING):
            amounts = (row.of(column.key) for row in rolled.rows)
            found.append(Cell(sum((amount for amount in amounts if amount * sign > 0), _ZERO)))
        else:
            found.append(Cell(None))
    return tuple(found)


def _rolled_report(
    kind: ReportType,
    ground: Ground,
    asked: Asked,
    columns: tuple[Column, ...],
    rows: Sequence[Row],
    rolled: Roll,
    chosen: Slice,
    label: str,
    stats: tuple[Stat, ...],
    notes: tuple[str, ...] = (),
    elsewhere: tuple[Decimal, Decimal] = (_ZERO, _ZERO),
    elsewhere_label: str = "",
) -> Report:
    """Return a roll-forward as a report: its opening and its closing tie to the accounts."""
    opening, closing = rolled.total(OPENING), rolled.total(CLOSING)
    moved = sum((rolled.total(column.key) for column in columns[1:-1]), _ZERO)
    whole = replace(chosen, where=())
    end = tie(
        ground, f"{label}, closing", whole.before(asked.end), closing, elsewhere=elsewhere[1],
        elsewhere_label=elsewhere_label,
    )  # fmt: skip
    ties = (
        tie(ground, f"{label}, opening", whole.before(asked.start), opening, elsewhere=elsewhere[0],
            elsewhere_label=elsewhere_label),
        replace(end, label=f"{label}, opening and what moved it", reported=opening + moved),
        end,
    )  # fmt: skip
    return Report(
        kind.name,
        kind.title,
        ground.entity.name,
        ground.currency,
        asked,
        columns,
        tuple(rows),
        ties,
        stats,
        notes,
    )


# --- work in progress and receivables -----------------------------------------------------------------------


def _by_one(
    ground: Ground, asked: Asked, kind: ReportType, chosen: Slice, flows: Sequence[Flow], order: Sequence[str]
) -> tuple[Roll, tuple[Column, ...], list[Row]]:
    """Return a roll-forward by the one thing that is asked for, with its rows and its total."""
    (by,) = asked.by or kind.usual
    axis = by.axis(asked.basis)
    rolled = roll(ground.actor, chosen, axis, flows)
    columns = _columns(rolled, order)
    known = names(ground, by, {row.id for row in rolled.rows})
    rows = [
        Row(
            known[row.id],
            _cells(columns, rolled, row, chosen, axis),
            about=(by.value, row.id) if row.id else None,
        )
        for row in rolled.rows
    ]
    rows.append(Row("Total", _cells(columns, rolled, None, chosen, axis), RowKind.TOTAL))
    return rolled, columns, rows


def wip(actor: Actor, asked: Asked) -> Report:
    """Return work in progress from opening to closing: priced work of lines that are recognized as they are invoiced."""
    ground = load(actor, asked.entity_id)
    position = ground.slice(asked, ground.ids(AccountRole.CONTRACT_POSITION))
    lines = sums(actor, position.before(asked.end), [Axis.CONTRACT_LINE])
    as_invoiced = ContractLine.objects.filter(
        revenue_method__in=NOT_HERE, pk__in=[row.key[0] for row in lines]
    )
    ids = tuple(sorted(as_invoiced.values_list("pk", flat=True)))
    chosen = position.at(Axis.CONTRACT_LINE, *ids)
    rolled, columns, rows = _by_one(
        ground, asked, WIP_TYPE, chosen, WIP_FLOWS, ("approved", "taken_back", "billed", "adjusted")
    )
    before = sums(actor, position.before(asked.start), [Axis.CONTRACT_LINE])
    elsewhere = tuple(
        sum((row.amount for row in found if row.key[0] not in set(ids)), _ZERO) for found in (before, lines)
    )
    return _rolled_report(
        WIP_TYPE, ground, asked, columns, rows, rolled, chosen, "Contract position",
        (Stat("Work in progress", rolled.total(CLOSING), "at the end, at what it is priced at", drill=Drill(chosen.before(asked.end))),),
        (_WIP_NOTE,), (elsewhere[0], elsewhere[1]), "Position of lines that recognition runs post, and of no line",
    )  # fmt: skip


_WIP_NOTE = (
    "Lines that are recognized as they are invoiced: their priced and unbilled work is their contract position. Moved, withdrawn"
    " and newly priced work is taken back where it stood and approved anew where it stands. Fees billed ahead stand negative."
)


def receivables(actor: Actor, asked: Asked) -> Report:
    """Return receivables from opening to closing."""
    ground = load(actor, asked.entity_id)
    chosen = ground.slice(asked, ground.ids(AccountRole.RECEIVABLE))
    rolled, columns, rows = _by_one(
        ground, asked, RECEIVABLES_TYPE, chosen, RECEIVABLE_FLOWS,
        ("invoiced", "credited", "paid", "discounts", "written_off"),
    )  # fmt: skip
    stats = (Stat("Receivables", rolled.total(CLOSING), "at the end", drill=Drill(chosen.before(asked.end))),)
    return _rolled_report(
        RECEIVABLES_TYPE, ground, asked, columns, rows, rolled, chosen, "Accounts receivable", stats
    )


POSITION_TYPE = ReportType(
    name="contract-positions",
    title="Contract assets and liabilities",
    question="What have we earned and not billed, or billed and not earned?",
    needs=Permission.VIEW_REVENUE,
    build=contract_positions,
)
WIP_TYPE = ReportType(
    name="wip",
    title="Work in progress",
    question="What did work add to what we can bill, and what became of it?",
    needs=Permission.VIEW_REVENUE,
    build=wip,
    bys=(ReportBy.CLIENT, ReportBy.CONTRACT, ReportBy.LINE, ReportBy.PROJECT),
    most=1,
    usual=(ReportBy.CONTRACT,),
)
RECEIVABLES_TYPE = ReportType(
    name="receivables",
    title="Receivables",
    question="What do clients owe us, and how did it come to that?",
    needs=Permission.VIEW_RECEIVABLES,
    build=receivables,
    bys=(ReportBy.CLIENT, ReportBy.CONTRACT),
    most=1,
    usual=(ReportBy.CLIENT,),
)
