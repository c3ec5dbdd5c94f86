"""Tables of billing: billable items (the WIP sub-ledger), what is open, invoices and their sources.

Tables that are written a hundred thousand rows at a time hold their references without a foreign key per
row; `billing.sql` checks them per statement.
"""

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

from workledger.billing.calc.fees import ChargeKind
from workledger.billing.calc.layouts import GroupBy
from workledger.contracts.models import Contract, ContractLine, SharedWithClient
from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.directory.models import Client, Contact, LegalEntity, Person, Role
from workledger.kernel.money import money_words
from workledger.projects.models import Project, Task


class Derivation(Record):
    """Why a rate is what it is: the rate that won, those that lost, each rule passed. Shared by equal items."""

    digest = models.CharField(max_length=32, unique=True)
    content = models.JSONField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_BILLING)

    def __str__(self) -> str:
        return self.digest


class WorkedItem(Record):
    """Approved time with all that it is about; abstract base of priced and unpriced items.

    A charge that is no time (`source_kind` 'charge') names no project, task or person.
    """

    source_kind = models.CharField(max_length=20, db_default="time")
    source_id = models.BigIntegerField()
    entity = models.ForeignKey(
        LegalEntity, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(
        Client, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    contract = models.ForeignKey(
        Contract,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=True,
    )
    contract_line = models.ForeignKey(
        ContractLine,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=True,
    )
    project = models.ForeignKey(
        Project, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", null=True
    )
    task = models.ForeignKey(
        Task, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", null=True
    )
    person = models.ForeignKey(
        Person, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", null=True
    )
    role = models.ForeignKey(
        Role, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", null=True
    )
    practice_id = models.BigIntegerField(default=0)
    office_id = models.BigIntegerField(default=0)
    service_date = models.DateField()
    worked_seconds = models.IntegerField()
    billable_seconds = models.IntegerField()
    approved_by_id = models.BigIntegerField(null=True)
    change = models.ForeignKey(
        "billing.ItemChange",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=True,
    )

    class Meta:
        abstract = True


class Treatment(models.TextChoices):
    """What became of approved work (`billing.calc.engine`)."""

    CHARGED = "charged", "Charged"
    COVERED = "covered", "Covered"
    OVER_CAP = "over_cap", "Over cap"
    NON_BILLABLE = "non_billable", "Not billable"
    WAITS = "waits", "Waits for a top-up"


class BillableItem(WorkedItem):
    """Approved work or a charge, priced; never changed.

    An entry is one item, or several parts that the steps treated differently (`part` from 0; `worked_seconds` stands on
    part 0 alone, `approved_seconds` are the entry's billable seconds before all steps, on each part). `amount` is what
    is charged: `quantity` (None: the hours of `billable_seconds`) × `rate`, half-up, less `over_cap`, which lies
    beyond a cap and is neither billed nor recognized. `discount` is what of the amount was agreed away. `recognized`
    is what was posted as revenue: the amount on a line recognized as invoiced, a block's share on prepaid time.

    Where the contract's prices contain tax, `rate` is such a price; the amounts are net of the percentage `included_tax`.

    `is_void` is set when its approval is withdrawn or a new price replaces it; the postings are reversed then.
    A charge or expense has a `description` in place of a task. Covered and non-billable items have no rate and amount 0: their hours stay visible as such.

    `change` is the split or transfer by which the item came to be as it is. `is_split` marks what a person cut: it
    keeps its price, whatever its line settles or its rates do, until the parts are put together or transferred.
    """

    part = models.SmallIntegerField(db_default=0)
    treatment = models.CharField(max_length=12, choices=Treatment.choices, db_default=Treatment.CHARGED)
    approved_seconds = models.IntegerField(db_default=0)
    description = models.CharField(max_length=300, db_default="", blank=True)
    currency = models.CharField(max_length=3)
    quantity = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    unit = models.CharField(max_length=4, db_default="h")
    rate = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    over_cap = models.DecimalField(max_digits=16, decimal_places=4, db_default=0)
    discount = models.DecimalField(max_digits=16, decimal_places=4, db_default=0)
    recognized = models.DecimalField(max_digits=16, decimal_places=4, db_default=0)
    derivation = models.ForeignKey(
        Derivation,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        null=True,
    )
    included_tax = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    journal_entry_id = models.BigIntegerField(null=True)
    is_void = models.BooleanField(db_default=False)
    is_split = models.BooleanField(db_default=False)

    visibility = Visibility(Permission.VIEW_BILLING, entity="entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_id", "source_kind", "part"],
                condition=Q(is_void=False),
                name="billable_item_once_per_source",
                violation_error_message="This work is already a billable item.",
            )
        ]
        indexes = [
            models.Index(fields=["project", "service_date"], name="billable_item_project"),
            models.Index(fields=["contract_line"], name="billable_item_line"),
            models.Index(fields=["change"], condition=Q(change__isnull=False), name="billable_item_change"),
        ]

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_id}: {money_words(self.amount, self.currency)}"

    @property
    def task_name(self) -> str:
        """The task, or what a charge or expense is for."""
        return self.description or (self.task.name if self.task else "")

    @property
    def project_name(self) -> str:
        """The project, '' for a charge."""
        return self.project.name if self.project else ""

    @property
    def person_name(self) -> str:
        """Who worked, '' for a charge."""
        return self.person.name if self.person else ""


class Charge(Record):
    """What a contract line charges beside time: an instalment, a fee, units, a block (`billing.calc.fees`).

    `key` tells it from others of its kind on the line, so that none is charged twice. Half-open [start, end).
    """

    contract_line = models.ForeignKey(ContractLine, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=14, choices=[(kind.value, kind.label) for kind in ChargeKind])
    key = models.CharField(max_length=60)
    description = models.CharField(max_length=300)
    start = models.DateField()
    end = models.DateField()
    due_on = models.DateField()
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=4)
    rate = models.DecimalField(max_digits=16, decimal_places=4)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    said = models.CharField(max_length=300, blank=True)
    evidence = models.TextField(blank=True)

    visibility = Visibility(Permission.VIEW_BILLING, entity="contract_line__contract__entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract_line", "kind", "key"],
                name="charge_once",
                violation_error_message="This is charged already.",
            )
        ]

    def __str__(self) -> str:
        return self.description


class MilestoneStepKind(models.TextChoices):
    """What can happen to a milestone."""

    REQUESTED = "requested", "Acceptance requested"
    ACCEPTED = "accepted", "Accepted"
    DISPUTED = "disputed", "Disputed"
    REOPENED = "reopened", "Reopened"


class MilestoneStep(Record):
    """Something that happened to a milestone of a contract line: on which day, by whom, and what was said.

    `key` tells it from the line's others (`contracts.calc.terms.part_key`); the last step says where it stands. `contact` is
    who is asked or answered, and None where that is a person by name alone (`who`).
    """

    contract_line = models.ForeignKey(ContractLine, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=MilestoneStepKind.choices)
    day = models.DateField()
    at = models.DateTimeField(db_default=models.functions.Now())
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    who = models.CharField(max_length=200)
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    note = models.TextField(blank=True)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = SharedWithClient(
        Permission.VIEW_CONTRACTS, entity="contract_line__contract__entity_id",
        client="contract_line__contract__client_id", shared=Q(),
    )  # fmt: skip

    class Meta:
        ordering: ClassVar = ["contract_line_id", "key", "pk"]

    def __str__(self) -> str:
        return f"{self.name} {self.kind}"


class MilestoneFile(Record):
    """A picture or PDF that shows a milestone was reached or accepted; kept once under its SHA-256."""

    contract_line = models.ForeignKey(ContractLine, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=20)
    file = models.CharField(max_length=100)
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    attached_at = models.DateTimeField(db_default=models.functions.Now())

    row_policy = RowPolicy.APPEND_ONLY
    visibility = SharedWithClient(
        Permission.VIEW_CONTRACTS, entity="contract_line__contract__entity_id",
        client="contract_line__contract__client_id", shared=Q(),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract_line", "key", "sha256"],
                name="milestone_file_once",
                violation_error_message="This file is attached to the milestone already.",
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class PrepaidBlock(Record):
    """A block that a charge bought: seconds, or money. Half-open: it can be drawn from `bought` until `expires`."""

    charge = models.OneToOneField(Charge, primary_key=True, on_delete=models.CASCADE, related_name="block")
    contract_line = models.ForeignKey(ContractLine, on_delete=models.PROTECT, related_name="+")
    bought = models.DateField()
    expires = models.DateField(null=True)
    size = models.DecimalField(max_digits=16, decimal_places=4)
    price = models.DecimalField(max_digits=16, decimal_places=4)

    visibility = Visibility(Permission.VIEW_BILLING, entity="contract_line__contract__entity_id")

    def __str__(self) -> str:
        return f"{self.size} bought on {self.bought}"


class UnpricedItem(WorkedItem):
    """Approved billable work that cannot be priced yet: it blocks, is listed, and is priced once it can be."""

    project = models.ForeignKey(
        Project, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    task = models.ForeignKey(
        Task, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    person = models.ForeignKey(
        Person, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    reason = models.CharField(
        max_length=30,
        choices=[("rate_missing", "No rate"), ("exchange_rate_missing", "No exchange rate")],
    )

    visibility = Visibility(Permission.VIEW_BILLING, entity="entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_id", "source_kind"], name="unpriced_item_once")
        ]

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_id} without a rate"


class OpenItem(models.Model):
    """WIP: what is approved and on no pre-bill or invoice. A row here is the right to take the item, once.

    `amount` is what remains of the item after write-downs and write-ups. A deferred item is on no bill whose last
    day of work lies before `not_before`. The other columns repeat the item's so that the workbench reads one narrow
    table.
    """

    item = models.OneToOneField(
        BillableItem, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="open"
    )
    entity_id = models.BigIntegerField()
    client_id = models.BigIntegerField()
    contract_id = models.BigIntegerField()
    project_id = models.BigIntegerField()
    service_date = models.DateField()
    billable_seconds = models.IntegerField()
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    is_held = models.BooleanField(default=False)
    not_before = models.DateField(null=True)

    row_policy: ClassVar[RowPolicy] = RowPolicy.PROJECTION

    class Meta:
        indexes = [
            models.Index(fields=["client_id", "service_date"], name="open_item_client"),
            models.Index(fields=["project_id"], name="open_item_project"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.amount}"


class ReasonCode(models.TextChoices):
    """Why WIP was held or changed."""

    GOODWILL = "goodwill", "Goodwill"
    QUALITY = "quality", "Quality or rework"
    OVER_BUDGET = "over_budget", "Over budget"
    WRONG_RATE = "wrong_rate", "Wrong rate"
    NOT_AGREED = "not_agreed", "Scope not agreed"
    CLIENT_REQUEST = "client_request", "Client's request"
    LATE_ENTRY = "late_entry", "Entered too late"
    UNCOLLECTABLE = "uncollectable", "Not collectable"
    UNDER_VALUED = "under_valued", "Worth more than its time"
    MISPOSTED = "misposted", "Booked to the wrong work"
    BILL_LATER = "bill_later", "Agreed to bill later"
    DISCOUNT = "discount", "Agreed discount"
    OTHER = "other", "Other"


class Hold(Record):
    """WIP kept off pre-bills until released."""

    item = models.ForeignKey(BillableItem, on_delete=models.PROTECT, related_name="holds")
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices)
    note = models.TextField(blank=True)
    placed_at = models.DateTimeField(db_default=models.functions.Now())
    released_at = models.DateTimeField(null=True)

    visibility = Visibility(Permission.VIEW_BILLING, entity="item__entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(released_at__isnull=True), name="item_held_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id} held: {self.reason_code}"


class Deferral(Record):
    """WIP that is billed in a later period: on no bill whose work ends before `until`."""

    item = models.ForeignKey(BillableItem, on_delete=models.PROTECT, related_name="deferrals")
    until = models.DateField()
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices)
    note = models.TextField(blank=True)
    placed_at = models.DateTimeField(db_default=models.functions.Now())
    ended_at = models.DateTimeField(null=True)

    visibility = Visibility(Permission.VIEW_BILLING, entity="item__entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(ended_at__isnull=True), name="item_deferred_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id} not before {self.until}"


class ItemChangeKind(models.TextChoices):
    """What a person made of an item."""

    SPLIT = "split", "Split"
    TRANSFER = "transfer", "Transfer"


class ItemChange(Record):
    """A split or transfer of one item: `item` is the item as it was, void since; those it became point here.

    `cost_entry_id` is the journal entry that moved its cost; `undone_at` is set when the item was made again.
    """

    kind = models.CharField(max_length=10, choices=ItemChangeKind.choices)
    item = models.ForeignKey(BillableItem, on_delete=models.PROTECT, related_name="changes")
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices)
    note = models.TextField(blank=True)
    cost_entry_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=models.functions.Now())
    undone_at = models.DateTimeField(null=True)

    visibility = Visibility(Permission.VIEW_BILLING, entity="item__entity_id")

    def __str__(self) -> str:
        return f"{self.kind} of {self.item_id}"


class WriteDown(Record):
    """Value given up on one item, with reason and posting; the whole remaining value is a write-off.

    A write-up is value added to one, and stands as a negative amount; what takes either back has the other sign.
    """

    item = models.ForeignKey(BillableItem, on_delete=models.PROTECT, related_name="write_downs")
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    is_write_off = models.BooleanField(default=False)
    is_write_up = models.BooleanField(default=False, db_default=False)
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices)
    note = models.TextField(blank=True)
    journal_entry_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=models.functions.Now())

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_BILLING, entity="item__entity_id")

    def __str__(self) -> str:
        return f"{self.item_id}: {-self.amount}"


class AdjustmentLimit(Record):
    """Up to how much, in the entity's currency, one person alone changes the value of WIP. No row: without limit."""

    entity = models.OneToOneField(LegalEntity, primary_key=True, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=16, decimal_places=4)

    visibility = Visibility(Permission.VIEW_BILLING, entity="entity_id")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="adjustment_limit_not_negative",
                violation_error_message="A limit is not negative.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity_id}: {self.amount}"


class AdjustmentKind(models.TextChoices):
    """What is asked for."""

    WRITE_DOWN = "write_down", "Write-down"
    WRITE_OFF = "write_off", "Write-off"
    WRITE_UP = "write_up", "Write-up"
    LINE_WRITE_DOWN = "line_write_down", "Write-down on a pre-bill"
    TRANSFER = "transfer", "Transfer"


class RequestState(models.TextChoices):
    """Where a request stands."""

    OPEN = "open", "Waits"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class AdjustmentRequest(Record):
    """A change of WIP above the limit, waiting for another person; it runs as `arguments` state it.

    `items` are the pieces of work as (id, value) at the time of asking: when they differ later, it does not run.
    `value` is in `currency`, the work's.
    """

    kind = models.CharField(max_length=20, choices=AdjustmentKind.choices)
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    value = models.DecimalField(max_digits=16, decimal_places=4)
    arguments = models.JSONField()
    items = models.JSONField()
    reason_code = models.CharField(max_length=20, choices=ReasonCode.choices)
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.OPEN)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=models.functions.Now())
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)

    visibility = Visibility(Permission.VIEW_BILLING, entity="entity_id")

    class Meta:
        indexes = [models.Index(fields=["entity"], condition=Q(state="open"), name="adjustment_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {money_words(self.value, self.currency)}"


class PurchaseOrder(Record):
    """A client's order that invoices carry: of one contract, or of any of the client's. Half-open [valid_from, valid_to).

    `amount` is how much it covers net (empty: without limit). From `warn_percent` of it on, issuing asks to confirm;
    beyond it, issuing is refused where the limit `is_hard`, and else asks to confirm.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(Contract, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    warn_percent = models.PositiveSmallIntegerField(default=80)
    is_hard = models.BooleanField(default=False)

    visibility = Visibility(Permission.VIEW_CONTRACTS, client="client_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "number"],
                name="purchase_order_number_once",
                violation_error_message="This client already has a purchase order with that number.",
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=models.F("valid_from")),
                name="purchase_order_ends_after_start",
                violation_error_message="A purchase order ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PaymentTerms(Record):
    """When the firm's invoices are due, and what paying early saves.

    Due `net_days` after the day of issue, or after the end of its month. Who pays within `discount_days` of issue may
    take off `discount_percent` of the gross; `reduces_tax` says that the tax falls with it (Directive 2006/112/EC,
    article 90), not the firm's net alone.
    """

    name = models.CharField(max_length=100, unique=True)
    net_days = models.PositiveSmallIntegerField()
    is_end_of_month = models.BooleanField(default=False)
    discount_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    discount_days = models.PositiveSmallIntegerField(null=True)
    reduces_tax = models.BooleanField(default=True)

    visibility = Visibility(Permission.VIEW_CLIENTS)

    def __str__(self) -> str:
        return self.name


class InvoiceLayout(Record):
    """How invoices look: headings and lines (`billing.calc.layouts`), columns, numbers, texts, what is appended.

    `columns` are those shown beside description and amount; empty shows quantity, rate and, where rates differ, tax.
    `number_format` is a sample such as '1.234,56'; empty is as the client's language has it. `attaches` says whether the
    timesheet is appended: as the client has it ('client'), always or never. `opening` and `closing` are printed above
    the lines and below them.
    """

    name = models.CharField(max_length=100, unique=True)
    group_by = models.CharField(max_length=8, blank=True, choices=[(by.value, by.name) for by in GroupBy])
    line_by = models.CharField(max_length=8, default="task", choices=[(by.value, by.name) for by in GroupBy])
    has_subtotals = models.BooleanField(default=True)
    columns = models.JSONField(default=list, blank=True)
    number_format = models.CharField(max_length=10, blank=True)
    attaches = models.CharField(
        max_length=6, default="client",
        choices=[("client", "As the client has it"), ("always", "Always"), ("never", "Never")],
    )  # fmt: skip
    attaches_receipts = models.BooleanField(default=False)
    opening = models.CharField(max_length=400, blank=True)
    closing = models.TextField(blank=True)

    visibility = Visibility(Permission.VIEW_CLIENTS)

    def __str__(self) -> str:
        return self.name


class InvoiceChoice(Record):
    """What a client's invoices use, or one contract's: a contract's choice goes before the client's. Empty: not chosen."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(Contract, null=True, on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey(PaymentTerms, null=True, on_delete=models.PROTECT, related_name="+")
    layout = models.ForeignKey(InvoiceLayout, null=True, on_delete=models.PROTECT, related_name="+")

    visibility = Visibility(Permission.VIEW_CLIENTS, client="client_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "contract"], nulls_distinct=False, name="invoice_choice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.contract_id or ''}"


class InvoiceState(models.TextChoices):
    """A draft is a pre-bill; an issued document never changes."""

    DRAFT = "draft", "Pre-bill"
    ISSUED = "issued", "Issued"
    CREDITED = "credited", "Credited"


class InvoiceKind(models.TextChoices):
    """What the document is."""

    INVOICE = "invoice", "Invoice"
    CREDIT_NOTE = "credit_note", "Credit note"


class Invoice(Record):
    """A pre-bill, an invoice or a credit note of one contract. Credit notes hold positive amounts.

    An invoice is 'credited' once credit notes took all of it; until then several may have taken parts.
    `corrects_invoice` is the credited one that it bills anew. A down payment has a `draw_percent`: how much of the net
    of each later invoice of the contract it pays, until it is used up. Paid by `discount_until`, `discount` of the gross
    may be taken off.
    """

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=InvoiceKind.choices, default=InvoiceKind.INVOICE)
    state = models.CharField(max_length=10, choices=InvoiceState.choices, default=InvoiceState.DRAFT)
    number = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    through = models.DateField()
    service_start = models.DateField()
    service_end = models.DateField()
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    net = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    tax = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    gross = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    note = models.TextField(blank=True)
    group_lines_by = models.CharField(max_length=6, default="task")
    journal_entry_id = models.BigIntegerField(null=True)
    credits_invoice = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="credit_notes"
    )
    corrects_invoice = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="corrections"
    )
    draw_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    purchase_order = models.ForeignKey(PurchaseOrder, null=True, on_delete=models.PROTECT, related_name="+")
    layout = models.ForeignKey(InvoiceLayout, null=True, on_delete=models.PROTECT, related_name="+")
    discount = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    discount_until = models.DateField(null=True)
    discount_reduces_tax = models.BooleanField(default=True)

    visibility = Visibility(Permission.VIEW_INVOICES, entity="entity_id", client="client_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "number"], condition=~Q(number=""), name="invoice_number_once"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", number="") | (~Q(state="draft") & ~Q(number="")),
                name="invoice_number_at_issue",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "-issued_on"], name="invoice_client"),
            models.Index(fields=["state", "-issued_on"], name="invoice_state"),
            models.Index(fields=["contract"], name="invoice_contract"),
        ]

    def __str__(self) -> str:
        return self.number or f"Pre-bill {self.pk}"

    @property
    def is_down_payment(self) -> bool:
        """Whether it asks for money ahead of work."""
        return self.draw_percent is not None


class InvoiceLine(Record):
    """A printed line: printed quantity × printed rate = printed amount.

    `rounding` is the line's amount less the value of its items (each rounded alone); it is posted at issue.
    An adjustment line shows what was written down: quantity 1, a negative rate, no sources.
    `tax_code` is the category of UNCL 5305, `tax_label` what is printed for it (empty: the category's word), `tax_vatex`
    the VATEX code of why nothing is charged. Where the contract's prices contain tax, `rate` is such a price, the line prints
    `gross_amount`, and `amount` is net of it; else `gross_amount` is null.
    On a credit note `credits_line` is the line that it takes back, a part of it or, with `credits_rest`, all that was
    left (empty on older notes, which all credit in full); its rounding is negated. `down_payment` stands on the line of a
    down payment and on each line that draws it down, at a negative amount: their sum less what is credited is what is left.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    contract_line = models.ForeignKey(ContractLine, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    is_adjustment = models.BooleanField(default=False)
    description = models.CharField(max_length=400)
    quantity = models.DecimalField(max_digits=14, decimal_places=4)
    unit = models.CharField(max_length=4, default="h")
    rate = models.DecimalField(max_digits=16, decimal_places=4)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    rounding = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    tax_code = models.CharField(max_length=2)
    tax_rate = models.DecimalField(max_digits=6, decimal_places=3)
    tax_label = models.CharField(max_length=200, blank=True, db_default="")
    tax_vatex = models.CharField(max_length=30, blank=True, db_default="")
    gross_amount = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    credits_line = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="credits")
    credits_rest = models.BooleanField(db_default=False)
    heading = models.CharField(max_length=200, db_default="", blank=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    down_payment = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="+")

    visibility = Visibility(
        Permission.VIEW_INVOICES, entity="invoice__entity_id", client="invoice__client_id"
    )

    class Meta:
        ordering: ClassVar = ["invoice_id", "position"]

    @property
    def printed_amount(self) -> Decimal:
        """What the line prints: with tax where prices contain it."""
        return self.amount if self.gross_amount is None else self.gross_amount

    def __str__(self) -> str:
        return self.description


class InvoiceSource(Record):
    """The link from a billable item to the line that bills it. Live until the pre-bill is dropped or credited.

    `amount` is what remained of the item when it was taken, less write-downs made on the pre-bill since.
    """

    id = models.BigAutoField(primary_key=True)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    line = models.ForeignKey(
        InvoiceLine, on_delete=models.DO_NOTHING, db_constraint=False, related_name="sources"
    )
    item = models.ForeignKey(
        BillableItem, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="bills"
    )
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    is_live = models.BooleanField(db_default=True)

    row_policy = RowPolicy.PROJECTION
    visibility = Visibility(Permission.VIEW_INVOICES, entity="invoice__entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(is_live=True),
                name="item_billed_once",
                violation_error_message="This work is already on another pre-bill or invoice.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.item_id} on line {self.line_id}"


class IssuedDocument(Record):
    """The frozen content of an issued invoice or credit note, and its SHA-256."""

    invoice = models.OneToOneField(
        Invoice, primary_key=True, on_delete=models.PROTECT, related_name="document"
    )
    content = models.BinaryField()
    content_hash = models.CharField(max_length=64)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_INVOICES, entity="invoice__entity_id", client="invoice__client_id"
    )

    def __str__(self) -> str:
        return self.content_hash


class IssuedPdf(Record):
    """The PDF of a frozen document: a pure function of it, kept once made."""

    invoice = models.OneToOneField(Invoice, primary_key=True, on_delete=models.PROTECT, related_name="pdf")
    content = models.BinaryField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_INVOICES, entity="invoice__entity_id", client="invoice__client_id"
    )

    def __str__(self) -> str:
        return f"PDF of {self.invoice_id}"


class ReviewState(models.TextChoices):
    """What a reviewer said of a pre-bill; an approval holds for the content that was seen."""

    WAITING = "waiting", "Waits"
    APPROVED = "approved", "Approved"
    SENT_BACK = "sent_back", "Sent back"


class PreBillReview(Record):
    """One person's review of a pre-bill. No `reviewer`: anyone who prepares bills but who asked for it.

    `content_hash` is what was decided on (`billing.reviewing.content_hash`).
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ReviewState.choices, default=ReviewState.WAITING)
    content_hash = models.CharField(max_length=64, blank=True)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=models.functions.Now())
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    visibility = Visibility(Permission.VIEW_BILLING, entity="invoice__entity_id")

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "reviewer"],
                nulls_distinct=False,
                name="pre_bill_review_once",
                violation_error_message="This person reviews this pre-bill already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.state}"


class PreBillComment(Record):
    """What somebody said of a pre-bill while it was reviewed. It is not printed."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(db_default=models.functions.Now())

    visibility = Visibility(Permission.VIEW_BILLING, entity="invoice__entity_id")

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class BillEvery(models.TextChoices):
    """When a schedule bills, and up to which day."""

    MONTH_END = "month_end", "On the last day of a month, up to that day"
    MONTH = "month", "On a day of the month, up to the end of the month before"
    WEEK = "week", "On a day of the week, up to the Sunday before"


class BillSchedule(Record):
    """Pre-bills that make themselves: for all clients of an entity, or one. Week days are 1 (Monday) to 7.

    `last_run_on` is the due day of the last run, so that a day is billed once and a missed one is made up for.
    """

    entity = models.ForeignKey(LegalEntity, on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    every = models.CharField(max_length=10, choices=BillEvery.choices)
    day = models.PositiveSmallIntegerField(default=1)
    asks_review = models.BooleanField(default=True)
    is_on = models.BooleanField(default=True)
    starts_on = models.DateField()
    last_run_on = models.DateField(null=True)

    visibility = Visibility(Permission.VIEW_BILLING, entity="entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "client"],
                nulls_distinct=False,
                name="bill_schedule_once",
                violation_error_message="There is a schedule for this already. Change that one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity}: {self.get_every_display()}"
