"""`workledger simulate`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from workledger.cli.main import COMMANDS
from workledger.cli.simulate import command
from workledger.core.refusals import Refused

TERMS = 'currency = "EUR"\nstart = 2026-01-01\n[rates]\nLead = 160\n[[lines]]\nname = "Build"\n'
TIME = "date,role,hours\n2026-01-07,Lead,2\n"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    terms, time = tmp_path / "agreed.toml", tmp_path / "time.csv"
    terms.write_text(TERMS)
    time.write_text(TIME)
    return terms, time


def test_it_needs_no_database() -> None:
    assert not COMMANDS["simulate"].database


def test_it_prints_periods_and_invoices(files: tuple[Path, Path]) -> None:
    result = CliRunner().invoke(command, [*map(str, files), "--periods", "2"], catch_exceptions=False)
    assert "agreed, 2 months, EUR" in result.stdout
    assert "320.00" in result.stdout


def test_json_has_lines_and_postings(files: tuple[Path, Path]) -> None:
    result = CliRunner().invoke(
        command, [*map(str, files), "--periods", "1", "--json"], catch_exceptions=False
    )
    (period,) = json.loads(result.stdout)["periods"]
    assert period["invoice"]["lines"][0]["amount"] == "320.00"
    assert [act["what"] for act in period["postings"]] == ["Work and charges recognized", "Invoice issued"]


def test_problems_name_file_and_line(files: tuple[Path, Path]) -> None:
    terms, time = files
    terms.write_text(TERMS.replace("EUR", "euro"))
    time.write_text(TIME + "2026-01-08,Lead,many\n")
    with pytest.raises(Refused) as refused:
        CliRunner().invoke(command, [str(terms), str(time)], catch_exceptions=False)
    first, second = (problem.message for problem in refused.value.problems)
    assert first.startswith(f"{terms}, line 1: currency:")
    assert second.startswith(f"{time}, line 3: ")


def test_time_without_a_rate_is_refused(files: tuple[Path, Path]) -> None:
    terms, time = files
    terms.write_text(TERMS.replace("[rates]\nLead = 160\n", ""))
    with pytest.raises(Refused, match="line 2: There is no rate for Lead"):
        CliRunner().invoke(command, [str(terms), str(time)], catch_exceptions=False)
