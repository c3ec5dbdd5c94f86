"""What contracts tell the floors above."""

from dataclasses import dataclass
from datetime import date

from workledger.core.access import Actor
from workledger.core.events import Event


@dataclass(frozen=True, slots=True)
class RatesChanged(Event):
    """Approved rates changed: work from `from_day` on, under these contracts, may have another price.

    `actor` is whose act it was; handlers run in its transaction.
    """

    actor: Actor
    contract_ids: tuple[int, ...]
    from_day: date


@dataclass(frozen=True, slots=True)
class LinesAgreed(Event):
    """Lines of active contracts were agreed or changed: a contract was activated, or lines of an active one were written.

    A handler may refuse what it cannot keep books for.
    """

    actor: Actor
    contract_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LineTermsChanged(Event):
    """What a contract line says changed: its model, or how its time is rounded and grouped."""

    actor: Actor
    contract_line_id: int
