"""Files for QuickBooks and Xero: their columns, their limits, and text that nobody takes for a formula."""

import csv
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.gl import exporting
from workledger.gl.exporters import FORMS, Order, xero
from workledger.gl.exporters.iif import _cell, _number
from workledger.gl.exporting import Files, download, export
from workledger.gl.models import AccountMapping, JournalSettings
from workledger.gl.tests.readers import Pages, map_some, problems_of_books, written
from workledger.ledger import actions as ledger
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Account, AccountRole
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import World

DAY = date(2026, 3, 2)


@pytest.fixture
def busy(world: World) -> World:
    """Seven hours of work and an invoice; clients, projects and revenue are mapped."""
    post_now(
        world.fay.actor,
        approved(world, DAY, 7),
        invoiced(world, DAY, Decimal("600.10"), tax=Decimal("114.02")),
    )
    revenue = Account.objects.get(book_id=world.book_id, role=AccountRole.SERVICES_REVENUE)
    AccountMapping.objects.create(account=revenue, code="Income:Consulting")
    return world


def iif(world: World, grain: JournalGrain = JournalGrain.DETAIL) -> list[list[str]]:
    (text,) = written(world.fay.actor, "iif", world.book_id, grain)
    return [row.split("\t") for row in text.split("\r\n")]


def test_every_program_finds_our_balances(busy: World) -> None:
    assert problems_of_books(busy.system, [busy.book_id]) == []


def test_an_invoice_for_quickbooks(busy: World) -> None:
    map_some(busy.book_id)
    rows = iif(busy)
    begin = rows.index(["ENDTRNS"]) + 1
    number = rows[begin][7]
    common = ["GENERAL JOURNAL", "03/02/2026"]
    assert rows[begin:] == [
        ["TRNS", *common, "1100", "Acme AG", "", "714.12", number, "Invoice INV-1"],
        ["SPL", *common, "1200", "Acme AG", "", "-600.10", number, "Invoice INV-1"],
        ["SPL", *common, "2100", "Acme AG", "", "-114.02", number, "Invoice INV-1"],
        ["ENDTRNS"],
        [""],
    ]


def test_quickbooks_learns_of_accounts_that_nobody_mapped_and_of_customers(busy: World) -> None:
    rows = iif(busy)
    lists = rows[: rows.index(["!ENDTRNS"]) - 2]
    assert lists[0] == ["!ACCNT", "NAME", "ACCNTTYPE", "DESC"]
    assert ["ACCNT", "1100", "AR", "Accounts receivable"] in lists
    assert ["ACCNT", "2100", "OCLIAB", "Tax payable"] in lists
    assert "Income:Consulting" not in {row[1] for row in lists}
    assert lists[-2:] == [["!CUST", "NAME"], ["CUST", "Acme AG"]]


def test_a_summary_for_quickbooks_is_a_journal_a_client_and_one_of_the_rest(busy: World) -> None:
    rows = [row for row in iif(busy, JournalGrain.PERIOD) if row[0] in ("TRNS", "SPL")]
    shown = [(row[0], row[3], row[4], row[6]) for row in rows]
    assert shown == [
        ("TRNS", "1200", "", "840.00"), ("SPL", "Income:Consulting", "", "-840.00"),
        ("SPL", "5000", "", "350.00"), ("SPL", "5900", "", "-350.00"),
        ("TRNS", "1100", "Acme AG", "714.12"), ("SPL", "1200", "", "-600.10"), ("SPL", "2100", "", "-114.02"),
    ]  # fmt: skip
    assert {row[2] for row in rows} == {"03/31/2026"}


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a\tb\r\nc", "a b c"),
        ('say "yes"', "say 'yes'"),
        ("=cmd()", "'=cmd()"),
        ("-12.50", "-12.50"),
        ("-12.50+1", "'-12.50+1"),
        ("Müller €", "Müller €"),
        ("Łódź \N{GREEK SMALL LETTER PI}", "?ódz ?"),
    ],
)
def test_cells_for_quickbooks(text: str, cell: str) -> None:
    assert _cell(text) == cell


def test_numbers_fit_quickbooks() -> None:
    assert (_number("1234"), _number("1-20260331"), _number("12-20260331-345")) == (
        "1234",
        "120260331",
        "20260331345",
    )


def test_a_journal_for_xero(busy: World) -> None:
    map_some(busy.book_id)
    JournalSettings.objects.create(book_id=busy.book_id, no_tax="No VAT")
    busy.atlas.name = "=Atlas"
    busy.atlas.save()
    (text,) = written(busy.fay.actor, "xero", busy.book_id)
    rows = list(csv.reader(StringIO(text, newline="")))
    assert rows[0][:6] == ["*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount"]
    narration = rows[1][0]
    assert narration.startswith("Carl on Atlas, 7 h (")
    assert rows[1][1:] == [
        "02/03/2026", "Carl on Atlas, 7 h", "5000", "No VAT", "350.00", "Engagement", "'=Atlas", "", "",
    ]  # fmt: skip
    assert rows[5][6:] == ["", "", "", ""]


def test_xero_takes_so_many_lines_a_file_and_no_journal_is_cut(
    busy: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(xero, "MOST_LINES", 5)
    first, second = written(busy.fay.actor, "xero", busy.book_id)
    assert (first.count("\r\n"), second.count("\r\n")) == (5, 4)
    order = Order((busy.book_id,))
    with Files.beside(tmp_path / "books.csv", "utf-8") as files:
        export(busy.fay.actor, FORMS["xero"], order, files)
    assert (tmp_path / "books.csv").read_bytes().decode() == first
    assert (tmp_path / "books-2.csv").read_bytes().decode() == second
    file, name, kind = download(busy.fay.actor, FORMS["xero"], order, "books")
    assert (name, kind) == ("books.zip", "application/zip")
    with file, ZipFile(BytesIO(file.read())) as archive:
        assert archive.namelist() == ["books-1.csv", "books-2.csv"]


def test_one_file_is_downloaded_as_it_is(busy: World) -> None:
    file, name, kind = download(busy.fay.actor, FORMS["iif"], Order(), "books")
    assert (name, kind) == ("books.iif", "text/plain; charset=cp1252")
    with file:
        assert file.read().startswith(b"!ACCNT\tNAME")


def test_a_range_of_days_leaves_the_rest_here(busy: World) -> None:
    pages = Pages()
    order = Order((busy.book_id,), date(2026, 4, 1), date(2026, 5, 1))
    assert export(busy.fay.actor, FORMS["iif"], order, pages).entries == 0
    assert pages.files[0].split("\r\n")[0].startswith("!TRNS")


def test_what_is_refused(busy: World) -> None:
    ledger.open_book(
        actor=busy.system, name="Fjord Inc", currency="USD", first_day=DAY, through=date(2026, 4, 1)
    )
    fay, pages = busy.fay.actor, Pages()
    with pytest.raises(Forbidden):
        export(busy.carl.actor, FORMS["csv"], Order(), pages)
    with pytest.raises(Refused, match="Say which"):
        export(fay, FORMS["xero"], Order(), pages)
    with pytest.raises(Refused, match="comes after"):
        export(fay, FORMS["csv"], Order(start=DAY, end=DAY), pages)
    with pytest.raises(NotFound):
        export(fay, FORMS["iif"], Order((987_654,)), pages)
    with pytest.raises(NotFound):
        exporting.form_of("pdf")
    assert pages.files == [""]
