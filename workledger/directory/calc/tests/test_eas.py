"""Which electronic addresses there are, and how they look."""

import pytest

from workledger.directory.calc import eas


@pytest.mark.parametrize("code", ["0204", "9930", "0088", "EM"])
def test_known_schemes(code: str) -> None:
    assert eas.scheme(code) == ""
    assert code in dict(eas.OPTIONS)


def test_an_unknown_scheme_is_told() -> None:
    assert eas.scheme("9999") == (
        "Choose the scheme of the e-invoice address from the list, such as 0204 for a Leitweg-ID."
    )


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("0204", "991-12345-06"),
        ("0204", "12345678-12"),
        ("0088", "7300010000001"),
        ("9930", "DE123456788"),
        ("9933", "EL094259216"),
        ("0198", "DK13585628"),
        ("EM", "fay@example.com"),
        ("0195", "T08GA0028A"),
    ],
)
def test_addresses_in_form(code: str, text: str) -> None:
    assert eas.address(code, text) == ""


@pytest.mark.parametrize(
    ("code", "text", "sentence"),
    [
        ("0204", "Cleo", "This is not the form of an address in the scheme 0204 (Germany, Leitweg-ID)"),
        ("9930", "123456789", "In the scheme 9930 the address is a VAT id that begins with DE."),
        ("9930", "FR12345678901", "In the scheme 9930 the address is a VAT id that begins with DE."),
        ("9930", "DE12345", "In the scheme 9930 the address is a VAT id that begins with DE."),
        ("EM", "fay", "Write an email address"),
        ("0195", "T08 GA", "An e-invoice address has no spaces."),
    ],
)
def test_addresses_out_of_form(code: str, text: str, sentence: str) -> None:
    assert eas.address(code, text).startswith(sentence)


@pytest.mark.parametrize("scheme", sorted(eas._REGISTERS))
def test_every_example_is_in_form(scheme: str) -> None:
    known = eas._REGISTERS[scheme]
    assert bool(known.pattern) == bool(known.example)
    assert not known.example or eas.address(scheme, known.example) == ""


@pytest.mark.parametrize(
    ("country", "vat_id", "email", "expected"),
    [
        ("DE", "DE293847560", "a@example.com", ("9930", "DE293847560")),
        ("GR", "EL094259216", "", ("9933", "EL094259216")),
        ("SE", "SE556677889901", "", ("0007", "5566778899")),
        ("NO", "NO987654321MVA", "", ("0192", "987654321")),
        ("US", "", "a@example.com", ("EM", "a@example.com")),
        ("DE", "", "a@example.com", ("EM", "a@example.com")),
        ("US", "", "", ("", "")),
    ],
)
def test_the_address_of_a_company(country: str, vat_id: str, email: str, expected: tuple[str, str]) -> None:
    assert eas.of_company(country, vat_id, email) == expected
