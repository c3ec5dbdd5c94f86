"""Tables of contracts. A contract line already names every billing model and revenue method."""

from datetime import date, timedelta
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce

from workledger.core.access import Actor, Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.directory.models import Client, Contact, LegalEntity, Person, Role, TaxCode


class ContractState(models.TextChoices):
    """Where a contract stands."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    CLOSED = "closed", "Closed"


class Contract(Record):
    """What was agreed with a client (a statement of work), half-open [start, end).

    `cap` is a limit (`contracts.calc.terms.Cap`) over the time of all its lines.
    A change order that moves more than `review_over_seconds` or `review_over_percent` of the scope is approved within
    the firm before the client sees it; where neither is set, every one is.
    With `prices_include_tax` all its rates, fees and limits contain tax; WIP and revenue are net of it.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    start = models.DateField()
    end = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=ContractState.choices, default=ContractState.ACTIVE)
    po_number = models.CharField(max_length=60, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(null=True, blank=True)
    requires_notes = models.BooleanField(default=False)
    cap = models.JSONField(null=True, blank=True)
    review_over_seconds = models.BigIntegerField(null=True, blank=True)
    review_over_percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    prices_include_tax = models.BooleanField(db_default=False)

    visibility = Visibility(Permission.VIEW_CONTRACTS, entity="entity_id", client="client_id")

    class Meta:
        ordering: ClassVar = ["number"]
        indexes = [models.Index(fields=["client", "state"], name="contract_client")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def last_day(self) -> date | None:
        """The last day it holds, None while it has no end."""
        return self.end - timedelta(days=1) if self.end else None


class BillingModel(models.TextChoices):
    """How a contract line becomes money (DESIGN: billing)."""

    TIME_AND_MATERIALS = "time_and_materials", "Time and materials"
    FIXED_FEE = "fixed_fee", "Fixed fee"
    MILESTONE = "milestone", "Milestone"
    RETAINER = "retainer", "Retainer"
    RECURRING = "recurring", "Recurring"
    PREPAID = "prepaid", "Prepaid"
    PROGRESS = "progress", "Progress"
    UNIT = "unit", "Unit"
    BLENDED = "blended", "Blended rate"
    DAY_RATE = "day_rate", "Day rate"
    NON_BILLABLE = "non_billable", "Non-billable"


class RevenueMethod(models.TextChoices):
    """How revenue of a line is recognized (ASC 606 / IFRS 15)."""

    AS_INVOICED = "as_invoiced", "As invoiced (right to invoice)"
    RIGHTS_USED = "rights_used", "As prepaid rights are used"
    STRAIGHT_LINE = "straight_line", "Straight line over time"
    INPUT_HOURS = "input_hours", "Input: hours"
    INPUT_COST = "input_cost", "Input: cost to cost"
    OUTPUT_MILESTONES = "output_milestones", "Output: milestones"
    OUTPUT_UNITS = "output_units", "Output: units"
    OUTPUT_PROGRESS = "output_progress", "Output: progress"
    POINT_IN_TIME = "point_in_time", "Point in time"
    NONE = "none", "None"


class ContractLine(Record):
    """One budget with one billing model and one revenue method.

    `terms` is the model's typed document (`contracts.calc.terms`), validated and versioned. `end` is the first day on
    which the line no longer holds, None while it holds as long as the contract.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=200)
    model = models.CharField(max_length=20, choices=BillingModel.choices)
    revenue_method = models.CharField(
        max_length=20, choices=RevenueMethod.choices, default=RevenueMethod.AS_INVOICED
    )
    terms = models.JSONField(default=dict, blank=True)
    price = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    budget_seconds = models.BigIntegerField(null=True, blank=True)
    budget_amount = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    tax_code = models.ForeignKey(TaxCode, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    end = models.DateField(null=True, blank=True)

    visibility = Visibility(
        Permission.VIEW_CONTRACTS, entity="contract__entity_id", client="contract__client_id"
    )

    class Meta:
        ordering: ClassVar = ["contract_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "name"],
                name="contract_line_name_once",
                violation_error_message="This contract already has a line with that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_billable(self) -> bool:
        """Whether time on this line can be billed at all."""
        return self.model != BillingModel.NON_BILLABLE


class TaskType(Record):
    """A kind of work that can have a price of its own."""

    name = models.CharField(max_length=100, unique=True)

    visibility = Visibility(None)

    def __str__(self) -> str:
        return self.name


class RateCard(Record):
    """Dated prices of one level: of a contract, of a client, or of an entity (exactly one is set)."""

    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    entity = models.ForeignKey(LegalEntity, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(
        Contract, null=True, blank=True, on_delete=models.PROTECT, related_name="rate_cards"
    )

    visibility = Visibility(Permission.VIEW_CONTRACTS)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(entity__isnull=False, client__isnull=True, contract__isnull=True)
                | Q(entity__isnull=True, client__isnull=False, contract__isnull=True)
                | Q(entity__isnull=True, client__isnull=True, contract__isnull=False),
                name="rate_card_has_one_level",
                violation_error_message="A rate card is of a contract, of a client or of an entity.",
            ),
            models.UniqueConstraint(
                fields=["entity", "client", "contract", "currency"],
                nulls_distinct=False,
                name="rate_card_once_per_level",
                violation_error_message="There is already a rate card at this level in this currency. Add the rate there.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def level(self) -> str:
        """'contract', 'client' or 'entity'."""
        return "contract" if self.contract_id else "client" if self.client_id else "entity"


class RateState(models.TextChoices):
    """A rate counts while it is approved. Withdrawn: it was approved, and another took its place from its first day."""

    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Rate(Record):
    """A price per hour, from a day, for whom and what it names; an empty key matches all.

    Half-open [valid_from, valid_to). `contract_line` is only set on a contract's card. `replaces` is the
    rate that ends where this one starts, once this one is approved.
    """

    card = models.ForeignKey(RateCard, on_delete=models.CASCADE, related_name="rates")
    contract_line = models.ForeignKey(
        ContractLine, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    task_type = models.ForeignKey(TaskType, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    rate_per_hour = models.DecimalField(max_digits=14, decimal_places=4)
    state = models.CharField(max_length=10, choices=RateState.choices, default=RateState.APPROVED)
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    proposed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    visibility = Visibility(Permission.VIEW_CONTRACTS)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="rate_ends_after_start",
                violation_error_message="A rate ends after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(rate_per_hour__gte=0),
                name="rate_not_negative",
                violation_error_message="A rate is not negative.",
            ),
            ExclusionConstraint(
                name="rates_do_not_tie",
                expressions=[
                    ("card", RangeOperators.EQUAL),
                    (Coalesce("contract_line_id", 0), RangeOperators.EQUAL),
                    (Coalesce("person_id", 0), RangeOperators.EQUAL),
                    (Coalesce("task_type_id", 0), RangeOperators.EQUAL),
                    (Coalesce("role_id", 0), RangeOperators.EQUAL),
                    (
                        Func("valid_from", "valid_to", function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="approved"),
                violation_error_message="Another rate for the same person, role and task type holds on some of these"
                " days. End it first, so that no two rates tie.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate_per_hour} from {self.valid_from}"


class SharedWithClient(Visibility):
    """Rows that a contact of the client sees too, once `shared` holds: those of the contact's own client only."""

    def __init__(self, needs: Permission, *, entity: str, client: str, shared: Q) -> None:
        super().__init__(needs, entity=entity, client=client)
        self.shared = shared

    def condition(self, actor: Actor) -> Q | None:
        """Return the filter for this actor, or None for 'no row'."""
        if actor.can(Permission.ANSWER_AS_CLIENT) and (self.needs is None or not actor.can(self.needs)):
            if actor.client_ids is None:
                return None
            return Q(**{f"{self.client}__in": actor.client_ids}) & self.shared
        return super().condition(actor)


class OrderState(models.TextChoices):
    """Where a change order stands."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    SENT = "sent", "With the client"
    ACCEPTED = "accepted", "Accepted"
    APPLIED = "applied", "Applied"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


_CLIENT_SEES = (OrderState.SENT, OrderState.ACCEPTED, OrderState.APPLIED, OrderState.DECLINED)


class ChangeOrder(Record):
    """A priced amendment of a contract, numbered within it.

    `changes` is its typed document (`contracts.calc.orders`); `pricing` is what it came to when it was last priced, and
    `content_hash` covers both: an approval or an acceptance holds for that content alone. `releases` is what it would have
    made of unbilled work on that occasion, which moves with the work and is covered by no hash. `effective_from` is the
    day from which the changes hold. What happened to it stands in its steps.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="orders")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    effective_from = models.DateField()
    changes = models.JSONField(default=list)
    pricing = models.JSONField(default=dict)
    releases = models.JSONField(default=list)
    content_hash = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=OrderState.choices, default=OrderState.DRAFT)

    visibility = SharedWithClient(
        Permission.VIEW_CONTRACTS, entity="contract__entity_id", client="contract__client_id",
        shared=Q(state__in=_CLIENT_SEES),
    )  # fmt: skip

    class Meta:
        ordering: ClassVar = ["contract_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "number"],
                name="change_order_number_once",
                violation_error_message="This contract already has a change order with that number.",
            )
        ]
        indexes = [
            models.Index(
                fields=["state"],
                condition=Q(state__in=["in_review", "sent", "accepted"]),
                name="change_order_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.title}"

    @property
    def label(self) -> str:
        """The number as people say it: 'CO-3'."""
        return f"CO-{self.number}"


class OrderStepKind(models.TextChoices):
    """What can happen to a change order."""

    DRAFTED = "drafted", "Drafted"
    REVISED = "revised", "Changed"
    VOIDED = "voided", "Changed, which voided what stood"
    SUBMITTED = "submitted", "Submitted for review"
    APPROVED = "approved", "Approved"
    RETURNED = "returned", "Sent back"
    SENT = "sent", "Sent to the client"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    APPLIED = "applied", "Applied"
    WITHDRAWN = "withdrawn", "Withdrawn"


class OrderStep(Record):
    """Something that happened to a change order: on which day, by whom, for which contact of the client, and why.

    `content_hash` is the content it was about.
    """

    order = models.ForeignKey(ChangeOrder, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10, choices=OrderStepKind.choices)
    day = models.DateField()
    at = models.DateTimeField(db_default=models.functions.Now())
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    who = models.CharField(max_length=200)
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    note = models.TextField(blank=True)
    content_hash = models.CharField(max_length=32)
    row_policy = RowPolicy.APPEND_ONLY

    visibility = SharedWithClient(
        Permission.VIEW_CONTRACTS, entity="order__contract__entity_id", client="order__contract__client_id",
        shared=Q(kind__in=["sent", "accepted", "declined", "applied"]),
    )  # fmt: skip

    class Meta:
        ordering: ClassVar = ["order_id", "pk"]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind}"


class OrderFile(Record):
    """A picture or PDF that belongs to a change order: a signed copy, a mail; kept once under its SHA-256."""

    order = models.ForeignKey(ChangeOrder, on_delete=models.PROTECT, related_name="files")
    file = models.CharField(max_length=100)
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    attached_at = models.DateTimeField(db_default=models.functions.Now())
    row_policy = RowPolicy.APPEND_ONLY

    visibility = SharedWithClient(
        Permission.VIEW_CONTRACTS, entity="order__contract__entity_id", client="order__contract__client_id",
        shared=Q(order__state__in=_CLIENT_SEES),
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "sha256"],
                name="order_file_once",
                violation_error_message="This file is attached to the change order already.",
            )
        ]

    def __str__(self) -> str:
        return self.file_name


class VersionCause(models.TextChoices):
    """What made a version of a contract."""

    ACTIVATION = "activation", "Activation"
    CHANGE = "change", "Direct change"
    ORDER = "order", "Change order"


class ContractVersion(Record):
    """A contract as agreed from some day on: the whole document (`contracts.calc.agreement`), never changed.

    `effective_from` is None where a direct change holds for all that is not billed. Version 1 is what was activated.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=10, choices=VersionCause.choices)
    order = models.ForeignKey(ChangeOrder, null=True, on_delete=models.PROTECT, related_name="+")
    effective_from = models.DateField(null=True)
    at = models.DateTimeField(db_default=models.functions.Now())
    who = models.CharField(max_length=200)
    document = models.JSONField()
    row_policy = RowPolicy.APPEND_ONLY

    visibility = Visibility(
        Permission.VIEW_CONTRACTS, entity="contract__entity_id", client="contract__client_id"
    )

    class Meta:
        ordering: ClassVar = ["contract_id", "number"]
        constraints = [models.UniqueConstraint(fields=["contract", "number"], name="contract_version_once")]

    def __str__(self) -> str:
        return f"Version {self.number} of {self.contract_id}"
