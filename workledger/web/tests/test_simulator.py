"""The simulator's page: who opens it, what it shows, what stands beside fields."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from workledger.billing.models import Invoice
from workledger.testing.time import approved
from workledger.testing.world import TODAY, Somebody, World
from workledger.web.levers import LEVERS

Browser = Callable[[Somebody], Client]


@pytest.fixture(autouse=True)
def _today(set_today: Callable[[date], None]) -> None:
    set_today(TODAY)


def fields(html: str) -> dict[str, str]:
    """Return what the form would send as it stands."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", html.partition('class="simulator-form"')[2]):
        name = re.search(r' name="([^"]*)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if name and name[1] not in ("file", "csrfmiddlewaretoken"):
            found[name[1]] = value[1] if value else ""
    for name, options in re.findall(
        r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', html.partition('class="simulator-form"')[2], re.S
    ):
        chosen = re.search(r'value="([^"]*)" selected', options)
        first = re.search(r"<option(?: value=\"([^\"]*)\")?[^>]*>([^<]*)", options)
        found[name] = chosen[1] if chosen else (first[1] or first[2]) if first else ""
    return found


def start(client: Client, query: str) -> dict[str, str]:
    return fields(client.get(f"/simulator/?{query}").content.decode())


def send(client: Client, data: dict[str, Any], act: str = "simulate", status: int = 200) -> str:
    answer = client.post("/simulator/", {**data, "act": act})
    assert answer.status_code == status, answer.content.decode()[-3000:]
    return answer.content.decode()


def test_who_may_see_billing_opens_it(world: World, browser_of: Browser) -> None:
    for address in ("/simulator/", f"/simulator/?contract={world.acme_contract.pk}"):
        assert browser_of(world.fay).get(address).status_code == 200
        for stranger in (world.stan, world.carl, world.cleo):
            assert browser_of(stranger).get(address).status_code == 403
    assert browser_of(world.fay).get("/simulator/?contract=999999999").status_code == 404
    shown = browser_of(world.fay).get(f"/contracts/{world.acme_contract.pk}").content.decode()
    assert f"/simulator/?contract={world.acme_contract.pk}" in shown


def test_a_contract_is_simulated_as_it_stands(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    data = start(fay, f"contract={world.acme_contract.pk}")
    assert data["v0.l0.model"] == "time_and_materials"
    shown = send(
        fay, data | {"start": "2026-03-01", "periods": "2", "w0.who": "role:Consultant", "w0.hours": "10"}
    )
    assert "5,280.00" in shown  # 22 days × 2 h × 120
    assert "Contract position" in shown
    assert not Invoice.objects.exists()


def test_variants_stand_side_by_side(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    data = start(fay, f"contract={world.acme_contract.pk}")
    data = fields(send(fay, data, "add_variant"))
    assert data["variants"] == "2"
    data |= {
        "start": "2026-03-01",
        "periods": "1",
        "w0.who": "role:Consultant",
        "w0.hours": "10",
        "v1.l0.cap.amount": "5000",
    }
    shown = send(fay, data)
    assert "Side by side" in shown
    assert "−280.00" in shown


@pytest.mark.parametrize("model", [model.value for model in LEVERS])
def test_every_model_is_a_start(world: World, browser_of: Browser, model: str) -> None:
    fay = browser_of(world.fay)
    data = start(fay, f"model={model}")
    shown = fay.get(f"/simulator/?model={model}").content.decode()
    for name, text in re.findall(r'<textarea name="(v0[^"]*)"[^>]*>([^<]*)</textarea>', shown):
        data[name] = text
    for pk in (world.consultant.pk, world.lead.pk):
        data[f"v0.rate.{pk}"] = "100"
    assert "month by month" in send(fay, data | {"periods": "3"})


def test_problems_stand_beside_their_fields(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    data = start(fay, "model=retainer")
    shown = send(fay, data | {"v0.l0.fee": "much", "periods": "99"}, status=422)
    assert "Write an amount as" in shown
    shown = send(fay, data | {"periods": "99"}, status=422)
    assert "Simulate from 1 to 60 months." in shown
    shown = send(fay, data | {"v0.l0.included_amount": "7"}, status=422)
    assert "hours or money, not both" in shown
    shown = send(fay, data | {"w0.hours": "500"}, status=422)
    assert "from 0 to 120 hours" in shown


def test_time_comes_from_a_file_or_a_past_period(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    data = start(fay, f"contract={world.acme_contract.pk}") | {"start": "2026-03-01", "periods": "1"}
    file = SimpleUploadedFile("t.csv", b"date,role,hours,line\n2026-03-02,Lead,1,Delivery\n")
    assert "160.00" in send(fay, data | {"time": "file", "file": file})
    rows = "date,role,hours,line\n2026-03-02,Lead,much,Delivery\n"
    assert "Line 2" in send(fay, data | {"time": "file", "csv": rows}, status=422)
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    past = {"time": "past", "past_from": "2026-03-01", "past_through": "2026-03-31"}
    assert "960.00" in send(fay, data | past)


def test_lines_can_be_added(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    data = start(fay, "model=retainer")
    shown = send(fay, data | {"new_model": "recurring"}, "add_line")
    assert 'name="v0.l1.fee"' in shown


def test_queries_do_not_grow_with_time(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    data = start(fay, f"contract={world.acme_contract.pk}") | {"start": "2026-03-01"}
    counts = []
    for periods in ("1", "24"):
        with CaptureQueriesContext(connection) as captured:
            send(fay, data | {"periods": periods})
        counts.append(len(captured))
    assert counts[0] == counts[1]
