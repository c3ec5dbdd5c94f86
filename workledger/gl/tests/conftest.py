"""A ledger in memory, and the firm connected to it."""

from collections.abc import Iterator

import pytest

from workledger.gl.sync.models import Connection
from workledger.testing.general_ledger import MemoryLedger, connected, memory_ledger
from workledger.testing.world import World


@pytest.fixture
def there() -> Iterator[MemoryLedger]:
    """The other side."""
    with memory_ledger() as ledger:
        yield ledger


@pytest.fixture
def connection(world: World, there: MemoryLedger) -> Connection:
    """The firm's books, connected from their first day."""
    return connected(world)
