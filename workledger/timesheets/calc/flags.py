"""What an approver should look at before approving a line: approval by exception.

A line without a flag is clean and can be approved with others in one gesture; a flagged one says why in a
sentence. A flag never stops anybody.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from workledger.kernel.calendars import WORKDAYS_PER_WEEK
from workledger.kernel.quantity import hours

LONG_DAY_SECONDS = 10 * 3600


class FlagCode(StrEnum):
    """Why a line is not clean."""

    LONG_DAY = "long_day"
    CLOSED_TASK = "closed_task"
    NOTE_MISSING = "note_missing"
    WEEKEND = "weekend"
    PUBLIC_HOLIDAY = "public_holiday"
    OVER_BUDGET = "over_budget"

    @property
    def label(self) -> str:
        """The flag in two or three words."""
        return _LABELS[self]


_LABELS = {
    FlagCode.LONG_DAY: "Over 10 h in a day",
    FlagCode.CLOSED_TASK: "Closed task",
    FlagCode.NOTE_MISSING: "No note",
    FlagCode.WEEKEND: "Weekend",
    FlagCode.PUBLIC_HOLIDAY: "Public holiday",
    FlagCode.OVER_BUDGET: "Over budget",
}


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look, as a sentence, and the entries it is about (all of the line when it is the line)."""

    code: FlagCode
    sentence: str
    entry_ids: tuple[int, ...] = ()


class FlagEntry(NamedTuple):
    """What the flags need of an entry."""

    id: int
    work_date: date
    worked_seconds: int
    note: str


@dataclass(frozen=True, slots=True)
class Budget:
    """An hours budget that a line draws on: whose it is, its size, and what is booked on it so far."""

    name: str
    budget_seconds: int
    used_seconds: int


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What holds for a line's task. `closed` names what is closed ('Task Design'), '' when all is open."""

    closed: str = ""
    needs_note: bool = False
    budgets: tuple[Budget, ...] = ()


def flags_of_line(
    entries: Collection[FlagEntry],
    terms: LineTerms,
    *,
    day_seconds: Mapping[date, int],
    holidays: Mapping[date, str],
) -> tuple[Flag, ...]:
    """Return the flags of one line, in the order of `FlagCode`.

    `day_seconds` is what the person worked on each day on all tasks; `holidays` the public holidays where
    the person works. An entry of no time is looked at by nothing.
    """
    worked = [entry for entry in entries if entry.worked_seconds > 0]
    if not worked:
        return ()
    found: list[Flag] = []
    found += _by_day(
        FlagCode.LONG_DAY,
        (entry for entry in worked if day_seconds.get(entry.work_date, 0) > LONG_DAY_SECONDS),
        lambda day: f"{hours(day_seconds[day])} h on {_day(day)}",
        "{}: more than 10 h in a day, all tasks together.",
    )
    if terms.closed:
        found.append(Flag(FlagCode.CLOSED_TASK, f"{terms.closed} is closed.", _ids(worked)))
    if terms.needs_note:
        found += _by_day(
            FlagCode.NOTE_MISSING,
            (entry for entry in worked if not entry.note.strip()),
            _day,
            "No note on {}; the contract asks for one.",
        )
    found += _by_day(
        FlagCode.WEEKEND,
        (entry for entry in worked if entry.work_date.weekday() >= WORKDAYS_PER_WEEK),
        _day,
        "Worked on {}, a weekend.",
    )
    found += _by_day(
        FlagCode.PUBLIC_HOLIDAY,
        (entry for entry in worked if entry.work_date in holidays),
        lambda day: f"{_day(day)}, {holidays[day]}",
        "Worked on {}, a public holiday.",
    )
    for budget in terms.budgets:
        if budget.used_seconds > budget.budget_seconds:
            sentence = f"{budget.name}: {hours(budget.used_seconds):,} h booked of {hours(budget.budget_seconds):,} h."
            found.append(Flag(FlagCode.OVER_BUDGET, sentence, _ids(worked)))
    return tuple(found)


def _by_day(
    code: FlagCode, entries: Iterable[FlagEntry], words: Callable[[date], str], sentence: str
) -> list[Flag]:
    """Return one flag over all days concerned, or none."""
    concerned = list(entries)
    if not concerned:
        return []
    days = sorted({entry.work_date for entry in concerned})
    return [Flag(code, sentence.format(_listed([words(day) for day in days])), _ids(concerned))]


def _ids(entries: Iterable[FlagEntry]) -> tuple[int, ...]:
    return tuple(sorted(entry.id for entry in entries))


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
