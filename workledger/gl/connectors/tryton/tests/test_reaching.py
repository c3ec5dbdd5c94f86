"""What is reached, and what is said where nothing is."""

from dataclasses import replace
from typing import Any

import pytest

from workledger.gl.connector import Rejected, Unreachable
from workledger.gl.connectors.tryton.books import JournalCodes
from workledger.gl.connectors.tryton.connector import TrytonConnector, TrytonSettings
from workledger.gl.connectors.tryton.wire import Login


def test_says_what_was_reached(connector: TrytonConnector) -> None:
    assert connector.check() == "Tryton 8.2: Northwind Studio, books in EUR, 24 accounts."


def test_chart_by_code(connector: TrytonConnector) -> None:
    assert connector.accounts()["1100"] == "Accounts receivable"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "wrong"}, "does not let the user workledger in"),
        ({"url": "tryton.example.com"}, "is no address of a server"),
    ],
)
def test_settings_that_are_wrong(tryton: Login, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Rejected, match=sentence):
        TrytonConnector(TrytonSettings(replace(tryton, **change))).check()


def test_nobody_answers(tryton: Login) -> None:
    with pytest.raises(Unreachable, match="did not answer"):
        TrytonConnector(TrytonSettings(replace(tryton, url="http://127.0.0.1:9"))).check()


def test_journal_that_is_not_there(tryton: Login) -> None:
    settings = TrytonSettings(tryton, journals=JournalCodes(payments="BANK"))
    with pytest.raises(Rejected, match="no journal with the code BANK"):
        TrytonConnector(settings).check()


def test_company_that_is_not_there(tryton: Login) -> None:
    with pytest.raises(Rejected, match="found: none"):
        TrytonConnector(TrytonSettings(tryton, company="Southwind")).check()
