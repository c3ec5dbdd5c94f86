"""Expenses that clients pay back: priced, billed, taken back."""

from datetime import date
from decimal import Decimal

import pytest

from workledger.billing.actions import prebills
from workledger.billing.models import BillableItem, Invoice, OpenItem
from workledger.billing.reimbursables import unbilled_reimbursables
from workledger.billing.tests.test_cycle import balance
from workledger.core.refusals import Refused
from workledger.expenses import actions
from workledger.ledger.checks import run_checks
from workledger.ledger.models import AccountRole
from workledger.testing.expenses import approved, spent
from workledger.testing.world import World

D = Decimal
MARCH = date(2026, 3, 31)


def bill(world: World) -> list[Invoice]:
    run = prebills.run_billing(actor=world.system, through=MARCH, issue=True, issued_on=MARCH)
    return list(Invoice.objects.filter(pk__in=[each.id for each in run.invoices]))


def test_an_expense_is_charged_at_cost_plus_the_lines_markup(world: World) -> None:
    world.delivery.terms = {"expenses": {"markup_percent": "10"}}
    world.delivery.save()
    approved(world, [spent(world, "119.00", tax="19.00", task_id=world.build.pk, description="Hotel Sonne")])
    item = BillableItem.objects.get()
    assert (item.source_kind, item.amount, item.description) == ("expense", D(110), "Hotel: Hotel Sonne")
    assert balance(AccountRole.REIMBURSABLE_REVENUE) == D(-110)
    [invoice] = bill(world)
    line = invoice.lines.get()
    assert (line.description, line.quantity, line.amount) == (
        "Hotel: Hotel Sonne, Carl Consultant",
        D(1),
        D(110),
    )
    assert [result.name for result in run_checks() if not result.ok] == []


def test_nothing_is_charged_where_the_line_says_so_or_nobody_said_billable(world: World) -> None:
    world.delivery.terms = {"expenses": {"is_charged": False}}
    world.delivery.save()
    approved(
        world,
        [spent(world, task_id=world.build.pk), spent(world, task_id=world.workshops.pk, is_billable=False)],
    )
    assert not BillableItem.objects.exists()


def test_an_expense_is_withdrawn_until_it_is_billed(world: World) -> None:
    first = approved(world, [spent(world, task_id=world.build.pk)])
    actions.withdraw_approval(actor=world.fay.actor, report_id=first, reason="Wrong project", on=MARCH)
    assert not OpenItem.objects.exists()
    second = approved(world, [spent(world, "50.00", task_id=world.build.pk)])
    bill(world)
    with pytest.raises(Refused, match="These expenses are on invoice"):
        actions.withdraw_approval(actor=world.fay.actor, report_id=second, reason="Wrong project", on=MARCH)
    assert [result.name for result in run_checks() if not result.ok] == []


def test_what_was_forgotten_is_listed_by_age_until_a_bill_holds_it(world: World) -> None:
    world.delivery.terms = {"expenses": {"markup_percent": "10"}}
    world.delivery.save()
    old = spent(world, "119.00", tax="19.00", task_id=world.build.pk, on=date(2026, 2, 2))
    placeless = spent(world, "50.00", is_billable=True)
    approved(world, [old, placeless])
    rows = unbilled_reimbursables(world.fay.actor, MARCH)
    assert [(row.expense_id, row.age_days, row.net, row.price, row.state) for row in rows] == [
        (old, 57, D(100), D(110), "Ready to bill"),
        (placeless, 21, D(50), None, "No contract line"),
    ]
    assert rows[0].item_id == BillableItem.objects.get().pk
    assert [row.expense_id for row in unbilled_reimbursables(world.fay.actor, MARCH, at_least_days=30)] == [
        old
    ]
    bill(world)
    assert [row.expense_id for row in unbilled_reimbursables(world.fay.actor, MARCH)] == [placeless]


def test_what_a_line_never_charges_is_not_forgotten(world: World) -> None:
    world.delivery.terms = {"expenses": {"is_charged": False}}
    world.delivery.save()
    approved(world, [spent(world, task_id=world.build.pk)])
    assert unbilled_reimbursables(world.fay.actor, MARCH) == ()
