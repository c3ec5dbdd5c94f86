import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import workledger.core.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Book",
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
                ("name", models.CharField(max_length=200, unique=True)),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Balance",
            fields=[
                ("client_id", models.BigIntegerField(default=0)),
                ("contract_id", models.BigIntegerField(default=0)),
                ("contract_line_id", models.BigIntegerField(default=0)),
                ("project_id", models.BigIntegerField(default=0)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("book_id", models.BigIntegerField()),
                ("account_id", models.BigIntegerField()),
                ("period_id", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("debit", models.DecimalField(decimal_places=4, max_digits=20)),
                ("credit", models.DecimalField(decimal_places=4, max_digits=20)),
                ("functional_debit", models.DecimalField(decimal_places=4, max_digits=20)),
                ("functional_credit", models.DecimalField(decimal_places=4, max_digits=20)),
                ("quantity", models.DecimalField(decimal_places=4, max_digits=20)),
                ("billable_quantity", models.DecimalField(decimal_places=4, max_digits=20)),
            ],
            options={
                "indexes": [models.Index(fields=["project_id"], name="balance_project")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "account_id",
                            "period_id",
                            "project_id",
                            "contract_line_id",
                            "contract_id",
                            "client_id",
                            "currency",
                            "book_id",
                        ),
                        name="balance_key",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
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
                ("code", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=100)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cash_clearing", "Cash clearing"),
                            ("receivable", "Accounts receivable"),
                            ("contract_position", "Contract position"),
                            ("customer_deposits", "Customer deposits"),
                            ("tax_payable", "Tax payable"),
                            ("payable", "Employee and vendor payable"),
                            ("opening", "Opening balances"),
                            ("services_revenue", "Services revenue"),
                            ("reimbursable_revenue", "Reimbursable revenue"),
                            ("billing_adjustments", "Billing adjustments"),
                            ("labour_cost", "Labour cost"),
                            ("labour_absorbed", "Labour absorbed"),
                            ("project_expense", "Project expense"),
                            ("bad_debt", "Bad debt expense"),
                            ("realized_fx", "Realized FX"),
                        ],
                        max_length=30,
                    ),
                ),
                ("is_open", models.BooleanField(default=True)),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="ledger.book"
                    ),
                ),
            ],
            options={
                "ordering": ["book_id", "code"],
            },
        ),
        migrations.CreateModel(
            name="Period",
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
                ("name", models.CharField(max_length=40)),
                ("start", models.DateField()),
                ("end", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("soft_closed", "Soft-closed"), ("locked", "Locked")],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("state_reason", models.TextField(blank=True)),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="periods", to="ledger.book"
                    ),
                ),
                (
                    "state_changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["book_id", "start"],
            },
        ),
        migrations.CreateModel(
            name="JournalEntry",
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
                ("date", models.DateField()),
                ("kind", models.CharField(max_length=40)),
                ("description", models.CharField(max_length=300)),
                ("source_kind", models.CharField(blank=True, max_length=20)),
                ("source_id", models.BigIntegerField(null=True)),
                (
                    "transaction_id",
                    models.BigIntegerField(
                        db_default=models.Func(
                            function="pg_current_xact_id",
                            output_field=models.BigIntegerField(),
                            template="(%(function)s()::text::bigint)",
                        ),
                        editable=False,
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.book"
                    ),
                ),
                (
                    "reverses",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.period"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonBalance",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("book_id", models.BigIntegerField()),
                ("account_id", models.BigIntegerField()),
                ("period_id", models.BigIntegerField()),
                ("person_id", models.BigIntegerField()),
                ("role_id", models.BigIntegerField()),
                ("practice_id", models.BigIntegerField()),
                ("office_id", models.BigIntegerField()),
                ("functional_debit", models.DecimalField(decimal_places=4, max_digits=20)),
                ("functional_credit", models.DecimalField(decimal_places=4, max_digits=20)),
                ("quantity", models.DecimalField(decimal_places=4, max_digits=20)),
                ("billable_quantity", models.DecimalField(decimal_places=4, max_digits=20)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "account_id",
                            "period_id",
                            "person_id",
                            "role_id",
                            "practice_id",
                            "office_id",
                            "book_id",
                        ),
                        name="person_balance_key",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("client_id", models.BigIntegerField(default=0)),
                ("contract_id", models.BigIntegerField(default=0)),
                ("contract_line_id", models.BigIntegerField(default=0)),
                ("project_id", models.BigIntegerField(default=0)),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("book_id", models.BigIntegerField()),
                ("date", models.DateField()),
                ("service_date", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("debit", models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ("credit", models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ("functional_debit", models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ("functional_credit", models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ("quantity", models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ("billable_quantity", models.DecimalField(decimal_places=4, default=0, max_digits=20)),
                ("unit", models.CharField(blank=True, max_length=4)),
                ("task_id", models.BigIntegerField(default=0)),
                ("person_id", models.BigIntegerField(default=0)),
                ("role_id", models.BigIntegerField(default=0)),
                ("practice_id", models.BigIntegerField(default=0)),
                ("office_id", models.BigIntegerField(default=0)),
                ("source_kind", models.CharField(blank=True, max_length=20)),
                ("source_id", models.BigIntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.account",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="postings",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="ledger.period",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                fields=("book", "code"),
                name="account_code_once",
                violation_error_message="This book already has an account with that code. Choose another code.",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", ""), _negated=True),
                fields=("book", "role"),
                name="account_role_once",
                violation_error_message="This book already has an account for that purpose.",
            ),
        ),
        migrations.AddConstraint(
            model_name="period",
            constraint=models.CheckConstraint(
                condition=models.Q(("end__gt", models.F("start"))),
                name="period_ends_after_start",
                violation_error_message="A period ends after it starts.",
            ),
        ),
        migrations.AddConstraint(
            model_name="period",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("book", "="),
                    (
                        models.Func(
                            "start",
                            "end",
                            function="daterange",
                            output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="periods_do_not_overlap",
                violation_error_message="This period overlaps another one of the same book.",
            ),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(fields=["book", "date"], name="journal_entry_date"),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(fields=["source_kind", "source_id"], name="journal_entry_source"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["account", "date"], name="posting_account_date"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["source_id", "source_kind"], name="posting_source"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(fields=["project_id", "date"], name="posting_project_date"),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("debit__gte", 0),
                    ("credit__gte", 0),
                    ("functional_debit__gte", 0),
                    ("functional_credit__gte", 0),
                    models.Q(("debit", 0), ("credit", 0), _connector="OR"),
                ),
                name="posting_has_one_side",
            ),
        ),
    ]
