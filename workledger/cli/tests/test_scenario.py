"""`workledger scenario`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from workledger.cli.scenario import command
from workledger.directory.models import LegalEntity

RIGHT = """# A fee
firm Nordlicht GmbH, Germany, EUR
client Acme AG, Germany
contract Care, Acme AG, EUR, from 2026-01-01
  line Care, recurring
    fee = 100
2026-01-01 bill
expect pre-bill Care
  January 2026 | 1 pc | 100.00 | 100.00
  net 100.00, tax 19 % 19.00, gross 119.00
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text(RIGHT)
    (tmp_path / "b.txt").write_text(RIGHT.replace("gross 119.00", "gross 120.00"))
    (tmp_path / "c.txt").write_text(RIGHT.replace("bill", "bell"))
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(command, ["run", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_a_folder_is_run_file_by_file_and_a_difference_is_an_error(folder: Path) -> None:
    code, said, aside = run(str(folder))
    assert code == 1
    assert said.splitlines() == [
        f"right   {folder / 'a.txt'}: A fee",
        f"WRONG   {folder / 'b.txt'}: A fee",
        f"{folder / 'b.txt'}:8: expect pre-bill: - is expected, + was found",
        "      January 2026 | 1 pc | 100.00 | 100.00",
        "    - net 100.00, tax 19 % 19.00, gross 120.00",
        "    + net 100.00, tax 19 % 19.00, gross 119.00",
        f"unread  {folder / 'c.txt'}",
    ]
    assert f"{folder / 'c.txt'}:7: 'bell' begins with no verb of a scenario." in aside
    assert "1 of 3 scenarios come out right" in aside


def test_what_was_found_is_printed_and_what_is_right_may_be_kept(folder: Path) -> None:
    code, said, _ = run(str(folder / "a.txt"), "--found", "--keep")
    assert code == 0
    assert f"{folder / 'a.txt'}:8: expect pre-bill" in said
    assert "    net 100.00, tax 19 % 19.00, gross 119.00" in said
    assert LegalEntity.objects.get().name == "Nordlicht GmbH"


def test_it_reports_in_json(folder: Path) -> None:
    code, said, _ = run(str(folder / "a.txt"), str(folder / "b.txt"), "--json")
    right, wrong = json.loads(said)
    assert (code, right["is_right"], wrong["is_right"]) == (1, True, False)
    assert wrong["differences"][0]["line"] == 8


def test_a_file_that_is_not_there_is_a_usage_error() -> None:
    code, _, aside = run("nowhere.txt")
    assert code == 2
    assert "does not exist" in aside
