"""Tables of projects."""

from typing import ClassVar

from django.db import models

from workledger.contracts.models import Contract, ContractLine, TaskType
from workledger.core.access import Permission
from workledger.core.models import Record, Visibility
from workledger.directory.models import Client, LegalEntity, Person, Practice


class ProjectState(models.TextChoices):
    """Where a project stands."""

    PLANNED = "planned", "Planned"
    ACTIVE = "active", "Active"
    ON_HOLD = "on_hold", "On hold"
    CLOSED = "closed", "Closed"


class Project(Record):
    """A piece of work for a client (the firm's own work has an internal client), half-open [start, end)."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    contract = models.ForeignKey(Contract, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    practice = models.ForeignKey(Practice, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    manager = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=ProjectState.choices, default=ProjectState.ACTIVE)
    start = models.DateField(null=True, blank=True)
    end = models.DateField(null=True, blank=True)
    budget_seconds = models.BigIntegerField(null=True, blank=True)
    budget_amount = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)

    visibility = Visibility(Permission.VIEW_PROJECTS, entity="entity_id", client="client_id")

    class Meta:
        ordering: ClassVar = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "name"],
                name="project_name_once_per_client",
                violation_error_message="This client already has a project with that name.",
            )
        ]
        indexes = [models.Index(fields=["state", "client"], name="project_state")]

    def __str__(self) -> str:
        return self.name


class Phase(Record):
    """A stretch of a project, half-open [start, end). `cap` limits its time on each contract (`terms.Cap`)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="phases")
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=200)
    start = models.DateField(null=True, blank=True)
    end = models.DateField(null=True, blank=True)
    cap = models.JSONField(null=True, blank=True)

    visibility = Visibility(
        Permission.VIEW_PROJECTS, entity="project__entity_id", client="project__client_id"
    )

    class Meta:
        ordering: ClassVar = ["project_id", "position"]

    def __str__(self) -> str:
        return self.name


class Task(Record):
    """A node of the work breakdown; time is booked on it; its contract line says how it bills."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tasks")
    phase = models.ForeignKey(Phase, null=True, blank=True, on_delete=models.SET_NULL, related_name="tasks")
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    contract_line = models.ForeignKey(
        ContractLine, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    task_type = models.ForeignKey(
        TaskType, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(max_length=200)
    is_open = models.BooleanField(default=True)
    budget_seconds = models.BigIntegerField(null=True, blank=True)
    budget_amount = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)

    visibility = Visibility(
        Permission.VIEW_PROJECTS, entity="project__entity_id", client="project__client_id"
    )

    class Meta:
        ordering: ClassVar = ["project_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "phase", "parent", "name"],
                nulls_distinct=False,
                name="task_name_once",
                violation_error_message="This project already has a task with that name there.",
            )
        ]

    def __str__(self) -> str:
        return self.name
