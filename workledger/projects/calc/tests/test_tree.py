from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.projects.calc.tree import Node, Placed, ScopePart, in_order, scope_done


def test_children_stand_right_below_their_parent_and_phases_in_order() -> None:
    nodes = [
        Node(1, None, 2, 1),
        Node(2, None, 1, 2),
        Node(3, None, 1, 1),
        Node(4, 2, 1, 2),
        Node(5, 2, 1, 1),
        Node(6, None, -1, 9),
    ]
    assert in_order(nodes) == [
        Placed(6, 0, False),
        Placed(3, 0, False),
        Placed(2, 0, True),
        Placed(5, 1, False),
        Placed(4, 1, False),
        Placed(1, 0, False),
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=20), st.data())
def test_no_task_is_lost_and_none_comes_twice(places: list[tuple[int, int]], data: st.DataObject) -> None:
    nodes = [
        Node(number, data.draw(st.sampled_from([None, 999, *range(number)])), phase, position)
        for number, (phase, position) in enumerate(places)
    ]
    assert sorted(placed.id for placed in in_order(nodes)) == list(range(len(nodes)))


@pytest.mark.parametrize(
    ("parts", "done"),
    [
        ([], None),
        ([(None, True), (None, False), (None, False), (None, True)], "0.5"),
        ([(3600, True), (10800, False)], "0.25"),  # 1 h of 4 h
        ([(3600, True), (None, False)], "1"),
        ([(0, True), (0, False)], "0.5"),
    ],
)
def test_scope_weighs_tasks_by_their_budgets(parts: list[tuple[int | None, bool]], done: str | None) -> None:
    assert scope_done(ScopePart(*part) for part in parts) == (Decimal(done) if done else None)
