"""Flags of approval by exception, as a table."""

from datetime import date

import pytest

from workledger.timesheets.calc.flags import Budget, Flag, FlagCode, FlagEntry, LineTerms, flags_of_line

MONDAY, TUESDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 7)
H = 3600
OPEN = LineTerms()
WANTS_NOTE = LineTerms(needs_note=True)


def entry(day: date = MONDAY, hours: float = 2, note: str = "", pk: int = 1) -> FlagEntry:
    return FlagEntry(pk, day, int(hours * H), note)


@pytest.mark.parametrize(
    ("entries", "terms", "day_seconds", "holidays", "sentences"),
    [
        ([entry()], OPEN, {}, {}, []),
        ([], LineTerms(closed="Task Design"), {}, {}, []),
        ([entry(hours=0, day=SATURDAY)], WANTS_NOTE, {}, {}, []),
        ([entry()], OPEN, {MONDAY: 10 * H}, {}, []),
        ([entry()], OPEN, {MONDAY: 10 * H + 1800}, {},
         ["10.50 h on Mon 2 Mar: more than 10 h in a day, all tasks together."]),
        ([entry(TUESDAY)], OPEN, {MONDAY: 12 * H}, {}, []),
        ([entry()], LineTerms(closed="Task Design"), {}, {}, ["Task Design is closed."]),
        ([entry()], WANTS_NOTE, {}, {}, ["No note on Mon 2 Mar; the contract asks for one."]),
        ([entry(note="  ")], WANTS_NOTE, {}, {}, ["No note on Mon 2 Mar; the contract asks for one."]),
        ([entry(note="Kick-off")], WANTS_NOTE, {}, {}, []),
        ([entry(), entry(TUESDAY)], WANTS_NOTE, {}, {},
         ["No note on Mon 2 Mar and Tue 3 Mar; the contract asks for one."]),
        ([entry(SATURDAY)], OPEN, {}, {}, ["Worked on Sat 7 Mar, a weekend."]),
        ([entry()], OPEN, {}, {MONDAY: "Founders' Day"},
         ["Worked on Mon 2 Mar, Founders' Day, a public holiday."]),
        ([entry()], LineTerms(budgets=(Budget("Task Design", 40 * H, 40 * H),)), {}, {}, []),
        ([entry()], LineTerms(budgets=(Budget("Task Design", 40 * H, 46 * H),)), {}, {},
         ["Task Design: 46.00 h booked of 40.00 h."]),
    ],
)  # fmt: skip
def test_flags(
    entries: list[FlagEntry],
    terms: LineTerms,
    day_seconds: dict[date, int],
    holidays: dict[date, str],
    sentences: list[str],
) -> None:
    flags = flags_of_line(entries, terms, day_seconds=day_seconds, holidays=holidays)
    assert [flag.sentence for flag in flags] == sentences


def test_a_flag_names_the_entries_it_is_about() -> None:
    entries = [entry(pk=1), entry(SATURDAY, pk=2)]
    (flag,) = flags_of_line(entries, OPEN, day_seconds={}, holidays={})
    assert flag == Flag(FlagCode.WEEKEND, "Worked on Sat 7 Mar, a weekend.", (2,))


def test_several_reasons_stand_side_by_side() -> None:
    terms = LineTerms(closed="Project Atlas", needs_note=True)
    flags = flags_of_line([entry(SATURDAY)], terms, day_seconds={SATURDAY: 11 * H}, holidays={})
    assert [flag.code for flag in flags] == ["long_day", "closed_task", "note_missing", "weekend"]


def test_every_flag_has_a_label() -> None:
    assert all(code.label for code in FlagCode)
