import django.db.models.deletion
import workledger.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("directory", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "made_by_action",
                    models.BigIntegerField(
                        db_default=workledger.core.models.CurrentAction(), editable=False, null=True
                    ),
                ),
                ("kind", models.CharField(default="time", max_length=20)),
                ("file_format", models.CharField(max_length=20)),
                ("file_name", models.CharField(max_length=255)),
                ("file_hash", models.CharField(max_length=64)),
                ("file", models.FileField(null=True, upload_to="imports/")),
                (
                    "state",
                    models.CharField(
                        choices=[("staged", "Staged"), ("committed", "Committed"), ("undone", "Undone")],
                        default="staged",
                        max_length=10,
                    ),
                ),
                ("options", models.JSONField(default=dict)),
                ("mapping", models.JSONField(default=dict)),
                ("totals", models.JSONField(default=dict)),
                ("refused", models.JSONField(default=list)),
                ("created", models.JSONField(default=dict)),
                ("staged_at", models.DateTimeField(auto_now_add=True)),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.legalentity",
                    ),
                ),
                (
                    "staged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "import batches",
            },
        ),
    ]
