"""Tables of revenue: what was promised, at which price, how far it is, and what was recognized for it.

Amounts are in the contract's currency. An obligation's terms, estimates and progress are dated versions: what was
believed on an earlier day stays answerable, and a later belief never moves an earlier month.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from workledger.contracts.models import (
    ChangeOrder,
    Contract,
    ContractLine,
    ContractVersion,
    RevenueMethod,
)
from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.ledger.models import Book
from workledger.revenue.calc.allocation import Basis
from workledger.revenue.calc.modification import Kind
from workledger.revenue.calc.timeline import Grain, Method, Treatment
from workledger.revenue.calc.variable import Estimation

_OF_CONTRACT = Visibility(Permission.VIEW_REVENUE, entity="contract__entity_id", client="contract__client_id")
_OF_OBLIGATION = Visibility(
    Permission.VIEW_REVENUE,
    entity="obligation__contract__entity_id",
    client="obligation__contract__client_id",
)


class PerformanceObligation(Record):
    """A promise for which revenue is recognized by one method; by default one per contract line.

    `basis`, `basis_amount` and `basis_percent` say what it would cost alone, which is `stand_alone`. `expected_end` is the first day after
    the work, for when the rest is expected; `completed_on` the day it was fulfilled; `expires` the first day on which a
    right that the client did not use is gone, such as an option to renew at a discount.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=200)
    method = models.CharField(
        max_length=20, choices=[(method.value, RevenueMethod(method.value).label) for method in Method]
    )
    grain = models.CharField(
        max_length=6,
        choices=[(grain.value, grain.value.capitalize()) for grain in Grain],
        default=Grain.DAYS.value,
    )
    basis = models.CharField(
        max_length=20, choices=[(basis.value, basis.label) for basis in Basis], default=Basis.OBSERVABLE.value
    )
    basis_amount = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    basis_percent = models.DecimalField(max_digits=8, decimal_places=4, default=0)
    stand_alone = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    expected_end = models.DateField(null=True, blank=True)
    completed_on = models.DateField(null=True, blank=True)
    expires = models.DateField(null=True, blank=True)

    visibility = _OF_CONTRACT

    class Meta:
        verbose_name = "performance obligation"
        ordering: ClassVar = ["contract_id", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "name"],
                name="obligation_name_once",
                violation_error_message="This contract already has an obligation with that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ObligationLine(Record):
    """A contract line that an obligation holds. Several make a bundle; a line on several obligations is split.

    `weight` divides the obligation's revenue over its lines: what each line was priced at.
    """

    obligation = models.ForeignKey(PerformanceObligation, on_delete=models.CASCADE, related_name="lines")
    contract_line = models.ForeignKey(ContractLine, on_delete=models.PROTECT, related_name="+")
    weight = models.DecimalField(max_digits=16, decimal_places=4, default=0)

    visibility = _OF_OBLIGATION

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["obligation", "contract_line"],
                name="obligation_line_once",
                violation_error_message="An obligation names each contract line once.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id} holds line {self.contract_line_id}"


class ModificationState(models.TextChoices):
    """Where a change of a contract stands with revenue."""

    WAITING = "waiting", "Waits for a decision"
    RECORDED = "recorded", "Recorded"
    DISMISSED = "dismissed", "Changes no revenue"


class ContractModification(Record):
    """A change of a contract that touches recognized lines, until finance says what it is by the standard.

    `after` is the contract's version that it made, `before` the one that it changed; what they differ in is what is
    decided on. `order` is the change order, None for a direct change, whose `from_day` is open until somebody says it.
    """

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    before = models.ForeignKey(ContractVersion, on_delete=models.PROTECT, related_name="+")
    after = models.OneToOneField(ContractVersion, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(ChangeOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    from_day = models.DateField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=ModificationState.choices, default=ModificationState.WAITING
    )
    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.label) for kind in Kind], default="", blank=True
    )
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)

    visibility = _OF_CONTRACT

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes = [
            models.Index(
                fields=["contract"], condition=Q(state="waiting"), name="contract_modification_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order.label if self.order else 'Change'} of {self.contract_id}"


class ObligationVersion(Record):
    """An obligation's terms from a day on; see `calc.timeline.Version`. `reason` says who asked for it and why.

    `modification` is the change of the contract that it answers, where one was waiting.
    """

    obligation = models.ForeignKey(PerformanceObligation, on_delete=models.CASCADE, related_name="versions")
    modification = models.ForeignKey(
        ContractModification, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_day = models.DateField()
    price = models.DecimalField(max_digits=16, decimal_places=4)
    treatment = models.CharField(
        max_length=12,
        choices=[(each.value, each.value.replace("_", " ").capitalize()) for each in Treatment],
        default=Treatment.INITIAL.value,
    )
    start = models.DateField(null=True, blank=True)
    end = models.DateField(null=True, blank=True)
    total = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    past = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    reason = models.CharField(max_length=500, blank=True)
    steps = models.JSONField(default=list, blank=True)

    visibility = _OF_OBLIGATION

    class Meta:
        ordering: ClassVar = ["from_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start__isnull=True, end__isnull=True) | Q(end__gt=models.F("start")),
                name="obligation_ends_after_start",
                violation_error_message="An obligation ends after it starts.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.price} from {self.from_day}"


class ObligationEstimate(Record):
    """What an obligation is expected to take in all, as believed from a day on, and why.

    Cost and materials are in the book's currency; `materials` are uninstalled goods within `cost`, `delivered` what of
    them the client has. `breakage_percent` of what the client prepaid is expected to stay unused.
    """

    obligation = models.ForeignKey(PerformanceObligation, on_delete=models.CASCADE, related_name="estimates")
    from_day = models.DateField()
    seconds = models.BigIntegerField(null=True, blank=True)
    cost = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    materials = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    delivered = models.DecimalField(max_digits=16, decimal_places=4, default=0)
    breakage_percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    reason = models.CharField(max_length=500)
    estimated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    visibility = _OF_OBLIGATION

    class Meta:
        ordering: ClassVar = ["from_day", "pk"]

    def __str__(self) -> str:
        return f"estimate of {self.obligation_id} from {self.from_day}"


class ProgressState(models.TextChoices):
    """Where a statement of progress stands; only an approved one counts."""

    PROPOSED = "proposed", "Waits for approval"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class ProgressRecord(Record):
    """What was reached by a day, cumulative, with its evidence: percent, units, or worth of milestones.

    For point in time, 100 says that it was handed over.
    """

    obligation = models.ForeignKey(PerformanceObligation, on_delete=models.CASCADE, related_name="progress")
    on = models.DateField()
    value = models.DecimalField(max_digits=16, decimal_places=4)
    evidence = models.TextField()
    state = models.CharField(max_length=10, choices=ProgressState.choices, default=ProgressState.PROPOSED)
    recorded_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decision_reason = models.CharField(max_length=500, blank=True)

    visibility = _OF_OBLIGATION

    class Meta:
        ordering: ClassVar = ["on", "pk"]

    def __str__(self) -> str:
        return f"{self.value} by {self.on}"


class VariableElement(Record):
    """An uncertain part of a contract's price, such as a bonus; of one obligation, or of all by their prices alone."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    obligation = models.ForeignKey(
        PerformanceObligation, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=200)

    visibility = _OF_CONTRACT

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "name"],
                name="variable_element_once",
                violation_error_message="This contract already has an uncertain amount with that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class VariableEstimate(Record):
    """What an uncertain amount is expected to be, from a day on; `included` of it is in the price.

    `outcomes` are [amount, probability in percent] as text.
    """

    element = models.ForeignKey(VariableElement, on_delete=models.CASCADE, related_name="estimates")
    from_day = models.DateField()
    way = models.CharField(max_length=20, choices=[(way.value, way.label) for way in Estimation])
    outcomes = models.JSONField()
    highly_probable = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    estimate = models.DecimalField(max_digits=16, decimal_places=4)
    included = models.DecimalField(max_digits=16, decimal_places=4)
    reason = models.CharField(max_length=500)
    estimated_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    visibility = Visibility(
        Permission.VIEW_REVENUE,
        entity="element__contract__entity_id",
        client="element__contract__client_id",
    )

    class Meta:
        ordering: ClassVar = ["from_day", "pk"]

    def __str__(self) -> str:
        return f"{self.included} of {self.estimate} from {self.from_day}"


class PartialDiscount(Record):
    """A discount (negative) or another part of a contract's price that belongs to some of its obligations alone."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    names = models.JSONField()
    reason = models.CharField(max_length=500)

    visibility = _OF_CONTRACT

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.amount} of {', '.join(self.names)}"


class FinancingTerm(Record):
    """A significant financing component of an obligation: its price is what the payments are worth at the transfer.

    `payments` are [day, amount] as text; `annual_percent` is the rate of a separate financing at the contract's start.
    """

    obligation = models.OneToOneField(
        PerformanceObligation, primary_key=True, on_delete=models.CASCADE, related_name="financing"
    )
    transfer = models.DateField()
    annual_percent = models.DecimalField(max_digits=8, decimal_places=4)
    payments = models.JSONField()
    reason = models.CharField(max_length=500)

    visibility = _OF_OBLIGATION

    def __str__(self) -> str:
        return f"{self.annual_percent} % to {self.transfer}"


class EntryKind(models.TextChoices):
    """What a recognition entry is: revenue of a month, what a modification catches up at once, or interest."""

    REVENUE = "revenue", "Revenue"
    MODIFICATION = "modification", "Modification"
    INTEREST = "interest", "Interest"


class RecognitionRun(Record):
    """One run over a book: everything through a month that was not recognized before."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    run_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    entry_count = models.PositiveIntegerField(default=0)
    amount = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_REVENUE, entity="book_id")

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"Recognition through {self.month:%B %Y}"


class RecognitionEntry(Record):
    """Revenue of an obligation for one service month, as a run found it beyond what was recognized before.

    `to_date` is revenue through that month of which `amount` was new; `price` and `progress` are those of then.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(RecognitionRun, on_delete=models.PROTECT, related_name="entries")
    obligation = models.ForeignKey(PerformanceObligation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=EntryKind.choices, default=EntryKind.REVENUE)
    service_month = models.DateField()
    currency = models.CharField(max_length=3)
    price = models.DecimalField(max_digits=16, decimal_places=4)
    to_date = models.DecimalField(max_digits=16, decimal_places=4)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    functional = models.DecimalField(max_digits=16, decimal_places=4)
    progress = models.DecimalField(max_digits=12, decimal_places=9)
    steps = models.JSONField(default=list)
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = _OF_OBLIGATION

    class Meta:
        indexes = [models.Index(fields=["obligation", "service_month"], name="recognition_month")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} for {self.service_month:%B %Y}"


class LossProvision(Record):
    """What a run provided for the loss of a contract: what must stand after a month, and the change to get there.

    Amounts are in the book's currency.
    """

    run = models.ForeignKey(RecognitionRun, on_delete=models.PROTECT, related_name="provisions")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    stands = models.DecimalField(max_digits=16, decimal_places=4)
    change = models.DecimalField(max_digits=16, decimal_places=4)
    steps = models.JSONField(default=list)
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = _OF_CONTRACT

    def __str__(self) -> str:
        return f"{self.stands} for {self.contract_id}"
