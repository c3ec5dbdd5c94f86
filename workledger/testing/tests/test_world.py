from datetime import date

from workledger.core.access import Permission
from workledger.ledger.models import PeriodState
from workledger.testing.world import World


def test_world_is_as_its_docstring_says(world: World) -> None:
    assert world.period(1).state == PeriodState.LOCKED
    assert {world.period(month).state for month in range(2, 13)} == {PeriodState.OPEN}
    assert world.stan.actor.permissions == frozenset()
    assert world.cleo.actor.client_ids == frozenset({world.acme.pk})
    assert world.fay.actor.can(Permission.MANAGE_PERIODS)
    assert not world.carl.actor.can(Permission.VIEW_LEDGER)
    assert world.atlas.start == date(2026, 1, 1)
