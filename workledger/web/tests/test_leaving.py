"""The pages on which the books leave the house: what would leave, the files, the mapping."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from workledger.directory.models import TaxCode
from workledger.gl import queries
from workledger.gl.models import Axis
from workledger.ledger import actions as ledger
from workledger.ledger.models import Account, JournalEntry
from workledger.testing.books import approved, invoiced, post_now
from workledger.testing.world import FIRST_DAY, TODAY, Somebody, World

Browser = Callable[[Somebody], Client]
MARCH = "since=2026-03-01&through=2026-03-31"


@pytest.fixture
def busy(world: World) -> World:
    """Work of two days and an invoice, in March."""
    post_now(
        world.fay.actor, approved(world, TODAY, 7), invoiced(world, TODAY, Decimal(600), tax=Decimal(114))
    )
    return world


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.content.decode())


def file_of(client: Client, address: str) -> tuple[str, str]:
    answer: Any = client.get(address)
    assert answer.status_code == 200, answer.content
    content = b"".join(answer).decode("cp1252")
    return answer.headers["Content-Disposition"], content


def test_the_preview_shows_accounts_and_journals_and_leads_back(busy: World, browser_of: Browser) -> None:
    shown = text_of(browser_of(busy.fay).get(f"/ledger/leaving/?{MARCH}"))
    assert "Every account goes under our own code" in shown
    assert "Invoice INV-1" in shown
    for entry in JournalEntry.objects.all():
        assert f'href="/ledger/entries/{entry.pk}/"' in shown


def test_a_summary_leads_to_the_entries_of_its_days(busy: World, browser_of: Browser) -> None:
    shown = text_of(browser_of(busy.fay).get(f"/ledger/leaving/?{MARCH}&grain=period&form=iif"))
    assert f"/ledger/journal/?book={busy.book_id}&amp;since=2026-03-01&amp;through=2026-03-31" in shown
    assert "File, Utilities, Import" in shown


def test_the_last_period_that_is_over_is_shown_first(busy: World, browser_of: Browser) -> None:
    shown = text_of(browser_of(busy.fay).get("/ledger/leaving/"))
    assert "Nothing was posted in these days" in shown


def test_who_does_not_read_the_ledger_exports_nothing(busy: World, browser_of: Browser) -> None:
    for address in ("/ledger/leaving/", "/ledger/mapping/", "/ledger/journal/export/iif"):
        assert browser_of(busy.carl).get(address).status_code == 403


@pytest.mark.parametrize(
    ("form", "name", "part"),
    [
        ("iif", "journal-2026-03-31.iif", "TRNS\tGENERAL JOURNAL\t03/16/2026\t1100\tAcme AG\t\t714.00"),
        ("xero", "journal-2026-03-31.csv", "16/03/2026,Invoice INV-1,1100,Tax Exempt,714.00"),
        ("hledger", "journal-2026-03-31.journal", "Assets:1100 Accounts receivable  714.00 EUR"),
        ("csv", "journal-2026-03-31.csv", "Accounts receivable,EUR,714.00"),
    ],
)
def test_files_are_downloaded_for_a_period(
    busy: World, browser_of: Browser, form: str, name: str, part: str
) -> None:
    disposition, content = file_of(browser_of(busy.fay), f"/ledger/journal/export/{form}?{MARCH}")
    assert name in disposition
    assert part in content
    _, before = file_of(
        browser_of(busy.fay), f"/ledger/journal/export/{form}?since=2026-02-01&through=2026-02-28"
    )
    assert part not in before


def test_a_file_of_no_format_or_of_several_companies_is_refused(busy: World, browser_of: Browser) -> None:
    fay = browser_of(busy.fay)
    assert fay.get("/ledger/journal/export/pdf").status_code == 404
    ledger.open_book(actor=busy.system, name="Fjord Inc", currency="USD", first_day=FIRST_DAY, through=TODAY)
    assert fay.get("/ledger/journal/export/iif").status_code == 422
    assert file_of(fay, f"/ledger/journal/export/iif?book={busy.book_id}")[1].startswith("!ACCNT")


def test_finance_maps_accounts_from_the_chart_that_it_pasted(busy: World, browser_of: Browser) -> None:
    fay, revenue = browser_of(busy.fay), Account.objects.get(role="services_revenue")
    base = f"/ledger/mapping/{busy.book_id}"
    assert fay.post(f"{base}/chart", {"content": "200,Sales,Revenue\n200,Again"}).status_code == 422
    assert fay.post(f"{base}/chart", {"content": "200,Sales,Revenue"}).status_code == 302
    wrong = fay.post(f"{base}/accounts", {f"account.{revenue.pk}": "201"})
    assert (wrong.status_code, "Choose one of the list" in wrong.content.decode()) == (422, True)
    assert fay.post(f"{base}/accounts", {f"account.{revenue.pk}": "200"}).status_code == 302
    shown = text_of(fay.get("/ledger/mapping/"))
    assert "1 of 22" in shown
    assert "Not in its chart" in shown


def test_finance_maps_dimensions_and_names_a_client(busy: World, browser_of: Browser) -> None:
    fay, base = browser_of(busy.fay), f"/ledger/mapping/{busy.book_id}"
    sent = {
        "customer": "client", "tracking_1": "project", "analytic.0.name": "Practice", "analytic.0.dimension": "practice",
        "analytic.1.name": "Practice", "analytic.1.dimension": "office",
    }  # fmt: skip
    wrong = fay.post(f"{base}/dimensions", sent).content.decode()
    assert "Say what the Xero tracking category, first is called there." in wrong
    assert "Another dimension stands on that axis already." in wrong
    sent |= {"tracking_1_name": "Project", "analytic.1.name": "Office"}
    assert fay.post(f"{base}/dimensions", sent).status_code == 302
    axes = {row.axis: row for row in queries.mapping_page(busy.fay.actor).axes}
    assert len(queries.mapping_page(busy.fay.actor).axes) == 4
    assert 'value="Office"' in text_of(fay.get(f"{base}/dimensions"))
    address = f"/ledger/mapping/axes/{axes[Axis.CUSTOMER].id}"
    named = {"values.0.id": str(busy.acme.pk), "values.0.code": "ACME Inc."}
    assert fay.post(address, named).status_code == 302
    assert "ACME Inc." in text_of(fay.get(address))
    _, content = file_of(fay, f"/ledger/journal/export/iif?{MARCH}")
    assert "1100\tACME Inc.\t" in content


def test_finance_maps_taxes_and_says_how_journals_leave(busy: World, browser_of: Browser) -> None:
    fay, base = browser_of(busy.fay), f"/ledger/mapping/{busy.book_id}"
    code = TaxCode.objects.create(entity=busy.entity, name="Standard", category="S", label="VAT")
    assert fay.post(f"{base}/taxes", {f"tax.{code.pk}": "19% USt"}).status_code == 302
    assert fay.post(f"{base}/journals", {"grain": "period", "no_tax": "No VAT"}).status_code == 302
    shown = text_of(fay.get("/ledger/mapping/"))
    assert "19% USt" in shown
    assert "No VAT" in shown
    assert "summarized per period" in text_of(fay.get(f"/ledger/leaving/?{MARCH}"))


def test_queries_do_not_grow_with_the_journals(
    busy: World, browser_of: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    post_now(busy.fay.actor, *(approved(busy, TODAY, hours) for hours in range(1, 9)))
    fay = browser_of(busy.fay)
    fay.get(f"/ledger/leaving/?{MARCH}")
    with django_assert_max_num_queries(40):
        fay.get(f"/ledger/leaving/?{MARCH}")
    with django_assert_max_num_queries(40):
        fay.get("/ledger/mapping/")
