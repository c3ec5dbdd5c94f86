"""How much of down payments an invoice draws."""

from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.calc.drawing import OpenDownPayment, draws


@pytest.mark.parametrize(
    ("net", "open_payments", "drawn"),
    [
        (600, [(1, 1000, 100)], [(1, 600)]),
        (600, [(1, 400, 100), (2, 1000, 100)], [(1, 400), (2, 200)]),
        (600, [(1, 1000, 30)], [(1, 180)]),
        (600, [(1, 1000, 70), (2, 1000, 70)], [(1, 420), (2, 180)]),  # never more than the net
        (600, [(1, 0, 100)], []),
        (-5, [(1, 1000, 100)], []),
    ],
)
def test_draws(net: int, open_payments: list[tuple[int, int, int]], drawn: list[tuple[int, int]]) -> None:
    found = draws(
        D(net), [OpenDownPayment(pk, D(left), D(share)) for pk, left, share in open_payments], "EUR"
    )
    assert found == [(pk, D(amount)) for pk, amount in drawn]
