"""Pages of contracts and rate cards: who sees them, what they show, what their forms do."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from workledger.billing.models import Charge
from workledger.contracts.models import BillingModel, Contract, ContractLine, Rate, RateCard, RateState
from workledger.testing.world import FIRST_DAY, Somebody, World

Browser = Callable[[Somebody], Client]


def addresses(world: World) -> list[str]:
    contract, card = world.acme_contract.pk, RateCard.objects.get(contract=world.acme_contract)
    rate = card.rates.first()
    assert rate is not None
    base, on_card = f"/contracts/{contract}", f"/rate-cards/{card.pk}"
    return [
        "/contracts", "/contracts/new", base, f"{base}/change", f"{base}/closure", f"{base}/lines/new",
        f"{base}/lines/new?model=retainer", f"{base}/lines/{world.delivery.pk}",
        f"{base}/rate?line={world.delivery.pk}&person={world.carl.person_id}",
        "/rate-cards", "/rate-cards/new", f"/rate-cards/new?contract={contract}", on_card, f"{on_card}/change",
        f"{on_card}/raise", f"{on_card}/rates/new", f"{on_card}/rates/new?replaces={rate.pk}",
        f"{on_card}/rates/{rate.pk}", f"{on_card}/rates/{rate.pk}/end", f"{on_card}/rates/{rate.pk}/approval",
        f"{on_card}/rates/{rate.pk}/refusal",
    ]  # fmt: skip


def test_finance_opens_every_page_and_strangers_none(world: World, browser_of: Browser) -> None:
    fay, stan, carl, cleo = (browser_of(who) for who in (world.fay, world.stan, world.carl, world.cleo))
    for address in addresses(world):
        assert fay.get(address).status_code == 200, address
        for stranger in (stan, carl, cleo):
            assert stranger.get(address).status_code == 403, address
        assert Client().get(address).status_code == 302, address
    assert stan.post(f"/contracts/{world.acme_contract.pk}/activation").status_code == 403


def test_what_is_not_there_is_not_found(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    for address in (
        "/contracts/0",
        "/rate-cards/0",
        f"/contracts/{world.acme_contract.pk}/lines/{world.audit.pk}",
        f"/contracts/{world.audit_contract.pk}/rate?line={world.delivery.pk}&person={world.carl.person_id}",
        f"/rate-cards/{RateCard.objects.get(contract=world.acme_contract).pk}/rates/0",
    ):
        assert fay.get(address).status_code == 404, address


def test_the_contract_says_how_it_is_billed_and_at_which_rates(world: World, browser_of: Browser) -> None:
    shown = browser_of(world.pia).get(f"/contracts/{world.acme_contract.pk}").content.decode()
    for words in (
        "Atlas programme",
        "Delivery",
        "Time and materials",
        "120.00",
        "160.00",
        "Standard 2026",
        "110.00",
    ):
        assert words in shown
    assert "Borealis" not in shown


def test_the_list_narrows_by_client_state_and_words(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    assert "Atlas programme" not in pia.get(f"/contracts?client={world.borealis.pk}").content.decode()
    assert "No contract fits" in pia.get("/contracts?state=draft").content.decode()
    assert "C-002" in pia.get("/contracts?q=audit&sort=-name").content.decode()


def test_why_this_rate_answers_as_trail_page_and_inline(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    address = f"/contracts/{world.acme_contract.pk}/rate"
    asked: dict[str, str | int] = {
        "line": world.delivery.pk,
        "person": world.carl.person_id,
        "day": "2026-03-16",
    }
    inline = {"HX-Request": "true", "HX-Target": "rate-answer"}
    for headers in ({}, {"HX-Request": "true"}, inline):
        shown = pia.get(address, asked, headers=headers).content.decode()
        assert "€120.00 per hour" in shown
        assert "Less specific than contract card, role" in shown
    assert "Choose a line" in pia.get(address, {"line": "1"}, headers=inline).content.decode()
    assert pia.get(address, {"line": "1"}).status_code == 422


def test_a_contract_is_drafted_given_a_line_and_activated(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    sent = {"name": "Rollout", "client_id": world.acme.pk, "entity_id": world.entity_id, "start": "2026-03-01", "end": "2026-06-30"}  # fmt: skip
    assert pia.post("/contracts/new", sent).status_code == 302
    contract = Contract.objects.get(name="Rollout")
    assert (contract.currency, str(contract.end)) == ("EUR", "2026-07-01")
    line = {"name": "Build", "budget_hours": "100", "terms.rounding.method": "up", "terms.rounding.step_minutes": "30",
            "terms.rounding.scope": "task_day"}  # fmt: skip
    assert pia.post(f"/contracts/{contract.pk}/lines/new", line).status_code == 302
    kept = ContractLine.objects.get(contract=contract)
    assert (kept.budget_seconds, kept.terms["rounding"]["step_minutes"]) == (360_000, 30)
    assert pia.post(f"/contracts/{contract.pk}/activation").status_code == 302
    assert pia.post(f"/contracts/{contract.pk}/activation").status_code == 422
    assert pia.post(f"/contracts/{contract.pk}/closure", {"last_day": "2026-06-30"}).status_code == 302


def test_problems_stand_beside_their_fields(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    shown = pia.post(
        f"/contracts/{world.acme_contract.pk}/lines/new",
        {"name": "Delivery", "terms.rounding.method": "up", "terms.rounding.step_minutes": "0", "terms.rounding.scope": "entry"},
    )  # fmt: skip
    assert shown.status_code == 422
    assert "already has a line with that name" in shown.content.decode()
    assert 'name="terms.rounding.step_minutes" aria-describedby="id_terms.rounding.step_minutes-about" aria-invalid' in shown.content.decode()  # fmt: skip


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("retainer", {"terms.fee": "4,000.00", "terms.timing": "advance", "terms.unused": "expire", "terms.included_hours": "30"}),
        ("fixed_fee", {"terms.price": "9000", "terms.instalments.0.name": "Start", "terms.instalments.0.percent": "40", "terms.instalments.7.name": "End", "terms.instalments.7.amount": "5400", "terms.instalments.7.due": "2026-06-30"}),
        ("milestone", {"terms.milestones.0.name": "Go live", "terms.milestones.0.amount": "12000", "terms.milestones.0.due": "2026-06-30"}),
        ("recurring", {"terms.fee": "500", "terms.timing": "arrears"}),
        ("prepaid", {"terms.price": "11000", "terms.block_hours": "100"}),
        ("progress", {"terms.value": "80000", "terms.measure": "hours"}),
        ("unit", {"terms.unit": "test case", "terms.tiers.0.from_quantity": "0", "terms.tiers.0.price": "5", "terms.tiers.1001.from_quantity": "100", "terms.tiers.1001.price": "4"}),
        ("blended", {"terms.rate_per_hour": "130"}),
        ("day_rate", {"terms.rate_per_day": "1040"}),
        ("non_billable", {"terms.requires_notes": "on"}),
    ],
)  # fmt: skip
def test_every_model_can_be_drafted_and_opened_again(
    world: World, browser_of: Browser, model: str, sent: dict[str, str]
) -> None:
    draft = Contract.objects.create(
        client=world.acme, entity=world.entity, number="D", name="Draft", currency="EUR", start=FIRST_DAY, state="draft"
    )  # fmt: skip
    pia = browser_of(world.pia)
    address = f"/contracts/{draft.pk}/lines/new?model={model}"
    time = {"terms.rounding.method": "none", "terms.rounding.scope": "entry", "terms.beyond": "charge"}
    assert pia.post(address, {"name": "Line", **time, **sent}).status_code == 302
    line = ContractLine.objects.get(contract=draft)
    assert line.model == model
    assert pia.get(f"/contracts/{draft.pk}/lines/{line.pk}").status_code == 200
    assert BillingModel(model).label in pia.get(f"/contracts/{draft.pk}").content.decode()


def test_fay_proposes_a_rate_and_olivia_approves_it(world: World, browser_of: Browser) -> None:
    card = RateCard.objects.get(contract=world.acme_contract)
    old = card.rates.get(role=world.consultant)
    fay, olivia = browser_of(world.fay), browser_of(world.olivia)
    sent = {"rate_per_hour": "130", "valid_from": "2026-04-01", "valid_to": ""}
    assert fay.post(f"/rate-cards/{card.pk}/rates/new?replaces={old.pk}", sent).status_code == 302
    new = Rate.objects.get(replaces=old)
    address = f"/rate-cards/{card.pk}/rates/{new.pk}/approval"
    assert "It changes no open work" in olivia.get(address).content.decode()
    assert "You proposed this rate" in fay.get(address).content.decode()
    timeline = fay.get(f"/rate-cards/{card.pk}").content.decode()
    assert "€130.00 from 1 Apr 2026, proposed" in timeline
    assert "1 proposed rate waits" in fay.get("/rate-cards").content.decode()
    assert "Waiting for approval" in fay.get(f"/rate-cards/{card.pk}").content.decode()
    assert fay.post(address).status_code == 422
    assert olivia.post(address).status_code == 302
    new.refresh_from_db()
    assert (new.state, new.rate_per_hour) == (RateState.APPROVED, Decimal(130))
    assert "holds today" in fay.get(f"/rate-cards/{card.pk}/rates/{old.pk}").content.decode()


def test_rates_are_added_declined_ended_and_raised(world: World, browser_of: Browser) -> None:
    card = RateCard.objects.get(contract=world.acme_contract)
    fay, olivia = browser_of(world.fay), browser_of(world.olivia)
    base = f"/rate-cards/{card.pk}"
    tie = fay.post(
        f"{base}/rates/new", {"rate_per_hour": "1", "valid_from": "2026-04-01", "role_id": world.lead.pk}
    )
    assert tie.status_code == 422
    assert "Another rate holds on some of these days" in tie.content.decode()
    person = {"rate_per_hour": "150", "valid_from": "2026-04-01", "person_id": world.carl.person_id, "contract_line_id": world.delivery.pk}  # fmt: skip
    assert fay.post(f"{base}/rates/new", person).status_code == 302
    proposed = Rate.objects.get(person_id=world.carl.person_id, card=card)
    assert olivia.post(f"{base}/rates/{proposed.pk}/refusal", {"reason": "No"}).status_code == 302
    held = card.rates.get(role=world.lead)
    assert fay.post(f"{base}/rates/{held.pk}/end", {"ends_on": "2026-06-30"}).status_code == 302
    held.refresh_from_db()
    assert str(held.valid_to) == "2026-07-01"
    assert fay.post(f"{base}/raise", {"percent": "5", "from_day": "2026-05-01"}).status_code == 302
    assert Rate.objects.filter(card=card, state=RateState.PROPOSED).count() == 2
    assert fay.post(f"{base}/change", {"name": "Atlas 2026"}).status_code == 302


def test_a_card_is_opened_for_a_contract(world: World, browser_of: Browser) -> None:
    sent = {"name": "Audit prices", "currency": "EUR", "contract_id": world.audit_contract.pk}
    assert browser_of(world.pia).post("/rate-cards/new", sent).status_code == 302
    assert RateCard.objects.get(name="Audit prices").level == "contract"


def _queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def test_query_counts_do_not_grow_with_rows(world: World, browser_of: Browser) -> None:
    fay = browser_of(world.fay)
    card = RateCard.objects.get(contract=world.acme_contract)
    pages = ["/contracts", f"/contracts/{world.acme_contract.pk}", "/rate-cards", f"/rate-cards/{card.pk}"]
    before = {address: _queries(fay, address) for address in pages}
    for number in range(8):
        contract = Contract.objects.create(
            client=world.acme, entity=world.entity, number=f"N{number}", name=f"N{number}", currency="EUR", start=FIRST_DAY
        )  # fmt: skip
        ContractLine.objects.create(contract=contract, name="L", model="time_and_materials")
        ContractLine.objects.create(
            contract=world.acme_contract, name=f"L{number}", model="time_and_materials"
        )
        RateCard.objects.create(name=f"K{number}", currency="EUR", contract=contract)
        Rate.objects.create(card=card, person_id=world.carl.person_id,
                            valid_from=FIRST_DAY.replace(year=2000 + number), valid_to=FIRST_DAY.replace(year=2001 + number), rate_per_hour=1)  # fmt: skip
    assert {address: _queries(fay, address) for address in pages} == before


def test_pia_accepts_a_milestone_and_fay_takes_it_back(world: World, browser_of: Browser) -> None:
    line = ContractLine.objects.create(
        contract=world.acme_contract, name="Go live", model=BillingModel.MILESTONE, position=7,
        terms={"milestones": [{"name": "Go live", "amount": "12000"}]},
    )  # fmt: skip
    base = f"/contracts/{world.acme_contract.pk}"
    pia, fay = browser_of(world.pia), browser_of(world.fay)
    assert f"/milestones/{line.pk}/0" in fay.get(base).content.decode()
    address = f"/milestones/{line.pk}/0/acceptance"
    nobody = pia.post(address, {"on": "2026-03-10", "accepted_by": "", "evidence": "", "contact_id": ""})
    assert (nobody.status_code, "who accepted" in nobody.content.decode()) == (422, True)
    sent = {"on": "2026-03-10", "accepted_by": "Cleo", "evidence": "Protocol", "contact_id": ""}
    assert pia.post(address, sent).status_code == 302
    assert pia.post(address, sent).status_code == 422
    shown = fay.get(base).content.decode()
    assert "Take back" in shown
    charge = Charge.objects.get()
    assert fay.post(f"{base}/charges/{charge.pk}/withdrawal", {"reason": "Disputed"}).status_code == 302
    assert not Charge.objects.exists()


@pytest.mark.parametrize(("model", "terms"), [("retainer", {"fee": "100", "included_hours": "5"}), ("prepaid", {"price": "1", "block_hours": "5"})])  # fmt: skip
def test_statements_open(world: World, browser_of: Browser, model: str, terms: dict[str, str]) -> None:
    line = ContractLine.objects.create(
        contract=world.acme_contract, name="Care", model=model, position=7, terms=terms
    )
    base = f"/contracts/{world.acme_contract.pk}/lines"
    fay = browser_of(world.fay)
    assert "Statement of Care" in fay.get(f"{base}/{line.pk}/statement?through=2026-03-31").content.decode()
    assert fay.get(f"{base}/{world.delivery.pk}/statement").status_code == 404


def test_changing_a_line_rewrites_the_terms_its_form_asks(world: World, browser_of: Browser) -> None:
    world.delivery.terms = {"minimum_time": {"scope": "day", "minutes": 60}, "cap": {"amount": "900"}}
    world.delivery.save()
    sent = {
        "name": "Delivery", "terms.rounding.method": "none", "terms.minimum_time.scope": "day", "terms.minimum_time.minutes": "60",
        "terms.multipliers.3.kind": "overtime", "terms.multipliers.3.factor": "1.5", "terms.multipliers.3.over_hours": "8",
    }  # fmt: skip
    address = f"/contracts/{world.acme_contract.pk}/lines/{world.delivery.pk}"
    pia = browser_of(world.pia)
    shown = pia.get(address).content.decode()
    assert 'value="60"' in shown
    assert '<option value="amount" selected>' in shown
    assert pia.post(address, sent).status_code == 302
    kept = ContractLine.objects.get(pk=world.delivery.pk).terms
    assert (kept["minimum_time"]["minutes"], kept["cap"]) == (60, None)
    assert Decimal(kept["multipliers"][0]["over_hours"]) == 8


def _lines(world: World, model: str) -> str:
    return f"/contracts/{world.acme_contract.pk}/lines/new?model={model}"


def test_ways_of_billing_are_cards_and_each_leads_to_its_form(world: World, browser_of: Browser) -> None:
    pia = browser_of(world.pia)
    shown = pia.get(f"/contracts/{world.acme_contract.pk}/lines/new").content.decode()
    for model in BillingModel:
        assert f"/lines/new?model={model.value}" in shown
        assert model.label in shown
    retainer = pia.get(_lines(world, "retainer")).content.decode()
    assert "terms.included_hours" in retainer
    assert "terms.rate_per_hour" not in retainer


def test_rows_count_in_the_order_they_are_sent_and_problems_stand_in_their_cells(
    world: World, browser_of: Browser
) -> None:
    pia = browser_of(world.pia)
    sent = {
        "name": "Cases", "terms.unit": "case", "terms.tiers.1003.from_quantity": "0", "terms.tiers.1003.price": "5",
        "terms.tiers.0.from_quantity": "abc", "terms.tiers.0.price": "-4", "terms.tiers.5.price": " ",
    }  # fmt: skip
    refused = pia.post(_lines(world, "unit"), sent)
    shown = refused.content.decode()
    assert refused.status_code == 422
    assert (
        'name="terms.tiers.1.from_quantity" aria-describedby="id_terms.tiers.1.from_quantity-about" aria-invalid'
        in shown
    )
    assert 'name="terms.tiers.1.price" aria-describedby="id_terms.tiers.1.price-about" aria-invalid' in shown
    assert 'value="abc"' in shown
    assert "terms.tiers.2." not in shown
    assert (
        pia.post(
            _lines(world, "unit"), sent | {"terms.tiers.0.from_quantity": "100", "terms.tiers.0.price": "4"}
        ).status_code
        == 302
    )
    kept = ContractLine.objects.get(name="Cases").terms["tiers"]
    assert [(Decimal(row["from_quantity"]), Decimal(row["price"])) for row in kept] == [
        (Decimal(0), Decimal(5)),
        (Decimal(100), Decimal(4)),
    ]


def _preview(browser: Client, world: World, model: str, sent: dict[str, str]) -> str:
    address = f"/contracts/{world.acme_contract.pk}/lines/preview?model={model}"
    answer = browser.post(address, sent)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_preview_shows_the_next_three_invoices_and_writes_nothing(
    world: World, browser_of: Browser
) -> None:
    pia = browser_of(world.pia)
    before = (ContractLine.objects.count(), Charge.objects.count())
    sent = {
        "terms.fee": "5000",
        "terms.included_hours": "20",
        "terms.overage_rate": "200",
        "assumed_hours": "40",
    }
    shown = _preview(pia, world, "retainer", sent)
    assert "Up to 20 h a month for €5,000.00, then €200.00 an hour; unused hours expire." in shown
    assert shown.count("preview-invoice") == 3
    assert "4,000.00" in shown  # (40 - 20) x 200
    assert (ContractLine.objects.count(), Charge.objects.count()) == before
    assert "2,400.00" in _preview(
        pia, world, "blended", {"terms.rate_per_hour": "120", "assumed_hours": "20"}
    )
    assert "on no invoice" in _preview(pia, world, "non_billable", {})


def test_the_preview_says_what_it_waits_for(world: World, browser_of: Browser) -> None:
    shown = _preview(browser_of(world.pia), world, "fixed_fee", {"terms.price": ""})
    assert "The preview waits for this" in shown
    assert "Price" in shown
    assert (
        browser_of(world.stan)
        .post(f"/contracts/{world.acme_contract.pk}/lines/preview?model=unit")
        .status_code
        == 403
    )
