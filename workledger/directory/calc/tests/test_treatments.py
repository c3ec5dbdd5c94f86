"""The tax on services by the countries of seller and buyer."""

import pytest
from stdnum.eu.vat import MEMBER_STATES

from workledger.directory.calc.treatments import EUROPEAN_UNION, by_countries


@pytest.mark.parametrize(
    ("seller", "buyer", "has_vat_id", "category"),
    [
        ("DE", "DE", True, "S"),
        ("DE", "", False, "S"),
        ("DE", "SE", True, "AE"),
        ("DE", "SE", False, "S"),
        ("DE", "US", False, "O"),
        ("DE", "CH", True, "O"),
        ("GB", "DE", True, "O"),
        ("CH", "DE", True, "O"),
        ("AU", "NZ", False, "Z"),
        ("US", "DE", True, "O"),
        ("US", "US", False, "S"),
    ],
)
def test_the_category_of_services(seller: str, buyer: str, has_vat_id: bool, category: str) -> None:
    assert by_countries(seller, buyer, has_vat_id=has_vat_id) == category


def test_the_union_is_whole() -> None:
    assert {sign.upper() for sign in MEMBER_STATES} - {"XI"} == EUROPEAN_UNION
