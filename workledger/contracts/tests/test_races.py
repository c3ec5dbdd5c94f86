"""Two people at one change order at once: one answer counts, the other is told so."""

import pytest
from django.db import connection

from workledger.contracts import actions
from workledger.contracts.inputs import OrderInput
from workledger.contracts.models import ChangeOrder, ContractVersion, OrderState
from workledger.core.refusals import Refused
from workledger.core.tests.test_races import at_once
from workledger.testing.world import TODAY, build_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_order_is_accepted_once_whoever_asks_at_the_same_time(transactional_db: None) -> None:
    world = build_world()
    given = OrderInput(
        title="Less", effective_from=TODAY, changes=[{"kind": "end_line", "line_id": world.support.pk}]
    )
    contract_id = world.acme_contract.pk
    order_id = actions.draft_order(actor=world.pia.actor, contract_id=contract_id, order=given, on=TODAY)
    actions.submit_order(actor=world.pia.actor, order_id=order_id, on=TODAY)
    actions.approve_order(actor=world.fay.actor, order_id=order_id, on=TODAY)

    def accept() -> None:
        actions.accept_order(actor=world.cleo.actor, order_id=order_id, on=TODAY)

    found = at_once(accept, accept)
    [refused] = [each for each in found if each is not None]
    assert isinstance(refused, Refused)
    assert refused.codes == ("decided",)
    assert ChangeOrder.objects.get(pk=order_id).state == OrderState.APPLIED
    assert ContractVersion.objects.filter(contract_id=contract_id).count() == 2
    connection.close()
