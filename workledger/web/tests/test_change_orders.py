"""Pages of change orders and milestones: composed, reviewed, answered by the client, read as versions."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from workledger.billing.actions import milestones
from workledger.billing.models import Charge
from workledger.contracts import actions
from workledger.contracts.inputs import LineInput, OrderInput
from workledger.contracts.models import BillingModel, ChangeOrder, ContractLine, OrderState
from workledger.directory.models import Contact
from workledger.testing.world import TODAY, Somebody, World

Browser = Callable[[Somebody], Client]
HOUR = 3600
PDF = b"%PDF-1.7\n" + bytes(64)


@pytest.fixture
def order_id(world: World) -> int:
    """A draft that gives Delivery a budget and ends Support."""
    changes: list[dict[str, Any]] = [
        {"kind": "change_line", "line_id": world.delivery.pk, "budget_seconds": 120 * HOUR},
        {"kind": "end_line", "line_id": world.support.pk},
    ]
    given = OrderInput(title="More reports", reason="Asked in March", effective_from=TODAY, changes=changes)
    contract_id = world.acme_contract.pk
    return actions.draft_order(actor=world.pia.actor, contract_id=contract_id, order=given, on=TODAY)


@pytest.fixture
def line_id(world: World) -> int:
    parts = [{"name": "Design", "amount": "3000", "due": "2026-03-01"}, {"name": "Go live", "amount": "5000"}]
    line = LineInput(name="Outcomes", model=BillingModel.MILESTONE, terms={"milestones": parts})
    return actions.add_line(actor=world.fay.actor, contract_id=world.acme_contract.pk, line=line)


def sent(world: World, order_id: int) -> None:
    actions.submit_order(actor=world.pia.actor, order_id=order_id, on=TODAY)
    actions.approve_order(actor=world.fay.actor, order_id=order_id, on=TODAY)


def addresses(world: World, order_id: int, line_id: int) -> list[str]:
    contract, order, milestone = (
        world.acme_contract.pk,
        f"/change-orders/{order_id}",
        f"/milestones/{line_id}/0",
    )
    kinds = ("add_line", "end_line", "end_contract", "cap_contract", "move_budget", "set_rate")
    return [
        "/change-orders", "/change-orders?state=draft", order, f"{order}/change", f"{order}/changes/0",
        f"{order}/changes/1", *(f"{order}/total/{what}" for what in ("hours", "money", "scope")),
        *(f"{order}/changes/new/{kind}" for kind in kinds), f"{order}/changes/new/add_line?model=retainer",
        f"{order}/changes/new/change_line?line={world.support.pk}", f"{order}/return", f"{order}/withdrawal",
        f"{order}/acceptance", f"{order}/refusal", f"{order}/files/new",
        f"/contracts/{contract}/change-orders/new", f"/contracts/{contract}/thresholds",
        f"/contracts/{contract}/versions/1", "/milestones", "/milestones?state=planned", milestone,
        f"{milestone}/request", f"{milestone}/acceptance", f"{milestone}/dispute", f"{milestone}/reopening",
        f"{milestone}/files/new",
    ]  # fmt: skip


def test_finance_opens_every_page_and_strangers_none(
    world: World, order_id: int, line_id: int, browser_of: Browser
) -> None:
    fay, stan, carl = (browser_of(who) for who in (world.fay, world.stan, world.carl))
    for address in addresses(world, order_id, line_id):
        assert fay.get(address).status_code == 200, address
        for stranger in (stan, carl):
            assert stranger.get(address).status_code == 403, address
        assert Client().get(address).status_code == 302, address


def test_an_order_is_composed_page_by_page(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    answer = pia.post(
        f"/contracts/{world.acme_contract.pk}/change-orders/new", {"title": "More", "effective_from": "2026-03-16", "reason": ""}
    )  # fmt: skip
    order = ChangeOrder.objects.get()
    assert answer["Location"] == f"/change-orders/{order.pk}"
    base = f"/change-orders/{order.pk}/changes"
    form = pia.get(f"{base}/new/change_line?line={world.delivery.pk}").context["form"]
    typed = {
        each.field.name: each.text
        for group in form.groups
        for row in group.rows
        for each in row
        if each.field.kind != "check"
    }
    typed |= {
        "budget_hours": "120",
        "terms.cap.amount": "9000",
        "terms.cap.action": "hard",
        "terms.expenses.is_charged": "on",
    }
    assert pia.post(f"{base}/new/change_line?line={world.delivery.pk}", typed).status_code == 302
    order.refresh_from_db()
    [change] = order.changes
    assert (change["budget_seconds"], list(change["terms"])) == (120 * HOUR, ["cap"])
    pia.post(f"{base}/new/set_rate", {"rate_per_hour": "130", "role_id": world.consultant.pk})
    pia.post(
        f"{base}/new/move_budget",
        {"holder": f"project-{world.atlas.pk}", "budget_hours": "500", "budget_amount": ""},
    )
    pia.post(f"{base}/new/end_contract", {"last_day": "2026-12-31"})
    pia.post(f"{base}/new/end_line", {"line_id": world.support.pk})
    retainer = {"name": "Care", "terms.fee": "4000", "terms.timing": "advance", "terms.unused": "expire",
                "terms.rounding.method": "none", "terms.rounding.scope": "entry", "terms.prorates": "on",
                "terms.expenses.is_charged": "on"}  # fmt: skip
    assert pia.post(f"{base}/new/add_line?model=retainer", retainer).status_code == 302
    order.refresh_from_db()
    assert [each["kind"] for each in order.changes] == [
        "change_line", "set_rate", "move_budget", "end_contract", "end_line", "add_line",
    ]  # fmt: skip
    for place in range(6):
        assert pia.get(f"{base}/{place}").status_code == 200
    pia.post(f"{base}/1/removal")
    shown = pia.get(f"/change-orders/{order.pk}").content.decode()
    for words in (
        "Change Delivery",
        "9,000.00, hard",
        "Budget of project Atlas",
        "400.00 h",
        "500.00 h",
        "Add Care",
    ):
        assert words in shown
    assert "Set a rate" not in [effect["title"] for effect in ChangeOrder.objects.get().pricing["effects"]]


def test_a_problem_of_a_change_stands_beside_its_field(
    world: World, order_id: int, browser_of: Browser
) -> None:
    answer = browser_of(world.pia).post(
        f"/change-orders/{order_id}/changes/new/add_line?model=retainer",
        {"name": "Delivery", "terms.fee": ""},
    )
    assert answer.status_code == 422
    assert "terms.fee" in answer.context["form"].errors


def test_from_review_to_the_clients_own_acceptance(world: World, order_id: int, browser_of: Browser) -> None:
    pia, fay, cleo = (browser_of(who) for who in (world.pia, world.fay, world.cleo))
    page = f"/change-orders/{order_id}"
    assert cleo.get(page).status_code == 404
    pia.post(f"{page}/submission")
    assert "Approve" in fay.get(page).content.decode()
    fay.post(f"{page}/approval")
    assert "CO-1 More reports" in cleo.get("/change-orders").content.decode()
    shown = cleo.get(page).content.decode()
    assert "Asked in March" in shown
    assert "Drafted" not in shown
    assert cleo.post(f"{page}/acceptance", {"note": "PO 4711"}).status_code == 302
    assert ChangeOrder.objects.get(pk=order_id).state == OrderState.APPLIED
    contract = pia.get(f"/contracts/{world.acme_contract.pk}").content.decode()
    for words in ("CO-1 More reports", "Version 2", "Version 1"):
        assert words in contract
    version = pia.get(f"/contracts/{world.acme_contract.pk}/versions/2").content.decode()
    assert "120.00 h" in version
    assert "15 Mar 2026" in version


def test_the_firm_records_an_acceptance_with_the_signed_copy(
    world: World, order_id: int, browser_of: Browser
) -> None:
    sent(world, order_id)
    pia, page = browser_of(world.pia), f"/change-orders/{order_id}"
    cleo = Contact.objects.get(client=world.acme).pk
    said = {"contact_id": cleo, "on": "2026-03-16", "evidence": ""}
    assert pia.post(f"{page}/acceptance", said).status_code == 422
    signed = SimpleUploadedFile("signed.pdf", PDF, content_type="application/pdf")
    assert pia.post(f"{page}/acceptance", {**said, "file": signed}).status_code == 302
    [file] = ChangeOrder.objects.get(pk=order_id).files.all()
    assert browser_of(world.cleo).get(f"/change-orders/files/{file.pk}").content == PDF
    assert browser_of(world.carl).get(f"/change-orders/files/{file.pk}").status_code == 403


def test_a_refused_act_says_why_on_the_orders_page(world: World, order_id: int, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    pia.post(f"/change-orders/{order_id}/submission")
    again = pia.post(f"/change-orders/{order_id}/submission")
    assert again.status_code == 422
    assert "CO-1 is in review" in again.content.decode()


def test_a_milestone_is_requested_disputed_and_accepted_on_its_page(
    world: World, line_id: int, browser_of: Browser
) -> None:
    pia, cleo = browser_of(world.pia), browser_of(world.cleo)
    page = f"/milestones/{line_id}/0"
    assert cleo.get(page).status_code == 404
    contact = Contact.objects.get(client=world.acme).pk
    asked = {"contact_id": contact, "on": "2026-03-16", "acceptor": "", "note": "Please look"}
    assert pia.post(f"{page}/request", asked).status_code == 302
    assert "waits for you" in cleo.get("/milestones").content.decode()
    cleo.post(f"{page}/dispute", {"reason": "The export is missing"})
    assert "The export is missing" in pia.get(page).content.decode()
    pia.post(f"{page}/request", asked)
    pia.post(f"{page}/files/new", {"file": SimpleUploadedFile("shot.pdf", PDF)})
    assert cleo.post(f"{page}/acceptance", {"note": ""}).status_code == 302
    assert Charge.objects.get().evidence == "Accepted by Cleo Contact."
    assert "shot.pdf" in cleo.get(page).content.decode()
    pia.post(f"{page}/reopening", {"on": "2026-03-16", "reason": "A defect"})
    assert not Charge.objects.exists()
    shown = pia.get(f"/contracts/{world.acme_contract.pk}").content.decode()
    assert "Reopened" in shown


@pytest.mark.parametrize("address", ["/change-orders", "/milestones"])
def test_a_list_asks_the_database_as_often_for_one_row_as_for_many(
    world: World, order_id: int, line_id: int, browser_of: Browser, address: str
) -> None:
    fay = browser_of(world.fay)
    fay.get(address)
    with CaptureQueriesContext(connection) as few:
        fay.get(address)
    contract_id = world.acme_contract.pk
    for number in range(4):
        given = OrderInput(title=f"Order {number}", effective_from=TODAY, changes=[])
        actions.draft_order(actor=world.pia.actor, contract_id=contract_id, order=given, on=TODAY)
        parts = [{"name": f"M{number}", "amount": "1"}]
        line = LineInput(name=f"More {number}", model=BillingModel.MILESTONE, terms={"milestones": parts})
        made = actions.add_line(actor=world.fay.actor, contract_id=contract_id, line=line)
        milestones.request_acceptance(actor=world.fay.actor, line_id=made, key="0", on=TODAY, acceptor="X")
    with CaptureQueriesContext(connection) as many:
        fay.get(address)
    assert len(many) == len(few)
    assert ContractLine.objects.filter(model="milestone").count() == 5
