"""The API against its own schema: whatever is sent, no server error and no answer that the schema does not describe."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from workledger.api.service import API
from workledger.api.tests.harness import token_of
from workledger.testing.expenses import approved as approved_expenses
from workledger.testing.expenses import category, spent
from workledger.testing.time import approved, book
from workledger.testing.world import TODAY, World

SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(API.get_openapi_schema())))
SCHEMA.app = get_wsgi_application()
# Without the phase that lists every case of every field: to collect its cases alone takes half a minute in each process.
SCHEMA.config.phases.update(phases=["examples", "fuzzing"])
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the connection, and the test's transaction with it, over requests."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def known(world: World) -> dict[str, Any]:
    """Ids that are there, by the name of a path's parameter."""
    entry = approved(world.carl, world, world.build, TODAY, "7.5")
    line = book(world.pia, world.build, TODAY, "2").line_id
    expense = spent(world, task_id=world.build.pk)
    report = approved_expenses(world, [spent(world, "50.00")])
    return {
        "expense_id": expense, "report_id": report, "category_id": category(world).pk,
        "person_id": world.carl.person_id, "client_id": world.acme.pk, "contract_id": world.acme_contract.pk,
        "project_id": world.atlas.pk, "task_id": world.build.pk, "entity_id": world.entity_id, "book_id": world.book_id,
        "line_id": line, "entry_id": entry.pk, "user_id": world.carl.user_id, "period_id": world.period(3).pk,
        "role_id": world.consultant.pk, "practice_id": world.practice.pk, "office_id": world.office.pk,
    }  # fmt: skip


@pytest.mark.usefixtures("one_connection")
@SCHEMA.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_address_keeps_to_the_schema(
    case: schemathesis.Case[Any], world: World, known: dict[str, Any]
) -> None:
    for name, value in case.path_parameters.items():
        if name in known and isinstance(value, int) and value % 2:
            case.path_parameters[name] = known[name]
    case.call_and_validate(headers={"Authorization": f"Bearer {token_of(world.olivia)}"}, checks=CHECKS)
