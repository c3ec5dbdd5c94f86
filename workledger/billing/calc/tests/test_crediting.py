"""Parts of invoices that credit notes take back."""

from decimal import ROUND_HALF_UP
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.billing.calc.crediting import (
    BilledLine,
    credit_lines,
    credit_taxes,
    left_of,
    part_by_quantity,
    share_of_value,
)
from workledger.billing.calc.drafting import tax_groups

LINE = BilledLine(1, D("8"), "h", D("120"), D("960"), D("-0.40"), "S", D(19))
CENT = D("0.01")


def test_all_that_is_left_takes_adjustments_and_rounding() -> None:
    less = BilledLine(2, D(1), "pc", D(-60), D(-60), D(0), "S", D(19), belongs_to=1)
    assert left_of([LINE, less]) == {1: D(900)}
    for part in (None, D(900)):
        first, second = credit_lines([LINE, less], {1: part}, "EUR")
        assert (first.amount, first.rounding, first.is_whole) == (D(960), D("-0.40"), True)
        assert (second.amount, second.is_whole) == (D(-60), True)


def test_a_part_prints_as_hours_where_hours_give_it_and_else_as_one() -> None:
    (by_hours,) = credit_lines([LINE], {1: D(240)}, "EUR")
    assert (by_hours.quantity, by_hours.unit, by_hours.rate) == (D(2), "h", D(120))
    (by_amount,) = credit_lines([LINE], {1: D("100.01")}, "EUR")
    assert (by_amount.quantity, by_amount.unit, by_amount.rate) == (D(1), "pc", D("100.01"))
    assert (by_amount.rounding, by_amount.is_whole) == (D(0), False)


def test_a_quantity_is_worth_its_rate() -> None:
    assert part_by_quantity(LINE, D("1.25"), "EUR") == D(150)


def test_what_is_done_is_not_credited_again() -> None:
    done = LINE._replace(credited=D(960), is_done=True)
    assert left_of([done]) == {}
    assert credit_lines([done], {1: None}, "EUR") == []


@pytest.mark.parametrize(
    ("before", "now", "tax"),
    [
        ([], [D("0.03")], D("0.01")),  # 0.0057
        ([D("0.03")], [D("0.03")], D("0.00")),  # 0.0114 less 0.01
        ([D("0.06")], [D("0.03")], D("0.01")),  # 0.0171 less 0.01
    ],
)
def test_tax_is_what_is_credited_in_all_less_what_was_before(before: list[D], now: list[D], tax: D) -> None:
    (group,) = credit_taxes([(a, "S", D(19)) for a in now], [(a, "S", D(19)) for a in before], "EUR")
    assert group.tax == tax


amounts = st.integers(1, 10**6).map(lambda cents: CENT * cents)


STEPS = st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(1, 999))), max_size=8)


@given(st.lists(amounts, min_size=1, max_size=6), STEPS, amounts, st.sampled_from([D(7), D(19), D("20.5")]))
def test_credit_notes_are_together_the_exact_inverse(
    bases: list[D], steps: list[tuple[int, int | None]], value: D, rate: D
) -> None:
    """Whatever parts are credited in whatever order, the last note leaves no amount, no tax and no value."""
    lines = [
        BilledLine(at, D(1), "pc", base, base, CENT, "S", rate) for at, base in enumerate(bases, start=1)
    ]
    invoiced = tax_groups([(line.amount, "S", rate) for line in lines], "EUR")[0]
    net = sum(bases, D(0))
    tax = gross = worth = rounding = D(0)
    for at, thousandths in [*steps, *((0, None) for _ in lines)]:
        left = left_of(lines)
        if not left:
            break
        chosen = sorted(left)[at % len(left)]
        part = (
            left[chosen]
            if thousandths is None
            else max(CENT, (left[chosen] * thousandths / 1000).quantize(CENT))
        )
        before = [(line.credited, "S", rate) for line in lines]
        credited = credit_lines(lines, {chosen: part}, "EUR")
        (group,) = credit_taxes([(one.amount, "S", rate) for one in credited], before, "EUR")
        so_far = sum((line.credited for line in lines), D(0))
        taken = sum((one.amount for one in credited), D(0))
        worth += share_of_value(value, net, so_far, so_far + taken, CENT)
        tax, gross = tax + group.tax, gross + taken + group.tax
        rounding += sum((one.rounding for one in credited), D(0))
        by_id = {one.line_id: one for one in credited}
        lines = [
            line._replace(
                credited=line.credited + by_id[line.line_id].amount, is_done=by_id[line.line_id].is_whole
            )
            if line.line_id in by_id
            else line
            for line in lines
        ]
        assert all((one.quantity * one.rate).quantize(CENT, ROUND_HALF_UP) == one.amount for one in credited)
    assert (tax, gross, worth, rounding) == (invoiced.tax, net + invoiced.tax, value, CENT * len(lines))
