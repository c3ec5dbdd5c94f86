import django.db.models.deletion
import django.db.models.functions.datetime
import workledger.core.models
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("is_active", models.BooleanField(default=True)),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DutySwitch",
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
                    "rule",
                    models.CharField(
                        choices=[
                            ("approve_own_time", "Nobody approves their own time."),
                            (
                                "approve_time_and_issue",
                                "Who alone approved all the time on an invoice does not issue it.",
                            ),
                            ("propose_and_approve_rate", "Who proposes a rate does not approve it."),
                            ("reopen_own_lock", "Who locked a period does not reopen it."),
                        ],
                        max_length=40,
                    ),
                ),
                ("is_on", models.BooleanField()),
                ("reason", models.TextField()),
                ("decided_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="NumberSeries",
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
                ("name", models.CharField(max_length=80, unique=True)),
                ("next_value", models.BigIntegerField(default=1)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
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
                ("name", models.CharField(max_length=100)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_on", models.DateField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=200)),
                ("caller", models.CharField(max_length=60)),
                ("action", models.CharField(max_length=80)),
                ("input_hash", models.CharField(max_length=64)),
                ("result", models.JSONField(null=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("caller", "key"), name="idempotency_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Proposal",
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
                ("action", models.CharField(max_length=80)),
                ("arguments", models.JSONField()),
                ("evidence", models.TextField(blank=True)),
                ("proposed_by", models.CharField(max_length=200)),
                ("proposed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("accepted", "Accepted"), ("declined", "Declined")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.TextField(blank=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "serves_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RowLog",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("table_name", models.CharField(max_length=63)),
                ("operation", models.CharField(max_length=6)),
                ("row_id", models.BigIntegerField(null=True)),
                ("before", models.JSONField()),
                ("after", models.JSONField(null=True)),
                (
                    "action_id",
                    models.BigIntegerField(db_default=workledger.core.models.CurrentAction(), null=True),
                ),
                ("database_user", models.CharField(max_length=63)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["table_name", "row_id"], name="row_log_row"),
                    models.Index(fields=["action_id"], name="row_log_action"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ActionLog",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("action", models.CharField(max_length=80)),
                ("parent_id", models.BigIntegerField(null=True)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_name", models.CharField(max_length=200)),
                ("door", models.CharField(max_length=20)),
                ("reason", models.TextField(blank=True)),
                ("subject", models.CharField(blank=True, max_length=80)),
                ("subject_id", models.BigIntegerField(null=True)),
                ("summary", models.TextField(blank=True)),
                ("input", models.JSONField(default=dict)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-at"], name="action_log_newest"),
                    models.Index(fields=["subject", "subject_id"], name="action_log_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RoleAssignment",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("administrator", "Administrator"),
                            ("finance", "Finance"),
                            ("project_manager", "Project manager"),
                            ("resource_manager", "Resource manager"),
                            ("consultant", "Consultant"),
                            ("client_contact", "Client contact"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=30,
                    ),
                ),
                ("entity_id", models.BigIntegerField(blank=True, null=True)),
                ("client_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_assignments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "role", "entity_id", "client_id"),
                        name="role_held_once",
                        nulls_distinct=False,
                        violation_error_message="This user already holds that role.",
                    )
                ],
            },
        ),
    ]
