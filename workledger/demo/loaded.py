"""What the parts of the loader share: the firm as generated and the ids of what is loaded of it."""

from typing import Protocol

from workledger.core.access import Actor
from workledger.demo.calc.records import DemoFirm


class Loaded(Protocol):
    """A firm on its way into the database; lists of ids stand at the positions of the firm's records."""

    actor: Actor
    firm: DemoFirm
    entity_id: int
    person_ids: list[int]
    client_ids: list[int]
    practice_ids: list[int]
    project_ids: list[int]
    task_ids: list[int]

    def say(self, words: str) -> None:
        """Tell what is being done."""

    def acting_as(self, person: int) -> Actor:
        """Return the demo's own actor in the name of one of the people."""
