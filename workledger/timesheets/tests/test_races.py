"""Two at once: the same cell, and a day that holds only one of two."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from workledger.core.refusals import Refused
from workledger.projects.models import Task
from workledger.testing.world import TODAY, World, build_world
from workledger.timesheets import actions
from workledger.timesheets.models import TimeEntry, TimesheetLine

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm() -> World:
    return build_world()


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run acts in threads that start together; a refusal is its codes."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait()
            return act()
        except Refused as refused:
            return refused.codes
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def save(firm: World, task: Task, hours: int) -> Callable[[], object]:
    def act() -> object:
        return actions.save_cell(
            actor=firm.carl.actor,
            person_id=firm.carl.person_id,
            task_id=task.pk,
            day=TODAY,
            worked_seconds=hours * 3600,
            on=TODAY,
        )

    return act


def test_one_cell_has_one_entry_and_one_day_has_24_hours(firm: World) -> None:
    at_once(save(firm, firm.build, 2), save(firm, firm.build, 3))
    assert TimesheetLine.objects.count() == 1
    assert TimeEntry.objects.get().worked_seconds in (2 * 3600, 3 * 3600)

    told = at_once(save(firm, firm.review, 12), save(firm, firm.advice, 12))
    assert told.count(("day_over_24h",)) == 1
    assert TimeEntry.objects.count() == 2
