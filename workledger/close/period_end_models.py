"""Tables of the entries that a period end posts and the next period's first day reverses."""

from typing import ClassVar

from django.db import models

from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.ledger.models import AccountRole, Book, Period


class AccrualPolicy(Record):
    """What a book accrues at a period end. Without a row: expenses and subcontractors, no unapproved time."""

    book = models.OneToOneField(Book, on_delete=models.PROTECT, related_name="+")
    accrues_expenses = models.BooleanField(default=True)
    accrues_subcontractors = models.BooleanField(default=True)
    accrues_unapproved_time = models.BooleanField(default=False)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    def __str__(self) -> str:
        return f"Accruals of {self.book_id}"


class RunKind(models.TextChoices):
    """What a period-end run does."""

    ACCRUAL = "accrual", "Accruals"
    REVALUATION = "revaluation", "Revaluation"


class What(models.TextChoices):
    """What a line of a period-end run is about."""

    EXPENSE = "expense", "Expense not approved"
    SUBCONTRACTOR = "subcontractor", "Subcontractor without a bill"
    TIME = "time", "Time not approved"
    RECEIVABLE = "receivable", "Receivable"
    CONTRACT_ASSET = "contract_asset", "Contract asset"
    ACCRUED_REVENUE = "accrued_revenue", "Accrued revenue"
    DEPOSIT = "deposit", "Customer deposit"
    PAYABLE = "payable", "Vendor's bill"
    REMAINDER = "remainder", "Settled, with a remainder"


class PeriodEndRun(Record):
    """One run over a period of a book: what it posted beyond the runs before, and what it had to leave out."""

    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=RunKind.choices)
    run_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    line_count = models.PositiveIntegerField(default=0)
    left_out = models.JSONField(default=list)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_LEDGER, entity="period__book_id")

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{RunKind(self.kind).label} of {self.period.name}"


class PeriodEndLine(Record):
    """What a run posted of one thing: `amount` (in `currency`) and `value` (in the book's) are debits of `account`.

    The other side is on `counter`. Lines of all runs of a period together are what stands at its end. `is_reversed` is
    false for what stays: a realized difference.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(PeriodEndRun, on_delete=models.PROTECT, related_name="lines")
    what = models.CharField(max_length=16, choices=What.choices)
    account = models.CharField(max_length=30, choices=AccountRole.choices)
    counter = models.CharField(max_length=30, choices=AccountRole.choices)
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    value = models.DecimalField(max_digits=20, decimal_places=4)
    client_id = models.BigIntegerField(default=0)
    contract_id = models.BigIntegerField(default=0)
    contract_line_id = models.BigIntegerField(default=0)
    project_id = models.BigIntegerField(default=0)
    person_id = models.BigIntegerField(default=0)
    role_id = models.BigIntegerField(default=0)
    practice_id = models.BigIntegerField(default=0)
    office_id = models.BigIntegerField(default=0)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.BigIntegerField(default=0)
    reason = models.TextField()
    is_reversed = models.BooleanField(default=True)
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_LEDGER, entity="run__period__book_id")

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.value}"
