"""`workledger report`."""

import json

import pytest
from click.testing import CliRunner

from workledger.cli.report import command
from workledger.core.refusals import Refused
from workledger.testing.reported import tell
from workledger.testing.world import World


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_report_says_what_it_ties_to(world: World) -> None:
    tell(world)
    shown = run("revenue", "--from", "2026-02", "--to", "2026-03", "--by", "month")
    assert "Fjord & Co GmbH, revenue by month, 2026-02-01 to 2026-03-31, as posted" in shown
    assert "Revenue: 8,891.00, in the books 8,891.00 (accounts 4000, 4100, 4900)." in shown


def test_as_earned_and_as_believed(world: World) -> None:
    tell(world)
    february = "revenue", "--from", "2026-02", "--by", "month", "--csv"
    assert "subtotal" not in run(*february)
    assert run(*february).splitlines()[-1] == "total,Total,,4012.00,100.00"
    assert run(*february, "--as-earned").splitlines()[-1] == "total,Total,,4492.00,100.00"
    assert run(*february, "--known-on", "2026-02-27").splitlines()[-1] == "total,Total,,0.00,"


def test_json_has_the_postings_of_each_figure(world: World) -> None:
    tell(world)
    told = json.loads(run("contract-positions", "--from", "2026-03-01", "--to", "2026-03-31", "--json"))
    assert told["is_tied"]
    assert told["rows"][-1]["figures"][-1]["value"] == "7451.00"
    assert told["rows"][0]["figures"][0]["postings"]["end"] == "2026-03-01"


def test_an_unknown_entity_is_said(world: World) -> None:
    with pytest.raises(Refused) as refused:
        run("wip", "--entity", "Fjrod")
    assert "There are: Fjord & Co GmbH." in refused.value.problems[0].message
