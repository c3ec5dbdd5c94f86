"""`workledger approve`."""

import json
from datetime import date
from decimal import Decimal

import pytest
from click.testing import CliRunner

from workledger.cli.approve import command
from workledger.directory.models import EmploymentTerms
from workledger.projects.models import Task
from workledger.testing.world import TODAY, World
from workledger.timesheets import actions
from workledger.timesheets.models import TimesheetLine

MONDAY, SATURDAY = date(2026, 3, 9), date(2026, 3, 14)


def book(world: World, task: Task, day: date, hours: int) -> None:
    actions.save_cell(
        actor=world.carl.actor,
        person_id=world.carl.person_id,
        task_id=task.pk,
        day=day,
        worked_seconds=hours * 3600,
        on=TODAY,
    )


@pytest.fixture
def week(world: World) -> World:
    """Monday 8 h on Build, Saturday 2 h of travel, submitted; a day of the week after, open."""
    book(world, world.build, MONDAY, 8)
    book(world, world.travel, SATURDAY, 2)
    actions.submit_week(actor=world.carl.actor, person_id=world.carl.person_id, monday=MONDAY)
    book(world, world.review, TODAY, 3)
    return world


def run(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    report: dict[str, object] = json.loads(result.stdout)
    return report


def test_it_approves_what_is_submitted_and_lists_what_is_odd(week: World) -> None:
    assert run("--through", "2026-03-31") == {
        "lines": 2,
        "entries": 2,
        "hours": "10.00",
        "billable_hours": "8.00",
        "flagged": [
            {
                "person": "Carl Consultant",
                "project": "Atlas",
                "task": "Travel",
                "week": "2026-03-09",
                "reasons": ["Worked on Sat 14 Mar, a weekend."],
            }
        ],
        "exceptions": [
            {
                "kind": "not_submitted",
                "count": 1,
                "detail": "Lines with time up to 2026-03-31 are not submitted. --unsubmitted takes them too.",
            }
        ],
    }
    assert run("--through", "2026-03-31")["lines"] == 0


def test_a_line_with_later_time_waits(week: World) -> None:
    assert run("--through", "2026-03-13")["lines"] == 1  # the Saturday lies after


def test_unsubmitted_takes_all(week: World) -> None:
    assert run("--through", "2026-03-31", "--unsubmitted")["entries"] == 3


def test_a_dry_run_changes_nothing(week: World) -> None:
    assert run("--through", "2026-03-31", "--dry-run")["entries"] == 2
    assert not TimesheetLine.objects.filter(state="approved").exists()


def test_a_missing_cost_rate_is_an_exception(week: World) -> None:
    EmploymentTerms.objects.filter(person_id=week.carl.person_id).update(cost_rate=None)
    report = run("--through", "2026-03-31")
    assert isinstance(report["exceptions"], list)
    exception = report["exceptions"][0]
    assert (exception["kind"], exception["count"]) == ("no_cost_rate", 2)


def test_words_say_the_same(week: World) -> None:
    result = CliRunner().invoke(command, ["--through", "2026-03-31"])
    assert "Approved 2 lines with 2 entries: 10.00 h, 8.00 h of them billable." in result.stdout
    assert "Carl Consultant, Travel (Atlas): Worked on Sat 14 Mar, a weekend." in result.stdout
    assert Decimal(str(run("--through", "2026-03-31")["hours"])) == 0
