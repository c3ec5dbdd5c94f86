"""The headers of every answer, what a visitor reads while the database is away, and what commands print."""

import io
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from workledger.cli import main as cli
from workledger.cli import output
from workledger.runtime import http, migrations


def lost(cause: psycopg.Error) -> OperationalError:
    error = OperationalError("gone")
    error.__cause__ = cause
    return error


@pytest.mark.django_db
def test_health_answers_with_a_strict_policy(client: Client) -> None:
    answer = client.get("/-/health")
    assert answer.json() == {"status": "ok"}
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("cause", [psycopg.OperationalError("refused"), psycopg.errors.CannotConnectNow()])
def test_a_lost_database_is_503_and_a_sentence(rf: RequestFactory, cause: psycopg.Error) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise lost(cause)

    answer = http.DatabaseAway(view)(rf.get("/"))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


def test_another_database_error_stays_one(rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise lost(psycopg.errors.QueryCanceled())

    with pytest.raises(OperationalError):
        http.DatabaseAway(view)(rf.get("/"))


@pytest.mark.django_db
def test_nothing_is_pending_after_migrate() -> None:
    assert migrations.pending() == []


@pytest.mark.django_db
def test_a_missing_migration_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'ledger' AND name = '0001_initial'")
    assert migrations.pending() == ["ledger.0001_initial"]


@pytest.mark.django_db
def test_changed_triggers_are_pending() -> None:
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE django_migrations IS 'of an earlier version'")
    assert migrations.pending() == [migrations.DATABASE_RULES]


@dataclass(frozen=True)
class Row:
    name: str
    amount: Decimal
    on: date


def test_json_keeps_amounts_exact(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit({"rows": (Row("Fay", Decimal("1E+3"), date(2026, 3, 2)),)}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "rows": [{"name": "Fay", "amount": "1000", "on": "2026-03-02"}]
    }


def test_table_sets_amounts_flush_right() -> None:
    assert output.table([("Client", "Net"), ("Acme", "1.50")], right=[1]) == ["Client   Net", "Acme    1.50"]


def test_progress_off_a_terminal_is_a_line_per_step(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    progress = output.Progress()
    for done in range(3):
        progress("Entries", done, 3)
    progress("Invoices")
    progress.close()
    assert stream.getvalue() == "Entries\nInvoices\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--help"], 0, "workledger demo"),
        (["--version"], 0, "workledger"),
        (["nonsense"], 2, "There is no command 'nonsense'"),
        ([], 2, "Usage"),
    ],
)
def test_exit_status(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == status
    captured = capsys.readouterr()
    assert said in captured.out + captured.err


def test_a_bad_environment_is_a_sentence_and_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKLEDGER_PORT", "eighty")
    assert cli.run(["user", "list"]) == 1
    assert capsys.readouterr().err.startswith("WORKLEDGER_PORT is 'eighty'")


def test_every_command_of_the_list_exists_and_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for name in cli.COMMANDS:
        if name == "manage":  # its help is Django's
            continue
        assert cli.run([name, "--help"]) == 0, name
        assert "Example:" in capsys.readouterr().out, name
