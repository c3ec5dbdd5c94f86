"""The API as a program outside meets it."""

import json
import re
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from workledger.api.auth import FAILURES_ALLOWED
from workledger.api.routes import ROUTED
from workledger.api.service import API
from workledger.api.tests.harness import Caller, token_of
from workledger.billing.models import BillableItem
from workledger.core.access import Actor, ActorKind, Permission
from workledger.core.door import REGISTRY
from workledger.core.models import ApiToken, Proposal
from workledger.testing.expenses import PNG
from workledger.testing.time import approved, book
from workledger.testing.world import TODAY, World
from workledger.timesheets.models import TimeEntry

# What is done elsewhere: secrets by their owner on a page, what another act contains, and founding from the command line.
NOT_ROUTED = {
    "core.create_token": "a token makes no tokens",
    "core.set_password": "a token sets no passwords",
    "connect.import_time": "the same as stage_import, then commit_import",
    "billing.reprice_open_items": "part of a change of rates",
    "ledger.extend_periods": "part of posting",
    "ledger.open_book": "part of creating a legal entity",
    "directory.found_firm": "workledger init",
    "directory.create_clients": "of an import",
    "directory.create_people": "of an import",
    "directory.create_roles": "of an import",
    "directory.import_exchange_rates": "a file, by the settings page or `workledger import rates`",
    "demo.load_firm": "workledger demo",
    "gl.start_sending": "a step of a delivery",
    "gl.note_sent": "a step of a delivery",
    "gl.note_failed": "a step of a delivery",
    "gl.take_change": "a step of asking for changes",
    "gl.note_asked": "a step of asking for changes",
    "gl.note_tie_out": "a step of comparing, which asks the other side",
}


def test_every_action_has_an_address_or_a_reason() -> None:
    actions = {name for name in REGISTRY if not name.startswith("testing.")}
    assert actions - ROUTED.keys() <= NOT_ROUTED.keys()
    assert not ROUTED.keys() & NOT_ROUTED.keys()


def test_the_schema_describes_each_body_and_every_refusal() -> None:
    for path, methods in API.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["description"], path
            assert {401, 403, 404, 422} <= set(operation["responses"]), path
            if "x-action" in operation:
                assert 409 in operation["responses"], (method, path)


def test_a_month_by_api(world: World) -> None:
    """Time, submission, approval, bill, issue, payment, figures: each by its own person's token."""
    carl, pia, fay = Caller(world.carl), Caller(world.pia), Caller(world.fay)
    cell = f"/people/{world.carl.person_id}/cells/{world.build.pk}/2026-03-02"
    assert carl.send("PUT", cell, {"worked_seconds": 27_000, "note": "Schema"}).json["hours"] == "7.50"
    week = f"/people/{world.carl.person_id}/weeks/2026-03-02"
    assert carl.post(f"{week}/submit").status == 200
    assert carl.get(week).json["total_hours"] == "7.50"
    line = pia.get("/approvals/lines").json["items"][0]
    done = pia.post("/approvals/approve", {"line_ids": [line["line_id"]]})
    assert done.status == 200
    wip = fay.get(f"/open-items?client_id={world.acme.pk}").json["items"]
    assert [(row["rate"], row["amount"]) for row in wip] == [("120.00", "900.00")]
    run = fay.post("/bill-runs", {"through": "2026-03-31"})
    assert run.status == 200, run.json
    draft = fay.get("/invoices?state=draft").json["items"][0]
    number = fay.post(f"/invoices/{draft['id']}/issue", {"issued_on": "2026-03-31"}).json["number"]
    invoice = fay.get(f"/invoices/{draft['id']}").json["invoice"]
    assert (invoice["number"], invoice["net"], invoice["gross"]) == (number, "900.00", "1071.00")
    payment = {"amount": "1071.00", "on": "2026-04-10"}
    assert fay.post(f"/invoices/{draft['id']}/payments", payment).status in (200, 201)
    assert fay.get("/receivables?only_open=true").json["items"] == []
    assert fay.get(f"/invoices/{draft['id']}/pdf").response.content.startswith(b"%PDF")
    ubl = fay.get(f"/invoices/{draft['id']}/e-invoice").response
    assert ubl["Content-Type"] == "application/xml"
    assert f">{number}</cbc:ID>".encode() in ubl.content
    cii = fay.get(f"/invoices/{draft['id']}/e-invoice?form=cii").response
    assert b"<rsm:CrossIndustryInvoice" in cii.content
    assert fay.get(f"/invoices/{draft['id']}/e-invoice?form=pdf").status == 422


def test_simulations_are_asked_and_nothing_is_written(world: World) -> None:
    body = {
        "contract_id": world.acme_contract.pk, "start": "2026-03-01", "periods": 1,
        "weeks": [{"hours_per_week": "10", "role": "Consultant", "line": "Delivery"}],
        "variants": [
            {"name": "As agreed"},
            {"name": "Blended", "lines": [{"name": "Delivery", "model": "blended", "terms": {"rate_per_hour": "100"}}]},
        ],
    }  # fmt: skip
    found = Caller(world.fay).post("/simulations", body)
    assert found.status == 200, found.json
    assert [(each["name"], each["invoiced"]) for each in found.json] == [
        ("As agreed", "5280.00"),
        ("Blended", "4400.00"),
    ]
    assert found.json[0]["periods"][0]["postings"][0]["accounts"][0]["debit"] in ("0.00", "5280.00")
    assert not BillableItem.objects.exists()
    wrong = Caller(world.fay).post("/simulations", body | {"periods": 99})
    assert (wrong.status, wrong.json["problems"][0]["field"]) == (422, "periods")
    assert Caller(world.carl).post("/simulations", body).status == 403
    assert Caller(world.fay).post("/simulations").status == 422


def test_the_same_key_acts_once_and_another_body_is_refused(world: World) -> None:
    fay = Caller(world.fay)
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    first = fay.post("/bill-runs", {"through": "2026-03-31"}, Idempotency_Key="run-1")
    again = fay.post("/bill-runs", {"through": "2026-03-31"}, Idempotency_Key="run-1")
    assert first.json == again.json
    assert len(fay.get("/invoices").json["items"]) == 1
    other = fay.post("/bill-runs", {"through": "2026-02-28"}, Idempotency_Key="run-1")
    assert other.status == 422


def test_a_dry_run_answers_and_changes_nothing(world: World) -> None:
    body = {"task_id": world.build.pk, "day": "2026-03-03", "worked_seconds": 7200, "note": "Dry"}
    path = f"/people/{world.carl.person_id}/time-entries"
    found = Caller(world.carl).post(f"{path}?dry_run=true", body)
    assert found.status == 201, found.json
    assert not TimeEntry.objects.filter(note="Dry").exists()


def test_every_reason_comes_at_once_with_its_field(world: World) -> None:
    answer = Caller(world.fay).post("/clients", {"name": "", "currency": "euro", "payment_terms_days": "x"})
    assert answer.status == 422
    assert {problem["field"] for problem in answer.json["problems"]} >= {"payment_terms_days"}
    unknown = Caller(world.fay).post("/bill-runs", {"through": "2026-03-31", "tomorrow": True})
    assert unknown.codes == ["invalid_extra_forbidden"]


@pytest.mark.parametrize(
    "body", ["{", "[]", '"x"', "\x00", "null", '{"through": 1}', '{"through": "2026-02-30"}']
)
def test_what_is_no_json_or_no_value_is_refused(world: World, body: str) -> None:
    caller = Caller(world.fay)
    response = caller.client.generic(
        "POST", "/api/v1/bill-runs", body, "application/json", headers=caller.headers
    )
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"


# --- who may -----------------------------------------------------------------------------------------------


def test_a_token_does_no_more_than_its_scopes(world: World) -> None:
    caller = Caller(world.olivia, {Permission.USE_API, Permission.VIEW_CLIENTS})
    assert caller.get("/clients").status == 200
    assert caller.get("/books").status == 403
    assert caller.post("/bill-runs", {"through": "2026-03-31"}).codes == ["forbidden"]


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["", "Bearer", "Bearer wl_wrong", "Basic d2w6", "Bearer ä"])
def test_no_token_no_answer(value: str) -> None:
    headers = {"Authorization": value} if value else {}
    response = Client().get("/api/v1/clients", headers=headers)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert json.loads(response.content)["problems"][0]["code"] == "not_authenticated"


def test_an_ended_or_revoked_token_is_refused(world: World) -> None:
    caller = Caller(world.fay)
    ApiToken.objects.update(expires_on=date(2026, 1, 31))
    assert caller.get("/clients").status == 401
    ApiToken.objects.update(expires_on=None)
    assert caller.get("/clients").status == 200
    token = caller.get("/tokens").json["items"][0]["id"]
    assert caller.send("DELETE", f"/tokens/{token}").status == 204
    assert caller.get("/clients").status == 401


@pytest.mark.django_db
def test_guessing_tokens_is_stopped() -> None:
    cache.clear()
    client = Client()
    tries = [
        client.get("/api/v1/clients", headers={"Authorization": f"Bearer wl_{n}"}).status_code
        for n in range(FAILURES_ALLOWED + 1)
    ]
    assert tries[-2:] == [401, 429]
    cache.clear()


def test_a_signed_in_person_needs_the_csrf_token_to_act(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.fay.user)
    assert client.get("/api/v1/clients").status_code == 200
    answer = client.post("/api/v1/bill-runs", {"through": "2026-03-31"}, "application/json")
    assert answer.status_code == 403
    assert json.loads(answer.content)["problems"][0]["code"] == "csrf_failed"


def test_the_stranger_reads_nothing(world: World) -> None:
    client = Client()
    client.force_login(world.stan.user)
    for path in sorted(API.get_openapi_schema()["paths"]):
        assert client.get(re.sub(r"\{\w+\}", "1", path)).status_code in (403, 404, 405), path


def test_a_contact_reads_their_own_invoices_and_no_draft(world: World) -> None:
    fay, cleo = Caller(world.fay), Client()
    cleo.force_login(world.cleo.user)
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    approved(world.carl, world, world.advice, date(2026, 3, 2), "8")
    fay.post("/bill-runs", {"through": "2026-03-31"})
    drafts = {row["client_id"]: row["id"] for row in fay.get("/invoices").json["items"]}
    mine, theirs = drafts[world.acme.pk], drafts[world.borealis.pk]
    assert cleo.get(f"/api/v1/invoices/{mine}/pdf").status_code == 404
    fay.post("/invoices/issue", {"invoice_ids": [mine, theirs], "issued_on": "2026-03-31"})
    assert cleo.get(f"/api/v1/invoices/{mine}/pdf").status_code == 200
    assert cleo.get(f"/api/v1/invoices/{theirs}/pdf").status_code == 404
    assert [row["id"] for row in cleo.get("/api/v1/invoices").json()["items"]] == [mine]


def test_an_assistants_act_is_stored_as_a_proposal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    caller = Caller(world.fay)

    def assistant(user: Any, door: str) -> Actor:
        return Actor(
            kind=ActorKind.ASSISTANT, name="Helper", door=door, user_id=world.fay.user_id,
            permissions=world.fay.actor.permissions,
        )  # fmt: skip

    monkeypatch.setattr("workledger.api.auth.actor_for", assistant)
    answer = caller.post("/bill-runs", {"through": "2026-03-31"})
    assert answer.status == 202, answer.json
    assert Proposal.objects.get().pk == answer.json["proposal_id"]


# --- lists -------------------------------------------------------------------------------------------------


def test_pages_follow_one_another_without_gap_or_repetition(world: World) -> None:
    for day in range(2, 9):
        book(world.carl, world.build, date(2026, 3, day), "1")
    caller = Caller(world.carl)
    whole = [row["entry_id"] for row in caller.get("/time-entries").json["items"]]
    seen: list[int] = []
    cursor = ""
    while True:
        page = caller.get(f"/time-entries?limit=3&cursor={cursor}").json
        seen += [row["entry_id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert seen == whole
    assert len(seen) == 7


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "bnVsbA", "é", "A" * 199])
@pytest.mark.parametrize("path", ["/clients", "/invoices", "/open-items", "/actions", "/time-entries"])
def test_a_cursor_that_no_page_gave_is_refused(world: World, path: str, cursor: str) -> None:
    answer = Caller(world.olivia).get(f"{path}?cursor={cursor}")
    assert answer.status in (200, 422), answer.status
    if answer.status == 422:
        assert answer.codes == ["bad_cursor"]


def test_a_metric_and_its_trail(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    fay = Caller(world.fay)
    names = {row["name"] for row in fay.get("/metrics").json}
    assert {"wip", "revenue", "margin", "utilization"} & names
    wip = fay.get(f"/metrics/wip?as_of={TODAY}").json
    assert [(row["value"], row["currency"]) for row in wip] == [("960.00", "EUR")]
    trail = fay.get(f"/metrics/wip/trail?as_of={TODAY}&currency=EUR").json
    assert sum(float(row["value"]) for row in trail["items"]) == 960


def test_reading_a_list_takes_the_same_queries_for_more_rows(world: World) -> None:
    caller = Caller(world.fay)
    counts = []
    for days in (range(2, 4), range(4, 14)):
        for day in days:
            approved(world.carl, world, world.build, date(2026, 3, day), "1")
        with CaptureQueriesContext(connection) as captured:
            caller.get("/open-items")
        counts.append(len(captured))
    assert counts[0] == counts[1] < 10


# --- pages -------------------------------------------------------------------------------------------------


def test_the_schema_is_given_to_callers_alone_and_shown_as_a_page(world: World) -> None:
    assert Client().get("/api/v1/openapi.json").status_code == 401
    assert Caller(world.carl).get("/openapi.json").json["openapi"].startswith("3.1")
    assert Client().get("/api/v1/docs").status_code == 302
    client = Client()
    client.force_login(world.carl.user)
    page = client.get("/api/v1/docs").content.decode()
    assert "/api/v1/time-entries" in page
    assert "<script>" not in page


def test_an_address_that_does_not_exist_is_a_problem_too(world: World) -> None:
    answer = Caller(world.carl).get("/coffee")
    assert (answer.status, answer.codes) == (404, ["no_such_address"])
    assert Caller(world.carl).send("PATCH", "/clients").status == 405
    assert token_of(world.carl).startswith("wl_")


def test_expenses_by_api(world: World, settings: Any, tmp_path: Any) -> None:
    """Entered with its receipt, submitted, approved, paid: each by its own person's token."""
    settings.MEDIA_ROOT = str(tmp_path)
    carl, pia, fay = Caller(world.carl), Caller(world.pia), Caller(world.fay)
    hotel = fay.post("/expense-categories", {"name": "Hotel", "receipt_over": "0"}).json["id"]
    wanted = {
        "category_id": hotel, "project_id": world.atlas.pk, "work_date": "2026-03-10", "amount": "119.00",
        "tax_amount": "19.00",
    }  # fmt: skip
    expense_id = carl.post(f"/people/{world.carl.person_id}/expenses", wanted).json["id"]
    picture = SimpleUploadedFile("hotel.png", PNG, content_type="image/png")
    sent = carl.client.post(
        f"/api/v1/expenses/{expense_id}/receipts", {"file": picture}, headers=carl.headers
    )
    assert sent.status_code == 201
    found = carl.get(f"/expenses/{expense_id}").json
    assert (found["row"]["home_amount"], found["row"]["input_tax"]) == ("119.00", "19.00")
    assert [receipt["media_type"] for receipt in found["receipts"]] == ["image/png"]
    report = carl.post(
        f"/people/{world.carl.person_id}/expense-reports", {"name": "March", "expense_ids": [expense_id]}
    ).json["id"]
    assert carl.post(f"/expense-reports/{report}/submit").json == {"expenses": 1}
    assert [row["report_id"] for row in pia.get("/expense-approvals").json["items"]] == [report]
    done = pia.post("/expense-reports/approve", {"report_ids": [report]}).json
    assert done == {"reports": 1, "expenses": 1, "owed": {"EUR": "119.00"}}
    assert fay.get("/owed-expenses").json["items"][0]["amount"] == "119.00"
    assert fay.get("/unbilled-expenses?as_of=2026-03-16").json["items"][0]["net"] == "100.00"
    assert (
        len(fay.post("/reimbursements", {"report_ids": [report], "paid_on": "2026-03-16"}).json["ids"]) == 1
    )
    assert fay.get("/expenses?state=reimbursed").json["total"] == {"EUR": "119.00"}
    assert carl.get("/owed-expenses").status == 403
