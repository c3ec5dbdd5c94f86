"""What approving a rate would do, said before it is done: open work with its old and new value, and what bills keep."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.models import BillableItem
from workledger.billing.tests.test_models import agree, bill, work
from workledger.contracts import actions
from workledger.contracts.effects import NO_EFFECT, RateEffect, effect_of
from workledger.contracts.inputs import RateInput
from workledger.contracts.models import Rate, RateCard
from workledger.core.door import Options
from workledger.core.refusals import NeedsConfirmation, NotFound, Refused
from workledger.testing.world import World

D = Decimal
CONFIRMED = Options(confirmed=frozenset({"reprices_open_work"}))


def proposed(world: World, rate: str, day: date) -> int:
    """Have Fay propose another rate of consultants on Acme's card, in the place of the 120 of now."""
    card = RateCard.objects.get(contract=world.acme_contract)
    old = Rate.objects.get(card=card, role=world.consultant)
    given = RateInput(
        card_id=card.pk,
        rate_per_hour=D(rate),
        valid_from=day,
        role_id=world.consultant.pk,
        replaces_id=old.pk,
    )
    return actions.propose_rate(actor=world.fay.actor, rate=given)


def figures(effect: RateEffect) -> tuple[int, int, Decimal, Decimal]:
    return effect.items, effect.seconds, effect.value, effect.new_value


def billed(effect: RateEffect) -> tuple[int, int, Decimal]:
    return effect.billed_items, effect.billed_seconds, effect.billed_value


def test_a_back_dated_rate_names_open_work_and_what_bills_keep(world: World) -> None:
    work(world, 2, "5")
    bill(world, date(2026, 3, 6))
    work(world, 9, "4")
    effect = effect_of(world.olivia.actor, proposed(world, "130", date(2026, 3, 1)))
    assert figures(effect) == (1, 4 * 3600, D(480), D(520))  # 4 x 120 and 4 x 130
    assert billed(effect) == (1, 5 * 3600, D(600))
    assert [(each.client, each.difference) for each in effect.clients] == [("Acme AG", D(40))]


def test_what_was_said_is_what_happens(world: World) -> None:
    work(world, 9, "4")
    rate_id = proposed(world, "130", date(2026, 3, 1))
    with pytest.raises(NeedsConfirmation, match=r"4\.00 hours .* worth 480\.00 EUR become 520\.00 EUR"):
        actions.approve_rate(actor=world.olivia.actor, rate_id=rate_id)
    actions.approve_rate.using(CONFIRMED)(actor=world.olivia.actor, rate_id=rate_id)
    assert BillableItem.objects.get(open__isnull=False).amount == 520
    assert effect_of(world.olivia.actor, rate_id) == NO_EFFECT


def test_a_line_that_is_settled_as_a_whole_is_priced_as_one(world: World) -> None:
    agree(world, "time_and_materials", cap={"amount": "1000", "action": "hard"})
    work(world, 2, "5")
    work(world, 9, "5")
    effect = effect_of(world.olivia.actor, proposed(world, "150", date(2026, 3, 1)))
    # 5 x 120 and 400 under the cap become 5 x 150 and 250 under the cap
    assert figures(effect) == (2, 10 * 3600, D(1000), D(1000))


def test_looking_writes_nothing(world: World) -> None:
    work(world, 9, "4")
    before = list(BillableItem.objects.values_list("pk", "amount", "is_void"))
    effect_of(world.olivia.actor, proposed(world, "130", date(2026, 3, 1)))
    assert list(BillableItem.objects.values_list("pk", "amount", "is_void")) == before


def test_a_rate_of_others_and_of_later_touches_nothing(world: World) -> None:
    work(world, 9, "4")
    assert not effect_of(world.olivia.actor, proposed(world, "130", date(2026, 4, 1)))


def test_who_proposed_a_rate_does_not_approve_it(world: World) -> None:
    work(world, 9, "4")
    rate_id = proposed(world, "130", date(2026, 3, 1))
    with pytest.raises(Refused) as refused:
        actions.approve_rate.using(CONFIRMED)(actor=world.fay.actor, rate_id=rate_id)
    assert refused.value.codes == ("own_proposal",)
    assert BillableItem.objects.get(open__isnull=False).amount == 480
    with pytest.raises(NotFound):
        effect_of(world.stan.actor, rate_id)


def test_work_that_waits_for_a_rate_gets_one_without_a_warning(world: World) -> None:
    held = Rate.objects.filter(role=world.consultant)
    held.update(valid_to=date(2026, 3, 1))
    work(world, 9, "4")
    card = RateCard.objects.get(contract=world.acme_contract)
    given = RateInput(
        card_id=card.pk, rate_per_hour=D(125), valid_from=date(2026, 3, 1), role_id=world.consultant.pk
    )
    rate_id = actions.propose_rate(actor=world.fay.actor, rate=given)
    effect = effect_of(world.olivia.actor, rate_id)
    assert (figures(effect), effect.waiting, bool(effect)) == ((1, 4 * 3600, D(0), D(500)), 1, False)
    actions.approve_rate(actor=world.olivia.actor, rate_id=rate_id)
    assert BillableItem.objects.get(open__isnull=False).amount == 500
