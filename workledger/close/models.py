"""Tables of the close: who owns which step and signed it off, who was reminded, how periods changed state."""

from typing import ClassVar

from django.db import models

from workledger.close.period_end_models import AccrualPolicy, PeriodEndLine, PeriodEndRun, RunKind, What
from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.directory.models import Person
from workledger.ledger.models import Book, Period, PeriodState

__all__ = [
    "AccrualPolicy", "CloseStep", "PeriodChange", "PeriodEndLine", "PeriodEndRun", "Reminder", "RunKind", "StepOwner", "What",
]  # fmt: skip


class StepOwner(Record):
    """Who does a step of a book's close each period, and how many days after the period's last day it is due."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=40)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="book_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["book", "key"],
                name="step_owner_once",
                violation_error_message="This step has an owner already. Change that one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.owner_id}"


class CloseStep(Record):
    """A step of one period's close: its owner, when it is due, and who signed it off when, with what was open then.

    The owner and the due day are copied from the book's `StepOwner` when the close starts. `done_at` is the moment of
    the act; empty while it is not signed off.
    """

    period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=40)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    done_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    done_count = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=500, blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="period__book_id")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["period", "key"],
                name="close_step_once",
                violation_error_message="This period has that step already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.period_id}"


class PeriodChange(Record):
    """A period went from one state to another: when, by whom, why."""

    period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=models.functions.Now())
    was = models.CharField(max_length=12, choices=PeriodState.choices)
    state = models.CharField(max_length=12, choices=PeriodState.choices)
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    visibility = Visibility(Permission.VIEW_LEDGER, entity="period__book_id")

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.was} to {self.state}"


class Reminder(Record):
    """Somebody was asked for what is missing of a period, on a day; at most once a day."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    period = models.ForeignKey(Period, on_delete=models.CASCADE, related_name="+")
    on = models.DateField()
    by_name = models.CharField(max_length=200, blank=True)

    visibility = Visibility(Permission.VIEW_ALL_TIME, entity="period__book_id", own=("person_id",))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "on"],
                name="reminder_once_a_day",
                violation_error_message="This person was reminded today already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.on}"
