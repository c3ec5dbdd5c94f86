"""The trail of evidence: every stage from term to payment, from rows kept when it happened; who may see it; samples."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workledger.billing.actions.prebills import run_billing, write_down_items
from workledger.billing.models import BillableItem, Invoice, ReasonCode
from workledger.core.access import Permission
from workledger.core.refusals import Forbidden, NotFound, Refused
from workledger.receivables.actions import record_payment
from workledger.reporting.evidence import Evidence, Fact, evidence, sample, starts_of_invoice
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

MARCH_2 = date(2026, 3, 2)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def paid(world: World) -> Invoice:
    """8 h × 120, 20.00 written down, billed with 19 % and paid in part."""
    approved(world.carl, world, world.build, MARCH_2, "8")
    item = BillableItem.objects.get()
    write_down_items(
        actor=world.olivia.actor, item_ids=[item.pk], amount=D(20), on=date(2026, 3, 20),
        reason_code=ReasonCode.GOODWILL, note="First week",
    )  # fmt: skip
    done = run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    invoice = Invoice.objects.get(pk=done.invoices[0].id)
    record_payment(actor=world.fay.actor, invoice_id=invoice.pk, amount=D(500), on=date(2026, 4, 14))
    return invoice


def of_time(world: World) -> Evidence:
    """The trail of the one entry."""
    return evidence(world.fay.actor, "time", BillableItem.objects.get().source_id)


def stage(found: Evidence, title: str) -> Sequence[Fact]:
    """The facts of a stage."""
    return next(stage.facts for stage in found.stages if stage.title == title)


def test_every_stage_stands_on_one_page_with_its_act(world: World, paid: Invoice) -> None:
    found = of_time(world)
    assert [s.title for s in found.stages if not s.facts] == ["What was earned"]
    assert (found.amount, found.currency) == (D(960), "EUR")
    assert stage(found, "What was done")[0].what == "8.00 h worked, billable as worked"
    (approval,) = stage(found, "Who approved it")
    assert approval.what == "Approved"
    assert approval.said.startswith("Content ")
    (priced,) = stage(found, "What it is worth")
    assert (priced.what, priced.amount) == ("8.00 h × 120.00 EUR", D(960))
    (down,) = stage(found, "What was changed")
    assert (down.what, down.said, down.amount) == ("Written down", "Goodwill: First week", D(-20))
    (billed,) = stage(found, "What billed it")
    assert (billed.what, billed.amount) == (paid.number, D(940))
    (money,) = stage(found, "What was paid")
    assert (money.what, money.amount) == ("Paid", D(500))
    acts = [fact.act for each in found.stages for fact in each.facts if fact.made_by]
    assert acts
    assert all(act is not None and act.who for act in acts)


def test_what_it_posted_is_its_own_sides_and_the_whole_invoice(world: World, paid: Invoice) -> None:
    sides = {fact.what: fact.sides for fact in stage(of_time(world), "What it posted")}
    invoice = next(rows for what, rows in sides.items() if paid.number in what)
    assert sum(side.debit for side in invoice) == sum(side.credit for side in invoice) == paid.gross
    assert any(side.credit == 960 for rows in sides.values() for side in rows), "the revenue of the item"


def test_cost_needs_its_own_permission(world: World, paid: Invoice) -> None:
    sighted, blind = (
        world.fay.actor,
        world.fay.actor.limited_to(set(Permission) - {Permission.VIEW_COST}, "test"),
    )
    for actor, sees in ((sighted, True), (blind, False)):
        found = evidence(actor, "time", BillableItem.objects.get().source_id)
        shown = [side.account for fact in stage(found, "What it posted") for side in fact.sides]
        assert any("Labour" in account for account in shown) is sees


def test_the_number_of_queries_does_not_follow_the_number_of_acts(world: World, paid: Invoice) -> None:
    with CaptureQueriesContext(connection) as captured:
        of_time(world)
    assert len(captured) <= 32


def test_a_trail_begins_at_an_invoice_or_a_repeatable_sample(world: World, paid: Invoice) -> None:
    (start,) = starts_of_invoice(world.fay.actor, paid.number)
    assert (start.source_kind, start.amount, start.invoice) == ("time", D(960), paid.number)
    draws = [sample(world.fay.actor, world.entity_id, MARCH, APRIL, size=5, seed="a") for _ in range(2)]
    assert draws[0] == draws[1] == [start]
    assert sample(world.fay.actor, world.entity_id, APRIL, date(2026, 5, 1), size=5, seed="a") == []


def test_what_cannot_be_drawn_is_refused(world: World) -> None:
    for size, start, end, codes in (
        (0, MARCH, APRIL, ("bad_size",)),
        (5, APRIL, MARCH, ("days_reversed",)),
        (201, APRIL, MARCH, ("bad_size", "days_reversed")),
    ):
        with pytest.raises(Refused) as refused:
            sample(world.fay.actor, world.entity_id, start, end, size=size, seed="")
        assert refused.value.codes == codes
    with pytest.raises(Refused, match="no invoice or credit note of that number"):
        starts_of_invoice(world.fay.actor, "")


def test_strangers_and_consultants_see_nothing(world: World, paid: Invoice) -> None:
    source = BillableItem.objects.get().source_id
    for who in (world.carl, world.pia):
        with pytest.raises(Forbidden):
            evidence(who.actor, "time", source)
    with pytest.raises(NotFound):
        evidence(world.fay.actor, "time", source + 1)
