"""Runs a scenario: its statements in order through the acts of the product, then every invariant of the books."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection, transaction

from workledger.connect import files
from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.scenarios.acting import ACTING
from workledger.scenarios.calc.grammar import Scenario, Statement
from workledger.scenarios.expecting import EXPECTING, wanted
from workledger.scenarios.founding import FOUNDING
from workledger.scenarios.names import NotNamed
from workledger.scenarios.stage import Stage, stage_of

_DOING: dict[str, Callable[[Stage, Statement], None]] = {**FOUNDING, **ACTING}


@dataclass(frozen=True, slots=True)
class Difference:
    """An expectation that was not met, or a line that could not be done: then `sentence` says why."""

    line: int
    what: str
    expected: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    sentence: str = ""


@dataclass(slots=True)
class Outcome:
    """What came of a scenario."""

    title: str
    expectations: int = 0
    differences: list[Difference] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    found: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether every expectation was met and every invariant holds."""
        return not self.differences and not self.broken


def run(
    scenario: Scenario,
    actor: Actor,
    *,
    keep: bool = False,
    look: Callable[[Stage], list[str]] | None = None,
) -> Outcome:
    """Run a scenario in a legal entity of its own and say what came of it.

    `look` may find more that is broken, before everything is taken back at the end; that is not done where `keep` and the
    scenario came out right.
    """
    outcome = Outcome(scenario.title)
    stage = stage_of(scenario, actor)
    with transaction.atomic():
        play(scenario, stage, outcome)
        if not outcome.differences:
            outcome.broken = [result.line for result in run_checks() if not result.ok]
            outcome.broken += look(stage) if look is not None else []
        if not (keep and outcome.is_right):
            transaction.set_rollback(True)
    for name in stage.kept_files:
        files.forget(name)
    return outcome


def play(scenario: Scenario, stage: Stage, outcome: Outcome) -> None:
    """Do a scenario's statements and compare what it expects. Stops at a line that cannot be done."""
    for statement in scenario.statements:
        try:
            if statement.verb.startswith("expect "):
                _compare(stage, statement, outcome)
            else:
                do(stage, statement)
        except (Refused, NotNamed) as error:
            codes = f" ({', '.join(error.codes)})" if isinstance(error, Refused) else ""
            outcome.differences.append(Difference(statement.line, statement.verb, sentence=f"{error}{codes}"))
            return


def do(stage: Stage, statement: Statement) -> None:
    """Do what a statement says, which is no expectation. Raises `Refused` and `NotNamed`."""
    _DOING[statement.verb](stage, statement)


def _compare(stage: Stage, statement: Statement, outcome: Outcome) -> None:
    outcome.expectations += 1
    if statement.verb == "expect refused":
        expected, found = [str(statement["code"])], _refused(stage, statement.below[0])
    else:
        expected, found = wanted(stage, statement), EXPECTING[statement.verb](stage, statement)
    outcome.found.append((statement.line, statement.verb, tuple(found)))
    if expected != found:
        outcome.differences.append(Difference(statement.line, statement.verb, tuple(expected), tuple(found)))


def _refused(stage: Stage, statement: Statement) -> list[str]:
    """Return why an act is refused; nothing of it stays. Warnings refuse too: nobody confirms them here."""
    stage.is_strict = True
    try:
        with transaction.atomic():
            do(stage, statement)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    except Refused as refusal:
        return [", ".join(dict.fromkeys(refusal.codes))]
    finally:
        stage.is_strict = False
    return ["done"]
