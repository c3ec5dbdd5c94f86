"""The week: grid, copy, submit, recall, reject; approval by exception; missing time; timers."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.contracts.models import Contract
from workledger.core import duties
from workledger.core.access import DutyRule
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.directory.models import TimeOff
from workledger.projects.models import Task
from workledger.testing.world import TODAY, Somebody, World
from workledger.timesheets import actions, approval, queries
from workledger.timesheets.calc.flags import FlagCode
from workledger.timesheets.models import LineState, TimeEntry, Timer, TimesheetLine
from workledger.timesheets.queries import EntryFilters

MONDAY = date(2026, 3, 9)
H = 3600


def book(
    world: World, task: Task, day: date, hours: float, note: str = "", who: Somebody | None = None
) -> None:
    somebody = who or world.carl
    actions.save_cell(
        actor=somebody.actor,
        person_id=somebody.person_id,
        task_id=task.pk,
        day=day,
        worked_seconds=int(hours * H),
        note=note,
        on=TODAY,
    )


def submit(world: World, who: Somebody | None = None, monday: date = MONDAY) -> None:
    somebody = who or world.carl
    actions.submit_week(actor=somebody.actor, person_id=somebody.person_id, monday=monday)


def line_of(task: Task) -> int:
    return int(TimesheetLine.objects.values_list("pk", flat=True).get(task=task))


def test_the_grid_has_rows_cells_totals_and_capacity(world: World) -> None:
    book(world, world.build, MONDAY, 7.5, "Kick-off")
    book(world, world.travel, MONDAY, 1)
    TimeOff.objects.create(
        person_id=world.carl.person_id,
        start=MONDAY + timedelta(4),
        end=MONDAY + timedelta(5),
        kind="vacation",
    )
    grid = queries.week(world.carl.actor, world.carl.person_id, MONDAY + timedelta(2), today=TODAY)
    assert grid.monday == MONDAY
    assert [(row.task, row.total, row.is_billable) for row in grid.rows] == [
        ("Build", 27000, True), ("Travel", 3600, False),
    ]  # fmt: skip
    assert grid.rows[0].cells[0].seconds == 27000
    assert grid.rows[0].cells[0].note == "Kick-off"
    assert grid.days[0].total == grid.total == 30600
    assert [day.capacity_seconds // H for day in grid.days] == [8, 8, 8, 8, 0, 0, 0]
    assert grid.days[4].note == "Vacation"


def test_a_public_holiday_is_named_and_not_expected(world: World) -> None:
    grid = queries.week(world.carl.actor, world.carl.person_id, date(2026, 3, 30))
    assert (grid.days[4].note, grid.days[4].capacity_seconds) == ("Good Friday", 0)


def test_locks_explain_themselves(world: World) -> None:
    book(world, world.build, MONDAY, 8)
    book(world, world.review, MONDAY, 1)
    submit(world)
    approval.approve_lines(actor=world.pia.actor, line_ids=[line_of(world.build)])
    grid = queries.week(world.carl.actor, world.carl.person_id, MONDAY)
    build, review = grid.rows
    assert build.cells[0].locked.startswith("Approved by Pia Lead on ")
    assert review.cells[0].locked.startswith("Submitted by Carl Consultant on ")
    assert grid.count(LineState.APPROVED) == grid.count(LineState.SUBMITTED) == 1


def test_a_week_costs_the_same_queries_whatever_stands_in_it(world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries_made:
            queries.week(world.carl.actor, world.carl.person_id, MONDAY)
        return len(queries_made)

    book(world, world.build, MONDAY, 1)
    submit(world)
    few = count()
    for task in (world.workshops, world.travel, world.review, world.advice):
        for offset in range(5):
            book(world, task, MONDAY + timedelta(offset), 1)
    submit(world)
    approval.approve_lines(actor=world.pia.actor, line_ids=[line_of(world.build)])
    assert few <= 9
    assert count() <= few + 1  # what is approved is asked once whether it is held


def test_a_week_is_seen_by_its_person_and_by_who_sees_all_time(world: World) -> None:
    book(world, world.build, MONDAY, 1)
    assert queries.week(world.pia.actor, world.carl.person_id, MONDAY).may_edit is False
    assert queries.week(world.fay.actor, world.carl.person_id, MONDAY).may_edit is True
    for who in (world.stan, world.cleo):
        with pytest.raises(NotFound):
            queries.week(who.actor, world.carl.person_id, MONDAY)
    with pytest.raises(NotFound):
        queries.week(world.carl.actor, world.pia.person_id, MONDAY)


def test_last_week_s_rows_come_along_and_hours_only_when_wanted(world: World) -> None:
    book(world, world.build, MONDAY - timedelta(7), 8, "Sprint 4")
    book(world, world.travel, MONDAY - timedelta(6), 2)
    Task.objects.filter(pk=world.travel.pk).update(is_open=False)
    carl = world.carl
    assert actions.copy_last_week(actor=carl.actor, person_id=carl.person_id, monday=MONDAY) == 1
    assert not TimeEntry.objects.filter(work_date__gte=MONDAY).exists()
    assert (
        actions.copy_last_week(actor=carl.actor, person_id=carl.person_id, monday=MONDAY, with_hours=True)
        == 0
    )
    copied = TimeEntry.objects.filter(work_date__gte=MONDAY).values_list(
        "work_date", "worked_seconds", "note"
    )
    assert list(copied) == [(MONDAY, 8 * H, "Sprint 4")]


def test_hours_are_not_copied_over_hours(world: World) -> None:
    book(world, world.build, MONDAY - timedelta(7), 8)
    book(world, world.build, MONDAY, 3)
    carl = world.carl
    actions.copy_last_week(actor=carl.actor, person_id=carl.person_id, monday=MONDAY, with_hours=True)
    assert TimeEntry.objects.get(work_date=MONDAY).worked_seconds == 3 * H


def test_nothing_to_copy_submit_or_recall(world: World) -> None:
    carl = world.carl
    for act, code in (
        (actions.copy_last_week, "nothing_to_copy"),
        (actions.submit_week, "nothing_to_submit"),
        (actions.recall_week, "nothing_to_recall"),
    ):
        with pytest.raises(Refused) as refused:
            act(actor=carl.actor, person_id=carl.person_id, monday=MONDAY)
        assert refused.value.codes == (code,)


def test_missing_notes_are_refused_beside_their_cells(world: World) -> None:
    Contract.objects.filter(pk=world.acme_contract.pk).update(requires_notes=True)
    book(world, world.build, MONDAY, 8)
    book(world, world.build, MONDAY + timedelta(1), 8, "Sprint 4")
    with pytest.raises(Refused) as refused:
        submit(world)
    (problem,) = refused.value.problems
    assert (problem.code, problem.field) == ("note_missing", f"{world.build.pk}|2026-03-09")
    assert problem.message == "Build, Mon 9 Mar: the contract asks for a note."


def test_a_line_is_sent_back_with_a_reason_and_submitted_again(world: World) -> None:
    book(world, world.build, MONDAY, 8)
    submit(world)
    line_id = line_of(world.build)
    with pytest.raises(Refused) as refused:
        actions.reject_lines(actor=world.pia.actor, line_ids=[line_id], reason=" ")
    assert refused.value.codes == ("reason_missing",)
    actions.reject_lines(actor=world.pia.actor, line_ids=[line_id], reason="Which feature?")
    (row,) = queries.week(world.carl.actor, world.carl.person_id, MONDAY).rows
    assert row.state == LineState.REJECTED
    assert row.story.endswith(": Which feature?")
    submit(world)
    assert TimesheetLine.objects.get().state == LineState.SUBMITTED


def test_nobody_decides_on_their_own_time_unless_the_firm_said_so(world: World) -> None:
    book(world, world.build, MONDAY, 8, who=world.pia)
    submit(world, world.pia)
    line_id = line_of(world.build)
    with pytest.raises(Refused) as refused:
        actions.reject_lines(actor=world.pia.actor, line_ids=[line_id], reason="Hm")
    assert refused.value.codes == ("own_time",)
    assert queries.to_approve(world.pia.actor).own_waiting == 1
    assert len(queries.to_approve(world.fay.actor).weeks) == 1

    duties.switch_duty(
        actor=world.olivia.actor, rule=DutyRule.APPROVE_OWN_TIME, is_on=False, reason="One of us"
    )
    assert len(queries.to_approve(world.pia.actor).weeks) == 1
    approval.approve_lines(actor=world.pia.actor, line_ids=[line_id])


def test_who_decides(world: World) -> None:
    book(world, world.build, MONDAY, 8)
    submit(world)
    world.atlas.manager_id = world.olivia.person_id
    world.atlas.save()
    line_id = line_of(world.build)
    decides = {
        name: queries.lines_to_decide(getattr(world, name).actor).filter(pk=line_id).exists()
        for name in ("olivia", "pia", "carl", "fay", "cleo", "stan")
    }
    assert [name for name, may in decides.items() if may] == ["olivia", "fay"]
    with pytest.raises(NotFound):
        actions.reject_lines(actor=world.pia.actor, line_ids=[line_id], reason="Not mine")
    with pytest.raises(Forbidden):
        actions.reject_lines(actor=world.carl.actor, line_ids=[line_id], reason="Mine")


def test_clean_and_flagged_lines_stand_apart(world: World) -> None:
    book(world, world.build, MONDAY, 6, "Sprint 4")
    book(world, world.review, MONDAY + timedelta(1), 11)
    book(world, world.travel, MONDAY + timedelta(5), 1)
    Task.objects.filter(pk=world.advice.pk).update(budget_seconds=H)
    book(world, world.advice, MONDAY, 2)
    submit(world)
    board = queries.to_approve(world.pia.actor)
    (week,) = board.weeks
    assert [line.task for line in week.clean] == ["Build"]
    assert {line.task: [flag.code for flag in line.flags] for line in week.flagged} == {
        "Review": [FlagCode.LONG_DAY], "Travel": [FlagCode.WEEKEND], "Advice": [FlagCode.OVER_BUDGET],
    }  # fmt: skip
    assert (week.worked_seconds, week.billable_seconds) == (20 * H, 19 * H)  # travel is not billable
    assert board.clean[0].notes == ((MONDAY, "Sprint 4"),)


def test_the_board_costs_the_same_queries_however_much_waits(world: World) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as made:
            queries.to_approve(world.fay.actor)
        return len(made)

    book(world, world.build, MONDAY, 1)
    submit(world)
    few = count()
    for task in (world.workshops, world.review, world.advice):
        book(world, task, MONDAY, 1)
        book(world, task, MONDAY, 1, who=world.pia)
    submit(world)
    submit(world, world.pia)
    assert count() == few


def test_missing_time_is_capacity_less_what_is_there(world: World) -> None:
    for offset in range(4):
        book(world, world.build, MONDAY + timedelta(offset), 8)
    rows = {row.person: row for row in queries.missing_time(world.fay.actor, date(2026, 3, 15), weeks=1)}
    carl = rows["Carl Consultant"]
    assert (carl.week, carl.missing_seconds, carl.unsubmitted_lines) == (MONDAY, 8 * H, 1)
    assert rows["Pia Lead"].missing_seconds == 40 * H
    assert {row.person for row in queries.missing_time(world.carl.actor, date(2026, 3, 15))} == {
        "Carl Consultant"
    }


def test_tasks_are_found_by_any_of_their_names_the_latest_first(world: World) -> None:
    found = [task.task for task in queries.task_search(world.carl.actor, "acme")]
    assert found == ["Build", "Workshops", "Travel", "Review"]
    book(world, world.travel, MONDAY, 1)
    assert [task.task for task in queries.task_search(world.carl.actor, "")] == ["Travel"]
    assert [task.task for task in queries.task_search(world.carl.actor, "ATLAS tra")] == ["Travel"]
    assert queries.task_search(world.stan.actor, "acme") == ()


def test_entries_are_paged_both_ways_with_sums_over_all(world: World) -> None:
    for offset in range(5):
        book(world, world.build, MONDAY + timedelta(offset), offset + 1)
    book(world, world.travel, MONDAY, 1)
    first = queries.entries(world.fay.actor, EntryFilters(), limit=2)
    assert [row.worked_seconds // H for row in first.rows] == [5, 4]
    assert (first.count, first.worked_seconds // H, first.billable_seconds // H) == (6, 16, 15)
    second = queries.entries(world.fay.actor, EntryFilters(), first.next, limit=2)
    assert [row.worked_seconds // H for row in second.rows] == [3, 2]
    assert queries.entries(world.fay.actor, EntryFilters(), second.previous, limit=2).rows == first.rows
    assert first.previous == ""


@pytest.mark.parametrize(
    ("filters", "tasks"),
    [
        (EntryFilters(text="kick"), ["Build"]),
        (EntryFilters(billable=False), ["Travel"]),
        (EntryFilters(start=MONDAY + timedelta(1)), ["Travel"]),
        (EntryFilters(end=MONDAY), ["Build"]),
        (EntryFilters(state="approved"), []),
    ],
)
def test_entries_are_filtered(world: World, filters: EntryFilters, tasks: list[str]) -> None:
    book(world, world.build, MONDAY, 1, "Kick-off")
    book(world, world.travel, MONDAY + timedelta(1), 1)
    assert [row.task for row in queries.entries(world.fay.actor, filters).rows] == tasks
    assert queries.entries(world.stan.actor, filters).rows == ()


def test_a_timer_books_what_it_ran_rounded_to_the_minute(world: World) -> None:
    start = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    carl = world.carl.actor
    actions.start_timer(actor=carl, task_id=world.build.pk, at=start, note="Review of the plan")
    running = queries.running_timer(carl)
    assert running is not None
    assert (running.task, running.project) == ("Build", "Atlas")
    stopped = actions.stop_timer(actor=carl, at=start + timedelta(minutes=47, seconds=31))
    assert stopped.seconds == 48 * 60
    entry = TimeEntry.objects.get()
    assert (entry.worked_seconds, entry.note, entry.work_date) == (2880, "Review of the plan", TODAY)
    assert not Timer.objects.exists()


def test_a_second_timer_stops_the_first(world: World) -> None:
    start = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    carl = world.carl.actor
    actions.start_timer(actor=carl, task_id=world.build.pk, at=start)
    stopped = actions.start_timer(actor=carl, task_id=world.review.pk, at=start + timedelta(hours=1))
    assert stopped.seconds == H
    assert Timer.objects.get().task_id == world.review.pk


def test_a_forgotten_timer_asks_before_it_books(world: World) -> None:
    start = datetime(2026, 3, 13, 17, 0, tzinfo=UTC)
    carl = world.carl.actor
    actions.start_timer(actor=carl, task_id=world.build.pk, at=start)
    with pytest.raises(NeedsConfirmation) as warned:
        actions.stop_timer(actor=carl, at=start + timedelta(hours=64))
    assert warned.value.codes == ("ran_long",)
    actions.discard_timer(actor=carl)
    assert not TimeEntry.objects.exists()
