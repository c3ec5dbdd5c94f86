"""Tables of imports. The file itself is the stage: it is kept, read again and committed in one action."""

from django.db import models

from workledger.core.access import Permission
from workledger.core.models import Record, User, Visibility
from workledger.directory.models import LegalEntity


class ImportState(models.TextChoices):
    """Where an import stands."""

    STAGED = "staged", "Staged"
    COMMITTED = "committed", "Committed"
    UNDONE = "undone", "Undone"


class ImportBatch(Record):
    """One import of one file: its options, mapping, control totals, refused rows, and state."""

    entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, default="time")
    file_format = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    file_hash = models.CharField(max_length=64)
    file = models.FileField(upload_to="imports/", null=True)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.STAGED)
    options = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    totals = models.JSONField(default=dict)
    refused = models.JSONField(default=list)
    created = models.JSONField(default=dict)
    staged_at = models.DateTimeField(auto_now_add=True)
    staged_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    visibility = Visibility(Permission.IMPORT_DATA, entity="entity_id")

    class Meta:
        verbose_name_plural = "import batches"

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"
