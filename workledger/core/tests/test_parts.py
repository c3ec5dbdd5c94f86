"""Locks, events, numbers, duties, bulk writes, permissions and sight: the parts the door stands among."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from workledger.core import bulk, events, locks, numbering
from workledger.core.access import ROLE_PERMISSIONS, Actor, DutyRule, Permission, Role, system_actor
from workledger.core.door import Action
from workledger.core.duties import duty_applies, switch_duty
from workledger.core.models import NumberSeries, RoleAssignment
from workledger.core.refusals import NotFound, Problems, Refused
from workledger.directory.actors import actor_for
from workledger.directory.models import Client, EmploymentTerms, Person, Practice
from workledger.ledger.models import Period
from workledger.testing.world import World
from workledger.timesheets.models import TimesheetLine


def test_rows_are_locked_in_the_order_of_their_keys(world: World) -> None:
    wanted = [world.borealis.pk, world.acme.pk, world.acme.pk]
    rows = locks.all_for_update(Client.objects.visible_to(world.fay.actor), wanted)
    assert [row.pk for row in rows] == sorted({world.acme.pk, world.borealis.pk})


def test_what_is_not_seen_is_not_found(world: World) -> None:
    only_acme = replace(world.fay.actor, client_ids=frozenset({world.acme.pk}))
    rows = Client.objects.visible_to(only_acme)
    assert locks.one(rows, world.acme.pk) == world.acme
    for find in (locks.one, locks.for_update):
        with pytest.raises(NotFound, match="no such client, or you may not see it"):
            find(rows, world.borealis.pk)
    with pytest.raises(NotFound):
        locks.all_for_update(rows, [world.acme.pk, world.borealis.pk])


@dataclass(frozen=True, slots=True)
class Happened(events.Event):
    """A fact of these tests."""

    name: str


def test_handlers_run_once_in_order_and_an_error_undoes_the_act(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(events._handlers, Happened, [])
    heard: list[str] = []

    def first(event: Happened) -> None:
        heard.append(f"first {event.name}")

    def second(event: Happened) -> None:
        heard.append(f"second {event.name}")
        if event.name == "bad":
            raise Refused.because("bad", "No.")

    for handler in (first, second, first):
        events.subscribe(Happened, handler)

    def act(*, actor: Actor, name: str) -> None:
        Practice.objects.create(name=name)
        events.emit(Happened(name))

    run = Action("testing.emit", None, act, logs_input=True)
    run(actor=world.fay.actor, name="good")
    with pytest.raises(Refused):
        run(actor=world.fay.actor, name="bad")
    assert heard == ["first good", "second good", "first bad", "second bad"]
    assert Practice.objects.filter(name__in=["good", "bad"]).count() == 1


def test_a_refused_act_gives_its_number_back(world: World) -> None:
    def take(*, actor: Actor, and_fail: bool) -> list[int]:
        numbers = numbering.take("testing", 2)
        if and_fail:
            raise Refused.because("failed", "It failed.")
        return list(numbers)

    run = Action("testing.take", None, take, logs_input=True)
    assert run(actor=world.fay.actor, and_fail=False) == [1, 2]
    with pytest.raises(Refused):
        run(actor=world.fay.actor, and_fail=True)
    assert run(actor=world.fay.actor, and_fail=False) == [3, 4]
    assert list(numbering.take("another")) == [1]
    assert NumberSeries.objects.get(name="testing").next_value == 5


def test_a_two_person_rule_holds_until_it_is_switched_off_with_a_reason(world: World) -> None:
    rule = DutyRule.APPROVE_OWN_TIME
    assert duty_applies(rule)
    with pytest.raises(Refused, match="stays on record"):
        switch_duty(actor=world.olivia.actor, rule=rule, is_on=False, reason=" ")
    switch_duty(actor=world.olivia.actor, rule=rule, is_on=False, reason="I work alone")
    assert not duty_applies(rule)
    assert duty_applies(DutyRule.REOPEN_OWN_LOCK)
    switch_duty(actor=world.olivia.actor, rule=rule, is_on=True, reason="Carl joined")
    assert duty_applies(rule)


def test_copied_rows_come_back_as_they_were(world: World) -> None:
    names = ["tab\tnew\nline", "back\\slash", "\\N", "'; DROP TABLE", "Œuvre 🦊", "\r"]
    assert bulk.copy_rows(Practice, ("name",), ([name] for name in names)) == len(names)
    assert set(Practice.objects.values_list("name", flat=True)) == {"Engineering", *names}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"), (Decimal("1.50"), "1.50"), (None, "\\N"), (True, "t"), (date(2026, 3, 1), "2026-03-01"),
        (time(9, 30), "09:30:00"), (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00+00:00"),
        (b"\x00\xff", "\\\\x00ff"), (Role.OWNER, "owner"), ("a\x00b", "ab"),
    ],
)  # fmt: skip
def test_copy_writes_each_type(value: object, text: str) -> None:
    assert bulk._convert(value) == text


def test_copy_writes_no_float(world: World) -> None:
    with pytest.raises(TypeError, match="no COPY form for float"):
        bulk.copy_rows(Practice, ("name",), [[1.5]])


def test_reserved_ids_are_taken(world: World) -> None:
    ids = bulk.reserve_ids(Practice, 3)
    assert ids == sorted(set(ids))
    assert Practice.objects.create(name="Data").pk > ids[-1]
    assert bulk.reserve_ids(Practice, 0) == []


def test_problems_are_told_all_at_once() -> None:
    problems = Problems()
    problems.refuse()
    problems.check(True, "fine", "Fine.")
    problems.check("", "missing", "Give a name.", "name")
    problems.add("late", "Too late.")
    with pytest.raises(Refused, match=r"Give a name\. Too late\.") as refused:
        problems.refuse()
    assert refused.value.codes == ("missing", "late")


def test_every_permission_is_someones_and_the_owner_has_all() -> None:
    assert ROLE_PERMISSIONS.keys() == set(Role)
    assert ROLE_PERMISSIONS[Role.OWNER] == frozenset(Permission)
    assert ROLE_PERMISSIONS[Role.CLIENT_CONTACT] == {Permission.VIEW_INVOICES, Permission.ANSWER_AS_CLIENT}


def test_an_auditor_reads_everything_and_writes_nothing() -> None:
    reading = {"view", "view_all", "use"}
    assert {permission.value.split(".")[1] for permission in ROLE_PERMISSIONS[Role.AUDITOR]} <= reading


def test_no_consultant_sees_cost_or_the_ledger() -> None:
    for role in (Role.CONSULTANT, Role.CLIENT_CONTACT, Role.RESOURCE_MANAGER, Role.ADMINISTRATOR):
        assert not ROLE_PERMISSIONS[role] & {Permission.VIEW_COST, Permission.VIEW_LEDGER}


def test_a_token_never_adds_a_permission(world: World) -> None:
    token = world.carl.actor.limited_to({Permission.TRACK_TIME, Permission.ISSUE_INVOICE}, "api")
    assert token.permissions == {Permission.TRACK_TIME}


def test_sight_by_entity_client_and_person(world: World) -> None:
    fay, carl = world.fay.actor, world.carl.actor
    assert Client.objects.visible_to(fay).count() == 2
    assert set(Client.objects.visible_to(replace(fay, client_ids=frozenset({world.acme.pk})))) == {world.acme}
    assert not Period.objects.visible_to(replace(fay, entity_ids=frozenset({world.book_id + 1}))).exists()
    assert not Client.objects.visible_to(world.stan.actor).exists()
    # a table that knows no client is dark to who is limited to clients
    assert not EmploymentTerms.objects.visible_to(
        replace(fay, client_ids=frozenset({world.acme.pk}))
    ).exists()
    for somebody in (world.pia, world.carl):
        TimesheetLine.objects.create(person_id=somebody.person_id, task=world.build, week=date(2026, 3, 9))
    own = TimesheetLine.objects.visible_to(carl)
    assert [line.person_id for line in own] == [world.carl.person_id]
    assert TimesheetLine.objects.visible_to(fay).count() == 2


def test_roles_become_actors(world: World) -> None:
    user = world.carl.user
    RoleAssignment.objects.create(user=user, role=Role.FINANCE, entity_id=world.entity_id)
    carl = actor_for(user, "api")
    assert carl.can(Permission.VIEW_LEDGER)
    assert carl.roles == {Role.CONSULTANT, Role.FINANCE}
    user.is_active = False
    assert actor_for(user, "api").permissions == frozenset()
    assert Person.objects.get(pk=carl.person_id or 0).name == "Carl Consultant"
    assert system_actor("cli").permissions == frozenset(Permission)
