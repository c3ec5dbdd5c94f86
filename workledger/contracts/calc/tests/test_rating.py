"""Which rate wins: tables by rule, and properties over any book."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.contracts.calc.rating import (
    LEVELS,
    NO_RATE,
    PRECEDENCE,
    RateBook,
    RateBooks,
    RateQuery,
    RateRow,
    RatesTie,
    Rule,
    derivation,
    printed_rate,
    rule_of,
)

LINE, CARL, BUILD, CONSULTANT = 1, 2, 3, 4
DAY = date(2026, 3, 16)
START = date(2026, 1, 1)
QUERY = RateQuery(LINE, CARL, CONSULTANT, BUILD, DAY)


def rate(
    number: int,
    level: str = "entity",
    *,
    line: int | None = None,
    person: int | None = None,
    task_type: int | None = None,
    role: int | None = None,
    start: date = START,
    end: date | None = None,
    price: int = 100,
) -> RateRow:
    return RateRow(number, level, line, person, task_type, role, start, end, Decimal(price))  # type: ignore[arg-type]


def of_rule(number: int, rule: Rule) -> RateRow:
    return rate(
        number,
        rule.level,
        line=LINE if rule.line else None,
        person=CARL if rule.person else None,
        task_type=BUILD if rule.task_type else None,
        role=CONSULTANT if rule.role else None,
    )


LADDER = [
    rate(1, "contract", line=LINE, person=CARL),
    rate(2, "contract", line=LINE, task_type=BUILD),
    rate(3, "contract", line=LINE, role=CONSULTANT),
    rate(4, "contract", line=LINE),
    rate(5, "contract", person=CARL),
    rate(6, "contract", task_type=BUILD),
    rate(7, "contract", role=CONSULTANT),
    rate(8, "contract"),
    rate(9, "client", person=CARL),
    rate(10, "client", role=CONSULTANT),
    rate(11, "client"),
    rate(12, "entity", person=CARL),
    rate(13, "entity", task_type=BUILD),
    rate(14, "entity", role=CONSULTANT),
    rate(15, "entity"),
]


@pytest.mark.parametrize("removed", range(len(LADDER)))
def test_each_step_of_the_ladder_wins_over_all_below_it(removed: int) -> None:
    found = RateBook(reversed(LADDER[removed:])).resolve(QUERY)
    assert found.rate_id == LADDER[removed].id
    assert [loser.rate_id for loser in found.losers] == [row.id for row in LADDER[removed + 1 :]]


def test_a_rate_with_two_keys_is_more_specific_than_one_with_the_first_alone() -> None:
    book = RateBook([rate(1, person=CARL), rate(2, person=CARL, task_type=BUILD), rate(3, task_type=BUILD)])
    assert book.resolve(QUERY).rate_id == 2
    assert book.resolve(QUERY).rule == "entity.person.task_type"


@pytest.mark.parametrize(
    "other",
    [{"line": 9}, {"person": 9}, {"task_type": 9}, {"role": 9}, {"person": CARL, "role": 9}],
)
def test_a_rate_for_somebody_else_does_not_match(other: dict[str, int]) -> None:
    level = "contract" if "line" in other else "entity"
    assert RateBook([rate(1, level, **other)]).resolve(QUERY).rate is None  # type: ignore[arg-type]


def test_hours_without_role_or_task_type_fall_to_rates_that_name_none() -> None:
    book = RateBook([rate(1, role=CONSULTANT), rate(2, task_type=BUILD), rate(3, price=80)])
    assert book.resolve(RateQuery(None, CARL, None, None, DAY)).rate == Decimal(80)


def test_no_rate_is_said_and_never_zero() -> None:
    found = RateBook([]).resolve(QUERY)
    assert (found.rate, found.rate_id, found.rule) == (None, None, NO_RATE)
    assert RateBook([rate(1, price=0)]).resolve(QUERY).rate == Decimal(0)


def test_dated_rises_meet_without_a_gap_also_on_a_leap_day() -> None:
    leap = date(2028, 2, 29)
    book = RateBook([rate(2, start=leap, price=110), rate(1, end=leap, price=100)])
    on = [book.resolve(QUERY._replace(day=leap + timedelta(days=step))).rate for step in (-1, 0, 1)]
    assert on == [Decimal(100), Decimal(110), Decimal(110)]
    assert book.resolve(QUERY._replace(day=START - timedelta(days=1))).rate is None


def test_a_specific_rate_that_ended_gives_way_to_a_general_one() -> None:
    book = RateBook([rate(1, person=CARL, end=DAY), rate(2, price=90)])
    assert book.resolve(QUERY).rate_id == 2
    assert [loser.reason for loser in book.out_of_date(QUERY)] == ["It ended earlier, with 2026-03-15."]
    assert [part.rate_id for part in book.segments(QUERY)] == [None, 1, 2]


@pytest.mark.parametrize("end", [None, DAY + timedelta(days=1)])
def test_two_rates_for_the_same_keys_on_one_day_are_an_error(end: date | None) -> None:
    with pytest.raises(RatesTie, match="rates 1 and 2 tie"):
        RateBook([rate(2, role=CONSULTANT, start=DAY), rate(1, role=CONSULTANT, end=end)])


def test_a_line_on_a_card_that_is_no_contracts_is_an_error() -> None:
    with pytest.raises(ValueError, match="belongs on a contract's card"):
        rule_of(rate(1, "client", line=LINE))


def test_the_derivation_names_winner_rule_and_losers() -> None:
    book = RateBook([rate(1, "contract", line=LINE, person=CARL, price=120), rate(2, role=CONSULTANT)], "EUR")
    assert derivation(book.resolve(QUERY), book.currency) == {
        "rate_id": 1,
        "rate": "120.00",
        "currency": "EUR",
        "rule": "contract.line.person",
        "rule_label": "contract line and person",
        "losers": [
            {
                "rate_id": 2,
                "rule": "entity.role",
                "rule_label": "entity card, role",
                "rate": "100.00",
                "reason": "Less specific than contract line and person.",
            }
        ],
        "sentence": "120.00 EUR per hour, by the rule 'contract line and person': it is more specific than 1 other"
        " matching rate.",
    }
    assert derivation(RateBook([]).resolve(QUERY))["rate"] is None


@pytest.mark.parametrize(
    ("value", "text"), [("120", "120.00"), ("99.5000", "99.50"), ("33.3333", "33.3333"), ("1000", "1000.00")]
)
def test_a_rate_prints_at_least_cents(value: str, text: str) -> None:
    assert printed_rate(Decimal(value)) == text


def test_books_answer_by_contract() -> None:
    books = RateBooks({7: RateBook([rate(1)]), 8: RateBook([])})
    assert books.resolve(7, QUERY).rate_id == 1
    assert books.resolve(8, QUERY).rate_id is None
    with pytest.raises(KeyError):
        books.resolve(9, QUERY)


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@st.composite
def books_of_rows(draw: st.DrawFn) -> list[RateRow]:
    """Rows without a tie: for each rule at most one row per half of the year."""
    rows: list[RateRow] = []
    for rule in draw(st.lists(st.sampled_from(PRECEDENCE), unique=True, max_size=12)):
        cut = draw(DAYS)
        for start, end in ((date(2026, 1, 1), cut), (cut, None)):
            if end != start and draw(st.booleans()):
                rows.append(of_rule(len(rows) + 1, rule)._replace(valid_from=start, valid_to=end))
    return rows


@given(books_of_rows(), DAYS)
def test_the_most_specific_rate_that_holds_wins(rows: list[RateRow], day: date) -> None:
    holding = [row for row in rows if row.valid_from <= day and (row.valid_to is None or day < row.valid_to)]
    best = min(holding, key=lambda row: PRECEDENCE.index(rule_of(row)), default=None)
    found = RateBook(rows).resolve(QUERY._replace(day=day))
    assert found.rate_id == (best.id if best else None)
    assert len(found.losers) == max(len(holding) - 1, 0)
    assert found.valid_from <= day
    assert found.valid_to is None or day < found.valid_to


@given(books_of_rows(), DAYS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[RateRow], day: date, chance: st.DataObject) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    query = QUERY._replace(day=day)
    assert RateBook(rows).resolve(query) == RateBook(shuffled).resolve(query)


@given(st.permutations(PRECEDENCE))
def test_the_precedence_is_by_level_then_line_person_task_type_role(rules: list[Rule]) -> None:
    def key(rule: Rule) -> tuple[int, bool, bool, bool, bool]:
        return (LEVELS.index(rule.level), not rule.line, not rule.person, not rule.task_type, not rule.role)

    assert sorted(rules, key=key) == list(PRECEDENCE)
