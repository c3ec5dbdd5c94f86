"""Revenue of a line by the people who worked on it."""

from decimal import Decimal as D  # noqa: N817

from hypothesis import given
from hypothesis import strategies as st

from workledger.reporting.calc.attribution import Part, Worked, attribute

PIA, CARL, PRACTICE = 1, 2, 7


def test_by_hours_to_the_cent() -> None:
    worked = [Worked(CARL, PRACTICE, D(3600)), Worked(PIA, PRACTICE, D(7200))]
    # 100.00 × 2/3 = 66.67, 100.00 × 1/3 = 33.33
    assert attribute(D("100.00"), worked, "EUR") == [
        Part(PIA, PRACTICE, D("66.67")), Part(CARL, PRACTICE, D("33.33")),
    ]  # fmt: skip


def test_without_hours_it_is_nobodys() -> None:
    withdrawn = [Worked(CARL, PRACTICE, D(0)), Worked(PIA, PRACTICE, D(-60))]
    assert attribute(D("-5.00"), withdrawn, "EUR") == [Part(0, 0, D("-5.00"))]


def test_what_is_below_a_cent_stays_nobodys() -> None:
    assert attribute(D("1.0050"), [Worked(PIA, 0, D(1))], "EUR") == [
        Part(PIA, 0, D("1.00")), Part(0, 0, D("0.0050")),
    ]  # fmt: skip


@given(
    st.decimals(-(10**9), 10**9, places=4),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(-9999, 9999)), max_size=8),
)
def test_parts_sum_to_the_whole(amount: D, worked: list[tuple[int, int, int]]) -> None:
    parts = attribute(
        amount, [Worked(person, practice, D(seconds)) for person, practice, seconds in worked], "EUR"
    )
    assert sum(part.amount for part in parts) == amount
