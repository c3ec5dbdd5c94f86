"""The pure parts: what documents move, sharing, waiting, health, secrets."""

from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workledger.gl import secrets
from workledger.gl.calc import wire
from workledger.gl.calc.effects import Charted, added, beyond, effect_of, shared
from workledger.gl.calc.health import Standing, health_of
from workledger.gl.calc.schedule import wait_after
from workledger.gl.calc.tying import by_place, compare
from workledger.gl.connector import (
    DocumentKind,
    DocumentLine,
    DocumentTax,
    ExternalBalance,
    Invoice,
    Payment,
    Settled,
)
from workledger.gl.secrets import SecretMissing

DAY = date(2026, 3, 16)
CHARTED = Charted("1100")
INVOICE = Invoice(
    "INV-1", "customer:1", DAY, DAY, "EUR", "1100",
    [DocumentLine("Build", "1200", D("960.00"), "19"), DocumentLine("Discount", "1200", D("-60.00"), "19")],
    [DocumentTax("19", "2100", D("900.00"), D("171.00"))], D("1071.00"), D("1071.00"),
)  # fmt: skip
PAYMENT = Payment(
    "customer:1", DAY, "EUR", D("1000.00"), "1000", "1100", "SEPA", [Settled("invoice:7", D("900.00"))]
)


def test_an_invoice_moves_what_it_says() -> None:
    moved = effect_of(DocumentKind.INVOICE, INVOICE, CHARTED)
    assert moved == {("1100", "customer:1"): D(1071), ("1200", ""): D(-900), ("2100", ""): D(-171)}
    assert added([moved, effect_of(DocumentKind.CREDIT_NOTE, INVOICE, CHARTED)]) == {}


def test_a_deposit_is_what_a_payment_cannot_say() -> None:
    """Ours: 1000 to cash, 900 off receivables, 100 a deposit. The document takes all 1000 off receivables."""
    ours = {("1000", ""): D(1000), ("1100", "customer:1"): D(-900), ("2000", ""): D(-100)}
    said = effect_of(DocumentKind.PAYMENT, PAYMENT, CHARTED)
    assert beyond(ours, said) == {("1100", "customer:1"): D(100), ("2000", ""): D(-100)}


def test_a_document_is_the_same_after_it_was_written_down() -> None:
    for kind, document in ((DocumentKind.INVOICE, INVOICE), (DocumentKind.PAYMENT, PAYMENT)):
        again = wire.from_payload(kind, wire.to_payload(document))
        assert wire.to_payload(again) == wire.to_payload(document)
    assert wire.to_payload(INVOICE)["total"] == "1071.00"


def test_references_become_ids_when_it_is_sent() -> None:
    assert wire.needs_of(PAYMENT) == ["customer:1", "invoice:7"]
    sent = wire.with_ids(PAYMENT, {"customer:1": "P5"})
    assert isinstance(sent, Payment)
    assert (sent.customer, list(sent.settles)) == ("P5", [])
    with pytest.raises(KeyError):
        wire.with_ids(PAYMENT, {"invoice:7": "I9"})


@given(
    total=st.decimals(-10_000, 10_000, places=2), parts=st.lists(st.decimals(-500, 500, places=2), min_size=1)
)
def test_shares_sum_to_the_whole(total: D, parts: list[D]) -> None:
    assert sum(shared(total, parts, D("0.01"))) == total


def test_waiting_grows_to_six_hours() -> None:
    minutes = [wait_after(n) / timedelta(minutes=1) for n in (1, 2, 3, 4, 5, 6, 400)]
    assert minutes == [1, 4, 16, 64, 256, 360, 360]


def test_a_difference_that_is_on_its_way_is_explained() -> None:
    theirs = by_place(
        [
            ExternalBalance("1100", "P1", D(100)), ExternalBalance("1100", "P9", D(7)),
            ExternalBalance("1000", "P9", D(50)), ExternalBalance("9999", "", D(3)),
        ],
        CHARTED, {"P1": "customer:1"}, {"1000", "1100"},
    )  # fmt: skip
    found = compare(
        {("1100", "customer:1"): D(150), ("1000", ""): D(50)}, theirs, {("1100", "customer:1"): D(50)}
    )
    assert [(row.place, row.unexplained) for row in found] == [
        (("1000", ""), D(0)),
        (("1100", "customer:1"), D(0)),
    ]


@pytest.mark.parametrize(
    ("standing", "sentence", "tone"),
    [
        (Standing(False, 3, 0, 0, 0), "Paused. 3 documents wait.", "warn"),
        (Standing(True, 1, 0, 0, 0, "timed out"), "No answer: timed out. 1 document waits and will be sent again.", "bad"),
        (Standing(True, 0, 2, 0, 1), "2 documents were refused, 1 change there needs a decision.", "bad"),
        (Standing(True, 4, 0, 0, 0), "4 documents are on their way.", "info"),
        (Standing(True, 0, 0, 0, 0, "", DAY), "In step. Everything is sent, and both sides tied on 16 March 2026.", "good"),
        (Standing(True, 0, 0, 0, 0, "", DAY, D(1)), "The last tie-out has a difference that nothing explains.", "bad"),
    ],
)  # fmt: skip
def test_how_a_connection_is(standing: Standing, sentence: str, tone: str) -> None:
    health = health_of(standing)
    assert (health.sentence, health.tone) == (sentence, tone)


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2\n")
    assert secrets.read("BOOKS", {"WORKLEDGER_GL_BOOKS": "abc"}) == "abc"
    assert secrets.read("BOOKS", {"WORKLEDGER_GL_BOOKS_FILE": str(file)}) == "hunter2"
    with pytest.raises(SecretMissing, match="Set WORKLEDGER_GL_BOOKS"):
        secrets.read("BOOKS", {"BOOKS": "abc"})
    with pytest.raises(SecretMissing, match="cannot be read"):
        secrets.read("BOOKS", {"WORKLEDGER_GL_BOOKS_FILE": str(tmp_path / "none")})
