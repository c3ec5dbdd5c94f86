"""Documents on their way: queued with the act, sent once, in order, whatever breaks."""

from datetime import date, timedelta
from decimal import Decimal as D  # noqa: N817 - tables of figures read better

import pytest
from django.db import connection as database

from workledger.billing.actions.invoices import issue_invoice
from workledger.billing.actions.prebills import run_billing
from workledger.billing.models import Invoice
from workledger.contracts.models import RateCard
from workledger.core.door import Options
from workledger.core.refusals import NeedsConfirmation, Refused
from workledger.directory.models import Client, ExchangeRate
from workledger.gl.connector import Customer, DocumentKind, Payment, Settled
from workledger.gl.connector import Invoice as InvoiceDocument
from workledger.gl.sync import actions
from workledger.gl.sync.models import CarriedEntry, Connection, ExternalId, Opening, Outgoing
from workledger.gl.tests.acts import (
    LAST,
    NOW,
    SYNC,
    credit,
    deliver,
    differences,
    invoice,
    pay,
    settle,
    states,
    tie,
)
from workledger.ledger.models import JournalEntry
from workledger.testing.general_ledger import Crash, Fault, MemoryLedger, agrees, connected
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World


def test_an_invoice_goes_with_its_customer_first(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    row = invoice(world)
    assert states(connection)[f"invoice:{row.pk}"] == "queued"
    assert deliver(connection).sent == 2
    (customer,) = there.of_kind(DocumentKind.CUSTOMER)
    assert isinstance(customer.document, Customer)
    assert customer.document.name == "Acme AG"
    (sent,) = there.of_kind(DocumentKind.INVOICE)
    assert isinstance(sent.document, InvoiceDocument)
    assert (sent.document.customer, sent.document.number) == (customer.external_id, row.number)
    assert sent.document.total == D("1142.40")  # 8 × 120 × 1.19
    assert [(tax.base, tax.amount) for tax in sent.document.taxes] == [(D(960), D("182.40"))]


def test_what_is_undone_leaves_nothing_in_the_queue(world: World, connection: Connection) -> None:
    approved(world.carl, world, world.build, date(2026, 3, 2), "8")
    done = run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=False, issued_on=TODAY)
    dry = issue_invoice.using(Options(dry_run=True))
    dry(actor=world.olivia.actor, invoice_id=done.invoices[0].id, issued_on=TODAY)
    assert not [ref for ref in states(connection) if ref.startswith("invoice")]


def test_a_payment_settles_the_invoice_there(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    row = invoice(world)
    pay(world, row, "1000")
    assert deliver(connection).sent == 3
    (sent,) = there.of_kind(DocumentKind.PAYMENT)
    assert isinstance(sent.document, Payment)
    (of_invoice,) = there.of_kind(DocumentKind.INVOICE)
    assert sent.document.settles == (Settled(of_invoice.external_id, D(1000)),)


def test_journals_carry_the_rest_and_both_sides_tie(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    row = invoice(world)
    pay(world, row, "1200")  # 57.60 stays a deposit, which the payment cannot say
    approved(world.carl, world, world.build, date(2026, 3, 5), "3")
    assert tie(connection).difference == 0
    assert tie(connection).waiting > 0
    settle(connection)
    assert differences(connection) == []
    assert tie(connection).waiting == 0
    assert there.of_kind(DocumentKind.JOURNAL)
    assert CarriedEntry.objects.filter(connection=connection).count() == JournalEntry.objects.count()


def test_queueing_journals_again_finds_nothing_new(world: World, connection: Connection) -> None:
    invoice(world)
    first = actions.queue_journals(actor=world.fay.actor, connection_id=connection.pk, through=LAST)
    assert first > 0
    assert actions.queue_journals(actor=world.fay.actor, connection_id=connection.pk, through=LAST) == 0


def test_a_journal_per_entry(world: World, connection: Connection, there: MemoryLedger) -> None:
    actions.change_connection(
        actor=world.fay.actor, connection_id=connection.pk, name="Books", settings={"url": "x"},
        journal_grain="entry",  # type: ignore[arg-type]
    )  # fmt: skip
    pay(world, invoice(world), "1200")
    settle(connection)
    assert differences(connection) == []
    assert len(there.of_kind(DocumentKind.JOURNAL)) >= 2


def test_what_stood_before_the_first_day_is_the_first_journal(world: World, there: MemoryLedger) -> None:
    pay(world, invoice(world), "142.40")
    late = connected(world, starts_on=date(2026, 4, 1))
    approved(world.carl, world, world.build, date(2026, 3, 20), "2")  # late work, still dated in March
    settle(late)
    assert there.of_kind(DocumentKind.JOURNAL)[0].document.on == date(2026, 3, 31)  # type: ignore[union-attr]
    assert there.of_kind(DocumentKind.INVOICE) == []
    assert differences(late) == []


def test_documents_since_the_first_day_queue_when_it_is_connected(world: World, there: MemoryLedger) -> None:
    row = invoice(world)
    pay(world, row, "142.40")
    credit(world, invoice(world, "2", date(2026, 3, 10)))
    late = connected(world)
    settle(late)
    assert len(there.of_kind(DocumentKind.INVOICE)) == 2
    assert len(there.of_kind(DocumentKind.CREDIT_NOTE)) == 1
    assert len(there.of_kind(DocumentKind.PAYMENT)) == 1
    assert differences(late) == []


def test_opening_balances_that_stand_there_are_not_sent(world: World, there: MemoryLedger) -> None:
    invoice(world)
    late = connected(world, starts_on=date(2026, 4, 1), opening=Opening.THERE)
    settle(late)
    assert there.of_kind(DocumentKind.JOURNAL) == []
    assert differences(late) != []


def test_a_credit_note_credits_the_invoice_there(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    row = invoice(world)
    pay(world, row, "500")
    credit(world, row)
    settle(connection)
    (sent,) = there.of_kind(DocumentKind.CREDIT_NOTE)
    assert isinstance(sent.document, InvoiceDocument)
    assert sent.document.credits == there.of_kind(DocumentKind.INVOICE)[0].external_id
    assert differences(connection) == []


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER])
def test_a_broken_connection_makes_no_second_document(
    world: World, connection: Connection, there: MemoryLedger, fault: Fault
) -> None:
    row = invoice(world)
    deliver(connection)
    pay(world, row, "500")
    there.faults = [fault]
    assert deliver(connection).said == "The connection broke off."
    failed = Outgoing.objects.get(connection=connection, kind="payment")
    assert (failed.state, failed.attempts, failed.next_attempt_at) == (
        "failed",
        1,
        NOW + timedelta(minutes=1),
    )
    assert deliver(connection).sent == 0  # its time has not come
    assert deliver(connection, NOW + timedelta(minutes=1)).sent == 1
    assert len(there.of_kind(DocumentKind.PAYMENT)) == 1


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_a_process_that_dies_is_made_up_for(
    world: World, connection: Connection, there: MemoryLedger, fault: Fault
) -> None:
    invoice(world)
    there.faults = [fault]
    with pytest.raises(Crash):
        deliver(connection)
    assert "sending" in states(connection).values()
    assert deliver(connection).sent == 0  # it may still be under way
    assert deliver(connection, NOW + timedelta(minutes=5)).sent == 2
    assert len(there.of_kind(DocumentKind.CUSTOMER)) == 1


def test_a_refused_document_holds_only_what_depends_on_it(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    row = invoice(world)
    pay(world, row, "500")
    approved(world.carl, world, world.advice, date(2026, 3, 4), "1")
    run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    other = Invoice.objects.get(client=world.borealis)
    there.refuses = lambda _, document: (
        "Account 1200 is not there." if getattr(document, "number", "") == row.number else ""
    )
    done = deliver(connection)
    assert done.rejected == 1
    found = states(connection)
    assert found[f"invoice:{row.pk}"] == "rejected"
    assert found[f"invoice:{other.pk}"] == "sent"
    payment = Outgoing.objects.get(connection=connection, kind="payment")
    assert payment.state == "queued"
    there.refuses = agrees
    refused = Outgoing.objects.get(connection=connection, ref=f"invoice:{row.pk}")
    assert refused.last_error == "Account 1200 is not there."
    actions.retry_document(actor=world.fay.actor, outgoing_id=refused.pk)
    settle(connection)
    assert set(states(connection).values()) <= {"sent", "skipped"}
    assert differences(connection) == []


def test_a_held_document_waits_for_a_person(world: World, connection: Connection) -> None:
    row = invoice(world)
    outgoing = Outgoing.objects.get(connection=connection, ref=f"invoice:{row.pk}")
    with pytest.raises(Refused, match="Say why"):
        actions.hold_document(actor=world.fay.actor, outgoing_id=outgoing.pk, reason=" ")
    actions.hold_document(actor=world.fay.actor, outgoing_id=outgoing.pk, reason="Client asked")
    settle(connection)
    assert states(connection)[outgoing.ref] == "held"
    assert differences(connection) == []  # it is in the queue, so it is explained
    assert tie(connection).waiting > 0
    actions.retry_document(actor=world.fay.actor, outgoing_id=outgoing.pk)
    settle(connection)
    assert states(connection)[outgoing.ref] == "sent"


def test_a_document_that_stands_there_already_is_linked(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    row = invoice(world)
    deliver(connection)
    by_hand = there.of_kind(DocumentKind.INVOICE)[0]
    ExternalId.objects.filter(ref=f"invoice:{row.pk}").delete()
    Outgoing.objects.filter(ref=f"invoice:{row.pk}").update(state="failed", is_unsure=True)
    outgoing = Outgoing.objects.get(ref=f"invoice:{row.pk}")
    with pytest.raises(NeedsConfirmation, match="may have been made"):
        actions.skip_document(actor=world.fay.actor, outgoing_id=outgoing.pk, reason="By hand")
    actions.skip_document(
        actor=world.fay.actor, outgoing_id=outgoing.pk, reason="By hand", external_id=by_hand.external_id
    )
    pay(world, row, "500")
    settle(connection)
    assert differences(connection) == []
    with pytest.raises(Refused, match="linked"):
        actions.retry_document(actor=world.fay.actor, outgoing_id=outgoing.pk)


def test_what_is_left_out_shows_in_the_tie_out(
    world: World, connection: Connection, there: MemoryLedger
) -> None:
    row = invoice(world)
    pay(world, row, "500")
    outgoing = Outgoing.objects.get(ref=f"invoice:{row.pk}")
    actions.skip_document(actor=world.fay.actor, outgoing_id=outgoing.pk, reason="Never")
    settle(connection)
    (sent,) = there.of_kind(DocumentKind.PAYMENT)
    assert isinstance(sent.document, Payment)
    assert sent.document.settles == ()
    assert ("1100", "Acme AG", D("1142.40")) in differences(connection)


def test_an_edited_client_is_sent_again(world: World, connection: Connection, there: MemoryLedger) -> None:
    invoice(world)
    deliver(connection)
    Client.objects.filter(pk=world.acme.pk).update(name="Acme SE")
    actions.queue_journals(actor=SYNC, connection_id=connection.pk, through=TODAY)
    deliver(connection)
    (customer,) = there.of_kind(DocumentKind.CUSTOMER)
    assert isinstance(customer.document, Customer)
    assert customer.document.name == "Acme SE"


def test_a_paused_connection_queues_and_sends_nothing(world: World, connection: Connection) -> None:
    actions.switch_connection(
        actor=world.fay.actor, connection_id=connection.pk, is_on=False, reason="Moving house"
    )
    invoice(world)
    assert deliver(connection).said == "Books is paused."
    assert "queued" in states(connection).values()


def test_issuing_asks_once_who_is_connected(world: World) -> None:
    """A firm without a general ledger pays one query per issue for the sync."""
    with database.execute_wrapper(_no_outbox):
        invoice(world)


def _no_outbox(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    assert "gl_outgoing" not in sql
    return execute(sql, params, many, context)


def test_a_secret_is_named_not_kept(world: World, there: MemoryLedger) -> None:
    with pytest.raises(Refused, match="WORKLEDGER_GL_TRYTON_PASSWORD"):
        actions.connect_ledger(
            actor=world.fay.actor, book_id=world.book_id, connector="memory", name="Books",
            settings={"url": "x", "password": "hunter2"}, starts_on=TODAY,
        )  # fmt: skip


def test_another_currency_ties_to_the_cent(world: World, connection: Connection, there: MemoryLedger) -> None:
    """1,300 SEK, issued at 0.0901234 and paid at 0.085: the document says 117.16 EUR, the journal the 6.66 of the rates."""
    world.borealis_contract.currency = "SEK"
    world.borealis_contract.save()
    RateCard.objects.filter(client=world.borealis).update(currency="SEK")
    for day, rate in ((date(2026, 3, 1), "0.0901234"), (date(2026, 4, 14), "0.085")):
        ExchangeRate.objects.create(base="SEK", quote="EUR", day=day, rate=D(rate))
    approved(world.carl, world, world.advice, date(2026, 3, 2), "3.37")
    approved(world.carl, world, world.advice, date(2026, 3, 9), "6.63")
    run_billing(actor=world.olivia.actor, through=date(2026, 3, 31), issue=True, issued_on=TODAY)
    row = Invoice.objects.get(client=world.borealis)
    pay(world, row, str(row.gross), date(2026, 4, 14))
    settle(connection)
    (sent,) = there.of_kind(DocumentKind.INVOICE)
    assert isinstance(sent.document, InvoiceDocument)
    assert (sent.document.total, sent.document.functional_total) == (D(1300), D("117.16"))
    assert sum(line.functional or 0 for line in sent.document.lines) == D("117.16")
    assert differences(connection) == []
    assert sum(amount for _, account, _, amount in there.postings if account == "6100") == D("6.66")
