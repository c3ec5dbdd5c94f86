"""What projects tell the floors above."""

from dataclasses import dataclass

from workledger.core.access import Actor
from workledger.core.events import Event


@dataclass(frozen=True, slots=True)
class TaskMappingChanged(Event):
    """A task's contract line or task type changed: open work on it may have another price."""

    actor: Actor
    task_id: int


@dataclass(frozen=True, slots=True)
class PhaseCapChanged(Event):
    """What a phase's cap counts or allows changed: unbilled work of these contracts may lie within it, or no more."""

    actor: Actor
    contract_ids: tuple[int, ...]
