"""Tables of the ledger. Debit and credit are named columns; a posting is never changed."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from workledger.core.access import Permission
from workledger.core.models import Record, Visibility
from workledger.core.triggers import RowPolicy
from workledger.kernel.period import Period as Days
from workledger.ledger.calc.periods import SATURDAY, Pattern, PeriodKind, YearEnd


class Book(Record):
    """The books of one legal entity, in its functional currency."""

    name = models.CharField(max_length=200, unique=True)
    currency = models.CharField(max_length=3)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="id")

    def __str__(self) -> str:
        return self.name


class AccountKind(models.TextChoices):
    """Where an account stands in the statements."""

    ASSET = "asset", "Asset"
    LIABILITY = "liability", "Liability"
    EQUITY = "equity", "Equity"
    INCOME = "income", "Income"
    EXPENSE = "expense", "Expense"


class AccountRole(models.TextChoices):
    """What the product posts to an account for. Each book has one account per role."""

    CASH_CLEARING = "cash_clearing", "Cash clearing"
    RECEIVABLE = "receivable", "Accounts receivable"
    CONTRACT_POSITION = "contract_position", "Contract position"
    CUSTOMER_DEPOSITS = "customer_deposits", "Customer deposits"
    TAX_PAYABLE = "tax_payable", "Tax payable"
    PAYABLE = "payable", "Employee and vendor payable"
    INPUT_TAX = "input_tax", "Input tax"
    OPENING = "opening", "Opening balances"
    SERVICES_REVENUE = "services_revenue", "Services revenue"
    REIMBURSABLE_REVENUE = "reimbursable_revenue", "Reimbursable revenue"
    BILLING_ADJUSTMENTS = "billing_adjustments", "Billing adjustments"
    LABOUR_COST = "labour_cost", "Labour cost"
    LABOUR_ABSORBED = "labour_absorbed", "Labour absorbed"
    PROJECT_EXPENSE = "project_expense", "Project expense"
    BAD_DEBT = "bad_debt", "Bad debt expense"
    REALIZED_FX = "realized_fx", "Realized FX"
    CONTRACT_INTEREST = "contract_interest", "Interest of contracts"
    CONTRACT_LOSSES = "contract_losses", "Contract losses"
    LOSS_PROVISION = "loss_provision", "Provision for contract losses"
    ACCRUED_REVENUE = "accrued_revenue", "Accrued revenue"
    ACCRUED_EXPENSES = "accrued_expenses", "Accrued expenses"
    UNREALIZED_FX = "unrealized_fx", "Unrealized FX"


class Account(Record):
    """An account of one book."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="accounts")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    role = models.CharField(max_length=30, choices=AccountRole.choices, blank=True)
    is_open = models.BooleanField(default=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    class Meta:
        ordering: ClassVar = ["book_id", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "code"],
                name="account_code_once",
                violation_error_message="This book already has an account with that code. Choose another code.",
            ),
            models.UniqueConstraint(
                fields=["book", "role"],
                condition=~Q(role=""),
                name="account_role_once",
                violation_error_message="This book already has an account for that purpose.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PeriodState(models.TextChoices):
    """Who may post into a period."""

    OPEN = "open", "Open"
    SOFT_CLOSED = "soft_closed", "Soft-closed"
    LOCKED = "locked", "Locked"


class PeriodPattern(Record):
    """How periods of a book are laid from a day on; a book without one has calendar months from January.

    The columns are those of `calc.periods.Pattern`.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="period_patterns")
    from_day = models.DateField()
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.label) for kind in PeriodKind])
    year_starts_in = models.PositiveSmallIntegerField(default=1)
    week_ends_on = models.PositiveSmallIntegerField(default=SATURDAY)
    year_end = models.CharField(
        max_length=10, choices=[(end.value, end.label) for end in YearEnd], default=YearEnd.LAST.value
    )

    visibility = Visibility(None, entity="book_id")

    class Meta:
        ordering: ClassVar = ["book_id", "from_day"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "from_day"],
                name="period_pattern_once_a_day",
                violation_error_message="These books already have a pattern of periods from that day on.",
            ),
            models.CheckConstraint(
                condition=Q(year_starts_in__range=(1, 12)) & Q(week_ends_on__lte=6),
                name="period_pattern_is_of_the_calendar",
                violation_error_message="A year starts in a month 1 to 12; a week ends on a day 0 to 6.",
            ),
        ]

    def __str__(self) -> str:
        return self.pattern.words

    @property
    def pattern(self) -> Pattern:
        """The pattern as the calculation takes it."""
        return Pattern(PeriodKind(self.kind), self.year_starts_in, self.week_ends_on, YearEnd(self.year_end))


class Period(Record):
    """An accounting period of one book: half-open [start, end); contiguous within the book.

    `number` counts it within the fiscal year, which bears the calendar year of its end.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="periods")
    name = models.CharField(max_length=40)
    start = models.DateField()
    end = models.DateField()
    fiscal_year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=PeriodState.choices, default=PeriodState.OPEN)
    state_changed_by = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+")
    state_reason = models.TextField(blank=True)

    visibility = Visibility(None, entity="book_id")

    class Meta:
        ordering: ClassVar = ["book_id", "start"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=F("start")),
                name="period_ends_after_start",
                violation_error_message="A period ends after it starts.",
            ),
            ExclusionConstraint(
                name="periods_do_not_overlap",
                expressions=[
                    ("book", RangeOperators.EQUAL),
                    (
                        Func("start", "end", function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="This period overlaps another one of the same book.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def days(self) -> Days:
        """The dates of this period."""
        return Days(self.start, self.end)


class JournalEntry(Record):
    """One balanced act in the books. A reversal points at what it reverses."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    period = models.ForeignKey(Period, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    kind = models.CharField(max_length=40)
    description = models.CharField(max_length=300)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.BigIntegerField(null=True)
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    transaction_id = models.BigIntegerField(
        db_default=Func(
            function="pg_current_xact_id",
            template="(%(function)s()::text::bigint)",
            output_field=models.BigIntegerField(),
        ),
        editable=False,
    )

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    class Meta:
        indexes = [
            models.Index(fields=["book", "date"], name="journal_entry_date"),
            models.Index(fields=["source_kind", "source_id"], name="journal_entry_source"),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.description}"


class Dimensions(models.Model):
    """What a posting is about: ids of the floors above, 0 for 'none' so that keys compare."""

    client_id = models.BigIntegerField(default=0)
    contract_id = models.BigIntegerField(default=0)
    contract_line_id = models.BigIntegerField(default=0)
    project_id = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class Posting(Dimensions):
    """One side of an entry on one account.

    `debit` and `credit` are in `currency`; `functional_debit` and `functional_credit` in the book's.
    `quantity` counts `unit` (time in whole seconds, unit 's'); `billable_quantity` is the billable part.
    `date` is when it counts in the books, `service_date` when the work was done. References are
    checked per statement by trigger, not per row by foreign key: see docs/decisions.
    """

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(
        JournalEntry, on_delete=models.DO_NOTHING, db_constraint=False, related_name="postings"
    )
    book_id = models.BigIntegerField()
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    period = models.ForeignKey(
        Period, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    date = models.DateField()
    service_date = models.DateField()
    currency = models.CharField(max_length=3)
    debit = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    credit = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    functional_debit = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    functional_credit = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    quantity = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    billable_quantity = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    unit = models.CharField(max_length=4, blank=True)
    task_id = models.BigIntegerField(default=0)
    person_id = models.BigIntegerField(default=0)
    role_id = models.BigIntegerField(default=0)
    practice_id = models.BigIntegerField(default=0)
    office_id = models.BigIntegerField(default=0)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.BigIntegerField(null=True)

    row_policy: ClassVar[RowPolicy] = RowPolicy.APPEND_ONLY

    class Meta:
        indexes = [
            models.Index(fields=["account", "date"], name="posting_account_date"),
            models.Index(fields=["source_id", "source_kind"], name="posting_source"),
            models.Index(fields=["project_id", "date"], name="posting_project_date"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(debit__gte=0)
                & Q(credit__gte=0)
                & Q(functional_debit__gte=0)
                & Q(functional_credit__gte=0)
                & (Q(debit=0) | Q(credit=0)),
                name="posting_has_one_side",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.debit} / {self.credit} {self.currency}"


class Balance(Dimensions):
    """Month-grain sums by what the work was for, kept by trigger in the transaction of the postings."""

    id = models.BigAutoField(primary_key=True)
    book_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    period_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    debit = models.DecimalField(max_digits=20, decimal_places=4)
    credit = models.DecimalField(max_digits=20, decimal_places=4)
    functional_debit = models.DecimalField(max_digits=20, decimal_places=4)
    functional_credit = models.DecimalField(max_digits=20, decimal_places=4)
    quantity = models.DecimalField(max_digits=20, decimal_places=4)
    billable_quantity = models.DecimalField(max_digits=20, decimal_places=4)

    row_policy: ClassVar[RowPolicy] = RowPolicy.PROJECTION

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "account_id", "period_id", "project_id", "contract_line_id", "contract_id", "client_id",
                    "currency", "book_id",
                ],
                name="balance_key",
            )
        ]  # fmt: skip
        indexes = [models.Index(fields=["project_id"], name="balance_project")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.period_id}"


class PersonBalance(models.Model):
    """Month-grain sums by who did the work, kept by the same trigger."""

    id = models.BigAutoField(primary_key=True)
    book_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    period_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    role_id = models.BigIntegerField()
    practice_id = models.BigIntegerField()
    office_id = models.BigIntegerField()
    functional_debit = models.DecimalField(max_digits=20, decimal_places=4)
    functional_credit = models.DecimalField(max_digits=20, decimal_places=4)
    quantity = models.DecimalField(max_digits=20, decimal_places=4)
    billable_quantity = models.DecimalField(max_digits=20, decimal_places=4)

    row_policy: ClassVar[RowPolicy] = RowPolicy.PROJECTION

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "account_id", "period_id", "person_id", "role_id", "practice_id", "office_id", "book_id",
                ],
                name="person_balance_key",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.account_id} {self.period_id} {self.person_id}"
