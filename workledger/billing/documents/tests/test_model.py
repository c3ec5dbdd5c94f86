"""A document's sums hold, and its stored form says the same as the document."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.documents.model import (
    InvalidDocument,
    InvoiceDocument,
    Logo,
    TimesheetRow,
    content_hash,
    credit_of,
    from_json,
    to_json,
)
from workledger.billing.documents.tests.samples import SELLER, backup, document, line, lines


def problems(doc: InvoiceDocument, **changes: object) -> tuple[str, ...]:
    with pytest.raises(InvalidDocument) as refused:
        replace(doc, **changes)  # type: ignore[arg-type]
    return refused.value.problems


def test_round_trip_keeps_everything() -> None:
    png = Logo("image/png", bytes(range(256)))
    doc = document(lines(8), backup=backup(40), seller=replace(SELLER, logo=png), notes="Zwei\nZeilen „ü“ 🎉")
    assert from_json(to_json(doc)) == doc


def test_round_trip_of_a_bare_document() -> None:
    doc = document((), kind="pre_bill", number="", due_on=None, service_period=None)
    assert from_json(to_json(doc)) == doc


def test_stored_form_is_canonical() -> None:
    one = document((line(1, "12.50", "160.00"),))
    other = document((line(1, "12.5", "1.6E+2"),))
    assert to_json(one) == to_json(other)
    assert b'"quantity":"12.5","rate":"160"' in to_json(one)
    assert to_json(one).startswith(b'{"accent":"#1d5c45","backup":[],"buyer":{"address":')


def test_backup_is_stored_as_arrays() -> None:
    row = TimesheetRow(date(2026, 3, 2), "Carl", "Build", 'Said "yes"', Decimal("7.50"), Decimal("0.00"))
    assert b'"backup":[["2026-03-02","Carl","Build","Said \\"yes\\"","7.5","0"]]' in to_json(
        document(backup=(row,))
    )


def test_hash_follows_the_content() -> None:
    doc = document()
    assert content_hash(doc) == content_hash(from_json(to_json(doc)))
    assert content_hash(doc) != content_hash(replace(doc, notes="One word"))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"kind":"invoice"}'])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidDocument):
        from_json(data)


def test_a_stored_document_with_a_changed_figure_is_refused() -> None:
    changed = to_json(document()).replace(b'"quantity":"12.5"', b'"quantity":"13.5"')
    with pytest.raises(InvalidDocument, match=r"Line 1: 13\.5 × 160 is 2160\.00, not 2000"):
        from_json(changed)


def test_quantity_times_rate_is_the_amount_to_the_cent() -> None:
    # 27.75 × 133.3333 = 3699.999..., half up 3700.00
    good = line(1, "27.75", "133.3333")
    assert good.amount == Decimal("3700.00")
    bad = replace(good, amount=Decimal("3699.99"))
    with pytest.raises(InvalidDocument, match=r"not 3699\.99"):
        document((bad,))


def test_half_a_cent_rounds_away_from_zero() -> None:
    assert line(1, "0.5", "0.01").amount == Decimal("0.01")
    assert line(1, "-0.5", "0.01").amount == Decimal("-0.01")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("net", "The net is 2000.00, not 2000.01."),
        ("tax", "The tax is 380.00, not 380.01."),
        ("gross", "The gross is 2380.00, not 2380.01."),
        ("due", "The amount due is 2380.00, not 2380.01."),
    ],
)
def test_each_total_follows_from_its_parts(field: str, said: str) -> None:
    doc = document()
    assert said in problems(doc, **{field: getattr(doc, field) + Decimal("0.01")})


def test_all_problems_are_told_at_once() -> None:
    told = problems(document(), number="", currency="euro", tax=Decimal(1), accent="red")
    assert len(told) == 5  # four parts, and a gross that no longer is net and tax


def test_tax_follows_from_its_base() -> None:
    doc = document((line(1, "1", "100"), line(2, "1", "50", tax_code="R", tax_rate=Decimal(7))))
    standard, reduced = doc.taxes
    assert problems(
        doc, taxes=(replace(standard, tax=Decimal("18.00")), replace(reduced, tax=Decimal("4.50")))
    ) == (
        "Tax S: 19 % of 100.00 is 19.00, not 18.00.",
        "Tax R: 7 % of 50.00 is 3.50, not 4.50.",
    )
    assert "Tax R at 7 % has lines but no total." in problems(doc, taxes=(standard,))
    assert "Tax S at 19 % stands twice." in problems(doc, taxes=(standard, standard, reduced))
    assert "Tax S at 19 %: the lines sum to 100.00, the base says 90.00." in problems(
        doc, taxes=(replace(standard, base=Decimal("90.00")), reduced)
    )


def test_a_currency_without_cents() -> None:
    yen = replace(line(1, "1.5", "15001"), amount=Decimal(22502))  # 22501.5, half up
    doc = document()
    tax = replace(doc.taxes[0], base=Decimal(22502), tax=Decimal(4275))  # 19 % is 4275.38
    whole = Decimal(26777)
    made = replace(
        doc,
        currency="JPY",
        currency_digits=0,
        lines=(yen,),
        taxes=(tax,),
        net=Decimal(22502),
        tax=Decimal(4275),
        gross=whole,
        due=whole,
    )
    assert from_json(to_json(made)) == made


def test_what_each_kind_must_name() -> None:
    doc = document()
    assert problems(doc, due_on=None) == ("An invoice needs the date on which it is due.",)
    assert problems(doc, number="") == ("An issued document needs its number.",)
    assert problems(doc, kind="credit_note") == ("A credit note names the invoice that it credits.",)


def test_credit_gives_back_the_whole_invoice() -> None:
    invoice = document(lines(6), paid=Decimal(100), due=document(lines(6)).gross - 100)
    credit = credit_of(invoice, number="CN-7", issued_on=date(2026, 4, 20))
    assert (credit.kind, credit.number, credit.original_number) == ("credit_note", "CN-7", "INV-2026-0042")
    assert (credit.lines, credit.taxes, credit.gross) == (invoice.lines, invoice.taxes, invoice.gross)
    assert (credit.due, credit.due_on, credit.original_issued_on) == (invoice.gross, None, date(2026, 4, 2))
    with pytest.raises(InvalidDocument):
        credit_of(credit, number="CN-8", issued_on=date(2026, 4, 21))


def test_subtotals_keep_the_order_of_the_groups() -> None:
    doc = document(
        (
            line(1, "2", "100", group="Build"),
            line(2, "1", "80", group="Advice"),
            line(3, "3", "100", group="Build", unit="day"),
        )
    )
    assert doc.subtotals() == (("Build", Decimal(2), Decimal(500)), ("Advice", Decimal(1), Decimal(80)))
