"""An item cut in two: by time, by value, with limits, discounts and what was written down."""

from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.billing.calc.splitting import Part, split_by_time, split_by_value

HOUR = 3600
WHOLE = Part(8 * HOUR, 8 * HOUR, None, "h", D(120), D(960), D(0), D(0), D(960), D(0), D(0))


def test_by_time_the_value_follows() -> None:
    first, second = split_by_time(WHOLE, 3 * HOUR, "EUR")
    assert (first.seconds, first.amount, second.seconds, second.amount) == (
        5 * HOUR,
        D(600),
        3 * HOUR,
        D(360),
    )
    assert (first.recognized, second.recognized) == (D(600), D(360))


def test_by_value_the_time_follows_and_what_remains_is_exact() -> None:
    written = WHOLE._replace(discount=D(96), written_down=D("33.33"), written_up=D("1.10"))
    first, second = split_by_value(written, D(500), "EUR")
    assert second.remaining == D(500)
    assert first.remaining == D("331.77")  # 960 - 96 - 33.33 + 1.10 - 500
    assert second.seconds == 17312  # 8 h × 500 / 831.77


@pytest.mark.parametrize(
    ("part", "value", "first", "second"),
    [
        # one fee: each part is one of its own value
        (WHOLE._replace(seconds=0, quantity=D(1), unit="pc", rate=D(960)), D(500), (D(1), D(460)), (D(1), D(500))),
        # units that come out: the rate stays
        (WHOLE._replace(seconds=0, quantity=D(8), unit="pc"), D(360), (D(5), D(120)), (D(3), D(120))),
        # units that do not: one of each
        (WHOLE._replace(seconds=0, quantity=D(8), unit="pc"), D("100.05"), (D(1), D("859.95")), (D(1), D("100.05"))),
        # days stay days
        (WHOLE._replace(quantity=D(1), unit="d", rate=D(960)), D(480), (D("0.5"), D(960)), (D("0.5"), D(960))),
    ],
)  # fmt: skip
def test_counted_things_keep_their_rate_where_it_comes_out(
    part: Part, value: D, first: tuple[D, D], second: tuple[D, D]
) -> None:
    parts = split_by_value(part, value, "EUR")
    assert [(each.quantity, each.rate) for each in parts] == [first, second]


_CENTS = st.integers(0, 100_000).map(lambda cents: D(cents) / 100)


@given(st.integers(2, 100_000), _CENTS, _CENTS, _CENTS, _CENTS, _CENTS, st.data())
def test_no_cent_is_lost(
    seconds: int, amount: D, over: D, discount: D, down: D, up: D, data: st.DataObject
) -> None:
    whole = Part(seconds, seconds + 60, None, "h", D(100), amount, over, discount, amount, down, up)
    cuts = [split_by_time(whole, data.draw(st.integers(1, seconds - 1)), "EUR")]
    if whole.remaining >= D("0.02"):
        cents = data.draw(st.integers(1, int(whole.remaining * 100) - 1))
        cuts.append(split_by_value(whole, D(cents) / 100, "EUR"))
        assert cuts[-1][1].remaining == D(cents) / 100
    for first, second in cuts:
        for name in set(Part._fields) - {"quantity", "unit", "rate"}:
            assert getattr(first, name) + getattr(second, name) == getattr(whole, name)
