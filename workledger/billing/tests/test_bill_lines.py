"""Lines of a pre-bill joined and parted: its value, its sources and the books stay as they were."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.actions import bill_lines, prebills
from workledger.billing.models import Invoice, InvoiceLine, InvoiceSource, ReasonCode
from workledger.core.refusals import Refused
from workledger.ledger.checks import run_checks
from workledger.testing.time import approved
from workledger.testing.world import World

D = Decimal
MARCH = date(2026, 3, 31)


@pytest.fixture
def bill(world: World) -> Invoice:
    """Two tasks: 5 h and 2 h 20 min of one rate, the first written down by 50."""
    approved(world.carl, world, world.build, date(2026, 3, 2), "5")
    approved(world.carl, world, world.build, date(2026, 3, 9), "1.5")
    approved(world.carl, world, world.workshops, date(2026, 3, 2), "2.34")
    run = prebills.run_billing(actor=world.system, through=MARCH)
    invoice = Invoice.objects.get(pk=run.invoices[0].id)
    first = invoice.lines.order_by("position")[0]
    prebills.write_down_line(
        actor=world.system, line_id=first.pk, amount=D(50), reason_code=ReasonCode.GOODWILL, on=MARCH
    )
    return invoice


def held_together(invoice: Invoice) -> Decimal:
    invoice.refresh_from_db()
    assert [each.name for each in run_checks() if not each.ok] == []
    positions = list(invoice.lines.order_by("position").values_list("position", flat=True))
    assert positions == sorted(set(positions))
    assert not InvoiceSource.objects.filter(line=None).exists()
    return invoice.net


def test_a_parted_line_and_the_rest_come_to_what_it_was_and_join_again(world: World, bill: Invoice) -> None:
    net = held_together(bill)
    line = bill.lines.order_by("position")[0]
    items = list(line.sources.order_by("item_id").values_list("item_id", flat=True))
    new = bill_lines.part_line(
        actor=world.system, line_id=line.pk, item_ids=items[:1], description="Kick-off"
    )
    assert held_together(bill) == net
    assert list(InvoiceLine.objects.get(pk=new).sources.values_list("item_id", flat=True)) == items[:1]
    kept = bill_lines.join_lines(actor=world.system, invoice_id=bill.pk, line_ids=[line.pk, new])
    assert held_together(bill) == net
    assert kept == line.pk
    assert sorted(InvoiceLine.objects.get(pk=kept).sources.values_list("item_id", flat=True)) == items


def test_lines_of_two_tasks_join_and_say_what_they_are(world: World, bill: Invoice) -> None:
    net = held_together(bill)
    ids = list(bill.lines.filter(is_adjustment=False).values_list("pk", flat=True))
    kept = bill_lines.join_lines(actor=world.system, invoice_id=bill.pk, line_ids=ids)
    assert abs(held_together(bill) - net) <= D("0.01")
    assert InvoiceLine.objects.get(pk=kept).task_id is None
    bill_lines.describe_line(actor=world.system, line_id=kept, description="Work in March")
    with pytest.raises(Refused, match="Say what"):
        bill_lines.describe_line(actor=world.system, line_id=kept, description=" ")
    with pytest.raises(Refused, match="two lines"):
        bill_lines.join_lines(actor=world.system, invoice_id=bill.pk, line_ids=[kept])
    with pytest.raises(Refused, match="not all"):
        bill_lines.part_line(actor=world.system, line_id=kept, item_ids=[])
