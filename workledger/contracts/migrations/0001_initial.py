import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
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
            name="TaskType",
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
                ("name", models.CharField(max_length=100, unique=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Contract",
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
                ("number", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("currency", models.CharField(max_length=3)),
                ("start", models.DateField()),
                ("end", models.DateField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("active", "Active"), ("closed", "Closed")],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("po_number", models.CharField(blank=True, max_length=60)),
                ("payment_terms_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("requires_notes", models.BooleanField(default=False)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.client"
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.legalentity",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="ContractLine",
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
                ("position", models.PositiveSmallIntegerField(default=1)),
                ("name", models.CharField(max_length=200)),
                (
                    "model",
                    models.CharField(
                        choices=[
                            ("time_and_materials", "Time and materials"),
                            ("fixed_fee", "Fixed fee"),
                            ("milestone", "Milestone"),
                            ("retainer", "Retainer"),
                            ("recurring", "Recurring"),
                            ("prepaid", "Prepaid"),
                            ("progress", "Progress"),
                            ("unit", "Unit"),
                            ("blended", "Blended rate"),
                            ("day_rate", "Day rate"),
                            ("non_billable", "Non-billable"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "revenue_method",
                    models.CharField(
                        choices=[
                            ("as_invoiced", "As invoiced (right to invoice)"),
                            ("straight_line", "Straight line over time"),
                            ("input_hours", "Input: hours"),
                            ("input_cost", "Input: cost to cost"),
                            ("output_milestones", "Output: milestones"),
                            ("output_units", "Output: units"),
                            ("output_progress", "Output: progress"),
                            ("point_in_time", "Point in time"),
                            ("none", "None"),
                        ],
                        default="as_invoiced",
                        max_length=20,
                    ),
                ),
                ("terms", models.JSONField(blank=True, default=dict)),
                ("price", models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True)),
                ("budget_seconds", models.BigIntegerField(blank=True, null=True)),
                (
                    "budget_amount",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=16, null=True),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="contracts.contract",
                    ),
                ),
            ],
            options={
                "ordering": ["contract_id", "position"],
            },
        ),
        migrations.CreateModel(
            name="RateCard",
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
                ("name", models.CharField(max_length=200)),
                ("currency", models.CharField(max_length=3)),
                (
                    "client",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.client",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rate_cards",
                        to="contracts.contract",
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.legalentity",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Rate",
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
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("rate_per_hour", models.DecimalField(decimal_places=4, max_digits=14)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="approved",
                        max_length=10,
                    ),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contract_line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contracts.contractline",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="contracts.rate",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.role",
                    ),
                ),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="contracts.ratecard",
                    ),
                ),
                (
                    "task_type",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.tasktype",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="contract",
            index=models.Index(fields=["client", "state"], name="contract_client"),
        ),
        migrations.AddConstraint(
            model_name="contractline",
            constraint=models.UniqueConstraint(
                fields=("contract", "name"),
                name="contract_line_name_once",
                violation_error_message="This contract already has a line with that name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("client__isnull", True), ("contract__isnull", True), ("entity__isnull", False)),
                    models.Q(("client__isnull", False), ("contract__isnull", True), ("entity__isnull", True)),
                    models.Q(("client__isnull", True), ("contract__isnull", False), ("entity__isnull", True)),
                    _connector="OR",
                ),
                name="rate_card_has_one_level",
                violation_error_message="A rate card is of a contract, of a client or of an entity.",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.UniqueConstraint(
                fields=("entity", "client", "contract", "currency"),
                name="rate_card_once_per_level",
                nulls_distinct=False,
                violation_error_message="There is already a rate card at this level in this currency. Add the rate there.",
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                ),
                name="rate_ends_after_start",
                violation_error_message="A rate ends after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_per_hour__gte", 0)),
                name="rate_not_negative",
                violation_error_message="A rate is not negative.",
            ),
        ),
        migrations.AddConstraint(
            model_name="rate",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("state", "approved")),
                expressions=[
                    ("card", "="),
                    (django.db.models.functions.comparison.Coalesce("contract_line_id", 0), "="),
                    (django.db.models.functions.comparison.Coalesce("person_id", 0), "="),
                    (django.db.models.functions.comparison.Coalesce("task_type_id", 0), "="),
                    (django.db.models.functions.comparison.Coalesce("role_id", 0), "="),
                    (
                        models.Func(
                            "valid_from",
                            "valid_to",
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="rates_do_not_tie",
                violation_error_message="Another rate for the same person, role and task type holds on some of these days. End it first, so that no two rates tie.",
            ),
        ),
    ]
