"""Two acts at once, on two connections, committed for real."""

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, transaction

from workledger.core import locks, numbering
from workledger.core.access import Actor, Permission, system_actor
from workledger.core.door import Action, Options
from workledger.core.models import ActionLog
from workledger.directory.models import Practice

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = system_actor("test")


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run each call in a thread of its own; returns results and errors in order."""
    found: list[object] = [None] * len(calls)

    def run(place: int, call: Callable[[], object]) -> None:
        try:
            found[place] = call()
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_a_deadlock_is_tried_again(transactional_db: None) -> None:
    one, two = (Practice.objects.create(name=name).pk for name in ("Data", "Design"))
    barrier = threading.Barrier(2, timeout=10)
    tries: list[int] = []

    def cross(*, actor: Actor, first: int, second: int) -> int:
        tries.append(first)
        locks.for_update(Practice.objects.all(), first)
        if len(tries) <= 2:
            barrier.wait()  # both hold one row now and want the other's
        locks.for_update(Practice.objects.all(), second)
        Practice.objects.filter(pk=first).update(name=f"Practice {first}")
        return first

    act = Action("testing.cross", Permission.MANAGE_DIRECTORY, cross, logs_input=True)
    found = at_once(
        lambda: act(actor=SYSTEM, first=one, second=two), lambda: act(actor=SYSTEM, first=two, second=one)
    )
    assert found == [one, two]
    assert len(tries) == 3, "the one that the database gave up ran again"
    assert ActionLog.objects.filter(action="testing.cross").count() == 2


def test_tries_are_bounded() -> None:
    tries: list[int] = []

    def fail(*, actor: Actor) -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'give up' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(OperationalError, match="give up"):
        Action("testing.fail", None, fail, logs_input=True)(actor=SYSTEM)
    assert len(tries) == 3


def test_within_a_greater_transaction_nothing_is_tried_again() -> None:
    tries: list[int] = []

    def fail(*, actor: Actor) -> None:
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'give up' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(OperationalError), transaction.atomic():
        Action("testing.fail", None, fail, logs_input=True)(actor=SYSTEM)
    assert len(tries) == 1


def test_the_same_key_at_once_does_it_once() -> None:
    def add(*, actor: Actor, name: str) -> int:
        return int(Practice.objects.create(name=name).pk)

    act = Action("testing.add_once", None, add, logs_input=True).using(Options(idempotency_key="k"))
    found = at_once(*[lambda: act(actor=SYSTEM, name="Data")] * 4)
    assert found == [Practice.objects.get().pk] * 4


def test_numbers_taken_at_once_have_no_gap_and_no_twin() -> None:
    def take(*, actor: Actor) -> int:
        return numbering.take("testing")[0]

    act = Action("testing.take_one", None, take, logs_input=True)
    found = at_once(*[lambda: act(actor=SYSTEM)] * 6)
    assert sorted(map(str, found)) == ["1", "2", "3", "4", "5", "6"]
