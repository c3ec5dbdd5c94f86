"""A story that every report has something to say of: late time in a locked month, a run, an invoice, a credit, another currency."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice
from workledger.contracts.models import ContractLine, RevenueMethod
from workledger.core.models import ActionLog
from workledger.directory.models import ExchangeRate
from workledger.ledger.actions import set_period_state
from workledger.ledger.models import PeriodState
from workledger.receivables.actions import record_payment
from workledger.testing import expenses
from workledger.testing.revenue import fixed_contract, run, task_of
from workledger.testing.time import approved
from workledger.testing.world import World


@dataclass(frozen=True, slots=True)
class Told:
    """The contract lines of the story that the world does not have."""

    world: World
    hosting: ContractLine
    abroad: ContractLine


@contextmanager
def recorded_on(day: date) -> Iterator[None]:
    """Have what is done inside recorded in the books at noon of a day."""
    last = ActionLog.objects.aggregate(last=Max("pk"))["last"] or 0
    yield
    noon = timezone.make_aware(datetime.combine(day, time(12)))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE core_actionlog SET at = %s WHERE id > %s", [noon, last])
        cursor.execute("SET session_replication_role = origin")


def tell(world: World) -> Told:
    """Tell the story; February is locked after the first part of it, and what comes late lands in March.

    | recorded | what | as posted | as earned |
    | --- | --- | --- | --- |
    | 28 Feb | Carl 8 h of 10 Feb on Build, at 120 | 960.00 in February | the same |
    | 28 Feb | Hosting, 18,100 over 181 days: 28 days | 2,800.00 in February | the same |
    | 28 Feb | Abroad, 1,810 USD over 181 days at 0.9: 280 USD | 252.00 in February | the same |
    | 5 Mar | Carl 4 h of 17 Feb on Build, late | 480.00 in March | in February |
    | 20 Mar | Pia 5 h of 3 Mar on Workshops, at 160; Carl 6 h and Pia 2 h on Hosting | 800.00 | March |
    | 20 Mar | Carl's hotel of 119.00 on Atlas, not rebilled | cost in March | March |
    | 31 Mar | recognized through March: 3,100.00 and 279.00 | March | March |
    | 31 Mar | Atlas billed through February: 1,440.00 and 19 % tax; 500.00 of it paid | | |
    | 2 Apr | Beacon's 2 h of 4 Mar billed (220.00) on 1 April and credited on 2 April | 220.00 in March | March |
    """
    ExchangeRate.objects.create(base="USD", quote="EUR", day=date(2026, 1, 1), rate=Decimal("0.9"))
    with recorded_on(date(2026, 2, 28)):
        hosting = fixed_contract(world, RevenueMethod.STRAIGHT_LINE, price=18_100, name="Hosting")
        abroad = fixed_contract(
            world, RevenueMethod.STRAIGHT_LINE, price=1_810, name="Abroad", currency="USD"
        )
        approved(world.carl, world, world.build, date(2026, 2, 10), "8")
        run(world, 2)
        set_period_state(
            actor=world.fay.actor, period_id=world.period(2).pk, state=PeriodState.LOCKED, reason="Reported"
        )
    with recorded_on(date(2026, 3, 5)):
        approved(world.carl, world, world.build, date(2026, 2, 17), "4")
    with recorded_on(date(2026, 3, 20)):
        approved(world.pia, world, world.workshops, date(2026, 3, 3), "5")
        approved(world.carl, world, world.review, date(2026, 3, 4), "2")
        work = task_of(world, hosting)
        approved(world.carl, world, work, date(2026, 3, 9), "6")
        approved(world.pia, world, work, date(2026, 3, 9), "2")
        expenses.approved(world, [expenses.spent(world)])
    with recorded_on(date(2026, 3, 31)):
        run(world, 3)
        _bill(world, world.acme_contract.pk, date(2026, 2, 28), date(2026, 3, 31))
        invoice = Invoice.objects.get(contract=world.acme_contract.pk)
        record_payment(
            actor=world.fay.actor, invoice_id=invoice.pk, amount=Decimal(500), on=date(2026, 3, 31)
        )
    with recorded_on(date(2026, 4, 2)):
        _bill(world, world.audit_contract.pk, date(2026, 3, 31), date(2026, 4, 1))
        credited = Invoice.objects.get(contract=world.audit_contract.pk)
        credit_invoice(
            actor=world.fay.actor, invoice_id=credited.pk, on=date(2026, 4, 2), reason="Wrong order"
        )
    return Told(world, hosting, abroad)


def _bill(world: World, contract_id: int, through: date, on: date) -> None:
    run_billing(actor=world.system, contract_ids=[contract_id], through=through, issue=True, issued_on=on)
