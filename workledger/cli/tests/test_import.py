"""`workledger import`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from workledger.cli.import_ import command
from workledger.connect.models import ImportBatch
from workledger.connect.tests.builders import HEAD, media
from workledger.core.refusals import Refused
from workledger.directory.models import Client, ExchangeRate
from workledger.testing.world import World
from workledger.timesheets.models import TimeEntry

__all__ = ["media"]
ROWS = (
    "2026-03-02,Nora,nora@new.example,Nordwind,Site,Design,1.5,yes,Sketches,100,EUR\n"
    "2026-03-02,Nora,nora@new.example,Nordwind,Site,Design,0,yes,,100,EUR\n"
    "2026-03-02,Nora,nora@new.example,Nordwind,Site,Design,x,yes,,100,EUR\n"
    "2026-03-03,Nora,nora@new.example,Nordwind,Site,Design,0.5,no,,100,EUR\n"
)


@pytest.fixture
def hours(tmp_path: Path) -> Path:
    path = tmp_path / "hours.csv"
    path.write_text(HEAD + ROWS)
    return path


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def test_it_reports_what_came_of_the_file(world: World, hours: Path) -> None:
    report = run("time", str(hours), "--from", "csv")
    assert report == {
        "batch": ImportBatch.objects.get().pk,
        "rows": 4,
        "created": 2,
        "matched": 1,
        "refused": [{"line": 4, "reason": "the duration “x” is not a duration (1:30, 1.5 or 90m)"}],
        "hours": "2.00",
        "billable_hours": "1.50",
        "value": "150.00",
    }


def test_a_dry_run_leaves_nothing(world: World, hours: Path, media: Path) -> None:
    report = run("time", str(hours), "--from", "csv", "--dry-run", "--approved", "--default-rate", "120")
    assert (report["batch"], report["created"]) == (None, 2)
    assert not TimeEntry.objects.exists()
    assert not ImportBatch.objects.exists()
    assert not Client.objects.filter(name="Nordwind").exists()
    assert not list(media.glob("imports/*"))


def test_an_import_is_undone(world: World, hours: Path) -> None:
    batch = run("time", str(hours), "--from", "csv")["batch"]
    assert run("undo", str(batch))["entries"] == 2
    assert not TimeEntry.objects.exists()


def test_the_wrong_tool_is_named(world: World, hours: Path) -> None:
    with pytest.raises(Refused, match="Import it as csv"):
        run("time", str(hours), "--from", "harvest")


def test_an_unknown_tool_is_not_understood(hours: Path) -> None:
    result = CliRunner().invoke(command, ["time", str(hours), "--from", "excel"])
    assert result.exit_code == 2
    assert "'excel' is not one of" in result.output


def test_an_unknown_entity_is_refused_with_the_names_there_are(world: World, hours: Path) -> None:
    with pytest.raises(Refused, match=r"no legal entity named 'Fjord'\. There are: Fjord & Co GmbH"):
        run("time", str(hours), "--from", "csv", "--entity", "Fjord")


def test_people_read_it_too(world: World, hours: Path) -> None:
    result = CliRunner().invoke(command, ["time", str(hours), "--from", "csv"], catch_exceptions=False)
    assert "Imported 2 of 4 rows: 2.00 h, 1.50 h of them billable." in result.stdout
    assert "  line 4: the duration “x” is not a duration" in result.stdout
    assert "To take it back: workledger import undo" in result.stdout


def test_exchange_rates_are_imported_once(world: World, tmp_path: Path) -> None:
    path = tmp_path / "eurofxref.csv"
    path.write_text("Date, USD, JPY, \n20 November 2026, 1.0842, 163.28, \n")
    assert run("rates", str(path), "--dry-run")["added"] == 2
    assert not ExchangeRate.objects.exists()
    done = {"first_day": "2026-11-20", "last_day": "2026-11-20", "changed": 0, "kept": 0, "left_out": []}
    assert run("rates", str(path), "--currency", "usd") == {**done, "added": 1, "unchanged": 0}
    assert run("rates", str(path)) == {**done, "added": 1, "unchanged": 1}
    said = CliRunner().invoke(command, ["rates", str(path)], catch_exceptions=False).stdout
    assert "0 exchange rates added, 0 changed, 2 there already" in said
