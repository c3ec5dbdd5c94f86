"""The steps from time to money: what each does, and what holds whatever they do."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workledger.billing.calc.draws import Allowance, Block, Blocks
from workledger.billing.calc.engine import (
    Draw,
    LineTime,
    Piece,
    RateMissing,
    Settled,
    SharedCap,
    Treatment,
    price,
    price_together,
)
from workledger.billing.calc.work import Worked
from workledger.contracts.calc import terms

D = Decimal
MONDAY = date(2026, 3, 2)
HOUR = 3600


def rows(pieces: list[Piece], *names: str) -> list[tuple[Any, ...]]:
    """Return these fields of each piece."""
    return [tuple(getattr(piece, name) for name in names) for piece in pieces]


def work(
    source: int, hours: str | float, *, day: date = MONDAY, rate: str | None = "120", **facts: Any
) -> Worked:
    known: dict[str, Any] = {
        "person_id": 1,
        "role_id": 1,
        "project_id": 1,
        "task_id": 1,
        "task_type_id": None,
    } | facts
    return Worked(
        source, day=day, seconds=round(float(hours) * HOUR), rate=None if rate is None else D(rate), **known
    )


def tm(**document: Any) -> terms.Terms:
    return terms.parse("time_and_materials", document)


def charged(pieces: list[Piece]) -> D:
    return sum((piece.amount - piece.discount for piece in pieces), D(0))


def seconds(pieces: list[Piece], treatment: Treatment) -> int:
    return sum(piece.seconds for piece in pieces if piece.treatment is treatment)


def test_hours_by_rate() -> None:
    pieces = price(tm(), [work(1, 0.5, rate="133.33")], "EUR")
    assert rows(pieces, "amount", "treatment", "quantity") == [(D("66.67"), "charged", D("0.5"))]


def test_an_hour_without_a_rate_is_named() -> None:
    with pytest.raises(RateMissing) as missing:
        price(tm(), [work(1, 1), work(2, 1, rate=None)], "EUR")
    assert missing.value.source_ids == {2}


def test_a_rate_of_zero_is_a_rate() -> None:
    assert price(tm(), [work(1, 1, rate="0")], "EUR")[0].amount == 0


@pytest.mark.parametrize("model", ["fixed_fee", "milestone", "progress", "unit", "recurring"])
def test_time_on_a_line_with_a_price_of_its_own_is_covered(model: str) -> None:
    documents: dict[str, dict[str, Any]] = {
        "fixed_fee": {"price": "100"}, "milestone": {}, "progress": {"value": "1"}, "recurring": {"fee": "1"},
        "unit": {"unit": "device", "tiers": [{"from_quantity": "0", "price": "1"}]},
    }  # fmt: skip
    pieces = price(terms.parse(model, documents[model]), [work(1, 8, rate=None)], "EUR")
    assert rows(pieces, "treatment", "seconds", "amount") == [("covered", 8 * HOUR, 0)]


# --- multipliers, rounding, minimum -------------------------------------------------------------------------


def test_weekend_holiday_and_kind_of_work() -> None:
    document = tm(
        multipliers=[
            {"kind": "weekend", "factor": "1.5"},
            {"kind": "holiday", "factor": "2"},
            {"kind": "task_type", "factor": "1.25", "task_type_id": 7},
        ]
    )
    saturday = date(2026, 3, 7)
    pieces = price(
        document,
        [
            work(1, 1),
            work(2, 1, day=saturday),
            work(3, 1, day=saturday, is_holiday=True),
            work(4, 1, task_type_id=7),
        ],
        "EUR",
    )
    assert {piece.source_id: piece.rate for piece in pieces} == {1: 120, 2: 180, 3: 240, 4: 150}


def test_overtime_splits_the_entry_in_which_the_day_passes_its_limit() -> None:
    document = tm(multipliers=[{"kind": "overtime", "factor": "1.5", "over_hours": "8"}])
    pieces = price(document, [work(1, 6), work(2, 4), work(3, 1, person_id=2)], "EUR")
    assert rows(pieces, "source_id", "part", "seconds", "rate") == [
        (1, 0, 6 * HOUR, 120), (2, 0, 2 * HOUR, 120), (2, 1, 2 * HOUR, 180), (3, 0, HOUR, 120),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "step", "minutes", "billed"),
    [("nearest", 15, 13, 15), ("nearest", 15, 7, 0), ("up", 15, 16, 30), ("down", 6, 14, 12)],
)
def test_rounding_of_entries(method: str, step: int, minutes: int, billed: int) -> None:
    document = tm(rounding={"scope": "entry", "method": method, "step_minutes": step})
    assert price(document, [work(1, minutes / 60)], "EUR")[0].seconds == billed * 60


def test_rounding_by_the_days_sum_differs_from_rounding_by_entry() -> None:
    for scope, billed in (("task_day", 30), ("entry", 60)):
        document = tm(rounding={"scope": scope, "method": "up", "step_minutes": 30})
        pieces = price(document, [work(1, 5 / 60), work(2, 5 / 60)], "EUR")
        assert sum(piece.seconds for piece in pieces) == billed * 60


def test_a_minimum_of_the_day_lifts_its_last_entry_and_never_an_empty_day() -> None:
    document = tm(minimum_time={"scope": "day", "minutes": 120})
    pieces = price(document, [work(1, 0.5), work(2, 0.5), work(3, 0, day=date(2026, 3, 3))], "EUR")
    assert [piece.seconds / 60 for piece in pieces] == [30, 90, 0]


# --- day rates ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "days"), [(4, "0.5"), (4.01, "1"), (0, "0"), (12, "1")])
def test_hours_become_days_by_bands(hours: float, days: str) -> None:
    [*pieces] = price(terms.parse("day_rate", {"rate_per_day": "1000"}), [work(1, hours, rate=None)], "EUR")
    assert sum((piece.quantity for piece in pieces), D(0)) == D(days)
    assert charged(pieces) == D(days) * 1000


def test_a_day_of_three_tasks_is_one_day() -> None:
    document = terms.parse("day_rate", {"rate_per_day": "1000"})
    pieces = price(document, [work(n, 2, task_id=n, rate=None) for n in (1, 2, 3)], "EUR")
    assert [piece.amount for piece in pieces] == [D("333.33"), D("333.33"), D("333.34")]
    assert sum((piece.quantity for piece in pieces), D(0)) == 1


# --- caps ---------------------------------------------------------------------------------------------------


def test_a_cap_in_money_is_billed_to_the_cent_and_the_rest_stays_visible() -> None:
    document = tm(cap={"amount": "1000", "action": "hard"})
    pieces = price(document, [work(1, 5), work(2, 5), work(3, 5)], "EUR")
    assert rows(pieces, "treatment", "amount", "over_cap") == [
        ("charged", 600, 0),
        ("charged", 400, 200),
        ("over_cap", 0, 600),
    ]


def test_a_cap_in_hours_splits_the_entry_that_crosses_it() -> None:
    document = tm(cap={"hours": "7", "action": "hard"})
    pieces = price(document, [work(1, 5), work(2, 5)], "EUR", settled=Settled(D(120), HOUR))
    assert rows(pieces, "source_id", "part", "treatment", "seconds") == [
        (1, 0, "charged", 5 * HOUR), (2, 0, "charged", HOUR), (2, 1, "over_cap", 4 * HOUR),
    ]  # fmt: skip
    assert pieces[-1].over_cap == 480


def test_tolerance_lets_a_little_more_through_and_notify_everything() -> None:
    some = [work(1, 10)]
    assert (
        charged(price(tm(cap={"amount": "1000", "action": "hard", "tolerance_percent": "5"}), some, "EUR"))
        == 1050
    )
    assert charged(price(tm(cap={"amount": "1000", "action": "notify"}), some, "EUR")) == 1200


# --- discounts ----------------------------------------------------------------------------------------------


def test_a_discount_is_given_on_the_full_amount_and_volume_takes_its_place() -> None:
    document = tm(discount={"percent": "2", "volume": [{"from_hours": "10", "percent": "5"}]})
    assert charged(price(document, [work(1, 5)], "EUR")) == D("588.00")
    assert charged(price(document, [work(1, 5), work(2, 5)], "EUR")) == D("1140.00")


# --- retainer -----------------------------------------------------------------------------------------------


def retainer(**document: Any) -> terms.Retainer:
    found = terms.parse("retainer", {"fee": "5000"} | document)
    assert isinstance(found, terms.Retainer)
    return found


def draw_of(
    document: terms.Retainer, start: date, end: date | None = None, through: date = date(2026, 12, 31)
) -> Draw:
    return Draw(allowance=Allowance(document, start, end, through, "EUR"))


def test_hours_over_the_retainer_cost_its_overage_rate() -> None:
    """Twenty hours for 5,000, overage 200 an hour, 25 hours used: 6,000 in all."""
    document = retainer(included_hours="20", overage_rate="200")
    pieces = price(document, [work(1, 15), work(2, 10)], "EUR", draw=draw_of(document, date(2026, 3, 1)))
    assert charged(pieces) == 1000
    assert seconds(pieces, Treatment.COVERED) == 20 * HOUR


def test_unused_hours_roll_over_within_their_limits_oldest_first() -> None:
    document = retainer(included_hours="10", unused="roll_over", roll_over_periods=1, roll_over_hours="6")
    draw = draw_of(document, date(2026, 1, 1))
    assert draw.allowance is not None
    days = [
        work(1, 2, day=date(2026, 1, 5)),
        work(2, 15, day=date(2026, 2, 5)),
        work(3, 11, day=date(2026, 3, 5)),
    ]
    pieces = price(document, days, "EUR", draw=draw)
    months = draw.allowance.statement(date(2026, 3, 31))
    hours = [[int(part) // HOUR for part in (m.carried_in, m.used, m.over, m.expired)] for m in months]
    assert hours == [[0, 2, 0, 2], [6, 15, 0, 0], [1, 11, 0, 0]]
    assert charged(pieces) == 0


def test_a_deficit_is_carried_until_the_last_period_charges_it() -> None:
    document = retainer(included_hours="10", carries_deficit=True)
    draw = draw_of(document, date(2026, 1, 1), date(2026, 4, 1))
    works = [
        work(1, 14, day=date(2026, 1, 5)),
        work(2, 5, day=date(2026, 2, 5)),
        work(3, 12, day=date(2026, 3, 5)),
    ]
    pieces = price(document, works, "EUR", draw=draw)
    assert draw.allowance is not None
    months = draw.allowance.statement(date(2026, 3, 31))
    hours = [[int(part) // HOUR for part in (m.used, m.deficit, m.over)] for m in months]
    assert hours == [[10, 4, 0], [9, 0, 0], [10, 0, 2]]
    assert charged(pieces) == 240


def test_a_retainer_of_money_covers_by_value() -> None:
    document = retainer(included_amount="1000")
    pieces = price(document, [work(1, 5), work(2, 5)], "EUR", draw=draw_of(document, date(2026, 3, 1)))
    assert seconds(pieces, Treatment.COVERED) == 5 * HOUR + 12000
    assert charged(pieces) == D("200.00")


def test_a_retainer_without_hours_covers_everything_and_a_day_outside_it_nothing() -> None:
    document = retainer()
    works = [work(1, 100), work(2, 1, day=date(2026, 2, 27))]
    pieces = price(document, works, "EUR", draw=draw_of(document, date(2026, 3, 1)))
    assert {piece.source_id: piece.treatment for piece in pieces} == {1: "covered", 2: "charged"}


# --- prepaid ------------------------------------------------------------------------------------------------


def prepaid(**document: Any) -> terms.Prepaid:
    found = terms.parse("prepaid", {"block_hours": "10", "price": "1000"} | document)
    assert isinstance(found, terms.Prepaid)
    return found


def test_blocks_are_drawn_by_expiry_and_what_is_beyond_is_charged() -> None:
    document = prepaid()
    late = Block(1, date(2026, 1, 1), None, D(10 * HOUR), D(1000))
    soon = Block(2, date(2026, 2, 1), date(2026, 4, 1), D(10 * HOUR), D(900))
    blocks = Blocks(document, [late, soon], "EUR")
    pieces = price(document, [work(1, 12), work(2, 12)], "EUR", draw=Draw(blocks=blocks))
    assert seconds(pieces, Treatment.COVERED) == 20 * HOUR
    assert charged(pieces) == 480
    assert sum((piece.drawn.value for piece in pieces if piece.drawn), D(0)) == 1900
    assert [each.left for each in blocks.left(MONDAY)] == [0, 0]


def test_weights_draw_more_and_an_expired_block_nothing() -> None:
    document = prepaid(weights=[{"role_id": 2, "factor": "1.5"}], beyond="hold")
    old = Block(1, date(2026, 1, 1), MONDAY, D(10 * HOUR), D(1000))
    block = Block(2, MONDAY, None, D(3 * HOUR), D(300))
    blocks = Blocks(document, [old, block], "EUR")
    pieces = price(document, [work(1, 3, role_id=2)], "EUR", draw=Draw(blocks=blocks))
    assert [(piece.treatment, piece.seconds / HOUR) for piece in pieces] == [("covered", 2), ("waits", 1)]
    assert [each.expired for each in blocks.left(MONDAY)] == [10 * HOUR, 0]


# --- what always holds --------------------------------------------------------------------------------------

ENTRIES = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(0, 40_000),
        st.sampled_from(["80", "120.50", "99.99"]),
        st.integers(1, 3),
    ),
    max_size=25,
)


def _works(entries: list[tuple[int, int, str, int]]) -> list[Worked]:
    return [
        Worked(n, person, person, 1, 1, None, MONDAY + timedelta(days=day), time, D(rate))
        for n, (day, time, rate, person) in enumerate(entries, start=1)
    ]


@given(ENTRIES, st.decimals("0", "20000", places=2), st.randoms())
@settings(max_examples=60)
def test_a_cap_is_met_exactly_and_order_changes_nothing(entries: Any, limit: D, random: Any) -> None:
    works = _works(entries)
    document = tm(cap={"amount": str(limit), "action": "hard"})
    pieces = price(document, works, "EUR")
    full = charged(price(tm(), works, "EUR"))
    assert charged(pieces) == min(full, limit)
    assert charged(pieces) + sum((piece.over_cap for piece in pieces), D(0)) == full
    random.shuffle(works)
    assert price(document, works, "EUR") == pieces


@given(ENTRIES, st.integers(1, 60))
@settings(max_examples=60)
def test_no_second_is_lost_between_covered_and_charged(entries: Any, included: int) -> None:
    works = _works(entries)
    total = sum(each.seconds for each in works)
    kept = retainer(included_hours=str(included))
    blocks = Blocks(prepaid(), [Block(1, date(2026, 1, 1), None, D(included * HOUR), D(1000))], "EUR")
    for document, draw in ((kept, draw_of(kept, date(2026, 3, 1))), (prepaid(), Draw(blocks=blocks))):
        pieces = price(document, works, "EUR", draw=draw)
        assert sum(piece.seconds for piece in pieces) == total
        assert seconds(pieces, Treatment.COVERED) <= included * HOUR
        assert seconds(pieces, Treatment.CHARGED) == max(0, total - included * HOUR)
    assert all(each.left >= 0 for each in blocks.left(MONDAY))


# --- caps over several lines --------------------------------------------------------------------------------


def shared_cap(
    of: str, *, tasks: set[int] | None = None, settled: Settled | None = None, **cap: Any
) -> SharedCap:
    document = terms.Cap.model_validate(cap | {"action": "hard"})
    return SharedCap(of, document, settled or Settled(), None if tasks is None else frozenset(tasks))


def test_a_cap_of_the_contract_counts_all_lines_by_day() -> None:
    """Ten hours at 120 on one line, four between them on another at 100: 1,000 is met on the second day."""
    blended = terms.parse("blended", {"rate_per_hour": "100"})
    tuesday = MONDAY + timedelta(days=1)
    lines = [
        LineTime(1, tm(), [work(1, 5), work(3, 5, day=tuesday)]),
        LineTime(2, blended, [work(2, 4, rate=None)]),
    ]
    found = price_together(lines, "EUR", [shared_cap("the contract's cap", amount="1200")])
    assert rows(found[1] + found[2], "source_id", "amount", "over_cap") == [
        (1, 600, 0), (3, 200, 400), (2, 400, 0),
    ]  # fmt: skip
    assert found[1][1].steps[-1].said == "200.00 of 600.00 lie within the contract's cap"


def test_a_phases_cap_counts_its_tasks_only_and_the_lines_own_cap_comes_first() -> None:
    document = tm(cap={"amount": "1000", "action": "hard"})
    lines = [
        LineTime(1, document, [work(1, 5), work(2, 5, task_id=2)]),
        LineTime(2, tm(), [work(3, 5, task_id=2)]),
    ]
    caps = [shared_cap("the cap of phase Design", tasks={2}, amount="700")]
    found = price_together(lines, "EUR", caps)
    assert rows(found[1] + found[2], "source_id", "amount", "over_cap") == [
        (1, 600, 0), (2, 400, 200), (3, 300, 300),
    ]  # fmt: skip


def test_a_shared_cap_in_hours_splits_and_keeps_what_the_lines_cap_took() -> None:
    document = tm(cap={"amount": "900", "action": "hard"})
    found = price_together(
        [LineTime(1, document, [work(1, 5), work(2, 5)])],
        "EUR",
        [shared_cap("the contract's cap", hours="6")],
    )[1]
    assert rows(found, "source_id", "part", "amount", "over_cap") == [
        (1, 0, 600, 0), (2, 0, 60, 60), (2, 1, 0, 480),
    ]  # fmt: skip


def test_a_cap_below_what_is_billed_lets_nothing_through() -> None:
    for cap in ({"amount": "100"}, {"hours": "1"}):
        pieces = price(
            tm(cap=cap | {"action": "hard"}),
            [work(1, 0), work(2, 1)],
            "EUR",
            settled=Settled(D(500), 5 * HOUR),
        )
        assert charged(pieces) == 0
        assert seconds(pieces, Treatment.OVER_CAP) == HOUR


@given(ENTRIES, st.integers(0, 20_000), st.booleans(), st.randoms())
@settings(max_examples=60)
def test_shared_caps_are_never_exceeded_and_lose_nothing(
    entries: Any, limit: int, in_hours: bool, random: Any
) -> None:
    works = _works(entries)
    half = [
        LineTime(1, tm(), works[::2]),
        LineTime(2, tm(cap={"amount": "5000", "action": "hard"}), works[1::2]),
    ]
    cap = shared_cap("it", hours=D(limit) / 100) if in_hours else shared_cap("it", amount=D(limit))
    found = price_together(half, "EUR", [cap])
    pieces = found[1] + found[2]
    full = charged(price(tm(), works, "EUR"))
    assert sum((piece.amount + piece.over_cap for piece in pieces), D(0)) == full
    assert sum(piece.seconds for piece in pieces) == sum(each.seconds for each in works)
    if in_hours:
        assert seconds(pieces, Treatment.CHARGED) <= D(limit) / 100 * HOUR
    else:
        assert charged(pieces) <= limit
    shuffled = [line._replace(works=random.sample(list(line.works), len(list(line.works)))) for line in half]
    assert price_together(shuffled, "EUR", [cap]) == found


@given(ENTRIES, st.integers(1, 59), st.sampled_from(["none", "entry", "task_day"]))
@settings(max_examples=60)
def test_splitting_an_entry_changes_nothing_beyond_the_stated_rounding(
    entries: Any, percent: int, scope: str
) -> None:
    """Exact to a cent per entry without rounding or by the day's sum; by entry, up to a step for each piece more."""
    rounding = (
        {"scope": "entry", "method": "none"}
        if scope == "none"
        else {"scope": scope, "method": "up", "step_minutes": 15}
    )
    works = [each._replace(rate=D("120")) for each in _works(entries)]
    halves = []
    for each in works:
        first = each.seconds * percent // 100
        halves += [
            each._replace(seconds=first),
            each._replace(source_id=each.source_id + 1000, seconds=each.seconds - first),
        ]
    whole, split = (
        charged(price(tm(rounding=rounding), works, "EUR")),
        charged(price(tm(rounding=rounding), halves, "EUR")),
    )
    step = D(30) if scope == "entry" else D("0")
    assert abs(whole - split) <= len(works) * (D("0.01") + step)
