"""Clients of the demo firm that come out of the scenario pack: between them they show every way to bill."""

from collections.abc import Iterator
from datetime import date

from workledger.core.access import Actor
from workledger.scenarios import files
from workledger.scenarios.calc.grammar import Scenario, Statement
from workledger.scenarios.running import do
from workledger.scenarios.stage import Stage, stage_of

_STORIES = (
    "hard-02-milestones-changes-and-support",
    "hard-03-shared-block",
    "hard-04-progress-with-revised-estimate",
    "hard-05-managed-service",
    "hard-10-interim-abroad",
    "hard-11-campaign",
    "pair-07-blended-with-cap-and-discount",
)


class Stories:
    """Scenarios that happen in the demo firm, day by day beside its own work.

    They are told of the last years that lie in the firm's past as a whole; one for which it is too young is left out.
    """

    def __init__(self, actor: Actor, entity_id: int, starts_on: date, today: date) -> None:
        self._running: list[_Story] = []
        for name in _STORIES:
            scenario = _in_the_past(name, today)
            if min(scenario.days()) >= starts_on:
                self._running.append(_Story(scenario, stage_of(scenario, actor, shared_firm=entity_id)))

    def advance(self, until: date) -> None:
        """Let happen what happens through a day."""
        for story in self._running:
            story.advance(until)


def _in_the_past(name: str, today: date) -> Scenario:
    path = files.PACK / f"{name}.txt"
    last = max(files.read(path).days())
    years = today.year - last.year
    if (last.month, last.day) > (today.month, today.day):
        years -= 1
    return files.read(path, years=years)


class _Story:
    """One scenario and where it is. A statement without a day happens with the one before it."""

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self._stage = stage
        self._rest: Iterator[Statement] = iter(scenario.statements)
        self._next: Statement | None = next(self._rest, None)

    def advance(self, until: date) -> None:
        while self._next is not None and (self._next.days is None or self._next.on <= until):
            if not self._next.verb.startswith("expect "):
                do(self._stage, self._next)
            self._next = next(self._rest, None)
