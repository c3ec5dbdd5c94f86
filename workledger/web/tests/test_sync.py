"""Pages of the sync with a general ledger."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workledger.gl.connector import DocumentKind
from workledger.gl.sync.models import Connection, Incoming, Outgoing, TieOut
from workledger.gl.tests.acts import invoice, settle
from workledger.testing.general_ledger import MemoryLedger, memory_ledger, sync_told
from workledger.testing.world import TODAY, Somebody, World

Browser = Callable[[Somebody], Client]


@pytest.fixture(autouse=True)
def _today(set_today: Callable[[date], None]) -> None:
    set_today(TODAY)


@pytest.fixture
def there() -> Iterator[MemoryLedger]:
    with memory_ledger() as ledger:
        yield ledger


@pytest.fixture
def fay(world: World, browser_of: Browser) -> Client:
    return browser_of(world.fay)


@pytest.fixture
def told(world: World, there: MemoryLedger) -> Connection:
    return sync_told(world, there)


def page(client: Client, name: str, *args: int, **asked: object) -> str:
    answer = client.get(reverse(name, args=args), asked)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_firm_without_one_is_told_what_to_do(fay: Client) -> None:
    assert "No general ledger is connected" in page(fay, "sync")


def test_a_general_ledger_is_connected_by_form(world: World, fay: Client, there: MemoryLedger) -> None:
    sent = {
        "name": "Books", "book_id": world.book_id, "starts_on": "1.1.2026", "opening": "send", "journal_grain": "day",
        "url": "https://books.example", "password": "secret!",
    }  # fmt: skip
    refused = fay.post(f"{reverse('sync-new')}?connector=memory", sent)
    assert refused.status_code == 422
    assert "not the secret itself" in refused.content.decode()
    answer = fay.post(f"{reverse('sync-new')}?connector=memory", sent | {"password": "BOOKS_PASSWORD"})
    connection = Connection.objects.get()
    assert answer["Location"] == reverse("sync-outbox", args=[connection.pk])
    assert connection.settings == {"url": "https://books.example", "password": "BOOKS_PASSWORD"}
    missing = fay.post(reverse("sync-check", args=[connection.pk]), follow=True).content.decode()
    assert "Set WORKLEDGER_GL_BOOKS_PASSWORD" in missing


def test_the_outbox_says_what_waits_and_why(fay: Client, told: Connection) -> None:
    shown = page(fay, "sync-outbox", told.pk)
    assert "Account 1200 is not there." in shown
    assert "The client calls back on Monday" in shown
    assert "Invoice INV-2026-00001" not in shown
    assert "Invoice INV-2026-00001" in page(fay, "sync-outbox", told.pk, state="all")
    assert "No answer: The connection broke off." in page(fay, "sync")


def test_a_document_shows_what_it_says_and_is_sent_again(
    fay: Client, told: Connection, there: MemoryLedger
) -> None:
    refused = Outgoing.objects.get(state="rejected")
    shown = page(fay, "sync-document", refused.pk)
    assert "880.00" in shown  # 8 × 110
    assert refused.key in shown
    assert '"receivable_account": "1100"' in shown.replace("&quot;", '"')
    fay.post(reverse("sync-document-retry", args=[refused.pk]))
    settle(told)
    assert len(there.of_kind(DocumentKind.INVOICE)) == 2


def test_a_document_is_held_and_left_out_with_a_reason(fay: Client, told: Connection) -> None:
    refused = Outgoing.objects.get(state="rejected")
    at = reverse("sync-document-hold", args=[refused.pk])
    assert fay.post(at, {"reason": ""}).status_code == 422
    fay.post(at, {"reason": "Later"})
    fay.post(reverse("sync-document-skip", args=[refused.pk]), {"reason": "By hand", "external_id": "X7"})
    shown = page(fay, "sync-document", refused.pk)
    assert "Left out" in shown
    assert "X7" in shown


def test_a_conflict_is_settled(fay: Client, told: Connection) -> None:
    shown = page(fay, "sync-inbox", told.pk)
    assert "Payment P4 recorded" in shown
    paid = Incoming.objects.get(state="conflict", kind="payment")
    assert "642.40" in page(fay, "sync-change", paid.pk)  # 1,142.40 less 500 that was taken over
    fay.post(
        reverse("sync-change", args=[paid.pk]),
        {"choice": "keep", "reason": "A mistake there", "on": "16.3.2026"},
    )
    edited = Incoming.objects.get(state="conflict", kind="invoice_edited")
    fay.post(reverse("sync-change-dismiss", args=[edited.pk]), {"reason": "Corrected there"})
    assert "Nothing to decide" in page(fay, "sync-inbox", told.pk)
    assert "Corrected there" in page(fay, "sync-inbox", told.pk, state="all")


def test_a_tie_out_names_what_differs_and_what_is_on_its_way(fay: Client, told: Connection) -> None:
    shown = page(fay, "sync-tie-out", TieOut.objects.get().pk)
    assert "Differs" in shown
    assert "Of these days, not there now" in shown
    answer = fay.post(reverse("sync-compare", args=[told.pk]), {"as_of": "31.3."})
    assert TieOut.objects.latest("pk").as_of == date(2026, 3, 31)
    assert answer.status_code == 302
    assert fay.post(reverse("sync-compare", args=[told.pk]), {"as_of": "soon"}).status_code == 422


def test_pausing_asks_why(fay: Client, told: Connection) -> None:
    fay.post(reverse("sync-switch", args=[told.pk]), {"reason": "Year end there"})
    assert "Paused." in page(fay, "sync-outbox", told.pk)
    fay.post(reverse("sync-settings", args=[told.pk]), {"name": "New", "journal_grain": "entry", "url": "x"})
    assert page(fay, "sync-outbox", told.pk).count("New")


def test_an_auditor_reads_and_a_lead_does_not(world: World, told: Connection, browser_of: Browser) -> None:
    assert browser_of(world.pia).get(reverse("sync-outbox", args=[told.pk])).status_code == 403


def test_the_outbox_asks_as_often_however_long_it_is(world: World, fay: Client, told: Connection) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as captured:
            page(fay, "sync-outbox", told.pk)
        return len(captured)

    page(fay, "sync-outbox", told.pk)
    few = queries()
    for week in (1, 2):
        invoice(world, "2", date(2026, 2, 2 + 7 * week))
    assert queries() == few
