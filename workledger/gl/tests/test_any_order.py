"""Whatever happens in whatever order: no duplicate, nothing lost, and in the end both sides tie."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workledger.billing.models import Invoice
from workledger.core.refusals import Refused
from workledger.gl.connector import DocumentKind
from workledger.gl.sync import actions
from workledger.gl.sync.models import Connection, Incoming, Outgoing
from workledger.gl.tests.acts import (
    LAST,
    NOW,
    SYNC,
    credit,
    deliver,
    differences,
    invoice,
    pay,
    pull,
    settle,
    tie,
)
from workledger.receivables.models import Payment as PaymentRow
from workledger.receivables.models import Receivable
from workledger.testing.general_ledger import Crash, Fault, MemoryLedger, connected, memory_ledger
from workledger.testing.revenue import undone
from workledger.testing.time import approved
from workledger.testing.world import TODAY, World

_MONDAY = date(2026, 2, 2)
ACTS = st.sampled_from(
    [
        "work",
        "invoice",
        "pay",
        "pay_all",
        "credit",
        "journals",
        "deliver",
        "pull",
        "pull_again",
        "paid_there",
        "wait",
    ]
)
FAULTS = st.lists(st.one_of(st.none(), st.sampled_from(list(Fault))), max_size=8)


Told = tuple[str, list[Fault | None]]


class _Story:
    """One run: acts here and there, with the other side misbehaving."""

    def __init__(self, world: World, there: MemoryLedger) -> None:
        self.world, self.there = world, there
        self.connection = connected(world)
        self.now = NOW
        self.weeks = 0

    def act(self, name: str, faults: list[Fault | None]) -> None:
        """Do one thing; a refusal of ours and a crash are part of the story."""
        self.there.faults = list(faults)
        try:
            getattr(self, name)()
        except (Crash, Refused):
            pass
        self.there.faults = []

    def _day(self) -> date:
        self.weeks += 1
        return _MONDAY + timedelta(weeks=self.weeks - 1)

    def _open(self) -> Invoice | None:
        found = Receivable.objects.filter(open_amount__gt=0).order_by("pk").first()
        return Invoice.objects.get(pk=found.pk) if found else None

    def work(self) -> None:
        """Approve time that nothing bills yet."""
        approved(self.world.carl, self.world, self.world.review, self._day(), "2")

    def invoice(self) -> None:
        """Bill and issue."""
        invoice(self.world, "3", self._day())

    def pay(self) -> None:
        """Receive a part."""
        row = self._open()
        if row is not None:
            pay(self.world, row, "100.01")

    def pay_all(self) -> None:
        """Receive more than is open."""
        row = self._open()
        if row is not None:
            pay(self.world, row, "1000")

    def credit(self) -> None:
        """Credit an invoice, paid or not."""
        row = Invoice.objects.filter(state="issued", kind="invoice").order_by("-pk").first()
        if row is not None:
            credit(self.world, row)

    def journals(self) -> None:
        """Queue what no document carries."""
        actions.queue_journals(actor=SYNC, connection_id=self.connection.pk, through=LAST)

    def deliver(self) -> None:
        """Send what is due."""
        deliver(self.connection, self.now)

    def pull(self) -> None:
        """Ask for changes."""
        pull(Connection.objects.get(pk=self.connection.pk), self.now)

    def pull_again(self) -> None:
        """Ask from the beginning, as after a lost answer."""
        Connection.objects.filter(pk=self.connection.pk).update(cursor="")
        self.pull()

    def paid_there(self) -> None:
        """Have somebody there record a payment of what they think is open."""
        invoices = self.there.of_kind(DocumentKind.INVOICE)
        if invoices:
            self.there.pay(invoices[-1].external_id, Decimal("55.55"), TODAY)

    def wait(self) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=7)

    def end(self) -> None:
        """Mend what was refused, decide what came back, and send the rest."""
        for row in Outgoing.objects.filter(connection=self.connection, state="rejected"):
            actions.retry_document(actor=self.world.fay.actor, outgoing_id=row.pk)
        pull(Connection.objects.get(pk=self.connection.pk), self.now)
        for change in Incoming.objects.filter(state="conflict").order_by("pk"):
            actions.resolve_change(
                actor=self.world.fay.actor, incoming_id=change.pk, choice="record", reason="It is money", on=TODAY  # type: ignore[arg-type]
            )  # fmt: skip
        settle(self.connection)


def _told(world: World, story: list[Told]) -> None:
    with memory_ledger() as there, undone():
        told = _Story(world, there)
        for name, faults in [("invoice", []), *story]:
            told.act(name, list(faults))
        told.end()
        states = set(Outgoing.objects.values_list("state", flat=True))
        assert states <= {"sent", "skipped"}
        assert len(there.of_kind(DocumentKind.PAYMENT)) == PaymentRow.objects.count()
        assert len(there.of_kind(DocumentKind.CUSTOMER)) == Outgoing.objects.filter(kind="customer").count()
        assert len(there.of_kind(DocumentKind.JOURNAL)) == sent_journals()
        issued = Invoice.objects.exclude(state="draft")
        assert len(there.of_kind(DocumentKind.INVOICE)) == issued.filter(kind="invoice").count()
        assert len(there.of_kind(DocumentKind.CREDIT_NOTE)) == issued.filter(kind="credit_note").count()
        assert differences(told.connection) == []
        assert tie(told.connection).waiting == 0


def sent_journals() -> int:
    """How many journals were sent."""
    return Outgoing.objects.filter(kind="journal", state="sent").count()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=st.lists(st.tuples(ACTS, FAULTS.map(lambda found: [each for each in found if each])), max_size=12)
)
def test_any_story_ends_with_books_that_tie(world: World, story: list[Told]) -> None:
    _told(world, story)


def test_a_story_with_every_fault(world: World) -> None:
    acts = [
        "pay",
        "work",
        "journals",
        "deliver",
        "wait",
        "deliver",
        "paid_there",
        "pull",
        "credit",
        "wait",
        "deliver",
    ]
    for fault in Fault:
        for before in (1, 3):
            _told(world, [(act, [*([None] * before), fault]) for act in acts])


def test_an_other_side_that_forgets_keys_does_not_go_unseen(world: World) -> None:
    with memory_ledger() as there:
        there.forgets_keys = True
        told = _Story(world, there)
        told.act("invoice", [])
        told.act("deliver", [None, Fault.AFTER])
        told.act("wait", [])
        told.act("deliver", [])
        assert len(there.of_kind(DocumentKind.INVOICE)) == 2
        assert ("1100", "Acme AG", Decimal("-428.40")) in differences(told.connection)
