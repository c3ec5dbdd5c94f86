"""Which code of the VATEX list says why a category charges nothing."""

import pytest

from workledger.directory.calc import vatex


@pytest.mark.parametrize(
    ("code", "category"),
    [("VATEX-EU-132-1I", "E"), ("VATEX-FR-FRANCHISE", "E"), ("VATEX-EU-AE", "AE"), ("VATEX-EU-O", "O")],
)
def test_a_code_fits_its_category(code: str, category: str) -> None:
    assert vatex.check(code, category) == ""


@pytest.mark.parametrize(
    ("code", "category"),
    [("VATEX-EU-AE", "E"), ("VATEX-EU-132", "AE"), ("VATEX-EU-132", "S"), ("VATEX-EU-O", "Z"), ("132", "E")],
)
def test_and_no_other(code: str, category: str) -> None:
    assert vatex.check(code, category)


def test_the_list_holds_each_code_once_with_a_meaning() -> None:
    assert len(vatex.CODES) == len(vatex.OPTIONS) == 86
    assert all(vatex.CODES.values())
