"""Rate cards and rates: dates, ties, two people, rises, and what other floors are told."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from workledger.contracts import actions, effects
from workledger.contracts.calc.rating import RateQuery
from workledger.contracts.effects import RateEffect, register_rate_effects
from workledger.contracts.events import RatesChanged
from workledger.contracts.inputs import RateCardInput, RateInput
from workledger.contracts.models import Rate, RateCard, RateState
from workledger.contracts.queries import load_rate_books, why_rate
from workledger.core import events
from workledger.core.access import DutyRule
from workledger.core.door import Options
from workledger.core.duties import switch_duty
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.testing.world import FIRST_DAY, World

APRIL = date(2026, 4, 1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[RatesChanged]:
    """The events that were emitted; nobody else hears them."""
    heard: list[RatesChanged] = []
    monkeypatch.setitem(events._handlers, RatesChanged, [heard.append])
    monkeypatch.setattr(effects, "_hooks", [])
    return heard


@pytest.fixture(autouse=True)
def _alone(told: list[RatesChanged]) -> None:
    return


def card_of(world: World) -> RateCard:
    return RateCard.objects.get(contract=world.acme_contract)


def consultant(world: World, **changes: object) -> RateInput:
    basis = RateInput(
        card_id=card_of(world).pk,
        rate_per_hour=Decimal(130),
        valid_from=APRIL,
        role_id=world.consultant.pk,
    )
    return replace(basis, **changes)  # type: ignore[arg-type]


def held(world: World) -> Rate:
    return Rate.objects.get(card=card_of(world), role=world.consultant, valid_from=FIRST_DAY)


def price(world: World, day: date) -> Decimal | None:
    books = load_rate_books([world.acme_contract.pk])
    query = RateQuery(world.delivery.pk, world.carl.person_id, world.consultant.pk, None, day)
    return books.resolve(world.acme_contract.pk, query).rate


def test_who_proposes_does_not_approve(world: World, told: list[RatesChanged]) -> None:
    rate_id = actions.propose_rate(actor=world.fay.actor, rate=consultant(world, replaces_id=held(world).pk))
    with pytest.raises(Refused, match="Who proposes a rate does not approve it"):
        actions.approve_rate(actor=world.fay.actor, rate_id=rate_id)
    assert price(world, APRIL) == Decimal(120)
    assert told == []
    actions.approve_rate(actor=world.olivia.actor, rate_id=rate_id)
    assert [price(world, day) for day in (date(2026, 3, 31), APRIL)] == [Decimal(120), Decimal(130)]
    assert [(event.contract_ids, event.from_day) for event in told] == [((world.acme_contract.pk,), APRIL)]
    with pytest.raises(Refused) as refused:
        actions.approve_rate(actor=world.olivia.actor, rate_id=rate_id)
    assert refused.value.codes == ("not_proposed",)


def test_a_lead_proposes_and_may_not_approve(world: World) -> None:
    saved = actions.set_rate(actor=world.pia.actor, rate=consultant(world, replaces_id=held(world).pk))
    assert not saved.is_approved
    with pytest.raises(Forbidden):
        actions.approve_rate(actor=world.pia.actor, rate_id=saved.rate_ids[0])


def test_a_firm_of_one_switches_the_rule_off(world: World) -> None:
    rate = consultant(world, replaces_id=held(world).pk)
    assert not actions.set_rate(actor=world.olivia.actor, rate=rate).is_approved
    Rate.objects.filter(state=RateState.PROPOSED).delete()
    switch_duty(
        actor=world.olivia.actor,
        rule=DutyRule.PROPOSE_AND_APPROVE_RATE,
        is_on=False,
        reason="I work alone.",
    )
    assert actions.set_rate(actor=world.olivia.actor, rate=rate).is_approved
    assert price(world, APRIL) == Decimal(130)


def test_a_tie_is_refused_with_the_other_rate_named(world: World) -> None:
    with pytest.raises(Refused) as refused:
        actions.propose_rate(actor=world.fay.actor, rate=consultant(world))
    (problem,) = refused.value.problems
    assert problem.code == "rates_do_not_tie"
    assert "120.00 EUR for role Consultant from 2026-01-01" in problem.message
    actions.propose_rate(actor=world.fay.actor, rate=consultant(world, task_type_id=_task_type(world)))
    with pytest.raises(Refused, match="Another rate is proposed and holds"):
        actions.propose_rate(actor=world.fay.actor, rate=consultant(world, task_type_id=_task_type(world)))


def _task_type(world: World) -> int:
    return actions.create_task_types(actor=world.system, names=["Build"])[0]


def test_the_database_refuses_a_tie_by_itself(world: World) -> None:
    with pytest.raises(IntegrityError, match="rates_do_not_tie"), transaction.atomic():
        Rate.objects.create(
            card=card_of(world), role=world.consultant, valid_from=APRIL, rate_per_hour=Decimal(130)
        )


def test_a_rate_that_starts_with_the_one_it_replaces_takes_its_place(world: World) -> None:
    wrong = held(world)
    right = consultant(world, valid_from=FIRST_DAY, rate_per_hour=Decimal(125), replaces_id=wrong.pk)
    actions.set_rate(actor=world.system, rate=right)
    wrong.refresh_from_db()
    assert wrong.state == RateState.WITHDRAWN
    assert price(world, FIRST_DAY) == Decimal(125)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_to": APRIL}, "ends_before_start"),
        ({"rate_per_hour": Decimal(-1)}, "rate_per_hour_negative"),
        ({"rate_per_hour": Decimal("1.00001")}, "rate_per_hour_too_precise"),
        ({"rate_per_hour": Decimal(10**9)}, "rate_too_large"),
        ({"role_id": 0}, "role_unknown"),
        ({"person_id": 0}, "person_unknown"),
        ({"task_type_id": 0}, "task_type_unknown"),
        ({"contract_line_id": 0}, "line_of_other_contract"),
        ({"person_id": 1, "replaces_id": 0}, "replaces_another"),
    ],
)
def test_a_rate_that_does_not_fit_is_refused(world: World, changes: dict[str, object], code: str) -> None:
    if changes.get("person_id"):
        changes = changes | {"person_id": world.carl.person_id}
    with pytest.raises(Refused) as refused:
        actions.propose_rate(actor=world.fay.actor, rate=consultant(world, **changes))
    assert code in refused.value.codes


def test_a_replacement_that_ends_too_early_would_leave_a_gap(world: World) -> None:
    short = consultant(world, replaces_id=held(world).pk, valid_to=date(2026, 6, 1))
    with pytest.raises(Refused, match="No rate would hold after it"):
        actions.propose_rate(actor=world.fay.actor, rate=short)


def test_a_rate_for_a_line_of_another_contract_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="on that contract's own card"):
        actions.propose_rate(actor=world.fay.actor, rate=consultant(world, contract_line_id=world.audit.pk))


def test_open_work_is_named_before_it_is_priced_again(world: World, told: list[RatesChanged]) -> None:
    register_rate_effects(lambda contract_ids, from_day, books: RateEffect(3, 27_000, Decimal(900)))
    rate = consultant(world, replaces_id=held(world).pk)
    with pytest.raises(NeedsConfirmation, match=r"7\.50 hours of approved work from 2026-04-01"):
        actions.set_rate(actor=world.system, rate=rate)
    confirmed = Options(confirmed=frozenset({"reprices_open_work"}))
    assert actions.set_rate.using(confirmed)(actor=world.system, rate=rate).is_approved
    assert told[-1].from_day == APRIL


def test_an_entity_card_reaches_every_contract_of_its_entity(world: World, told: list[RatesChanged]) -> None:
    entity_card = RateCard.objects.get(entity=world.entity)
    person = RateInput(
        card_id=entity_card.pk, rate_per_hour=Decimal(99), valid_from=APRIL, person_id=world.carl.person_id
    )
    actions.set_rate(actor=world.system, rate=person)
    assert told[0].contract_ids == (
        world.acme_contract.pk,
        world.audit_contract.pk,
        world.borealis_contract.pk,
    )


def test_an_ended_rate_gives_way_to_the_entity_card(world: World, told: list[RatesChanged]) -> None:
    rate = held(world)
    actions.end_rate(actor=world.fay.actor, rate_id=rate.pk, ends_on=APRIL)
    assert [price(world, day) for day in (date(2026, 3, 31), APRIL)] == [Decimal(120), Decimal(110)]
    assert told[0].from_day == APRIL
    with pytest.raises(Refused, match="ends by then already"):
        actions.end_rate(actor=world.fay.actor, rate_id=rate.pk, ends_on=APRIL)
    with pytest.raises(Refused, match="it ends later than that"):
        actions.end_rate(actor=world.fay.actor, rate_id=rate.pk, ends_on=FIRST_DAY)


def test_a_rise_from_a_leap_day_replaces_each_rate_of_the_card(world: World) -> None:
    leap = date(2028, 2, 29)
    actions.raise_rates(actor=world.system, card_id=card_of(world).pk, percent=Decimal("3.3"), from_day=leap)
    days = (date(2028, 2, 28), leap, date(2028, 3, 1))
    assert [price(world, day) for day in days] == [Decimal(120), Decimal("123.96"), Decimal("123.96")]
    ended = held(world)
    assert (ended.valid_to, ended.state) == (leap, RateState.APPROVED)
    with pytest.raises(Refused, match="No rate of this card holds across that day"):
        actions.raise_rates(
            actor=world.system, card_id=card_of(world).pk, percent=Decimal(1), from_day=FIRST_DAY
        )


def test_a_proposed_rise_changes_nothing_until_each_rate_is_approved(world: World) -> None:
    raised = actions.raise_rates(
        actor=world.pia.actor, card_id=card_of(world).pk, percent=Decimal(5), from_day=APRIL
    )
    assert (len(raised.rate_ids), raised.is_approved, price(world, APRIL)) == (2, False, Decimal(120))
    for rate_id in raised.rate_ids:
        actions.approve_rate(actor=world.fay.actor, rate_id=rate_id)
    assert price(world, APRIL) == Decimal(126)


@pytest.mark.parametrize("percent", ["0", "101", "-51", "NaN"])
def test_a_rise_is_a_percentage_that_makes_sense(world: World, percent: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.raise_rates(
            actor=world.system, card_id=card_of(world).pk, percent=Decimal(percent), from_day=APRIL
        )
    assert refused.value.codes == ("percent_out_of_range",)


def test_a_proposal_is_declined_by_its_proposer_or_an_approver(world: World) -> None:
    rate = consultant(world, replaces_id=held(world).pk)
    rate_id = actions.propose_rate(actor=world.fay.actor, rate=rate)
    with pytest.raises(Forbidden):
        actions.decline_rate(actor=world.pia.actor, rate_id=rate_id, reason="Mine")
    with pytest.raises(Refused, match="Say why"):
        actions.decline_rate(actor=world.olivia.actor, rate_id=rate_id, reason=" ")
    actions.decline_rate(actor=world.olivia.actor, rate_id=rate_id, reason="Too early")
    own = actions.propose_rate(actor=world.pia.actor, rate=rate)
    actions.decline_rate(actor=world.pia.actor, rate_id=own, reason="Mistyped")
    assert Rate.objects.filter(state=RateState.DECLINED).count() == 2


def test_a_card_has_one_level_and_its_contracts_currency(world: World) -> None:
    made = actions.create_rate_card(
        actor=world.pia.actor,
        card=RateCardInput(name="Audit", currency="EUR", contract_id=world.audit_contract.pk),
    )
    assert RateCard.objects.get(pk=made).level == "contract"
    for card, code in (
        (RateCardInput(name="Both", currency="EUR", client_id=world.acme.pk, entity_id=world.entity_id), "level_unclear"),
        (RateCardInput(name="None", currency="EUR"), "level_unclear"),
        (RateCardInput(name="Else", currency="EUR", client_id=0), "level_unknown"),
        (RateCardInput(name="Odd", currency="USD", contract_id=world.audit_contract.pk), "currency_differs"),
        (RateCardInput(name="Again", currency="EUR", contract_id=world.audit_contract.pk), "rate_card_once_per_level"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            actions.create_rate_card(actor=world.pia.actor, card=card)
        assert code in refused.value.codes


def test_a_card_outside_ones_sight_is_not_there(world: World) -> None:
    limited = replace(world.pia.actor, entity_ids=frozenset({0}))
    with pytest.raises(NotFound):
        actions.propose_rate(actor=limited, rate=consultant(world))


def test_many_rates_come_in_at_once_and_are_told_once(world: World, told: list[RatesChanged]) -> None:
    rates = [
        consultant(world, role_id=None, person_id=world.carl.person_id, valid_to=APRIL, valid_from=FIRST_DAY),
        consultant(world, role_id=None, person_id=world.carl.person_id, rate_per_hour=Decimal(135)),
        consultant(world, replaces_id=held(world).pk),
    ]
    saved = actions.create_rates(actor=world.system, rates=rates)
    assert (len(saved.rate_ids), saved.is_approved) == (3, True)
    assert [event.from_day for event in told] == [FIRST_DAY]
    assert [price(world, day) for day in (FIRST_DAY, APRIL)] == [Decimal(130), Decimal(135)]
    with pytest.raises(Refused) as refused:
        actions.create_rates(actor=world.system, rates=[consultant(world, person_id=world.pia.person_id)] * 2)
    assert refused.value.codes == ("rates_do_not_tie",)


def test_books_hold_only_approved_rates_in_the_contracts_currency(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dollars = RateCard.objects.create(name="Dollars", currency="USD", client=world.acme)
    Rate.objects.create(
        card=dollars, person_id=world.carl.person_id, valid_from=FIRST_DAY, rate_per_hour=Decimal(1)
    )
    ids = [world.acme_contract.pk, world.audit_contract.pk, world.borealis_contract.pk]
    with django_assert_num_queries(2):
        books = load_rate_books(ids)
    role, carl = world.consultant.pk, world.carl.person_id
    assert [books.resolve(pk, RateQuery(None, carl, role, None, APRIL)).rate for pk in ids] == [120, 110, 130]


def test_why_this_rate_names_the_winner_and_what_it_beat(world: World) -> None:
    why = why_rate(world.pia.actor, world.delivery.pk, world.carl.person_id, None, APRIL)
    assert why.content["sentence"].startswith("120.00 EUR per hour, by the rule 'contract card, role'")
    assert [(loser["rate"], loser["rule"]) for loser in why.content["losers"]] == [("110.00", "entity.role")]
    assert (why.person, why.role, why.line) == ("Carl Consultant", "Consultant", "Delivery")
    with pytest.raises(NotFound):
        why_rate(world.carl.actor, world.delivery.pk, world.carl.person_id, None, APRIL)
