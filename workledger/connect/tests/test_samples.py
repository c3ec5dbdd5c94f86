"""The three real exports: imported, billed, paid, checked."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import BillableItem, Invoice, InvoiceSource, UnpricedItem
from workledger.connect.tests.builders import bring, broken, media, sample
from workledger.directory.models import Client, EmploymentTerms, ExchangeRate, Person
from workledger.receivables.actions import record_payment
from workledger.receivables.models import Receivable
from workledger.testing.world import World
from workledger.timesheets.models import TimeEntry, TimesheetLine

__all__ = ["media"]
LAST = date(2024, 3, 31)


def bill_and_pay(world: World) -> Invoice:
    run = run_billing(actor=world.system, through=LAST, issue=True, issued_on=date(2026, 4, 1))
    (billed,) = run.invoices
    record_payment(actor=world.system, invoice_id=billed.id, amount=billed.gross, on=date(2026, 4, 2))
    assert Receivable.objects.get(pk=billed.id).open_amount == 0
    assert broken() == []
    return Invoice.objects.get(pk=billed.id)


def test_harvest(world: World) -> None:
    done = bring(world.system, sample("harvest-1.csv"), "harvest", approved=True)
    assert (done.rows, done.created, done.matched, done.refused) == (2, 2, 0, [])
    assert (done.seconds, done.billable_seconds) == (
        20 * 3600 + 36,
        36,
    )  # 20.0 h, and 0.01 h that is billable
    assert done.values == {"EUR": Decimal("1.00")}  # 0.01 h × 100
    assert Client.objects.get(name="Without client").is_internal
    invoice = bill_and_pay(world)
    assert (invoice.client.name, invoice.net, invoice.currency) == ("Big Company", Decimal("1.0000"), "EUR")


def test_toggl_prices_by_the_amount_it_states(world: World) -> None:
    done = bring(world.system, sample("toggl-1.csv"), "toggl", approved=True)
    assert (done.rows, done.created, done.matched) == (2, 1, 1)  # the entry of no time has nothing to book
    assert (done.seconds, done.values) == (3601, {"EUR": Decimal("111.11")})
    assert BillableItem.objects.get(treatment="charged").rate == Decimal("111.08")  # × 3601 / 3600 = 111.11
    assert BillableItem.objects.get(treatment="charged").amount == Decimal("111.11")
    invoice = bill_and_pay(world)
    assert invoice.net == Decimal("111.08")  # the line prints 1.00 h × 111.08


def test_clockify_waits_for_an_exchange_rate_and_takes_the_default_rate(world: World) -> None:
    done = bring(world.system, sample("clockify-1.csv"), "clockify", approved=True, rate="120")
    assert (done.rows, done.created, done.matched) == (2, 1, 1)
    assert done.values == {"USD": Decimal("120.03")}  # 3,601 s at 120
    assert UnpricedItem.objects.get().reason == "exchange_rate_missing"
    run = run_billing(actor=world.system, through=LAST)
    assert [row.kind for row in run.exceptions] == ["exchange_rate_missing"]
    assert broken() == []


def test_clockify_is_billed_in_its_currency(world: World) -> None:
    ExchangeRate.objects.create(base="USD", quote="EUR", day=date(2024, 1, 1), rate="0.92")
    bring(world.system, sample("clockify-1.csv"), "clockify", approved=True, rate="120")
    invoice = bill_and_pay(world)
    assert (invoice.currency, invoice.net) == ("USD", Decimal("120.0000"))


def test_without_a_rate_the_hours_are_listed(world: World) -> None:
    done = bring(world.system, sample("clockify-1.csv"), "clockify", approved=True)
    assert any("1.00 billable h have no rate in the file" in note for note in done.notes)
    run = run_billing(actor=world.system, through=LAST)
    assert [(row.kind, row.count) for row in run.exceptions] == [("rate_missing", 1)]


def test_the_same_person_of_three_tools_is_one(world: World) -> None:
    # Harvest knows no email; Toggl and Clockify name the same one.
    bring(world.system, sample("harvest-1.csv"), "harvest")
    bring(world.system, sample("toggl-1.csv"), "toggl")
    bring(world.system, sample("clockify-1.csv"), "clockify")
    peter = Person.objects.get(name="Peter Tester")
    terms = EmploymentTerms.objects.get(person=peter)
    assert (terms.start, terms.cost_rate) == (date(2024, 3, 4), None)
    assert set(TimeEntry.objects.values_list("person_id", flat=True)) == {peter.pk}
    assert Client.objects.filter(name="Big Company").count() == 1


@pytest.mark.parametrize("source", ["harvest", "toggl", "clockify"])
def test_the_same_file_twice_creates_nothing(world: World, source: str) -> None:
    first = bring(world.system, sample(f"{source}-1.csv"), source)
    again = bring(world.system, sample(f"{source}-1.csv"), source)
    assert (again.created, again.matched, again.rows) == (0, first.rows, first.rows)
    assert TimeEntry.objects.count() == first.created


def test_all_three_are_approved_on_one_timesheet_line_and_billed(world: World) -> None:
    """Each names the same person, task and week: its line is approved three times, with more time each time."""
    for source in ("harvest", "toggl", "clockify"):
        done = bring(world.system, sample(f"{source}-1.csv"), source, approved=True)
        assert done.refused == []
    line = TimesheetLine.objects.get(task__name="Task 1")
    assert (line.state, line.entries.count()) == ("approved", 3)
    items = BillableItem.objects.filter(is_void=False, treatment="charged")
    assert [(item.billable_seconds, item.amount) for item in items.order_by("source_id")] == [
        (36, Decimal("1.0000")),
        (3601, Decimal("100.0300")),
        (3601, Decimal("100.0300")),
    ]  # fmt: skip - at the rate of 100 that the first file brought
    assert any("approved already and are approved again" in note for note in done.notes)
    assert broken() == []
    invoice = bill_and_pay(world)
    assert (invoice.client.name, invoice.currency) == ("Big Company", "EUR")
    billed = InvoiceSource.objects.filter(invoice=invoice, is_live=True)
    assert set(billed.values_list("item_id", flat=True)) == {item.pk for item in items}
