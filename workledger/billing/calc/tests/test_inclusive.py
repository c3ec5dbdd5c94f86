"""Prices that contain tax: what is left of them, over lines and over the document."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.billing.calc.drafting import (
    DraftInvoice,
    DraftLine,
    adjustment_line,
    tax_groups,
    with_tax_inside,
)
from workledger.billing.calc.taxes import nets_of, tax_added, tax_taken_out
from workledger.kernel.rounding import minor_quantum

CENT = Decimal("0.01")
RATES = st.sampled_from([Decimal(each) for each in ("0", "5", "7", "8.875", "19", "20", "25.5", "27")])
CURRENCIES = st.sampled_from(["EUR", "JPY"])


@st.composite
def priced(draw: st.DrawFn) -> tuple[list[tuple[Decimal, str, Decimal]], str]:
    """Return (gross, category, percentage) lines of one currency, some of them taken off."""
    currency = draw(CURRENCIES)
    quantum = minor_quantum(currency)
    amounts = st.integers(-(10**6), 10**8).map(lambda units: units * quantum)
    return draw(st.lists(st.tuples(amounts, st.sampled_from("SE"), RATES), min_size=1, max_size=12)), currency


@given(priced())
def test_net_and_tax_are_what_was_agreed(case: tuple[list[tuple[Decimal, str, Decimal]], str]) -> None:
    lines, currency = case
    nets = nets_of(lines, currency)
    groups = tax_groups(
        [(net, code, rate) for net, (_, code, rate) in zip(nets, lines, strict=True)],
        currency,
        [gross for gross, _, _ in lines],
    )
    assert sum(group.base + group.tax for group in groups) == sum(gross for gross, _, _ in lines)
    assert sum(group.base for group in groups) == sum(nets)
    for group in groups:
        gross = sum(
            (each for each, code, rate in lines if (code, rate) == (group.code, group.rate)), Decimal(0)
        )
        assert group.base == tax_taken_out(gross, group.rate, currency)
        assert abs(group.tax - group.base * group.rate / 100) <= minor_quantum(
            currency
        )  # BR-CO-17 within a unit


@given(priced())
def test_each_line_is_within_a_unit_of_its_own_net(
    case: tuple[list[tuple[Decimal, str, Decimal]], str],
) -> None:
    lines, currency = case
    for net, (gross, _, rate) in zip(nets_of(lines, currency), lines, strict=True):
        assert abs(net - gross * 100 / (100 + rate)) < 2 * minor_quantum(currency)
        assert net % minor_quantum(currency) == 0


@given(st.integers(0, 10**9), RATES, CURRENCIES)
def test_tax_added_and_taken_out_again_leaves_the_net(units: int, rate: Decimal, currency: str) -> None:
    net = units * minor_quantum(currency)
    assert tax_taken_out(tax_added(net, rate, currency), rate, currency) == net
    gross = tax_added(tax_taken_out(net, rate, currency), rate, currency)
    assert abs(gross - net) <= minor_quantum(currency)


@pytest.mark.parametrize(
    ("gross", "rate", "nets"),
    [
        (["119.00"], "19", ["100.00"]),
        (["960.00"], "19", ["806.72"]),  # 960 / 1.19 = 806.7226
        (["10.00", "10.00", "10.00"], "19", ["8.41", "8.40", "8.40"]),  # 30 / 1.19 = 25.2100: 8.4033 each
        (["10.00", "-2.00"], "20", ["8.34", "-1.67"]),  # 8 / 1.2 = 6.6666; 8.3333 and -1.6666
    ],
)
def test_the_lines_come_to_the_sum(gross: list[str], rate: str, nets: list[str]) -> None:
    found = nets_of([(Decimal(each), "S", Decimal(rate)) for each in gross], "EUR")
    assert found == [Decimal(each) for each in nets]


def test_a_draft_prints_what_was_agreed_and_is_worth_its_net() -> None:
    work = DraftLine(
        1, 1, 1, None, False, Decimal(8), Decimal(120), Decimal(960), Decimal("153.28"), None
    )  # 806.72 net
    written_down = adjustment_line(work, Decimal("-100.00"))
    draft = DraftInvoice(1, date(2026, 3, 2), date(2026, 3, 2), [work, written_down])
    made = with_tax_inside(draft, [("S", Decimal(19))] * 2, "EUR")
    first, second = made.lines
    assert (first.rate, first.gross, first.amount) == (Decimal(120), Decimal(960), Decimal("806.72"))
    assert not first.rounding
    assert (second.rate, second.gross, second.amount) == (
        Decimal("-119.00"),
        Decimal("-119.00"),
        Decimal("-100.00"),
    )
    assert made.net == Decimal("706.72")
    assert replace(made, lines=[]).net == 0
