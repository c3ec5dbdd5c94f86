"""Short ways to a contract whose revenue is recognized over its price."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Sum

from workledger.contracts.actions import orders
from workledger.contracts.actions.agreements import activate_contract, add_line, save_contract
from workledger.contracts.inputs import ContractInput, LineInput, OrderInput
from workledger.contracts.models import BillingModel, ChangeOrder, ContractLine, OrderState, RevenueMethod
from workledger.directory.models import Contact
from workledger.ledger.models import AccountRole, Balance
from workledger.projects.models import Project, Task
from workledger.revenue.actions import estimate_variable, recognize, record_progress, revise_estimate
from workledger.revenue.calc.variable import Estimation
from workledger.revenue.inputs import EstimateInput, RunResult
from workledger.revenue.models import PerformanceObligation
from workledger.testing.time import approved
from workledger.testing.world import World

START, END = date(2026, 2, 1), date(2026, 8, 1)


def fixed_contract(
    world: World,
    method: RevenueMethod,
    *,
    price: int | str = 60_000,
    name: str = "Build",
    currency: str = "EUR",
    activate: bool = True,
    **line: Any,
) -> ContractLine:
    """An active contract of Acme from February to July with one line, fixed fee unless `line` says otherwise."""
    actor = world.fay.actor
    contract_id = save_contract(
        actor=actor,
        contract=ContractInput(
            client_id=world.acme.pk, entity_id=world.entity_id, name=name, start=START, end=END,
            currency=currency,
        ),
    )  # fmt: skip
    given: dict[str, Any] = {
        "model": BillingModel.FIXED_FEE,
        "terms": {
            "price": str(price),
            "instalments": [{"name": "On demand", "percent": "100"}],
        },
        "revenue_method": method,
    }
    if line.get("model", BillingModel.FIXED_FEE) is not BillingModel.FIXED_FEE and price:
        given["price"] = Decimal(price)
    line_id = add_line(actor=actor, contract_id=contract_id, line=LineInput(name=name, **(given | line)))
    if activate:
        activate_contract(actor=actor, contract_id=contract_id)
    return ContractLine.objects.select_related("contract").get(pk=line_id)


def task_of(world: World, line: ContractLine, name: str = "Work") -> Task:
    """A task on a contract line, in a project of its own."""
    project, _ = Project.objects.get_or_create(
        contract=line.contract, client=world.acme, entity=world.entity,
        defaults={"code": f"P{line.contract_id}", "name": f"Project {line.contract_id}", "practice": world.practice},
    )  # fmt: skip
    return Task.objects.create(project=project, name=name, contract_line=line)


def obligation_of(line: ContractLine) -> PerformanceObligation:
    """The only obligation of a contract line."""
    return PerformanceObligation.objects.get(lines__contract_line=line)


def run(world: World, month: int, year: int = 2026) -> RunResult:
    """Recognize through a month."""
    return recognize(actor=world.fay.actor, entity_id=world.entity_id, month=date(year, month, 1))


def balance(world: World, role: AccountRole, **dimensions: int) -> Decimal:
    """The debit balance of an account in its own currency, from the balance table."""
    ids = world.entity.book.accounts.filter(role=role).values_list("pk", flat=True)
    rows = Balance.objects.filter(account_id__in=list(ids), **dimensions)
    return rows.aggregate(total=Sum(F("debit") - F("credit")))["total"] or Decimal(0)


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what is done inside, so that a property can be tried many times over one world."""
    with transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        transaction.set_rollback(True)


def ordered(
    world: World, contract_id: int, *changes: dict[str, Any], from_day: date = date(2026, 4, 1)
) -> ChangeOrder:
    """A change order of a contract that the client accepted and that holds from a day on."""
    fay = world.fay.actor
    order = OrderInput(title="More of it", effective_from=from_day, changes=list(changes))
    order_id = orders.draft_order(actor=fay, contract_id=contract_id, order=order, on=from_day)
    if orders.submit_order(actor=fay, order_id=order_id, on=from_day).needs_review:
        orders.approve_order(actor=world.olivia.actor, order_id=order_id, on=from_day)
    contact, _ = Contact.objects.get_or_create(client=world.acme, name="Ada Client")
    orders.record_acceptance(
        actor=fay, order_id=order_id, on=from_day, contact_id=contact.pk, evidence="Mail"
    )
    if ChangeOrder.objects.get(pk=order_id).state != OrderState.APPLIED:
        orders.apply_order(actor=fay, order_id=order_id, on=from_day)
    return ChangeOrder.objects.get(pk=order_id)


def repriced(line: ContractLine, price: int) -> dict[str, Any]:
    """The change of an order that gives a fixed fee another price."""
    return {"kind": "change_line", "line_id": line.pk, "terms": {"price": str(price)}}


def revenue_told(world: World) -> tuple[ContractLine, int]:
    """Contracts with something on every page of revenue; returns a line measured by hours, and a run's id."""
    line = fixed_contract(world, RevenueMethod.INPUT_HOURS, budget_seconds=80 * 3600)
    approved(world.carl, world, task_of(world, line), date(2026, 2, 10), "10")
    fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100, name="Hosting")
    fixed_contract(world, RevenueMethod.INPUT_COST, name="Plant")
    half = obligation_of(fixed_contract(world, RevenueMethod.OUTPUT_PROGRESS, name="Survey"))
    record_progress(
        actor=world.pia.actor,
        obligation_id=half.pk,
        on=date(2026, 3, 1),
        value=Decimal(50),
        evidence="Report 1",
    )
    estimate_variable(
        actor=world.fay.actor, contract_id=line.contract_id, name="Early finish", from_day=START,
        way=Estimation.MOST_LIKELY, outcomes=[(Decimal(5_000), Decimal(60)), (Decimal(0), Decimal(40))],
        reason="Plan", highly_probable=Decimal(2_000),
    )  # fmt: skip
    done = run(world, 2)
    revise_estimate(
        actor=world.pia.actor,
        obligation_id=obligation_of(line).pk,
        estimate=EstimateInput(from_day=date(2026, 3, 1), seconds=120 * 3600, reason="Scope was deeper"),
    )
    hosting = ContractLine.objects.get(contract__name="Hosting")
    ordered(world, hosting.contract_id, repriced(hosting, 27_250))
    block = fixed_contract(
        world, RevenueMethod.RIGHTS_USED, model=BillingModel.PREPAID, name="Block", price=0,
        terms={"block_hours": "40", "price": "4000"},
    )  # fmt: skip
    revise_estimate(
        actor=world.pia.actor, obligation_id=obligation_of(block).pk,
        estimate=EstimateInput(from_day=START, breakage_percent=Decimal(10), reason="Other years"),
    )  # fmt: skip
    assert done.run_id is not None
    return line, done.run_id
