import django.db.models.deletion
import django.db.models.functions.datetime
import workledger.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("directory", "0001_initial"),
        ("projects", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Timer",
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
                ("started_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="projects.task"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TimesheetLine",
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
                ("week", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("submitted", "Submitted"),
                            ("rejected", "Rejected"),
                            ("approved", "Approved"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.person"
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="projects.task"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TimeEntry",
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
                ("work_date", models.DateField()),
                ("worked_seconds", models.IntegerField()),
                ("billable_seconds", models.IntegerField(blank=True, null=True)),
                ("note", models.TextField(blank=True)),
                ("started_at", models.TimeField(blank=True, null=True)),
                ("batch_id", models.BigIntegerField(null=True)),
                ("fingerprint", models.BinaryField(max_length=16, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="projects.task",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="timesheets.timesheetline",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "time entries",
            },
        ),
        migrations.CreateModel(
            name="LineDecision",
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
                (
                    "decision",
                    models.CharField(
                        choices=[
                            ("submitted", "Submitted"),
                            ("recalled", "Recalled"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Approval withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("reason", models.TextField(blank=True)),
                ("content_hash", models.CharField(blank=True, max_length=32)),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="decisions",
                        to="timesheets.timesheetline",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="timesheetline",
            index=models.Index(
                condition=models.Q(("state", "approved"), _negated=True),
                fields=["state", "week"],
                name="timesheet_line_to_decide",
            ),
        ),
        migrations.AddIndex(
            model_name="timesheetline",
            index=models.Index(fields=["task", "week"], name="timesheet_line_task"),
        ),
        migrations.AddConstraint(
            model_name="timesheetline",
            constraint=models.UniqueConstraint(fields=("person", "week", "task"), name="timesheet_line_once"),
        ),
        migrations.AddConstraint(
            model_name="timesheetline",
            constraint=models.CheckConstraint(
                condition=models.Q(("week__iso_week_day", 1)),
                name="timesheet_week_is_monday",
                violation_error_message="A week starts on Monday.",
            ),
        ),
        migrations.AddIndex(
            model_name="timeentry",
            index=models.Index(fields=["person", "work_date"], name="time_entry_person_date"),
        ),
        migrations.AddIndex(
            model_name="timeentry",
            index=models.Index(fields=["task", "work_date"], name="time_entry_task_date"),
        ),
        migrations.AddIndex(
            model_name="timeentry",
            index=models.Index(
                condition=models.Q(("batch_id__isnull", False)), fields=["batch_id"], name="time_entry_batch"
            ),
        ),
        migrations.AddConstraint(
            model_name="timeentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("worked_seconds__gte", 0),
                    ("worked_seconds__lte", 86400),
                    models.Q(
                        ("billable_seconds__isnull", True), ("billable_seconds__gte", 0), _connector="OR"
                    ),
                ),
                name="time_entry_hours_possible",
                violation_error_message="An entry has from 0 to 24 hours.",
            ),
        ),
        migrations.AddConstraint(
            model_name="timeentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("fingerprint__isnull", False)),
                fields=("fingerprint",),
                name="time_entry_imported_once",
                violation_error_message="This row was imported before.",
            ),
        ),
    ]
