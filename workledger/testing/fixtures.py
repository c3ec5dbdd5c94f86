"""Fixtures of the whole suite; the root conftest registers this module."""

from collections.abc import Callable

import pytest
from django.test import Client

from workledger.testing.world import Somebody, World, build_world


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 - pytest opens the database by that name
    """The named firm, rolled back after the test."""
    return build_world()


@pytest.fixture
def browser_of() -> Callable[[Somebody], Client]:
    """Sign somebody in and return their test client: `browser_of(world.fay).get("/journal")`."""

    def sign_in(somebody: Somebody) -> Client:
        client = Client()
        client.force_login(somebody.user)
        return client

    return sign_in
