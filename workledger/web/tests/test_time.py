"""The pages of time: week, entries, timer, approvals."""

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from workledger.contracts.models import Contract
from workledger.metrics.attention import Inbox, inbox
from workledger.projects.models import Task
from workledger.testing.world import TODAY, Somebody, World
from workledger.timesheets import actions, approval
from workledger.timesheets.models import LineState, TimeEntry, Timer, TimesheetLine

BrowserOf = Callable[[Somebody], Client]
MONDAY = date(2026, 3, 9)
WEEK = "/week/2026-03-09/"
H = 3600


@pytest.fixture
def carl(world: World, browser_of: BrowserOf) -> Client:
    return browser_of(world.carl)


@pytest.fixture
def pia(world: World, browser_of: BrowserOf) -> Client:
    return browser_of(world.pia)


def send_json(browser: Client, body: dict[str, object]) -> HttpResponse:
    answer = browser.post(
        "/week/cells",
        json.dumps(body),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )
    assert isinstance(answer, HttpResponse)
    return answer


def send(browser: Client, task: Task, hours: str | None, **more: object) -> HttpResponse:
    return send_json(browser, {"task_id": task.pk, "date": "2026-03-09", "hours": hours, **more})


def book(world: World, task: Task, hours: float = 8, day: date = MONDAY, note: str = "") -> TimeEntry:
    actions.save_cell(
        actor=world.carl.actor,
        person_id=world.carl.person_id,
        task_id=task.pk,
        day=day,
        worked_seconds=int(hours * H),
        note=note,
        on=TODAY,
    )
    return TimeEntry.objects.get(task=task, work_date=day)


def submitted(world: World) -> TimesheetLine:
    book(world, world.build)
    actions.submit_week(actor=world.carl.actor, person_id=world.carl.person_id, monday=MONDAY)
    return TimesheetLine.objects.get(task=world.build)


def test_a_cell_is_saved_and_answers_with_totals(world: World, carl: Client) -> None:
    send(carl, world.travel, "1")
    answer = send(carl, world.build, "7.5", note="Kick-off")
    assert json.loads(answer.content) == {
        "seconds": 27000, "display": "7.50", "row_total": 27000, "day_total": 30600, "week_total": 30600,
        "state": "open", "notice": "",
    }  # fmt: skip
    page = carl.get(WEEK).content.decode()
    assert 'value="7.50"' in page
    assert "Kick-off" in page


def test_the_same_key_twice_saves_once(world: World, carl: Client) -> None:
    for _ in range(2):
        assert send(carl, world.build, "2", key="k-1").status_code == 200
    refused = send(carl, world.build, "3", key="k-1")
    assert refused.status_code == 422
    assert json.loads(refused.content)["problems"][0]["code"] == "idempotency_key_reused"
    assert TimeEntry.objects.get().worked_seconds == 2 * H


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"hours": "25"}, "hours_impossible"),
        ({"hours": "-1"}, "hours_impossible"),
        ({"hours": "NaN"}, "cell_not_understood"),
        ({"hours": "x"}, "cell_not_understood"),
        ({"hours": "1", "date": "2026-02-30"}, "cell_not_understood"),
        ({"hours": "1", "task_id": None}, "cell_not_understood"),
        ({"hours": "1", "task_id": 0}, "not_found"),
    ],
)
def test_a_cell_that_is_none_is_refused(
    world: World, carl: Client, body: dict[str, object], code: str
) -> None:
    answer = send_json(carl, {"task_id": world.build.pk, "date": "2026-03-09", **body})
    assert answer.status_code in (404, 422)
    assert json.loads(answer.content)["problems"][0]["code"] == code
    assert not TimeEntry.objects.exists()


def test_an_approved_cell_asks_for_confirmation(world: World, carl: Client) -> None:
    line = submitted(world)
    approval.approve_lines(actor=world.pia.actor, line_ids=[line.pk])
    asked = send(carl, world.build, "7")
    assert asked.status_code == 422
    assert json.loads(asked.content)["confirmable"] is True
    assert send(carl, world.build, "7", confirm=["voids_approval"]).status_code == 200
    line.refresh_from_db()
    assert line.state == LineState.OPEN


def test_saving_a_cell_takes_few_queries(world: World, carl: Client) -> None:
    send(carl, world.build, "1")
    with CaptureQueriesContext(connection) as made:
        send(carl, world.build, "2", key="k-9")
    assert len(made) <= 22


def test_the_week_costs_the_same_queries_however_full(world: World, carl: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as made:
            assert carl.get(WEEK).status_code == 200
        return len(made)

    book(world, world.build)
    few = count()
    for task in (world.workshops, world.travel, world.review, world.advice):
        for offset in range(5):
            book(world, task, 1, MONDAY + timedelta(offset))
    assert count() == few


@pytest.mark.parametrize(
    "address",
    [
        "/week/",
        WEEK,
        "/time/",
        "/time/export.csv",
        "/time/total/",
        "/time/new/",
        "/approvals/",
        "/week/tasks",
    ],
)
@pytest.mark.parametrize("name", ["stan", "cleo"])
def test_strangers_and_clients_stay_out(world: World, browser_of: BrowserOf, address: str, name: str) -> None:
    assert browser_of(getattr(world, name)).get(address).status_code == 403


def test_who_is_not_signed_in_is_asked_to(world: World) -> None:
    assert Client().get(WEEK).status_code == 302


def test_a_consultant_sees_no_week_but_their_own(world: World, carl: Client, pia: Client) -> None:
    book(world, world.build)
    assert carl.get(f"{WEEK}?person={world.pia.person_id}").status_code == 404
    page = pia.get(f"{WEEK}?person={world.carl.person_id}").content.decode()
    assert "Carl Consultant: week" in page
    assert "You may look at this week." in page


def test_submit_offers_undo_and_recall_opens_again(world: World, carl: Client) -> None:
    book(world, world.build)
    page = carl.post(f"{WEEK}submit", follow=True).content.decode()
    assert "Submitted 8.00 h for approval." in page
    assert "/week/2026-03-09/recall" in page
    carl.post(f"{WEEK}recall")
    assert TimesheetLine.objects.get().state == LineState.OPEN


def test_a_missing_note_stands_beside_its_cell(world: World, carl: Client) -> None:
    Contract.objects.filter(pk=world.acme_contract.pk).update(requires_notes=True)
    book(world, world.build)
    answer = carl.post(f"{WEEK}submit")
    assert answer.status_code == 422
    assert 'data-message="Build, Mon 9 Mar: the contract asks for a note."' in answer.content.decode()


def test_last_week_is_copied(world: World, carl: Client) -> None:
    book(world, world.build)
    page = carl.post("/week/2026-03-16/copy", {"with": "hours"}, follow=True).content.decode()
    assert "Copied 1 row with hours." in page
    assert TimeEntry.objects.filter(work_date=TODAY, worked_seconds=8 * H).exists()


def test_tasks_are_searched(world: World, carl: Client) -> None:
    items = carl.get("/week/tasks?q=atlas build").json()["items"]
    assert items == [{"value": world.build.pk, "label": "Build", "hint": "Atlas · Acme AG"}]


def test_a_row_opens_its_trail(world: World, carl: Client) -> None:
    entry = book(world, world.build, 7.5, note="Kick-off")
    page = carl.get(f"{WEEK}tasks/{world.build.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "7.50 h" in page
    assert f"/time/{entry.pk}/" in page


def test_the_timer_runs_and_books(world: World, carl: Client) -> None:
    assert "Start timer" in carl.get("/timer/").content.decode()
    carl.post("/timer/start", {"timer_task": world.build.pk, "timer_note": "Review"})
    assert "Stop and book" in carl.get("/timer/").content.decode()
    Timer.objects.update(started_at=Timer.objects.get().started_at - timedelta(hours=1))
    carl.post("/timer/stop")
    assert sum(TimeEntry.objects.values_list("worked_seconds", flat=True)) == H


def test_a_timer_that_ran_long_asks_first(world: World, carl: Client) -> None:
    carl.post("/timer/start", {"timer_task": world.build.pk})
    Timer.objects.update(started_at=Timer.objects.get().started_at - timedelta(hours=20))
    asked = carl.post("/timer/stop")
    assert asked.status_code == 409
    assert 'name="confirm" value="ran_long"' in asked.content.decode()
    carl.post("/timer/stop", {"confirm": "ran_long"})
    assert not Timer.objects.exists()


def test_an_entry_is_changed_on_its_page(world: World, carl: Client) -> None:
    entry = book(world, world.build)
    assert carl.get(f"/time/{entry.pk}/").status_code == 200
    sent = {"task_id": world.review.pk, "day": "10.3.2026", "hours": "1:30", "billable": "", "note": "Moved"}
    assert carl.post(f"/time/{entry.pk}/", sent).status_code == 302
    entry.refresh_from_db()
    assert (entry.task_id, entry.work_date, entry.worked_seconds) == (
        world.review.pk,
        date(2026, 3, 10),
        5400,
    )


def test_every_field_that_is_not_understood_is_said(world: World, carl: Client) -> None:
    entry = book(world, world.build)
    answer = carl.post(f"/time/{entry.pk}/", {"task_id": "", "day": "soon", "hours": "much"})
    assert answer.status_code == 422
    page = answer.content.decode()
    for words in ("Choose a task from the list.", "Write a date as", "Write hours as 1.5, 1:30 or 90m."):
        assert words in page


def test_an_approved_entry_is_changed_only_when_confirmed(world: World, carl: Client) -> None:
    line = submitted(world)
    approval.approve_lines(actor=world.pia.actor, line_ids=[line.pk])
    entry = TimeEntry.objects.get()
    sent = {"task_id": world.build.pk, "day": "2026-03-09", "hours": "7", "billable": "", "note": ""}
    asked = carl.post(f"/time/{entry.pk}/", sent)
    assert asked.status_code == 409
    assert 'name="confirm" value="voids_approval"' in asked.content.decode()
    assert carl.post(f"/time/{entry.pk}/", {**sent, "confirm": "voids_approval"}).status_code == 302
    entry.refresh_from_db()
    assert entry.worked_seconds == 7 * H


def test_an_entry_is_added_and_deleted(world: World, carl: Client) -> None:
    sent = {"task_id": world.build.pk, "day": "2026-03-09", "hours": "90m", "billable": "0", "note": "Call"}
    assert carl.post("/time/new/", sent).status_code == 302
    entry = TimeEntry.objects.get()
    assert (entry.worked_seconds, entry.billable_seconds) == (5400, 0)
    carl.post(f"/time/{entry.pk}/delete")
    assert not TimeEntry.objects.exists()


def test_the_list_filters_sums_and_exports(world: World, carl: Client, browser_of: BrowserOf) -> None:
    book(world, world.build, 8, note="=1+1")
    book(world, world.travel, 2, MONDAY + timedelta(1))
    fay = browser_of(world.fay)
    page = fay.get("/time/?period=2026-03").content.decode()
    assert "10.00" in page
    assert "8.00" in page
    rows = b"".join(fay.get("/time/export.csv?period=2026-03&billable=yes")).decode().splitlines()
    assert rows[1:] == ["2026-03-09,Carl Consultant,Acme AG,Atlas,Build,8.00,8.00,Open,'=1+1"]
    assert "No entries match." in carl.get("/time/?period=2026-02").content.decode()
    assert fay.get("/time/total/?period=2026-03", headers={"HX-Request": "true"}).status_code == 200
    assert fay.get("/time/?cursor=rubbish").status_code == 422


def test_clean_lines_are_approved_in_one_gesture(world: World, pia: Client) -> None:
    line = submitted(world)
    assert "Approve 1 clean line" in pia.get("/approvals/").content.decode()
    page = pia.post("/approvals/decide", {"ids": line.pk, "act": "approve"}, follow=True).content.decode()
    assert "Approved 1 line, 8.00 h." in page
    line.refresh_from_db()
    assert line.state == LineState.APPROVED


def test_what_waits_is_counted_in_the_top_bar_of_who_decides(
    world: World, carl: Client, pia: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    assert "inbox-count" not in pia.get("/inbox").content.decode()
    submitted(world)
    page = pia.get("/inbox").content.decode()
    assert '<span class="inbox-count">1<' in page
    assert "1 line of time waits for your approval." in page
    assert "inbox-count" not in carl.get("/week/").content.decode()
    with django_assert_max_num_queries(1):
        assert inbox(world.pia.actor) == Inbox(approvals=1)
    with django_assert_max_num_queries(0):
        assert inbox(world.carl.actor).count == 0


def test_a_flagged_line_says_why_and_is_sent_back_with_a_reason(world: World, pia: Client) -> None:
    book(world, world.review, 2, MONDAY + timedelta(5))
    line = submitted(world)
    flagged = TimesheetLine.objects.get(task=world.review)
    assert "Worked on Sat 14 Mar, a weekend." in pia.get("/approvals/").content.decode()
    refused = pia.post("/approvals/decide", {"ids": flagged.pk, "act": "reject"})
    assert refused.status_code == 422
    assert "Say what to change" in refused.content.decode()
    pia.post("/approvals/decide", {"ids": flagged.pk, "act": "reject", "reason": "Monday?"})
    states = dict(TimesheetLine.objects.values_list("pk", "state"))
    assert states == {flagged.pk: "rejected", line.pk: "submitted"}
    trail = pia.get(f"/approvals/lines/{line.pk}/", headers={"HX-Request": "true"})
    assert "8.00 h" in trail.content.decode()


@pytest.mark.parametrize("what", ["waiting", "billable", "clean", "missing"])
def test_every_figure_above_the_lines_opens(world: World, pia: Client, what: str) -> None:
    submitted(world)
    trail = pia.get(f"/approvals/total/{what}/", headers={"HX-Request": "true"}).content.decode()
    assert ("8.00 h" in trail) is (what != "missing")
    assert pia.get("/approvals/total/else/").status_code == 404


def test_approvals_of_others_are_not_decided(world: World, carl: Client) -> None:
    line = submitted(world)
    assert carl.get("/approvals/").status_code == 403
    assert carl.post("/approvals/decide", {"ids": line.pk, "act": "approve"}).status_code == 403
    assert carl.get(f"/approvals/lines/{line.pk}/").status_code == 403


def test_an_approval_is_withdrawn_with_a_reason(world: World, pia: Client) -> None:
    line = submitted(world)
    approval.approve_lines(actor=world.pia.actor, line_ids=[line.pk])
    assert pia.post(f"/time/lines/{line.pk}/withdraw").status_code == 422
    assert pia.post(f"/time/lines/{line.pk}/withdraw", {"reason": "Wrong task"}).status_code == 302
    line.refresh_from_db()
    assert line.state == LineState.OPEN
