"""The logs, read by permission."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from workledger.core.access import DutyRule, Permission
from workledger.core.door import Options
from workledger.core.duties import switch_duty
from workledger.core.models import ActionLog
from workledger.core.queries import (
    HIDDEN,
    LogFilter,
    action_log,
    duties,
    logged_action,
    open_proposal_count,
    proposals,
    users,
)
from workledger.core.refusals import NotFound, Proposed
from workledger.directory.actions import NewTerms, add_practice, change_practice, change_terms
from workledger.testing.world import World


def test_the_log_filters_by_actor_action_subject_and_words(world: World) -> None:
    made = add_practice.using(Options(reason="New service"))(actor=world.fay.actor, name="Data")
    change_practice(actor=world.olivia.actor, practice_id=made, name="Data and AI")
    pia = world.olivia.actor
    (row,) = action_log(pia, LogFilter(user_id=world.olivia.user_id)).rows
    assert (row.summary, row.subject_noun, row.actor_name) == (
        "Renamed a practice to Data and AI", "practice", "Olivia Owner",
    )  # fmt: skip
    assert len(action_log(pia, LogFilter(action="directory.add_practice")).rows) == 1
    assert len(action_log(pia, LogFilter(subject="directory.practice", subject_id=made)).rows) == 2
    assert len(action_log(pia, LogFilter(words="new serv")).rows) == 1
    assert action_log(pia, LogFilter(through=date(2000, 1, 1))).rows == ()


def test_the_log_comes_in_pages(world: World) -> None:
    for name in ("A", "B", "C"):
        add_practice(actor=world.fay.actor, name=name)
    wanted = LogFilter(action="directory.add_practice")
    first = action_log(world.fay.actor, wanted, limit=2)
    assert [row.summary[-1] for row in first.rows] == ["C", "B"]
    rest = action_log(world.fay.actor, wanted, limit=2, before=first.next_before)
    assert [row.summary[-1] for row in rest.rows] == ["A"]
    assert rest.next_before is None


def test_cost_in_the_log_is_for_those_who_see_cost(world: World) -> None:
    raised = NewTerms(start=date(2026, 1, 1), entity_id=world.entity_id, cost_rate=Decimal("61.73"))
    change_terms(actor=world.fay.actor, person_id=world.carl.person_id, terms=raised)
    (row,) = action_log(world.fay.actor, LogFilter(action="directory.change_terms")).rows
    seen = logged_action(world.fay.actor, row.id)
    (change,) = seen.changes
    values = {field.name: (field.before, field.after) for field in change.fields}
    assert values["cost_rate"] == (50, 61.73)
    assert seen.input["terms"]["cost_rate"] == "61.73"
    blind = replace(world.fay.actor, permissions=world.fay.actor.permissions - {Permission.VIEW_COST})
    hidden = logged_action(blind, row.id)
    assert "61.73" not in str(hidden)
    assert {field.name: field.after for field in hidden.changes[0].fields}["cost_rate"] == HIDDEN


def test_who_may_not_read_the_log_reads_nothing(world: World) -> None:
    add_practice(actor=world.fay.actor, name="Data")
    assert action_log(world.carl.actor, LogFilter()).rows == ()
    newest = action_log(world.fay.actor, LogFilter()).rows[0]
    with pytest.raises(NotFound):
        logged_action(world.carl.actor, newest.id)
    assert users(world.carl.actor) == []


def test_a_proposal_waits_for_who_may_decide(world: World) -> None:
    helper = world.fay.actor.as_assistant("Helper")
    with pytest.raises(Proposed):
        add_practice.using(Options(reason="Six people do data work"))(actor=helper, name="Data")
    (row,) = proposals(world.olivia.actor)
    assert (row.what, row.arguments, row.evidence, row.serves) == (
        "Add practice", {"name": "Data"}, "Six people do data work", "Fay Finance",
    )  # fmt: skip
    assert open_proposal_count(world.olivia.actor) == 1
    assert proposals(world.carl.actor) == []
    assert open_proposal_count(world.carl.actor) == 0


def test_a_duty_shows_who_switched_it_and_why(world: World) -> None:
    switch_duty(
        actor=world.olivia.actor, rule=DutyRule.APPROVE_OWN_TIME, is_on=False, reason="There is only me"
    )
    found = {row.rule: row for row in duties(world.olivia.actor)}
    off = found[DutyRule.APPROVE_OWN_TIME]
    assert (off.is_on, off.reason, off.decided_by) == (False, "There is only me", "Olivia Owner")
    assert found[DutyRule.REOPEN_OWN_LOCK].is_on


def test_an_act_of_many_parts_comes_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workledger.core.queries.MOST_CHANGES", 2)
    add_practice(actor=world.fay.actor, name="Data")
    whole = action_log(world.fay.actor, LogFilter()).rows[0]
    ActionLog.objects.bulk_create(
        ActionLog(
            action="directory.add_practice",
            actor_kind="person",
            actor_name="Fay",
            door="test",
            parent_id=whole.id,
            summary=word,
        )
        for word in ("A", "B", "C")
    )
    first = logged_action(world.fay.actor, whole.id)
    assert ([part.summary for part in first.parts], first.part_count) == (["A", "B"], 3)
    rest = logged_action(world.fay.actor, whole.id, first_part=2)
    assert ([part.summary for part in rest.parts], rest.first_part) == (["C"], 2)
