"""What a change settles of a position held at another rate."""

from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.calc.position import Held, realized


@pytest.mark.parametrize(
    ("held", "change", "difference"),
    [
        (("500", "625"), ("-500", "-600"), "-25"),  # all of it, booked at 1.25, billed at 1.20
        (("500", "600"), ("-500", "-625"), "25"),
        (("500", "625"), ("-200", "-240"), "-10"),  # 200 × (1.20 − 1.25)
        (("500", "610"), ("-250", "-300"), "-5"),  # 250 of 500 carry 305
        (("100", "125"), ("-300", "-360"), "-5"),  # 100 settle, 200 are billed ahead at 1.20
        (("-200", "-240"), ("200", "250"), "-10"),  # billed ahead at 1.20, taken back at 1.25
        (("0", "0"), ("-300", "-360"), "0"),
        (("500", "625"), ("100", "120"), "0"),  # more of the same side settles nothing
        (("500", "625"), ("0", "0"), "0"),
        (("3", "3.33"), ("-1", "-1.00"), "-0.11"),  # a third of 3.33 is 1.11
    ],
)
def test_what_is_settled_leaves_at_what_it_is_carried_at(
    held: tuple[str, str], change: tuple[str, str], difference: str
) -> None:
    found = realized(Held(*map(D, held)), Held(*map(D, change)), D("0.01"))
    assert found == D(difference)
