"""Reviews of pre-bills, and bill runs that make themselves."""

from datetime import date

import pytest

from workledger.billing import reviewing
from workledger.billing.actions import invoices, prebills, reviews, schedules
from workledger.billing.actions.schedules import ScheduleInput
from workledger.billing.models import BillEvery, BillSchedule, Invoice
from workledger.core.refusals import Refused
from workledger.testing.time import approved
from workledger.testing.world import World

MARCH = date(2026, 3, 31)


@pytest.fixture
def bill(world: World) -> Invoice:
    """A pre-bill of five hours on a project that Pia manages."""
    approved(world.carl, world, world.build, date(2026, 3, 2), "5")
    run = prebills.run_billing(actor=world.system, through=MARCH)
    return Invoice.objects.get(pk=run.invoices[0].id)


def refused(call: object, **arguments: object) -> list[str]:
    with pytest.raises(Refused) as caught:
        call(**arguments)  # type: ignore[operator]
    return sorted(caught.value.codes)


def test_a_review_keeps_a_pre_bill_until_the_manager_approves_what_it_says(
    world: World, bill: Invoice
) -> None:
    fay, pia = world.fay.actor, world.pia.actor
    assert reviews.request_reviews(actor=fay, invoice_ids=[bill.pk]) == 1
    [asked] = reviewing.reviews_of([bill.pk])[bill.pk]
    assert asked.reviewer_id == pia.person_id
    assert refused(invoices.issue_invoice, actor=fay, invoice_id=bill.pk, issued_on=MARCH) == ["review_open"]
    assert refused(reviews.approve_pre_bills, actor=fay, invoice_ids=[bill.pk]) == ["not_your_review"]
    reviews.approve_pre_bills(actor=pia, invoice_ids=[bill.pk])
    prebills.note_pre_bill(actor=fay, invoice_id=bill.pk, note="Thank you")
    assert refused(invoices.issue_invoice, actor=fay, invoice_id=bill.pk, issued_on=MARCH) == ["review_open"]
    reviews.approve_pre_bills(actor=pia, invoice_ids=[bill.pk])
    assert invoices.issue_invoice(actor=fay, invoice_id=bill.pk, issued_on=MARCH)


def test_a_pre_bill_sent_back_says_why_and_is_asked_for_again(world: World, bill: Invoice) -> None:
    fay, pia = world.fay.actor, world.pia.actor
    reviews.request_reviews(actor=fay, invoice_ids=[bill.pk], reviewer_id=pia.person_id)
    assert refused(reviews.send_back_pre_bill, actor=pia, invoice_id=bill.pk, comment=" ") == [
        "comment_missing"
    ]
    reviews.send_back_pre_bill(actor=pia, invoice_id=bill.pk, comment="Two hours were goodwill")
    assert [said.text for said in reviewing.comments_of(bill.pk)] == ["Two hours were goodwill"]
    assert refused(invoices.issue_invoice, actor=fay, invoice_id=bill.pk, issued_on=MARCH) == ["review_open"]
    reviews.request_reviews(actor=fay, invoice_ids=[bill.pk], reviewer_id=pia.person_id)
    [asked] = reviewing.reviews_of([bill.pk])[bill.pk]
    assert asked.state == "waiting"


def test_a_schedule_bills_once_for_its_day_also_when_it_is_late(world: World) -> None:
    approved(world.carl, world, world.build, date(2026, 3, 2), "5")
    entity_id = world.acme_contract.entity_id
    monthly = ScheduleInput(entity_id=entity_id, every=BillEvery.MONTH, day=3)
    schedule_id = schedules.save_schedule(actor=world.fay.actor, schedule=monthly, on=date(2026, 3, 10))
    assert schedules.run_schedules(actor=world.system, on=date(2026, 4, 2)) == 0
    assert schedules.run_schedules(actor=world.system, on=date(2026, 4, 6)) == 1
    assert schedules.run_schedules(actor=world.system, on=date(2026, 4, 7)) == 0
    [bill] = Invoice.objects.all()
    assert bill.through == MARCH
    assert reviewing.reviews_of([bill.pk])[bill.pk][0].reviewer_id == world.pia.actor.person_id
    assert BillSchedule.objects.get(pk=schedule_id).last_run_on == date(2026, 4, 3)
    wrong = ScheduleInput(entity_id=entity_id, every=BillEvery.WEEK, day=9)
    assert refused(schedules.save_schedule, actor=world.fay.actor, schedule=wrong, on=MARCH) == [
        "day_out_of_range", "schedule_taken",
    ]  # fmt: skip
    schedules.remove_schedule(actor=world.fay.actor, schedule_id=schedule_id)
    assert not BillSchedule.objects.exists()
