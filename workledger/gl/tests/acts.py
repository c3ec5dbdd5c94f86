"""Short ways to have something to send, and to send it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from workledger.billing.actions.invoices import credit_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice
from workledger.core.access import Actor, system_actor
from workledger.core.door import Options
from workledger.core.events import emit
from workledger.gl.sync import actions, delivery
from workledger.gl.sync.models import Connection, Outgoing, TieOut, TieOutRow
from workledger.receivables.actions import record_payment
from workledger.receivables.events import PaymentRecorded
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

NOW = datetime(2026, 3, 16, 9, tzinfo=UTC)
LAST = date(2026, 12, 31)
SYNC: Actor = system_actor("sync")
_ANY = Options(confirmed=frozenset({"overpayment"}))


def invoice(world: World, hours: str = "8", day: date = date(2026, 3, 2)) -> Invoice:
    """Bill and issue Carl's time on Atlas: hours × 120, 19 %."""
    approved(world.carl, world, world.build, day, hours)
    done = run_billing(
        actor=world.olivia.actor,
        through=date(2026, 3, 31),
        client_ids=[world.acme.pk],
        issue=True,
        issued_on=TODAY,
    )
    return Invoice.objects.get(pk=done.invoices[0].id)


def pay(world: World, of: Invoice, amount: str, on: date = TODAY) -> int:
    """Record a payment, and tell that it was."""
    received = record_payment.using(_ANY)(
        actor=world.fay.actor, invoice_id=of.pk, amount=Decimal(amount), on=on, reference="here"
    )
    emit(PaymentRecorded(world.fay.actor, received.payment_id))
    return received.payment_id


def credit(world: World, of: Invoice) -> str:
    """Credit an invoice in full."""
    return credit_invoice(actor=world.fay.actor, invoice_id=of.pk, on=TODAY, reason="Agreed")


def deliver(connection: Connection, now: datetime = NOW) -> delivery.Delivered:
    """Send what is due."""
    return delivery.deliver(SYNC, connection.pk, now)


def pull(connection: Connection, now: datetime = NOW) -> delivery.Pulled:
    """Ask for changes."""
    return delivery.pull(SYNC, connection.pk, now)


def settle(connection: Connection) -> None:
    """Take and send everything, however often it takes; later each time."""
    for day in range(1, 9):
        later = NOW + timedelta(days=day)
        pull(connection, later)
        actions.queue_journals(actor=SYNC, connection_id=connection.pk, through=LAST)
        deliver(connection, later)
        waits = Outgoing.objects.filter(connection=connection).exclude(state__in=["sent", "skipped"])
        if not waits.exists():
            return


def tie(connection: Connection, as_of: date = LAST) -> TieOut:
    """Compare both sides."""
    return TieOut.objects.get(pk=delivery.tie_out(SYNC, connection.pk, as_of))


def differences(connection: Connection, as_of: date = LAST) -> list[tuple[str, str, Decimal]]:
    """What does not tie and is not explained, by account and customer."""
    rows: Iterable[TieOutRow] = tie(connection, as_of).rows.exclude(unexplained=0)
    return [(row.account, row.name, row.unexplained) for row in rows]


def states(connection: Connection) -> dict[str, str]:
    """Where each document stands, by reference."""
    return dict(Outgoing.objects.filter(connection=connection).order_by("pk").values_list("ref", "state"))
