"""Addresses printed, and typed lines told apart."""

import pytest

from workledger.directory.calc.addresses import Address, split

BERLIN = Address("Brunnenstraße 12", "Hof 2", "10119", "Berlin", "", "DE")
AUSTIN = Address("100 Main Street", "Suite 4", "78701", "Austin", "TX", "US")
LONDON = Address("1 High Holborn", "", "WC1V 6AA", "London", "", "GB")


def test_each_country_s_post_has_its_order() -> None:
    assert BERLIN.lines() == ("Brunnenstraße 12", "Hof 2", "10119 Berlin")
    assert AUSTIN.lines() == ("100 Main Street", "Suite 4", "Austin, TX 78701")
    assert LONDON.lines() == ("1 High Holborn", "London", "WC1V 6AA")
    assert (
        Address("5 Queen St", city="Auckland", postcode="1010", country="NZ").lines()[-1] == "Auckland 1010"
    )
    assert Address().lines() == ()


def test_the_country_is_named_abroad_only() -> None:
    assert BERLIN.lines("DE") == BERLIN.lines()
    assert BERLIN.lines("US")[-1] == "Germany"


@pytest.mark.parametrize("address", [BERLIN, AUSTIN, LONDON])
def test_what_was_printed_is_read_again(address: Address) -> None:
    assert split("\n".join(address.lines()), address.country) == address
    assert split("\n".join(address.lines("CH")), address.country) == address


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        (
            "Drottninggatan 71\n111 36 Stockholm",
            "SE",
            Address("Drottninggatan 71", "", "111 36", "Stockholm", "", "SE"),
        ),
        (
            "Keizersgracht 1\n1015 CN Amsterdam\nNL",
            "NL",
            Address("Keizersgracht 1", "", "1015 CN", "Amsterdam", "", "NL"),
        ),
        ("D-20457 Hamburg", "DE", Address("", "", "20457", "Hamburg", "", "DE")),
        (
            "12 rue du Bac\n75007 Paris\nFrance",
            "FR",
            Address("12 rue du Bac", "", "75007", "Paris", "", "FR"),
        ),
        ("1 King St\nToronto ON M5H 1A1", "CA", Address("1 King St", "", "M5H 1A1", "Toronto", "ON", "CA")),
        (
            "The Mill\n2 Quay\nDublin\nD02 X285",
            "IE",
            Address("The Mill", "2 Quay", "D02 X285", "Dublin", "", "IE"),
        ),
        ("Ring 1\nLevel 4\nDubai", "AE", Address("Ring 1", "Level 4, Dubai", "", "", "", "AE")),
        ("", "DE", Address(country="DE")),
        ("1600 Pennsylvania Avenue", "US", Address("1600 Pennsylvania Avenue", country="US")),
    ],
)
def test_lines_fall_into_parts_as_well_as_can_be_told(text: str, country: str, expected: Address) -> None:
    assert split(text, country) == expected
