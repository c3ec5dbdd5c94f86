"""Tables of the sync: connections, the outbox with ids of the other side, the inbox, tie-outs."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.gl.connector import DocumentKind
from workledger.ledger.models import Book


class Opening(models.TextChoices):
    """How the other side gets what stood in the books before the first day."""

    SEND = "send", "Send the opening balances as the first journal"
    THERE = "there", "The opening balances stand there already"


class JournalGrain(models.TextChoices):
    """How finely entries that no document carries are sent."""

    DAY = "day", "One journal a day"
    ENTRY = "entry", "One journal per entry"


class Connection(Record):
    """A general ledger that is kept in step with a book from `starts_on` on.

    `settings` never hold a secret, only the name under which the operator keeps it (`gl.secrets`). While it is off,
    documents still queue; nothing is sent. `cursor` is up to where changes there were taken. `key_prefix` sets this
    connection's keys apart from those of another installation on the same general ledger.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    connector = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    starts_on = models.DateField()
    opening = models.CharField(max_length=5, choices=Opening.choices, default=Opening.SEND)
    journal_grain = models.CharField(max_length=5, choices=JournalGrain.choices, default=JournalGrain.DAY)
    is_on = models.BooleanField(default=True)
    key_prefix = models.CharField(max_length=20)
    cursor = models.TextField(blank=True)
    reached_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    class Meta:
        ordering: ClassVar = ["book_id", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "name"],
                name="gl_connection_name_once",
                violation_error_message="These books have a connection of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class OutgoingState(models.TextChoices):
    """Where a document of the outbox stands."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Tries again"
    REJECTED = "rejected", "Needs a person"
    HELD = "held", "Held"
    SKIPPED = "skipped", "Left out"


UNSENT = (
    OutgoingState.QUEUED,
    OutgoingState.SENDING,
    OutgoingState.FAILED,
    OutgoingState.REJECTED,
    OutgoingState.HELD,
)
"""The states of what the other side does not have yet, or of which that is not known."""


class Outgoing(Record):
    """A document on its way: what it says, frozen when it was queued, and how its sending went.

    `ref` names it on our side (`invoice:33`), `needs` the references that must be known there first. `effect` is what it
    moves there and `beyond` what our entries move beyond it, which the journal `beyond_in` carries; both are lists of
    [account, customer's reference, amount], debit less credit in the books' currency. `kept_there` is what was booked on
    another account there than ours, which a tie-out allows for. While `is_unsure`, an attempt got no answer, so it may have
    been made there.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="outgoing")
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in DocumentKind])
    ref = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    on = models.DateField()
    client_id = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    key = models.CharField(max_length=100)
    needs = ArrayField(models.CharField(max_length=60), default=list)
    effect = models.JSONField(default=list)
    beyond = models.JSONField(default=list)
    beyond_in = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    kept_there = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=OutgoingState.choices, default=OutgoingState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    is_unsure = models.BooleanField(default=False)
    queued_at = models.DateTimeField(db_default=models.functions.Now())
    claimed_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    reason = models.TextField(blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="connection__book_id")

    class Meta:
        verbose_name = "document"
        constraints = [
            models.UniqueConstraint(fields=["connection", "ref"], name="gl_outgoing_once"),
            models.UniqueConstraint(fields=["connection", "key"], name="gl_outgoing_key_once"),
        ]
        indexes = [
            models.Index(
                fields=["connection", "id"],
                condition=~Q(state__in=["sent", "skipped"]),
                name="gl_outgoing_unsent",
            ),
            models.Index(fields=["connection", "state", "-id"], name="gl_outgoing_state"),
            models.Index(
                fields=["connection", "on"],
                condition=~Q(beyond=[]) & Q(beyond_in__isnull=True),
                name="gl_outgoing_beyond",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class CarriedEntry(Record):
    """A journal entry of ours, and the one document that carries it. Without a row it waits for a journal."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, db_index=False, related_name="+")
    entry_id = models.BigIntegerField()
    outgoing = models.ForeignKey(Outgoing, on_delete=models.PROTECT, related_name="entries")

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_LEDGER, entity="connection__book_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "entry_id"], name="gl_entry_carried_once")
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} in {self.outgoing_id}"


class ExternalId(Record):
    """What a thing of ours is called on the other side, with the version that was seen last."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, db_index=False, related_name="+")
    ref = models.CharField(max_length=60)
    external_id = models.CharField(max_length=100)
    version = models.CharField(max_length=100, blank=True)
    label = models.CharField(max_length=200, blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="connection__book_id")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "ref"], name="gl_external_ref_once")]
        indexes = [models.Index(fields=["connection", "external_id"], name="gl_external_id")]

    def __str__(self) -> str:
        return f"{self.ref} is {self.external_id}"


class IncomingState(models.TextChoices):
    """What became of a change on the other side."""

    MATCHED = "matched", "Known already"
    APPLIED = "applied", "Taken over"
    CONFLICT = "conflict", "Needs a person"
    DISMISSED = "dismissed", "Set aside"


class Incoming(Record):
    """A change that people made on the other side, taken once by its `key`.

    `change` is the whole of it. A conflict has a code, a problem in words and the `choices` of what may be done;
    `resolution` says what was.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, db_index=False, related_name="+")
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    on = models.DateField()
    said = models.CharField(max_length=500)
    change = models.JSONField()
    ref = models.CharField(max_length=60, blank=True)
    client_id = models.BigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=IncomingState.choices)
    code = models.CharField(max_length=40, blank=True)
    problem = models.TextField(blank=True)
    choices = ArrayField(models.CharField(max_length=20), default=list)
    resolution = models.TextField(blank=True)
    taken_at = models.DateTimeField(db_default=models.functions.Now())
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    visibility = Visibility(Permission.VIEW_LEDGER, entity="connection__book_id")

    class Meta:
        verbose_name = "change"
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="gl_change_once")]
        indexes = [models.Index(fields=["connection", "state", "-id"], name="gl_incoming_state")]

    def __str__(self) -> str:
        return self.said


class TieOut(Record):
    """Both sides compared at the end of a day. `difference` is what of all differences nothing queued explains, in sum of
    absolute amounts.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, db_index=False, related_name="+")
    as_of = models.DateField()
    at = models.DateTimeField(db_default=models.functions.Now())
    places = models.PositiveIntegerField()
    waiting = models.DecimalField(max_digits=20, decimal_places=4)
    difference = models.DecimalField(max_digits=20, decimal_places=4)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_LEDGER, entity="connection__book_id")

    class Meta:
        indexes = [models.Index(fields=["connection", "-as_of", "-id"], name="gl_tie_out_newest")]

    def __str__(self) -> str:
        return f"{self.connection_id} on {self.as_of}"


class TieOutRow(Record):
    """An account, and where it is kept so a customer: ours, theirs, and of the difference what waits in the queue.

    Amounts are debit less credit in the books' currency. `client_id` 0 is 'no customer', `name` who it is.
    """

    tie_out = models.ForeignKey(TieOut, on_delete=models.CASCADE, related_name="rows")
    account = models.CharField(max_length=40)
    account_name = models.CharField(max_length=200)
    client_id = models.BigIntegerField(default=0)
    name = models.CharField(max_length=200, blank=True)
    ours = models.DecimalField(max_digits=20, decimal_places=4)
    theirs = models.DecimalField(max_digits=20, decimal_places=4)
    waiting = models.DecimalField(max_digits=20, decimal_places=4)
    unexplained = models.GeneratedField(
        expression=F("ours") - F("theirs") - F("waiting"),
        output_field=models.DecimalField(max_digits=20, decimal_places=4),
        db_persist=True,
    )

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_LEDGER, entity="tie_out__connection__book_id")

    class Meta:
        ordering: ClassVar = ["account", "name"]

    def __str__(self) -> str:
        return f"{self.account} {self.name}"
