"""Purchase orders: which invoice carries which, and what happens as they run out."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D  # noqa: N817 - tables of figures read better
from typing import Any

import pytest

from workledger.billing import contract_queries
from workledger.billing.actions.invoices import credit_invoice, issue_invoice
from workledger.billing.actions.purchase_orders import (
    OrderInput,
    add_purchase_order,
    change_purchase_order,
    choose_purchase_order,
)
from workledger.billing.documents import from_json
from workledger.billing.models import Invoice, IssuedDocument, PurchaseOrder
from workledger.billing.tests.test_cycle import run
from workledger.core.door import Options
from workledger.core.refusals import NeedsConfirmation, Refused
from workledger.directory.models import BillingProfile
from workledger.testing.time import approve_all, book
from workledger.testing.world import TODAY, World

MARCH_2, JANUARY = date(2026, 3, 2), date(2026, 1, 1)
ANYWAY = Options(confirmed=frozenset({"po_limit_near", "po_limit_exceeded"}))


def order(world: World, number: str = "4500", *, client_wide: bool = False, **fields: Any) -> PurchaseOrder:
    pk = add_purchase_order(
        actor=world.olivia.actor, client_id=world.acme.pk,
        contract_id=None if client_wide else world.acme_contract.pk,
        order=OrderInput(number, fields.pop("valid_from", JANUARY), **fields),
    )  # fmt: skip
    return PurchaseOrder.objects.get(pk=pk)


def draft(world: World, hours: str = "8") -> Invoice:
    book(world.carl, world.build, MARCH_2, hours)
    approve_all(world)
    (invoice,) = run(world)
    return invoice


def issue(world: World, invoice: Invoice, options: Options = Options()) -> None:  # noqa: B008 - frozen
    issue_invoice.using(options)(actor=world.fay.actor, invoice_id=invoice.pk, issued_on=TODAY)


def left(world: World, which: PurchaseOrder) -> D | None:
    rows = contract_queries.purchase_orders(world.fay.actor, client_id=world.acme.pk)
    return next(row.left for row in rows if row.id == which.pk)


def test_invoices_carry_the_contracts_own_order_in_print_and_e_invoice(world: World) -> None:
    BillingProfile.objects.update(requires_po=True)
    order(world, "CLIENT", client_wide=True)
    order(world, "ENDED", valid_to=date(2026, 2, 1))
    own = order(world, "OWN")
    invoice = draft(world)
    assert invoice.purchase_order_id == own.pk
    issue(world, invoice)
    frozen = from_json(bytes(IssuedDocument.objects.get(invoice=invoice).content))
    assert frozen.purchase_order == "OWN"


def test_the_limit_warns_before_it_runs_out_and_once_it_has(world: World) -> None:
    limited = order(world, amount=D(1000))
    invoice = draft(world)  # 960, and 80 % is 800
    with pytest.raises(NeedsConfirmation, match=r"40\.00.* is left"):
        issue(world, invoice)
    PurchaseOrder.objects.update(amount=D(900))
    with pytest.raises(NeedsConfirmation, match=r"60\.00"):
        issue(world, invoice)
    issue(world, invoice, ANYWAY)
    assert left(world, limited) == D(-60)
    credit_invoice(actor=world.fay.actor, invoice_id=invoice.pk, on=TODAY, reason="Address")
    assert left(world, limited) == D(900)


def test_a_hard_limit_refuses(world: World) -> None:
    order(world, amount=D(900), is_hard=True)
    invoice = draft(world)
    with pytest.raises(Refused) as refused:
        issue(world, invoice, ANYWAY)
    assert refused.value.codes == ("po_limit_exceeded",)


def test_the_next_order_is_taken_once_one_is_used_up(world: World) -> None:
    first, second = order(world, "FIRST", amount=D(960)), order(world, "SECOND", valid_from=MARCH_2)
    issue(world, draft(world), ANYWAY)
    book(world.carl, world.workshops, date(2026, 3, 10), "1")
    approve_all(world)
    (following,) = run(world)
    assert following.purchase_order_id == second.pk
    choose_purchase_order(actor=world.fay.actor, invoice_id=following.pk, purchase_order_id=first.pk)
    other = add_purchase_order(
        actor=world.olivia.actor, client_id=world.borealis.pk, order=OrderInput("X", JANUARY)
    )
    with pytest.raises(Refused) as refused:
        choose_purchase_order(actor=world.fay.actor, invoice_id=following.pk, purchase_order_id=other)
    assert refused.value.codes == ("order_does_not_fit",)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"number": " "}, "number_missing"),
        ({"number": "1" * 61}, "number_too_long"),
        ({"amount": D(0)}, "amount_not_possible"),
        ({"warn_percent": 0}, "percent_not_possible"),
        ({"valid_to": JANUARY}, "purchase_order_ends_after_start"),
    ],
)
def test_impossible_orders_are_refused(world: World, fields: dict[str, Any], code: str) -> None:
    kept = order(world)
    with pytest.raises(Refused) as refused:
        change_purchase_order(
            actor=world.olivia.actor, purchase_order_id=kept.pk,
            order=replace(OrderInput("1", JANUARY), **fields),
        )  # fmt: skip
    assert refused.value.codes == (code,)


def test_a_number_is_once_per_client(world: World) -> None:
    order(world)
    with pytest.raises(Refused) as refused:
        order(world)
    assert refused.value.codes == ("purchase_order_number_once",)
