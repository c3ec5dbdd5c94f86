"""`workledger close`."""

import json

import pytest
from click.testing import CliRunner

from workledger.cli.close import command
from workledger.core.refusals import Refused
from workledger.ledger.models import PeriodState
from workledger.testing.world import World


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_it_prints_the_next_period_to_close(world: World) -> None:
    shown = run()
    assert shown.startswith("Fjord & Co GmbH, February 2026 is open:")
    assert "Book missing time" in shown


def test_json_names_every_step_with_what_it_found(world: World) -> None:
    report = json.loads(run("--entity", "fjord & co gmbh", "--month", "2026-03", "--json"))
    missing = next(step for step in report["steps"] if step["key"] == "time_missing")
    assert (report["period"], report["state"], missing["state"]) == ("March 2026", "open", "open")
    assert missing["count"] == len(missing["items"]) == 4


def test_a_lock_wants_its_steps_or_a_reason(world: World) -> None:
    with pytest.raises(Refused, match="steps of February 2026 are open"):
        CliRunner().invoke(command, ["lock"], catch_exceptions=False)
    said = run("lock", "--month", "2026-02", "--reason", "Nothing more is expected")
    assert said == "February 2026 of Fjord & Co GmbH is locked.\n"
    assert world.period(2).state == PeriodState.LOCKED


def test_what_is_not_there_is_said(world: World) -> None:
    with pytest.raises(Refused, match="There are: Fjord & Co GmbH"):
        CliRunner().invoke(command, ["--entity", "No Ltd"], catch_exceptions=False)
    with pytest.raises(Refused, match="no period that ends in May 2031"):
        CliRunner().invoke(command, ["--month", "2031-05"], catch_exceptions=False)
