"""A real Tryton for the proof, once per process that needs it. CI demands it; elsewhere its absence is said and skipped."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from workledger.gl.connectors.tryton.connector import TrytonConnector, TrytonSettings
from workledger.gl.connectors.tryton.testing import server
from workledger.gl.connectors.tryton.testing.bookkeeper import Bookkeeper
from workledger.gl.connectors.tryton.wire import Login

LINE_ACCOUNT = "4999"


@pytest.fixture(scope="session")
def tryton_is_there() -> None:
    """Skip, or fail where it is demanded, without Tryton."""
    if not server.is_installed():
        assert not os.environ.get(server.DEMAND), server.MISSING
        pytest.skip(server.MISSING)


@pytest.fixture(scope="session")
def tryton(tryton_is_there: None, test_cluster: None, worker_id: str) -> Iterator[Login]:
    """The firm's books in a running Tryton; tests of one process share them, so each uses keys and customers of its own."""
    cluster = server.cluster_address(connection.settings_dict)
    with server.running_firm(cluster, f"tryton_of_tests_{worker_id}") as login:
        yield login


@pytest.fixture
def connector(tryton: Login) -> TrytonConnector:
    """The connector, signed in nowhere yet."""
    return TrytonConnector(TrytonSettings(tryton, line_account=LINE_ACCOUNT))


@pytest.fixture
def bookkeeper(tryton: Login) -> Bookkeeper:
    """Somebody who works in Tryton."""
    return Bookkeeper(server.bookkeeper_at(tryton))
