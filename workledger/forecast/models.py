"""Tables of the forecast: versions as they were believed at a close, never changed.

A version's items name obligations and contract lines by id and by name, so that what was believed stays readable when
those are set anew.
"""

from typing import ClassVar

from django.db import models

from workledger.contracts.models import Contract
from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.forecast.calc.schedule import ForecastKind, ForecastSource
from workledger.ledger.models import Book, Period


class ForecastVersion(Record):
    """A forecast of a book as it was believed when it was frozen: recognized through `as_of`, then what was to come.

    `through` is the last day that was looked at where nothing ended. `period` is the one whose lock froze it.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    as_of = models.DateField()
    through = models.DateField()
    reason = models.CharField(max_length=500, blank=True)
    period = models.ForeignKey(Period, null=True, on_delete=models.PROTECT, related_name="+")
    frozen_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(db_default=models.functions.Now())

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_REVENUE, entity="book_id")

    class Meta:
        ordering: ClassVar = ["-as_of", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "name"],
                name="forecast_name_once",
                violation_error_message="There is already a version with that name. Choose another one.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ForecastItem(Record):
    """An obligation, or a line recognized as invoiced, as a version holds it (`outlook.Item`); `key` tells it again in another.

    `price` is in the contract's currency, with `uncertain` amounts in it; `rate` turns that into the book's.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(ForecastVersion, on_delete=models.PROTECT, related_name="items")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40)
    obligation_id = models.BigIntegerField(null=True)
    line_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=230)
    method = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    starts = models.DateField()
    ends = models.DateField(null=True)
    is_live = models.BooleanField()
    price = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    uncertain = models.DecimalField(max_digits=16, decimal_places=4)
    agreed_limit = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    limit_said = models.CharField(max_length=300)
    belief = models.CharField(max_length=200)
    note = models.CharField(max_length=300)
    is_right_to_invoice = models.BooleanField()

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_REVENUE, entity="contract__entity_id", client="contract__client_id"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="forecast_item_once")]

    def __str__(self) -> str:
        return self.name


class ForecastRow(Record):
    """An amount of an item in a month, in the contract's currency and the book's; a month of None is 'not known when'."""

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(ForecastItem, on_delete=models.PROTECT, related_name="rows")
    month = models.DateField(null=True)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.label) for kind in ForecastKind])
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    functional = models.DecimalField(max_digits=20, decimal_places=4)
    source = models.CharField(
        max_length=13, choices=[(source.value, source.label) for source in ForecastSource]
    )
    said = models.CharField(max_length=300)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(
        Permission.VIEW_REVENUE, entity="item__contract__entity_id", client="item__contract__client_id"
    )

    def __str__(self) -> str:
        return f"{self.amount} in {self.month}"
