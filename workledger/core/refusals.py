"""How an action says no: all problems at once, each with a stable code, a sentence and its field."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason. `code` is stable; `message` says what happened and how to mend it; `field` may be ''."""

    code: str
    message: str
    field: str = ""


class Refused(Exception):
    """The act was not done and changed nothing."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.message for problem in self.problems))

    @classmethod
    def because(cls, code: str, message: str, field: str = "") -> Self:
        """Refuse for one reason."""
        return cls([Problem(code, message, field)])

    @property
    def codes(self) -> tuple[str, ...]:
        """The stable codes, in order."""
        return tuple(problem.code for problem in self.problems)


class Forbidden(Refused):
    """The actor may not do this; the sentence says who can."""


class NotFound(Refused):
    """There is no such row, or none that the actor may see."""


class NeedsConfirmation(Refused):
    """The act is possible but has warnings that the caller has not confirmed by their codes."""


class Proposed(Exception):
    """An assistant's act was stored as proposal `proposal_id`; a person decides."""

    def __init__(self, proposal_id: int) -> None:
        self.proposal_id = proposal_id
        super().__init__(f"Stored as proposal {proposal_id}. It runs when a person accepts it.")


@dataclass
class Problems:
    """Collects problems so that a user sees all of them at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, code: str, message: str, field: str = "") -> None:
        """Note one problem."""
        self.found.append(Problem(code, message, field))

    def check(self, holds: object, code: str, message: str, field: str = "") -> None:
        """Note a problem unless `holds` is true."""
        if not holds:
            self.add(code, message, field)

    def refuse(self) -> None:
        """Raise `Refused` if there is any problem."""
        if self.found:
            raise Refused(self.found)
