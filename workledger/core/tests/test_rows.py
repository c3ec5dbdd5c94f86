"""What the database records of rows, and refuses."""

import pytest
from django.db import DatabaseError, connection
from django.db.models import Model, Value
from django.db.models.functions import Concat

from workledger.core.access import Actor, Permission, system_actor
from workledger.core.door import Action
from workledger.core.models import ActionLog, DutySwitch, RowLog
from workledger.directory.actions import add_practice
from workledger.directory.models import Practice
from workledger.testing.world import World


@pytest.fixture
def stray(world: World) -> None:
    """An act's name lasts as long as its transaction. Here that is the test's, so it is taken back by hand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('workledger.action', '', true)")


def logged() -> list[tuple[str, str, str | None, bool]]:
    """Each logged change of a practice: operation, name before, name after, whether an act made it."""
    return [
        (row.operation, row.before["name"], row.after and row.after["name"], row.action_id is not None)
        for row in RowLog.objects.filter(table_name="directory_practice").order_by("id")
    ]


def test_stray_sql_is_seen_and_has_no_action(stray: None) -> None:
    Practice.objects.update(name="Building")
    assert logged() == [("update", "Engineering", "Building", False)]


def test_a_bulk_update_is_one_row_each_and_no_change_is_none(stray: None) -> None:
    Practice.objects.create(name="Data")
    Practice.objects.filter(name="Data").update(name="Data")
    assert logged() == []
    Practice.objects.update(name=Concat("name", Value("!")))
    assert sorted(logged()) == [
        ("update", "Data", "Data!", False),
        ("update", "Engineering", "Engineering!", False),
    ]


def test_a_delete_is_logged_with_what_was(stray: None) -> None:
    Practice.objects.create(name="Data")
    Practice.objects.filter(name="Data").delete()
    assert logged() == [("delete", "Data", None, False)]


def test_a_change_carries_its_act_and_the_inner_act_its_own(world: World) -> None:
    def rename(*, actor: Actor, name: str) -> None:
        Practice.objects.update(name=name)

    inner = Action("testing.inner", None, rename, logs_input=True)

    def outer(*, actor: Actor) -> None:
        Practice.objects.update(name="Before")
        inner(actor=actor, name="Within")
        Practice.objects.update(name="After")

    Action("testing.outer", Permission.MANAGE_DIRECTORY, outer, logs_input=True)(actor=world.fay.actor)
    names = dict(ActionLog.objects.values_list("id", "action"))
    rows = RowLog.objects.filter(table_name="directory_practice").order_by("id")
    assert [(name, names[act]) for name, act in rows.values_list("after__name", "action_id") if act] == [
        ("Before", "testing.outer"),
        ("Within", "testing.inner"),
        ("After", "testing.outer"),
    ]


@pytest.mark.parametrize("model", [ActionLog, RowLog, DutySwitch])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET id = id"])
def test_logs_are_never_rewritten(world: World, model: type[Model], change: str) -> None:
    with pytest.raises(DatabaseError, match="never changed or removed"), connection.cursor() as cursor:
        cursor.execute(change.format(model._meta.db_table))


@pytest.mark.django_db(transaction=True)
def test_an_act_leaves_no_name_behind() -> None:
    """Committed for real: what comes after it on the same connection is stray again."""
    add_practice(actor=system_actor("test"), name="Data")
    Practice.objects.update(name="Design")
    assert logged() == [("update", "Data", "Design", False)]
