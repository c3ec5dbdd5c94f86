"""Accessibility of the pages in a browser (WCAG 2.2 AA by axe), and that charts are drawn under the product's own policy."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from workledger.billing.actions import milestones, purchase_orders
from workledger.billing.actions.down_payments import DownPaymentTerms, request_down_payment, set_draw
from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.layouts import LayoutInput, add_layout
from workledger.billing.actions.payment_terms import TermsInput, add_payment_terms
from workledger.billing.actions.prebills import hold_items, run_billing
from workledger.billing.models import BillableItem, Invoice, OpenItem, ReasonCode
from workledger.connect.models import ImportBatch
from workledger.connect.tests.builders import HEAD, media
from workledger.contracts import actions as contracts
from workledger.contracts.inputs import LineInput, OrderInput
from workledger.contracts.models import BillingModel, Rate, RateCard
from workledger.core.models import ActionLog
from workledger.directory.models import LegalEntity, Person
from workledger.expenses.actions import BillInput, BillLineInput, record_vendor_bill
from workledger.gl.sync.models import Incoming, Outgoing, TieOut
from workledger.ledger.models import Account, JournalEntry
from workledger.receivables.actions import record_payment
from workledger.receivables.models import Payment
from workledger.reporting.catalogue import REPORTS
from workledger.revenue.models import ContractModification, PerformanceObligation
from workledger.testing.expenses import approved as expenses_approved
from workledger.testing.expenses import category, driving, spent, submitted
from workledger.testing.general_ledger import memory_ledger, sync_told
from workledger.testing.revenue import obligation_of, revenue_told
from workledger.testing.time import approve_all, book
from workledger.testing.world import TODAY, Somebody, World
from workledger.web.tests.test_time_browser import ORIGIN, Line

__all__ = ["media"]
pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Fetching the style sheets again (preload) serves one rule, on pages that turn; the frame of a PDF is not ours.
AXE = {"resultTypes": ["violations"], "preload": False, "iframes": False}
EVERYTHING = AXE | {"runOnly": {"type": "tag", "values": RULES}}
SHAPES = EVERYTHING | {"rules": {"color-contrast": {"enabled": False}}}
CONTRAST = AXE | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
RUN = """async options => (await axe.run(document, options)).violations.map(
    ({ id, nodes }) => `${id} at ${nodes.slice(0, 3).map(({ target }) => target.join(" ")).join(", ")}`)"""
# The body alone is brought, as styles and modules are the same on every page; then the modules arm it as after any swap.
BRING = """async address => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    const { title, body } = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.title = title;
    document.body.replaceWith(body);
    htmx.process(body);
    body.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
}"""
ROWS = (
    "2026-03-02,Nora New,nora@new.example,Nordwind,Site,Design,2,yes,,100,EUR\n"
    "2026-03-03,Nora New,nora@new.example,Nordwind,Site,Design,x,yes,,100,EUR\n"
)

Open = Callable[[Somebody], Page]


@pytest.fixture
def firm(world: World, set_today: Callable[[date], None]) -> World:
    """The named firm with something on every page: time in all states, WIP, a hold, a pre-bill, a paid invoice, an import."""
    set_today(TODAY)
    for who, task, day, hours in (
        (world.carl, world.build, 2, "8"), (world.pia, world.build, 3, "2.5"), (world.carl, world.advice, 3, "4"),
        (world.carl, world.review, 4, "3"), (world.carl, world.travel, 5, "1"),
    ):  # fmt: skip
        book(who, task, date(2026, 3, day), hours, note="Wired the press")
    approve_all(world)
    held = OpenItem.objects.get(project_id=world.beacon.pk)
    hold_items(actor=world.fay.actor, item_ids=[held.pk], reason_code=ReasonCode.OTHER)
    run_billing(actor=world.fay.actor, through=date(2026, 3, 31))
    advice = Invoice.objects.get(client=world.borealis)
    issue_invoice(actor=world.fay.actor, invoice_id=advice.pk, issued_on=TODAY)
    record_payment(
        actor=world.fay.actor, invoice_id=advice.pk, amount=Decimal(100), on=TODAY, reference="SEPA 1"
    )
    book(world.carl, world.build, date(2026, 3, 10), "11", note="")
    book(world.pia, world.workshops, date(2026, 3, 11), "6")
    signed_in = Client()
    signed_in.force_login(world.olivia.user)
    file = SimpleUploadedFile("hours.csv", (HEAD + ROWS).encode())
    signed_in.post(reverse("import-new"), {"source": "csv", "file": file})
    return world


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said against a page."""
    return []


@pytest.fixture
def open_as(chromium_path: str, complaints: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a window in which somebody is signed in."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright keeps a loop in this thread

    def note(told: ConsoleMessage) -> None:
        if told.type == "error":
            complaints.append(told.text)

    ours = Line(Client())
    with sync_playwright() as playwright:
        ours.share()
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])

        def sign_in(somebody: Somebody) -> Page:
            client = Client()
            client.force_login(somebody.user)
            page = browser.new_page(reduced_motion="reduce")
            page.set_default_timeout(10_000)
            page.add_init_script(Axe().axe_script)
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.route("**/*", Line(client).carry)
            return page

        yield sign_in
        browser.close()


def _found(page: Page, options: dict[str, Any], told: str) -> list[str]:
    return [f"{told}: {words}" for words in page.evaluate(RUN, options)]


def violations(page: Page, addresses: Sequence[str]) -> list[str]:
    """Return what axe finds: each page whole in the light, its contrast in the dark, and all but contrast on a phone."""
    found: list[str] = []
    page.goto(f"{ORIGIN}{addresses[0]}")
    for address in addresses:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(DESK)  # type: ignore[arg-type]
        page.evaluate(BRING, address)
        page.locator(".timer").wait_for()  # the last to come into the frame
        found += _found(page, EVERYTHING, address)
        page.emulate_media(color_scheme="dark")
        found += _found(page, CONTRAST, f"{address} in the dark")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        found += _found(page, SHAPES, f"{address} on a phone")
    return found


def _books() -> list[str]:
    entry, account = JournalEntry.objects.latest("pk"), Account.objects.earliest("pk")
    return [
        "/ledger/leaving/?since=2026-01-01&through=2026-12-31&form=iif&grain=period", "/ledger/mapping/",
        *(f"/ledger/mapping/{account.book_id}/{each}" for each in ("accounts", "dimensions", "journals", "chart")),
        "/ledger/", "/ledger/journal/", f"/ledger/entries/{entry.pk}/", f"/ledger/entries/new?book={account.book_id}",
        "/ledger/accounts/", f"/ledger/accounts/{account.pk}/", "/ledger/periods/", "/evidence/",
        f"/evidence/?sample=1&entity={account.book_id}&first=2026-03-01&through=2026-03-31&size=5&seed=a",
        f"/evidence/time/{BillableItem.objects.earliest('pk').source_id}/",
        *(f"{page}?entity={account.book_id}&period={entry.period_id}" for page in ("/ledger/accruals/", "/ledger/revaluation/")),
        f"/ledger/accruals/policy?entity={account.book_id}",
    ]  # fmt: skip


def _bills(world: World) -> list[str]:
    draft, issued = Invoice.objects.get(client=world.acme), Invoice.objects.get(client=world.borealis)
    return [
        "/wip/", "/wip/work/", "/wip/requests/", "/prebills/schedules", "/prebills/schedules/new",
        f"/prebills/{draft.pk}/lines/{draft.lines.earliest('position').pk}/words", f"/prebills/{draft.pk}/reviews/new", f"/wip/clients/{world.acme.pk}/", "/prebills/", "/prebills/new", f"/prebills/{draft.pk}/", "/invoices/",
        f"/invoices/{issued.pk}/", f"/invoices/{issued.pk}/payments", f"/invoices/{issued.pk}/bad-debt",
        f"/payments/{Payment.objects.latest('pk').pk}/void", "/receivables/", f"/receivables/{world.borealis.pk}/",
    ]  # fmt: skip


def test_the_pages_of_finance_are_accessible(firm: World, open_as: Open) -> None:
    addresses = ["/", *_bills(firm), *_books(), "/reports", "/reports/projects", "/reports/utilization"]
    assert violations(open_as(firm.fay), addresses) == []


def test_the_pages_of_the_close_are_accessible(firm: World, open_as: Open) -> None:
    at = f"/close/{firm.period(2).pk}"
    addresses = [
        "/close", at, f"{at}/steps/review/owner", f"{at}/steps/time_missing/sign-off", f"{at}/lock",
        f"/close/{firm.period(1).pk}", "/ledger/periods/pattern",
    ]  # fmt: skip
    assert violations(open_as(firm.fay), addresses) == []


def test_the_pages_of_selling_and_delivering_are_accessible(firm: World, open_as: Open) -> None:
    card = RateCard.objects.earliest("pk")
    addresses = [
        "/week/2026-03-09/", "/approvals/", "/time/", "/clients", f"/clients/{firm.acme.pk}", "/clients/new", "/contracts",
        f"/contracts/{firm.acme_contract.pk}/lines/new", f"/contracts/{firm.acme_contract.pk}/lines/new?model=time_and_materials",
        f"/contracts/{firm.acme_contract.pk}/lines/new?model=fixed_fee",
        f"/contracts/{firm.acme_contract.pk}", "/rate-cards", f"/rate-cards/{card.pk}",
        f"/rate-cards/{card.pk}/rates/{Rate.objects.filter(card=card).earliest('pk').pk}",
        f"/rate-cards/{card.pk}/rates/{Rate.objects.filter(card=card).earliest('pk').pk}/approval", "/projects",
        f"/projects/{firm.atlas.pk}", f"/projects/{firm.atlas.pk}/tasks", "/people", f"/people/{firm.carl.person_id}",
    ]  # fmt: skip
    assert violations(open_as(firm.olivia), addresses) == []


def test_the_pages_of_change_orders_and_milestones_are_accessible(firm: World, open_as: Open) -> None:
    contract, pia = firm.acme_contract.pk, firm.pia.actor
    parts = LineInput(
        name="Outcomes",
        model=BillingModel.MILESTONE,
        terms={"milestones": [{"name": "Go live", "amount": "5000"}]},
    )
    line = contracts.add_line(actor=firm.fay.actor, contract_id=contract, line=parts)
    milestones.request_acceptance(actor=pia, line_id=line, key="0", on=TODAY, acceptor="The works council")
    changes: list[dict[str, Any]] = [
        {"kind": "change_line", "line_id": firm.delivery.pk, "budget_seconds": 360_000},
        {"kind": "move_budget", "holder": "project", "holder_id": firm.atlas.pk, "budget_seconds": 1_800_000},
    ]
    drafted = OrderInput(title="More reports", effective_from=TODAY, changes=changes)
    order = contracts.draft_order(actor=pia, contract_id=contract, order=drafted, on=TODAY)
    addresses = [
        "/change-orders", f"/change-orders/{order}", f"/change-orders/{order}/changes/0", f"/contracts/{contract}",
        f"/change-orders/{order}/acceptance", f"/contracts/{contract}/versions/2", "/milestones", f"/milestones/{line}/0",
    ]  # fmt: skip
    assert violations(open_as(firm.olivia), addresses) == []


def _agreed(world: World) -> list[str]:
    """What hangs on a contract beside its work, and what invoices use; returns the addresses."""
    layout = add_layout(
        actor=world.olivia.actor, layout=LayoutInput("By week", group_by="week", line_by="role")
    )
    terms = add_payment_terms(
        actor=world.olivia.actor,
        terms=TermsInput("30 days", 30, discount_percent=Decimal(2), discount_days=10),
    )
    order = purchase_orders.add_purchase_order(
        actor=world.olivia.actor, client_id=world.acme.pk, contract_id=world.acme_contract.pk,
        order=purchase_orders.OrderInput("4500-17", date(2026, 1, 1), amount=Decimal(1500)),
    )  # fmt: skip
    payment = request_down_payment(
        actor=world.fay.actor, contract_id=world.acme_contract.pk, on=TODAY,
        terms=DownPaymentTerms(amount=Decimal(500), draw_percent=Decimal(50)),
    )  # fmt: skip
    issue_invoice(actor=world.fay.actor, invoice_id=payment, issued_on=TODAY)
    draft = Invoice.objects.get(client=world.acme, state="draft")
    purchase_orders.choose_purchase_order(actor=world.fay.actor, invoice_id=draft.pk, purchase_order_id=order)
    set_draw(actor=world.fay.actor, invoice_id=draft.pk, down_payment_id=payment, amount=Decimal(100))
    issued = Invoice.objects.get(client=world.borealis)
    contract = f"/contracts/{world.acme_contract.pk}"
    return [
        f"{contract}/down-payments/new", f"{contract}/purchase-orders/new", f"{contract}/purchase-orders/{order}",
        f"{contract}/invoices-use", contract, f"/prebills/{draft.pk}/", f"/prebills/{draft.pk}/draws/{payment}",
        f"/invoices/{payment}/", f"/invoices/{issued.pk}/credit", f"/invoices/{issued.pk}/credit/lines",
        f"/invoices/{issued.pk}/rebill", f"/receivables/{world.acme.pk}/deposits/new", "/settings/invoices",
        "/settings/invoices/layouts/new", f"/settings/invoices/layouts/{layout}", "/settings/invoices/terms/new",
        f"/settings/invoices/terms/{terms}",
    ]  # fmt: skip


def test_the_pages_of_what_invoices_carry_are_accessible(firm: World, open_as: Open) -> None:
    assert violations(open_as(firm.olivia), _agreed(firm)) == []


def test_the_simulator_and_what_it_found_are_accessible(
    firm: World, open_as: Open, complaints: list[str]
) -> None:
    address = f"/simulator/?contract={firm.acme_contract.pk}"
    page = open_as(firm.fay)
    assert violations(page, ["/simulator/", "/simulator/?model=retainer", address]) == []
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.goto(f"{ORIGIN}{address}")
    page.get_by_role("button", name="Add a variant").click()
    page.get_by_label("Cap in money of Delivery, variant B").fill("5000")
    page.get_by_role("button", name="Simulate", exact=True).click()
    page.locator("figure.chart [data-chart-plot][data-drawn]").wait_for(timeout=30_000)
    page.locator("button.unfold").first.click()
    assert _found(page, EVERYTHING, "results") == []
    assert complaints == []


def test_the_pages_of_expenses_are_accessible(firm: World, open_as: Open) -> None:
    loose = spent(
        firm, "214.00", vendor="Hotel Elbe", category_id=category(firm, most_per_item=Decimal(180)).pk
    )
    waiting = submitted(firm, [spent(firm, "214.00", vendor="Hotel Elbe"), spent(firm, "20.00")])
    settled = expenses_approved(firm, [spent(firm, "119.00", tax="19.00")])
    driving(firm)
    Person.objects.filter(pk=firm.carl.person_id).update(is_contractor=True)
    line = BillLineInput(firm.carl.person_id, date(2026, 3, 2), date(2026, 3, 6), 20 * 3600, Decimal(1000))
    bill = record_vendor_bill(
        actor=firm.fay.actor,
        bill=BillInput(firm.entity_id, "Carl & Partner", "7", TODAY, "EUR", Decimal(1000), [line]),
    )
    addresses = [
        "/expenses/?whose=all", "/expenses/new/", f"/expenses/{loose}/", "/expenses/reports/?whose=all",
        f"/expenses/reports/{waiting}/", f"/expenses/reports/{settled}/", "/expenses/approvals/", "/expenses/owed/", "/expenses/unbilled/",
        "/expenses/duplicates/", "/expenses/bills/", f"/expenses/bills/{bill}/", "/expenses/bills/new/", "/expenses/policy/",
        "/expenses/policy/categories/new/", "/expenses/policy/mileage/new/",
    ]  # fmt: skip
    assert violations(open_as(firm.fay), addresses) == []


def test_the_pages_of_revenue_are_accessible(firm: World, open_as: Open) -> None:
    line, ran = revenue_told(firm)
    contract, obligation = f"/contracts/{line.contract_id}", obligation_of(line).pk
    addresses = [
        f"{contract}/revenue", f"{contract}/obligations/{obligation}/why", f"{contract}/obligations",
        f"{contract}/modifications/new", f"{contract}/uncertain-amounts/new",
        f"{contract}/obligations/{obligation}/estimates/new", "/revenue?month=2026-04", f"/revenue/runs/{ran}",
        "/revenue/remaining", "/ledger/reports",
        *(f"/ledger/reports/{name}?from=2026-02-01&through=2026-03-31" for name in REPORTS),
        "/forecast", f"/forecast/contracts/{line.contract_id}",
        f"/forecast/contracts/{line.contract_id}/why", "/forecast/versions", "/forecast/versions/new", "/forecast/bridge",
        "/forecast/bridge/new", "/forecast/backlog", "/forecast/deferred",
    ]  # fmt: skip
    waiting, block = ContractModification.objects.get(), PerformanceObligation.objects.get(name="Block")
    hosting, prepaid = f"/contracts/{waiting.contract_id}", f"/contracts/{block.contract_id}"
    addresses += [
        f"{hosting}/revenue", f"{hosting}/modifications/{waiting.pk}", f"{hosting}/modifications/{waiting.pk}/dismissal",
        f"{prepaid}/revenue", f"{prepaid}/obligations/{block.pk}/estimates/new",
        f"{prepaid}/obligations/{block.pk}/exercise",
    ]  # fmt: skip
    assert violations(open_as(firm.fay), addresses) == []


def test_the_pages_of_the_sync_are_accessible(firm: World, open_as: Open) -> None:
    with memory_ledger() as there:
        at = f"/sync/{sync_told(firm, there).pk}"
        refused = Outgoing.objects.get(state="rejected").pk
        conflict = Incoming.objects.filter(state="conflict")[0].pk
        addresses = [
            "/sync/", "/sync/new", f"{at}/", f"{at}/?state=all", f"{at}/inbox", f"{at}/tie-outs", f"{at}/settings", f"{at}/switch",
            f"/sync/documents/{refused}/", f"/sync/documents/{refused}/hold", f"/sync/documents/{refused}/omission",
            f"/sync/documents/{Outgoing.objects.filter(kind='journal')[0].pk}/", f"/sync/changes/{conflict}/",
            f"/sync/changes/{conflict}/dismissal", f"/sync/tie-outs/{TieOut.objects.get().pk}/",
        ]  # fmt: skip
        assert violations(open_as(firm.fay), addresses) == []


def test_the_pages_of_running_the_firm_are_accessible(firm: World, open_as: Open) -> None:
    batch, act, entity = ImportBatch.objects.get(), ActionLog.objects.latest("pk"), LegalEntity.objects.get()
    addresses = [
        "/imports", "/imports/new", f"/imports/{batch.pk}", "/log", f"/log/{act.pk}", "/inbox", "/settings/entities",
        f"/settings/entities/{entity.pk}", "/settings/structure", "/settings/users", f"/settings/users/{firm.carl.user_id}",
        "/settings/rules", "/settings/billing", f"/settings/billing/{entity.pk}", "/settings/tokens/new", "/-/patterns",
    ]  # fmt: skip
    assert violations(open_as(firm.olivia), addresses) == []


def test_what_floats_is_accessible(firm: World, open_as: Open) -> None:
    page = open_as(firm.fay)
    page.goto(f"{ORIGIN}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("acme")
    page.locator("#palette .palette-option").first.wait_for()
    found = _found(page, EVERYTHING, "search")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Me", exact=True).click()
    page.get_by_role("menuitem", name="Settings").wait_for()
    found += _found(page, EVERYTHING, "menu")
    page.keyboard.press("Escape")
    page.locator("#page .strip a.figure").first.click()
    page.locator("#trail .trail-value").wait_for()
    found += _found(page, EVERYTHING, "trail")
    assert found == []


def test_charts_are_drawn_without_a_complaint(firm: World, open_as: Open, complaints: list[str]) -> None:
    page = open_as(firm.fay)
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.goto(f"{ORIGIN}/")
    plot = page.locator("figure.chart [data-chart-plot][data-drawn]")
    plot.first.wait_for(timeout=30_000)  # the first chart of an installation makes the library's file
    assert plot.first.locator("svg.marks path").count() > 0
    assert plot.first.get_attribute("role") == "img"
    assert plot.first.get_attribute("aria-label")
    assert complaints == []
