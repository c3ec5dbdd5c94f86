"""Fixtures of the whole suite; the root conftest registers this module."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from workledger.testing.world import Somebody, World, build_world


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001 - pytest opens the database by that name
    """The named firm, rolled back after the test."""
    return build_world()


@pytest.fixture
def set_today(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    """Set the day at the edge for a test: `set_today(TODAY)`.

    The clock itself is set, never a module's `today`: a page that is imported for the first time while
    `acting.today` is replaced would keep the replacement for all later tests of that process.
    """

    def on(day: date) -> None:
        monkeypatch.setattr(timezone, "localdate", lambda: day)

    return on


@pytest.fixture
def browser_of() -> Callable[[Somebody], Client]:
    """Sign somebody in and return their test client: `browser_of(world.fay).get("/journal")`."""

    def sign_in(somebody: Somebody) -> Client:
        client = Client()
        client.force_login(somebody.user)
        return client

    return sign_in
