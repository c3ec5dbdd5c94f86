"""How the books read on the other side: its chart, and what each account, tax code and dimension of ours is called there."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from workledger.core.access import Permission
from workledger.core.models import Record, Visibility
from workledger.directory.models import TaxCode
from workledger.gl.sync.models import (
    CarriedEntry,
    Connection,
    ExternalId,
    Incoming,
    Outgoing,
    TieOut,
    TieOutRow,
)
from workledger.ledger.dimensions import Dimension
from workledger.ledger.export import JournalGrain
from workledger.ledger.models import Account, AccountKind, Book

__all__ = [
    "AccountMapping",
    "Axis",
    "CarriedEntry",
    "Connection",
    "DimensionMapping",
    "DimensionValue",
    "ExternalAccount",
    "ExternalId",
    "Incoming",
    "JournalSettings",
    "Outgoing",
    "TaxMapping",
    "TieOut",
    "TieOutRow",
]

_DIMENSIONS = [(each.value, each.label) for each in Dimension]


class Axis(models.TextChoices):
    """A place on the other side that says what a line is about."""

    CUSTOMER = "customer", "QuickBooks customer or job"
    CLASS = "class", "QuickBooks class"
    TRACKING_1 = "tracking_1", "Xero tracking category, first"
    TRACKING_2 = "tracking_2", "Xero tracking category, second"
    ANALYTIC = "analytic", "Analytic axis"


class ExternalAccount(Record):
    """An account of the other side's chart, as it was pasted or read there; what a mapping chooses from."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=120)
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=AccountKind.choices, blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    class Meta:
        ordering: ClassVar = ["book_id", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "code"],
                name="external_account_once",
                violation_error_message="The chart of the other side has that code already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


class AccountMapping(Record):
    """What an account is called on the other side: its code there, or in QuickBooks its full name. None means: as here."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=120)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="account__book_id")

    def __str__(self) -> str:
        return self.code


class TaxMapping(Record):
    """What a tax code is called on the other side. None means: as here."""

    tax_code = models.OneToOneField(TaxCode, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=120)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="tax_code__entity_id")

    def __str__(self) -> str:
        return self.code


class DimensionMapping(Record):
    """A dimension of ours stands on an axis there. `name` is the axis's own name, which Xero and analytic axes have."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    dimension = models.CharField(max_length=20, choices=_DIMENSIONS)
    axis = models.CharField(max_length=12, choices=Axis.choices)
    name = models.CharField(max_length=100, blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    class Meta:
        ordering: ClassVar = ["book_id", "axis", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "axis", "name"],
                name="dimension_mapping_axis_once",
                violation_error_message="Another dimension stands on that axis already.",
            ),
            models.UniqueConstraint(
                fields=["book", "axis"],
                condition=~Q(axis="analytic"),
                name="dimension_mapping_place_once",
                violation_error_message="Another dimension stands on that axis already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_dimension_display()}: {self.name or self.get_axis_display()}"

    @property
    def key(self) -> str:
        """What the axis is called in a document's dimensions: an analytic axis by its name, the others by their place."""
        return self.name if self.axis == Axis.ANALYTIC else self.axis


class DimensionValue(Record):
    """What one client, project, person … is called on an axis. None means: by its own name."""

    mapping = models.ForeignKey(DimensionMapping, on_delete=models.CASCADE, related_name="values")
    value_id = models.BigIntegerField()
    code = models.CharField(max_length=120)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="mapping__book_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mapping", "value_id"],
                name="dimension_value_once",
                violation_error_message="This has a name on that axis already.",
            )
        ]

    def __str__(self) -> str:
        return self.code


class JournalSettings(Record):
    """How a book's journals leave: how fine, and the other side's name for 'no tax', which Xero asks of every line."""

    book = models.OneToOneField(Book, on_delete=models.PROTECT, related_name="+")
    grain = models.CharField(max_length=10, choices=JournalGrain.choices, default=JournalGrain.DETAIL)
    no_tax = models.CharField(max_length=60, default="Tax Exempt")

    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    def __str__(self) -> str:
        return f"{self.book_id}: {self.grain}"
