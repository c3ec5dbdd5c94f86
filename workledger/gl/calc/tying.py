"""Comparing two sides of books, place by place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workledger.gl.calc.effects import Charted, Moves, Place, added
from workledger.gl.connector import ExternalBalance

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Compared:
    """A place on both sides. `waiting` is what of the difference is known to be on its way; `unexplained` is the rest."""

    place: Place
    ours: Decimal
    theirs: Decimal
    waiting: Decimal

    @property
    def unexplained(self) -> Decimal:
        """What no document explains."""
        return self.ours - self.theirs - self.waiting


def by_place(
    balances: Sequence[ExternalBalance], charted: Charted, refs: Mapping[str, str], accounts: Collection[str]
) -> Moves:
    """Return balances of the other side on our accounts by our references of customers.

    Customers that do not come from here are of no concern; an amount of no customer stands under ''.
    """
    parts = []
    for row in balances:
        place = charted.place(row.account, row.customer)
        if row.account not in accounts or (place[1] and place[1] not in refs):
            continue
        parts.append({(row.account, refs.get(place[1], "")): row.balance})
    return added(parts)


def compare(ours: Moves, theirs: Moves, waiting: Moves) -> list[Compared]:
    """Return every place where anything stands or waits, by account and customer."""
    places = sorted(ours.keys() | theirs.keys() | waiting.keys())
    return [
        Compared(place, ours.get(place, _ZERO), theirs.get(place, _ZERO), waiting.get(place, _ZERO))
        for place in places
    ]
