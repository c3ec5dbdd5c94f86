"""`workledger ledger export`."""

from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from workledger.cli.ledger import command
from workledger.core.refusals import Refused
from workledger.gl.exporters import xero
from workledger.gl.models import JournalSettings
from workledger.ledger import actions as ledger
from workledger.ledger.export import JournalGrain
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import FIRST_DAY, TODAY, World


@pytest.fixture
def busy(world: World) -> World:
    """Two days of work and an invoice, in March."""
    work = [approved(world, TODAY, 7), approved(world, TODAY.replace(day=17), 1)]
    post_now(world.fay.actor, *work, invoiced(world, TODAY, Decimal(600), tax=Decimal(114)))
    return world


def export(file: Path, *said: str) -> str:
    done = CliRunner().invoke(command, ["export", *said, str(file)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_quickbooks_gets_a_summary_of_a_range(busy: World, tmp_path: Path) -> None:
    file = tmp_path / "march.iif"
    said = export(file, "--format", "iif", "--summarized", "--since", "2026-03-17", "--through", "2026-03-31")
    assert "Wrote 1 entries with 4 postings" in said
    assert b"\r\nTRNS\tGENERAL JOURNAL\t03/31/2026\t1200\t\t\t120.00\t" in file.read_bytes()


def test_the_grain_is_the_books_own_unless_it_is_said(busy: World, tmp_path: Path) -> None:
    JournalSettings.objects.create(book_id=busy.book_id, grain=JournalGrain.DAY)
    file = tmp_path / "books.journal"
    assert "Wrote 2 entries" in export(file, "--format", "hledger")
    assert "Wrote 3 entries" in export(file, "--format", "hledger", "--detailed")
    assert "Wrote 1 entries" in export(file, "--format", "hledger", "--summarized")
    assert "Wrote 2 entries" in export(file, "--format", "hledger", "--summarized", "--per", "day")


def test_xero_gets_as_many_files_as_it_needs(
    busy: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xero, "MOST_LINES", 4)
    assert "and 2 more beside it" in export(tmp_path / "books.csv", "--format", "xero")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["books-2.csv", "books-3.csv", "books.csv"]


def test_one_of_several_books_is_named(busy: World, tmp_path: Path) -> None:
    ledger.open_book(actor=busy.system, name="Fjord Inc", currency="USD", first_day=FIRST_DAY, through=TODAY)
    file = tmp_path / "books.iif"
    with pytest.raises(Refused, match="Say which"):
        export(file, "--format", "iif")
    with pytest.raises(Refused, match="There are: Fjord"):
        export(file, "--format", "iif", "--book", "Nobody")
    assert not file.exists()
    assert "Wrote 0 entries" in export(file, "--format", "iif", "--book", "Fjord Inc")
