"""Tables of expenses. Functional amounts are in the currency of the expense's legal entity."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from workledger.contracts.models import Contract, ContractLine
from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.directory.models import LegalEntity, Person
from workledger.expenses.calc.amounts import CategoryKind, DistanceUnit
from workledger.projects.models import Project, Task
from workledger.timesheets.models import TimeEntry


class ExpenseCategory(Record):
    """What money is spent on, with the firm's policy for it.

    `receipt_over` asks for a receipt above that amount (0: always; empty: never); `most_per_item` is what one
    expense should not pass. Both are in the functional currency of the expense's entity. `is_rebillable` is the
    default of an expense's billable flag; `reclaims_tax` says whether its tax is input tax or part of the cost.
    """

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.label) for kind in CategoryKind],
        default=CategoryKind.RECEIPT,
    )
    is_rebillable = models.BooleanField(default=True)
    receipt_over = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    most_per_item = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    reclaims_tax = models.BooleanField(default=True)
    is_open = models.BooleanField(default=True)

    visibility = Visibility(None)

    class Meta:
        verbose_name_plural = "expense categories"
        ordering: ClassVar = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(receipt_over__isnull=True) | Q(receipt_over__gte=0))
                & (Q(most_per_item__isnull=True) | Q(most_per_item__gt=0)),
                name="expense_category_limits_possible",
                violation_error_message="A limit is an amount of zero or more.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class MileageRate(Record):
    """What one kilometre or mile by one's own car is paid from a day on, in the entity's currency."""

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    country = models.CharField(max_length=2)
    unit = models.CharField(max_length=2, choices=[(unit.value, unit.label) for unit in DistanceUnit])
    valid_from = models.DateField()
    rate = models.DecimalField(max_digits=12, decimal_places=4)

    visibility = Visibility(None, entity="entity_id")

    class Meta:
        ordering: ClassVar = ["country", "unit", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "country", "unit", "valid_from"],
                name="mileage_rate_once",
                violation_error_message="There is already a mileage rate of that country and unit from that day.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0),
                name="mileage_rate_positive",
                violation_error_message="A mileage rate is more than zero.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.rate} per {self.unit} from {self.valid_from}"


class PerDiemRate(Record):
    """What a day of travel in a country is paid from a day on: whole, or in part (the days of coming and going)."""

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    country = models.CharField(max_length=2)
    valid_from = models.DateField()
    full_day = models.DecimalField(max_digits=12, decimal_places=4)
    partial_day = models.DecimalField(max_digits=12, decimal_places=4)

    visibility = Visibility(None, entity="entity_id")

    class Meta:
        ordering: ClassVar = ["country", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "country", "valid_from"],
                name="per_diem_rate_once",
                violation_error_message="There are already per diems of that country from that day.",
            ),
            models.CheckConstraint(
                condition=Q(full_day__gt=0) & Q(partial_day__gte=0) & Q(partial_day__lte=F("full_day")),
                name="per_diem_rate_possible",
                violation_error_message="A whole day is paid more than zero, a part of a day no more than a whole one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {self.full_day} / {self.partial_day} from {self.valid_from}"


class ExpenseState(models.TextChoices):
    """Where a report and its expenses stand. Who, when and why stand in `ReportDecision`."""

    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    REJECTED = "rejected", "Rejected"
    APPROVED = "approved", "Approved"
    REIMBURSED = "reimbursed", "Reimbursed"


EDITABLE = (ExpenseState.DRAFT, ExpenseState.REJECTED)
"""States in which an expense and its report may change."""
POSTED = (ExpenseState.APPROVED, ExpenseState.REIMBURSED)
"""States in which an expense stands in the books."""


class Reimbursement(Record):
    """Money paid to a person for approved reports; `undone_on` is set when it was taken back."""

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    paid_on = models.DateField()
    reference = models.CharField(max_length=140, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    journal_entry_id = models.BigIntegerField()
    undone_on = models.DateField(null=True, blank=True)

    visibility = Visibility(Permission.VIEW_ALL_EXPENSES, entity="entity_id", own=("person_id",))

    def __str__(self) -> str:
        return f"{self.amount} to {self.person_id} on {self.paid_on}"


class ExpenseReport(Record):
    """Expenses of one person in one legal entity that are submitted, decided and reimbursed together."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=ExpenseState.choices, default=ExpenseState.DRAFT)
    reimbursement = models.ForeignKey(
        Reimbursement, null=True, blank=True, on_delete=models.PROTECT, related_name="reports"
    )

    visibility = Visibility(Permission.VIEW_ALL_EXPENSES, entity="entity_id", own=("person_id",))

    class Meta:
        indexes = [
            models.Index(fields=["state"], condition=~Q(state="reimbursed"), name="expense_report_to_decide")
        ]

    def __str__(self) -> str:
        return self.name


class ReportDecision(Record):
    """What was decided about a report, by whom, when, why; `content_hash` binds it to the expenses as they were."""

    report = models.ForeignKey(
        ExpenseReport, on_delete=models.DO_NOTHING, db_constraint=False, related_name="decisions"
    )
    decision = models.CharField(
        max_length=10,
        choices=[
            ("submitted", "Submitted"), ("recalled", "Recalled"), ("approved", "Approved"),
            ("rejected", "Sent back"), ("withdrawn", "Approval withdrawn"), ("reimbursed", "Reimbursed"),
            ("undone", "Reimbursement taken back"),
        ],
    )  # fmt: skip
    user = models.ForeignKey(
        User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    at = models.DateTimeField(db_default=models.functions.Now())
    reason = models.TextField(blank=True)
    content_hash = models.CharField(max_length=32, blank=True)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_ALL_EXPENSES, own=("report__person_id",))

    def __str__(self) -> str:
        return f"{self.report_id} {self.decision}"


class Expense(Record):
    """Money that a person spent for a project on a day.

    `amount` is gross and holds `tax_amount`, both in `currency`. `functional_amount` is the gross in the entity's
    currency at `exchange_rate` (functional units for one of `currency`), `input_tax` the part of it that is
    reclaimed; what remains is the project's cost. A drive has `distance`, travel days have `full_days` and
    `partial_days`; `unit_rate` is the rate per unit or whole day that made the amount, `partial_rate` the other.
    `state` repeats the report's, 'draft' without one.
    """

    report = models.ForeignKey(
        ExpenseReport, null=True, blank=True, on_delete=models.SET_NULL, related_name="expenses"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, db_index=False, related_name="+")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(ExpenseCategory, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False, related_name="+")
    task = models.ForeignKey(Task, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(Contract, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    contract_line = models.ForeignKey(
        ContractLine, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    work_date = models.DateField()
    vendor = models.CharField(max_length=200, blank=True)
    description = models.CharField(max_length=300, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    tax_amount = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    functional_amount = models.DecimalField(max_digits=16, decimal_places=4)
    input_tax = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    is_billable = models.BooleanField()
    country = models.CharField(max_length=2, blank=True)
    distance = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    distance_unit = models.CharField(
        max_length=2, blank=True, choices=[(unit.value, unit.label) for unit in DistanceUnit]
    )
    full_days = models.PositiveSmallIntegerField(default=0)
    partial_days = models.PositiveSmallIntegerField(default=0)
    unit_rate = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    partial_rate = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    state = models.CharField(max_length=10, choices=ExpenseState.choices, default=ExpenseState.DRAFT)

    visibility = Visibility(Permission.VIEW_ALL_EXPENSES, entity="entity_id", own=("person_id",))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(tax_amount__gte=0) & Q(tax_amount__lt=F("amount")),
                name="expense_amounts_possible",
                violation_error_message="An expense is more than zero, and its tax less than the whole.",
            ),
            models.CheckConstraint(
                condition=Q(functional_amount__gte=0)
                & Q(input_tax__gte=0)
                & Q(input_tax__lte=F("functional_amount")),
                name="expense_functional_amounts_possible",
                violation_error_message="The amounts of an expense in the books are not negative.",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "work_date"], name="expense_person_date"),
            models.Index(fields=["project", "work_date"], name="expense_project_date"),
            models.Index(fields=["work_date", "amount", "currency"], name="expense_purchase"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.work_date}: {self.amount} {self.currency}"


class Receipt(Record):
    """The picture or PDF behind an expense; the file is kept once under its SHA-256 (`expenses.files`)."""

    expense = models.ForeignKey(Expense, on_delete=models.CASCADE, related_name="receipts")
    file = models.CharField(max_length=100)
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    attached_at = models.DateTimeField(db_default=models.functions.Now())

    visibility = Visibility(
        Permission.VIEW_ALL_EXPENSES, entity="expense__entity_id", own=("expense__person_id",)
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["expense", "sha256"],
                name="receipt_once_per_expense",
                violation_error_message="This file is already attached to the expense.",
            )
        ]
        indexes = [models.Index(fields=["sha256"], name="receipt_content")]

    def __str__(self) -> str:
        return self.file_name


class VendorBillState(models.TextChoices):
    """Where a vendor's bill stands."""

    RECORDED = "recorded", "To match"
    MATCHED = "matched", "Matched"
    PAID = "paid", "Paid"


class VendorBill(Record):
    """A subcontractor's invoice: gross `amount` with `tax_amount` in `currency`, and the same in the entity's.

    `input_tax` is reclaimed. `settled_amount` is what its payment took in the entity's currency.
    """

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    vendor = models.CharField(max_length=200)
    number = models.CharField(max_length=60)
    bill_date = models.DateField()
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    tax_amount = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    functional_amount = models.DecimalField(max_digits=16, decimal_places=4)
    input_tax = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    state = models.CharField(max_length=10, choices=VendorBillState.choices, default=VendorBillState.RECORDED)
    match_reason = models.TextField(blank=True)
    paid_on = models.DateField(null=True, blank=True)
    settled_amount = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)

    visibility = Visibility(Permission.VIEW_ALL_EXPENSES, entity="entity_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "vendor", "number"],
                name="vendor_bill_once",
                violation_error_message="A bill of this vendor with that number was recorded before.",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) & Q(tax_amount__gte=0) & Q(tax_amount__lt=F("amount")),
                name="vendor_bill_amounts_possible",
                violation_error_message="A bill is more than zero, and its tax less than the whole.",
            ),
        ]
        indexes = [models.Index(fields=["state", "-bill_date"], name="vendor_bill_state")]

    def __str__(self) -> str:
        return f"{self.vendor} {self.number}"


class VendorBillLine(Record):
    """What a bill charges for one contractor over [start, end): hours and net `amount` in the bill's currency.

    `project` narrows the time it is matched to.
    """

    bill = models.ForeignKey(VendorBill, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(default=1)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    start = models.DateField()
    end = models.DateField()
    seconds = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=4)

    visibility = Visibility(Permission.VIEW_ALL_EXPENSES, entity="bill__entity_id")

    class Meta:
        ordering: ClassVar = ["bill_id", "position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=F("start")) & Q(amount__gt=0),
                name="vendor_bill_line_possible",
                violation_error_message="A line charges more than zero for at least one day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.bill_id}: {self.person_id} from {self.start}"


class MatchedTime(Record):
    """An approved time entry that a vendor's bill charges: each entry once."""

    line = models.ForeignKey(VendorBillLine, on_delete=models.CASCADE, related_name="matched")
    entry = models.OneToOneField(TimeEntry, on_delete=models.PROTECT, related_name="+")

    visibility = Visibility(Permission.VIEW_ALL_EXPENSES, entity="line__bill__entity_id")

    def __str__(self) -> str:
        return f"{self.entry_id} on {self.line_id}"
