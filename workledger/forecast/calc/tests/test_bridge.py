"""The bridge: each step alone by its cause, and all of them together to the cent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.forecast.calc.bridge import BridgeStepKind, Frozen, ItemFacts, Row, Window, bridge
from workledger.forecast.calc.schedule import ForecastKind
from workledger.kernel.rounding import round_amount

D = Decimal
ALL = Window()
JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))
NEXT = date(2027, 3, 1)


def item(
    *rows: tuple[date | None, str, int], key: str = "o1", contract: int = 1, rate: str = "1", **given: Any
) -> ItemFacts:
    facts: dict[str, Any] = {
        "is_live": True,
        "price": None,
        "uncertain": D(0),
        "limit": "",
        "belief": "",
    } | given
    return ItemFacts(
        key, contract, D(rate), **facts,
        rows=tuple(Row(month, ForecastKind(kind), D(amount), round_amount(amount * D(rate), "EUR")) for month, kind, amount in rows),
    )  # fmt: skip


def version(month_end: date, *items: ItemFacts) -> Frozen:
    return Frozen(
        month_end, month_end.replace(year=month_end.year + 1), "EUR", {each.key: each for each in items}
    )


JAN_END, FEB_END = date(2026, 1, 31), date(2026, 2, 28)


def steps(old: list[ItemFacts], new: list[ItemFacts], window: Window = ALL) -> dict[str, int]:
    found = bridge(version(JAN_END, *old), version(FEB_END, *new), window)
    assert found.opening + sum((move.amount for move in found.moves), D(0)) == found.closing
    return {step.value: int(found.amount(step)) for step in BridgeStepKind if found.amount(step)}


PRICED = item((JAN, "recognized", 10), (FEB, "contracted", 10), (MAR, "contracted", 10), price=D(30))


def told(facts: ItemFacts, *rows: tuple[date | None, str, int], **given: Any) -> ItemFacts:
    return replace(facts, rows=item(*rows, rate=str(facts.rate)).rows, **given)


def test_as_forecast_nothing_moves() -> None:
    assert not steps(
        [PRICED], [told(PRICED, (JAN, "recognized", 10), (FEB, "recognized", 10), (MAR, "contracted", 10))]
    )


def test_a_new_contract() -> None:
    assert steps([], [PRICED]) == {"new": 30}


def test_an_ended_contract_keeps_what_it_earned() -> None:
    ended = told(PRICED, (JAN, "recognized", 10), (FEB, "recognized", 4), is_live=False)
    assert steps([PRICED], [ended]) == {"actual": -6, "ended": -10}


def test_a_line_that_was_added() -> None:
    assert steps([PRICED], [PRICED, replace(PRICED, key="o2")]) == {"changed": 30}


def test_a_change_order_lifts_the_price() -> None:
    lifted = told(
        PRICED, (JAN, "recognized", 10), (FEB, "recognized", 10), (MAR, "contracted", 25), price=D(45)
    )
    assert steps([PRICED], [lifted]) == {"changed": 15}


def test_an_uncertain_amount_is_a_re_estimate() -> None:
    sure = told(
        PRICED, (JAN, "recognized", 10), (FEB, "recognized", 10), (MAR, "contracted", 12), uncertain=D(2)
    )
    assert steps([PRICED], [sure]) == {"estimated": 2}


def test_faster_work_moves_revenue_forward() -> None:
    faster = told(PRICED, (JAN, "recognized", 10), (FEB, "recognized", 16), (MAR, "contracted", 4))
    assert steps([PRICED], [faster]) == {"actual": 6, "timing": -6}
    assert steps([PRICED], [faster], Window(JAN, MAR)) == {"actual": 6}


def test_a_new_estimate_explains_what_time_does_not() -> None:
    slower = told(PRICED, (JAN, "recognized", 10), (FEB, "recognized", 5), (MAR, "contracted", 5), (APR, "contracted", 10),
                  belief="120 h")  # fmt: skip
    assert steps([PRICED], [slower], Window(JAN, APR)) == {"actual": -5, "estimated": -5}


TIME = item((JAN, "recognized", 8), (FEB, "expected", 10), (MAR, "expected", 10))


def test_time_without_a_price() -> None:
    busier = told(
        TIME, (JAN, "recognized", 8), (FEB, "recognized", 14), (MAR, "expected", 12), (NEXT, "expected", 12)
    )
    assert steps([TIME], [busier]) == {"actual": 4, "estimated": 2, "in_view": 12}


def test_a_moved_budget_is_a_change_of_the_agreement() -> None:
    more = told(
        TIME, (JAN, "recognized", 8), (FEB, "recognized", 14), (MAR, "contracted", 20), limit="budget 60"
    )
    assert steps([TIME], [more]) == {"actual": 4, "changed": 10}


def test_renewals_count_nowhere() -> None:
    assert not steps([TIME], [replace(TIME, rows=(*TIME.rows, Row(APR, ForecastKind.RENEWAL, D(99), D(99))))])


def test_rates_of_exchange_are_a_step_of_their_own() -> None:
    old = item(
        (JAN, "recognized", 100), (FEB, "contracted", 100), (MAR, "contracted", 100), price=D(300), rate="0.9"
    )
    rows = (
        Row(JAN, ForecastKind.RECOGNIZED, D(100), D(90)),
        Row(FEB, ForecastKind.RECOGNIZED, D(110), D(88)),  # at 0.8
        Row(MAR, ForecastKind.CONTRACTED, D(120), D(84)),  # at 0.7
    )
    new = replace(old, rate=D("0.7"), price=D(330), rows=rows)
    # 30 more at 0.9; the same 230 to come were 207 at 0.9 and are 172
    assert steps([old], [new]) == {"changed": 27, "fx": -35}


def test_what_nobody_can_date_counts_without_a_window() -> None:
    undated = told(PRICED, (JAN, "recognized", 10), (None, "contracted", 20))
    assert steps([PRICED], [undated]) == {"actual": -10, "timing": 10}
    assert steps([PRICED], [undated], Window(JAN, APR)) == {"actual": -10, "timing": -10}


CENTS = st.decimals(-10_000, 10_000, places=2)
ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, JAN, FEB, MAR, APR, NEXT]), st.sampled_from(list(ForecastKind)), CENTS, CENTS
    ),
    max_size=5,
)


@st.composite
def versions(draw: st.DrawFn) -> Frozen:
    items = {}
    for number in range(draw(st.integers(0, 4))):
        contract = number % 2
        rate = draw(st.sampled_from([D(1), D("0.9123"), D("11.31")]))
        items[f"o{number}"] = ItemFacts(
            f"o{number}", contract, rate, draw(st.booleans()), draw(st.none() | CENTS), draw(CENTS),
            draw(st.sampled_from(["", "budget 5"])), draw(st.sampled_from(["", "8 h"])),
            tuple(Row(*row) for row in draw(ROWS)),
        )  # fmt: skip
    as_of = draw(st.sampled_from([JAN_END, FEB_END]))
    return Frozen(as_of, date(2027, 1, 31), "EUR", items)


@pytest.mark.parametrize("window", [ALL, Window(JAN, MAR), Window(FEB, None)])
@given(opening=versions(), closing=versions())
def test_the_steps_sum_to_the_difference_of_any_two_versions(
    window: Window, opening: Frozen, closing: Frozen
) -> None:
    found = bridge(opening, closing, window)
    assert found.opening + sum((move.amount for move in found.moves), D(0)) == found.closing
