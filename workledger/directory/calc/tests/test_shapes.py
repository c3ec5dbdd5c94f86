"""The shape of identifiers."""

import pytest

from workledger.directory.calc import shapes
from workledger.directory.calc.countries import COUNTRIES, CURRENCIES
from workledger.directory.calc.tax_seeds import standard_tax


@pytest.mark.parametrize("good", ["DE02120300000000202051", "GB82WEST12345698765432", "NO9386011117947"])
def test_an_iban_with_right_check_digits(good: str) -> None:
    assert shapes.iban(good) == ""


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("DE02120300000000202052", "check digits"),
        ("DE0212030000000020205", "has 22 characters; this one has 21"),
        ("hello", "country code"),
    ],
)
def test_a_bad_iban_says_what_is_wrong(bad: str, says: str) -> None:
    assert says in shapes.iban(bad)


@pytest.mark.parametrize(
    "bad", ["fay", "fay@", "fay@example", "a b@example.com", "fay@example.com, x@example.com"]
)
def test_no_email(bad: str) -> None:
    assert shapes.email(bad)


def test_what_people_type_is_kept_compact_and_printed_in_groups() -> None:
    assert shapes.compact("de02 1203-0000") == "DE0212030000"
    assert shapes.grouped("DE0212030000000") == "DE02 1203 0000 000"


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4">{}</svg>'


def test_a_plain_drawing_is_a_logo() -> None:
    assert shapes.logo(SVG.format('<g id="a"/><use href="#a"/><path fill="url(#b)" d="M0 0h4v4z"/>')) == ""


@pytest.mark.parametrize(
    "inside",
    [
        "<script>1</script>",
        '<path onload="x()"/>',
        '<image href="https://example.com/a.png"/>',
        "<style>@import 'x.css';</style>",
        "<style>path { fill: url('https://example.com/x') }</style>",
        "<foreignObject/>",
    ],
)
def test_a_drawing_that_runs_or_fetches_is_refused(inside: str) -> None:
    assert "scripts or points" in shapes.logo(SVG.format(inside))


@pytest.mark.parametrize(
    "text", ["", "<html/>", "PNG", '<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;")]
)
def test_what_is_no_drawing_is_refused(text: str) -> None:
    assert "no SVG" in shapes.logo(text)


def test_codes() -> None:
    assert COUNTRIES["DE"] == "Germany"
    assert {"EUR", "USD", "CHF", "JPY"} <= CURRENCIES
    assert shapes.country("ZZ")
    assert shapes.currency("EURO")
    assert standard_tax("DE") == 19
    assert standard_tax("US") == 0
