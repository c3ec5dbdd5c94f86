"""Which terms hold on a day."""

from datetime import date
from decimal import Decimal

from workledger.directory.calc.terms import Terms, TermsByPerson

CARL = 1


def terms(start: date, end: date | None, cost: str = "50", person: int = CARL) -> Terms:
    return Terms(start.toordinal(), person, start, end, 1, None, None, None, Decimal(40), Decimal(cost), None)


TABLE = TermsByPerson.of(
    [
        terms(date(2025, 7, 1), None, "60"),
        terms(date(2024, 1, 1), date(2025, 1, 1), "50"),
    ]
)


def test_the_first_day_is_in_and_the_last_is_not() -> None:
    first, last, after = (
        TABLE.on(CARL, day) for day in (date(2024, 1, 1), date(2024, 12, 31), date(2025, 1, 1))
    )
    assert first is not None
    assert first.cost_rate == 50
    assert last is first
    assert after is None


def test_a_gap_before_and_between_has_no_terms() -> None:
    assert TABLE.on(CARL, date(2023, 12, 31)) is None
    assert TABLE.on(CARL, date(2025, 6, 30)) is None


def test_open_terms_hold_for_ever() -> None:
    found = TABLE.on(CARL, date(2050, 1, 1))
    assert found is not None
    assert found.cost_rate == 60


def test_nobody_has_no_terms() -> None:
    assert TABLE.on(99, date(2024, 5, 1)) is None
    assert TABLE.of_person(99) == []
