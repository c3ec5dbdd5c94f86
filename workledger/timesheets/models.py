"""Tables of timesheets."""

from django.db import models
from django.db.models import Q

from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.core.triggers import RowPolicy
from workledger.directory.models import Person
from workledger.projects.models import Task


class LineState(models.TextChoices):
    """Where a timesheet line stands. Who, when and why stand in `LineDecision`."""

    OPEN = "open", "Open"
    SUBMITTED = "submitted", "Submitted"
    REJECTED = "rejected", "Rejected"
    APPROVED = "approved", "Approved"


class TimesheetLine(Record):
    """One person, one task, one week (`week` is its Monday). `state` follows the latest decision."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+")
    week = models.DateField()
    state = models.CharField(max_length=10, choices=LineState.choices, default=LineState.OPEN)

    row_policy = RowPolicy.PROJECTION
    visibility = Visibility(Permission.VIEW_ALL_TIME, entity="task__project__entity_id", own=("person_id",))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "week", "task"], name="timesheet_line_once"),
            models.CheckConstraint(
                condition=Q(week__iso_week_day=1),
                name="timesheet_week_is_monday",
                violation_error_message="A week starts on Monday.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "week"], condition=~Q(state="approved"), name="timesheet_line_to_decide"
            ),
            models.Index(fields=["task", "week"], name="timesheet_line_task"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}, {self.task_id}, week of {self.week}"


class LineDecision(Record):
    """What was decided about a line: submitted, recalled, approved, rejected, withdrawn; by whom, when, why.

    `content_hash` binds the decision to the entries as they were.
    """

    line = models.ForeignKey(
        TimesheetLine, on_delete=models.DO_NOTHING, db_constraint=False, related_name="decisions"
    )
    decision = models.CharField(
        max_length=10,
        choices=[
            ("submitted", "Submitted"), ("recalled", "Recalled"), ("approved", "Approved"),
            ("rejected", "Rejected"), ("withdrawn", "Approval withdrawn"),
        ],
    )  # fmt: skip
    user = models.ForeignKey(
        User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    at = models.DateTimeField(db_default=models.functions.Now())
    reason = models.TextField(blank=True)
    content_hash = models.CharField(max_length=32, blank=True)

    row_policy = RowPolicy.APPEND_ONLY
    visibility = Visibility(Permission.VIEW_ALL_TIME, own=("line__person_id",))

    def __str__(self) -> str:
        return f"{self.line_id} {self.decision}"


class TimeEntry(Record):
    """Time of one person on one task on one day.

    `worked_seconds` is never rewritten by billing. `billable_seconds` empty means 'as worked where the
    task's contract line bills', which is not zero. `person` and `task` repeat the line's, so that the
    great questions need no join; a trigger holds them equal.
    """

    line = models.ForeignKey(TimesheetLine, on_delete=models.CASCADE, related_name="entries")
    person = models.ForeignKey(
        Person, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    task = models.ForeignKey(
        Task, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    work_date = models.DateField()
    worked_seconds = models.IntegerField()
    billable_seconds = models.IntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    started_at = models.TimeField(null=True, blank=True)
    batch_id = models.BigIntegerField(null=True)
    fingerprint = models.BinaryField(max_length=16, null=True)

    visibility = Visibility(Permission.VIEW_ALL_TIME, entity="task__project__entity_id", own=("person_id",))

    class Meta:
        verbose_name_plural = "time entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(worked_seconds__gte=0)
                & Q(worked_seconds__lte=24 * 3600)
                & (Q(billable_seconds__isnull=True) | Q(billable_seconds__gte=0)),
                name="time_entry_hours_possible",
                violation_error_message="An entry has from 0 to 24 hours.",
            ),
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=Q(fingerprint__isnull=False),
                name="time_entry_imported_once",
                violation_error_message="This row was imported before.",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "work_date"], name="time_entry_person_date"),
            models.Index(fields=["task", "work_date"], name="time_entry_task_date"),
            models.Index(fields=["batch_id"], condition=Q(batch_id__isnull=False), name="time_entry_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} on {self.work_date}: {self.worked_seconds} s"


class Timer(Record):
    """A running timer: one per person, started at a moment."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+")
    started_at = models.DateTimeField()
    note = models.TextField(blank=True)

    visibility = Visibility(Permission.VIEW_ALL_TIME, own=("person_id",))

    def __str__(self) -> str:
        return f"{self.person_id} since {self.started_at}"
