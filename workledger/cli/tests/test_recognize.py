"""`workledger recognize`."""

import json

import pytest
from click.testing import CliRunner

from workledger.cli.recognize import command
from workledger.contracts.models import RevenueMethod
from workledger.core.refusals import Refused
from workledger.revenue.models import RecognitionEntry
from workledger.testing.revenue import fixed_contract
from workledger.testing.world import World


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["--month", "2026-02", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_a_dry_run_says_each_amount_and_why_and_posts_nothing(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    shown = run("--dry-run", "--why")
    assert "Fjord & Co GmbH would recognize 2,800.00 EUR through February 2026, in 1 entries." in shown
    assert "    Time: 28.00 of 181.00 days, from 01 Feb 2026 to 31 Jul 2026." in shown
    assert not RecognitionEntry.objects.exists()


def test_it_recognizes_once_and_lists_what_is_left_out(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    fixed_contract(world, RevenueMethod.INPUT_COST, name="Plant")
    (report,) = json.loads(run("--json", "--entity", "Fjord & Co GmbH"))
    assert [entry["amount"] for entry in report["entries"]] == ["2800.00"]
    assert [one["message"] for one in report["left_out"]] == ["Estimate what it costs in all."]
    assert "in 0 entries" in run()


def test_an_unknown_entity_is_refused_with_those_there_are(world: World) -> None:
    with pytest.raises(Refused, match="There are: Fjord & Co GmbH"):
        CliRunner().invoke(command, ["--month", "2026-02", "--entity", "No Ltd"], catch_exceptions=False)
