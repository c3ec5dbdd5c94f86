"""What comes back from the other side: taken once, matched, applied, or a conflict for a person."""

from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest

from workledger.billing.models import Invoice
from workledger.core.refusals import Refused
from workledger.gl.connector import Customer, DocumentKind, Payment, Settled
from workledger.gl.connector import Invoice as InvoiceDocument
from workledger.gl.sync import actions
from workledger.gl.sync.inbox import Choice
from workledger.gl.sync.models import Connection, Incoming, Outgoing
from workledger.gl.tests.acts import NOW, deliver, differences, invoice, pay, pull, settle, states
from workledger.ledger.models import Period
from workledger.receivables.actions import void_payment, write_off_debt
from workledger.receivables.models import Payment as PaymentRow
from workledger.receivables.models import Receivable
from workledger.testing.general_ledger import MemoryLedger, Thing
from workledger.testing.world import TODAY, World


@pytest.fixture
def sent(world: World, connection: Connection) -> Invoice:
    """An invoice over 1,142.40 that both sides have."""
    row = invoice(world)
    deliver(connection)
    return row


def their(there: MemoryLedger) -> str:
    """The id there of the only invoice."""
    return there.of_kind(DocumentKind.INVOICE)[0].external_id


def conflict() -> Incoming:
    """The only open conflict."""
    return Incoming.objects.get(state="conflict")


def test_a_payment_there_is_recorded_here_once_and_never_goes_back(
    sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.pay(their(there), D("1142.40"), TODAY)
    assert pull(connection).taken == 1
    Connection.objects.update(cursor="")  # asked from the beginning again
    assert pull(connection).taken == 0
    assert Receivable.objects.get(pk=sent.pk).open_amount == 0
    assert PaymentRow.objects.count() == 1
    settle(connection)
    assert len(there.of_kind(DocumentKind.PAYMENT)) == 1
    assert differences(connection) == []


def test_a_payment_there_on_their_own_bank_account_ties_too(
    sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.pay(their(there), D(500), TODAY, account="1810 Bank")
    settle(connection)
    assert differences(connection) == []


def test_a_payment_there_over_two_invoices(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    second = invoice(world, "2", date(2026, 3, 10))
    deliver(connection)
    first_there, second_there = there.of_kind(DocumentKind.INVOICE)
    paid = first_there.document
    assert isinstance(paid, InvoiceDocument)
    made = Payment(
        paid.customer, TODAY, "EUR", D("1200.00"), "1000", "1100", "both",
        [Settled(first_there.external_id, D("1142.40")), Settled(second_there.external_id, D("57.60"))],
    )  # fmt: skip
    there.receive(made)
    settle(connection)
    assert Receivable.objects.get(pk=sent.pk).open_amount == 0
    assert Receivable.objects.get(pk=second.pk).open_amount == D("228.00")
    assert differences(connection) == []


def test_what_exceeds_what_is_open_is_decided_by_a_person(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.pay(their(there), D("1242.40"), TODAY)
    pull(connection)
    asked = conflict()
    assert (asked.code, PaymentRow.objects.count()) == ("overpayment", 0)
    assert asked.problem == f"{sent.number} has 1,142.40 EUR open here."
    with pytest.raises(Refused, match="Say why"):
        _resolve(world, asked, Choice.RECORD, " ")
    _resolve(world, asked, Choice.RECORD, "Paid twice, stays on account")
    settle(connection)
    assert PaymentRow.objects.get().amount == D("1242.40")
    assert differences(connection) == []


def _resolve(world: World, row: Incoming, choice: Choice, reason: str = "Looked into it") -> str:
    return actions.resolve_change(
        actor=world.fay.actor, incoming_id=row.pk, choice=choice, reason=reason, on=TODAY
    )


def test_the_same_money_recorded_on_both_sides_is_linked(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    payment_id = pay(world, sent, "1142.40")
    there.pay(their(there), D("1142.40"), TODAY)
    pull(connection)
    asked = conflict()
    assert (asked.ref, Choice.LINK in asked.choices) == (f"payment:{payment_id}", True)
    _resolve(world, asked, Choice.LINK)
    settle(connection)
    assert len(there.of_kind(DocumentKind.PAYMENT)) == 1
    assert differences(connection) == []


def test_a_payment_in_a_closed_period_waits_for_a_person(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    Period.objects.filter(pk=world.period(3).pk).update(state="locked")
    there.pay(their(there), D(100), TODAY)
    pull(connection)
    asked = conflict()
    assert (asked.code, "March 2026 is locked" in asked.problem) == ("period_closed", True)
    with pytest.raises(Refused, match="locked"):
        _resolve(world, asked, Choice.AGAIN)
    Period.objects.filter(pk=world.period(3).pk).update(state="open")
    _resolve(world, asked, Choice.AGAIN)
    assert Receivable.objects.get(pk=sent.pk).open_amount == D("1042.40")


def test_a_payment_of_a_stranger_is_no_business_of_ours(
    sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.things["C99"] = Thing("C99", Customer("Somebody else"), DocumentKind.CUSTOMER)
    there.receive(Payment("C99", TODAY, "EUR", D(10), "1000", "1100"))
    pull(connection)
    assert conflict().code == "customer_unknown"
    assert differences(connection) == [
        ("1000", "", D(-10))
    ]  # their cash on our clearing account: never silent


def test_an_invoice_voided_there_is_credited_here(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.void_invoice(their(there), TODAY)
    pull(connection)
    assert conflict().code == "invoice_voided"
    _resolve(world, conflict(), Choice.CREDIT)
    settle(connection)
    sent.refresh_from_db()
    assert sent.state == "credited"
    assert there.of_kind(DocumentKind.CREDIT_NOTE) == []
    assert differences(connection) == []


def test_an_invoice_voided_there_is_sent_again(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.void_invoice(their(there), TODAY)
    pull(connection)
    _resolve(world, conflict(), Choice.SEND)
    settle(connection)
    assert len(there.of_kind(DocumentKind.INVOICE)) == 1
    assert states(connection)[f"invoice:{sent.pk}"] == "sent"
    assert differences(connection) == []


def test_an_invoice_edited_there_is_kept_with_a_note_and_shows(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.edit_invoice(their(there), D(10), TODAY)
    settle(connection)
    asked = conflict()
    assert f"{sent.number} of 16 Mar 2026 over 1,142.40 EUR was changed there" in asked.problem
    assert Choice.SEND not in asked.choices
    _resolve(world, asked, Choice.KEEP, "Corrected there next month")
    assert ("1100", "Acme AG", D(-10)) in differences(connection)
    with pytest.raises(Refused, match="settled already"):
        _resolve(world, asked, Choice.KEEP)


def test_a_conflict_is_set_aside_with_a_reason(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    there.edit_customer(there.of_kind(DocumentKind.CUSTOMER)[0].external_id, TODAY)
    pull(connection)
    actions.dismiss_change(actor=world.fay.actor, incoming_id=conflict().pk, reason="Spelling only")
    row = Incoming.objects.get()
    assert (row.state, row.resolution, row.resolved_by_id) == (
        "dismissed",
        "Spelling only",
        world.fay.user_id,
    )


def test_a_payment_voided_there_is_voided_here(
    sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    paid = there.pay(their(there), D(500), TODAY)
    settle(connection)
    there.void_payment(paid, TODAY)
    settle(connection)
    assert Receivable.objects.get(pk=sent.pk).open_amount == D("1142.40")
    assert not Incoming.objects.filter(state="conflict").exists()
    assert differences(connection) == []


def test_a_payment_voided_here_is_voided_there(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    payment_id = pay(world, sent, "1200")
    settle(connection)
    void_payment(actor=world.fay.actor, payment_id=payment_id, on=TODAY, reason="Bounced")
    settle(connection)
    assert Outgoing.objects.get(kind="payment_void").state == "sent"
    assert there.of_kind(DocumentKind.PAYMENT) == []
    assert differences(connection) == []


def test_a_debt_written_off_here_is_written_off_there(
    world: World, sent: Invoice, connection: Connection, there: MemoryLedger
) -> None:
    write_off_debt(actor=world.fay.actor, invoice_id=sent.pk, on=TODAY, reason="Insolvent", tax_relief=True)
    settle(connection)
    assert len(there.of_kind(DocumentKind.WRITE_OFF)) == 1
    assert differences(connection) == []


def test_an_other_side_that_is_away_is_noted(connection: Connection, there: MemoryLedger) -> None:
    there.is_away = True
    assert pull(connection).said == "The connection broke off."
    connection.refresh_from_db()
    assert connection.last_error
    there.is_away = False
    pull(connection, NOW + timedelta(hours=1))
    connection.refresh_from_db()
    assert not connection.last_error
    assert connection.failing_since is None
