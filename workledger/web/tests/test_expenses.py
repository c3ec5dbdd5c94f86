"""The pages of expenses: entered, submitted, decided, paid out; vendors' bills; the policy."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from workledger.directory.models import Person
from workledger.expenses.actions import BillInput, BillLineInput, record_vendor_bill
from workledger.expenses.calc.amounts import CategoryKind
from workledger.expenses.models import (
    Expense,
    ExpenseCategory,
    ExpenseReport,
    MileageRate,
    PerDiemRate,
    Receipt,
    VendorBill,
)
from workledger.metrics.attention import Inbox, inbox
from workledger.testing.expenses import PDF, PNG, approved, attach, category, driving, spent, submitted
from workledger.testing.time import approved as approved_time
from workledger.testing.world import TODAY, Somebody, World

BrowserOf = Callable[[Somebody], Client]
D = Decimal


@pytest.fixture(autouse=True)
def _apart(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files in a folder of their own, and the day of the named world."""
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: TODAY)


@pytest.fixture
def carl(world: World, browser_of: BrowserOf) -> Client:
    return browser_of(world.carl)


@pytest.fixture
def fay(world: World, browser_of: BrowserOf) -> Client:
    return browser_of(world.fay)


@pytest.fixture
def pia(world: World, browser_of: BrowserOf) -> Client:
    return browser_of(world.pia)


def typed(world: World, **given: Any) -> dict[str, Any]:
    """What the form of a hotel on Atlas sends."""
    return {
        "category_id": category(world).pk, "work_date": "2026-03-10", "amount": "119.00", "currency": "EUR",
        "tax_amount": "19.00", "project_id": world.atlas.pk, "task_id": "", "vendor": "Hotel Elbe",
        "description": "Two nights", "is_billable": "",
    } | given  # fmt: skip


def text(answer: Any) -> str:
    assert isinstance(answer, HttpResponse)
    return answer.content.decode()


def picture(content: bytes = PNG, name: str = "IMG_1.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


def test_an_empty_list_says_what_to_do(world: World, carl: Client) -> None:
    page = text(carl.get("/expenses/"))
    assert "No expenses yet" in page
    assert 'href="/expenses/new/"' in page
    assert "No categories yet" in text(carl.get("/expenses/new/"))


def test_an_expense_is_entered_with_its_picture(world: World, carl: Client) -> None:
    category(world)
    page = text(carl.get("/expenses/new/"))
    assert 'capture="environment"' in page
    answer = carl.post("/expenses/new/", typed(world, photo=picture()))
    assert (answer.status_code, answer["Location"]) == (302, "/expenses/")
    row = Expense.objects.get()
    assert (row.amount, row.input_tax, row.vendor) == (D(119), D(19), "Hotel Elbe")
    receipt = Receipt.objects.get()
    assert receipt.file_name == "IMG_1.png"
    page = text(carl.get("/expenses/"))
    assert "On no report yet" in page
    assert "Hotel Elbe" in page


def test_the_next_one_starts_where_the_last_one_stood(world: World, carl: Client) -> None:
    answer = carl.post("/expenses/new/", typed(world, task_id=world.build.pk, then="another"))
    assert answer["Location"].startswith("/expenses/new/?day=2026-03-10&project=")
    page = text(carl.get(answer["Location"]))
    assert f'name="project_id" value="{world.atlas.pk}"' in page
    assert "Build · Atlas" in page


def test_a_task_brings_its_project(world: World, carl: Client) -> None:
    assert (
        carl.post("/expenses/new/", typed(world, project_id="", task_id=world.review.pk)).status_code == 302
    )
    assert Expense.objects.get().project_id == world.beacon.pk


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"amount": ""}, "Amount is needed here."),
        ({"amount": "much"}, "Write an amount as 1234.50."),
        ({"amount": "119.005"}, "at most 2 decimal places"),
        ({"work_date": "someday"}, "day"),
        ({"project_id": ""}, "Project is needed here."),
        ({"tax_amount": "200"}, "Tax is part of the amount"),
        ({"receipt": picture(b"<svg>", "x.svg"), "amount": "0"}, "This is no JPEG, PNG, WebP or PDF."),
        ({"receipt": picture(b"<svg>", "x.svg"), "amount": "0"}, "Write what was paid, more than zero."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    world: World, carl: Client, given: dict[str, Any], said: str
) -> None:
    answer = carl.post("/expenses/new/", typed(world, **given))
    assert answer.status_code == 422
    assert said in text(answer)
    assert not Expense.objects.exists()


def test_drives_and_travel_days_ask_for_what_they_need(world: World, carl: Client) -> None:
    drives = driving(world).pk
    answer = carl.post(
        "/expenses/new/",
        typed(world, category_id=drives, amount="", distance="412.5", distance_unit="km", country="DE"),
    )
    assert answer.status_code == 302
    assert Expense.objects.get().amount == D("123.75")
    days = category(world, "Per diem", kind=CategoryKind.PER_DIEM).pk
    refused = carl.post(
        "/expenses/new/", typed(world, category_id=days, amount="", country="AT", full_days="2")
    )
    assert "No per diem for AT is set" in text(refused)


def test_an_expense_is_changed_and_deleted(world: World, carl: Client) -> None:
    expense_id = spent(world, "50.00", vendor="Taxi")
    address = f"/expenses/{expense_id}/"
    assert 'value="Taxi"' in text(carl.get(address))
    assert carl.post(address, typed(world, amount="60")).status_code == 302
    assert Expense.objects.get().amount == D(60)
    assert carl.post(f"{address}delete").status_code == 302
    assert not Expense.objects.exists()


def test_a_figure_opens_its_trail(world: World, carl: Client) -> None:
    expense_id = spent(world, "119.00", tax="19.00", vendor="Hotel Elbe")
    attach(world.carl, expense_id)
    panel = text(carl.get(f"/expenses/{expense_id}/", headers={"HX-Request": "true"}))
    for words in ("Input tax", "€19.00", "€100.00", "receipt.png", "Open the expense"):
        assert words in panel
    assert "<html" not in panel
    assert "Not billable" in text(carl.get("/expenses/total/"))


def test_a_receipt_is_shown_as_what_it_is_and_can_do_nothing(
    world: World, carl: Client, pia: Client, browser_of: BrowserOf
) -> None:
    expense_id = spent(world)
    picture_id, pdf_id = attach(world.carl, expense_id), attach(world.carl, expense_id, PDF, "scan.pdf")
    answer = carl.get(f"/expenses/receipts/{picture_id}/")
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.content == PNG
    answer = pia.get(f"/expenses/receipts/{pdf_id}/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="scan.pdf"'
    pia_s = attach(world.pia, spent(world, who=world.pia))
    assert carl.get(f"/expenses/receipts/{pia_s}/").status_code == 404
    assert browser_of(world.cleo).get(f"/expenses/receipts/{picture_id}/").status_code == 403
    assert carl.post(f"/expenses/receipts/{pdf_id}/remove").status_code == 302
    assert Receipt.objects.filter(expense_id=expense_id).count() == 1


def test_a_report_goes_from_the_list_to_the_bank(
    world: World, carl: Client, pia: Client, fay: Client
) -> None:
    hotel = category(world, "Hotel", receipt_over=D(0)).pk
    ids = [spent(world, "119.00", tax="19.00", category_id=hotel), spent(world, "20.00", category_id=hotel)]
    asked = carl.post("/expenses/reports/new", {"ids": ids, "name": "Munich", "act": "submit"})
    assert asked.status_code == 409
    assert "2 expenses have no receipt" in text(asked)
    report = ExpenseReport.objects.get()
    act = f"/expenses/reports/{report.pk}/act"
    assert carl.post(act, {"act": "submit", "confirm": "receipt_missing"}).status_code == 302
    board = text(pia.get("/expenses/approvals/"))
    assert "No receipt; Hotel needs one." in board
    assert "1 to look at, 0 clean" in board
    refused = pia.post("/expenses/approvals/decide", {"ids": [report.pk], "act": "reject", "reason": ""})
    assert (refused.status_code, "Say what to change" in text(refused)) == (422, True)
    assert pia.post("/expenses/approvals/decide", {"ids": [report.pk], "act": "approve"}).status_code == 302
    page = text(fay.get(f"/expenses/reports/{report.pk}/"))
    assert "Approved by Pia Lead" in page
    assert "€139.00" in page
    assert "Munich" in text(fay.get("/expenses/owed/"))
    paid = fay.post("/expenses/owed/pay", {"ids": [report.pk], "paid_on": "16.3.2026", "reference": "SEPA 7"})
    assert paid.status_code == 302
    report.refresh_from_db()
    assert report.state == "reimbursed"
    assert "SEPA 7" in text(carl.get(f"/expenses/reports/{report.pk}/"))
    follow = carl.get(f"/expenses/reimbursements/{report.reimbursement_id}/")
    assert follow["Location"] == f"/expenses/reports/{report.pk}/"
    assert fay.post(act, {"act": "unpay", "reason": "Came back"}).status_code == 302
    assert fay.post(act, {"act": "withdraw", "reason": "Wrong project"}).status_code == 302
    report.refresh_from_db()
    assert report.state == "draft"


def test_what_is_on_a_report_can_change_until_it_is_submitted(world: World, carl: Client) -> None:
    first, second, third = (spent(world, amount) for amount in ("10.00", "20.00", "30.00"))
    carl.post("/expenses/reports/new", {"ids": [first, second], "name": "March", "act": "save"})
    report = ExpenseReport.objects.get()
    change = f"/expenses/reports/{report.pk}/change"
    assert carl.post(change, {"act": "add", "ids": [third]}).status_code == 302
    assert carl.post(change, {"act": "drop", "ids": [first]}).status_code == 302
    assert carl.post(change, {"act": "rename", "name": "Vienna"}).status_code == 302
    report.refresh_from_db()
    assert (report.name, report.expenses.count()) == ("Vienna", 2)
    refused = carl.post(change, {"act": "drop", "ids": [second, third]})
    assert (refused.status_code, "Choose at least one expense" in text(refused)) == (422, True)
    assert carl.post(f"/expenses/reports/{report.pk}/act", {"act": "delete"}).status_code == 302
    assert carl.post(f"/expenses/reports/{report.pk}/act", {"act": "delete"}).status_code == 404
    assert Expense.objects.filter(report=None).count() == 3


def test_reports_are_recalled_sent_back_and_approved_on_their_page(
    world: World, carl: Client, pia: Client
) -> None:
    report_id = submitted(world, [spent(world)])
    act = f"/expenses/reports/{report_id}/act"
    assert "Recall" in text(carl.get(f"/expenses/reports/{report_id}/"))
    refused = pia.post(act, {"act": "reject", "reason": " "})
    assert (refused.status_code, "Say what to change" in text(refused)) == (422, True)
    assert pia.post(act, {"act": "reject", "reason": "Which client?"}).status_code == 302
    assert "Which client?" in text(carl.get(f"/expenses/reports/{report_id}/"))
    carl.post(act, {"act": "submit", "confirm": "receipt_missing"})
    assert carl.post(act, {"act": "recall"}).status_code == 302
    assert carl.post(act, {"act": "approve"}).status_code == 403
    assert carl.post(act, {"act": "dance"}).status_code == 404


def test_a_locked_expense_is_shown_and_stays(world: World, carl: Client) -> None:
    expense_id = spent(world, vendor="Hotel Elbe")
    submitted(world, [expense_id])
    assert "Recall the report to change it" in text(carl.get(f"/expenses/{expense_id}/"))
    assert carl.post(f"/expenses/{expense_id}/", typed(world)).status_code == 422


def test_lists_filter_and_export(world: World, carl: Client, fay: Client) -> None:
    approved(world, [spent(world, "119.00", vendor="=HYPERLINK()")])
    spent(world, "7.00", who=world.pia, vendor="Pia's taxi")
    everybody = text(fay.get("/expenses/?whose=all"))
    assert "Pia&#x27;s taxi" in everybody
    assert "Pia&#x27;s taxi" not in text(carl.get("/expenses/?whose=all"))
    assert "No expenses match" in text(carl.get("/expenses/?period=2025-01"))
    csv = b"".join(fay.get("/expenses/export.csv?whose=all")).decode()
    assert "'=HYPERLINK()" in csv
    assert csv.count("\r\n") == 3
    assert "Nothing looks like a duplicate" in text(fay.get("/expenses/duplicates/"))
    assert "Nobody is owed" not in text(fay.get("/expenses/owed/"))
    assert "March" in text(fay.get("/expenses/reports/?whose=all&state=approved"))


def test_pages_cost_the_same_queries_whatever_stands_on_them(
    world: World, carl: Client, pia: Client, fay: Client
) -> None:
    def counts() -> dict[str, int]:
        found = {}
        for who, address in (
            (carl, "/expenses/"),
            (fay, "/expenses/?whose=all"),
            (fay, "/expenses/reports/?whose=all"),
            (pia, "/expenses/approvals/"),
            (fay, "/expenses/owed/"),
            (fay, "/expenses/duplicates/"),
            (carl, f"/expenses/reports/{report_id}/"),
        ):
            with CaptureQueriesContext(connection) as made:
                assert who.get(address).status_code == 200
            found[address] = len(made)
        return found

    def more(number: int) -> None:
        approved(world, [spent(world, f"{number + 1}.00", vendor="DB")])
        submitted(world, [spent(world, "9.00", vendor="DB"), spent(world, "8.00")], name=f"{number}")
        spent(world, "5.00")

    report_id = submitted(world, [spent(world)])
    more(0)
    few = counts()
    for number in range(1, 5):
        more(number)
    assert counts() == few
    assert max(few.values()) <= 26


def test_finance_keeps_the_policy(world: World, fay: Client, carl: Client) -> None:
    assert "Start with the usual ones" in text(fay.get("/expenses/policy/"))
    assert fay.post("/expenses/policy/usual").status_code == 302
    hotel = ExpenseCategory.objects.get(name="Hotel")
    address = f"/expenses/policy/categories/{hotel.pk}/"
    assert 'value="Hotel"' in text(fay.get(address))
    sent = {
        "name": "Hotels",
        "kind": "receipt",
        "receipt_over": "25",
        "most_per_item": "180",
        "is_open": "on",
    }
    assert fay.post(address, sent).status_code == 302
    hotel.refresh_from_db()
    assert (hotel.name, hotel.receipt_over, hotel.is_rebillable) == ("Hotels", D(25), False)
    assert fay.post("/expenses/policy/categories/new/", sent).status_code == 422
    rate = {
        "entity_id": world.entity_id,
        "country": "DE",
        "unit": "km",
        "rate": "0.30",
        "valid_from": "1.1.2026",
    }
    assert fay.post("/expenses/policy/mileage/new/", rate).status_code == 302
    assert MileageRate.objects.get().rate == D("0.30")
    days = {
        "entity_id": world.entity_id, "country": "AT", "full_day": "50", "partial_day": "33", "valid_from": "1.1.2026",
    }  # fmt: skip
    assert fay.post("/expenses/policy/per-diem/new/", days).status_code == 302
    assert PerDiemRate.objects.get().full_day == D(50)
    page = text(fay.get("/expenses/policy/"))
    assert "Austria" in page
    assert "€0.30" in page
    assert carl.get("/expenses/policy/").status_code == 403


def test_a_vendor_s_bill_goes_from_paper_to_paid(world: World, fay: Client, pia: Client) -> None:
    Person.objects.filter(pk=world.carl.person_id).update(is_contractor=True)
    approved_time(world.carl, world, world.build, date(2026, 3, 2), "12")
    sent = {
        "vendor": "Carl & Partner", "number": "7", "bill_date": "16.3.2026", "entity_id": world.entity_id,
        "amount": "833.00", "tax_amount": "133.00", "currency": "EUR", "reclaims_tax": "on",
        "lines.1.person_id": world.carl.person_id, "lines.1.start": "2.3.2026", "lines.1.last_day": "6.3.2026",
        "lines.1.hours": "14", "lines.1.amount": "700.00",
    }  # fmt: skip
    refused = fay.post("/expenses/bills/new/", sent | {"lines.2.hours": "3"})
    assert (refused.status_code, "Contractor is needed here." in text(refused)) == (422, True)
    answer = fay.post("/expenses/bills/new/", sent)
    bill = VendorBill.objects.get()
    assert answer["Location"] == f"/expenses/bills/{bill.pk}/"
    page = text(pia.get(f"/expenses/bills/{bill.pk}/"))
    assert "14.00" in page
    assert "€100.00" in page
    act = f"/expenses/bills/{bill.pk}/act"
    assert pia.post(act, {"act": "match"}).status_code == 403
    assert fay.post(act, {"act": "match", "reason": "Agreed"}).status_code == 409
    confirmed = {"act": "match", "reason": "Agreed", "confirm": "bill_differs"}
    assert fay.post(act, confirmed).status_code == 302
    assert fay.post(act, {"act": "unmatch", "reason": ""}).status_code == 422
    assert fay.post(act, {"act": "pay", "paid_on": "20.3.2026"}).status_code == 302
    bill.refresh_from_db()
    assert (bill.state, bill.settled_amount) == ("paid", D(833))
    assert "Carl &amp; Partner" in text(fay.get("/expenses/bills/?state=paid"))


def test_postings_lead_to_their_documents(world: World, fay: Client) -> None:
    expense_id = spent(world, vendor="Hotel Elbe")
    approved(world, [expense_id])
    page = text(fay.get(reverse("journal")))
    assert "Expense approved" in page
    assert f"/expenses/{expense_id}/" in page


def test_every_figure_opens(world: World, carl: Client, fay: Client, pia: Client) -> None:
    approved(world, [spent(world, "119.00", tax="19.00")])
    report_id = submitted(world, [spent(world, "50.00", vendor="Taxi")])
    spent(world, "7.00")
    Person.objects.filter(pk=world.carl.person_id).update(is_contractor=True)
    approved_time(world.carl, world, world.build, date(2026, 3, 2), "12")
    bill_id = record_vendor_bill(
        actor=world.fay.actor,
        bill=BillInput(
            world.entity_id, "Carl & Partner", "7", date(2026, 3, 16), "EUR", D(700),
            [BillLineInput(world.carl.person_id, date(2026, 3, 2), date(2026, 3, 6), 14 * 3600, D(700))],
        ),
    )  # fmt: skip
    for who, address, words in (
        (carl, "/expenses/total/?on=none", "€7.00"),
        (carl, "/expenses/total/?on=reports", "€169.00"),
        (carl, f"/expenses/reports/{report_id}/", "Open the report"),
        (pia, "/expenses/approvals/total/waiting/", "€50.00"),
        (pia, "/expenses/approvals/total/clean/", "€50.00"),
        (pia, "/expenses/approvals/total/billable/", "€50.00"),
        (fay, "/expenses/owed/", "€119.00"),
        (fay, f"/expenses/bills/{bill_id}/", "€100.00"),
    ):
        panel = text(who.get(address, headers={"HX-Request": "true"}))
        assert words in panel, address
        assert "<html" not in panel
    assert pia.get("/expenses/approvals/total/none/").status_code == 404


def test_approvals_of_time_and_expenses_stand_side_by_side(world: World, pia: Client, carl: Client) -> None:
    assert "/expenses/approvals/" in text(pia.get("/approvals/"))
    assert "Nothing waits for you." in text(pia.get("/expenses/approvals/"))
    assert carl.get("/expenses/approvals/").status_code == 403


def test_forgotten_reimbursables_are_listed_by_age_and_exported(
    world: World, fay: Client, carl: Client
) -> None:
    old = spent(
        world, "119.00", tax="19.00", task_id=world.build.pk, on=date(2026, 1, 5), vendor="Hotel Elbe"
    )
    young = spent(world, "20.00", task_id=world.build.pk)
    approved(world, [old, young])
    shown = fay.get("/expenses/unbilled/").content.decode()
    assert "Hotel Elbe" in shown
    assert "/trail/item/" in shown
    assert "€100.00" in shown
    assert shown.index("Hotel Elbe") < shown.index(f"/expenses/{young}/")
    assert "Hotel Elbe" not in fay.get("/expenses/unbilled/?age=0").content.decode()
    assert "Hotel Elbe" in fay.get("/expenses/unbilled/?age=2").content.decode()  # 70 days
    lines = text_of(fay.get("/expenses/unbilled/export.csv?age=2"))
    assert "Hotel Elbe" in lines
    assert "61\N{EN DASH}90" in lines
    assert fay.get("/expenses/unbilled/export.xlsx").status_code == 200
    assert fay.get("/expenses/unbilled/export.pdf").status_code == 404
    assert carl.get("/expenses/unbilled/").status_code == 403


def text_of(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def test_reports_that_wait_are_counted_for_who_decides(
    world: World, pia: Client, fay: Client, carl: Client
) -> None:
    submitted(world, [spent(world)])
    assert inbox(world.pia.actor) == Inbox(expenses=1)
    assert "1 expense report" in pia.get("/").content.decode()
    page = pia.get("/inbox").content.decode()
    assert '<span class="inbox-count">1<' in page
    assert "1 expense report waits for your approval." in page
    assert "1 expense report" in fay.get("/").content.decode()
    assert "expense report" not in carl.get("/inbox").content.decode()
