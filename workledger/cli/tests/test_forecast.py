"""`workledger forecast`."""

import json

import pytest
from click.testing import CliRunner

from workledger.cli.forecast import command
from workledger.contracts.models import RevenueMethod
from workledger.core.refusals import Refused
from workledger.testing.revenue import fixed_contract, run
from workledger.testing.world import World


def ask(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["--as-of", "2026-03-31", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_it_prints_months_and_what_they_rest_on(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    run(world, 3)
    shown = ask("--items")
    assert "Fjord & Co GmbH, recognized through 2026-03-31, EUR." in shown
    assert "Apr 2026        0.00    3,000.00      0.00  3,000.00      0.00" in shown
    assert "  Apr 2026  contracted  3,000.00 EUR  Its part of the time" in shown


def test_it_gives_json(world: World) -> None:
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100)
    (report,) = json.loads(ask("--json", "--entity", "Fjord & Co GmbH"))
    assert [row["total"] for row in report["months"]][:2] == [
        "8900.00",
        "3100.00",
    ]  # with 5,900.00 not posted yet
    (build,) = [item for item in report["items"] if item["amounts"]]
    assert [build["price"], build["amounts"][0]["source"]] == ["18100.0000", "unposted"]


def test_an_unknown_entity_is_refused(world: World) -> None:
    assert world.entity_id
    with pytest.raises(Refused, match="There are: Fjord & Co GmbH"):
        ask("--entity", "Nobody")
