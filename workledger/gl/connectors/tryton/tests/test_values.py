"""The records as they travel, without a server."""

from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.gl.connector import JournalLine, Rejected
from workledger.gl.connectors.tryton.books import Account
from workledger.gl.connectors.tryton.refs import payment_of, payment_ref
from workledger.gl.connectors.tryton.values import Money, journal_line, reversed_line
from workledger.gl.connectors.tryton.wire import _decode, _encode

DOLLARS = Money("USD", "EUR", 2)
EUROS = Money("EUR", "EUR", 1)
RECEIVABLE = Account(
    7, "1100", "Receivable", takes_party=True, reconciles=True, on_invoices=False, is_receivable=True
)
BANK = Account(8, "1050", "Bank", takes_party=False, reconciles=False, on_invoices=False, is_receivable=False)


@pytest.mark.parametrize(
    ("amounts", "total", "shares"),
    [
        (
            [D(100), D(100), D(100)],
            D("100.00"),
            [D("33.34"), D("33.33"), D("33.33")],
        ),  # the cent to the first of equals
        ([D(600), D(400), D(190)], D("1087.30"), [D("548.22"), D("365.48"), D("173.60")]),  # at 0.9137
        ([D(110), D(-10)], D("90.00"), [D("99.00"), D("-9.00")]),
        ([], D(0), []),
    ],
)
def test_shares_in_the_books_currency_add_up(amounts: list[D], total: D, shares: list[D]) -> None:
    assert DOLLARS.in_books(amounts, total) == shares


def test_the_books_own_currency_is_left_alone() -> None:
    assert EUROS.in_books([D("1.10"), D("2.20")], D("3.30")) == [D("1.10"), D("2.20")]


def test_a_party_only_where_the_account_asks_for_one() -> None:
    line = JournalLine("1050", D(0), D("9.20"), "Fee", "party.party,3", "USD", D("10.00"))
    made = journal_line(line, account=BANK, money=DOLLARS, party_id=3)
    assert (made["debit"], made["credit"], made["party"]) == (0, D("9.20"), None)
    assert (made["second_currency"], made["amount_second_currency"]) == (2, D("-10.00"))
    assert journal_line(line, account=RECEIVABLE, money=DOLLARS, party_id=3)["party"] == 3


def test_the_other_side_of_a_line() -> None:
    read = {
        "id": 5, "account": 7, "debit": D("1.00"), "credit": D(0), "party": 3, "second_currency": 2,
        "amount_second_currency": D("1.10"), "description": "Paid",
    }  # fmt: skip
    made = reversed_line(read)
    assert (made["debit"], made["credit"], made["amount_second_currency"]) == (0, D("1.00"), D("-1.10"))
    assert made["origin"] == "account.move.line,5"


@pytest.mark.parametrize(
    ("value", "text"), [("1840.0000", "1840"), ("0E-4", "0"), ("1E+3", "1000"), ("-0.10", "-0.1")]
)
def test_decimals_travel_without_zeros_behind_the_point(value: str, text: str) -> None:
    assert _encode(D(value)) == {"__class__": "Decimal", "decimal": text}


def test_days_travel_there_and_back() -> None:
    assert _decode(dict(_encode(date(2026, 2, 28)))) == date(2026, 2, 28)  # type: ignore[call-overload]


def test_references_of_payments() -> None:
    assert payment_of(payment_ref(9, 3)) == (9, 3)
    with pytest.raises(Rejected, match="is not a record of"):
        payment_of("account.invoice,9/party.party,3")
