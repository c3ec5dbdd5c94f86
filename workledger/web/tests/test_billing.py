"""The pages of billing: WIP, pre-bills, invoices; who sees what, what is refused, and how many queries it takes."""

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from workledger.billing.actions.invoices import credit_invoice, issue_invoice
from workledger.billing.actions.prebills import hold_items, run_billing
from workledger.billing.actions.requests import set_adjustment_limit
from workledger.billing.models import (
    AdjustmentRequest,
    Invoice,
    InvoiceChoice,
    InvoiceLayout,
    OpenItem,
    PaymentTerms,
    PurchaseOrder,
    ReasonCode,
    UnpricedItem,
    WriteDown,
)
from workledger.contracts.models import Rate
from workledger.directory.models import BillingProfile
from workledger.receivables.actions import record_payment
from workledger.receivables.models import Allocation, Payment, Receivable
from workledger.receivables.page_queries import InvoiceFilters, invoices
from workledger.testing.time import approve_all, approved, book
from workledger.testing.world import TODAY, Somebody, World
from workledger.timesheets.approval import approve_lines
from workledger.web.views import billing_chosen

Browser = Callable[[Somebody], Client]
MARCH_2, MARCH_3 = date(2026, 3, 2), date(2026, 3, 3)
THROUGH = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def _today(set_today: Callable[[date], None]) -> None:
    """It is the world's Monday, 16 March 2026."""
    set_today(TODAY)


@pytest.fixture
def work(world: World) -> World:
    """8 h of Carl and 2.5 h of Pia for Acme (960 + 400), 4 h of Carl for Borealis (520), approved."""
    book(world.carl, world.build, MARCH_2, "8", note="Wired the press")
    book(world.pia, world.build, MARCH_3, "2.5")
    book(world.carl, world.advice, MARCH_3, "4")
    approve_all(world)
    return world


@pytest.fixture
def drafts(work: World) -> list[Invoice]:
    """The pre-bills of Acme and Borealis."""
    run_billing(actor=work.fay.actor, through=THROUGH)
    return list(Invoice.objects.order_by("client__name"))


def text(answer: object) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def ids() -> list[int]:
    return list(OpenItem.objects.order_by("service_date", "pk").values_list("pk", flat=True))


ADDRESSES = ["/wip/", "/wip/clients/{client}/", "/wip/figures/held/", "/prebills/", "/prebills/new", "/prebills/{draft}/",
             "/prebills/{draft}/total", "/invoices/", "/invoices/total", "/invoices/export.csv", "/invoices/{issued}/",
             "/invoices/{issued}/total", "/invoices/{issued}/pdf", "/invoices/{draft}/pdf", "/invoices/{issued}/credit",
             "/invoices/{issued}/ubl", "/invoices/{issued}/cii",
             "/invoices/{issued}/payments", "/invoices/{issued}/lines/{line}/entries"]  # fmt: skip


def _addresses(world: World, drafts: list[Invoice]) -> list[str]:
    acme, borealis = drafts
    world.borealis.vat_id = "SE556677889901"  # what its e-invoice asks for
    world.borealis.save()
    issue_invoice(actor=world.fay.actor, invoice_id=borealis.pk, issued_on=TODAY)
    names = {
        "client": world.acme.pk,
        "draft": acme.pk,
        "issued": borealis.pk,
        "line": borealis.lines.get().pk,
    }
    return [address.format(**names) for address in ADDRESSES]


def test_finance_opens_every_page_and_a_stranger_none(
    world: World, drafts: list[Invoice], browser_of: Browser
) -> None:
    addresses = _addresses(world, drafts)
    fay, stan, nobody = browser_of(world.fay), browser_of(world.stan), Client()
    assert {address: fay.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)
    assert {address: stan.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 403)
    assert {nobody.get(address).status_code for address in addresses} == {302}


def test_a_consultant_sees_no_prices(world: World, drafts: list[Invoice], browser_of: Browser) -> None:
    carl = browser_of(world.carl)
    assert {carl.get(address).status_code for address in _addresses(world, drafts)} == {403}


# --- the client's contact -------------------------------------------------------------------------------


def test_the_contact_sees_her_clients_issued_invoices_and_nothing_else(
    world: World, drafts: list[Invoice], browser_of: Browser
) -> None:
    acme, borealis = drafts
    for invoice in drafts:
        issue_invoice(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)
    approved(world.carl, world, world.workshops, MARCH_3, "1")
    run_billing(actor=world.fay.actor, through=THROUGH)
    draft = Invoice.objects.get(state="draft")
    cleo = browser_of(world.cleo)
    listed = text(cleo.get("/invoices/"))
    assert "INV-2026-00001" in listed
    assert "Borealis" not in listed
    assert "€1,618" in listed
    assert ">Open<" not in listed
    page = text(cleo.get(f"/invoices/{acme.pk}/"))
    assert "Verified" in page
    for internal in (
        "Postings",
        "Journal entry",
        "Record payment",
        "Wired the press",
        "/entries",
        "What happened",
    ):
        assert internal not in page
    assert cleo.get(f"/invoices/{acme.pk}/pdf").content.startswith(b"%PDF")
    for hidden in (f"/invoices/{borealis.pk}/", f"/invoices/{borealis.pk}/pdf", f"/invoices/{draft.pk}/",
                   f"/invoices/{draft.pk}/pdf", f"/invoices/{borealis.pk}/total", f"/invoices/{borealis.pk}/ubl",
                   f"/invoices/{draft.pk}/cii"):  # fmt: skip
        assert cleo.get(hidden).status_code == 404
    for closed in ("/wip/", "/prebills/", f"/prebills/{draft.pk}/", f"/invoices/{acme.pk}/credit",
                   f"/invoices/{acme.pk}/payments", f"/invoices/{acme.pk}/lines/{acme.lines.order_by('position')[0].pk}/entries"):  # fmt: skip
        assert cleo.get(closed).status_code == 403
    exported = cleo.get("/invoices/export.csv").getvalue().decode()
    assert exported.count("\r\n") == 2  # the head and her one invoice
    assert ",1618.4000,," in exported  # what is open is not hers to know


# --- WIP ------------------------------------------------------------------------------------------------


def test_wip_stands_by_client_and_age(work: World, browser_of: Browser) -> None:
    approved(work.carl, work, work.build, date(2026, 2, 2), "1")  # 42 days before
    page = text(browser_of(work.fay).get("/wip/"))
    assert "1,480.00" in page  # Acme: 960 + 400 + 120
    assert "1,360.00" in page  # of it 0 to 30 days
    assert f"client={work.acme.pk}&amp;age=1" in page or f"age=1&amp;client={work.acme.pk}" in page
    narrowed = text(browser_of(work.fay).get("/wip/?q=borea"))
    assert "Acme" not in narrowed


def test_items_are_narrowed_by_age_project_person_and_state(work: World, browser_of: Browser) -> None:
    approved(work.carl, work, work.build, date(2026, 2, 2), "1", note="Old work")
    hold_items(actor=work.fay.actor, item_ids=[ids()[0]], reason_code=ReasonCode.QUALITY, note="Ask Pia")
    fay, address = browser_of(work.fay), f"/wip/clients/{work.acme.pk}/"
    held = text(fay.get(address + "?state=held"))
    assert "Quality or rework: Ask Pia" in held
    assert "Wired the press" not in held
    assert "Old work" in text(fay.get(address + "?age=1"))
    assert "Old work" not in text(fay.get(address + "?age=0"))
    assert "Wired the press" not in text(fay.get(address + f"?person={work.pia.person_id}"))
    assert "No work fits" in text(fay.get(address + f"?project={work.beacon.pk}"))


def test_held_work_is_released_and_undone(work: World, browser_of: Browser) -> None:
    fay, one = browser_of(work.fay), ids()[0]
    asked = fay.post("/wip/holds/new", {"ids": [one], "next": "/wip/?q=a"})
    assert "Hold 1 item" in text(asked)
    refused = fay.post("/wip/holds", {"items": one, "reason_code": "", "note": ""})
    assert refused.status_code == 422
    assert not OpenItem.objects.filter(is_held=True).exists()
    done = fay.post("/wip/holds", {"items": one, "reason_code": "quality", "note": "", "next": "/wip/?q=a"})
    assert (done.status_code, done.headers["Location"]) == (302, "/wip/?q=a")
    assert OpenItem.objects.get(is_held=True).pk == one
    assert fay.post(f"/wip/releases?items={one}").status_code == 302
    assert not OpenItem.objects.filter(is_held=True).exists()


def test_of_a_mixed_choice_only_what_can_be_held_or_released_is_taken(
    work: World, browser_of: Browser
) -> None:
    fay, (first, second, _) = browser_of(work.fay), ids()
    hold_items(actor=work.fay.actor, item_ids=[first], reason_code=ReasonCode.OTHER)
    both = f"{first},{second}"
    assert fay.post("/wip/holds", {"items": both, "reason_code": "quality", "note": ""}).status_code == 302
    assert OpenItem.objects.filter(is_held=True).count() == 2
    assert fay.post("/wip/holds/new", {"ids": [first, second]}).status_code == 422
    assert fay.post("/wip/releases", {"items": ",".join(map(str, ids()))}).status_code == 302
    assert not OpenItem.objects.filter(is_held=True).exists()


def test_the_workbench_lists_all_clients_and_narrows_them(work: World, browser_of: Browser) -> None:
    fay = browser_of(work.fay)
    page = text(fay.get("/wip/work/"))
    assert "Acme AG" in page
    assert "Borealis AB" in page
    assert (
        "Acme AG" not in text(fay.get(f"/wip/work/?client={work.borealis.pk}&state=open")).split("<tbody>")[1]
    )


def test_work_is_deferred_and_brought_back(work: World, browser_of: Browser) -> None:
    fay, one = browser_of(work.fay), ids()[0]
    assert 'value="1 Apr 2026"' in text(fay.post("/wip/deferrals/new", {"ids": [one]}))
    sent = {"items": one, "until": "1 Apr 2026", "reason_code": "bill_later", "note": "With the milestone"}
    assert fay.post("/wip/deferrals", sent).status_code == 302
    assert "Apr 2026" in text(fay.get("/wip/work/?state=deferred"))
    assert "Deferred" in text(fay.get("/wip/"))
    assert fay.post(f"/wip/deferral-ends?items={one}").status_code == 302
    assert not OpenItem.objects.exclude(not_before=None).exists()


def test_work_is_split_transferred_and_put_together_again(work: World, browser_of: Browser) -> None:
    fay, one = browser_of(work.fay), ids()[0]
    assert fay.post("/wip/splits/new", {"ids": ids()[:2]}).status_code == 422
    why = {"reason_code": "other", "note": ""}
    refused = fay.post("/wip/splits", {"items": one, "hours": "", "amount": "", **why})
    assert "hours or the amount" in text(refused)
    assert fay.post("/wip/splits", {"items": one, "hours": "1", "amount": "", **why}).status_code == 302
    part = OpenItem.objects.filter(item__is_split=True).latest("pk").pk
    assert "Advisory, Borealis AB" in text(fay.post("/wip/transfers/new", {"ids": [part]}))
    sent = {"items": part, "contract_line_id": work.advisory.pk, "task_id": "", **why}
    assert fay.post("/wip/transfers", sent).status_code == 302
    moved = OpenItem.objects.get(client_id=work.borealis.pk, item__change__isnull=False)
    assert "From Acme AG" in text(fay.get(f"/trail/item/{moved.pk}/"))
    assert fay.post("/wip/restorations", {"items": moved.pk}).status_code == 302
    rest = OpenItem.objects.filter(item__is_split=True).latest("pk").pk
    assert fay.post("/wip/restorations", {"items": rest}).status_code == 302
    assert OpenItem.objects.count() == 3


def test_a_write_up_above_the_limit_says_that_it_waits(work: World, browser_of: Browser) -> None:
    set_adjustment_limit(actor=work.olivia.actor, entity_id=work.entity_id, amount=D(10))
    sent = {"items": ids()[0], "amount": "11", "on": "16 Mar 2026", "reason_code": "under_valued", "note": ""}
    done = browser_of(work.fay).post("/wip/write-ups", {**sent, "next": "/wip/work/"}, follow=True)
    assert "waits for somebody else" in text(done)
    assert AdjustmentRequest.objects.get().value == D(11)


def test_all_that_match_are_taken_together(work: World, browser_of: Browser) -> None:
    sent = {"all": "1", "client": work.acme.pk, "filters": f"person={work.pia.person_id}"}
    asked = text(browser_of(work.fay).post("/wip/write-offs/new", sent))
    assert "Write off 1 item" in asked
    assert "€400.00" in asked


def test_a_write_down_too_great_is_refused_beside_its_field(work: World, browser_of: Browser) -> None:
    fay, one = browser_of(work.fay), ids()[0]
    sent = {"items": one, "amount": "961", "on": "16 Mar 2026", "reason_code": "goodwill", "note": ""}
    refused = fay.post("/wip/write-downs", sent)
    assert refused.status_code == 422
    assert "Write down from 0 to 960.00 EUR" in text(refused)
    assert not WriteDown.objects.exists()
    assert fay.post("/wip/write-downs", {**sent, "amount": "60"}).status_code == 302
    assert OpenItem.objects.get(pk=one).amount == D(900)
    assert fay.post("/wip/write-offs", sent).status_code == 302
    assert not OpenItem.objects.filter(pk=one).exists()


def test_chosen_work_is_billed_by_contract(work: World, browser_of: Browser) -> None:
    fay = browser_of(work.fay)
    assert 'value="3 Mar 2026"' in text(fay.post("/wip/bills/new", {"ids": ids()[:2]}))
    done = fay.post("/wip/bills", {"items": ",".join(map(str, ids()[:2])), "through": "3 Mar 2026"})
    made = Invoice.objects.get()
    assert (made.client_id, done.headers["Location"]) == (work.acme.pk, f"/prebills/{made.pk}/")


def test_acts_need_the_right_and_a_choice(work: World, browser_of: Browser) -> None:
    pia = browser_of(work.pia)  # prepares bills, writes nothing off
    assert (
        pia.post("/wip/write-offs", {"items": ids()[0], "on": "today", "reason_code": "other"}).status_code
        == 403
    )
    assert pia.post("/wip/holds/new", {}).status_code == 422
    assert pia.post("/wip/dances/new", {"ids": ids()}).status_code == 404
    assert OpenItem.objects.count() == 3


def test_work_without_a_rate_is_listed_and_priced_once_there_is_one(
    world: World, browser_of: Browser
) -> None:
    rates = list(Rate.objects.filter(card__contract=world.acme_contract, role=world.consultant))
    Rate.objects.filter(role=world.consultant).delete()
    approved(world.carl, world, world.build, MARCH_2, "8")
    fay = browser_of(world.fay)
    for address in ("/wip/", f"/wip/clients/{world.acme.pk}/"):
        page = text(fay.get(address))
        assert "No rate: why" in page
        assert f"/rate-cards/{rates[0].card_id}" in page
    Rate.objects.bulk_create(rates)
    assert fay.post("/wip/pricing").status_code == 302
    assert not UnpricedItem.objects.exists()


# --- pre-bills ------------------------------------------------------------------------------------------


def test_billing_is_run_from_the_page(work: World, browser_of: Browser) -> None:
    fay = browser_of(work.fay)
    assert 'value="28 Feb 2026"' in text(fay.get("/prebills/new"))
    refused = fay.post("/prebills/new", {"through": "someday", "client_id": ""})
    assert refused.status_code == 422
    assert not Invoice.objects.exists()
    done = fay.post("/prebills/new", {"through": "31 Mar 2026", "client_id": work.borealis.pk}, follow=True)
    assert "Made 1 pre-bill: €520.00 net." in text(done)
    again = fay.post("/prebills/new", {"through": "31 Mar 2026", "client_id": ""}, follow=True)
    assert "1,618.40" in text(again)  # Acme, gross


def test_the_review_shows_lines_entries_and_their_reasons(
    world: World, drafts: list[Invoice], browser_of: Browser
) -> None:
    fay, acme = browser_of(world.fay), drafts[0]
    page = text(fay.get(f"/prebills/{acme.pk}/"))
    assert f'src="/invoices/{acme.pk}/pdf' in page
    line = acme.lines.get(rate=120)
    assert f"/invoices/{acme.pk}/lines/{line.pk}/entries" in page
    entries = text(fay.get(f"/invoices/{acme.pk}/lines/{line.pk}/entries", headers={"HX-Request": "true"}))
    assert "Wired the press" in entries
    assert "/trail/item/" in entries
    assert "<html" not in entries


def test_lines_are_written_down_dropped_and_noted(
    world: World, drafts: list[Invoice], browser_of: Browser
) -> None:
    fay, acme = browser_of(world.fay), drafts[0]
    first, second = acme.lines.order_by("position")
    down = f"/prebills/{acme.pk}/lines/{first.pk}/write-downs"
    sent = {"amount": "60", "on": "16 Mar 2026", "reason_code": "goodwill", "note": ""}
    assert fay.post(down, {**sent, "amount": "0"}).status_code == 422
    assert fay.post(down, sent).status_code == 302
    assert fay.post(f"/prebills/{acme.pk}/note", {"note": "Thank you."}).status_code == 302
    acme.refresh_from_db()
    assert (acme.net, acme.note) == (D(1300), "Thank you.")
    assert fay.post(f"/prebills/{acme.pk}/drops", {}).status_code == 422
    dropped = fay.post(f"/prebills/{acme.pk}/drops", {"ids": [second.pk], "act": "hold"})
    assert dropped.headers["Location"] == f"/prebills/{acme.pk}/"
    assert OpenItem.objects.get().is_held
    whole = fay.post(f"/prebills/{acme.pk}/drops", {"whole": "1", "act": "drop"})
    assert whole.headers["Location"] == "/prebills/"
    assert OpenItem.objects.count() == 2


def test_an_invoice_is_issued_from_its_review(
    world: World, drafts: list[Invoice], browser_of: Browser
) -> None:
    fay, acme = browser_of(world.fay), drafts[0]
    refused = fay.post(f"/invoices/{acme.pk}/issue", {"issued_on": "someday"})
    assert refused.status_code == 422
    page = text(refused)
    assert "data-open" in page
    assert 'id="id_issued_on-about"><p class="field-error"' in page
    done = fay.post(f"/invoices/{acme.pk}/issue", {"issued_on": "16 Mar 2026"})
    assert done.headers["Location"] == f"/invoices/{acme.pk}/"
    acme.refresh_from_db()
    assert (acme.number, acme.issued_on) == ("INV-2026-00001", TODAY)
    assert fay.post(f"/invoices/{acme.pk}/issue", {"issued_on": "16 Mar 2026"}).status_code == 422
    assert fay.get(f"/prebills/{acme.pk}/").status_code == 404


def test_what_keeps_it_from_being_issued_stands_on_the_review(
    world: World, drafts: list[Invoice], browser_of: Browser
) -> None:
    acme = drafts[0]
    BillingProfile.objects.filter(client=world.acme).update(requires_po=True)
    fay = browser_of(world.fay)
    assert "No purchase order" in text(fay.get("/prebills/"))
    assert "asks for a purchase order number" in text(fay.get(f"/prebills/{acme.pk}/"))
    refused = fay.post(f"/invoices/{acme.pk}/issue", {"issued_on": "16 Mar 2026"})
    assert (refused.status_code, Invoice.objects.filter(state="issued").count()) == (422, 0)
    assert "needs a purchase order number" in text(refused)


def test_who_alone_approved_the_time_is_told_that_another_issues(world: World, browser_of: Browser) -> None:
    entry = book(world.carl, world.build, MARCH_2, "8")
    approve_lines(actor=world.fay.actor, line_ids=[entry.line_id])
    run_billing(actor=world.fay.actor, through=THROUGH)
    draft = Invoice.objects.get()
    fay, olivia = browser_of(world.fay), browser_of(world.olivia)
    sentence = "You alone approved all the time on it."
    assert sentence in text(fay.get(f"/prebills/{draft.pk}/"))
    assert sentence not in text(olivia.get(f"/prebills/{draft.pk}/"))
    assert fay.post(f"/invoices/{draft.pk}/issue", {"issued_on": "16 Mar 2026"}).status_code == 422


def test_several_are_issued_together(world: World, drafts: list[Invoice], browser_of: Browser) -> None:
    fay, both = browser_of(world.fay), [draft.pk for draft in drafts]
    assert "Issue 2 invoices" in text(fay.post("/prebills/issues/new", {"ids": both}))
    assert browser_of(world.pia).post("/prebills/issues", {"items": both}).status_code == 403
    done = fay.post("/prebills/issues", {"items": ",".join(map(str, both)), "issued_on": "16 Mar 2026"})
    assert done.headers["Location"] == "/invoices/"
    assert Invoice.objects.filter(state="issued").count() == 2


# --- invoices -------------------------------------------------------------------------------------------


@pytest.fixture
def issued(world: World, drafts: list[Invoice]) -> list[Invoice]:
    """The invoices of Acme (1618.40, due in 30 days) and Borealis (520, due in 14), issued today."""
    for draft in drafts:
        issue_invoice(actor=world.fay.actor, invoice_id=draft.pk, issued_on=TODAY)
        draft.refresh_from_db()
    return drafts


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("", {"INV-2026-00001", "INV-2026-00002", "CN-2026-00001"}),
        ("state=open", {"INV-2026-00001"}),
        ("state=overdue", set()),
        ("state=credited", {"INV-2026-00002"}),
        ("state=credit_note", {"CN-2026-00001"}),
        ("state=paid", set()),
        ("period=2026-03&q=acme", {"INV-2026-00001"}),
        ("period=2026-02", set()),
        ("period=2026", {"INV-2026-00001", "INV-2026-00002", "CN-2026-00001"}),
    ],
)  # fmt: skip
def test_filters_stand_in_the_address_and_in_the_export(
    world: World, issued: list[Invoice], browser_of: Browser, asked: str, numbers: set[str]
) -> None:
    credit_invoice(actor=world.fay.actor, invoice_id=issued[1].pk, on=TODAY, reason="Wrong address")
    fay = browser_of(world.fay)
    page = text(fay.get(f"/invoices/?{asked}"))
    every = {"INV-2026-00001", "INV-2026-00002", "CN-2026-00001"}
    assert {number for number in every if number in page} == numbers
    exported = fay.get(f"/invoices/export.csv?{asked}").getvalue().decode("utf-8-sig")
    assert {line.split(",")[0] for line in exported.splitlines()[1:]} == numbers


def test_a_credit_note_counts_against_its_invoice(
    world: World, issued: list[Invoice], browser_of: Browser
) -> None:
    credit_invoice(actor=world.fay.actor, invoice_id=issued[0].pk, on=TODAY, reason="Wrong address")
    fay = browser_of(world.fay)
    total = text(fay.get("/invoices/total"))
    assert "€520.00" in total  # 1618.40 + 520 - 1618.40
    sheet = load_workbook(io.BytesIO(fay.get("/invoices/export.xlsx").content)).active
    assert sheet is not None
    gross = {row[0]: row[9] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert gross == {"INV-2026-00001": 1618.4, "INV-2026-00002": 520, "CN-2026-00001": -1618.4}


def test_pages_follow_a_cursor_there_and_back(
    world: World, issued: list[Invoice], browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser_of(world.fay).get("/invoices/?cursor=nonsense").status_code == 422
    assert browser_of(world.fay).get(f"/wip/clients/{world.acme.pk}/?cursor=-x").status_code == 422
    wanted = InvoiceFilters(as_of=TODAY)
    first = invoices(world.fay.actor, wanted, limit=1)
    second = invoices(world.fay.actor, wanted, first.next, limit=1)
    back = invoices(world.fay.actor, wanted, second.previous, limit=1)
    assert (first.previous, second.next, back.next) == ("", "", first.next)
    assert [page.rows[0].number for page in (first, second, back)] == [
        "INV-2026-00002", "INV-2026-00001", "INV-2026-00002",
    ]  # fmt: skip


def test_a_payment_is_recorded_and_too_much_is_confirmed(
    world: World, issued: list[Invoice], browser_of: Browser
) -> None:
    fay, address = browser_of(world.fay), f"/invoices/{issued[0].pk}/payments"
    assert fay.post(address, {"amount": "0", "on": "16 Mar 2026", "reference": ""}).status_code == 422
    assert (
        fay.post(address, {"amount": "618.40", "on": "16 Mar 2026", "reference": "Part"}).status_code == 302
    )
    assert Receivable.objects.get(pk=issued[0].pk).open_amount == D(1000)
    more = {"amount": "1100", "on": "16 Mar 2026", "reference": ""}
    asked = fay.post(address, more)
    assert asked.status_code == 409
    assert "It stays as a deposit of the client" in text(asked)
    assert Payment.objects.count() == 1
    assert fay.post(address, {**more, "confirm": "overpayment"}).status_code == 302
    page = text(fay.get(f"/invoices/{issued[0].pk}/"))
    assert "Paid" in page
    assert "618.40" in page


def test_a_payment_is_voided_from_the_page_of_its_invoice(
    world: World, issued: list[Invoice], browser_of: Browser
) -> None:
    fay, acme = browser_of(world.fay), issued[0]
    payment = record_payment(actor=world.fay.actor, invoice_id=acme.pk, amount=D(1000), on=TODAY).payment_id
    address = f"/payments/{payment}/void"
    assert address in fay.get(f"/invoices/{acme.pk}/").content.decode()
    assert f"{acme.number} will be open again" in text(fay.get(address))
    assert fay.post(address, {"reason": "", "on": "16 Mar 2026"}).status_code == 422
    assert fay.post(address, {"reason": "Bounced", "on": "16 Mar 2026"}).status_code == 302
    assert Receivable.objects.get(pk=acme.pk).open_amount == acme.gross
    assert "Voided" in text(fay.get(f"/invoices/{acme.pk}/"))
    assert "16 Mar 2026: Bounced" in text(fay.get(f"/receivables/{acme.client_id}/"))
    assert browser_of(world.pia).get(address).status_code == 403


def test_a_bad_debt_is_written_off_and_owed_again(
    world: World, issued: list[Invoice], browser_of: Browser
) -> None:
    fay, acme = browser_of(world.fay), issued[0]
    page, address = f"/invoices/{acme.pk}/", f"/invoices/{acme.pk}/bad-debt"
    assert address in fay.get(page).content.decode()
    assert browser_of(world.pia).get(address).status_code == 403
    told = {"amount": f"{acme.gross:.2f}", "on": "16 Mar 2026", "reason": "Insolvent", "tax_relief": "on"}
    assert fay.post(address, {**told, "amount": "99999"}).status_code == 422
    assert fay.post(address, told).status_code == 302
    assert "Written off" in text(fay.get(page))
    wanted = InvoiceFilters(as_of=TODAY, state="written_off")
    assert [row.id for row in invoices(world.fay.actor, wanted).rows] == [acme.pk]
    assert not invoices(world.fay.actor, InvoiceFilters(as_of=TODAY, state="paid")).rows
    again = {"amount": f"{acme.gross:.2f}", "on": "16 Mar 2026", "reason": "They pay"}
    assert fay.post(f"{address}/reversal", again).status_code == 302
    assert Receivable.objects.get(pk=acme.pk).open_amount == acme.gross


def test_an_invoice_is_credited_in_full(world: World, issued: list[Invoice], browser_of: Browser) -> None:
    fay, acme = browser_of(world.fay), issued[0]
    record_payment(actor=world.fay.actor, invoice_id=acme.pk, amount=D(100), on=TODAY)
    address = f"/invoices/{acme.pk}/credit"
    assert "€100.00 paid on it becomes a deposit of Acme AG" in text(fay.get(address))
    refused = fay.post(address, {"reason": " ", "on": "16 Mar 2026"})
    assert refused.status_code == 422
    assert "Say why the invoice is credited" in text(refused)
    assert fay.post(address, {"reason": "Wrong address", "on": "16 Mar 2026"}).status_code == 302
    page = text(fay.get(f"/invoices/{acme.pk}/"))
    assert "Credited in full." in page
    assert "Credit in full" not in page
    assert sum(row.amount for row in Allocation.objects.all()) == 0
    note = Invoice.objects.get(kind="credit_note")
    assert f"Credits {acme.number} in full." in text(fay.get(f"/invoices/{note.pk}/"))


def test_the_invoice_shows_what_it_posted_and_that_its_document_is_whole(
    world: World, issued: list[Invoice], browser_of: Browser
) -> None:
    page = text(browser_of(world.fay).get(f"/invoices/{issued[0].pk}/"))
    for shown in (
        "Verified",
        "Accounts receivable",
        "Tax 19%",
        "1,618.40",
        "258.40",
        "Issued INV-2026-00001",
    ):
        assert shown in page
    assert browser_of(world.pia).get(f"/invoices/{issued[0].pk}/").status_code == 200
    assert "Postings" not in text(browser_of(world.pia).get(f"/invoices/{issued[0].pk}/"))


# --- how it grows ---------------------------------------------------------------------------------------


def _queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def test_query_counts_do_not_grow_with_rows(world: World, drafts: list[Invoice], browser_of: Browser) -> None:
    fay, (acme, borealis) = browser_of(world.fay), drafts
    issue_invoice(actor=world.fay.actor, invoice_id=borealis.pk, issued_on=TODAY)
    approved(world.carl, world, world.workshops, MARCH_3, "1")
    hold_items(actor=world.fay.actor, item_ids=ids(), reason_code=ReasonCode.OTHER)
    approved(world.pia, world, world.review, MARCH_3, "1")
    line = acme.lines.order_by("position")[0]
    pages = ["/wip/", f"/wip/clients/{world.acme.pk}/", "/prebills/", f"/prebills/{acme.pk}/", "/invoices/",
             f"/invoices/{borealis.pk}/", f"/invoices/{acme.pk}/lines/{line.pk}/entries"]  # fmt: skip
    before = {address: _queries(fay, address) for address in pages}
    for day in range(9, 14):
        for who, task in (
            (world.carl, world.workshops),
            (world.pia, world.review),
            (world.carl, world.advice),
        ):
            book(who, task, date(2026, 3, day), "1")
    approve_all(world)
    run_billing(actor=world.fay.actor, through=date(2026, 3, 11))
    issue_invoice(
        actor=world.fay.actor,
        invoice_id=Invoice.objects.get(client=world.borealis, state="draft").pk,
        issued_on=TODAY,
    )
    record_payment(actor=world.fay.actor, invoice_id=borealis.pk, amount=D(10), on=TODAY)
    record_payment(actor=world.fay.actor, invoice_id=borealis.pk, amount=D(11), on=TODAY)
    assert {address: _queries(fay, address) for address in pages} == before


def test_addresses_to_go_back_to_stay_in_this_installation(work: World, browser_of: Browser) -> None:
    sent = {"items": ids()[0], "reason_code": "quality", "note": "", "next": "https://elsewhere.example/"}
    assert browser_of(work.fay).post("/wip/holds", sent).headers["Location"] == "/wip/"
    assert billing_chosen.undo_of("/x", range(101)) == ""


# --- reviews of pre-bills ---------------------------------------------------------------------------------


def test_a_pre_bill_goes_to_its_manager_and_back_in_the_browser(
    world: World, browser_of: Browser, drafts: list[Invoice]
) -> None:
    fay, pia = browser_of(world.fay), browser_of(world.pia)
    acme = drafts[0].pk
    fay.post("/prebills/reviews", {"ids": [acme]})
    assert "With Pia" in text(fay.get("/prebills/"))
    assert "to review before they are issued" in text(pia.get("/"))
    page = text(pia.get(f"/prebills/{acme}/"))
    assert "Approve as it is" in page
    pia.post(f"/prebills/{acme}/comments", {"act": "back", "comment": "Leave the press out"})
    assert "Leave the press out" in text(fay.get(f"/prebills/{acme}/"))
    assert "was sent back by" in text(fay.post(f"/invoices/{acme}/issue", {"issued_on": "2026-03-31"}))
    fay.post(f"/prebills/{acme}/reviews/new", {"reviewer_id": ""})
    pia.post("/prebills/approvals", {"ids": [acme]})
    assert "Approved" in text(fay.get("/prebills/"))


def test_lines_are_reworded_joined_and_parted_in_the_browser(
    world: World, browser_of: Browser, drafts: list[Invoice]
) -> None:
    fay, acme = browser_of(world.fay), drafts[0]
    first = acme.lines.order_by("position")[0]
    assert "Part the line" in text(fay.get(f"/prebills/{acme.pk}/lines/{first.pk}/parts"))
    answer = fay.post(f"/prebills/{acme.pk}/lines/{first.pk}/words", {"description": "Wiring in March"})
    assert answer.status_code == 302
    assert "Wiring in March" in text(fay.get(f"/prebills/{acme.pk}/"))
    refused = fay.post(f"/prebills/{acme.pk}/drops", {"act": "join", "ids": [first.pk]})
    assert refused.status_code == 422
    assert "Choose two lines" in text(refused)


def test_a_schedule_is_set_seen_and_removed(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    entity = world.acme_contract.entity_id
    assert "No schedule yet" in text(fay.get("/prebills/schedules"))
    said = {"entity_id": entity, "every": "month", "day": "3", "asks_review": "on", "is_on": "on"}
    assert fay.post("/prebills/schedules/new", said).status_code == 302
    assert "On day 3 of each month" in text(fay.get("/prebills/schedules"))
    assert "3 Apr" in text(fay.get("/prebills/schedules"))
    assert "Use a day of 1 to 28" in text(fay.post("/prebills/schedules/new", said | {"day": "31"}))


# --- what invoices carry -----------------------------------------------------------------------------------


def test_a_line_is_credited_in_part_and_the_rest_is_billed_anew(
    world: World, issued: list[Invoice], browser_of: Browser
) -> None:
    fay, acme = browser_of(world.fay), issued[0]
    line = acme.lines.order_by("position").first()
    assert line is not None
    address = f"/invoices/{acme.pk}/credit/lines"
    assert line.description in text(fay.get(address))
    sent = {f"part-{line.pk}": "1", "reason": "Agreed", "reason_code": "goodwill", "on": "16 Mar 2026"}
    refused = fay.post(address, sent | {f"part-{line.pk}": "999999"})
    assert refused.status_code == 422
    assert "Credit all of this line" in text(refused)
    assert fay.post(address, sent).status_code == 302
    assert "credited on 16 Mar 2026" in text(fay.get(f"/invoices/{acme.pk}/"))
    assert "priced at" in text(fay.get(f"/invoices/{acme.pk}/rebill"))
    answer = fay.post(f"/invoices/{acme.pk}/rebill", {"reason": "Wrong rate", "on": "16 Mar 2026"})
    again = Invoice.objects.get(corrects_invoice=acme)
    assert (answer.status_code, answer["Location"]) == (302, f"/prebills/{again.pk}/")
    assert "corrects it" in text(fay.get(f"/invoices/{acme.pk}/"))


def test_a_down_payment_is_asked_for_and_drawn_on_a_pre_bill(world: World, browser_of: Browser) -> None:
    fay, contract = browser_of(world.fay), world.acme_contract
    address = f"/contracts/{contract.pk}/down-payments/new"
    refused = fay.post(address, {"draw_percent": "100", "on": "16 Mar 2026"})
    assert refused.status_code == 422
    assert "Give an amount or a percentage" in text(refused)
    answer = fay.post(address, {"amount": "500", "draw_percent": "50", "on": "16 Mar 2026"})
    payment = Invoice.objects.get(draw_percent=50)
    assert answer["Location"] == f"/prebills/{payment.pk}/"
    issue_invoice(actor=world.fay.actor, invoice_id=payment.pk, issued_on=TODAY)
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    run = run_billing(actor=world.fay.actor, through=date(2026, 3, 31))
    bill = Invoice.objects.get(pk=run.invoices[0].id)
    assert bill.net == D(480)
    assert "INV-2026-00001" in text(fay.get(f"/prebills/{bill.pk}/"))
    draw = f"/prebills/{bill.pk}/draws/{payment.pk}"
    assert "can be drawn" in text(fay.get(draw))
    assert fay.post(draw, {"amount": "100"}).status_code == 302
    assert "400.00" in text(fay.get(f"/contracts/{contract.pk}"))


def test_a_layout_is_previewed_kept_and_chosen(world: World, browser_of: Browser) -> None:
    olivia = browser_of(world.olivia)
    page = text(olivia.get("/settings/invoices/layouts/new"))
    assert "/settings/invoices/layouts/preview?" in page
    shown = olivia.get(
        "/settings/invoices/layouts/preview", {"group_by": "week", "line_by": "role", "columns": ["rate"]}
    )
    assert shown["Content-Type"] == "application/pdf"
    frame = text(olivia.get("/settings/invoices/layouts/frame", {"name": "x", "group_by": "week"}))
    assert "preview?group_by=week" in frame
    sent = {
        "name": "By week",
        "group_by": "week",
        "line_by": "role",
        "columns": ["rate"],
        "attaches": "client",
    }
    assert olivia.post("/settings/invoices/layouts/new", sent | {"line_by": "week"}).status_code == 422
    assert olivia.post("/settings/invoices/layouts/new", sent).status_code == 302
    layout = InvoiceLayout.objects.get()
    assert "By week" in text(olivia.get("/settings/invoices"))
    assert "By week" in text(olivia.get(f"/settings/invoices/layouts/{layout.pk}"))
    assert (
        olivia.post("/settings/invoices/terms/new", {"name": "Ten days", "net_days": "10"}).status_code == 302
    )
    terms = PaymentTerms.objects.get()
    chosen = {"layout_id": str(layout.pk), "terms_id": str(terms.pk)}
    for address in (
        f"/clients/{world.acme.pk}/invoices-use",
        f"/contracts/{world.acme_contract.pk}/invoices-use",
    ):
        assert "Ten days" in text(olivia.get(address))
        assert olivia.post(address, chosen).status_code == 302
    assert set(InvoiceChoice.objects.values_list("layout_id", flat=True)) == {layout.pk}


def test_a_purchase_order_is_kept_and_carried(world: World, browser_of: Browser) -> None:
    olivia, contract = browser_of(world.olivia), world.acme_contract
    address = f"/contracts/{contract.pk}/purchase-orders/new"
    sent = {"number": "4500", "valid_from": "1 Jan 2026", "amount": "900", "warn_percent": "80"}
    assert olivia.post(address, sent | {"number": ""}).status_code == 422
    assert olivia.post(address, sent).status_code == 302
    order = PurchaseOrder.objects.get()
    changed = f"/contracts/{contract.pk}/purchase-orders/{order.pk}"
    assert "4500" in text(olivia.get(changed))
    assert olivia.post(changed, sent | {"number": "4501"}).status_code == 302
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    bill = Invoice.objects.get(
        pk=run_billing(actor=world.fay.actor, through=date(2026, 3, 31)).invoices[0].id
    )
    assert "4501" in text(olivia.get(f"/prebills/{bill.pk}/"))
    warned = olivia.post(f"/invoices/{bill.pk}/issue", {"issued_on": "16 Mar 2026"})
    assert warned.status_code == 409
    assert "The client may send it back" in text(warned)
    assert olivia.post(f"/prebills/{bill.pk}/purchase-order", {"purchase_order_id": ""}).status_code == 302
    assert Invoice.objects.get(pk=bill.pk).purchase_order is None


def test_money_on_account_is_recorded_and_used(
    world: World, issued: list[Invoice], browser_of: Browser
) -> None:
    fay, acme = browser_of(world.fay), issued[0]
    sent = {"amount": "50", "currency": "EUR", "entity_id": str(world.entity_id), "on": "16 Mar 2026"}
    address = f"/receivables/{world.acme.pk}/deposits/new"
    assert fay.get(address).status_code == 200
    assert fay.post(address, sent).status_code == 302
    assert "50.00 on deposit" in text(fay.get(f"/invoices/{acme.pk}/"))
    assert fay.get(f"/invoices/{acme.pk}/deposits").status_code == 200
    assert fay.post(f"/invoices/{acme.pk}/deposits", {"on": "16 Mar 2026"}).status_code == 302
    assert Allocation.objects.get().amount == D(50)
