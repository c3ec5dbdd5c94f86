"""The journal of a book in the other side's words, as a stream: every entry, or its sums per day or period."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workledger.core.access import Actor
from workledger.gl.calc.journals import Journal, Line, journal
from workledger.gl.mapping import AxisNames, Mapping, for_book
from workledger.gl.models import Axis
from workledger.ledger.dimensions import Dimension
from workledger.ledger.export import Extent, JournalGrain, Side, Source, load
from workledger.ledger.export.source import ExportAccount
from workledger.ledger.models import AccountRole

_PLACES = {dimension: place for place, dimension in enumerate(Dimension)}
_CLIENT = _PLACES[Dimension.CLIENT]
_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which journals: of one book, dated in the half-open [start, end), so fine, with these axes (None: all that are mapped).

    `by_customer` keeps receivables apart by client, one client to a summary, as QuickBooks asks.
    """

    book_id: int
    start: date | None = None
    end: date | None = None
    grain: JournalGrain = JournalGrain.DETAIL
    axes: frozenset[Axis] | None = None
    by_customer: bool = False


class Reading:
    """The journals wanted, with what they are made of: loaded in a few queries, then read once as a stream."""

    def __init__(self, actor: Actor, wanted: Wanted, mapping: Mapping | None = None) -> None:
        self.mapping = mapping or for_book(wanted.book_id, actor)
        self.wanted = wanted
        self.axes: tuple[AxisNames, ...] = tuple(
            axis for axis in self.mapping.axes if wanted.axes is None or axis.axis in wanted.axes
        )
        self.source: Source = load(
            actor,
            Extent(
                (wanted.book_id,), wanted.start, wanted.end, wanted.grain,
                keep=tuple(dict.fromkeys(axis.dimension for axis in self.axes)), by_client=wanted.by_customer,
            ),
        )  # fmt: skip
        self.accounts = {account.id: account for account in self.source.accounts}
        self._codes = {account_id: self.mapping.account(account_id) for account_id in self.accounts}
        self._receivables = {
            account.id for account in self.source.accounts if account.role == AccountRole.RECEIVABLE
        }
        self._about: dict[tuple[int, ...], tuple[tuple[str, str], ...]] = {}

    def unmapped(self) -> list[ExportAccount]:
        """Return the accounts that move here and go under our own code, in the chart's order."""
        return [
            self.accounts[moved] for moved in self.source.moved() if moved not in self.mapping.mapped_accounts
        ]

    def customers(self) -> list[str]:
        """Return the names there of the clients whose receivable moves."""
        return sorted({self.customer(client_id) for client_id in self.source.clients_with_receivables()})

    def customer(self, client_id: int) -> str:
        """Return what a client is called as a customer there; '' for none."""
        if not client_id:
            return ""
        axis = next((each for each in self.axes if each.axis == Axis.CUSTOMER), None)
        if axis is not None and axis.dimension == Dimension.CLIENT:
            return self.mapping.named(axis, client_id)
        return self.mapping.own_name(Dimension.CLIENT, client_id)

    def journals(self) -> Iterator[Journal]:
        """Yield the journals, oldest first."""
        for entry_id, sides in self.source.entries():
            made = self._journal(entry_id, sides)
            if made is not None:
                yield made

    def _journal(self, entry_id: int | str, sides: list[Side]) -> Journal | None:
        first = sides[0]
        return journal(
            str(entry_id),
            first.date,
            first.description,
            map(self._line, sides),
            entry_id=entry_id if isinstance(entry_id, int) else None,
        )

    def _line(self, side: Side) -> Line:
        amount = Decimal(side.functional_debit) - Decimal(side.functional_credit)
        code = self._codes[side.account_id]
        if self.wanted.by_customer and side.account_id in self._receivables:
            return Line(code, amount, self.customer(side.dimensions[_CLIENT]), is_receivable=True)
        return Line(code, amount, dimensions=self._dimensions(side.dimensions))

    def _dimensions(self, ids: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
        found = self._about.get(ids)
        if found is None:
            if len(self._about) > _KEPT:
                self._about.clear()
            found = self._about[ids] = tuple(
                (axis.key, self.mapping.named(axis, identifier))
                for axis in self.axes
                if (identifier := ids[_PLACES[axis.dimension]])
            )
        return found


def amount(value: Decimal, places: int) -> str:
    """Return an amount with a point and at least so many decimals, as many as it has."""
    exponent = value.normalize().as_tuple().exponent
    finer = -exponent if isinstance(exponent, int) else 0
    return f"{value:.{max(places, finer)}f}"
