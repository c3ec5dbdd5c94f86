"""Cells and entries: what is saved, what is refused, what voids an approval."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.core.door import Options
from workledger.core.refusals import Forbidden, NeedsConfirmation, NotFound, Refused
from workledger.ledger.models import AccountRole, Posting
from workledger.projects.models import Project, ProjectState, Task
from workledger.testing.world import TODAY, Somebody, World
from workledger.timesheets import actions, approval, explain, queries
from workledger.timesheets.actions import CellSaved, EntryInput
from workledger.timesheets.models import LineDecision, LineState, TimeEntry, TimesheetLine

MONDAY, TUESDAY = date(2026, 3, 9), date(2026, 3, 10)
H = 3600
PLAIN = Options()
CONFIRMED = Options(confirmed=frozenset({"voids_approval"}))


def save(
    world: World,
    hours: float | None,
    *,
    who: Somebody | None = None,
    task: Task | None = None,
    day: date = MONDAY,
    note: str | None = None,
    options: Options = PLAIN,
) -> CellSaved:
    return actions.save_cell.using(options)(
        actor=(who or world.carl).actor,
        person_id=world.carl.person_id,
        task_id=(task or world.build).pk,
        day=day,
        worked_seconds=None if hours is None else int(hours * H),
        note=note,
        on=TODAY,
    )


def approved(world: World) -> TimesheetLine:
    save(world, 8)
    actions.submit_week(actor=world.carl.actor, person_id=world.carl.person_id, monday=MONDAY)
    line = TimesheetLine.objects.get(task=world.build)
    approval.approve_lines(actor=world.pia.actor, line_ids=[line.pk])
    line.refresh_from_db()
    return line


def test_a_cell_makes_line_and_entry_and_tells_the_totals(world: World) -> None:
    save(world, 2, day=TUESDAY)
    save(world, 1, task=world.travel)
    saved = save(world, 7.5, note=" Kick-off ")
    # row 2 + 7.5, Monday 1 + 7.5, week 2 + 1 + 7.5
    assert saved == CellSaved(27000, 34200, 30600, 37800, LineState.OPEN)
    entry = TimeEntry.objects.get(task=world.build, work_date=MONDAY)
    assert (entry.worked_seconds, entry.billable_seconds, entry.note) == (27000, None, "Kick-off")


def test_a_cell_saved_again_changes_its_entry_and_keeps_the_note(world: World) -> None:
    save(world, 7.5, note="Kick-off")
    save(world, 6)
    assert TimeEntry.objects.values_list("worked_seconds", "note").get() == (6 * H, "Kick-off")


@pytest.mark.parametrize("hours", [None, 0])
def test_an_empty_cell_deletes_its_entry(world: World, hours: int | None) -> None:
    save(world, 7.5)
    assert save(world, hours).week_total == 0
    assert not TimeEntry.objects.exists()


def test_clearing_what_is_not_there_makes_nothing(world: World) -> None:
    save(world, None)
    assert not TimesheetLine.objects.exists()


def test_the_same_key_saves_once_and_another_input_under_it_is_refused(world: World) -> None:
    key = Options(idempotency_key="cell-1")
    assert save(world, 3, options=key) == save(world, 3, options=key)
    with pytest.raises(Refused) as refused:
        save(world, 4, options=key)
    assert refused.value.codes == ("idempotency_key_reused",)
    assert TimeEntry.objects.get().worked_seconds == 3 * H


@pytest.mark.parametrize(
    ("hours", "code"), [(25, "hours_impossible"), (-1, "hours_impossible"), (20, "day_over_24h")]
)
def test_impossible_hours(world: World, hours: float, code: str) -> None:
    save(world, 5, task=world.travel)
    with pytest.raises(Refused) as refused:
        save(world, hours)
    assert refused.value.codes == (code,)


def test_a_closed_task_takes_no_more_time_but_gives_time_back(world: World) -> None:
    save(world, 5)
    Task.objects.filter(pk=world.build.pk).update(is_open=False)
    with pytest.raises(Refused, match="Task Build is closed and takes no more time"):
        save(world, 6)
    assert save(world, 4).seconds == 4 * H


def test_a_closed_project_closes_its_tasks(world: World) -> None:
    Project.objects.filter(pk=world.atlas.pk).update(state=ProjectState.CLOSED)
    with pytest.raises(Refused, match="Project Atlas is closed"):
        save(world, 1)


def test_a_closed_month_is_no_refusal_but_is_said(world: World) -> None:
    saved = save(world, 5, day=date(2026, 1, 12))
    assert "is closed: this time keeps its day and is posted in the first open month." in saved.notice
    assert TimeEntry.objects.get().work_date == date(2026, 1, 12)


def test_others_time_is_not_changed_but_by_who_edits_all(world: World) -> None:
    with pytest.raises(Forbidden) as refused:
        save(world, 1, who=world.pia)
    assert refused.value.codes == ("not_your_time",)
    assert save(world, 1, who=world.fay).seconds == H


def test_strangers_and_clients_do_nothing(world: World) -> None:
    for who in (world.stan, world.cleo):
        with pytest.raises(Forbidden):
            save(world, 1, who=who)
    assert not TimeEntry.objects.exists()


def test_several_entries_are_changed_one_by_one(world: World) -> None:
    save(world, 2)
    second = EntryInput(world.build.pk, MONDAY, 3 * H, note="Afternoon")
    made = actions.add_entry(actor=world.carl.actor, person_id=world.carl.person_id, entry=second, on=TODAY)
    with pytest.raises(Refused, match=r"Build has 2 entries on Mon 9 Mar\. Open the row"):
        save(world, 6)
    actions.delete_entry(actor=world.carl.actor, entry_id=made, on=TODAY)
    assert save(world, 6).seconds == 6 * H


def test_a_submitted_line_is_recalled_before_it_is_changed(world: World) -> None:
    save(world, 8)
    actions.submit_week(actor=world.carl.actor, person_id=world.carl.person_id, monday=MONDAY)
    with pytest.raises(Refused, match="Recall the week to change it"):
        save(world, 7)
    actions.recall_week(actor=world.carl.actor, person_id=world.carl.person_id, monday=MONDAY)
    assert save(world, 7).state == LineState.OPEN


def test_an_edit_after_approval_warns_and_confirmed_voids_it(world: World) -> None:
    line = approved(world)
    with pytest.raises(NeedsConfirmation) as warned:
        save(world, 7)
    assert warned.value.codes == ("voids_approval",)
    line.refresh_from_db()
    assert line.state == LineState.APPROVED

    assert save(world, 7, options=CONFIRMED).state == LineState.OPEN
    decisions = LineDecision.objects.filter(line=line).order_by("pk")
    assert list(decisions.values_list("decision", flat=True)) == ["submitted", "approved", "withdrawn"]


def test_the_approval_is_bound_to_what_was_approved(world: World) -> None:
    line = approved(world)
    save(world, 7, options=CONFIRMED)
    actions.submit_week(actor=world.carl.actor, person_id=world.carl.person_id, monday=MONDAY)
    approval.approve_lines(actor=world.pia.actor, line_ids=[line.pk])
    first, second = (
        LineDecision.objects.filter(line=line, decision="approved")
        .order_by("pk")
        .values_list("content_hash", flat=True)
    )
    submitted = LineDecision.objects.filter(line=line, decision="submitted").order_by("pk")
    assert first != second
    assert [first, second] == list(submitted.values_list("content_hash", flat=True))


def test_what_another_package_holds_is_explained_in_its_words(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(world)
    entry_id = TimeEntry.objects.values_list("pk", flat=True).get()
    assert "Changing it voids the approval" in queries.explain(world.carl.actor, entry_id)
    sentence = "It stands on invoice INV-7. Credit the invoice to change it."
    monkeypatch.setattr(explain, "_explainers", [lambda ids: dict.fromkeys(ids, sentence)])
    assert queries.explain(world.carl.actor, entry_id) == sentence


def test_an_entry_moves_to_another_task_and_week(world: World) -> None:
    save(world, 2)
    entry_id = TimeEntry.objects.values_list("pk", flat=True).get()
    moved = EntryInput(world.review.pk, date(2026, 3, 3), H, billable_seconds=0, note="Elsewhere")
    actions.change_entry(actor=world.carl.actor, entry_id=entry_id, entry=moved, on=TODAY)
    entry = TimeEntry.objects.select_related("line").get()
    assert (entry.line.task_id, entry.line.week) == (world.review.pk, date(2026, 3, 2))
    assert (entry.task_id, entry.worked_seconds, entry.billable_seconds) == (world.review.pk, H, 0)


def test_others_entries_are_not_there(world: World) -> None:
    save(world, 2)
    entry_id = TimeEntry.objects.values_list("pk", flat=True).get()
    with pytest.raises(NotFound):
        queries.entry(world.stan.actor, entry_id)
    with pytest.raises(Forbidden):
        actions.delete_entry(actor=world.pia.actor, entry_id=entry_id, on=TODAY)


def test_the_database_holds_an_entry_to_its_line(world: World) -> None:
    save(world, 2)
    with pytest.raises(Exception, match="does not belong to the week"):
        TimeEntry.objects.update(work_date=date(2026, 3, 16))


def test_voiding_an_approval_takes_its_labour_cost_back(world: World) -> None:
    approved(world)
    assert _labour_cost() == 400  # 8 h at Carl's cost of 50
    save(world, 7, options=CONFIRMED)
    assert _labour_cost() == 0


def _labour_cost() -> Decimal:
    rows = Posting.objects.filter(account__role=AccountRole.LABOUR_COST)
    return sum((row.debit - row.credit for row in rows), Decimal(0))
