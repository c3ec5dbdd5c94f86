"""The exported journal, read back by hledger and beancount, has the trial balance's figures."""

import csv
import shutil
import subprocess
from collections import defaultdict
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core.convert import get_weight
from beancount.core.data import Open, Transaction

from workledger.core.access import Permission
from workledger.core.refusals import Forbidden
from workledger.ledger import actions, queries
from workledger.ledger.chart import STANDARD_CHART
from workledger.ledger.dimensions import Dimension
from workledger.ledger.drafts import EntryDraft, PostingDraft
from workledger.ledger.export import EVERYTHING, Extent, Format, JournalGrain, export
from workledger.ledger.export.beancount import _component
from workledger.ledger.export.source import amount_text
from workledger.ledger.models import AccountRole, Book
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import World

DAY = date(2026, 3, 2)
needs_hledger = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")


@pytest.fixture
def busy(world: World) -> World:
    """Work, an invoice, a krona invoice at 0.0891 with its difference, and words that mean something to a parser."""
    krona = [
        PostingDraft(AccountRole.RECEIVABLE, debit=Decimal("1000.55"), functional=Decimal("89.15")),
        PostingDraft(AccountRole.CONTRACT_POSITION, credit=Decimal("1000.55"), functional=Decimal("89.15")),
    ]
    post_now(
        world.fay.actor,
        approved(world, DAY, 7, price=133),
        invoiced(world, date(2026, 3, 5), Decimal("600.10"), tax=Decimal("114.02")),
        EntryDraft(
            world.book_id,
            date(2026, 3, 6),
            "invoice_issued",
            'Borealis; a|b  ((x)) "q" \\ \n=1',
            "SEK",
            krona,
        ),
    )
    world.atlas.name = 'Atlas, "phase; 2": æ'
    world.atlas.save()
    return world


def written(world: World, form: Format, extent: Extent = EVERYTHING) -> str:
    parts: list[str] = []
    export(world.fay.actor, form, parts.append, extent=extent)
    return "".join(parts)


def wanted(world: World) -> dict[str, Decimal]:
    found = queries.trial_balance(world.fay.actor, world.book_id, date(2026, 12, 31))
    return {line.code: line.balance for line in found.lines if line.balance}


@needs_hledger
def test_hledger_finds_nothing_to_complain_of_and_the_same_balances(busy: World, tmp_path: Path) -> None:
    file = tmp_path / "books.journal"
    file.write_text(written(busy, Format.HLEDGER))
    subprocess.run(["hledger", "-f", file, "check", "--strict"], check=True, capture_output=True)
    report = subprocess.run(
        ["hledger", "-f", file, "balance", "--cost", "--flat", "-N", "-O", "csv"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    rows = list(csv.reader(report.splitlines()))[1:]
    found = {
        name.split(":")[1].split()[0]: Decimal(amount.removesuffix(" EUR").replace(",", ""))
        for name, amount in rows
    }
    assert found == wanted(busy)


def test_beancount_finds_nothing_to_complain_of_and_the_same_balances(busy: World) -> None:
    entries, errors, _ = loader.load_string(written(busy, Format.BEANCOUNT))
    assert not errors
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if isinstance(entry, Transaction):
            for side in entry.postings:
                weight = get_weight(side)  # type: ignore[no-untyped-call]
                sums[side.account.split(":")[1].split("-")[0]] += weight.number or Decimal(0)
    assert {code: round(total, 2) for code, total in sums.items() if round(total, 2)} == wanted(busy)
    assert sum(isinstance(entry, Open) for entry in entries) == len(STANDARD_CHART)


def test_beancount_keeps_hours_and_what_a_posting_is_about(busy: World) -> None:
    entries, _, _ = loader.load_string(written(busy, Format.BEANCOUNT))
    first = next(entry for entry in entries if isinstance(entry, Transaction))
    meta = first.postings[0].meta or {}
    assert (meta["hours"], meta["client"], meta["project"]) == (7, "Acme AG", 'Atlas, "phase; 2": æ')
    assert first.narration == "Carl on Atlas, 7 h"


def test_csv_balances_and_never_starts_a_formula(busy: World) -> None:
    busy.atlas.name = "=cmd()"
    busy.atlas.save()
    rows = list(csv.DictReader(StringIO(written(busy, Format.CSV), newline="")))
    assert len(rows) == 9
    assert sum(Decimal(row["book_debit"]) for row in rows) == sum(Decimal(row["book_credit"]) for row in rows)
    assert rows[0]["hours"] == "7"
    assert rows[0]["project"] == "'=cmd()"
    assert {row["currency"] for row in rows} == {"EUR", "SEK"}


@needs_hledger
def test_two_books_in_one_journal_keep_their_accounts_apart(busy: World, tmp_path: Path) -> None:
    actions.open_book(
        actor=busy.system, name="Fjord: Inc", currency="USD", first_day=DAY, through=date(2026, 4, 1)
    )
    file = tmp_path / "books.journal"
    file.write_text(written(busy, Format.HLEDGER))
    subprocess.run(["hledger", "-f", file, "check", "--strict"], check=True, capture_output=True)
    assert "account Assets:Fjord Inc:1000 Cash clearing" in file.read_text()
    entries, errors, _ = loader.load_string(written(busy, Format.BEANCOUNT))
    assert not errors
    assert sum(isinstance(entry, Open) for entry in entries) == 2 * len(STANDARD_CHART)


def rows_of(world: World, extent: Extent) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(written(world, Format.CSV, extent), newline="")))


@pytest.mark.parametrize("grain", [JournalGrain.DAY, JournalGrain.PERIOD])
def test_a_summary_has_the_same_balances(busy: World, grain: JournalGrain) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(busy, Extent(grain=grain)):
        sums[row["account"]] += Decimal(row["book_debit"]) - Decimal(row["book_credit"])
    assert {code: total for code, total in sums.items() if total} == wanted(busy)


def test_a_summary_sums_by_account_currency_and_kept_dimensions(busy: World) -> None:
    post_now(
        busy.fay.actor, approved(busy, DAY, 1, price=133), approved(busy, date(2026, 3, 3), 2, price=133)
    )
    rows = rows_of(busy, Extent(end=date(2026, 3, 5), grain=JournalGrain.DAY, keep=(Dimension.PROJECT,)))
    assert [(row["entry"], row["account"], row["book_debit"], row["book_credit"], row["project"], row["client"]) for row in rows][:4] == [
        (f"{busy.book_id}-20260302", "1200", "1064.00", "0.00", 'Atlas, "phase; 2": æ', ""),
        (f"{busy.book_id}-20260302", "4000", "0.00", "1064.00", 'Atlas, "phase; 2": æ', ""),
        (f"{busy.book_id}-20260302", "5000", "400.00", "0.00", 'Atlas, "phase; 2": æ', ""),
        (f"{busy.book_id}-20260302", "5900", "0.00", "400.00", 'Atlas, "phase; 2": æ', ""),
    ]  # fmt: skip
    assert [row["hours"] for row in rows] == ["", "", "8", "", "", "", "2", ""]
    assert rows[-1]["date"] == "2026-03-03"


def test_a_summary_of_a_period_stands_on_its_last_day_within_the_range(busy: World) -> None:
    assert {row["date"] for row in rows_of(busy, Extent(grain=JournalGrain.PERIOD))} == {"2026-03-31"}
    assert {
        row["date"] for row in rows_of(busy, Extent(end=date(2026, 3, 6), grain=JournalGrain.PERIOD))
    } == {"2026-03-05"}


def test_a_summary_by_client_has_one_receivable_an_entry(busy: World) -> None:
    rows = rows_of(busy, Extent(grain=JournalGrain.PERIOD, by_client=True))
    receivables = [(row["entry"], row["client"]) for row in rows if row["account"] == "1100"]
    assert receivables == [
        (f"{busy.book_id}-20260331", ""), (f"{busy.book_id}-20260331-{busy.acme.pk}", "Acme AG"),
    ]  # fmt: skip
    assert {row["client"] for row in rows if row["account"] != "1100"} == {""}


def foreign(world: World, day: date, own: int, value: int) -> EntryDraft:
    """A krona receivable, positive or negative, at a value of its own."""
    postings = [PostingDraft(AccountRole.RECEIVABLE, **sides(own, value)), PostingDraft(AccountRole.CONTRACT_POSITION, **sides(-own, -value))]  # fmt: skip
    return EntryDraft(world.book_id, day, "invoice_issued", "Krona", "SEK", postings)


def sides(own: int, value: int) -> dict[str, Any]:
    return {"debit" if own > 0 else "credit": Decimal(abs(own)), "functional": Decimal(abs(value))}


@needs_hledger
def test_sums_whose_sides_differ_between_currencies_are_read_back(world: World, tmp_path: Path) -> None:
    """1,000 SEK in at 90 EUR, 1,000 out at 95: nothing in krona, -5 in euro. 500 in at 60, 400 out at 70: +100 SEK, -10 EUR."""
    post_now(
        world.fay.actor,
        foreign(world, DAY, 1000, 90), foreign(world, DAY, -1000, 95),
        foreign(world, date(2026, 3, 3), 500, 60), foreign(world, date(2026, 3, 3), -400, 70),
    )  # fmt: skip
    extent = Extent(grain=JournalGrain.DAY)
    text = written(world, Format.HLEDGER, extent)
    file = tmp_path / "books.journal"
    file.write_text(text)
    subprocess.run(["hledger", "-f", file, "check", "--strict"], check=True, capture_output=True)
    assert not loader.load_string(written(world, Format.BEANCOUNT, extent))[1]
    shown = [
        line.strip().split("  ")[1]
        for line in text.splitlines()
        if "1100 Accounts" in line and line[0] == " "
    ]
    assert shown == ["-5.00 EUR", "100.00 SEK @@ 0.00 EUR", "-10.00 EUR"]


def test_without_cost_permission_labour_is_left_out_and_entries_balance(busy: World) -> None:
    fay = busy.fay.actor.limited_to(busy.fay.actor.permissions - {Permission.VIEW_COST}, "cli")
    parts: list[str] = []
    result = export(fay, Format.BEANCOUNT, parts.append)
    assert (result.entries, result.postings) == (3, 7)
    assert "Labour" not in "".join(parts)
    assert not loader.load_string("".join(parts))[1]


def test_carl_exports_nothing(busy: World) -> None:
    with pytest.raises(Forbidden):
        export(busy.carl.actor, Format.CSV, lambda _text: None)


def test_an_empty_journal_is_a_valid_one(world: World) -> None:
    assert not loader.load_string(written(world, Format.BEANCOUNT))[1]
    assert Book.objects.count() == 1


@pytest.mark.parametrize(
    ("stored", "currency", "text"),
    [
        ("12.5000", "EUR", "12.50"),
        ("12.0001", "EUR", "12.0001"),
        ("0.0000", "EUR", "0.00"),
        ("1200.0000", "JPY", "1200"),
        ("1200.5000", "JPY", "1200.5"),
    ],
)
def test_amounts_keep_every_decimal_they_have(stored: str, currency: str, text: str) -> None:
    assert amount_text(stored, currency) == text


@pytest.mark.parametrize(
    ("name", "component"),
    [
        ("1000 Cash clearing", "1000-Cash-clearing"),
        ("Überschuß & Co.", "Überschuß-Co"),
        ("!", "X"),
        ("東", "X-東"),
    ],
)
def test_account_names_suit_beancount(name: str, component: str) -> None:
    assert _component(name) == component
