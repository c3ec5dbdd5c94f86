"""How a liability unwinds: every row adds up, every month begins where the last one ended."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workledger.forecast.calc.deferred import Flow, LiabilityMonth, released, summed, unwind

D = Decimal
APR, MAY, JUN, JUL = (date(2026, month, 1) for month in (4, 5, 6, 7))
LAST = date(2026, 6, 30)


def test_a_liability_unwinds_as_it_is_earned() -> None:
    rows = unwind(
        D(-100), [Flow(MAY, D(50))], [Flow(APR, D(60)), Flow(MAY, D(60)), Flow(JUN, D(60))], APR, LAST
    )
    assert rows == [
        LiabilityMonth(APR, D(100), D(0), D(60), D(0), D(40)),
        LiabilityMonth(MAY, D(40), D(50), D(60), D(0), D(30)),
        LiabilityMonth(JUN, D(30), D(0), D(60), D(30), D(0)),  # 30 more than was billed is a contract asset
    ]


def test_what_comes_later_or_nobody_knows_when_stands_last() -> None:
    rows = unwind(D(-100), [], [Flow(JUL, D(30)), Flow(None, D(20))], APR, LAST)
    assert rows[-1] == LiabilityMonth(None, D(100), D(0), D(50), D(0), D(50))


def test_the_next_revenue_takes_todays_liability_first() -> None:
    flows = [Flow(JUN, D(80)), Flow(APR, D(60)), Flow(None, D(10))]
    assert released(D(100), flows, LAST) == [Flow(APR, D(60)), Flow(JUN, D(40))]
    assert released(D(200), flows, LAST)[-1] == Flow(None, D(60))


MONEY = st.decimals(0, 5_000, places=2)
FLOWS = st.lists(st.builds(Flow, st.sampled_from([None, APR, MAY, JUN, JUL]), MONEY), max_size=6)


@given(position=st.decimals(-9_000, 9_000, places=2), billed=FLOWS, earned=FLOWS)
def test_rows_add_up_and_follow_each_other(position: Decimal, billed: list[Flow], earned: list[Flow]) -> None:
    rows = unwind(position, billed, earned, APR, LAST)
    for row in rows:
        assert row.opening + row.billed - row.recognized + row.to_asset == row.closing
    assert all(before.closing == after.opening for before, after in pairwise(rows))
    end = position + sum((flow.amount for flow in earned), D(0)) - sum((flow.amount for flow in billed), D(0))
    assert rows[-1].closing == max(-end, D(0))
    twice = summed([rows, rows])
    assert [row.closing for row in twice] == [2 * row.closing for row in rows]
    assert sum((flow.amount for flow in released(D(700), earned, LAST)), D(0)) == 700
