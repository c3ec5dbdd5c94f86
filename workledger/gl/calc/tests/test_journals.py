"""Journals balance, sum what cannot be told apart, drop what nets to nothing, and keep their order."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.gl.calc.journals import Journal, Line, Unbalanced, journal

DAY = date(2026, 3, 2)


def made(*lines: Line) -> Journal | None:
    return journal("17", DAY, "Invoice", lines)


def line(account: str, amount: str, **other: object) -> Line:
    return Line(account, Decimal(amount), **other)  # type: ignore[arg-type]


def test_lines_that_read_the_same_are_one() -> None:
    found = made(line("4000", "-60"), line("1200", "100"), line("4000", "-40"))
    assert found is not None
    assert found.lines == (line("4000", "-100"), line("1200", "100"))
    assert found.lines[0].credit == found.lines[1].debit == 100
    assert found.total == 100


def test_dimensions_and_customers_stay_apart() -> None:
    about = (("class", "Advisory"),)
    found = made(
        line("4000", "-60", dimensions=about), line("4000", "-40"), line("1100", "100", customer="Acme")
    )
    assert found is not None
    assert len(found.lines) == 3


def test_a_receivable_stands_first() -> None:
    found = made(line("4000", "-100"), line("1100", "100", is_receivable=True))
    assert found is not None
    assert found.lines[0].account == "1100"


def test_what_nets_to_nothing_is_left_out() -> None:
    found = made(line("1000", "5"), line("1200", "7"), line("4000", "-5"), line("1200", "-7"))
    assert found is not None
    assert [each.account for each in found.lines] == ["1000", "4000"]
    assert made(line("1200", "7"), line("1200", "-7")) is None
    assert made() is None


def test_an_unbalanced_journal_is_an_error() -> None:
    with pytest.raises(Unbalanced, match=r"17 is out by 0\.01"):
        made(line("1000", "5.01"), line("4000", "-5"))


AMOUNTS = st.decimals("-9999", "9999", places=2)


@given(st.lists(st.tuples(st.sampled_from("abc"), AMOUNTS), max_size=20))
def test_whatever_goes_in_comes_out_by_account(pairs: list[tuple[str, Decimal]]) -> None:
    lines = [Line(account, amount) for account, amount in pairs]
    lines.append(Line("z", -sum((amount for _, amount in pairs), Decimal(0))))
    found = journal("1", DAY, "", lines)
    kept = found.lines if found else ()
    for account in "abcz":
        wanted = sum((each.amount for each in lines if each.account == account), Decimal(0))
        assert sum((each.amount for each in kept if each.account == account), Decimal(0)) == wanted
    assert all(each.amount for each in kept)
