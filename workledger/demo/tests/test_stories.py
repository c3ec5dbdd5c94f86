"""The clients that come out of the scenario pack."""

from datetime import date

import pytest

from workledger.billing.models import Invoice, InvoiceState
from workledger.contracts.models import BillingModel, ContractLine
from workledger.demo.stories import Stories
from workledger.ledger.checks import run_checks
from workledger.receivables.models import Receivable
from workledger.testing.world import World


def told(world: World, starts_on: date, today: date) -> None:
    stories = Stories(world.system, world.entity_id, starts_on, today)
    stories.advance(date(today.year, 1, 31))
    stories.advance(today)


@pytest.mark.parametrize("today", [date(2026, 11, 21), date(2029, 3, 1)])
def test_they_show_every_way_to_bill_in_any_year_and_leave_the_books_right(world: World, today: date) -> None:
    told(world, date(today.year - 3, 1, 1), today)
    models = set(ContractLine.objects.values_list("model", flat=True))
    assert models == {model.value for model in BillingModel}
    issued = Invoice.objects.exclude(state=InvoiceState.DRAFT).order_by("issued_on")
    assert {row.entity_id for row in issued} == {world.entity_id}
    assert max(row.issued_on for row in issued if row.issued_on) <= today
    assert Receivable.objects.filter(open_amount__gt=0).count() == 1  # what was retained is due last
    assert [result.line for result in run_checks() if not result.ok] == []


def test_a_firm_too_young_for_a_story_has_none(world: World) -> None:
    told(world, date(2026, 11, 1), date(2026, 11, 21))
    assert not Invoice.objects.exists()
