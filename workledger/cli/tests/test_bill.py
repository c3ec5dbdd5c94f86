"""`workledger bill`."""

import json
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from workledger.billing.models import Invoice, OpenItem
from workledger.cli.bill import command
from workledger.contracts.models import Rate, RateCard
from workledger.core.refusals import Refused
from workledger.directory.models import ExchangeRate
from workledger.testing.time import approve_all, approved, book
from workledger.testing.world import World

MARCH_2 = date(2026, 3, 2)


@pytest.fixture
def work(world: World) -> World:
    """8 h of Carl for Acme, 4 h for Borealis, approved; 3 h of Carl not approved."""
    book(world.carl, world.build, MARCH_2, "8")
    book(world.carl, world.advice, MARCH_2, "4")
    approve_all(world)
    book(world.carl, world.review, MARCH_2, "3")
    return world


def run(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(
        command, ["--through", "2026-03-31", *arguments, "--json"], catch_exceptions=False
    )
    assert result.exit_code == 0
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def test_it_reports_invoices_totals_and_what_was_not_billed(work: World) -> None:
    assert run("--issue", "--issued-on", "2026-04-01") == {
        "invoices": [
            {"number": "INV-2026-00001", "client": "Acme AG", "currency": "EUR", "net": "960.00", "tax": "182.40",
             "gross": "1142.40", "lines": 1},
            {"number": "INV-2026-00002", "client": "Borealis AB", "currency": "EUR", "net": "520.00", "tax": "0.00",
             "gross": "520.00", "lines": 1},
        ],
        "totals": {"net": "1480.00", "tax": "182.40", "gross": "1662.40"},
        "exceptions": [{"kind": "not_approved", "count": 1, "detail": "3.00 h are submitted and not approved"}],
    }  # fmt: skip
    assert {invoice.issued_on for invoice in Invoice.objects.all()} == {date(2026, 4, 1)}


def test_one_client_is_billed_by_name_and_a_second_run_bills_nothing(work: World) -> None:
    assert [row["client"] for row in run("--client", "acme ag")["invoices"]] == ["Acme AG"]
    assert run("--client", "Acme AG") == {
        "invoices": [], "totals": {"net": "0.00", "tax": "0.00", "gross": "0.00"},
        "exceptions": [{"kind": "not_approved", "count": 1, "detail": "3.00 h are submitted and not approved"}],
    }  # fmt: skip
    assert OpenItem.objects.get().client_id == work.borealis.pk


def test_an_unknown_client_is_refused_with_names_like_it(work: World) -> None:
    with pytest.raises(Refused, match=r"no client named 'Acme'\. Did you mean Acme AG\?"):
        run("--client", "Acme")


def test_a_dry_run_changes_nothing(work: World) -> None:
    assert len(run("--dry-run")["invoices"]) == 2
    assert not Invoice.objects.exists()


def test_currencies_are_summed_apart_and_at_home(world: World) -> None:
    ExchangeRate.objects.create(base="JPY", quote="EUR", day=date(2026, 1, 1), rate="0.006")
    Rate.objects.filter(card__client=world.borealis).update(rate_per_hour=15000)
    world.borealis_contract.currency = "JPY"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="JPY")
    approved(world.carl, world, world.build, MARCH_2, "1")
    approved(world.carl, world, world.advice, MARCH_2, "2")
    report = run("--issued-on", "2026-04-01")
    assert report["totals_by_currency"] == {
        "EUR": {"net": "120.00", "tax": "22.80", "gross": "142.80"},
        "JPY": {"net": "30000", "tax": "0", "gross": "30000"},
    }
    assert report["totals"] == {"net": "300.00", "tax": "22.80", "gross": "322.80"}  # 30000 × 0.006 = 180


def test_people_read_it_too(work: World) -> None:
    result = CliRunner().invoke(command, ["--through", "2026-03-31"], catch_exceptions=False)
    assert "Made 2 pre-bills through 2026-03-31." in result.stdout
    assert "Total EUR: net 1,480.00, tax 182.40, gross 1,662.40" in result.stdout
    assert result.stderr == "Billing\n"
