"""How a firm's layouts put work into lines: a heading with a subtotal, and below it a line for each of something."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol


class GroupBy(StrEnum):
    """What a heading, or a line, stands for."""

    CONTRACT_LINE = "line"
    PHASE = "phase"
    TASK = "task"
    ROLE = "role"
    PERSON = "person"
    WEEK = "week"
    ENTRY = "entry"


class Column(StrEnum):
    """What a line shows beside its description; the amount is always there."""

    DATES = "dates"
    QUANTITY = "quantity"
    UNIT = "unit"
    RATE = "rate"
    TAX = "tax"


class Layout(NamedTuple):
    """The headings (None: none), and what a line is for."""

    group_by: GroupBy | None = None
    line_by: GroupBy = GroupBy.TASK


class Word(NamedTuple):
    """What is printed, behind what puts it in order."""

    place: str
    said: str


NO_WORD = Word("", "")
_LAST = Word("\uffff", "")
"""Work that has no such thing, as a fee has no person: without a heading, after the others."""


@dataclass(frozen=True, slots=True)
class Names:
    """The words of a contract's work by id: contract lines and phases (of tasks) with their place; `week` names a day's."""

    lines: Mapping[int, tuple[int, str]]
    phases: Mapping[int, tuple[int, str]]
    tasks: Mapping[int, str]
    roles: Mapping[int, str]
    people: Mapping[int, str]
    week: Callable[[date], Word]


class Piece(Protocol):
    """What a layout reads of a piece of work."""

    @property
    def contract_line_id(self) -> int: ...
    @property
    def task_id(self) -> int: ...
    @property
    def person_id(self) -> int: ...
    @property
    def role_id(self) -> int: ...
    @property
    def service_date(self) -> date: ...


def word_of(by: GroupBy, piece: Piece, names: Names) -> Word:
    """Return the word under which a piece of work goes."""
    match by:
        case GroupBy.CONTRACT_LINE:
            return _placed(names.lines.get(piece.contract_line_id))
        case GroupBy.PHASE:
            return _placed(names.phases.get(piece.task_id))
        case GroupBy.WEEK:
            return names.week(piece.service_date)
        case GroupBy.TASK:
            return _named(names.tasks.get(piece.task_id))
        case GroupBy.ROLE:
            return _named(names.roles.get(piece.role_id))
        case GroupBy.PERSON:
            return _named(names.people.get(piece.person_id))
        case GroupBy.ENTRY:
            return NO_WORD


def _placed(found: tuple[int, str] | None) -> Word:
    return Word(f"{found[0]:06d} {found[1]}", found[1]) if found else _LAST


def _named(name: str | None) -> Word:
    return Word(name.casefold(), name) if name else _LAST
