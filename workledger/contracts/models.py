"""Tables of contracts. A contract line already names every billing model and revenue method."""

from datetime import date, timedelta
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce

from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.directory.models import Client, LegalEntity, Person, Role, TaxCode


class ContractState(models.TextChoices):
    """Where a contract stands."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    CLOSED = "closed", "Closed"


class Contract(Record):
    """What was agreed with a client (a statement of work), half-open [start, end).

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

    `terms` is the model's typed document (`contracts.calc.terms`), validated and versioned.
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
