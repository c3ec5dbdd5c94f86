"""Rates read out of rows, and fitted into what a card says."""

from datetime import date
from decimal import Decimal

from workledger.connect.calc.rates import Fit, Fitted, HeldRate, Point, Span, dated_rates, fit, plainest

D = Decimal


def at(day: int, *, rate: str | None = None, amount: str = "0", seconds: int = 3600, line: int = 2) -> Point:
    return Point(
        1, 7, line, date(2026, 3, day), D(rate) if rate else None, D(amount), seconds, date(2026, 3, day - 1)
    )


def span(day: int, end: int | None, rate: str) -> Span:
    return Span(1, 7, date(2026, 3, day), date(2026, 3, end) if end else None, D(rate))


def test_the_plainest_number_of_a_range() -> None:
    assert plainest(D("97.4"), D("98.2")) == 98
    assert plainest(D("97.46"), D("97.54")) == D("97.5")
    assert plainest(D("97.461"), D("97.469")) == D("97.465")
    assert plainest(D(100), D(100)) == 100
    assert plainest(D("97.46111"), D("97.46119")) is None


def test_a_rate_holds_until_another_is_stated() -> None:
    found = dated_rates([at(2, rate="100"), at(9, rate="100"), at(16, rate="110")])
    assert found.spans == [span(2, 16, "100"), span(16, None, "110")]
    assert not found.clashes


def test_each_person_and_scope_has_rates_of_its_own() -> None:
    found = dated_rates([at(2, rate="100"), at(2, rate="120")._replace(person=8)])
    assert [each.rate for each in found.spans] == [100, 120]
    assert [each.end for each in found.spans] == [None, None]


def test_two_rates_on_one_day_clash_and_the_first_holds() -> None:
    found = dated_rates([at(2, rate="100"), at(2, rate="120", line=5), at(3, rate="100")])
    assert found.spans == [span(2, None, "100")]
    assert [(clash.line, clash.scope) for clash in found.clashes] == [(5, 1)]
    assert "the rate 120 contradicts the rate 100 of line 2" in found.clashes[0].reason


def test_a_clash_shows_where_the_row_before_it_was_left_out() -> None:
    # Day 3 stated 100 again, which is not among the points; 120 on the same day contradicts it.
    found = dated_rates([at(2, rate="100"), at(3, rate="120")._replace(previous_day=date(2026, 3, 3))])
    assert len(found.clashes) == 1


def test_amounts_of_short_entries_take_the_rate_of_longer_ones() -> None:
    # 60 s at 97.5 an hour are 1.63, which alone would be 98; an hour says 97.5, and both are explained by it.
    found = dated_rates([at(2, amount="1.63", seconds=60), at(3, amount="97.50")])
    assert found.spans == [span(2, None, "97.5")]
    assert dated_rates([at(2, amount="1.63", seconds=60)]).spans[0].rate == 98


def test_amounts_that_no_rate_explains_together_are_two_rates() -> None:
    found = dated_rates([at(2, amount="100.00"), at(3, amount="110.00")])
    assert found.spans == [span(2, 3, "100"), span(3, None, "110")]


def test_a_stated_rate_and_an_amount_agree_or_not() -> None:
    assert len(dated_rates([at(2, rate="100"), at(3, amount="50.00", seconds=1800)]).spans) == 1
    assert len(dated_rates([at(2, amount="100.00"), at(3, rate="100.005")]).spans) == 2


def held(day: int, end: int | None, rate: str) -> HeldRate:
    return HeldRate(41, date(2026, 3, day), date(2026, 3, end) if end else None, D(rate))


def test_rates_are_added_before_and_between_those_of_the_card() -> None:
    found = fit([span(2, None, "100")], [held(10, None, "110")], None)
    assert found == Fit([Fitted(date(2026, 3, 2), date(2026, 3, 10), D(100))])
    assert fit([span(2, None, "100")], [held(1, None, "100")], None) == Fit()


def test_a_later_rate_replaces_an_open_one_only_after_the_last_work() -> None:
    now, work = [span(12, None, "120")], date(2026, 3, 11)
    assert fit(now, [held(1, None, "100")], work) == Fit([Fitted(date(2026, 3, 12), None, D(120), 41)])
    assert fit(now, [held(1, None, "100")], date(2026, 3, 12)) == Fit(left_out=1)
    assert fit(now, [held(1, 20, "100")], work) == Fit(left_out=1)


def test_several_later_rates_end_the_open_one() -> None:
    found = fit([span(12, 14, "120"), span(14, None, "100")], [held(1, None, "100")], date(2026, 3, 2))
    assert found.ends == (41, date(2026, 3, 12))
    assert found.new == [
        Fitted(date(2026, 3, 12), date(2026, 3, 14), D(120)), Fitted(date(2026, 3, 14), None, D(100)),
    ]  # fmt: skip
