import django.db.models.deletion
import django.db.models.functions.datetime
import workledger.core.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("core", "0001_initial"),
        ("contracts", "0001_initial"),
        ("directory", "0001_initial"),
        ("projects", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Derivation",
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
                ("digest", models.CharField(max_length=32, unique=True)),
                ("content", models.JSONField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Invoice",
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
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoice"), ("credit_note", "Credit note")],
                        default="invoice",
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Pre-bill"), ("issued", "Issued"), ("credited", "Credited")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("number", models.CharField(blank=True, max_length=40)),
                ("currency", models.CharField(max_length=3)),
                ("through", models.DateField()),
                ("service_start", models.DateField()),
                ("service_end", models.DateField()),
                ("issued_on", models.DateField(null=True)),
                ("due_on", models.DateField(null=True)),
                ("net", models.DecimalField(decimal_places=4, default=0, max_digits=16)),
                ("tax", models.DecimalField(decimal_places=4, default=0, max_digits=16)),
                ("gross", models.DecimalField(decimal_places=4, default=0, max_digits=16)),
                ("note", models.TextField(blank=True)),
                ("group_lines_by", models.CharField(default="task", max_length=6)),
                ("journal_entry_id", models.BigIntegerField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="directory.client"
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="contracts.contract"
                    ),
                ),
                (
                    "credits_invoice",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credited_by",
                        to="billing.invoice",
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
        ),
        migrations.CreateModel(
            name="BillableItem",
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
                ("source_kind", models.CharField(db_default="time", max_length=20)),
                ("source_id", models.BigIntegerField()),
                ("practice_id", models.BigIntegerField(default=0)),
                ("office_id", models.BigIntegerField(default=0)),
                ("service_date", models.DateField()),
                ("worked_seconds", models.IntegerField()),
                ("billable_seconds", models.IntegerField()),
                ("approved_by_id", models.BigIntegerField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("is_billable", models.BooleanField(default=True)),
                ("rate", models.DecimalField(decimal_places=4, max_digits=16, null=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=16)),
                ("journal_entry_id", models.BigIntegerField(null=True)),
                ("is_void", models.BooleanField(db_default=False)),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.client",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contracts.contract",
                    ),
                ),
                (
                    "contract_line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contracts.contractline",
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.legalentity",
                    ),
                ),
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
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.role",
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
                    "derivation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="billing.derivation",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
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
                    "reason_code",
                    models.CharField(
                        choices=[
                            ("goodwill", "Goodwill"),
                            ("quality", "Quality or rework"),
                            ("over_budget", "Over budget"),
                            ("wrong_rate", "Wrong rate"),
                            ("not_agreed", "Scope not agreed"),
                            ("client_request", "Client's request"),
                            ("late_entry", "Entered too late"),
                            ("uncollectable", "Not collectable"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("placed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="billing.billableitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IssuedDocument",
            fields=[
                (
                    "made_by_action",
                    models.BigIntegerField(
                        db_default=workledger.core.models.CurrentAction(), editable=False, null=True
                    ),
                ),
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="document",
                        serialize=False,
                        to="billing.invoice",
                    ),
                ),
                ("content", models.BinaryField()),
                ("content_hash", models.CharField(max_length=64)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="IssuedPdf",
            fields=[
                (
                    "made_by_action",
                    models.BigIntegerField(
                        db_default=workledger.core.models.CurrentAction(), editable=False, null=True
                    ),
                ),
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="pdf",
                        serialize=False,
                        to="billing.invoice",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
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
                ("position", models.PositiveIntegerField()),
                ("is_adjustment", models.BooleanField(default=False)),
                ("description", models.CharField(max_length=400)),
                ("quantity", models.DecimalField(decimal_places=4, max_digits=14)),
                ("unit", models.CharField(default="h", max_length=4)),
                ("rate", models.DecimalField(decimal_places=4, max_digits=16)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=16)),
                ("rounding", models.DecimalField(decimal_places=4, default=0, max_digits=16)),
                ("tax_code", models.CharField(max_length=2)),
                ("tax_rate", models.DecimalField(decimal_places=3, max_digits=6)),
                (
                    "contract_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.contractline",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="billing.invoice",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="directory.person",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="projects.project"
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="projects.task",
                    ),
                ),
            ],
            options={
                "ordering": ["invoice_id", "position"],
            },
        ),
        migrations.CreateModel(
            name="InvoiceSource",
            fields=[
                (
                    "made_by_action",
                    models.BigIntegerField(
                        db_default=workledger.core.models.CurrentAction(), editable=False, null=True
                    ),
                ),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=16)),
                ("is_live", models.BooleanField(db_default=True)),
                (
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="billing.invoice",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="bills",
                        to="billing.billableitem",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="sources",
                        to="billing.invoiceline",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UnpricedItem",
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
                ("source_kind", models.CharField(db_default="time", max_length=20)),
                ("source_id", models.BigIntegerField()),
                ("practice_id", models.BigIntegerField(default=0)),
                ("office_id", models.BigIntegerField(default=0)),
                ("service_date", models.DateField()),
                ("worked_seconds", models.IntegerField()),
                ("billable_seconds", models.IntegerField()),
                ("approved_by_id", models.BigIntegerField(null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[("rate_missing", "No rate"), ("exchange_rate_missing", "No exchange rate")],
                        max_length=30,
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.client",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contracts.contract",
                    ),
                ),
                (
                    "contract_line",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="contracts.contractline",
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.legalentity",
                    ),
                ),
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
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="directory.role",
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
            ],
        ),
        migrations.CreateModel(
            name="WriteDown",
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
                ("amount", models.DecimalField(decimal_places=4, max_digits=16)),
                ("is_write_off", models.BooleanField(default=False)),
                (
                    "reason_code",
                    models.CharField(
                        choices=[
                            ("goodwill", "Goodwill"),
                            ("quality", "Quality or rework"),
                            ("over_budget", "Over budget"),
                            ("wrong_rate", "Wrong rate"),
                            ("not_agreed", "Scope not agreed"),
                            ("client_request", "Client's request"),
                            ("late_entry", "Entered too late"),
                            ("uncollectable", "Not collectable"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("journal_entry_id", models.BigIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_downs",
                        to="billing.billableitem",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="OpenItem",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="open",
                        serialize=False,
                        to="billing.billableitem",
                    ),
                ),
                ("entity_id", models.BigIntegerField()),
                ("client_id", models.BigIntegerField()),
                ("contract_id", models.BigIntegerField()),
                ("project_id", models.BigIntegerField()),
                ("service_date", models.DateField()),
                ("billable_seconds", models.IntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=16)),
                ("is_held", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["client_id", "service_date"], name="open_item_client"),
                    models.Index(fields=["project_id"], name="open_item_project"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="billableitem",
            index=models.Index(fields=["project", "service_date"], name="billable_item_project"),
        ),
        migrations.AddConstraint(
            model_name="billableitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_void", False)),
                fields=("source_id", "source_kind"),
                name="billable_item_once_per_source",
                violation_error_message="This work is already a billable item.",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("released_at__isnull", True)), fields=("item",), name="item_held_once"
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["client", "-issued_on"], name="invoice_client"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["state", "-issued_on"], name="invoice_state"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["contract"], name="invoice_contract"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("entity", "number"),
                name="invoice_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number", ""), ("state", "draft")),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True), models.Q(("number", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="invoice_number_at_issue",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoicesource",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_live", True)),
                fields=("item",),
                name="item_billed_once",
                violation_error_message="This work is already on another pre-bill or invoice.",
            ),
        ),
        migrations.AddConstraint(
            model_name="unpriceditem",
            constraint=models.UniqueConstraint(
                fields=("source_id", "source_kind"), name="unpriced_item_once"
            ),
        ),
    ]
