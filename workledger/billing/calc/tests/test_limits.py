"""How far a purchase order reaches."""

from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.calc.limits import Limit, Reach, reach


@pytest.mark.parametrize(
    ("amount", "used", "net", "found"),
    [
        ("1000", "0", "800", Reach.WITHIN),
        ("1000", "0", "800.01", Reach.NEAR),
        ("1000", "900", "100", Reach.NEAR),
        ("1000", "900", "100.01", Reach.BEYOND),
        ("1000", "1200", "-50", Reach.WITHIN),
        (None, "900", "99999", Reach.WITHIN),
    ],
)
def test_reach(amount: str | None, used: str, net: str, found: Reach) -> None:
    limit = Limit(None if amount is None else D(amount), 80)
    assert reach(limit, D(used), D(net)) is found
