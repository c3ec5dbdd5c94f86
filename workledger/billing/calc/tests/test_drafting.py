"""Drafting of pre-bills: what a line prints, how items group, what was written down."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.billing.calc.drafting import DraftInvoice, OpenPiece, draft_invoices, tax_groups
from workledger.billing.calc.pricing import time_amount
from workledger.contracts.calc.terms import Rounding, RoundingScope
from workledger.kernel.rounding import TimeRounding

DAY = date(2026, 3, 2)


def piece(
    item: int, minutes: int, rate: str, *, task: int = 1, person: int = 1, down: str = "0"
) -> OpenPiece:
    amount = time_amount(60 * minutes, D(rate), "EUR")
    return OpenPiece(item, 1, 1, 1, task, person, DAY, 60 * minutes, D(rate), amount, amount - D(down))


def draft(items: Sequence[OpenPiece], by: str = "task", rounding: Rounding | None = None) -> DraftInvoice:
    (invoice,) = draft_invoices(
        items, group_by={1: by}, rounding={1: rounding or Rounding()}, currency={1: "EUR"}
    )
    return invoice


@pytest.mark.parametrize(
    ("by", "minutes", "rate", "lines"),
    [
        ("task", [30], "27.50", ["13.75"]),
        ("task", [15, 15], "27.50", ["13.75"]),
        ("entry", [15, 15], "27.50", ["6.88", "6.88"]),  # 13.76 where each entry is printed alone
        ("task", [50], "100", ["83.00"]),  # prints 0.83 × 100, and bills that
        ("entry", [30, 30], "133.33", ["66.67", "66.67"]),
        ("entry", [15, 15, 15, 15], "100.25", ["25.06", "25.06", "25.06", "25.06"]),
        ("task", [15, 15, 15, 15], "100.25", ["100.25"]),
        ("task", [60], "0", ["0.00"]),
    ],
)
def test_what_is_printed_is_what_is_billed(by: str, minutes: list[int], rate: str, lines: list[str]) -> None:
    invoice = draft([piece(number, each, rate) for number, each in enumerate(minutes)], by)
    assert [str(line.amount) for line in invoice.lines] == lines
    assert all(line.quantity * line.rate == line.amount for line in invoice.lines if by == "task")


def test_scope_invoice_rounds_the_lines_time_once() -> None:
    up = Rounding(scope=RoundingScope.INVOICE, method=TimeRounding.UP, step_minutes=30)
    (line,) = draft([piece(1, 5, "120"), piece(2, 5, "120")], rounding=up).lines
    assert (line.quantity, line.amount, line.rounding) == (D("0.50"), D("60.00"), D("40.00"))  # worth 20.00


def test_rates_and_tasks_stand_on_lines_of_their_own() -> None:
    invoice = draft(
        [piece(1, 60, "120"), piece(2, 60, "160"), piece(3, 60, "120", task=2), piece(4, 60, "120")]
    )
    assert [(line.task_id, line.rate, line.quantity) for line in invoice.lines] == [
        (1, D(160), D("1.00")), (1, D(120), D("2.00")), (2, D(120), D("1.00")),
    ]  # fmt: skip


def test_by_person_tasks_come_together() -> None:
    invoice = draft([piece(1, 60, "120", person=2), piece(2, 60, "120", task=2, person=2)], "person")
    assert [(line.person_id, line.task_id, line.quantity) for line in invoice.lines] == [(2, None, D("2.00"))]


def test_what_was_written_down_stands_after_its_line() -> None:
    invoice = draft([piece(1, 60, "120", down="20"), piece(2, 60, "120")])
    assert [(line.amount, line.is_adjustment) for line in invoice.lines] == [
        (D("240.00"), False),
        (D("-20.00"), True),
    ]
    assert invoice.net == D(220)


def test_tax_is_rounded_once_per_rate_over_the_invoice() -> None:
    groups = tax_groups([(D("0.13"), "S", D(19)), (D("0.13"), "S", D(19)), (D("100"), "AE", D(0))], "EUR")
    assert [(group.base, group.tax) for group in groups] == [(D(100), D("0.00")), (D("0.26"), D("0.05"))]


items = st.lists(
    st.builds(
        piece,
        item=st.integers(1, 10**6),
        minutes=st.integers(0, 600),
        rate=st.sampled_from(["0", "99.99", "120", "133.33"]),
        task=st.integers(1, 3),
        person=st.integers(1, 3),
    ),
    min_size=1,
    unique_by=lambda one: one.item_id,
)


@given(items, st.sampled_from(["task", "person", "entry"]))
def test_every_item_is_taken_once_and_the_difference_is_rounding(pieces: list[OpenPiece], by: str) -> None:
    invoice = draft(pieces, by)
    taken = [item for line in invoice.lines for item, _ in line.sources]
    assert sorted(taken) == sorted(one.item_id for one in pieces)
    worth = sum((one.remaining for one in pieces), D(0))
    assert invoice.net == worth + sum((line.rounding for line in invoice.lines), D(0))


@given(items, st.randoms(use_true_random=False))
def test_the_order_of_approval_does_not_change_the_bill(pieces: list[OpenPiece], random: object) -> None:
    shuffled = list(pieces)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    key = [(line.task_id, line.rate, line.amount) for line in draft(pieces).lines]
    assert [(line.task_id, line.rate, line.amount) for line in draft(shuffled).lines] == key


@given(st.integers(2, 600), st.integers(1, 599), st.sampled_from(["99.99", "120", "133.33"]))
def test_splitting_an_entry_changes_nothing_on_a_grouped_line(minutes: int, first: int, rate: str) -> None:
    first = min(first, minutes - 1)
    whole = draft([piece(1, minutes, rate)]).net
    assert draft([piece(1, first, rate), piece(2, minutes - first, rate)]).net == whole


def test_fees_stand_in_the_order_of_their_days_and_not_of_their_price() -> None:
    def fee(item: int, day: date, amount: str) -> OpenPiece:
        return OpenPiece(item, 1, 1, 0, 0, 0, day, 0, D(amount), D(amount), D(amount), quantity=D(1), unit="pc",
                         description=f"Fee of {day}")  # fmt: skip

    invoice = draft([fee(2, date(2026, 2, 1), "1000"), fee(1, date(2026, 1, 16), "516.13")])
    assert [line.amount for line in invoice.lines] == [D("516.13"), D("1000")]
