"""Words in the client's language."""

from workledger.billing.wording import payment_terms, tax_label


def test_terms_and_taxes_are_said_in_the_clients_language() -> None:
    assert payment_terms("de-AT", 14) == "Zahlbar innerhalb von 14 Tagen."
    assert payment_terms("pl", 30) == "Payable within 30 days."
    assert payment_terms("en", 0) == ""
    assert tax_label("de", "AE") == "Steuerschuldnerschaft des Leistungsempfängers"
    assert (tax_label("en", "O"), tax_label("de", "S")) == ("Outside scope", "")
