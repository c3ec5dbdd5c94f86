"""What e-invoices ask of the two parties by their countries."""

import pytest

from workledger.directory.calc.einvoicing import Side, buyer_gaps, needs_reference, seller_gaps


@pytest.mark.parametrize(
    ("seller", "buyer", "fields"),
    [
        ("DE", "DE", ["city", "postcode", "phone", "email", "account"]),
        ("DE", "SE", []),
        ("NL", "BE", ["street", "city", "postcode", "register_number"]),
        ("NL", "NL", ["street", "city", "postcode", "register_number", "account"]),
        ("IT", "DE", ["street", "city", "postcode"]),
        ("DK", "DE", ["register_number"]),
        ("GR", "DE", ["country"]),
    ],
)
def test_what_a_seller_lacks(seller: str, buyer: str, fields: list[str]) -> None:
    assert [gap.field for gap in seller_gaps(Side(seller), buyer)] == fields


@pytest.mark.parametrize(
    ("buyer", "seller", "fields"),
    [
        ("DE", "DE", ["city", "postcode"]),
        ("DE", "AT", []),
        ("IS", "IS", ["street", "postcode", "register_number"]),
    ],
)
def test_what_a_buyer_lacks(buyer: str, seller: str, fields: list[str]) -> None:
    assert [gap.field for gap in buyer_gaps(Side(buyer), seller)] == fields


def test_a_sentence_names_field_and_party() -> None:
    (first, _) = buyer_gaps(Side("DE"), "DE")
    assert first.sentence == "An e-invoice within Germany states the city of the client."
    (gap,) = seller_gaps(Side("DK"), "DE")
    assert gap.sentence == "An e-invoice from Denmark states the number in the register of your company."


def test_what_is_there_is_not_asked() -> None:
    whole = Side("DE", "", "10119", "Berlin", "", "", "+49 30 1", "a@b.example", "DE89")
    assert seller_gaps(whole, "DE") == buyer_gaps(whole, "DE") == ()
    assert seller_gaps(Side("NO", vat_id="NO995525828"), "NO")[0].field == "vat_id"
    assert seller_gaps(Side("NO", vat_id="NO995525828MVA"), "NO") == ()
    assert needs_reference("DE", "DE")
    assert not needs_reference("DE", "AT")
