"""Importing onto timesheet lines that are approved, and giving them back by an undo."""

from decimal import Decimal

import pytest

from workledger.billing.actions.prebills import hold_items, run_billing, write_down_items
from workledger.billing.models import BillableItem, Invoice, OpenItem, ReasonCode
from workledger.connect.actions import undo_import
from workledger.connect.inputs import Imported
from workledger.connect.queries import import_page
from workledger.connect.tests.builders import TODAY, bring, broken, media, stage
from workledger.core.access import Actor
from workledger.core.refusals import Refused
from workledger.testing.time import approved
from workledger.testing.world import World
from workledger.timesheets.models import LineDecision, LineState, TimeEntry, TimesheetLine

__all__ = ["media"]
MORE = "2026-03-03,Carl Consultant,,Acme AG,Atlas,Build,2,yes,,,\n"


@pytest.fixture(autouse=True)
def hour(world: World) -> TimeEntry:
    """An hour of Carl on Build that is approved, of the week in which a file brings two more."""
    return approved(world.carl, world, world.build, TODAY.replace(day=2), "1")


def state() -> tuple[str, list[tuple[int, int]]]:
    """The only line's state, and hours and value of what it bills."""
    items = BillableItem.objects.filter(is_void=False).order_by("source_id")
    return TimesheetLine.objects.get().state, [(item.billable_seconds, int(item.amount)) for item in items]


def more(actor: Actor) -> Imported:
    return bring(actor, MORE, approved=True)


def test_an_approved_line_takes_more_time_and_is_approved_again(world: World) -> None:
    done = more(world.system)
    assert (done.created, done.refused, done.approved_lines) == (1, [], 1)
    assert state() == ("approved", [(3600, 120), (7200, 240)])
    assert list(LineDecision.objects.order_by("pk").values_list("decision", "reason")) == [
        ("approved", ""), ("withdrawn", f"Import {done.batch_id} adds time"),
        ("submitted", f"Import {done.batch_id}"), ("approved", f"Import {done.batch_id}"),
    ]  # fmt: skip
    assert broken() == []


def test_without_approval_such_rows_are_refused_and_the_way_is_said(world: World) -> None:
    (refused,) = bring(world.system, MORE).refused
    assert refused.reason.endswith(
        "is approved in the week of 2026-03-02; import it as approved, or withdraw the approval first"
    )
    assert state() == ("approved", [(3600, 120)])
    assert LineDecision.objects.count() == 1
    assert import_page(world.system, stage(world.system, MORE)).refused[0][1] == refused.reason


def test_the_same_file_again_leaves_the_approval_alone(world: World) -> None:
    more(world.system)
    decisions = LineDecision.objects.count()
    assert (more(world.system).matched, LineDecision.objects.count()) == (1, decisions)


def test_what_is_on_a_bill_takes_no_more_time(world: World) -> None:
    run_billing(actor=world.system, through=TODAY)
    (refused,) = more(world.system).refused
    assert f"on pre-bill {Invoice.objects.get().pk}. Drop it back to WIP first" in refused.reason
    assert state() == ("approved", [(3600, 120)])


def hold(world: World) -> None:
    hold_items(
        actor=world.system,
        item_ids=list(OpenItem.objects.values_list("pk", flat=True)),
        reason_code=ReasonCode.OTHER,
    )


def write_down(world: World) -> None:
    write_down_items(
        actor=world.system,
        item_ids=list(OpenItem.objects.values_list("pk", flat=True)),
        amount=Decimal(20),
        reason_code=ReasonCode.GOODWILL,
        on=TODAY,
    )


@pytest.mark.parametrize("treat", [hold, write_down])
def test_what_billing_has_held_or_written_down_is_not_lost(world: World, treat: object) -> None:
    assert callable(treat)
    treat(world)
    (refused,) = more(world.system).refused
    assert "split or transferred in billing" in refused.reason
    assert OpenItem.objects.count() == 1


def test_only_who_approves_the_line_reopens_it(world: World) -> None:
    manager = world.pia.actor
    somebody = world.fay.actor.limited_to(
        [each for each in world.fay.actor.permissions if each != "time.approve_all"], "web"
    )
    assert world.build.project.manager_id == manager.person_id != somebody.person_id
    (refused,) = more(somebody).refused
    assert refused.reason.endswith("; withdraw the approval first")
    assert LineDecision.objects.count() == 1


def test_own_approved_time_is_not_reopened(world: World) -> None:
    approved(world.fay, world, world.build, TODAY.replace(day=2), "1")
    (refused,) = bring(world.fay.actor, MORE.replace("Carl Consultant", "Fay Finance"), approved=True).refused
    assert refused.reason.endswith("; withdraw the approval first")


def test_undo_gives_the_approved_line_back_as_it_was(world: World, hour: TimeEntry) -> None:
    before = state()
    done = more(world.system)
    undone = undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert (undone.entries, undone.approved_again, undone.waiting) == (1, 1, 0)
    assert state() == before
    assert TimeEntry.objects.get() == hour
    assert LineDecision.objects.latest("pk").reason == f"Import {done.batch_id} was undone"
    assert broken() == []
    run = run_billing(actor=world.system, through=TODAY, issue=True, issued_on=TODAY)
    assert run.invoices[0].net == 120


def test_undo_leaves_a_line_open_that_somebody_opened_since(world: World) -> None:
    done = more(world.system)
    TimesheetLine.objects.update(state=LineState.OPEN)
    BillableItem.objects.update(is_void=True)
    OpenItem.objects.all().delete()
    assert undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY).approved_again == 0
    assert TimesheetLine.objects.get().state == "open"


def test_undo_of_the_first_of_two_keeps_the_second(world: World) -> None:
    first = more(world.system)
    bring(world.system, MORE.replace("03-03", "03-04"), approved=True)
    undo_import(actor=world.system, batch_id=first.batch_id, on=TODAY)
    assert state() == ("approved", [(3600, 120), (7200, 240)])
    assert broken() == []


def test_undo_does_not_lose_what_billing_did_to_other_time(world: World, hour: TimeEntry) -> None:
    done = more(world.system)
    item = BillableItem.objects.get(is_void=False, source_id=hour.pk)
    hold_items(actor=world.system, item_ids=[item.pk], reason_code=ReasonCode.OTHER)
    with pytest.raises(Refused, match="Other time on the same timesheet lines is held") as refused:
        undo_import(actor=world.system, batch_id=done.batch_id, on=TODAY)
    assert refused.value.codes == ("treated_in_billing",)
