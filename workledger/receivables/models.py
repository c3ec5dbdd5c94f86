"""Tables of receivables."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from workledger.billing.models import Invoice
from workledger.core.access import Permission
from workledger.core.models import Record, Visibility
from workledger.core.triggers import RowPolicy
from workledger.directory.models import Client, LegalEntity
from workledger.kernel.money import money_words


class Receivable(models.Model):
    """What is still owed on an issued invoice: gross less credits, allocations, early-payment discounts and
    bad debts.
    """

    invoice = models.OneToOneField(
        Invoice, primary_key=True, on_delete=models.PROTECT, related_name="receivable"
    )
    entity_id = models.BigIntegerField()
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    issued_on = models.DateField()
    due_on = models.DateField()
    gross = models.DecimalField(max_digits=16, decimal_places=4)
    open_amount = models.DecimalField(max_digits=16, decimal_places=4)

    row_policy: ClassVar[RowPolicy] = RowPolicy.PROJECTION

    class Meta:
        indexes = [
            models.Index(fields=["client", "due_on"], condition=~Q(open_amount=0), name="receivable_open")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(open_amount__gte=0) & Q(open_amount__lte=F("gross")),
                name="receivable_within_gross",
                violation_error_message="More was allocated than the invoice is worth.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.open_amount}"


class Payment(Record):
    """Money received from a client. What no allocation uses is a customer deposit."""

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    received_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    reference = models.CharField(max_length=140, blank=True)
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_RECEIVABLES, entity="entity_id", client="client_id")

    class Meta:
        indexes = [models.Index(fields=["client", "-received_on"], name="payment_client")]

    def __str__(self) -> str:
        return f"{money_words(self.amount, self.currency)} on {self.received_on}"


class PaymentVoid(Record):
    """A payment turned out not to be one (bounced, returned): all of it was undone on a day."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="void")
    voided_on = models.DateField()
    reason = models.TextField()
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_RECEIVABLES, entity="payment__entity_id", client="payment__client_id"
    )

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.reason}"


class Allocation(Record):
    """A part of a payment set against an invoice. A withdrawn allocation is a second row with the amount negated."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+")
    allocated_on = models.DateField()
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_RECEIVABLES, entity="payment__entity_id", client="payment__client_id"
    )

    def __str__(self) -> str:
        return f"{self.amount} of {self.payment_id} to {self.invoice_id}"


class EarlyDiscount(Record):
    """What a client took off an invoice for paying early, with the tax in it; withdrawn by a second row, negated."""

    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+")
    given_on = models.DateField()
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    tax = models.DecimalField(max_digits=16, decimal_places=4)
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_RECEIVABLES, entity="invoice__entity_id", client="invoice__client_id"
    )

    def __str__(self) -> str:
        return f"{self.amount} of {self.invoice_id}"


class BadDebt(Record):
    """What was given up of an invoice, gross, with the tax relieved of it; owed again by a second row, negated."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+")
    written_off_on = models.DateField()
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    tax = models.DecimalField(max_digits=16, decimal_places=4)
    reason = models.TextField()
    journal_entry_id = models.BigIntegerField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_RECEIVABLES, entity="invoice__entity_id", client="invoice__client_id"
    )

    def __str__(self) -> str:
        return f"{self.amount} of {self.invoice_id}: {self.reason}"


class Dispute(Record):
    """A client contests an invoice; while it is open, collection waits."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    opened_on = models.DateField()
    settled_on = models.DateField(null=True, blank=True)
    outcome = models.TextField(blank=True)

    visibility = Visibility(
        Permission.VIEW_RECEIVABLES, entity="invoice__entity_id", client="invoice__client_id"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(settled_on__isnull=True),
                name="invoice_disputed_once",
                violation_error_message="This invoice is already disputed.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.reason}"
