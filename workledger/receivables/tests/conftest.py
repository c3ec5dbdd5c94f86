"""What the tests of receivables begin with: an issued invoice, and books that hold whatever a test did."""

from collections.abc import Iterator
from datetime import date

import pytest

from workledger.billing.models import Invoice
from workledger.ledger.checks import run_checks
from workledger.receivables.tests.acts import issued
from workledger.testing.time import approved
from workledger.testing.world import World


@pytest.fixture(autouse=True)
def _books_hold(world: World) -> Iterator[None]:
    """Whatever a test did, every invariant holds after it."""
    yield
    assert [result.line for result in run_checks() if not result.ok] == []


@pytest.fixture
def invoice(world: World) -> Invoice:
    """8 h × 120, 19 %: 1,142.40 gross."""
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    return issued(world)
